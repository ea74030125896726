package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// sums tell whether two databases hold the same rows: of each table the number of rows, and of each column a sum of
// checksums, each of a value and the natural key of its row. IDs and times of writing differ, and are left out. Name and
// price of a product are those of the line that came first, whichever chunk that was in: they must be those of a line.
type sums struct {
	Rows int64 `json:"rows"` // order lines
	all  map[string]string
}

// summed says what is compared. The keys are those of people, not of the database.
var summed = []struct {
	table, from, key string
	columns          []string
}{
	{"products", "products p", "p.sku", []string{"p.barcode", "p.option_name"}},
	{"orders", "orders o", "o.order_number", []string{
		"o.channel", "o.status", "o.ordered_at", "o.customer_id", "o.customer_name", "o.phone", "o.country", "o.address", "o.memo",
	}},
	{"order_lines", "order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id",
		"CONCAT(o.order_number, '/', l.line_number)", []string{
			"p.sku", "l.sku", "l.product_name", "l.quantity", "l.unit_price", "l.amount", "l.marketplace_line_id", "l.ordered_at",
			"COALESCE(l.shipment_id, '')",
		}},
}

func sumsOf(ctx context.Context, databaseURL string) (sums, error) {
	s := sums{all: map[string]string{}}
	db, err := openLines(databaseURL)
	if err != nil {
		return s, err
	}
	defer db.Close()
	for _, t := range summed {
		if err := s.add(ctx, db, t.table, t.from, t.key, t.columns); err != nil {
			return s, fmt.Errorf("sum up %s: %w", t.table, err)
		}
	}
	var foreign int
	err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM products p WHERE NOT EXISTS (
		SELECT 1 FROM order_lines l WHERE l.product_id = p.id AND l.product_name = p.name AND l.unit_price = p.price)`).Scan(&foreign)
	if err == nil && foreign > 0 {
		err = fmt.Errorf("%d products have a name or price that no line of theirs has", foreign)
	}
	return s, err
}

func (s *sums) add(ctx context.Context, db *sql.DB, table, from, key string, columns []string) error {
	query := "SELECT COUNT(*), (SELECT COUNT(*) FROM " + table + ")"
	values := make([]sql.NullString, len(columns))
	var joined, rows int64
	dest := []any{&joined, &rows}
	for i, column := range columns {
		// As bytes, whatever the collations; a number would be rounded.
		query += ", SUM(CRC32(CONCAT(HEX(" + key + "), ':', HEX(CAST(" + column + " AS CHAR)))))"
		dest = append(dest, &values[i])
	}
	if err := db.QueryRowContext(ctx, query+" FROM "+from).Scan(dest...); err != nil {
		return err
	}
	if joined != rows {
		return fmt.Errorf("%d of %d rows refer to nothing", rows-joined, rows)
	}
	s.Rows = rows
	s.all[table] = fmt.Sprintf("%d rows", rows)
	for i, column := range columns {
		s.all[table+" "+column] = values[i].String
	}
	return nil
}

// same fails where two databases differ, and names the columns.
func (s sums) same(o sums) error {
	var differ []string
	for _, t := range summed {
		if s.all[t.table] != o.all[t.table] {
			return fmt.Errorf("%s: %s and %s", t.table, s.all[t.table], o.all[t.table])
		}
		for _, column := range t.columns {
			if name := t.table + " " + column; s.all[name] != o.all[name] {
				differ = append(differ, name)
			}
		}
	}
	if differ != nil {
		return fmt.Errorf("the tables differ in %s", strings.Join(differ, ", "))
	}
	return nil
}
