package seed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// RetailOptions of [Retail].
type RetailOptions struct {
	// Seller is the code of the seller that gets the orders; empty means online-retail. It is made if it is
	// not there, with the time zone of the data set, Europe/London.
	Seller string
	// Chunk is how many rows are saved at once; zero means [DefaultChunk].
	Chunk int
	// Progress, if set, is called after each chunk with the rows that are saved.
	Progress func(rows int)
}

// Report tells what [Retail] has done.
type Report struct {
	Rows     int // of the file, up to its end or to the first bad one's chunk; all of them are saved
	Already  int // of Rows: saved by an earlier run
	Orders   int // invoices among Rows
	Products int // stock codes among Rows
}

// Retail loads the data set "Online Retail II" of the UCI repository, as CSV or gzipped CSV: an order for each
// invoice, an order line for each row in the order of the file, a product for each stock code. What a row says
// is kept as it stands: exporting order-lines gives the same values in the same order.
//
//	Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
//
// It reads the file as a stream and keeps only the invoices and stock codes in memory. A bad row is an error
// with [job.CodeInvalid] that names line and column; of its chunk nothing is saved. Run again,
// it goes on after the rows that are saved; if they are not the begin of the file, that is an error with
// [job.CodeConflict].
func Retail(ctx context.Context, st *store.Store, file io.Reader, opts RetailOptions) (Report, error) {
	if opts.Seller == "" {
		opts.Seller = "online-retail"
	}
	if opts.Chunk == 0 {
		opts.Chunk = DefaultChunk
	}
	if opts.Chunk < 0 {
		return Report{}, fmt.Errorf("seed %d rows at once: the number must not be negative", opts.Chunk)
	}
	if opts.Progress == nil {
		opts.Progress = func(int) {}
	}
	text, err := unzipped(file)
	if err != nil {
		return Report{}, err
	}
	reader, err := newRetailReader(text)
	if err != nil {
		return Report{}, err
	}
	row, err := seller(ctx, st, store.Seller{Code: opts.Seller, Name: "Online Retail", TimeZone: "Europe/London"})
	if err != nil {
		return Report{}, err
	}
	reader.zone = row.Zone
	w := &retailWriter{st: st, seller: row.ID}
	if err := w.open(ctx); err != nil {
		return Report{}, err
	}
	return w.run(ctx, reader, opts)
}

// unzipped knows gzip by its first two bytes.
func unzipped(file io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(file, 1<<16)
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	text, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("read gzip header: %w", err)
	}
	return text, nil
}

// invoice is what is remembered of an order: rows of one invoice need not stand together.
type invoice struct {
	id       int64
	lines    int // seen in the file
	saved    int // found in the database when the run began
	customer string
	country  string
}

type retailWriter struct {
	st     *store.Store
	seller int64

	invoices map[string]*invoice
	codes    map[string]int64 // product by stock code
	already  int              // order lines that are there

	products table[store.Product]
	orders   table[store.Order]
	lines    table[store.OrderLine]
}

// open reads what an earlier run has saved. Orders and products may be there without their lines, which are
// saved last.
func (w *retailWriter) open(ctx context.Context) error {
	w.products = table[store.Product]{name: "products", save: store.InsertMany[store.Product]}
	w.orders = table[store.Order]{name: "orders", save: store.InsertMany[store.Order]}
	w.lines = table[store.OrderLine]{name: "order_lines", save: store.InsertMany[store.OrderLine]}
	for _, openAtEnd := range []func(context.Context, *store.Store) error{
		w.products.openAtEnd, w.orders.openAtEnd, w.lines.openAtEnd,
	} {
		if err := openAtEnd(ctx, w.st); err != nil {
			return err
		}
	}
	w.invoices, w.codes = map[string]*invoice{}, map[string]int64{}
	for _, read := range []struct {
		sql string
		fn  func(cells [][]byte) error
	}{
		{"SELECT id, sku FROM products WHERE seller_id = ?", w.openProduct},
		{"SELECT o.id, o.order_number, o.customer_id, o.country," +
			" (SELECT COUNT(*) FROM order_lines l WHERE l.order_id = o.id) FROM orders o WHERE o.seller_id = ?", w.openOrder},
	} {
		if err := w.st.Stream(ctx, read.sql, []any{w.seller}, read.fn); err != nil {
			return fmt.Errorf("read what is saved: %w", err)
		}
	}
	return nil
}

func (w *retailWriter) openProduct(cells [][]byte) (err error) {
	w.codes[string(cells[1])], err = strconv.ParseInt(string(cells[0]), 10, 64)
	return err
}

func (w *retailWriter) openOrder(cells [][]byte) error {
	order := &invoice{customer: string(cells[2]), country: string(cells[3])}
	var err error
	if order.id, err = strconv.ParseInt(string(cells[0]), 10, 64); err != nil {
		return err
	}
	if order.saved, err = strconv.Atoi(string(cells[4])); err != nil {
		return err
	}
	w.already += order.saved
	w.invoices[string(cells[1])] = order
	return nil
}

func (w *retailWriter) run(ctx context.Context, reader *retailReader, opts RetailOptions) (Report, error) {
	report := Report{Rows: w.already, Already: w.already}
	seen := 0
	for {
		row, err := reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = w.add(row, seen < w.already)
		}
		if err != nil {
			return report, stopped(err, report.Rows)
		}
		seen++
		if seen == w.already {
			if err := w.compare(); err != nil {
				return report, err
			}
		}
		if seen > w.already && len(w.lines.rows) == opts.Chunk {
			if err := w.flush(ctx, &report, seen); err != nil {
				return report, err
			}
			opts.Progress(seen)
		}
	}
	if seen < w.already {
		return report, foreign()
	}
	if err := w.flush(ctx, &report, seen); err != nil {
		return report, err
	}
	opts.Progress(seen)
	return report, nil
}

// stopped adds to the fault of a row how far things have come.
func stopped(err error, saved int) error {
	var fault *job.Error
	if errors.As(err, &fault) {
		fault.Message += fmt.Sprintf(" (the first %d rows are saved; nothing after them)", saved)
	}
	return err
}

// add makes the rows of one line of the file; one that is saved already is only counted.
func (w *retailWriter) add(row retailRow, saved bool) error {
	order, ok := w.invoices[row.invoice]
	if !ok {
		order = &invoice{id: w.orders.nextID(), customer: row.customer, country: row.country}
		w.invoices[row.invoice] = order
		w.orders.add(row.order(w.seller, order.id))
	}
	if order.customer != row.customer {
		return row.fault(columnCustomer, "invoice %s has customer %q in an earlier row", row.invoice, order.customer)
	}
	if order.country != row.country {
		return row.fault(columnCountry, "invoice %s has country %q in an earlier row", row.invoice, order.country)
	}
	order.lines++
	if saved {
		return nil
	}
	product, ok := w.codes[row.sku]
	if !ok {
		product = w.products.nextID()
		w.codes[row.sku] = product
		w.products.add(row.product(w.seller, product))
	}
	line := row.line(w.seller, order.id, product, order.lines)
	line.ID = w.lines.nextID()
	w.lines.add(line)
	return nil
}

// compare checks that the rows that were saved are those that the file begins with: as many of each invoice.
func (w *retailWriter) compare() error {
	for _, order := range w.invoices {
		if order.lines != order.saved {
			return foreign()
		}
	}
	return nil
}

func (w *retailWriter) flush(ctx context.Context, report *Report, seen int) error {
	for _, flush := range []func(context.Context, *store.Store) error{w.products.flush, w.orders.flush, w.lines.flush} {
		if err := flush(ctx, w.st); err != nil {
			return err
		}
	}
	*report = Report{Rows: seen, Already: w.already, Orders: len(w.invoices), Products: len(w.codes)}
	return nil
}
