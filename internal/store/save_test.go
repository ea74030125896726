package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

func TestSaveCreatesUpdatesAndLeavesAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		rows := rowsOf(line("A-1", 1, "X", 3), line("A-1", 2, "Y", -2), line("A-2", 1, "X", 1))
		entry, _ := v.apply(rows)
		require.Equal(t, store.ChunkEntry{Tally: tally(3, 0, 0, 0), ImageRows: 3}, entry)
		all := `SELECT o.order_number, o.channel, o.status, o.country, l.line_number, p.sku, p.name, p.price, l.sku, l.product_name, l.quantity, l.unit_price,
			l.amount, l.ordered_at, l.created_at, l.shipment_id, l.marketplace_line_id
			FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id
			WHERE l.seller_id = 1 AND o.seller_id = 1 AND p.seller_id = 1 ORDER BY o.order_number, l.line_number`
		want := [][]string{
			{"A-1", "web", "paid", "KR", "1", "X", "name of X", "2.5000", "X", "name of X", "3", "2.5000", "7.5000",
				"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""},
			{"A-1", "web", "paid", "KR", "2", "Y", "name of Y", "2.5000", "Y", "name of Y", "-2", "2.5000", "-5.0000",
				"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""},
			{"A-2", "web", "paid", "KR", "1", "X", "name of X", "2.5000", "X", "name of X", "1", "2.5000", "2.5000",
				"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""},
		}
		require.Equal(t, want, stream(t, s, all))

		entry, _ = v.apply(rows)
		require.Equal(t, store.ChunkEntry{Tally: tally(0, 0, 3, 0)}, entry)
		require.Equal(t, want, stream(t, s, all))

		// One line is changed, one is new; what is left out stays.
		rows = rowsOf(line("A-1", 1, "Y", 4), line("A-2", 2, "Z", 1), line("A-2", 1, "X", 1))
		rows[0].Values[3], rows[0].Values[5], rows[0].Values[7] = nil, nil, nil
		entry, out := v.apply(rows)
		require.Equal(t, tally(1, 1, 1, 0), entry.Tally)
		require.Equal(t, []target.RowChange{{Row: 0, Changes: []job.Change{
			{Column: "order_lines.product_id", Before: "1", After: "2"},
			{Column: "order_lines.sku", Before: "X", After: "Y"},
			{Column: "order_lines.quantity", Before: "3", After: "4"},
		}}}, out.Changes)
		got := stream(t, s, all)
		require.Len(t, got, 4)
		require.Equal(t, []string{"A-1", "web", "paid", "KR", "1", "Y", "name of Y", "2.5000", "Y", "name of X", "4", "2.5000", "7.5000",
			"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""}, got[0])
		require.Equal(t, want[1:], got[1:3])
		require.Equal(t, [][]string{{"2026-03-01 09:01:41.000000", "1"}},
			stream(t, s, "SELECT updated_at, COUNT(*) FROM orders WHERE order_number = 'A-1' GROUP BY updated_at"), "nothing of it was written")
	})
}
