package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func TestSavedTallyAddsUpTheLedger(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		none, err := s.SavedTally(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, job.Tally{}, none)

		v := newSaving(t, s, productsPlan())
		v.force(rowsOf([]any{"A", "a", nil, nil}, []any{"B", nil, nil, nil}, []any{"C", nil, nil, nil}))
		v.force(rowsOf([]any{"A", "aa", nil, nil}, []any{"D", "d", nil, nil}, []any{"E", nil, nil, nil}))
		v.force(rowsOf([]any{"D", "d", nil, nil}))
		other := newSaving(t, s, productsPlan())
		other.job = "another job"
		other.force(rowsOf([]any{"A", "aaa", nil, nil}))

		sum, err := s.SavedTally(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, withCodes(tally(2, 1, 1, 3), job.CodeCount{Code: job.RowRequired, Count: 3}), sum)
		sum, err = s.SavedTally(t.Context(), "another job")
		require.NoError(t, err)
		require.Equal(t, tally(0, 1, 0, 0), sum)
	})
}

// An undo has an entry for each pass over a chunk, which count a row once.
func TestSavedTallyOfAnUndo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, ordersPlan()).force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 2)))
		run(t, s, "UPDATE order_lines SET quantity = 99 WHERE line_number = 2")
		total, _ := undo(t, s, "job", "undo")
		require.Equal(t, int64(2), total.Rows())

		sum, err := s.SavedTally(t.Context(), "undo")
		require.NoError(t, err)
		require.Equal(t, total, sum)
		require.Equal(t, int64(1), sum.Reversed)
		require.Equal(t, int64(1), sum.Kept)
		saved, err := s.SavedTally(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, tally(2, 0, 0, 0), saved, "what was saved stays told")
	})
}

func TestSavedTallyOfADamagedLedger(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, productsPlan()).force(rowsOf([]any{"A", "a", nil, nil}))
		run(t, s, "UPDATE save_chunks SET codes = '[{'")
		_, err := s.SavedTally(t.Context(), "job")
		require.ErrorContains(t, err, "read codes in ledger of job job")
	})
}
