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

// line is a test environment with stand-ins for a sync's activities: a ledger of stretches with ten items each.
type line struct {
	*testsuite.TestWorkflowEnvironment
	mu      sync.Mutex
	limits  contract.Limits
	plan    contract.SyncPlan
	tally   job.SyncTally
	sent    []contract.StretchRef
	left    map[int]int // items left of a stretch that has been begun
	alerts  []contract.AlertKind
	ends    []job.Status
	closed  []job.ItemCode
	reports int
	cleaned int
	queues  map[string]bool

	onSend func(ctx context.Context, ref contract.StretchRef) (contract.StretchResult, error)
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{
		limits: contract.Limits{
			Window: 2, SlowAfter: 15 * time.Minute, StallAfter: 2 * time.Minute, GiveUpAfter: 30 * time.Minute,
			MaxDuration: 240 * time.Hour, OutageFor: 72 * time.Hour,
		},
		plan: contract.SyncPlan{Partner: "marketplace", Items: 50, Stretches: 5},
		left: map[int]int{}, queues: map[string]bool{},
	}
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		return l.take(ref, 10, 0), nil
	}
	l.TestWorkflowEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	l.SetTestTimeout(20 * time.Second)
	contract.Sync.Register(l, workflows.Sync)
	onLine(l, contract.RegisterJob, func(context.Context, contract.Registration) (contract.Limits, error) { return l.limits, nil })
	onLine(l, contract.RecordProgress, func(context.Context, contract.Record) (contract.Nothing, error) { return contract.Nothing{}, nil })
	onLine(l, contract.SendAlert, func(_ context.Context, a contract.Alert) (contract.Nothing, error) {
		l.alerts = append(l.alerts, a.About)
		return contract.Nothing{}, nil
	})
	onLine(l, contract.NumberItems, func(context.Context, contract.SyncRequest) (contract.SyncPlan, error) {
		l.tally = l.plan.Tally
		return l.plan, nil
	})
	onLine(l, contract.SendStretch, func(ctx context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		l.sent = append(l.sent, ref)
		l.queues[activity.GetInfo(ctx).TaskQueue] = true
		return l.onSend(ctx, ref)
	})
	onLine(l, contract.CloseItems, func(_ context.Context, r contract.CloseRequest) (contract.CloseResult, error) {
		l.closed = append(l.closed, r.Code)
		l.tally.Count(job.ItemUnprocessed, r.Code, l.plan.Items-l.tally.Items())
		return contract.CloseResult{Tally: l.tally}, nil
	})
	onLine(l, contract.ReportSync, func(context.Context, contract.SyncReport) (contract.SyncReportResult, error) {
		l.reports++
		return contract.SyncReportResult{File: &job.Artifact{Name: "result.xlsx", Rows: l.plan.Items}}, nil
	})
	onLine(l, contract.FinishJob, func(_ context.Context, e contract.Ending) (contract.Nothing, error) {
		l.ends = append(l.ends, e.Status)
		return contract.Nothing{}, nil
	})
	onLine(l, contract.CleanUpSync, func(context.Context, contract.JobRef) (contract.Nothing, error) {
		l.cleaned++
		return contract.Nothing{}, nil
	})
	return l
}

func onLine[In, Out any](l *line, ref contract.Activity[In, Out], fn func(context.Context, In) (Out, error)) {
	l.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return fn(ctx, in)
	}, activity.RegisterOptions{Name: ref.Name})
}

// take gives items of a stretch their outcome: so many succeed and so many fail.
func (l *line) take(ref contract.StretchRef, succeeded, failed int) contract.StretchResult {
	had, begun := l.left[ref.Stretch]
	if !begun {
		had = 10
	}
	succeeded = min(succeeded, had)
	l.left[ref.Stretch] = had - succeeded - failed
	l.tally.Count(job.ItemSucceeded, "", int64(succeeded))
	if failed > 0 {
		l.tally.Count(job.ItemFailed, job.ItemRejected, int64(failed))
	}
	return contract.StretchResult{Tally: l.tally, Left: l.left[ref.Stretch]}
}

func (l *line) run(t *testing.T) job.Status {
	t.Helper()
	l.ExecuteWorkflow(contract.Sync.Name, contract.SyncInput{Kind: "dispatch-shipments", Tenant: "acme"})
	require.True(t, l.IsWorkflowCompleted())
	require.Len(t, l.ends, 1, "the end is told once")
	require.Equal(t, 1, l.cleaned)
	return l.ends[0]
}

func (l *line) status(t *testing.T) job.Status {
	t.Helper()
	value, err := l.QueryWorkflow(contract.Status.Name)
	require.NoError(t, err)
	var status job.Status
	require.NoError(t, value.Get(&status))
	return status
}

func (l *line) update(t *testing.T, u contract.Update, after time.Duration) {
	l.RegisterDelayedCallback(func() {
		l.UpdateWorkflow(u.Name, "", &testsuite.TestUpdateCallback{
			OnReject:   func(err error) { t.Errorf("%s was refused: %v", u.Name, err) },
			OnAccept:   func() {},
			OnComplete: func(_ any, err error) { require.NoError(t, err) },
		})
	}, after)
}

func TestSyncSendsEveryStretch(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	got := l.run(t)
	require.Equal(t, job.Succeeded, got.State)
	require.Equal(t, job.SyncTally{Succeeded: 50}, got.Sync.Tally)
	require.Equal(t, int64(50), got.Progress.RowsDone)
	require.Equal(t, 5, got.Progress.PagesDone)
	require.Len(t, l.sent, 5)
	require.Equal(t, 1, l.reports)
	require.Empty(t, l.closed)
	require.Equal(t, "result.xlsx", got.Artifacts[0].Name)
	require.Equal(t, map[string]bool{contract.PartnerQueue("marketplace"): true}, l.queues)
}

func TestSyncTellsWhatFailed(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		return l.take(ref, 9, 1), nil
	}
	got := l.run(t)
	require.Equal(t, job.PartiallySucceeded, got.State)
	require.Equal(t, job.ReasonItems, got.Reason)
	require.Equal(t, "5 of 50 items failed", got.Message)

	l = newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		return l.take(ref, 0, 10), nil
	}
	got = l.run(t)
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonItems, got.Reason)
	require.NotEmpty(t, got.Artifacts, "the reasons are told all the same")
}

func TestSyncOfNothingSucceeds(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.plan.Items, l.plan.Stretches = 0, 0
	got := l.run(t)
	require.Equal(t, job.Succeeded, got.State)
	require.Equal(t, "there was nothing to send", got.Message)
	require.Zero(t, l.reports)
}

func TestSyncOfInvalidItemsOnlyFails(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.plan = contract.SyncPlan{Partner: "marketplace", Items: 3}
	l.plan.Tally.Count(job.ItemFailed, job.ItemInvalid, 3)
	got := l.run(t)
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, "all 3 items failed", got.Message)
	require.Empty(t, l.sent)
}

// Stretches come back to tell how far they are, and are gone on with before others are begun.
func TestSyncGoesOnWithWhatIsLeft(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		return l.take(ref, 4, 0), nil
	}
	got := l.run(t)
	require.Equal(t, job.SyncTally{Succeeded: 50}, got.Sync.Tally)
	require.Len(t, l.sent, 15, "4, 4 and 2 items of each")
	begun := map[int]bool{}
	for _, ref := range l.sent {
		begun[ref.Stretch] = true
		require.LessOrEqual(t, ref.Stretch, len(begun), "no stretch is begun while two are under way")
	}
}

func TestSyncWaitsForItsPartner(t *testing.T) {
	t.Parallel()
	for _, why := range []job.WaitWhy{job.WaitCooling, job.WaitQuota} {
		t.Run(string(why), func(t *testing.T) {
			t.Parallel()
			l := newLine(t)
			until := l.Now().Add(5 * time.Hour)
			l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
				if l.Now().Before(until) {
					got := l.take(ref, 1, 0)
					got.Wait = &job.Wait{Why: why, Until: until, Since: l.Now()}
					return got, nil
				}
				return l.take(ref, 10, 0), nil
			}
			l.RegisterDelayedCallback(func() {
				status := l.status(t)
				require.Equal(t, job.Waiting, status.State)
				require.Equal(t, why, status.Sync.Wait.Why)
				require.WithinDuration(t, until, status.Sync.Wait.Until, 0)
				require.Nil(t, status.Progress.StalledSince, "waiting is no stall")
			}, time.Hour)
			got := l.run(t)
			require.Equal(t, job.Succeeded, got.State)
			require.Nil(t, got.Sync.Wait)
			require.NotContains(t, l.alerts, contract.AlertOutage)
			require.NotContains(t, l.alerts, contract.AlertStalled)
		})
	}
}

func TestSyncProbesAPartnerThatIsOut(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	from, until := l.Now(), l.Now().Add(2*time.Hour)
	probes := 0
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		if ref.Probe {
			probes++
		}
		if l.Now().Before(until) {
			return contract.StretchResult{Tally: l.tally, Left: 10, Wait: &job.Wait{Why: job.WaitOutage, Until: l.Now().Add(time.Minute), Since: l.Now()}}, nil
		}
		return l.take(ref, 10, 0), nil
	}
	l.RegisterDelayedCallback(func() {
		status := l.status(t)
		require.Equal(t, job.Waiting, status.State)
		require.WithinDuration(t, from, status.Sync.Wait.Since, time.Second, "since the outage began, not since the last probe")
	}, time.Hour)
	got := l.run(t)
	require.Equal(t, job.Succeeded, got.State)
	require.Equal(t, job.SyncTally{Succeeded: 50}, got.Sync.Tally, "items keep their attempts")
	require.Equal(t, 120, probes, "one stretch a minute")
	require.Equal(t, []contract.AlertKind{contract.AlertOutage, contract.AlertSlow, contract.AlertRecovered, contract.AlertEnded}, l.alerts)
}

func TestSyncGivesUpOnALongOutage(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		return contract.StretchResult{Tally: l.tally, Left: 10, Wait: &job.Wait{Why: job.WaitOutage, Until: l.Now().Add(time.Hour), Since: l.Now()}}, nil
	}
	got := l.run(t)
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonDownstream, got.Reason)
	require.Equal(t, "the partner marketplace has not answered for 72h0m0s", got.Message)
	require.Equal(t, []job.ItemCode{job.ItemStopped}, l.closed)
	require.Equal(t, int64(50), got.Sync.Tally.Unprocessed)
	require.Equal(t, 1, l.reports)
}

func TestSyncStopsWhenUnauthorised(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		got := l.take(ref, 3, 0)
		if ref.Stretch == 2 {
			got.Stop, got.Message = job.ReasonAuth, "the partner does not accept our credentials"
		} else {
			got = l.take(ref, 10, 0)
		}
		return got, nil
	}
	got := l.run(t)
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonAuth, got.Reason)
	require.Equal(t, "the partner does not accept our credentials", got.Message)
	require.Equal(t, []job.ItemCode{job.ItemUnauthorised}, l.closed)
	require.Equal(t, int64(50), got.Sync.Tally.Items())
}

func TestSyncCancelled(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		if len(l.sent) == 3 {
			l.CancelWorkflow()
		}
		return l.take(ref, 10, 0), nil
	}
	got := l.run(t)
	require.Equal(t, job.Cancelled, got.State)
	require.Equal(t, job.ReasonUser, got.Reason)
	require.Equal(t, []job.ItemCode{job.ItemStopped}, l.closed)
	require.Positive(t, got.Sync.Tally.Succeeded, "finished work is kept")
	require.Equal(t, int64(50), got.Sync.Tally.Items())
	require.NotEmpty(t, got.Artifacts)
	require.True(t, temporal.IsCanceledError(l.GetWorkflowError()))
}

func TestSyncPausedWhileItWaits(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	until := l.Now().Add(time.Hour)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		if l.Now().Before(until) {
			return contract.StretchResult{Tally: l.tally, Left: 10, Wait: &job.Wait{Why: job.WaitQuota, Until: until, Since: l.Now()}}, nil
		}
		return l.take(ref, 10, 0), nil
	}
	l.update(t, contract.Pause, 10*time.Minute)
	l.RegisterDelayedCallback(func() {
		require.Equal(t, job.Paused, l.status(t).State)
		require.Len(t, l.sent, 2)
	}, 3*time.Hour)
	l.update(t, contract.Resume, 4*time.Hour)
	require.Equal(t, job.Succeeded, l.run(t).State)
}

func TestSyncContinuesAsNew(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.limits.StepsPerRun = 2
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		return l.take(ref, 6, 0), nil
	}
	l.ExecuteWorkflow(contract.Sync.Name, contract.SyncInput{Kind: "dispatch-shipments", Tenant: "acme"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, l.GetWorkflowError(), &again)
	require.Empty(t, l.ends)
	var carried contract.SyncInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &carried))
	c := carried.Carried
	require.NotEmpty(t, c.Redo, "stretches with items left go along")
	require.Equal(t, l.tally, c.Sync.Tally)

	rest := newLine(t)
	rest.tally, rest.left = l.tally, l.left
	rest.ExecuteWorkflow(contract.Sync.Name, func() contract.SyncInput {
		carried.Carried.Limits.StepsPerRun = 0
		return carried
	}())
	require.Equal(t, job.Succeeded, rest.ends[0].State)
	require.Equal(t, job.SyncTally{Succeeded: 50}, rest.ends[0].Sync.Tally)
}

func TestSyncTakesOverAFailedStretch(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		if ref.Stretch == 1 {
			return contract.StretchResult{}, temporal.NewNonRetryableApplicationError("a fault", string(job.ReasonInternal), nil)
		}
		return l.take(ref, 10, 0), nil
	}
	got := l.run(t)
	require.Equal(t, job.Failed, got.State)
	require.Equal(t, job.ReasonInternal, got.Reason)
	require.Equal(t, []job.ItemCode{job.ItemStopped}, l.closed)
	require.Equal(t, int64(50), got.Sync.Tally.Items(), "every item has its outcome")
}

// Limits that were raised while the job waits are tried at once.
func TestSyncLooksAgain(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	until, raised := l.Now().Add(10*time.Hour), false
	l.onSend = func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		if !raised {
			return contract.StretchResult{Tally: l.tally, Left: 10, Wait: &job.Wait{Why: job.WaitQuota, Until: until, Since: l.Now()}}, nil
		}
		return l.take(ref, 10, 0), nil
	}
	l.RegisterDelayedCallback(func() { l.SignalWorkflow(contract.LookAgain.Name, nil) }, time.Hour) // without effect
	l.RegisterDelayedCallback(func() {
		require.Equal(t, job.Waiting, l.status(t).State)
		raised = true
		l.SignalWorkflow(contract.LookAgain.Name, nil)
	}, 2*time.Hour)
	got := l.run(t)
	require.Equal(t, job.Succeeded, got.State)
	require.WithinDuration(t, until.Add(-8*time.Hour), *got.EndedAt, time.Minute)
}
