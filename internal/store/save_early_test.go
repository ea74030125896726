package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// meaning is what orders say, whatever the ids.
func meaning(t *testing.T, s *store.Store) [][]string {
	t.Helper()
	return append(
		stream(t, s, "SELECT o.order_number, o.channel, o.status, l.line_number, p.sku, l.sku, l.quantity, l.amount FROM order_lines l"+
			" JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id ORDER BY o.order_number, l.line_number"),
		stream(t, s, "SELECT sku, name, price FROM products ORDER BY sku")...)
}

// early counts the entries for what was created before chunks.
func early(t *testing.T, s *store.Store) string {
	t.Helper()
	return count(t, s, "SELECT COUNT(*) FROM save_chunks WHERE pass < 0")
}

// onBothTwice runs a test on two stores of one database of each engine: those of two workers.
func onBothTwice(t *testing.T, fn func(t *testing.T, s, second *store.Store)) {
	t.Helper()
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		require.NoError(t, s.Migrate(t.Context()))
		fn(t, s, open(t, url))
	})
}

// refuseMany has the database refuse lines of a quantity that no plan minds.
func refuseMany(t *testing.T, s *store.Store) {
	t.Helper()
	run(t, s, onEngine(s, "ALTER TABLE order_lines ADD CONSTRAINT few CHECK (quantity < 5000)",
		"CREATE TRIGGER few BEFORE INSERT ON order_lines WHEN NEW.quantity >= 5000 BEGIN SELECT RAISE(ABORT, 'too many'); END"))
}

// TestChunkDoesNotWaitForNewRecords saves a chunk while another one that has created the same product is not committed.
func TestChunkDoesNotWaitForNewRecords(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		skipSQLite(t, s)
		v := newSaving(t, s, ordersPlan())
		first, second := v.work(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "X", 1))), v.work(rowsOf(line("A-2", 1, "X", 1)))
		first.Rows[1].Values[4] = nil // for Keep to be called
		first.Keep = func(target.Outcome) error {
			_, err := s.ApplyChunk(t.Context(), second)
			return err
		}
		entry, err := s.ApplyChunk(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, int64(1), entry.Tally.Created)
		require.Len(t, stream(t, s, "SELECT id FROM products"), 1)
		total, _ := undo(t, s, "job", "undo")
		require.Equal(t, job.Tally{Reversed: 2}, total)
		require.Empty(t, stream(t, s, "SELECT id FROM products"))
	})
}

// TestChunksThatShareNewRecords saves chunks side by side that make the same products, some for rows that are refused,
// and comes to what comes of one after the other.
func TestChunksThatShareNewRecords(t *testing.T) {
	const chunks, rows = 16, 150
	work := func(random *rand.Rand) (all [][]target.Row) {
		for chunk := range chunks {
			var values [][]any
			for i := range rows {
				r := line(fmt.Sprintf("O-%d-%d", chunk, i/5), i%5, fmt.Sprintf("S-%d", random.IntN(120)), 1+i)
				switch random.IntN(20) {
				case 0: // the plan refuses it
					r[2], r[4] = fmt.Sprintf("R-%d", random.IntN(20)), nil
				case 1: // the database does
					if chunk%4 == 0 {
						r[2], r[4] = fmt.Sprintf("R-%d-%d", chunk, random.IntN(20)), 5000
					}
				}
				values = append(values, r)
			}
			all = append(all, rowsOf(values...))
		}
		return all
	}
	onAll(t, func(t *testing.T, s *store.Store) {
		refuseMany(t, s)
		newSaving(t, s, productsPlan()).force(rowsOf([]any{"S-1", "name of S-1", nil, target.Decimal("2.5")}, []any{"other", "o", nil, nil}))
		start := dump(t, s)
		all := work(rand.New(rand.NewPCG(1, 2)))
		one := newSaving(t, s, ordersPlan())
		one.job = "one after the other"
		var want job.Tally
		for _, rows := range all {
			want.Add(one.force(rows).Tally)
		}
		require.Greater(t, want.Refused, int64(chunks))
		meant := meaning(t, s)
		undo(t, s, one.job, "undo")
		require.Equal(t, start, dump(t, s))

		side := newSaving(t, s, ordersPlan())
		side.job = "side by side"
		var group errgroup.Group
		entries := make([]store.ChunkEntry, chunks)
		for chunk, rows := range all {
			w := side.work(rows)
			w.Keep = nil
			group.Go(func() (err error) {
				for range 10 { // so many at once deadlock more often than one call bears
					if entries[chunk], err = s.ApplyChunk(t.Context(), w); !store.Transient(err) {
						break
					}
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		var got job.Tally
		for _, e := range entries {
			got.Add(e.Tally)
		}
		require.Equal(t, want, got)
		require.Equal(t, meant, meaning(t, s))
		require.Equal(t, "0", early(t, s))
		total, _ := undo(t, s, side.job, "undo both")
		require.Equal(t, job.Tally{Reversed: want.Created}, total)
		require.Equal(t, start, dump(t, s))
	})
}

// TestWorkersKilledBetween kills workers at random when they have created what others need, too. Another one saves the
// chunk, or nobody ever does.
func TestWorkersKilledBetween(t *testing.T) {
	onBothTwice(t, func(t *testing.T, s, second *store.Store) {
		refuseMany(t, s)
		killed := 0
		for seed := range uint64(8) {
			random := rand.New(rand.NewPCG(seed, 3))
			start := dump(t, s)
			v := newSaving(t, s, ordersPlan())
			v.job = fmt.Sprint("job ", seed)
			var saved job.Tally
			for range 6 {
				values := make([][]any, 1+random.IntN(40))
				for i := range values {
					values[i] = line(fmt.Sprintf("O-%d", random.IntN(20)), random.IntN(9), fmt.Sprintf("S-%d", random.IntN(40)), 1)
					values[i][3] = fmt.Sprintf("name %d", random.IntN(3))
					if random.IntN(8) == 0 {
						values[i][4] = 5000
					}
				}
				w := v.work(rowsOf(values...))
				w.Keep = nil
				for range random.IntN(3) {
					done, err := s.ApplyUntilKilled(t.Context(), w)
					require.NoError(t, err)
					if !done {
						killed++
					}
				}
				if random.IntN(3) == 0 {
					continue
				}
				entry, err := second.ApplyChunk(t.Context(), w)
				require.NoError(t, err)
				saved.Add(entry.Tally)
			}
			if seed%2 == 0 {
				_, err := second.ReleaseEarly(t.Context(), v.job, at(400))
				require.NoError(t, err)
			}
			written, err := s.SavedTally(t.Context(), v.job)
			require.NoError(t, err)
			total, _ := undo(t, second, v.job, "undo "+v.job)
			require.Equal(t, written.Created+written.Updated, total.Reversed)
			require.Zero(t, total.Kept)
			require.GreaterOrEqual(t, written.Created, saved.Created)
			require.Equal(t, start, dump(t, s), "seed %d", seed)
		}
		if onEngine(s, "mysql", "sqlite") == "mysql" {
			require.Greater(t, killed, 10)
		}
	})
}

// TestChunkTakesOverWhatWasCreatedBefore: after a kill, the ledger has what it would have without.
func TestChunkTakesOverWhatWasCreatedBefore(t *testing.T) {
	onBothTwice(t, func(t *testing.T, s, second *store.Store) {
		skipSQLite(t, s)
		v := newSaving(t, s, ordersPlan())
		v.force(rowsOf(line("A-1", 1, "X", 1)))
		rows := rowsOf(line("A-1", 1, "Y", 1), line("A-2", 1, "Z", 1))
		foreseen, err := s.CheckRows(t.Context(), 1, ordersPlan(), rows)
		require.NoError(t, err)
		w := v.work(rows)
		saved, err := s.ApplyUntilKilled(t.Context(), w)
		require.NoError(t, err)
		require.False(t, saved)
		require.Equal(t, [][]string{{"X"}, {"Y"}, {"Z"}}, stream(t, s, "SELECT sku FROM products ORDER BY sku"))
		require.Equal(t, "1", early(t, s))

		// Nobody counts it as a chunk.
		sum, err := s.SavedTally(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, tally(1, 0, 0, 0), sum)
		ledger, err := s.Ledger(t.Context(), "job", "plan")
		require.NoError(t, err)
		require.Len(t, ledger, 1)

		entry, err := second.ApplyChunk(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, store.ChunkEntry{Tally: tally(1, 1, 0, 0), ImageRows: 2}, entry)
		require.Equal(t, foreseen.Changes, v.kept.Changes, "the line's product is told as a new one")
		require.Equal(t, "0", early(t, s))

		// An attempt that was thought dead comes back.
		run(t, s, "DELETE FROM products WHERE sku = 'Z'")
		require.NoError(t, s.CreateEarly(t.Context(), w))
		require.Equal(t, [][]string{{"X"}, {"Y"}}, stream(t, s, "SELECT sku FROM products ORDER BY sku"))
		require.Equal(t, "0", early(t, s))
	})
}

// TestSeenRecordsThatAreGone removes what a process has seen.
func TestSeenRecordsThatAreGone(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		skipSQLite(t, s)
		v := newSaving(t, s, ordersPlan())
		v.force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 1), line("A-1", 3, "X", 1)))
		require.Equal(t, 2, s.Remember(0), "two products, each once")
		run(t, s, "DELETE FROM order_lines", "DELETE FROM products")
		entry := v.force(rowsOf(line("A-2", 1, "X", 1), line("A-2", 2, "Z", 1)))
		require.Equal(t, tally(2, 0, 0, 0), entry.Tally)
		entry = v.force(rowsOf(line("A-3", 1, "Y", 1)))
		require.Equal(t, tally(1, 0, 0, 0), entry.Tally)
		require.Equal(t, "3", count(t, s, "SELECT COUNT(*) FROM order_lines l JOIN products p ON p.id = l.product_id"))
		require.Equal(t, "0", early(t, s))

		require.Equal(t, 50_000, s.Remember(50_000), "no more than that")
		entry = v.force(rowsOf(line("A-4", 1, "X", 1), line("A-4", 2, "N", 1)))
		require.Equal(t, tally(2, 0, 0, 0), entry.Tally)
		require.LessOrEqual(t, s.Remember(0), 50_000)
		require.Equal(t, 50_000, s.Remember(70_000))
	})
}

// TestRecordsCreatedInVain: of rows that the database refuses nothing stays, also where records were created for them.
func TestRecordsCreatedInVain(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		refuseMany(t, s)
		v := newSaving(t, s, ordersPlan())
		shared := rowsOf(line("A-1", 1, "X", 5000), line("A-1", 2, "X", 1))
		shared[1].Values[3] = "the name of the row that is saved"
		for _, rows := range [][]target.Row{shared, rowsOf(line("A-2", 1, "Y", 5000), line("A-2", 2, "Z", 1))} {
			w := v.work(rows)
			_, err := s.ApplyUntilKilled(t.Context(), w)
			require.NoError(t, err)
			entry, err := s.ApplyChunk(t.Context(), w)
			require.NoError(t, err)
			require.Equal(t, int64(1), entry.Tally.Refused)
		}
		require.Equal(t, [][]string{{"X", "the name of the row that is saved"}, {"Z", "name of Z"}},
			stream(t, s, "SELECT sku, name FROM products ORDER BY sku"))
		require.Equal(t, "0", early(t, s))
		undo(t, s, "job", "undo")
		for table, rows := range dump(t, s) {
			require.Empty(t, rows, table)
		}
	})
}

// TestRecordThatTheDatabaseRefuses is found by the chunk, which creates the others.
func TestRecordThatTheDatabaseRefuses(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		entry := v.force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, strings.Repeat("S", 65), 1), line("A-1", 3, "Z", 1)))
		require.Equal(t, withCodes(tally(2, 0, 0, 1), job.CodeCount{Code: job.RowConstraint, Count: 1}), entry.Tally)
		require.Equal(t, 1, v.kept.Faults[0].Row)
		require.Equal(t, [][]string{{"X"}, {"Z"}}, stream(t, s, "SELECT sku FROM products ORDER BY sku"))
		require.Equal(t, "0", early(t, s))
	})
}

// TestRecordsThatAnotherChunkUses: a product stays that was created for refused rows, where another chunk has it by now.
// It goes with the undo of the job.
func TestRecordsThatAnotherChunkUses(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		skipSQLite(t, s)
		refuseMany(t, s)
		v := newSaving(t, s, ordersPlan())
		w := v.work(rowsOf(line("A-1", 1, "X", 5000), line("A-1", 2, "Y", 5000)))
		_, err := s.ApplyUntilKilled(t.Context(), w)
		require.NoError(t, err)
		v.force(rowsOf(line("A-2", 1, "X", 1)))
		entry, err := s.ApplyChunk(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, int64(2), entry.Tally.Refused)
		require.Equal(t, [][]string{{"X"}}, stream(t, s, "SELECT sku FROM products"))
		require.Equal(t, "0", early(t, s))
		total, _ := undo(t, s, "job", "undo")
		require.Equal(t, job.Tally{Reversed: 1}, total)
		require.Empty(t, stream(t, s, "SELECT sku FROM products"))
	})
}

// TestJobThatOnlyCreatedRecords has saved no chunk, and can be undone.
func TestJobThatOnlyCreatedRecords(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		skipSQLite(t, s)
		v := newSaving(t, s, ordersPlan())
		for n := range 3 {
			saved, err := s.ApplyUntilKilled(t.Context(), v.work(rowsOf(line("A-1", n, fmt.Sprint("S-", n), 1))))
			require.NoError(t, err)
			require.False(t, saved)
		}
		other := newSaving(t, s, ordersPlan())
		other.job = "other"
		other.force(rowsOf(line("B-1", 1, "S-1", 1)))

		list, err := s.UndoPlan(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, store.UndoList{Plan: "plan", Chunks: []int{3, 2, 1}, Passes: 2}, list)
		total, _ := undo(t, s, "job", "undo")
		require.Zero(t, total.Rows())
		require.Equal(t, [][]string{{"S-1"}}, stream(t, s, "SELECT sku FROM products"), "in use")

		// At the end of a job, what is not in use goes by itself.
		left, err := s.ReleaseEarly(t.Context(), "job", at(400))
		require.NoError(t, err)
		require.True(t, left)
		require.Equal(t, "1", early(t, s))
		undo(t, s, "other", "undo other")
		left, err = s.ReleaseEarly(t.Context(), "job", at(400))
		require.NoError(t, err)
		require.False(t, left)
		require.Equal(t, "0", early(t, s))
		for table, rows := range dump(t, s) {
			require.Empty(t, rows, table)
		}
	})
}

// TestChunkOfAnotherVersionOfItsKind finds what was created before by steps that it does not have.
func TestChunkOfAnotherVersionOfItsKind(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		skipSQLite(t, s)
		v := newSaving(t, s, ordersPlan())
		w := v.work(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 1)))
		_, err := s.ApplyUntilKilled(t.Context(), w)
		require.NoError(t, err)
		steps := ordersPlan().Steps
		w.Target.Steps = []target.Step{steps[1], steps[0], steps[2]}
		entry, err := s.ApplyChunk(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, tally(2, 0, 0, 0), entry.Tally)
		require.Equal(t, "1", early(t, s))
		list, err := s.UndoPlan(t.Context(), "job")
		require.NoError(t, err)
		require.Equal(t, store.UndoList{Plan: "plan", Chunks: []int{1}, Passes: 2, Rows: 2}, list)
		undo(t, s, "job", "undo")
		for table, rows := range dump(t, s) {
			require.Empty(t, rows, table)
		}
	})
}

// TestChunkThatFailsTakesBackWhatItCreated, for a job that is cancelled now.
func TestChunkThatFailsTakesBackWhatItCreated(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		w := v.work(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "X", 1)))
		w.Rows[1].Values[4] = nil
		failed := errors.New("no room")
		w.Keep = func(target.Outcome) error {
			if onEngine(s, "mysql", "") == "mysql" {
				require.Equal(t, "1", count(t, s, "SELECT COUNT(*) FROM products WHERE sku = 'X'"), "it has been created")
			}
			return failed
		}
		_, err := s.ApplyChunk(t.Context(), w)
		require.ErrorIs(t, err, failed)
		require.Equal(t, "0", count(t, s, "SELECT COUNT(*) FROM products"))
		require.Equal(t, "0", count(t, s, "SELECT COUNT(*) FROM save_chunks"))
	})
}
