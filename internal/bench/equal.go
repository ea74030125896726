package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// halfMilli is half a millisecond as a fraction of a day: what instants may differ by that were rounded at
// different places. No two numbers of money or quantity are so close.
const halfMilli = 0.5 / (24 * 60 * 60 * 1000)

// comparison reads the first sheets of two workbooks side by side.
type comparison struct {
	a, b *bookRows
	rows int
	lost int // cells of a that lack control characters
}

// compareWorkbooks compares the workbook of a loop with another one. It fails on the first cell whose values
// differ.
func compareWorkbooks(ctx context.Context, pathA, pathB string) (c comparison, err error) {
	if c.a, err = openRows(pathA); err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, c.a.close()) }()
	if c.b, err = openRows(pathB); err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, c.b.close()) }()
	for {
		moreA, moreB := c.a.rows.Next(), c.b.rows.Next()
		if moreA != moreB {
			return c, fmt.Errorf("one ends after %d rows", c.rows)
		}
		if !moreA {
			return c, errors.Join(c.a.rows.Error(), c.b.rows.Error())
		}
		c.rows++
		if err := c.row(); err != nil {
			return c, fmt.Errorf("row %d: %w", c.rows, err)
		}
		if err := ctx.Err(); err != nil {
			return c, err
		}
	}
}

func (c *comparison) row() error {
	left, err := c.a.rows.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return err
	}
	right, err := c.b.rows.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return err
	}
	for i := range max(len(left), len(right)) {
		l, r := at(left, i), at(right, i)
		switch {
		case l == r, i >= textColumns && sameNumber(l, r):
		case i < textColumns && l == withoutControl(r):
			c.lost++
		default:
			return fmt.Errorf("column %d: %q and %q", i+1, l, r)
		}
	}
	return nil
}

// withoutControl is what excelize's StreamWriter makes of characters that XML forbids; Longhaul writes them
// the way Excel does, and they are read back.
func withoutControl(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return utf8.RuneError
		}
		return r
	}, text)
}

// at is a cell; those that are empty at the end of a row are not handed out.
func at(cells []string, i int) string {
	if i < len(cells) {
		return cells[i]
	}
	return ""
}

// sameNumber tells whether two cells hold the same number, perhaps in another spelling.
func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) < halfMilli
}

// bookRows is the first sheet of a workbook that is read row by row.
type bookRows struct {
	file *excelize.File
	rows *excelize.Rows
}

func openRows(path string) (*bookRows, error) {
	file, err := excelize.OpenFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := file.Rows(file.GetSheetName(0))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &bookRows{file, rows}, nil
}

func (b *bookRows) close() error { return errors.Join(b.rows.Close(), b.file.Close()) }
