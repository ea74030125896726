package bench

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
)

func mustZone(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(saveZone)
	require.NoError(t, err)
	return zone
}

// TestTablesThatDifferAreFound saves the same rows twice and changes one place: else "the same" would mean nothing.
func TestTablesThatDifferAreFound(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rows.csv")
	require.NoError(t, retailRows{count: 200}.write(file, formatCSV))
	base := savedRows(t, file)
	want, err := sumsOf(t.Context(), base)
	require.NoError(t, err)
	require.EqualValues(t, 200, want.Rows)

	other := savedRows(t, file)
	db, err := openLines(other)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), "UPDATE products SET id = -id, created_at = NOW(6)")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE order_lines SET product_id = -product_id, id = id + 1000")
	require.NoError(t, err)
	got, err := sumsOf(t.Context(), other)
	require.NoError(t, err)
	require.NoError(t, want.same(got), "IDs and times of writing do not count")

	for _, tt := range []struct{ change, undo, want string }{
		{"UPDATE order_lines SET quantity = quantity + 1 LIMIT 1", "UPDATE order_lines SET quantity = quantity - 1 LIMIT 1", "order_lines l.quantity"},
		{"UPDATE order_lines SET amount = amount + 0.0001 LIMIT 1", "UPDATE order_lines SET amount = amount - 0.0001 LIMIT 1", "order_lines l.amount"},
		{"UPDATE orders SET ordered_at = ordered_at + INTERVAL 1 SECOND LIMIT 1", "UPDATE orders SET ordered_at = ordered_at - INTERVAL 1 SECOND LIMIT 1", "orders o.ordered_at"},
		{"UPDATE orders SET status = 'New' WHERE id = 1", "UPDATE orders SET status = 'new'", "orders o.status"},
	} {
		_, err := db.ExecContext(t.Context(), tt.change)
		require.NoError(t, err)
		got, err := sumsOf(t.Context(), other)
		require.NoError(t, err, tt.change)
		require.ErrorContains(t, want.same(got), tt.want)
		_, err = db.ExecContext(t.Context(), tt.undo)
		require.NoError(t, err)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE products SET name = 'somebody else''s' LIMIT 1")
	require.NoError(t, err)
	_, err = sumsOf(t.Context(), other)
	require.ErrorContains(t, err, "1 products have a name or price that no line of theirs has")
	_, err = db.ExecContext(t.Context(), "DELETE FROM order_lines LIMIT 1")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "DELETE FROM products WHERE name = 'somebody else''s'")
	require.NoError(t, err)
	_, err = sumsOf(t.Context(), other)
	require.ErrorContains(t, err, "refer to nothing")
}

// savedRows saves an upload by the plain loop into a database of its own.
func savedRows(t *testing.T, file string) (url string) {
	t.Helper()
	url = testenv.MariaDB(t)
	id, err := addShop(t.Context(), url)
	require.NoError(t, err)
	got, err := plainSave(t.Context(), Spec{Database: url, SellerID: id, File: file, Format: formatCSV})
	require.NoError(t, err)
	require.Equal(t, counts{Rows: 200}, got)
	return url
}

// TestChunksKeepOrders cuts rows as the program does: where an order ends.
func TestChunksKeepOrders(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rows.csv")
	const count = 2*dataset.DefaultChunkRows + 2_000
	require.NoError(t, retailRows{count: count}.write(file, formatCSV))
	chunks, kind, err := chunksOf(t.Context(), Spec{File: file})
	require.NoError(t, err)
	require.Len(t, chunks, 3)
	order := fieldOf(kind, "order_number")
	rows, products, seen := 0, 0, map[any]bool{}
	for i, c := range chunks {
		if i < 2 {
			require.GreaterOrEqual(t, c.rows, kind.ChunkRows)
		}
		rows, products = rows+c.rows, products+len(c.products)
		decoded, err := target.DecodeRows(c.data)
		require.NoError(t, err)
		require.Len(t, decoded, c.rows)
		own := map[any]bool{}
		for _, row := range decoded {
			own[row.Values[order]] = true
		}
		require.Len(t, c.orders, len(own))
		for number := range own {
			require.False(t, seen[number], "order %v is in two chunks", number)
			seen[number] = true
		}
	}
	require.Equal(t, count-1, rows, "one row is refused")
	skus := map[string]bool{}
	for _, sku := range column(t, retailRows{file: file, count: count}, retailCode) {
		skus[sku] = true
	}
	require.Equal(t, len(skus)-1, products, "each product is made once; that of the refused row is missing")
}
