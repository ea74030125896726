package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
)

// Chunks beside each other that refer to the same new products do not wait for each other, make each product once,
// and undo takes it away again.
func TestChunksThatShareNewRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		before := dump(t, s)
		const chunks = 4
		var works []store.ChunkWork
		for n := range chunks {
			var rows [][]any
			for i := range 400 {
				rows = append(rows, line(fmt.Sprintf("A-%d", n), i+1, fmt.Sprintf("SKU-%03d", i), 1))
			}
			w := v.work(rowsOf(rows...))
			w.Key.Chunk, w.Early = n, true
			works = append(works, w)
		}
		var running sync.WaitGroup
		entries, errs := make([]store.ChunkEntry, chunks), make([]error, chunks)
		for n := range chunks {
			running.Go(func() { entries[n], errs[n] = s.ApplyChunk(t.Context(), works[n]) })
		}
		running.Wait()
		for n := range chunks {
			require.NoError(t, errs[n])
			require.Equal(t, tally(400, 0, 0, 0), entries[n].Tally)
			again, err := s.ApplyChunk(t.Context(), works[n])
			require.NoError(t, err)
			require.Equal(t, entries[n], again, "once")
		}
		require.Equal(t, [][]string{{"400"}}, stream(t, s, "SELECT COUNT(*) FROM products"))
		require.Equal(t, [][]string{{"1600"}}, stream(t, s, "SELECT COUNT(*) FROM order_lines l JOIN products p ON p.id = l.product_id AND p.sku = l.sku"),
			"who comes second leaves a product its id")

		got, _ := undo(t, s, works[0].Key.JobID, "undo")
		require.EqualValues(t, 400*chunks, got.Reversed)
		require.Equal(t, before, dump(t, s))
	})
}

// A new record that the database refuses is left to the chunk, which finds out by which row.
func TestNewRecordsThatAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		long := line("A-1", 2, "Y", 1)
		long[3] = fmt.Sprintf("%0600d", 1) // more than the name's column holds
		w := v.work(rowsOf(line("A-1", 1, "X", 1), long, line("A-1", 3, "Z", 1)))
		w.Early = true
		got, err := s.ApplyChunk(t.Context(), w)
		require.NoError(t, err)
		require.EqualValues(t, 2, got.Tally.Created)
		require.EqualValues(t, 1, got.Tally.Refused)
		require.Equal(t, [][]string{{"X"}, {"Z"}}, stream(t, s, "SELECT sku FROM products ORDER BY sku"))
	})
}
