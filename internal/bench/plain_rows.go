package bench

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/internal/store"
)

// plainRow is a checked row as a program holds it that has types for everything.
type plainRow struct {
	invoice, code, name, customer, country string
	quantity                               int64
	price                                  store.Money
	at                                     time.Time
	line                                   int // place in its invoice, from 1
}

// plainRows reads an upload as one would: by excelize's Rows or by encoding/csv.
func plainRows(path, format string, fn func(cells []string) error) error {
	if format == formatCSV {
		return plainCSV(path, fn)
	}
	return plainBook(path, fn)
}

func plainCSV(path string, fn func(cells []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := csv.NewReader(file)
	for n := 0; ; n++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := fn(record); err != nil {
			return err
		}
	}
}

// plainBook asks for values as they stand: excelize takes longer to format them.
func plainBook(path string, fn func(cells []string) error) (err error) {
	rows, err := openRows(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	for n := 0; rows.rows.Next(); n++ {
		cells, err := rows.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		for len(cells) < retailColumns {
			cells = append(cells, "") // those that are empty at the end of a row are not handed out
		}
		if err := fn(cells); err != nil {
			return err
		}
	}
	return rows.rows.Error()
}

// plainReader checks rows and gives them types.
type plainReader struct {
	format string
	zone   *time.Location
	lines  map[string]int // of an invoice so far
}

// read is an error for a row that is refused. Like Longhaul's, the places in an invoice count refused rows, too.
func (p *plainReader) read(cells []string) (row plainRow, err error) {
	for i, field := range []struct {
		to     *string
		column int
		most   int
		needed bool
	}{
		{&row.invoice, retailInvoice, 64, true}, {&row.code, retailCode, 64, true}, {&row.name, retailDescription, 500, false},
		{&row.customer, retailCustomer, 64, false}, {&row.country, retailCountry, 100, false},
	} {
		text := strings.TrimSpace(cells[field.column])
		switch {
		case text == "" && field.needed:
			err = fmt.Errorf("%s is empty", retailHeader[field.column])
		case !utf8.ValidString(text):
			err = fmt.Errorf("%s is no text", retailHeader[field.column])
		case utf8.RuneCountInString(text) > field.most:
			err = fmt.Errorf("%s is too long", retailHeader[field.column])
		}
		if err != nil {
			return row, err
		}
		*field.to = text
		if i == 0 {
			p.lines[text]++
			row.line = p.lines[text]
		}
	}
	if row.quantity, err = strconv.ParseInt(cells[retailQuantity], 10, 64); err != nil {
		return row, err
	}
	if row.at, err = p.moment(cells[retailDate]); err != nil {
		return row, err
	}
	row.price, err = p.money(cells[retailPrice])
	return row, err
}

func (p *plainReader) moment(text string) (time.Time, error) {
	if p.format == formatCSV {
		return time.ParseInLocation(time.DateTime, text, p.zone)
	}
	days, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return time.Time{}, err
	}
	t, err := excelize.ExcelDateToTime(days, false)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, p.zone), err
}

func (p *plainReader) money(text string) (store.Money, error) {
	if p.format == formatXLSX {
		v, err := strconv.ParseFloat(text, 64) // Excel writes 2.55 as 2.5499999999999998
		if err != nil {
			return store.Money{}, err
		}
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	price, err := store.NewMoney(text)
	if err == nil && price.IsNegative() {
		err = errors.New("the price is below zero")
	}
	return price, err
}
