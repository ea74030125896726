package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

func TestChunkIsSavedOnce(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		run(t, s, "INSERT INTO products (seller_id, sku, barcode, name, option_name, price, created_at, updated_at)"+
			" VALUES (1, 'A', '', '', '', '0.0000', '2026-01-01 00:00:00', '2026-01-01 00:00:00')")
		v := newSaving(t, s, stockPlan())
		kept := 0
		work := v.work(rowsOf([]any{"A", "W", nil, 5}, []any{"?", "W", nil, 5}))
		work.Keep = func(target.Outcome) error { kept++; return nil }
		first, err := s.ApplyChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, store.ChunkEntry{Tally: withCodes(tally(1, 0, 0, 1), job.CodeCount{Code: job.RowUnknownProduct, Count: 1}), ImageRows: 1}, first)
		again, err := s.ApplyChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, 1, kept)
		require.Equal(t, [][]string{{"5"}}, stream(t, s, "SELECT on_hand FROM stock_levels"))

		other := work
		other.Key.Plan = "another"
		entry, err := s.ApplyChunk(t.Context(), other)
		require.NoError(t, err)
		require.Equal(t, int64(1), entry.Tally.Updated)
	})
}

// TestChunkIsSavedOnceByManyAtOnce has attempts at one chunk that are under way at the same time.
func TestChunkIsSavedOnceByManyAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		run(t, s, "INSERT INTO products (seller_id, sku, barcode, name, option_name, price, created_at, updated_at)"+
			" VALUES (1, 'A', '', '', '', '0.0000', '2026-01-01 00:00:00', '2026-01-01 00:00:00')")
		work := newSaving(t, s, stockPlan()).work(rowsOf([]any{"A", "W", nil, 5}))
		var group errgroup.Group
		var entries [4]store.ChunkEntry
		for i := range entries {
			group.Go(func() (err error) {
				entries[i], err = s.ApplyChunk(t.Context(), work)
				return err
			})
		}
		require.NoError(t, group.Wait())
		for _, entry := range entries {
			require.Equal(t, tally(1, 0, 0, 0), entry.Tally)
		}
		require.Equal(t, [][]string{{"5"}}, stream(t, s, "SELECT on_hand FROM stock_levels"))
	})
}

func TestChunkIsAllOrNone(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		rows := lines(30)
		rows[3][4] = nil
		work := v.work(rowsOf(rows...))
		failed := errors.New("no room")
		work.Keep = func(target.Outcome) error { return failed }
		_, err := s.ApplyChunk(t.Context(), work)
		require.ErrorIs(t, err, failed)
		for _, table := range []string{"orders", "order_lines", "products", "save_chunks"} {
			require.Equal(t, "0", count(t, s, "SELECT COUNT(*) FROM "+table), table)
		}
		work.Keep = nil
		entry, err := s.ApplyChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, int64(29), entry.Tally.Created)
	})
}

func TestChunkHasToBecomeWhatWasForeseen(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, productsPlan()).force(rowsOf([]any{"A", "a", nil, nil}, []any{"B", "b", nil, nil}, []any{"C", "c", nil, nil}))
		rows := rowsOf([]any{"A", "aa", nil, nil}, []any{"B", "bb", nil, nil}, []any{"C", "c", nil, nil}, []any{"D", "d", nil, nil}, []any{"E", nil, nil, nil})
		foreseen, err := s.CheckRows(t.Context(), 1, productsPlan(), rows)
		require.NoError(t, err)
		require.Equal(t, []target.Verdict{target.Updated, target.Updated, target.Unchanged, target.Created, target.Refused}, foreseen.Verdicts)

		run(t, s, "UPDATE products SET name = 'bb' WHERE sku = 'B'", "UPDATE products SET name = 'x' WHERE sku = 'C'",
			"UPDATE products SET sku = 'D' WHERE sku = 'A'")
		v := newSaving(t, s, productsPlan())
		v.job = "second"
		work := v.work(rows)
		work.Expect = foreseen.Verdicts
		entry, err := s.ApplyChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, withCodes(tally(0, 0, 0, 5), job.CodeCount{Code: job.RowStale, Count: 4}, job.CodeCount{Code: job.RowRequired, Count: 1}), entry.Tally)
		require.Equal(t, [][]string{{"D", "a"}, {"B", "bb"}, {"C", "x"}}, stream(t, s, "SELECT sku, name FROM products ORDER BY id"))

		// What one chunk does for what rows share is no surprise to the next.
		orders := newSaving(t, s, ordersPlan())
		orders.job = "orders"
		orders.force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "X", 1)))
		app := rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "X", 1))
		app[0].Values[7], app[1].Values[7] = "app", "app"
		for i, want := range []job.Tally{tally(0, 1, 0, 0), tally(0, 0, 1, 0)} {
			work := orders.work(app[i : i+1])
			work.Expect = []target.Verdict{target.Updated}
			entry, err := s.ApplyChunk(t.Context(), work)
			require.NoError(t, err)
			require.Equal(t, want, entry.Tally)
		}
	})
}

// TestChunksSideBySide saves chunks of one job that make the same products and orders, at the same time.
func TestChunksSideBySide(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		const chunks, rows, orders = 6, 120, 15
		var group errgroup.Group
		var begin sync.WaitGroup
		begin.Add(chunks)
		var sum int64
		for chunk := range chunks {
			work := make([][]any, rows)
			for i := range work {
				n := (i*7 + chunk*5) % rows // every chunk in an order of its own
				work[i] = line(fmt.Sprintf("O-%d", n%orders), chunk*1000+n, fmt.Sprintf("S-%d", n%40), n)
				sum += int64(n)
			}
			group.Go(func() error {
				begin.Done()
				begin.Wait()
				entry, err := s.ApplyChunk(t.Context(), store.ChunkWork{
					Key: store.ChunkKey{JobID: "job", Plan: "p", Chunk: chunk}, SellerID: 1, Target: ordersPlan(), Rows: rowsOf(work...)})
				if err == nil && entry.Tally.Created != rows {
					return fmt.Errorf("chunk %d: %+v", chunk, entry.Tally)
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, fmt.Sprint(sum), count(t, s, "SELECT SUM(quantity) FROM order_lines"))
		require.Equal(t, fmt.Sprint(chunks*rows), count(t, s, "SELECT COUNT(*) FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id"))
		require.Equal(t, fmt.Sprint(orders), count(t, s, "SELECT COUNT(*) FROM orders"))
		require.Equal(t, "40", count(t, s, "SELECT COUNT(*) FROM products"))
	})
}

// TestShipmentIsMadeOnceByChunksSideBySide: shipments have no unique key that would keep a second one out.
func TestShipmentIsMadeOnceByChunksSideBySide(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, ordersPlan()).force(rowsOf(lines(10)...))
		var group errgroup.Group
		for chunk := range 6 {
			group.Go(func() error {
				entry, err := s.ApplyChunk(t.Context(), store.ChunkWork{
					Key: store.ChunkKey{JobID: "tracking", Plan: "p", Chunk: chunk}, SellerID: 1, Target: trackingPlan(),
					Rows: rowsOf([]any{"O-0000", chunk + 1, nil, "T"})})
				if err == nil && entry.Tally.Updated != 1 {
					return fmt.Errorf("chunk %d: %+v", chunk, entry.Tally)
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, [][]string{{"1", "6"}}, stream(t, s, "SELECT COUNT(DISTINCT s.id), COUNT(*) FROM shipments s JOIN order_lines l ON l.shipment_id = s.id"))
		require.Len(t, stream(t, s, "SELECT id FROM shipments"), 1)
	})
}

// TestTenantsSideBySide saves the same codes for two tenants at the same time.
func TestTenantsSideBySide(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		var group errgroup.Group
		for tenant := range 2 {
			group.Go(func() error {
				for chunk := range 4 {
					rows := lines(200)
					for i := range rows {
						rows[i][4] = (tenant+1)*1000 + chunk
					}
					_, err := s.ApplyChunk(t.Context(), store.ChunkWork{
						Key: store.ChunkKey{JobID: fmt.Sprint("job ", tenant), Plan: "p", Chunk: chunk}, SellerID: int64(tenant + 1), Target: ordersPlan(), Rows: rowsOf(rows...)})
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, [][]string{{"1", "1003", "1003", "200"}, {"2", "2003", "2003", "200"}},
			stream(t, s, "SELECT seller_id, MIN(quantity), MAX(quantity), COUNT(*) FROM order_lines GROUP BY seller_id ORDER BY 1"))
	})
}

// killOthers ends all connections to a store's database but the one that it takes for that. (Which of them are in a
// transaction the server tells from a copy that it does not renew while others ask.)
func killOthers(t *testing.T, s *store.Store) {
	t.Helper()
	pool, err := s.DB(t.Context()).DB()
	require.NoError(t, err)
	conn, err := pool.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	rows, err := conn.QueryContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
	require.NoError(t, err)
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, ids)
	for _, id := range ids {
		_, err := conn.ExecContext(t.Context(), fmt.Sprint("KILL CONNECTION ", id))
		require.NoError(t, err)
	}
}

// TestChunkWhoseConnectionIsKilled loses its connection when all is written but the end.
func TestChunkWhoseConnectionIsKilled(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		if onEngine(s, "mysql", "sqlite") == "sqlite" {
			t.Skip("a file has no connections that could be killed")
		}
		rows := lines(200)
		rows[7][4] = nil // for Keep to be called
		work := newSaving(t, s, ordersPlan()).work(rowsOf(rows...))
		work.Keep = func(target.Outcome) error {
			killOthers(t, s)
			return nil
		}
		_, err := s.ApplyChunk(t.Context(), work)
		requireCode(t, job.CodeUnavailable, err)
		require.True(t, store.Transient(err))
		require.Equal(t, "0", count(t, s, "SELECT COUNT(*) FROM order_lines"))
		work.Keep = nil
		entry, err := s.ApplyChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, int64(199), entry.Tally.Created)
		require.Equal(t, "199", count(t, s, "SELECT COUNT(*) FROM order_lines"))
	})
}
