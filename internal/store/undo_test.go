package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// undo takes all passes over a job, and gives back what became of its rows by their numbers.
func undo(t *testing.T, s *store.Store, jobID, by string) (job.Tally, map[int]job.RowCode) {
	t.Helper()
	list, err := s.UndoPlan(t.Context(), jobID)
	require.NoError(t, err)
	var total job.Tally
	rows := make(map[int]job.RowCode)
	for pass := 1; pass <= list.Passes; pass++ {
		for _, chunk := range list.Chunks {
			entry, err := s.UndoChunk(t.Context(), store.UndoWork{
				Key:    store.ChunkKey{JobID: by, Plan: list.Plan, Chunk: chunk},
				Undoes: store.ChunkKey{JobID: jobID, Plan: list.Plan, Chunk: chunk},
				Pass:   pass, SellerID: 1, Now: at(500),
				Keep: func(undone []store.UndoneRow) error {
					for _, row := range undone {
						require.Equal(t, row.Code == "", row.Verdict == target.Reversed)
						require.NotContains(t, rows, chunk*1000+row.Number)
						rows[chunk*1000+row.Number] = row.Code
					}
					return nil
				},
			})
			require.NoError(t, err)
			total.Add(entry.Tally)
		}
	}
	require.Equal(t, list.Rows, total.Rows(), "each row is accounted for once")
	require.Len(t, rows, int(total.Rows()))
	return total, rows
}

// dump is all that saves may change, but for the times of writing.
func dump(t *testing.T, s *store.Store) map[string][][]string {
	t.Helper()
	tables := make(map[string][][]string)
	for table, columns := range map[string]string{
		"products":     "id, seller_id, sku, barcode, name, option_name, price, created_at",
		"stock_levels": "id, seller_id, product_id, warehouse, on_hand, reserved",
		"orders":       "id, seller_id, order_number, channel, status, ordered_at, country, created_at",
		"shipments":    "id, seller_id, order_id, carrier, tracking_number, status",
		"order_lines": "id, seller_id, order_id, line_number, product_id, shipment_id, sku, product_name, quantity, unit_price, amount," +
			" marketplace_line_id, ordered_at, created_at",
	} {
		tables[table] = stream(t, s, "SELECT "+columns+" FROM "+table+" ORDER BY id")
	}
	return tables
}

func TestUndoBringsBackWhatThereWas(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		first := newSaving(t, s, ordersPlan())
		first.force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 2), line("A-2", 1, "X", 3)))
		before := dump(t, s)

		v := newSaving(t, s, ordersPlan())
		v.job = "second"
		rows := rowsOf(line("A-1", 1, "Z", 5), line("A-1", 2, "Y", 2), line("A-2", 1, "X", 3), line("A-2", 2, "X", 1), line("A-3", 1, "Z", 1))
		for i := range 2 {
			rows[i].Values[7] = "app" // the header of the order, also for row 1 of which the line stays
		}
		require.Equal(t, tally(2, 2, 1, 0), v.force(rows).Tally)
		v.force(rowsOf(line("A-3", 2, "Q", 1), line("A-3", 3, "Z", 1)))
		require.NotEqual(t, before, dump(t, s))

		list, err := s.UndoPlan(t.Context(), "second")
		require.NoError(t, err)
		require.Equal(t, store.UndoList{Plan: "plan", Chunks: []int{2, 1}, Passes: 2, Rows: 6}, list)
		total, rowCodes := undo(t, s, "second", "undo")
		require.Equal(t, job.Tally{Reversed: 6}, total)
		require.Equal(t, map[int]job.RowCode{1002: "", 1003: "", 1005: "", 1006: "", 2002: "", 2003: ""}, rowCodes)
		require.Equal(t, before, dump(t, s))
		require.Equal(t, "2026-03-01 09:08:20.000000", count(t, s, "SELECT updated_at FROM orders WHERE order_number = 'A-1'"))

		// The first one, too, down to nothing.
		total, _ = undo(t, s, "job", "undo the first")
		require.Equal(t, job.Tally{Reversed: 3}, total)
		for table, rows := range dump(t, s) {
			require.Empty(t, rows, table)
		}
	})
}

func TestUndoKeepsWhatHasChangedSince(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, productsPlan()).force(rowsOf(
			[]any{"A", "a", nil, nil}, []any{"B", "b", nil, nil}, []any{"C", "c", nil, nil}, []any{"D", "d", nil, nil}))
		v := newSaving(t, s, productsPlan())
		v.job = "second"
		v.force(rowsOf(
			[]any{"A", "aa", nil, nil}, []any{"B", "bb", nil, nil}, []any{"C", "cc", nil, nil}, []any{"D", "dd", nil, nil}, // 2 to 5
			[]any{"E", "e", nil, nil}, []any{"F", "f", nil, nil}, []any{"G", "g", nil, nil}, []any{"H", "h", nil, nil}, // 6 to 9
		))
		run(t, s,
			"UPDATE products SET name = 'AAA' WHERE sku = 'A'",
			"UPDATE products SET option_name = 'not what was saved' WHERE sku = 'B'",
			"UPDATE products SET name = 'c' WHERE sku = 'C'", // somebody was faster
			"DELETE FROM products WHERE sku = 'D'",
			"UPDATE products SET price = '1.0000' WHERE sku = 'E'",
			"DELETE FROM products WHERE sku = 'F'",
			"INSERT INTO stock_levels (seller_id, product_id, warehouse, on_hand, reserved, updated_at)"+
				" SELECT 1, id, 'W', 0, 0, updated_at FROM products WHERE sku = 'G'")
		total, rows := undo(t, s, "second", "undo")
		require.Equal(t, job.Tally{Reversed: 4, Kept: 4, Codes: []job.CodeCount{{Code: job.RowChangedSince, Count: 3}, {Code: job.RowInUse, Count: 1}}}, total)
		require.Equal(t, map[int]job.RowCode{
			1002: job.RowChangedSince, 1003: "", 1004: "", 1005: job.RowChangedSince,
			1006: job.RowChangedSince, 1007: "", 1008: job.RowInUse, 1009: "",
		}, rows)
		require.Equal(t, [][]string{{"A", "AAA", ""}, {"B", "b", "not what was saved"}, {"C", "c", ""}, {"E", "e", ""}, {"G", "g", ""}},
			stream(t, s, "SELECT sku, name, option_name FROM products ORDER BY sku"))
	})
}

// TestUndoKeepsWhatOthersUse: a product that a save made for its order lines stays where another order has it by now,
// and that is nobody's error.
func TestUndoKeepsWhatOthersUse(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, ordersPlan()).force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 1)))
		other := newSaving(t, s, ordersPlan())
		other.job = "other"
		other.force(rowsOf(line("A-1", 3, "X", 1)))
		total, _ := undo(t, s, "job", "undo")
		require.Equal(t, job.Tally{Reversed: 2}, total)
		require.Equal(t, [][]string{{"A-1", "3", "X"}}, stream(t, s,
			"SELECT o.order_number, l.line_number, p.sku FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id"))
		require.Len(t, stream(t, s, "SELECT id FROM products"), 1)
	})
}

func TestUndoOfShipments(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, ordersPlan()).force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 1), line("A-2", 1, "X", 1)))
		before := dump(t, s)
		v := newSaving(t, s, trackingPlan())
		v.job = "tracking"
		v.force(rowsOf([]any{"A-1", nil, nil, "T1"}, []any{"A-2", 1, nil, "T2"}))
		run(t, s, "UPDATE order_lines SET shipment_id = NULL WHERE line_number = 2")
		total, rows := undo(t, s, "tracking", "undo")
		require.Equal(t, job.Tally{Reversed: 2}, total, "a line that has been taken out already is as it was: %v", rows)
		require.Equal(t, before, dump(t, s))
	})
}

func TestUndoIsDoneOnce(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, productsPlan()).force(rowsOf([]any{"A", "a", nil, nil}))
		v := newSaving(t, s, stockPlan())
		v.job = "stock"
		v.force(rowsOf([]any{"A", "W", nil, 5}))
		v.force(rowsOf([]any{"A", "W", nil, 5}))
		work := store.UndoWork{
			Key:    store.ChunkKey{JobID: "undo", Plan: "plan", Chunk: 2},
			Undoes: store.ChunkKey{JobID: "stock", Plan: "plan", Chunk: 2}, Pass: 1, SellerID: 1,
		}
		first, err := s.UndoChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, store.ChunkEntry{Tally: job.Tally{Reversed: 1}}, first)
		run(t, s, "UPDATE stock_levels SET on_hand = 10")
		again, err := s.UndoChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, "10", count(t, s, "SELECT on_hand FROM stock_levels"))

		// By another job, and of another tenant.
		work.SellerID, work.Key.JobID = 2, "undo by another"
		_, err = s.UndoChunk(t.Context(), work)
		require.ErrorContains(t, err, "saved for seller 1, not 2")
		work.SellerID = 1
		entry, err := s.UndoChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, job.Tally{Reversed: 1}, entry.Tally)
		require.Equal(t, "5", count(t, s, "SELECT on_hand FROM stock_levels"))
	})
}

// TestUndoFindsWhatTheDatabaseHolds has references that no plan knows of.
func TestUndoFindsWhatTheDatabaseHolds(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		rows := make([][]any, 100)
		for i := range rows {
			rows[i] = []any{string(rune('가' + i)), "name", nil, nil}
		}
		newSaving(t, s, productsPlan()).force(rowsOf(rows...))
		run(t, s, onEngine(s,
			"CREATE TABLE gifts (product_id BIGINT NOT NULL, FOREIGN KEY (product_id) REFERENCES products (id))",
			"CREATE TRIGGER gifts BEFORE DELETE ON products WHEN OLD.sku = '간' BEGIN SELECT RAISE(ABORT, 'no'); END"),
			onEngine(s, "INSERT INTO gifts SELECT id FROM products WHERE sku = '간'", "SELECT 1"))
		total, codes := undo(t, s, "job", "undo")
		require.Equal(t, job.Tally{Reversed: 99, Kept: 1, Codes: []job.CodeCount{{Code: job.RowInUse, Count: 1}}}, total)
		require.Equal(t, job.RowInUse, codes[1000+int('간'-'가')+2])
		require.Equal(t, [][]string{{"간"}}, stream(t, s, "SELECT sku FROM products"))
	})
}

func TestImagesGoAndEntriesStay(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, productsPlan())
		for _, sku := range []string{"A", "B", "C"} {
			v.force(rowsOf([]any{sku, "name", nil, nil}))
		}
		dropped, err := s.DropImages(t.Context(), at(103), 1)
		require.NoError(t, err)
		require.Equal(t, int64(1), dropped)
		dropped, err = s.DropImages(t.Context(), at(103), 10)
		require.NoError(t, err)
		require.Equal(t, int64(1), dropped)
		dropped, err = s.DropImages(t.Context(), at(103), 10)
		require.NoError(t, err)
		require.Zero(t, dropped)

		list, err := s.UndoPlan(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, store.UndoList{Plan: "plan", Chunks: []int{3}, Passes: 1, Rows: 1}, list)
		_, err = s.UndoChunk(t.Context(), store.UndoWork{
			Key: store.ChunkKey{JobID: "undo", Plan: "plan", Chunk: 1}, Undoes: store.ChunkKey{JobID: "job", Plan: "plan", Chunk: 1}, Pass: 1, SellerID: 1})
		requireCode(t, job.CodeGone, err)
		v.chunk = 0
		require.Equal(t, tally(1, 0, 0, 0), v.force(rowsOf([]any{"A", "another", nil, nil})).Tally, "the ledger knows it")
		require.Equal(t, "name", count(t, s, "SELECT name FROM products WHERE sku = 'A'"))
	})
}

func skipSQLite(t *testing.T, s *store.Store) {
	t.Helper()
	if onEngine(s, "mysql", "sqlite") == "sqlite" {
		t.Skip("a file has one writer: nobody writes at the same time")
	}
}

// TestUndoWaitsForWhoRefers: a product stays that a chunk refers to which is not committed when the undo comes to it.
func TestUndoWaitsForWhoRefers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		skipSQLite(t, s)
		newSaving(t, s, ordersPlan()).force(rowsOf(line("B-1", 1, "X", 1), line("B-1", 2, "Y", 1)))
		v := newSaving(t, s, ordersPlan())
		v.job = "other"
		w := v.work(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "X", 1)))
		w.Rows[1].Values[4] = nil // for Keep to be called, when all is written but the end
		pass := func(n int) error {
			_, err := s.UndoChunk(t.Context(), store.UndoWork{
				Key:    store.ChunkKey{JobID: "undo", Plan: "plan", Chunk: 1},
				Undoes: store.ChunkKey{JobID: "job", Plan: "plan", Chunk: 1}, Pass: n, SellerID: 1,
			})
			return err
		}
		require.NoError(t, pass(1), "the lines")
		undone := make(chan error, 1)
		w.Keep = func(target.Outcome) error {
			go func() { undone <- pass(2) }()
			require.Eventually(t, func() bool {
				return len(undone) > 0 || count(t, s, "SELECT COUNT(*) FROM information_schema.innodb_trx x"+
					" JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id"+
					" WHERE p.db = DATABASE() AND x.trx_state = 'LOCK WAIT'") != "0"
			}, waitFor, 200*time.Millisecond) // what InnoDB tells stays the same for 100 ms after it was asked
			return nil
		}
		_, err := s.ApplyChunk(t.Context(), w)
		require.NoError(t, err)
		require.NoError(t, <-undone)
		require.Equal(t, [][]string{{"X"}}, stream(t, s, "SELECT p.sku FROM order_lines l JOIN products p ON p.id = l.product_id"))
		require.Len(t, stream(t, s, "SELECT id FROM products"), 1)
	})
}
