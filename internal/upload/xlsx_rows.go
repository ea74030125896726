package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// rows returns the rows of all sheets, from the beginning.
func (w *workbook) rows(ctx context.Context) source { return &sheetRows{ctx: ctx, book: w} }

// sheetRows reads sheet after sheet.
type sheetRows struct {
	ctx     context.Context
	book    *workbook
	strings *stringTable // from the first sheet on
	sheet   int
	scan    *sheetScan // of sheet; nil before it is opened
	in      *prefetch
	row     Row
	count   int64 // rows so far
	err     error // sticky
}

func (s *sheetRows) next() (*Row, error) {
	if s.err == nil {
		s.err = s.advance()
	}
	if s.err != nil {
		return nil, s.err
	}
	return &s.row, nil
}

func (s *sheetRows) advance() error {
	for s.sheet < len(s.book.sheets) {
		if s.scan == nil {
			if err := s.openSheet(); err != nil {
				return err
			}
		}
		cells, err := s.scan.next()
		if err == nil {
			if s.count++; s.count > s.book.limits.Rows {
				return s.book.limits.rowsError(s.scan.rowPlace())
			}
			s.row = Row{Sheet: s.sheet, Number: s.scan.number, Cells: cells}
			return nil
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
		s.closeSheet()
		s.sheet++
	}
	return io.EOF
}

func (s *sheetRows) openSheet() error {
	if s.strings == nil {
		s.strings = newStringTable(s.ctx, s.book)
	}
	name := s.book.sheets[s.sheet].Name
	p, err := s.book.zip.open(s.ctx, s.book.parts[s.sheet])
	if err != nil {
		return refuse("sheet "+name, err)
	}
	s.in = newPrefetch(p)
	s.scan = newSheetScan(s.book, name, s.strings)
	return s.scan.refuse(s.scan.open(s.in, p.entry.unpacked))
}

func (s *sheetRows) closeSheet() {
	if s.in != nil {
		s.in.close()
	}
	s.in, s.scan = nil, nil
}

// close waits for reading ahead to end. The texts of the last row stay valid no longer.
func (s *sheetRows) close() error {
	s.closeSheet()
	if s.strings != nil {
		s.strings.close()
	}
	s.strings = nil
	if s.err == nil {
		s.err = fmt.Errorf("read upload: %w", io.ErrClosedPipe)
	}
	return nil
}
