package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// BenchmarkSyncItems tells how many items a second are numbered, marked, finished (with a statement to be saved, and
// without) and closed, in groups of several sizes.
func BenchmarkSyncItems(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": testenv.SQLite, "mysql": testenv.MariaDB} {
		s, err := store.Open(b.Context(), url(b), store.Options{})
		require.NoError(b, err)
		b.Cleanup(func() { s.Close() })
		require.NoError(b, s.Migrate(b.Context()))
		b.Run(engine+"/add", func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				id := fmt.Sprint("add-", n)
				items := syncItems(id, 10_000)
				require.NoError(b, s.RegisterSync(b.Context(), aSync(id, 0)))
				b.StartTimer()
				require.NoError(b, s.AddSyncItems(b.Context(), items))
			}
			b.ReportMetric(float64(b.N*10_000)/b.Elapsed().Seconds(), "items/s")
		})
		for _, size := range []int{1, 10, 50} {
			benchGroups(b, s, fmt.Sprintf("%s/mark-%d", engine, size), size, func(refs []store.SyncRef) error {
				return s.MarkSent(b.Context(), refs, at(1))
			})
			benchGroups(b, s, fmt.Sprintf("%s/finish-%d", engine, size), size, func(refs []store.SyncRef) error {
				outcomes := make([]store.SyncOutcome, len(refs))
				for i, r := range refs {
					outcomes[i] = benchOutcome(r)
				}
				_, err := s.FinishItems(b.Context(), outcomes)
				return err
			})
			line := int64(size) * 1_000_000
			benchGroups(b, s, fmt.Sprintf("%s/finish-and-save-%d", engine, size), size, func(refs []store.SyncRef) error {
				outcomes := make([]store.SyncOutcome, len(refs))
				for i, r := range refs {
					line++
					outcomes[i] = benchOutcome(r)
					outcomes[i].Save = []store.Statement{{SQL: dispatch, Args: []any{line, "T", "remote", at(1)}}}
				}
				_, err := s.FinishItems(b.Context(), outcomes)
				return err
			})
		}
		b.Run(engine+"/close", func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				id := fmt.Sprint("close-", n)
				numbered(b, s, id, 10_000)
				b.StartTimer()
				_, err := s.CloseSync(b.Context(), id, job.ItemStopped)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.N*10_000)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

func benchOutcome(r store.SyncRef) store.SyncOutcome {
	return store.SyncOutcome{SyncRef: r, Outcome: job.ItemSucceeded, RemoteID: fmt.Sprint("remote-", r.Position), At: at(2),
		Tries: []job.Try{{At: at(1), Millis: 87, Status: 201}}}
}

// benchGroups gives do one group of items after the other.
func benchGroups(b *testing.B, s *store.Store, name string, size int, do func([]store.SyncRef) error) {
	b.Run(name, func(b *testing.B) {
		const items = 5_000
		var id string
		next := int64(items)
		for n := 0; b.Loop(); n++ {
			if next+int64(size) > items {
				b.StopTimer()
				id, next = fmt.Sprint(name, "-", b.N, "-", n), 0
				numbered(b, s, id, items)
				b.StartTimer()
			}
			refs := make([]store.SyncRef, size)
			for i := range refs {
				next++
				refs[i] = store.SyncRef{JobID: id, Position: next}
			}
			require.NoError(b, do(refs))
		}
		b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "items/s")
	})
}
