package sheet

import (
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// chunkSize is how many bytes of rows are gathered before they are handed to DEFLATE: its own block size,
// so that the rows are still in the processor's cache.
const chunkSize = 64 << 10

// Encoder turns the rows of one page after another into fragments. It keeps its buffers from page to page:
// about 1 MB and the largest fragment. It is for one goroutine.
type Encoder struct {
	layout  Layout
	columns []cellForm
	zone    zoneOffsets
	blank   Info // of a page without rows

	info    Info
	chunk   []byte // rows not yet compressed
	deflate *flate.Writer
	out     fragmentBuffer
	done    bool // out was handed out; start anew before anything else is written
}

// NewEncoder returns an encoder for pages of this layout. It fails on a layout that is not valid.
func NewEncoder(layout Layout) (*Encoder, error) {
	if err := layout.Validate(); err != nil {
		return nil, err
	}
	e := &Encoder{
		layout:  layout,
		columns: cellForms(layout.Columns),
		zone:    zoneOffsets{zone: layout.zone()},
		blank:   Info{Format: layout.Format, Layout: layout.fingerprint()},
		chunk:   make([]byte, 0, chunkSize+chunkSize/4),
		out:     make(fragmentBuffer, HeaderSize),
	}
	if layout.Format == XLSX {
		deflate, err := flate.NewWriter(&e.out, rowsLevel)
		if err != nil {
			return nil, fmt.Errorf("set up compression: %w", err)
		}
		e.deflate = deflate
	}
	e.reset()
	return e, nil
}

// Append adds one row: the text of each column's value as the database hands it out, nil for NULL. It does
// not keep the slices. It fails when the number of cells is not that of the columns, and, for a workbook,
// when the page would not fit into a sheet.
func (e *Encoder) Append(cells [][]byte) error {
	if len(cells) != len(e.columns) {
		return fmt.Errorf("encode row: %d cells for %d columns", len(cells), len(e.columns))
	}
	if e.done {
		e.reset()
	}
	if e.layout.Format == CSV {
		e.chunk = e.appendCSVRow(e.chunk, cells)
	} else {
		if e.info.Rows >= MaxRows-1 {
			return errors.New("encode row: the page has more rows than a sheet holds")
		}
		e.chunk = e.appendXMLRow(e.chunk, cells)
	}
	e.info.Rows++
	if len(e.chunk) >= chunkSize {
		return e.flushChunk()
	}
	return nil
}

// Finish ends the page and returns its fragment: header and data, ready to be stored. The bytes are valid
// until the next call of Append or Finish, which begins another page.
func (e *Encoder) Finish() ([]byte, Info, error) {
	if e.done {
		e.reset()
	}
	if err := e.flushChunk(); err != nil {
		return nil, Info{}, err
	}
	if e.deflate != nil {
		// A sync flush, not Close: it pads to a whole byte and leaves the stream open for the next fragment.
		if err := e.deflate.Flush(); err != nil {
			return nil, Info{}, fmt.Errorf("compress rows: %w", err)
		}
	}
	data := e.out[HeaderSize:]
	e.info.DataSize = int64(len(data))
	e.info.DataCRC32 = crc32.ChecksumIEEE(data)
	e.info.appendHeader(e.out[:0]) // in place: HeaderSize bytes are kept free for it
	e.done = true
	return e.out, e.info, nil
}

func (e *Encoder) reset() {
	e.info = e.blank
	e.chunk = e.chunk[:0]
	e.out = e.out[:HeaderSize]
	if e.deflate != nil {
		e.deflate.Reset(&e.out)
	}
	e.done = false
}

func (e *Encoder) flushChunk() error {
	e.info.RawSize += int64(len(e.chunk))
	e.info.RawCRC32 = crc32.Update(e.info.RawCRC32, crc32.IEEETable, e.chunk)
	var err error
	if e.deflate != nil {
		_, err = e.deflate.Write(e.chunk)
	} else {
		_, err = e.out.Write(e.chunk)
	}
	e.chunk = e.chunk[:0]
	if err != nil {
		return fmt.Errorf("compress rows: %w", err)
	}
	return nil
}

// fragmentBuffer gathers a fragment; its Write never fails.
type fragmentBuffer []byte

func (b *fragmentBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
