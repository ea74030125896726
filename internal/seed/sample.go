package seed

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/longhaul/longhaul/internal/store"
)

// DefaultOrderLines fill a few pages of an export and are made in a second or two.
const DefaultOrderLines = 20_000

// Options of [Sample].
type Options struct {
	// OrderLines is the number of order lines of all sellers together; zero means [DefaultOrderLines].
	// Everything else follows from it.
	OrderLines int
	// Seed varies the data; zero is as good as any.
	Seed uint64
	// OneSeller gives every line to the seller acme; else hanbit and blue-bottle get a seventh of them.
	OneSeller bool
	// Chunk is how many order lines are saved at once; zero means [DefaultChunk].
	Chunk int
	// Progress, if set, is called after each chunk with the order lines that are saved.
	Progress func(done, total int)
}

// Sample writes sellers, products, stock, orders, shipments and order lines of the two years up to
// [SampleEnd]. The same options make the same rows on every engine, whenever it runs: numbers and texts alike,
// and IDs too where the database was empty.
//
// It may be called again: with the rows of the same options there it adds what is missing, and nothing if
// nothing is. Rows that other options have made, or anybody else, are an error with [job.CodeConflict].
func Sample(ctx context.Context, st *store.Store, opts Options) error {
	if opts.OrderLines == 0 {
		opts.OrderLines = DefaultOrderLines
	}
	if opts.Chunk == 0 {
		opts.Chunk = DefaultChunk
	}
	if opts.OrderLines < 0 || opts.Chunk < 0 {
		return fmt.Errorf("seed %d order lines, %d at once: a number must not be negative", opts.OrderLines, opts.Chunk)
	}
	if opts.Progress == nil {
		opts.Progress = func(int, int) {}
	}
	w := &sampleWriter{st: st, opts: opts}
	complete, err := w.open(ctx)
	if err != nil {
		return err
	}
	if complete {
		opts.Progress(opts.OrderLines, opts.OrderLines)
		return nil
	}
	return w.run(ctx)
}

// sampleWriter holds the tables in the order in which they are written: a row's references come before it.
type sampleWriter struct {
	st    *store.Store
	opts  Options
	shops []*shop

	products  table[store.Product]
	stock     table[store.StockLevel]
	orders    table[store.Order]
	shipments table[store.Shipment]
	lines     table[store.OrderLine]
}

// open finds out what is there, and whether that is all. Order lines are written last, so when they are there
// nothing else is looked at: it may have changed since.
func (w *sampleWriter) open(ctx context.Context) (complete bool, err error) {
	w.products = table[store.Product]{name: "products", save: store.InsertMany[store.Product]}
	w.stock = table[store.StockLevel]{name: "stock_levels", save: store.InsertMany[store.StockLevel]}
	w.orders = table[store.Order]{name: "orders", save: store.InsertMany[store.Order]}
	w.shipments = table[store.Shipment]{name: "shipments", save: store.InsertMany[store.Shipment]}
	w.lines = table[store.OrderLine]{name: "order_lines", save: store.InsertMany[store.OrderLine]}

	var ids []int64
	for _, s := range newShops(w.opts) {
		row, err := seller(ctx, w.st, s.seller)
		if err != nil {
			return false, err
		}
		s.seller.ID = row.ID
		ids = append(ids, row.ID)
		w.shops = append(w.shops, s)
	}
	if err := w.lines.open(ctx, w.st, ids); err != nil {
		return false, err
	}
	switch total := int64(w.opts.OrderLines); {
	case w.lines.have == total:
		return true, nil
	case w.lines.have > total:
		return false, foreign()
	}
	for _, open := range []func(context.Context, *store.Store, []int64) error{
		w.products.open, w.stock.open, w.orders.open, w.shipments.open,
	} {
		if err := open(ctx, w.st, ids); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (w *sampleWriter) run(ctx context.Context) error {
	for _, s := range w.shops {
		w.stockUp(s)
	}
	saved := w.lines.have
	for n := uint64(0); w.lines.made < int64(w.opts.OrderLines); n++ {
		if err := w.order(ctx, n); err != nil {
			return err
		}
		if w.lines.made-saved >= int64(w.opts.Chunk) {
			if err := w.flush(ctx); err != nil {
				return err
			}
			saved = w.lines.made
		}
	}
	return w.flush(ctx)
}

// stockUp makes a shop's products and what its warehouses hold of them.
func (w *sampleWriter) stockUp(s *shop) {
	for i := range s.size {
		p := s.product(w.opts.Seed, i)
		p.ID = w.products.nextID()
		w.products.add(p)
		s.products = append(s.products, p)
		for _, level := range s.stock(w.opts.Seed, i, p) {
			level.ID = w.stock.nextID()
			w.stock.add(level)
		}
	}
}

// order makes order n with its lines, and its shipment if it has one.
func (w *sampleWriter) order(ctx context.Context, n uint64) error {
	total := int64(w.opts.OrderLines)
	d := newDraft(w.shops, w.opts.Seed, n, w.lines.made, total)
	order := d.order()
	order.ID = w.orders.nextID()
	w.orders.add(order)

	var shipmentID *int64
	if shipment, ok := d.shipment(); ok {
		shipment.ID, shipment.OrderID = w.shipments.nextID(), order.ID
		shipmentID = &shipment.ID
		w.shipments.add(shipment)
	}
	for i := range min(d.lines, int(total-w.lines.made)) {
		line := d.line(i, w.lines.made)
		line.ID, line.OrderID, line.ShipmentID = w.lines.nextID(), order.ID, shipmentID
		w.lines.add(line)
		if w.lines.made == w.lines.have {
			if err := w.compare(ctx, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare holds the last line that is there against the one that would be there had this seed written it.
// Its date depends on all options, its ID and order on all rows before.
func (w *sampleWriter) compare(ctx context.Context, want store.OrderLine) error {
	var got store.OrderLine
	err := w.st.DB(ctx).Take(&got, want.ID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return foreign()
	}
	if err != nil {
		return fmt.Errorf("read order line %d: %w", want.ID, err)
	}
	same := got.SellerID == want.SellerID && got.OrderID == want.OrderID && got.LineNumber == want.LineNumber &&
		got.SKU == want.SKU && got.Quantity == want.Quantity && got.Amount.Equal(want.Amount.Decimal) &&
		got.OrderedAt.Equal(want.OrderedAt)
	if !same {
		return foreign()
	}
	return nil
}

func (w *sampleWriter) flush(ctx context.Context) error {
	if w.lines.made < w.lines.have {
		return nil // still walking over what is there
	}
	for _, flush := range []func(context.Context, *store.Store) error{
		w.products.flush, w.stock.flush, w.orders.flush, w.shipments.flush, w.lines.flush,
	} {
		if err := flush(ctx, w.st); err != nil {
			return err
		}
	}
	w.opts.Progress(int(w.lines.made), w.opts.OrderLines)
	return nil
}
