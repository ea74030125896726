package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// MarkedKind tells what a [MarkedCell] holds.
type MarkedKind uint8

// The kinds.
const (
	MarkedBlank MarkedKind = iota
	// MarkedText is Text, cut at [MaxCellChars]; it never becomes a formula, number or date.
	MarkedText
	// MarkedNumber is Text, a number in plain or scientific notation, as it stands there. What is none, or too
	// large for a cell, is written as text.
	MarkedNumber
	// MarkedDateTime is the wall clock of Time, to the millisecond. What a cell cannot hold, before 1900 and after
	// 9999, is written as text.
	MarkedDateTime
	// MarkedDate is the day of Time, with the same limits.
	MarkedDate
	// MarkedTimeOfDay is the clock of Time, whatever its day.
	MarkedTimeOfDay
	// MarkedFlag is Text, "true" or "false"; anything else is written as text.
	MarkedFlag
)

// MarkedCell is one cell of a [Marked] workbook.
type MarkedCell struct {
	Kind   MarkedKind
	Text   string
	Time   time.Time
	Marked bool // light red
	Reason bool // of the column of reasons: wrapped, dark red
}

// MarkedOptions is what a [Marked] workbook has besides its sheets.
type MarkedOptions struct {
	// Properties are custom document properties by name: spreadsheet programs show them and keep them on saving.
	Properties map[string]string
	// Modified is when the workbook says that it was made; zero means 1980-01-01.
	Modified time.Time
}

// maxSheetBytes is how long the XML of a sheet becomes before it is full: 4 GiB would need ZIP64, whose sizes an archive
// written in one pass can only put where Excel does not expect them. What is left is for the last row: 120 MB, if it
// has 500 cells and each is full of characters to be escaped.
const maxSheetBytes = 4_000_000_000

// Marked writes a workbook row by row, each cell of its own kind, for people to see what is wrong and mend it. It
// needs a few megabytes however many rows there are, and the same input makes the same bytes. It is for one
// goroutine.
//
// [Encoder] and [Assemble] are for columns of one type, encoded in parallel; this is for sheets as they came.
type Marked struct {
	zip      *zip.Writer
	deflate  *flate.Writer // for one part after another; it takes half a megabyte
	modified time.Time
	custom   bool // there are properties
	forms    []cellForm
	refs     []string // begin the cells of each column, see [cellForm]

	maxRows, maxBytes int64 // of a sheet; fields so that tests need no million rows

	base   string // name of the sheet as it was given
	header []MarkedCell
	widths []float64
	sheets []markedSheet
	names  map[string]bool // of sheets, in lower case: to Excel, case makes no other name

	part  io.Writer // of the sheet being written
	buf   []byte    // XML not yet written to it
	value []byte    // of the cell being written
	bytes int64     // written to it
	texts Encoder   // for appendXMLText, which takes the row's number from it
	rows  int64     // of all sheets, without headers
	err   error     // what has gone wrong; it is too late for anything else then
}

// markedSheet is what the workbook has to know of a sheet.
type markedSheet struct {
	name    string
	rows    int64 // with the header
	columns int   // of the widest row
}

// corner returns column and row of the last cell of the range that the sheet's filter covers.
func (s markedSheet) corner() (string, int64) { return columnLetters(max(s.columns, 1) - 1), s.rows }

// NewMarked begins a workbook on w. Nothing is complete before [Marked.Close] has returned.
func NewMarked(w io.Writer, o MarkedOptions) *Marked {
	m := &Marked{
		zip: zip.NewWriter(w), modified: o.Modified.UTC(), custom: len(o.Properties) > 0, forms: markedForms(),
		maxRows: MaxRows, maxBytes: maxSheetBytes, names: map[string]bool{}, buf: make([]byte, 0, 2*chunkSize),
	}
	if o.Modified.IsZero() {
		m.modified = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	m.zip.RegisterCompressor(zip.Deflate, m.compressor)
	// The first part tells programs what kind of archive this is, so it comes first; it can, because it does not
	// list the sheets.
	m.writePart("[Content_Types].xml", markedContentTypes(m.custom))
	m.writePart("_rels/.rels", markedRelations(m.custom))
	m.writePart("docProps/core.xml", markedCore(m.modified))
	if m.custom {
		m.writePart("docProps/custom.xml", markedProperties(o.Properties))
	}
	m.writePart("xl/styles.xml", markedStyles())
	m.writePart("xl/theme/theme1.xml", markedTheme())
	return m
}

func (m *Marked) compressor(w io.Writer) (io.WriteCloser, error) {
	if m.deflate != nil {
		m.deflate.Reset(w)
		return m.deflate, nil
	}
	var err error
	m.deflate, err = flate.NewWriter(w, rowsLevel)
	return m.deflate, err
}

func (m *Marked) create(name string) (io.Writer, error) {
	w, err := m.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: m.modified})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return w, nil
}

func (m *Marked) writePart(name string, xml []byte) {
	if m.err != nil {
		return
	}
	w, err := m.create(name)
	if err == nil {
		_, err = w.Write(xml)
	}
	m.err = err
}

// Sheet begins the next sheet. The name is made valid and, if there is such a sheet already, gets a number. The header
// row is bold, stays in view and bears a filter; it is repeated when the sheet is full and goes on as "name (2)".
// Widths are those of the first columns in characters; zero, and those beyond, mean 12.
func (m *Marked) Sheet(name string, header []MarkedCell, widths []float64) error {
	if m.err != nil {
		return m.err
	}
	if len(header) > MaxColumns || len(widths) > MaxColumns {
		return fmt.Errorf("begin sheet %q: %d columns, a sheet holds %d", name, max(len(header), len(widths)), MaxColumns)
	}
	m.err = m.endSheet()
	m.base, m.header, m.widths = name, slices.Clone(header), slices.Clone(widths)
	return m.beginSheet()
}

func (m *Marked) beginSheet() error {
	if m.err != nil {
		return m.err
	}
	m.part, m.err = m.create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(m.sheets)+1))
	if m.err != nil {
		return m.err
	}
	m.bytes = 0
	m.sheets = append(m.sheets, markedSheet{name: m.freeName()})
	m.buf = appendMarkedHead(m.buf, m.widths, len(m.sheets) == 1)
	return m.appendRow(m.header, lookHeader)
}

// freeName returns the sheet's name, with the first number that makes it new.
func (m *Marked) freeName() string {
	for n := 0; ; n++ {
		name := sheetName(m.base, n)
		if lower := strings.ToLower(name); !m.names[lower] {
			m.names[lower] = true
			return name
		}
	}
}

func (m *Marked) endSheet() error {
	if len(m.sheets) == 0 || m.err != nil {
		return m.err
	}
	m.buf = appendMarkedTail(m.buf, m.sheets[len(m.sheets)-1])
	return m.flush()
}

// Row writes the next row of the sheet. It does not keep the slice. It fails without a sheet, and on more than
// [MaxColumns] cells; a row that is wider than the header is none.
func (m *Marked) Row(cells []MarkedCell) error {
	switch {
	case m.err != nil:
		return m.err
	case len(m.sheets) == 0:
		return errors.New("write row: no sheet has been begun")
	case len(cells) > MaxColumns:
		return fmt.Errorf("write row: %d cells, a sheet holds %d columns", len(cells), MaxColumns)
	}
	if m.sheets[len(m.sheets)-1].rows >= m.maxRows || m.bytes >= m.maxBytes {
		m.err = m.endSheet()
		if err := m.beginSheet(); err != nil {
			return err
		}
	}
	m.rows++
	return m.appendRow(cells, lookPlain)
}

func (m *Marked) appendRow(cells []MarkedCell, look markedLook) error {
	s := &m.sheets[len(m.sheets)-1]
	s.rows++
	s.columns = max(s.columns, len(cells))
	m.texts.row = strconv.AppendInt(m.texts.row[:0], s.rows, 10)
	for i := len(m.refs); i < len(cells); i++ {
		m.refs = append(m.refs, cellStart+columnLetters(i))
	}
	m.buf = append(append(append(m.buf, rowStart...), m.texts.row...), `">`...)
	for i := range cells {
		m.appendCell(i, &cells[i], look)
		if len(m.buf) >= chunkSize { // not at the row's end: one row may have 500 MB of text
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	m.buf = append(m.buf, rowEnd...)
	return nil
}

func (m *Marked) appendCell(column int, cell *MarkedCell, look markedLook) {
	value, format := m.valueOf(cell)
	look = look.of(cell)
	if len(value) == 0 && look == lookPlain {
		return // no need of a cell: the ones behind it say where they belong
	}
	form := m.forms[styleOfMarked(look, format)]
	form.ref = m.refs[column]
	switch {
	case len(value) == 0:
		m.buf = append(m.texts.appendRef(m.buf, &form), form.empty...)
	case format == formatText:
		m.buf = m.texts.appendXMLText(m.buf, &form, value)
	case format == formatFlag:
		m.buf = append(m.texts.appendRef(m.buf, &form), form.flag...)
		m.buf = append(append(m.buf, value...), numberEnd...)
	default:
		m.buf = append(m.texts.appendRef(m.buf, &form), form.number...)
		m.buf = append(append(m.buf, value...), numberEnd...)
	}
}

func (m *Marked) flush() error {
	n, err := m.part.Write(m.buf)
	m.bytes += int64(n)
	m.buf = m.buf[:0]
	if err != nil {
		m.err = fmt.Errorf("write rows: %w", err)
	}
	return m.err
}

// Close completes the workbook, and tells how many rows it has, headers not counted. It fails if there is no sheet:
// that would be no workbook. It does not close the writer below. Nothing can be written afterwards.
func (m *Marked) Close() (rows int64, err error) {
	if m.err == nil && len(m.sheets) == 0 {
		m.err = errors.New("close workbook: it has no sheet")
	}
	m.err = m.endSheet()
	m.writePart("xl/workbook.xml", markedWorkbook(m.sheets))
	m.writePart("xl/_rels/workbook.xml.rels", markedWorkbookRelations(len(m.sheets)))
	if m.err != nil {
		return m.rows, m.err
	}
	m.err = errors.New("the workbook is closed")
	if err := m.zip.Close(); err != nil {
		return m.rows, fmt.Errorf("close workbook: %w", err)
	}
	return m.rows, nil
}
