package sheet

import (
	"errors"
	"fmt"
)

// firstDataRow is the first row below a sheet's header.
const firstDataRow = 2

// Encoder turns the rows of one page after another into fragments. It keeps its buffers from page to page:
// about 1 MB and the largest fragment. It is for one goroutine.
type Encoder struct {
	columns []cellForm
	zone    zoneOffsets
	row     []byte // number of the row being written, in digits
	page
}

// NewEncoder returns an encoder for pages of this layout. It fails on a layout that is not valid.
func NewEncoder(layout Layout) (*Encoder, error) {
	if err := layout.Validate(); err != nil {
		return nil, err
	}
	e := &Encoder{columns: cellForms(layout.Columns), zone: zoneOffsets{zone: layout.zone()}}
	blank := Info{Format: layout.Format, Layout: layout.fingerprint()}
	if layout.Format == XLSX {
		blank.FirstRow = firstDataRow
	}
	return e, e.open(blank)
}

// StartAt begins a page whose first row is this row of its sheet, counted from 1; [Place] knows it. A page
// that is begun without StartAt has its first row in row 2, below the header. Rows appended since the last
// Finish are dropped. CSV has no row numbers: there, it does nothing else.
//
// A number that turns out to be wrong later costs some work, see [Renumber]. It may be so high that the
// page reaches beyond [MaxRows]: that happens to the last page of a full sheet when a row has been added
// to it since it was planned.
func (e *Encoder) StartAt(row int) {
	e.reset()
	if e.info.Format == XLSX {
		e.info.FirstRow = row
	}
}

// Append adds one row: the text of each column's value as the database hands it out, nil for NULL. It does
// not keep the slices. It fails when the number of cells is not that of the columns, and, for a workbook,
// when the page would not fit into a sheet or begins above row 2.
func (e *Encoder) Append(cells [][]byte) error {
	if len(cells) != len(e.columns) {
		return fmt.Errorf("encode row: %d cells for %d columns", len(cells), len(e.columns))
	}
	if e.done {
		e.reset()
	}
	if e.info.Format == CSV {
		e.chunk = e.appendCSVRow(e.chunk, cells)
		return e.endRow()
	}
	if e.info.FirstRow < firstDataRow {
		return fmt.Errorf("encode row: row %d is no place for a page", e.info.FirstRow)
	}
	if e.info.Rows >= MaxRows-1 {
		return errors.New("encode row: the page has more rows than a sheet holds")
	}
	e.chunk = e.appendXMLRow(e.chunk, cells)
	return e.endRow()
}

// Finish ends the page and returns its fragment: header and data, ready to be stored. The bytes are valid
// until the next call of Append, Finish or StartAt, which begins another page.
func (e *Encoder) Finish() ([]byte, Info, error) {
	if e.done {
		e.reset()
	}
	return e.finish()
}
