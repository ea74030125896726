package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func TestJobComesBackAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		eta, stalled, ended := at(60), at(50), at(70)
		j := aJob("a", 0)
		j.RequestedBy, j.Request = "김하늘", []byte(`{"kind":"stock-shortages","tenant":"acme"}`)
		require.NoError(t, s.RegisterJob(t.Context(), j))
		j.Status = job.Status{
			State: job.PartiallySucceeded, Reason: job.ReasonRowsMoved, Message: "3 rows moved 😀",
			Progress: job.Progress{
				Phase: job.PhaseDone, RowsDone: 1_067_368, RowsTotal: 1_067_371, PagesDone: 214, PagesTotal: 214,
				Rate: 52341.5, ETA: &eta, StalledSince: &stalled,
			},
			Artifacts: []job.Artifact{
				{Name: "재고 부족 😀.xlsx", Key: "artifacts/a.xlsx", ContentType: "application/x", Size: 5 << 30, SHA256: "ab", Rows: 7,
					Sheets: 2, CellsTruncated: 1, CharsEscaped: 2, CreatedAt: at(65), ExpiresAt: at(1000)},
				{Name: "a.csv", Key: "artifacts/a.csv", CreatedAt: at(66)},
			},
			UpdatedAt: at(70), EndedAt: &ended,
		}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "a", j.Status))
		read, err := s.Job(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, j, read)
	})
}

func TestJobsAreNotFoundByName(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		_, err := s.Job(t.Context(), "none")
		requireCode(t, job.CodeNotFound, err)
		_, err = s.JobByWorkflow(t.Context(), "none", "")
		requireCode(t, job.CodeNotFound, err)
		requireCode(t, job.CodeNotFound, s.RecordStatus(t.Context(), "none", "none", job.Status{State: job.Running, UpdatedAt: at(0)}))
	})
}

// step is one call that reaches the row of job "a", in a story told by TestRecordsInAnyOrder.
type step func(ctx context.Context, s *store.Store) error

func inserts(n int) step {
	return func(ctx context.Context, s *store.Store) error { return s.InsertJob(ctx, aJob("a", n)) }
}

func registers(run string, n int) step {
	return func(ctx context.Context, s *store.Store) error {
		j := aJob("a", n)
		j.RunID = run
		return s.RegisterJob(ctx, j)
	}
}

// records bears rows as its mark.
func records(run string, n int, state job.State, rows int64) step {
	return func(ctx context.Context, s *store.Store) error {
		st := job.Status{State: state, UpdatedAt: at(n), Progress: job.Progress{RowsDone: rows}}
		if state.Ended() {
			ended := at(n)
			st.EndedAt = &ended
		}
		return s.RecordStatus(ctx, "a", run, st)
	}
}

func TestRecordsInAnyOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for _, tt := range []struct {
			name  string
			steps []step
			run   string
			state job.State
			rows  int64
			at    int // UpdatedAt
			end   int // EndedAt; 0 for none
		}{
			{"the starter makes a queued row", []step{inserts(1)}, "a", job.Queued, 0, 1, 0},
			{"the workflow takes a queued row over, whatever the clocks", []step{inserts(5), registers("a", 1)}, "a", job.Running, 0, 1, 0},
			{"a starter that is late changes nothing", []step{registers("a", 1), records("a", 2, job.Running, 10), inserts(3)}, "a", job.Running, 10, 2, 0},
			{"a registration that is retried changes nothing", []step{registers("a", 1), records("a", 2, job.Running, 10), registers("a", 1)}, "a", job.Running, 10, 2, 0},
			{"the same record twice is one", []step{registers("a", 1), records("a", 2, job.Running, 10), records("a", 2, job.Running, 10)}, "a", job.Running, 10, 2, 0},
			{"an older record does not overwrite", []step{registers("a", 1), records("a", 3, job.Running, 20), records("a", 2, job.Running, 10)}, "a", job.Running, 20, 3, 0},
			{"of the same moment the later counts", []step{registers("a", 1), records("a", 2, job.Running, 10), records("a", 2, job.Paused, 11)}, "a", job.Paused, 11, 2, 0},
			{"a record may find a queued row", []step{inserts(5), records("a", 2, job.Running, 10)}, "a", job.Running, 10, 2, 0},
			{"the end stays against progress", []step{registers("a", 1), records("a", 3, job.Succeeded, 30), records("a", 4, job.Running, 20)}, "a", job.Succeeded, 30, 3, 3},
			{"the end stays against another end", []step{registers("a", 1), records("a", 3, job.Succeeded, 30), records("a", 4, job.Failed, 0)}, "a", job.Succeeded, 30, 3, 3},
			{"the end stays against the registration", []step{registers("a", 1), records("a", 3, job.Failed, 30), registers("a", 1)}, "a", job.Failed, 30, 3, 3},
			{"the end comes in against a clock ahead", []step{registers("a", 1), records("a", 9, job.Running, 20), records("a", 3, job.Succeeded, 30)}, "a", job.Succeeded, 30, 3, 3},
			{"a continued run goes on", []step{registers("a", 1), records("a", 2, job.Running, 10), records("b", 3, job.Running, 20)}, "b", job.Running, 20, 3, 0},
			{"a run that has been followed is over", []step{registers("a", 1), records("b", 3, job.Running, 20), records("a", 4, job.Running, 10)}, "b", job.Running, 20, 3, 0},
			{"its end too", []step{registers("a", 1), records("b", 3, job.Running, 20), records("c", 4, job.Running, 30), records("b", 5, job.Failed, 0)}, "c", job.Running, 30, 4, 0},
			{"an unknown run of the past does not come up", []step{registers("a", 1), records("c", 5, job.Running, 20), records("b", 4, job.Running, 10)}, "c", job.Running, 20, 5, 0},
			{"a reset to the beginning runs again", []step{registers("a", 1), records("a", 3, job.Failed, 5), registers("b", 10)}, "b", job.Running, 0, 10, 0},
			{"also with the first start's time", []step{registers("a", 1), records("a", 3, job.Failed, 5), registers("b", 1), records("b", 2, job.Running, 7)}, "b", job.Running, 7, 2, 0},
			{"a reset to the middle runs again", []step{registers("a", 1), records("a", 3, job.Failed, 5), records("b", 10, job.Running, 6)}, "b", job.Running, 6, 10, 0},
			{"and ends", []step{registers("a", 1), records("a", 3, job.Failed, 5), records("b", 10, job.Running, 6), records("b", 11, job.Succeeded, 9)}, "b", job.Succeeded, 9, 11, 11},
			{"after a reset the old run is over", []step{registers("a", 1), records("a", 3, job.Failed, 5), registers("b", 10), registers("a", 1), records("a", 12, job.Cancelled, 0)}, "b", job.Running, 0, 10, 0},
			{"the first run's is known to be the first", []step{registers("b", 10), registers("a", 1)}, "b", job.Running, 0, 10, 0},
			{"a first registration after the reset's changes nothing", []step{inserts(1), registers("b", 10), registers("a", 1)}, "b", job.Running, 0, 10, 0},
		} {
			require.NoError(t, s.DB(t.Context()).Exec("DELETE FROM jobs").Error)
			require.NoError(t, s.DB(t.Context()).Exec("DELETE FROM job_runs").Error)
			for i, do := range tt.steps {
				require.NoError(t, do(t.Context(), s), "%s: step %d", tt.name, i)
			}
			j, err := s.Job(t.Context(), "a")
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.run, j.RunID, tt.name)
			require.Equal(t, tt.state, j.State, tt.name)
			require.Equal(t, tt.rows, j.Progress.RowsDone, tt.name)
			require.Equal(t, at(tt.at), j.UpdatedAt, tt.name)
			if tt.end == 0 {
				require.Nil(t, j.EndedAt, tt.name)
			} else {
				require.Equal(t, at(tt.end), *j.EndedAt, tt.name)
			}
		}
	})
}

func TestResetKeepsCreationAndFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.RegisterJob(t.Context(), aJob("a", 1)))
		end := job.Status{State: job.Succeeded, UpdatedAt: at(3), Artifacts: []job.Artifact{{Name: "monday.xlsx", Key: "k", CreatedAt: at(3)}}}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "a", end))
		again := aJob("a", 10)
		again.RunID = "b"
		require.NoError(t, s.RegisterJob(t.Context(), again))
		j, err := s.Job(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, at(1), j.CreatedAt)
		require.Equal(t, end.Artifacts, j.Artifacts)

		// Made again under the same key and another name: the old name is gone.
		end.UpdatedAt, end.Artifacts = at(12), []job.Artifact{{Name: "tuesday.xlsx", Key: "k", CreatedAt: at(12)}}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "b", end))
		j, err = s.Job(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, end.Artifacts, j.Artifacts)
	})
}

func TestJobIsFoundByAnyOfItsRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for n, id := range []string{"a", "b"} { // one workflow, used twice
			j := aJob(id, n)
			j.WorkflowID = "export/stock-shortages/acme/x"
			require.NoError(t, s.RegisterJob(t.Context(), j))
			require.NoError(t, s.RecordStatus(t.Context(), id, id+"-later", job.Status{State: job.Running, UpdatedAt: at(5)}))
		}
		for run, want := range map[string]string{"a": "a", "a-later": "a", "b": "b", "b-later": "b", "": "b"} {
			j, err := s.JobByWorkflow(t.Context(), "export/stock-shortages/acme/x", run)
			require.NoError(t, err, run)
			require.Equal(t, want, j.ID, run)
		}
		_, err := s.JobByWorkflow(t.Context(), "export/stock-shortages/acme/y", "a")
		requireCode(t, job.CodeNotFound, err)
	})
}

// TestRecordsByManyAtOnce lets records of a job race; whatever their order, the newest stands in the end.
func TestRecordsByManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		const rounds, records = 20, 12
		require.NoError(t, registers("a", 0)(t.Context(), s))
		for round := range rounds {
			var group errgroup.Group
			var begin sync.WaitGroup
			begin.Add(records)
			for i := range records {
				n := 1 + round*records + i
				group.Go(func() error {
					begin.Done()
					begin.Wait()
					st := job.Status{State: job.Running, UpdatedAt: at(n), Progress: job.Progress{RowsDone: int64(n)}}
					return s.RecordStatus(t.Context(), "a", fmt.Sprint("run-", round), st)
				})
			}
			require.NoError(t, group.Wait())
			j, err := s.Job(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("run-", round), j.RunID)
			require.Equal(t, int64((round+1)*records), j.Progress.RowsDone)
		}
	})
}

// TestRegistrationsByManyAtOnce has the starter and retried activities make one row.
func TestRegistrationsByManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for round := range 10 {
			j := aJob(fmt.Sprint("job-", round), round)
			var group errgroup.Group
			for i := range 12 {
				group.Go(func() error {
					if i%2 == 0 {
						return s.InsertJob(t.Context(), j)
					}
					return s.RegisterJob(t.Context(), j)
				})
			}
			require.NoError(t, group.Wait())
			read, err := s.Job(t.Context(), j.ID)
			require.NoError(t, err)
			require.Equal(t, job.Running, read.State)
		}
	})
}

func TestLongTextsOfAJobAreCut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		j := aJob("a", 0)
		j.RequestedBy, j.Message = strings.Repeat("가", 201), strings.Repeat("가", 40_000)
		j.Request = []byte(`"` + strings.Repeat("가", 100_000) + `"`)
		require.NoError(t, s.RegisterJob(t.Context(), j))
		read, err := s.Job(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("가", 199)+"…", read.RequestedBy)
		require.Equal(t, strings.Repeat("가", 1999)+"…", read.Message)
		require.Equal(t, j.Request, read.Request)
	})
}

func TestJobNeedsATimeOfCreation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		j := aJob("a", 0)
		j.CreatedAt = time.Time{}
		require.ErrorContains(t, s.RegisterJob(t.Context(), j), "time of creation")
	})
}
