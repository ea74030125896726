package bench

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/longhaul/longhaul/job"
)

// The columns of the data set "Online Retail II".
const (
	retailInvoice = iota
	retailCode
	retailDescription
	retailQuantity
	retailDate
	retailPrice
	retailCustomer
	retailCountry
	retailColumns
)

var retailHeader = []string{"Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"}

// retailMapping says what the headers stand for in the kind that is saved.
var retailMapping = map[string]string{
	"Invoice": "order_number", "StockCode": "sku", "Description": "product_name", "Quantity": "quantity",
	"InvoiceDate": "ordered_at", "Price": "unit_price", "Customer ID": "customer_id", "Country": "country",
}

// secondYear is how many rows the second year of the data set has.
const secondYear = 541_910

// retailRow is a row as the data set's CSV has it.
type retailRow = [retailColumns]string

// retailRows are rows of the data set, or such as look like them.
type retailRows struct {
	file  string // empty: made up
	skip  int    // rows of the file before the first one
	count int
	// more is added to each quantity: then the rows are those of an earlier upload, changed.
	more int64
}

// openRetail takes the second year of a file, all rows or the first ones of it; without a file, rows are made up.
//
// In the one file that both years come in, the second begins where the date goes back: the years are sheets that
// overlap by nine days. A file whose dates never go back is taken from December 2010 on.
func openRetail(file string, rows int) (retailRows, error) {
	r := retailRows{file: file, count: rows}
	if file == "" {
		if rows == 0 {
			r.count = secondYear
		}
		return r, nil
	}
	total, back, december := 0, -1, -1
	last := ""
	err := eachOfFile(file, func(row *retailRow) error {
		day := row[retailDate][:min(len(row[retailDate]), len("2010-12-01"))]
		if day < last {
			back = total
		}
		if december < 0 && day >= "2010-12-01" {
			december = total
		}
		last = day
		total++
		return nil
	})
	if err != nil {
		return r, err
	}
	if r.skip = back; back < 0 {
		r.skip = december
	}
	if r.skip < 0 {
		return r, job.Errorf(job.CodeInvalid, "%s has no row of the second year, which begins on 2010-12-01", file)
	}
	if there := total - r.skip; rows == 0 || rows > there {
		r.count = there
	}
	return r, nil
}

// errEnough ends a reading before its end.
var errEnough = errors.New("enough rows")

// each gives fn every row; what it points to is the next one after that.
func (r retailRows) each(fn func(*retailRow) error) error {
	take := func(row *retailRow) error {
		if r.more != 0 {
			n, err := strconv.ParseInt(row[retailQuantity], 10, 64)
			if err != nil {
				return err
			}
			row[retailQuantity] = strconv.FormatInt(n+r.more, 10)
		}
		return fn(row)
	}
	if r.file == "" {
		return makeRetail(r.count, take)
	}
	at := 0
	err := eachOfFile(r.file, func(row *retailRow) error {
		at++
		switch {
		case at <= r.skip:
			return nil
		case at > r.skip+r.count:
			return errEnough
		}
		return take(row)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// eachOfFile reads the data set as CSV, gzipped or not.
func eachOfFile(path string, fn func(*retailRow) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var text io.Reader = bufio.NewReaderSize(file, 1<<16)
	if magic, _ := text.(*bufio.Reader).Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // a shorter file is no gzip
		if text, err = gzip.NewReader(text); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
	}
	reader := csv.NewReader(text)
	reader.ReuseRecord, reader.FieldsPerRecord = true, retailColumns
	var row retailRow
	for n := 0; ; n++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if n == 0 {
			continue // the header
		}
		copy(row[:], record)
		if err := fn(&row); err != nil {
			return err
		}
	}
}
