package bench

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/shopspring/decimal"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// bare upserts rows by prepared statements of 1,000 rows and does nothing else: it knows all IDs beforehand, so it asks
// for none; it compares nothing, locks nothing before it writes, takes no notes and cannot undo. Of products it writes
// each once, when it comes for the first time. It is what a save could be at best.
type bare struct {
	*sql.DB
	seller           int64
	products, orders map[string]int64
	at               time.Time

	sku, order, line, ordered, name, quantity, price, customer, country int // fields

	statements map[string]map[int]*sql.Stmt // by table and rows
}

// bareSizes are those of its statements; a rest takes the smaller ones.
var bareSizes = []int{1000, 200, 40, 8, 1}

// bareTable is an upsert of many rows of one table.
type bareTable struct {
	name, columns, update string
	width                 int
}

var (
	bareProducts = bareTable{"products", "id, seller_id, sku, barcode, name, option_name, price, created_at, updated_at", "id = id", 9}
	bareOrders   = bareTable{
		"orders", "id, seller_id, order_number, channel, status, ordered_at, customer_id, customer_name, phone, country, address, memo, created_at, updated_at",
		"customer_id = VALUES(customer_id), country = VALUES(country)", 14,
	}
	bareLines = bareTable{
		"order_lines", "seller_id, order_id, line_number, product_id, sku, product_name, quantity, unit_price, amount, marketplace_line_id, ordered_at, created_at",
		"product_id = VALUES(product_id), sku = VALUES(sku), product_name = VALUES(product_name), quantity = VALUES(quantity), " +
			"unit_price = VALUES(unit_price), amount = VALUES(amount), marketplace_line_id = VALUES(marketplace_line_id), ordered_at = VALUES(ordered_at)", 12,
	}
)

func (t bareTable) statement(rows int) string {
	one := "(?" + strings.Repeat(",?", t.width-1) + ")"
	return "INSERT INTO " + t.name + " (" + t.columns + ") VALUES " + one + strings.Repeat(","+one, rows-1) + " ON DUPLICATE KEY UPDATE " + t.update
}

// newBare prepares its statements and gives all IDs away.
func newBare(ctx context.Context, spec Spec, kind dataset.BulkSave, a *applier) (*bare, error) {
	db, err := openLines(spec.Database)
	if err != nil {
		return nil, err
	}
	b := &bare{
		DB: db, seller: spec.SellerID, products: map[string]int64{}, orders: map[string]int64{}, at: time.Now().UTC(),
		statements: map[string]map[int]*sql.Stmt{},
	}
	for name, field := range map[string]*int{
		"sku": &b.sku, "order_number": &b.order, "line_number": &b.line, "ordered_at": &b.ordered, "product_name": &b.name,
		"quantity": &b.quantity, "unit_price": &b.price, "customer_id": &b.customer, "country": &b.country,
	} {
		*field = fieldOf(kind, name)
	}
	for _, t := range []bareTable{bareProducts, bareOrders, bareLines} {
		b.statements[t.name] = map[int]*sql.Stmt{}
		for _, size := range bareSizes {
			//nolint:sqlclosecheck // kept until the process ends
			if b.statements[t.name][size], err = db.PrepareContext(ctx, t.statement(size)); err != nil {
				return b, err
			}
		}
	}
	for i := range a.chunks {
		if err := b.know(&a.chunks[i]); err != nil {
			return b, err
		}
	}
	a.apply = func(ctx context.Context, round state, _ int, chunk *applyChunk, rows []target.Row) (job.Tally, error) {
		for {
			err := b.save(ctx, round, chunk, rows)
			if isDeadlock(err) {
				a.again.Add(1)
				continue
			}
			return job.Tally{Updated: int64(len(rows))}, err
		}
	}
	return b, nil
}

func (b *bare) know(chunk *applyChunk) error {
	rows, err := target.DecodeRows(chunk.data)
	if err != nil {
		return err
	}
	for _, row := range rows {
		sku, order := row.Values[b.sku].(string), row.Values[b.order].(string)
		if _, ok := b.products[sku]; !ok {
			b.products[sku] = int64(len(b.products) + 1)
		}
		if _, ok := b.orders[order]; !ok {
			b.orders[order] = int64(len(b.orders) + 1)
		}
	}
	return nil
}

// save is one transaction, as a chunk is.
func (b *bare) save(ctx context.Context, round state, chunk *applyChunk, rows []target.Row) error {
	tx, err := b.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if round == stateNew {
		err = b.upsert(ctx, tx, bareProducts, len(chunk.products), func(args []any, i int) []any {
			return b.productOf(args, rows[chunk.products[i]])
		})
		if err != nil {
			return err
		}
	}
	err = b.upsert(ctx, tx, bareOrders, len(chunk.orders), func(args []any, i int) []any {
		return b.orderOf(args, rows[chunk.orders[i]])
	})
	if err != nil {
		return err
	}
	if err := b.upsert(ctx, tx, bareLines, len(rows), func(args []any, i int) []any { return b.lineOf(args, rows[i]) }); err != nil {
		return err
	}
	return tx.Commit()
}

func (b *bare) upsert(ctx context.Context, tx *sql.Tx, t bareTable, rows int, values func(args []any, row int) []any) error {
	args := make([]any, 0, min(rows, bareSizes[0])*t.width)
	for row := 0; row < rows; {
		for _, size := range bareSizes {
			if size > rows-row {
				continue
			}
			args = args[:0]
			for range size {
				args = values(args, row)
				row++
			}
			//nolint:sqlclosecheck // the transaction closes it
			if _, err := tx.StmtContext(ctx, b.statements[t.name][size]).ExecContext(ctx, args...); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func (b *bare) productOf(args []any, row target.Row) []any {
	v := row.Values
	return append(args, b.products[v[b.sku].(string)], b.seller, v[b.sku], "", textOr(v[b.name]), "", string(v[b.price].(target.Decimal)), b.at, b.at)
}

func (b *bare) orderOf(args []any, row target.Row) []any {
	v := row.Values
	return append(args, b.orders[v[b.order].(string)], b.seller, v[b.order], "", "new", v[b.ordered], textOr(v[b.customer]), "", "",
		textOr(v[b.country]), "", "", b.at, b.at)
}

func (b *bare) lineOf(args []any, row target.Row) []any {
	v := row.Values
	price, quantity := v[b.price].(target.Decimal), v[b.quantity].(int64)
	amount := decimal.RequireFromString(string(price)).Mul(decimal.NewFromInt(quantity))
	return append(args, b.seller, b.orders[v[b.order].(string)], v[b.line], b.products[v[b.sku].(string)], v[b.sku], textOr(v[b.name]),
		quantity, string(price), amount.String(), "", v[b.ordered], b.at)
}

// textOr is the text of a value that a row may leave out.
func textOr(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// isDeadlock tells whether the server has ended a transaction for another one's sake.
func isDeadlock(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && e.Number == 1213
}
