//go:build record

package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/workflows"
)

// syncStory is a course that a sync can take. Stretches have ten items each.
type syncStory struct {
	stretches int
	perRun    int
	scheduled bool
	outageFor time.Duration
	// send tells what a stretch comes to at its n-th time, counted over all stretches from 1; nil: all goes well.
	send func(ref contract.StretchRef, n int, whole contract.StretchResult) contract.StretchResult
	// at is the time at which from happens.
	at   int
	from func(ctx context.Context, c client.Client, run client.WorkflowRun) error
}

func waiting(why job.WaitWhy, whole contract.StretchResult) contract.StretchResult {
	whole.Left, whole.Tally.Succeeded = 10, whole.Tally.Succeeded-10
	whole.Wait = &job.Wait{Why: why, Until: time.Now().Add(2 * time.Second), Since: time.Now()}
	return whole
}

var syncStories = map[string]syncStory{
	"sync_succeeded":        {stretches: 7},
	"sync_nothing":          {},
	"sync_scheduled":        {stretches: 2, scheduled: true},
	"sync_continued_as_new": {stretches: 9, perRun: 4},
	"sync_waited": {stretches: 4, send: func(_ contract.StretchRef, n int, whole contract.StretchResult) contract.StretchResult {
		if n == 2 {
			return waiting(job.WaitQuota, whole)
		}
		return whole
	}},
	"sync_outage": {stretches: 4, outageFor: time.Hour, send: func(ref contract.StretchRef, n int, whole contract.StretchResult) contract.StretchResult {
		if n == 2 || n == 3 || n == 4 {
			return waiting(job.WaitOutage, whole)
		}
		return whole
	}},
	"sync_outage_given_up": {stretches: 2, outageFor: time.Second, send: func(_ contract.StretchRef, _ int, whole contract.StretchResult) contract.StretchResult {
		return waiting(job.WaitOutage, whole)
	}},
	"sync_unauthorised": {stretches: 4, send: func(_ contract.StretchRef, n int, whole contract.StretchResult) contract.StretchResult {
		if n == 3 {
			whole.Left, whole.Stop, whole.Message = 4, job.ReasonAuth, "the partner does not accept our credentials"
		}
		return whole
	}},
	"sync_cancelled": {stretches: 12, at: 5, from: func(ctx context.Context, c client.Client, run client.WorkflowRun) error {
		return c.CancelWorkflow(ctx, run.GetID(), run.GetRunID())
	}},
	"sync_paused": {stretches: 8, at: 3, from: pauseAndResume},
}

// TestRecordSyncs is TestRecord for syncs and for what schedules start.
func TestRecordSyncs(t *testing.T) { recordStories(t, syncCourses, syncStories) }

func (s syncStory) stage(t *testing.T, c client.Client, queue string, reached, said chan struct{}) (stop func()) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{Identity: "recorder"})
	calls := worker.New(c, contract.PartnerQueue("marketplace"), worker.Options{Identity: "recorder", DisableWorkflowWorker: true})
	contract.Sync.Register(w, workflows.Sync)
	contract.Scheduled.Register(w, workflows.Scheduled)
	var mu sync.Mutex
	var tally job.SyncTally
	times := 0

	play(w, contract.RegisterJob, func(context.Context, contract.Registration) (contract.Limits, error) {
		return contract.Limits{
			Window: 2, StepsPerRun: s.perRun, SlowAfter: 15 * time.Minute, StallAfter: 2 * time.Minute,
			GiveUpAfter: 30 * time.Minute, MaxDuration: 240 * time.Hour, OutageFor: s.outageFor,
		}, nil
	})
	play(w, contract.NumberItems, func(context.Context, contract.SyncRequest) (contract.SyncPlan, error) {
		return contract.SyncPlan{Partner: "marketplace", Items: int64(s.stretches) * 10, Stretches: s.stretches}, nil
	})
	play(calls, contract.SendStretch, func(_ context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
		mu.Lock()
		defer mu.Unlock()
		times++
		if s.from != nil && times == s.at {
			close(reached)
			<-said // the stretch goes on only after what comes from outside has been said
		}
		tally.Succeeded += 10
		got := contract.StretchResult{Tally: tally}
		if s.send != nil {
			got = s.send(ref, times, got)
			tally = got.Tally
		}
		return got, nil
	})
	play(w, contract.CloseItems, func(_ context.Context, r contract.CloseRequest) (contract.CloseResult, error) {
		tally.Count(job.ItemUnprocessed, r.Code, int64(s.stretches)*10-tally.Items())
		return contract.CloseResult{Tally: tally}, nil
	})
	play(w, contract.ReportSync, func(context.Context, contract.SyncReport) (contract.SyncReportResult, error) {
		return contract.SyncReportResult{File: &job.Artifact{Name: "result.xlsx", Rows: int64(s.stretches) * 10}}, nil
	})
	nothing := func() (contract.Nothing, error) { return contract.Nothing{}, nil }
	play(w, contract.RecordProgress, func(context.Context, contract.Record) (contract.Nothing, error) { return nothing() })
	play(w, contract.FinishJob, func(context.Context, contract.Ending) (contract.Nothing, error) { return nothing() })
	play(w, contract.CleanUpSync, func(context.Context, contract.JobRef) (contract.Nothing, error) { return nothing() })
	play(w, contract.SendAlert, func(context.Context, contract.Alert) (contract.Nothing, error) { return nothing() })
	require.NoError(t, w.Start())
	require.NoError(t, calls.Start())
	return func() { calls.Stop(); w.Stop() }
}

func (s syncStory) play(t *testing.T, c client.Client, queue string, reached, said chan struct{}) client.WorkflowRun {
	t.Helper()
	ctx, in := t.Context(), contract.SyncInput{Kind: "dispatch-shipments", Tenant: "acme"}
	options := client.StartWorkflowOptions{ID: "recorded/" + t.Name(), TaskQueue: queue}
	var run client.WorkflowRun
	var err error
	if s.scheduled {
		run, err = contract.Scheduled.Start(ctx, c, options, contract.ScheduledInput{
			Schedule: "nightly", WorkflowID: contract.SyncWorkflowID(in.Kind, in.Tenant), Sync: &in,
		})
	} else {
		run, err = contract.Sync.Start(ctx, c, options, in)
	}
	require.NoError(t, err)
	first := run.GetRunID()
	if s.from != nil {
		<-reached
		require.NoError(t, s.from(ctx, c, run))
		close(said)
	}
	_ = run.Get(ctx, nil) // some stories end badly, and are to
	return c.GetWorkflow(ctx, run.GetID(), first)
}
