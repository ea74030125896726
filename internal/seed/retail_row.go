package seed

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// The columns of the data set.
const (
	columnInvoice = iota
	columnCode
	columnDescription
	columnQuantity
	columnDate
	columnPrice
	columnCustomer
	columnCountry
)

var retailHeader = []string{"Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"}

// retailWidths are the most characters the database keeps of each text; the rest are no texts.
var retailWidths = []int{columnInvoice: 64, columnCode: 64, columnDescription: 500, columnCustomer: 64, columnCountry: 100}

// retailRow is one row, read and checked.
type retailRow struct {
	number int // of the line in the file, counted from 1

	invoice     string
	code        string // as it stands in the file
	sku         string // as a code is saved
	description string
	quantity    int64
	at          time.Time
	price       store.Money
	amount      store.Money
	customer    string
	country     string
}

// fault tells what is wrong with a column of the row.
func (r retailRow) fault(column int, format string, args ...any) error {
	return job.Errorf(job.CodeInvalid, "line %d, column %s: %s", r.number, retailHeader[column], fmt.Sprintf(format, args...))
}

// retailReader reads rows one by one.
type retailReader struct {
	csv  *csv.Reader
	zone *time.Location // of the dates

	// Rows of an invoice bear the same date as a rule: the last one is kept.
	lastDate string
	lastAt   time.Time
}

// newRetailReader reads and checks the header.
func newRetailReader(text io.Reader) (*retailReader, error) {
	r := &retailReader{csv: csv.NewReader(text)}
	r.csv.ReuseRecord = true
	r.csv.FieldsPerRecord = len(retailHeader)
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, job.Errorf(job.CodeInvalid, "line 1: the file is empty")
	}
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return nil, csvFault(err)
	}
	for i, want := range retailHeader {
		if i >= len(header) {
			return nil, job.Errorf(job.CodeInvalid, "line 1: column %s is missing", want)
		}
		if got := strings.TrimPrefix(header[i], "\ufeff"); got != want {
			return nil, job.Errorf(job.CodeInvalid, "line 1, column %d: the header is %q instead of %q", i+1, got, want)
		}
	}
	if len(header) > len(retailHeader) {
		return nil, job.Errorf(job.CodeInvalid, "line 1, column %d: unknown header %q", len(retailHeader)+1, header[len(retailHeader)])
	}
	return r, nil
}

// csvFault names the line of a text that is not CSV. What else goes wrong is not the file's fault.
func csvFault(err error) error {
	var fault *csv.ParseError
	if errors.As(err, &fault) {
		return job.Errorf(job.CodeInvalid, "line %d, character %d: %v", fault.Line, fault.Column, fault.Err)
	}
	return fmt.Errorf("read file: %w", err)
}

// next returns io.EOF after the last row.
func (r *retailReader) next() (retailRow, error) {
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return retailRow{}, io.EOF
	}
	if err != nil {
		return retailRow{}, csvFault(err)
	}
	var row retailRow
	row.number, _ = r.csv.FieldPos(0)
	for column, most := range retailWidths {
		if !utf8.ValidString(record[column]) {
			return row, row.fault(column, "the text is not valid UTF-8")
		}
		if n := utf8.RuneCountInString(record[column]); most > 0 && n > most {
			return row, row.fault(column, "%d characters are more than the %d there is room for", n, most)
		}
	}
	row.description = record[columnDescription]
	// These are kept as long as the program runs, and would each keep their whole line.
	row.customer, row.country = strings.Clone(record[columnCustomer]), strings.Clone(record[columnCountry])
	return row, r.parse(&row, record)
}

// parse reads the columns that are more than text.
func (r *retailReader) parse(row *retailRow, record []string) error {
	row.invoice = strings.Clone(record[columnInvoice])
	if row.invoice == "" || row.invoice != store.NormalCode(row.invoice) {
		return row.fault(columnInvoice, "%q is empty, or has space around it, or is not in Unicode's composed form", row.invoice)
	}
	row.code = strings.Clone(record[columnCode])
	if row.sku = store.NormalCode(row.code); row.sku == "" {
		return row.fault(columnCode, "it is empty")
	}
	var err error
	if row.quantity, err = strconv.ParseInt(record[columnQuantity], 10, 64); err != nil {
		return row.fault(columnQuantity, "%q is not a whole number", record[columnQuantity])
	}
	if row.price, err = store.NewMoney(record[columnPrice]); err != nil {
		return row.fault(columnPrice, "%q is not an amount of at most 14 digits and 4 decimal places", record[columnPrice])
	}
	row.amount = row.price.Times(row.quantity)
	if _, err = row.amount.Value(); err != nil {
		return row.fault(columnPrice, "the amount, %s, has more than 14 digits", row.amount)
	}
	return r.parseDate(row, record[columnDate])
}

func (r *retailReader) parseDate(row *retailRow, text string) error {
	if text != r.lastDate {
		at, err := time.ParseInLocation(time.DateTime, text, r.zone)
		if err != nil {
			return row.fault(columnDate, "%q is not a date and time like 2009-12-01 07:45:00", text)
		}
		if at.Format(time.DateTime) != text { // the hour that is skipped in spring
			return row.fault(columnDate, "%s does not exist in %s", text, r.zone)
		}
		r.lastDate, r.lastAt = strings.Clone(text), at
	}
	row.at = r.lastAt
	return nil
}

func (r retailRow) order(seller, id int64) store.Order {
	status := "delivered"
	if strings.HasPrefix(r.invoice, "C") { // the data set's mark of a cancellation
		status = "cancelled"
	}
	return store.Order{
		ID: id, SellerID: seller, OrderNumber: r.invoice, Channel: "online", Status: status, OrderedAt: r.at,
		CustomerID: r.customer, Country: r.country, CreatedAt: r.at, UpdatedAt: r.at,
	}
}

// product makes the product out of the first row that sells it; later names and prices are those of lines.
func (r retailRow) product(seller, id int64) store.Product {
	return store.Product{
		ID: id, SellerID: seller, SKU: r.sku, Name: strings.TrimSpace(r.description), Price: r.price,
		CreatedAt: r.at, UpdatedAt: r.at,
	}
}

func (r retailRow) line(seller, order, product int64, number int) store.OrderLine {
	return store.OrderLine{
		SellerID: seller, OrderID: order, LineNumber: number, ProductID: product,
		SKU: r.code, ProductName: r.description, Quantity: r.quantity, UnitPrice: r.price, Amount: r.amount,
		OrderedAt: r.at, CreatedAt: r.at,
	}
}
