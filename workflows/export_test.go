package workflows_test

import (
	"context"
	"errors"
	"slices"
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

// stage is a test environment with stand-ins for all activities, which keep count of what was done.
type stage struct {
	*testsuite.TestWorkflowEnvironment
	mu       sync.Mutex
	limits   contract.Limits
	plan     contract.ExportPlan
	pages    []int // in the order they were done
	inFlight int
	most     int // in flight at once
	alerts   []contract.AlertKind
	ends     []job.Status
	cleaned  int
	plans    int

	onPage     func(ctx context.Context, page int) (contract.PageResult, error)
	onAssemble func() (contract.AssembleResult, error)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{
		limits: contract.Limits{
			Window: 3, SlowAfter: 15 * time.Minute, StallAfter: 2 * time.Minute,
			GiveUpAfter: 30 * time.Minute, MaxDuration: 24 * time.Hour,
		},
		plan: contract.ExportPlan{ID: "p1", Rows: 50, Pages: 5},
	}
	s.onPage = func(context.Context, int) (contract.PageResult, error) { return contract.PageResult{Rows: 10}, nil }
	s.onAssemble = func() (contract.AssembleResult, error) {
		return contract.AssembleResult{Artifact: &job.Artifact{Name: "a.xlsx", Rows: s.plan.Rows, Sheets: 1}}, nil
	}
	s.TestWorkflowEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	s.SetTestTimeout(20 * time.Second)
	contract.Export.Register(s, workflows.Export)
	stand(s, contract.RegisterJob, func(context.Context, contract.Registration) (contract.Limits, error) { return s.limits, nil })
	stand(s, contract.RecordProgress, func(context.Context, contract.Record) (contract.Nothing, error) { return contract.Nothing{}, nil })
	stand(s, contract.PlanExport, func(context.Context, contract.ExportRequest) (contract.ExportPlan, error) {
		s.plans++
		return s.plan, nil
	})
	stand(s, contract.ExportPage, s.page)
	stand(s, contract.AssembleExport, func(context.Context, contract.PlanRef) (contract.AssembleResult, error) { return s.onAssemble() })
	stand(s, contract.FinishJob, func(_ context.Context, e contract.Ending) (contract.Nothing, error) {
		s.ends = append(s.ends, e.Status)
		return contract.Nothing{}, nil
	})
	stand(s, contract.CleanUpExport, func(context.Context, contract.JobRef) (contract.Nothing, error) {
		s.cleaned++
		return contract.Nothing{}, nil
	})
	stand(s, contract.SendAlert, func(_ context.Context, a contract.Alert) (contract.Nothing, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.alerts = append(s.alerts, a.About)
		return contract.Nothing{}, nil
	})
	return s
}

func stand[In, Out any](s *stage, ref contract.Activity[In, Out], fn func(context.Context, In) (Out, error)) {
	s.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: ref.Name})
}

func (s *stage) page(ctx context.Context, ref contract.PageRef) (contract.PageResult, error) {
	s.mu.Lock()
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	s.mu.Unlock()
	got, err := s.onPage(ctx, ref.Page)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	if err == nil {
		s.pages = append(s.pages, ref.Page)
	}
	return got, err
}

// run runs an export to its end and returns its last status.
func (s *stage) run(t *testing.T, in contract.ExportInput) job.Status {
	t.Helper()
	in.Kind, in.Tenant = "order-lines", "acme"
	s.ExecuteWorkflow(contract.Export.Name, in)
	require.True(t, s.IsWorkflowCompleted())
	require.Len(t, s.ends, 1, "the end is told once")
	require.Equal(t, 1, s.cleaned, "whatever the end, the fragments go")
	return s.ends[0]
}

func (s *stage) status(t *testing.T) job.Status {
	t.Helper()
	value, err := s.QueryWorkflow(contract.Status.Name)
	require.NoError(t, err)
	var status job.Status
	require.NoError(t, value.Get(&status))
	return status
}

func TestExportWritesEveryPageOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	end := s.run(t, contract.ExportInput{})
	require.NoError(t, s.GetWorkflowError())
	require.Equal(t, job.Succeeded, end.State)
	require.Equal(t, job.PhaseDone, end.Progress.Phase)
	require.EqualValues(t, 50, end.Progress.RowsDone)
	require.EqualValues(t, 50, end.Progress.RowsTotal)
	slices.Sort(s.pages)
	require.Equal(t, []int{0, 1, 2, 3, 4}, s.pages)
	require.LessOrEqual(t, s.most, s.limits.Window)
	require.Empty(t, s.alerts)
	require.Equal(t, "a.xlsx", end.Artifacts[0].Name)

	var result job.Status
	require.NoError(t, s.GetWorkflowResult(&result))
	require.Equal(t, end, result, "result and row tell the same")
	require.Equal(t, end, s.status(t), "and so does the query")
}

func TestExportOfNothingEndsWithoutFile(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plan = contract.ExportPlan{}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.Failed, end.State)
	require.Equal(t, job.ReasonNoData, end.Reason)
	require.NotEmpty(t, end.Message)
	require.Empty(t, end.Artifacts)
	require.Empty(t, s.alerts, "nobody is woken for an empty result")

	var app *temporal.ApplicationError
	require.ErrorAs(t, s.GetWorkflowError(), &app)
	require.Equal(t, string(job.ReasonNoData), app.Type())
	var told job.Status
	require.NoError(t, app.Details(&told))
	require.Equal(t, end, told)
}

func TestExportSaysWhenRowsMoved(t *testing.T) {
	t.Parallel()
	for name, written := range map[string]int64{"gone": 47, "come": 52} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.onAssemble = func() (contract.AssembleResult, error) {
				return contract.AssembleResult{Artifact: &job.Artifact{Rows: written}}, nil
			}
			end := s.run(t, contract.ExportInput{})
			require.NoError(t, s.GetWorkflowError())
			require.Equal(t, job.PartiallySucceeded, end.State)
			require.Equal(t, job.ReasonRowsMoved, end.Reason)
			require.Equal(t, written, end.Progress.RowsDone)
			require.EqualValues(t, 50, end.Progress.RowsTotal)
			require.Len(t, end.Artifacts, 1)
		})
	}
}

// passing is an error that is tried again after four minutes: the test environment stops at ten attempts
// where a server goes on until the step's time is over.
func passing(message string) error {
	return temporal.NewApplicationErrorWithOptions(message, string(job.ReasonDownstream),
		temporal.ApplicationErrorOptions{NextRetryDelay: 4 * time.Minute})
}

func TestExportFailsByReason(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.7:3306: password=hunter2")
	for name, c := range map[string]struct {
		err    error
		reason job.Reason
		alerts []contract.AlertKind
	}{
		"internal":  {temporal.NewNonRetryableApplicationError(secret.Error(), string(job.ReasonInternal), secret), job.ReasonInternal, []contract.AlertKind{contract.AlertFailed}},
		"bad input": {temporal.NewNonRetryableApplicationError("no such column", string(job.ReasonBadInput), nil), job.ReasonBadInput, nil},
		// Retried until the step's time is over, which takes no time here.
		"downstream": {passing(secret.Error()), job.ReasonDownstream, []contract.AlertKind{contract.AlertStalled, contract.AlertSlow, contract.AlertFailed}},
		"unknown":    {temporal.NewNonRetryableApplicationError(secret.Error(), "SomethingElse", nil), job.ReasonInternal, []contract.AlertKind{contract.AlertFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.onPage = func(_ context.Context, page int) (contract.PageResult, error) {
				if page == 2 {
					return contract.PageResult{}, c.err
				}
				return contract.PageResult{Rows: 10}, nil
			}
			end := s.run(t, contract.ExportInput{})
			require.Error(t, s.GetWorkflowError())
			require.Equal(t, job.Failed, end.State)
			require.Equal(t, c.reason, end.Reason)
			require.NotContains(t, end.Message, "hunter2")
			require.NotEmpty(t, end.Message)
			require.Equal(t, c.alerts, s.alerts)
		})
	}
}

func TestExportIsCancelledAtAPageBoundary(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plan.Pages, s.plan.Rows = 100, 1000
	s.onPage = func(_ context.Context, page int) (contract.PageResult, error) {
		if page == 10 {
			s.CancelWorkflow()
		}
		return contract.PageResult{Rows: 10}, nil
	}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.Cancelled, end.State)
	require.Equal(t, job.ReasonUser, end.Reason)
	require.Less(t, len(s.pages), 100)
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, s.GetWorkflowError(), &cancelled)
}

func TestExportPausesAndResumes(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plan.Pages, s.plan.Rows, s.limits.Window = 20, 200, 1
	var whilePaused []int
	s.onPage = func(_ context.Context, page int) (contract.PageResult, error) {
		if page == 5 {
			s.RegisterDelayedCallback(func() {
				s.UpdateWorkflowNoRejection(contract.Pause.Name, "pause", t)
				s.RegisterDelayedCallback(func() {
					require.Equal(t, job.Paused, s.status(t).State)
					require.Zero(t, s.status(t).Progress.Rate, "nothing moves")
					whilePaused = slices.Clone(s.pages)
				}, time.Minute)
				s.RegisterDelayedCallback(func() {
					require.Equal(t, whilePaused, s.pages, "nothing moves in an hour")
					require.Nil(t, s.status(t).Progress.StalledSince, "a pause is no stall")
					s.UpdateWorkflowNoRejection(contract.Resume.Name, "resume", t)
				}, time.Hour)
			}, 0)
		}
		return contract.PageResult{Rows: 10}, nil
	}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.Succeeded, end.State)
	require.Len(t, s.pages, 20)
	require.NotEmpty(t, whilePaused)
	require.Less(t, len(whilePaused), 20)
}

func TestExportContinuesAsNewWithoutLosingAPage(t *testing.T) {
	t.Parallel()
	in := contract.ExportInput{Kind: "order-lines", Tenant: "acme", RequestedBy: "kim"}
	seen := map[int]int{}
	var end job.Status
	runs := 0
	for ; runs < 10; runs++ {
		s := newStage(t)
		s.plan.Pages, s.plan.Rows = 17, 170
		s.limits.StepsPerRun = 5
		s.onAssemble = func() (contract.AssembleResult, error) {
			return contract.AssembleResult{Artifact: &job.Artifact{Rows: 170}}, nil
		}
		s.ExecuteWorkflow(contract.Export.Name, in)
		for _, page := range s.pages {
			seen[page]++
		}
		var again *workflow.ContinueAsNewError
		if !errors.As(s.GetWorkflowError(), &again) {
			require.NoError(t, s.GetWorkflowError())
			require.NoError(t, s.GetWorkflowResult(&end))
			require.Zero(t, s.plans, "the plan is carried over")
			break
		}
		require.Zero(t, s.cleaned)
		in = contract.ExportInput{}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
		require.NotNil(t, in.Carried)
		require.Equal(t, "kim", in.RequestedBy)
	}
	require.GreaterOrEqual(t, runs, 2)
	require.Len(t, seen, 17)
	for page, times := range seen {
		require.Equal(t, 1, times, "page %d", page)
	}
	require.Equal(t, job.Succeeded, end.State)
	require.EqualValues(t, 170, end.Progress.RowsDone)
	require.Equal(t, 17, end.Progress.PagesDone)
}

func TestExportMakesLostFragmentsAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	asked := 0
	s.onAssemble = func() (contract.AssembleResult, error) {
		if asked++; asked == 1 {
			return contract.AssembleResult{Redo: []contract.PageRef{{Page: 1}, {Page: 3, FirstRow: 77}}}, nil
		}
		return contract.AssembleResult{Artifact: &job.Artifact{Rows: 50}}, nil
	}
	require.Equal(t, job.Succeeded, s.run(t, contract.ExportInput{}).State)
	slices.Sort(s.pages)
	require.Equal(t, []int{0, 1, 1, 2, 3, 3, 4}, s.pages)
}

func TestExportGivesUpOnStorageThatKeepsLosingFragments(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.onAssemble = func() (contract.AssembleResult, error) {
		return contract.AssembleResult{Redo: []contract.PageRef{{Page: 1}}}, nil
	}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.Failed, end.State)
	require.Equal(t, job.ReasonDownstream, end.Reason)
}

func TestExportPlansAnewWhenThePlanIsLost(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	lost := true
	s.onPage = func(_ context.Context, page int) (contract.PageResult, error) {
		if page == 3 && lost {
			lost = false
			return contract.PageResult{}, temporal.NewNonRetryableApplicationError("gone", contract.FailurePlanLost, nil)
		}
		return contract.PageResult{Rows: 10}, nil
	}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.Succeeded, end.State)
	require.Equal(t, 2, s.plans)
	require.Equal(t, 5, end.Progress.PagesDone)
}

func TestExportRunsOutOfTime(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.limits.MaxDuration = 10 * time.Minute
	s.onPage = func(context.Context, int) (contract.PageResult, error) {
		return contract.PageResult{}, passing("no database")
	}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.TimedOut, end.State)
	require.Equal(t, job.ReasonTimeout, end.Reason)
	require.Equal(t, []contract.AlertKind{contract.AlertStalled, contract.AlertFailed}, s.alerts)
}

func TestExportWarnsOncePerEpisode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.limits.SlowAfter = 3 * time.Minute
	s.limits.Window = 1
	failing := true
	s.RegisterDelayedCallback(func() {
		require.NotNil(t, s.status(t).Progress.StalledSince)
		failing = false
	}, 12*time.Minute)
	s.onPage = func(context.Context, int) (contract.PageResult, error) {
		if failing {
			return contract.PageResult{}, passing("no database")
		}
		return contract.PageResult{Rows: 10}, nil
	}
	end := s.run(t, contract.ExportInput{})
	require.Equal(t, job.Succeeded, end.State)
	require.Equal(t, []contract.AlertKind{
		contract.AlertStalled, contract.AlertSlow, contract.AlertRecovered, contract.AlertEnded,
	}, s.alerts)
}
