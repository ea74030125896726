package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/workflows"
)

// desk is a test environment with stand-ins for a bulk save's activities, which keep count of what was done.
type desk struct {
	*testsuite.TestWorkflowEnvironment
	mu      sync.Mutex
	limits  contract.Limits
	plan    contract.SavePlan
	undo    contract.UndoPlan
	checked []int
	applied []int
	undone  []contract.ChunkRef
	reports []contract.Stage
	ends    []job.Status
	cleaned int
	plans   int

	onCheck func(contract.ChunkRef) (contract.ChunkResult, error)
	onApply func(contract.ChunkRef) (contract.ChunkResult, error)
	onUndo  func(contract.ChunkRef) (contract.ChunkResult, error)
	written *job.Tally // what the ledger says; nil: what was applied
	until   *time.Time
}

// newDesk has a plan of four chunks of ten rows each, and two rows that reading has refused.
func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		limits: contract.Limits{
			Window: 2, SlowAfter: 15 * time.Minute, StallAfter: 2 * time.Minute,
			GiveUpAfter: 30 * time.Minute, MaxDuration: 24 * time.Hour, HoldFor: 4 * time.Hour,
		},
		plan: contract.SavePlan{
			ID: "p1", Chunks: 4, Rows: 42, Upload: "stock.xlsx",
			Refused: job.Tally{Refused: 2, Codes: []job.CodeCount{{Code: job.RowRequired, Count: 2}}},
		},
		undo: contract.UndoPlan{Plan: "p1", Rows: 40, Chunks: []int{3, 1, 0}, Passes: 2, Upload: "stock.xlsx"},
	}
	created := func(contract.ChunkRef) (contract.ChunkResult, error) {
		return contract.ChunkResult{Tally: job.Tally{Created: 9, Unchanged: 1}}, nil
	}
	d.onCheck, d.onApply = created, created
	d.onUndo = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Pass == 1 {
			return contract.ChunkResult{Tally: job.Tally{Reversed: 10}}, nil
		}
		return contract.ChunkResult{}, nil
	}
	d.TestWorkflowEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	d.SetTestTimeout(20 * time.Second)
	contract.BulkSave.Register(d, workflows.BulkSave)
	on(d, contract.RegisterJob, func(contract.Registration) (contract.Limits, error) { return d.limits, nil })
	on(d, contract.RecordProgress, func(contract.Record) (contract.Nothing, error) { return contract.Nothing{}, nil })
	on(d, contract.SendAlert, func(contract.Alert) (contract.Nothing, error) { return contract.Nothing{}, nil })
	on(d, contract.InspectUpload, func(contract.SaveRequest) (contract.SavePlan, error) {
		d.plans++
		return d.plan, nil
	})
	on(d, contract.CheckChunk, func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		d.checked = append(d.checked, ref.Chunk)
		return d.onCheck(ref)
	})
	on(d, contract.ApplyChunk, func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		d.applied = append(d.applied, ref.Chunk)
		return d.onApply(ref)
	})
	on(d, contract.PlanUndo, func(contract.SaveRequest) (contract.UndoPlan, error) { return d.undo, nil })
	on(d, contract.UndoChunk, func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		d.undone = append(d.undone, ref)
		return d.onUndo(ref)
	})
	on(d, contract.ReportSave, func(r contract.ReportRequest) (contract.ReportResult, error) {
		d.reports = append(d.reports, r.Stage)
		out := contract.ReportResult{File: &job.Artifact{Name: "stock-errors.xlsx", Rows: 2}}
		if r.Stage == contract.StageApply {
			out.UndoUntil, out.Written = d.until, d.written
		}
		return out, nil
	})
	on(d, contract.FinishJob, func(e contract.Ending) (contract.Nothing, error) {
		d.ends = append(d.ends, e.Status)
		return contract.Nothing{}, nil
	})
	on(d, contract.CleanUpBulkSave, func(contract.JobRef) (contract.Nothing, error) {
		d.cleaned++
		return contract.Nothing{}, nil
	})
	return d
}

func on[In, Out any](d *desk, ref contract.Activity[In, Out], fn func(In) (Out, error)) {
	d.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return fn(in)
	}, activity.RegisterOptions{Name: ref.Name})
}

// run runs a bulk save to its end and returns its last status.
func (d *desk) run(t *testing.T, in contract.BulkSaveInput) job.Status {
	t.Helper()
	in.Kind, in.Tenant = "stock-levels", "acme"
	d.ExecuteWorkflow(contract.BulkSave.Name, in)
	require.True(t, d.IsWorkflowCompleted())
	require.Len(t, d.ends, 1, "the end is told once")
	require.Equal(t, 1, d.cleaned, "whatever the end, the chunks go")
	return d.ends[0]
}

func (d *desk) status(t *testing.T) job.Status {
	t.Helper()
	value, err := d.QueryWorkflow(contract.Status.Name)
	require.NoError(t, err)
	var status job.Status
	require.NoError(t, value.Get(&status))
	return status
}

// resume sends the update that a person sends after a dry run.
func (d *desk) resume(t *testing.T, after time.Duration) {
	d.RegisterDelayedCallback(func() {
		d.UpdateWorkflow(contract.Resume.Name, "", &testsuite.TestUpdateCallback{
			OnReject:   func(err error) { t.Errorf("resume was refused: %v", err) },
			OnAccept:   func() {},
			OnComplete: func(_ any, err error) { require.NoError(t, err) },
		})
	}, after)
}

func TestBulkSaveCountsEveryRow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	until := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	d.until = &until
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.PartiallySucceeded, got.State)
	require.Equal(t, job.ReasonRefused, got.Reason)
	require.Equal(t, "2 of 42 rows were refused; the others are saved", got.Message)
	require.Equal(t, &job.Tally{
		Created: 36, Unchanged: 4, Refused: 2, Codes: []job.CodeCount{{Code: job.RowRequired, Count: 2}},
	}, got.Save.Saved)
	require.Equal(t, int64(42), got.Progress.RowsDone)
	require.Equal(t, 4, got.Progress.PagesDone)
	require.ElementsMatch(t, []int{0, 1, 2, 3}, d.applied)
	require.Empty(t, d.checked, "nobody asked for a dry run")
	require.Equal(t, []contract.Stage{contract.StageApply}, d.reports)
	require.Equal(t, "stock-errors.xlsx", got.Artifacts[0].Name)
	require.Equal(t, &until, got.Save.UndoUntil)
	require.NoError(t, d.GetWorkflowError())
}

func TestBulkSaveSucceeds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.plan.Rows, d.plan.Refused = 40, job.Tally{}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.Succeeded, got.State)
	require.Empty(t, got.Reason)
}

func TestBulkSaveOfRefusedRowsOnlyFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.onApply = func(contract.ChunkRef) (contract.ChunkResult, error) {
		return contract.ChunkResult{Tally: job.Tally{Refused: 10}}, nil
	}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonRefused, got.Reason)
	require.Equal(t, int64(42), got.Save.Saved.Refused)
	require.NotEmpty(t, got.Artifacts, "the reasons are told all the same")
}

func TestBulkSaveOfNoRows(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.plan = contract.SavePlan{ID: "p1", Upload: "empty.csv"}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonNoData, got.Reason)
	require.Empty(t, d.applied)
}

func TestDryRunIsCarriedOutByResume(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var compared int
	d.onCheck = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Compare {
			compared++
		}
		return contract.ChunkResult{Tally: job.Tally{Updated: 10}}, nil
	}
	d.onApply = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		require.True(t, ref.Checked, "a row that came to mean something else meanwhile is refused")
		return contract.ChunkResult{Tally: job.Tally{Updated: 10}}, nil
	}
	d.RegisterDelayedCallback(func() {
		held := d.status(t)
		require.Equal(t, job.Paused, held.State)
		require.Equal(t, job.PhaseHolding, held.Progress.Phase)
		require.Equal(t, int64(40), held.Save.Checked.Updated)
		require.Equal(t, int64(2), held.Save.Checked.Refused)
		require.NotNil(t, held.Save.HoldUntil)
		require.Nil(t, held.Save.Saved)
		require.NotEmpty(t, held.Artifacts)
		require.Empty(t, d.applied, "nothing is written by a dry run")
	}, time.Hour)
	d.resume(t, 2*time.Hour)
	got := d.run(t, contract.BulkSaveInput{Upload: "u1", DryRun: true})
	require.Equal(t, job.PartiallySucceeded, got.State)
	require.Equal(t, 4, compared)
	require.Equal(t, int64(40), got.Save.Saved.Updated)
	require.Equal(t, int64(40), got.Save.Checked.Updated)
	require.Nil(t, got.Save.HoldUntil)
	require.Equal(t, []contract.Stage{contract.StageCheck, contract.StageApply}, d.reports)
}

func TestDryRunThatNobodyResumes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	got := d.run(t, contract.BulkSaveInput{Upload: "u1", DryRun: true})
	require.Equal(t, job.Cancelled, got.State)
	require.Equal(t, job.ReasonTimeout, got.Reason)
	require.Contains(t, got.Message, "nothing was saved")
	require.Empty(t, d.applied)
}

func TestStaleDryRunIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.onCheck = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		out := contract.ChunkResult{Tally: job.Tally{Updated: 10}}
		if ref.Compare && ref.Chunk == 2 {
			out.Stale, out.StaleRows = []job.RowRef{{Sheet: "Stock", Row: 27}, {Sheet: "Stock", Row: 28}}, 7
		}
		return out, nil
	}
	d.resume(t, time.Minute)
	got := d.run(t, contract.BulkSaveInput{Upload: "u1", DryRun: true})
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonStale, got.Reason)
	require.Contains(t, got.Message, "row 27 of sheet Stock and 6 more")
	require.Equal(t, []job.RowRef{{Sheet: "Stock", Row: 27}, {Sheet: "Stock", Row: 28}}, got.Save.Stale)
	require.Empty(t, d.applied)
}

func TestDryRunOfRefusedRowsOnlyEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.onCheck = func(contract.ChunkRef) (contract.ChunkResult, error) {
		return contract.ChunkResult{Tally: job.Tally{Refused: 10}}, nil
	}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1", DryRun: true})
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonRefused, got.Reason)
}

// A save that is cancelled keeps what it has written, says so, and can be undone. The ledger knows better than the
// results that came back.
func TestCancelledBulkSaveAccounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	until := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	d.until, d.written = &until, &job.Tally{Created: 27}
	d.onApply = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Chunk == 1 {
			d.CancelWorkflow()
		}
		return contract.ChunkResult{Tally: job.Tally{Created: 10}}, nil
	}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.Cancelled, got.State)
	require.Equal(t, job.ReasonUser, got.Reason)
	require.Equal(t, int64(27), got.Save.Saved.Created)
	require.Equal(t, int64(2), got.Save.Saved.Refused)
	require.Equal(t, &until, got.Save.UndoUntil)
	require.Equal(t, []contract.Stage{contract.StageApply}, d.reports)
}

func TestFailedBulkSaveAccounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.written = &job.Tally{Created: 10}
	d.onApply = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Chunk == 1 {
			return contract.ChunkResult{}, temporal.NewNonRetryableApplicationError("a fault", string(job.ReasonInternal), nil)
		}
		return contract.ChunkResult{Tally: job.Tally{Created: 10}}, nil
	}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonInternal, got.Reason)
	require.Equal(t, int64(10), got.Save.Saved.Created)
	require.Equal(t, []contract.Stage{contract.StageApply}, d.reports)
}

func TestBulkSaveContinuesAsNew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.limits.StepsPerRun = 2
	d.ExecuteWorkflow(contract.BulkSave.Name, contract.BulkSaveInput{Kind: "stock-levels", Tenant: "acme", Upload: "u1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, d.GetWorkflowError(), &again)
	var next contract.BulkSaveInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.Equal(t, contract.StageApply, next.Carried.Stage)
	require.Equal(t, len(d.applied), next.Carried.Next)
	require.Less(t, next.Carried.Next, 4)
	require.Equal(t, int64(9*len(d.applied)), next.Carried.Save.Saved.Created)
	require.Empty(t, d.ends)

	rest := newDesk(t)
	rest.limits.StepsPerRun = 10
	next.Carried.Limits.StepsPerRun = 10
	got := rest.run(t, next)
	require.ElementsMatch(t, []int{0, 1, 2, 3}, append(d.applied, rest.applied...))
	require.Zero(t, rest.plans, "the plan came along")
	require.Equal(t, int64(36), got.Save.Saved.Created)
	require.Equal(t, 4, got.Progress.PagesDone)
}

func TestBulkSaveWhosePlanIsLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lost := false
	d.onApply = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Chunk == 1 && !lost {
			lost = true
			return contract.ChunkResult{}, temporal.NewNonRetryableApplicationError("gone", contract.FailurePlanLost, nil)
		}
		return contract.ChunkResult{Tally: job.Tally{Created: 9, Unchanged: 1}}, nil
	}
	got := d.run(t, contract.BulkSaveInput{Upload: "u1"})
	require.Equal(t, job.PartiallySucceeded, got.State)
	require.Equal(t, 2, d.plans)
	require.Equal(t, int64(36), got.Save.Saved.Created, "counted once")
}

func TestUndoGoesTableByTable(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	got := d.run(t, contract.BulkSaveInput{Undo: "job-1"})
	require.Equal(t, job.Succeeded, got.State)
	require.Equal(t, int64(30), got.Save.Saved.Reversed)
	require.Equal(t, "job-1", got.Save.Undoes)
	require.Zero(t, d.plans, "the upload is not read again")
	require.Len(t, d.undone, 6)
	for i, ref := range d.undone {
		require.Equal(t, i/3+1, ref.Pass, "all lines before the first order")
		require.Equal(t, "job-1", ref.Undoes)
	}
	require.Equal(t, []contract.Stage{contract.StageUndo}, d.reports)
}

func TestUndoThatKeepsRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reversed int64
		state    job.State
	}{{5, job.PartiallySucceeded}, {0, job.Failed}} {
		d := newDesk(t)
		d.onUndo = func(ref contract.ChunkRef) (contract.ChunkResult, error) {
			if ref.Pass > 1 {
				return contract.ChunkResult{}, nil
			}
			return contract.ChunkResult{Tally: job.Tally{Reversed: c.reversed, Kept: 5}}, nil
		}
		got := d.run(t, contract.BulkSaveInput{Undo: "job-1"})
		require.Equal(t, c.state, got.State)
		require.Equal(t, job.ReasonKept, got.Reason)
		require.Equal(t, int64(15), got.Save.Saved.Kept)
	}
}
