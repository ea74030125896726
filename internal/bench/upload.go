package bench

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// The formats of the uploads that are measured.
const (
	formatXLSX = "xlsx"
	formatCSV  = "csv"
)

var formats = []string{formatXLSX, formatCSV}

// write writes rows as a file that somebody would upload.
func (r retailRows) write(path, format string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	defer func() { err = errors.Join(err, out.Flush(), file.Close()) }()
	if format == formatCSV {
		return r.writeCSV(out)
	}
	return r.writeBook(out)
}

func (r retailRows) writeCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	if err := w.Write(retailHeader); err != nil {
		return err
	}
	err := r.each(func(row *retailRow) error { return w.Write(row[:]) })
	w.Flush()
	return errors.Join(err, w.Error())
}

func (r retailRows) writeBook(out io.Writer) error {
	b, err := newBook(out, false)
	if err != nil {
		return err
	}
	b.begin(retailColumns)
	for _, header := range retailHeader {
		b.text(header)
	}
	if err := b.end(); err != nil {
		return err
	}
	err = r.each(func(row *retailRow) error {
		b.begin(retailColumns)
		for column, text := range row {
			if err := b.typed(column, text); err != nil {
				return err
			}
		}
		return b.end()
	})
	return errors.Join(err, b.close())
}

// typed writes a cell as it stands in the workbook that the data set is published as: invoices and codes of digits only
// are numbers there, too.
func (b *book) typed(column int, text string) error {
	switch column {
	case retailDate:
		at, err := time.Parse(time.DateTime, text)
		if err != nil {
			return fmt.Errorf("write date: %w", err)
		}
		b.moment(at)
		return nil
	case retailInvoice, retailCode, retailQuantity:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '0' {
			b.number(float64(v))
			return nil
		}
	case retailPrice, retailCustomer:
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			b.number(v)
			return nil
		}
	}
	if text == "" {
		b.blank()
	} else {
		b.text(text)
	}
	return nil
}
