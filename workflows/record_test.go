//go:build record

package workflows_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/workflows"
)

// story is a course that an execution can take. It is told by what the activities do and by what happens
// from outside once a page has been reached.
type story struct {
	pages   int
	perRun  int
	window  int
	page    func(page, attempt int) error
	redo    bool
	at      int // page at which from happens
	from    func(ctx context.Context, c client.Client, run client.WorkflowRun) error
	housing bool
}

var stories = map[string]story{
	"export_succeeded":        {pages: 7, window: 3},
	"export_no_data":          {pages: 0, window: 3},
	"export_continued_as_new": {pages: 9, perRun: 4, window: 2},
	"export_redone":           {pages: 3, window: 2, redo: true},
	"export_cancelled": {pages: 20, window: 2, at: 5, from: func(ctx context.Context, c client.Client, run client.WorkflowRun) error {
		return c.CancelWorkflow(ctx, run.GetID(), run.GetRunID())
	}},
	"export_paused": {pages: 12, window: 2, at: 4, from: pauseAndResume},
	"export_failed": {pages: 6, window: 2, page: func(page, _ int) error {
		if page == 3 {
			return temporal.NewNonRetryableApplicationError("a fault", string(job.ReasonInternal), nil)
		}
		return nil
	}},
	"export_plan_lost": {pages: 4, window: 2, page: func(page, attempt int) error {
		if page == 2 && attempt == 1 {
			return temporal.NewNonRetryableApplicationError("gone", contract.FailurePlanLost, nil)
		}
		return nil
	}},
	"housekeeping":       {housing: true}, // from before bulk saves
	"housekeeping_saves": {housing: true}, // from before syncs
	"housekeeping_syncs": {housing: true},
	// From when the row was looked at only where there was something to record.
	"export_recorded_on_change": {pages: 12, window: 2, at: 4, from: pauseAndResume},
}

func pauseAndResume(ctx context.Context, c client.Client, run client.WorkflowRun) error {
	if err := contract.Pause.Send(ctx, c, run.GetID(), run.GetRunID()); err != nil {
		return err
	}
	return contract.Resume.Send(ctx, c, run.GetID(), run.GetRunID())
}

// TestRecord records the histories that are not there yet, on a real server with stand-ins for the
// activities. One that is there is left alone.
func TestRecord(t *testing.T) {
	require.Len(t, courses, len(stories))
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(histories, name+".json")
			if _, err := os.Stat(file); err == nil {
				t.Skipf("%s is there and stays", file)
			}
			c := testenv.TemporalClient(t, testenv.TemporalAddress(t))
			queue := uuid.NewString()
			stop := s.stage(t, c, queue)
			defer stop()
			run := s.play(t, c, queue)
			require.NoError(t, os.MkdirAll(histories, 0o755))
			save(t, c, run, file)
		})
	}
}

// stage runs a worker with stand-ins for the activities.
func (s story) stage(t *testing.T, c client.Client, queue string) (stop func()) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{Identity: "recorder"})
	contract.Export.Register(w, workflows.Export)
	contract.Housekeeping.Register(w, workflows.Housekeeping)
	var mu sync.Mutex
	tries, assembled := map[int]int{}, 0
	reached := make(chan struct{})
	var once sync.Once

	play(w, contract.RegisterJob, func(context.Context, contract.Registration) (contract.Limits, error) {
		return contract.Limits{
			Window: s.window, StepsPerRun: s.perRun, SlowAfter: 15 * time.Minute, StallAfter: 2 * time.Minute,
			GiveUpAfter: 30 * time.Minute, MaxDuration: 24 * time.Hour,
		}, nil
	})
	play(w, contract.PlanExport, func(context.Context, contract.ExportRequest) (contract.ExportPlan, error) {
		return contract.ExportPlan{ID: "p1", Pages: s.pages, Rows: int64(s.pages) * 10}, nil
	})
	play(w, contract.ExportPage, func(ctx context.Context, ref contract.PageRef) (contract.PageResult, error) {
		mu.Lock()
		tries[ref.Page]++
		try := tries[ref.Page]
		mu.Unlock()
		if s.from != nil && ref.Page == s.at {
			once.Do(func() { close(reached) })
			// The page goes on only after what comes from outside has been said.
			<-s.said(activity.GetInfo(ctx).WorkflowExecution.ID)
		}
		if s.page != nil {
			if err := s.page(ref.Page, try); err != nil {
				return contract.PageResult{}, err
			}
		}
		return contract.PageResult{Rows: 10}, nil
	})
	play(w, contract.AssembleExport, func(context.Context, contract.PlanRef) (contract.AssembleResult, error) {
		mu.Lock()
		defer mu.Unlock()
		if assembled++; s.redo && assembled == 1 {
			return contract.AssembleResult{Redo: []contract.PageRef{{JobID: "j", Plan: "p1", Page: 1}}}, nil
		}
		return contract.AssembleResult{Artifact: &job.Artifact{Name: "a.xlsx", Rows: int64(s.pages) * 10}}, nil
	})
	nothing := func() (contract.Nothing, error) { return contract.Nothing{}, nil }
	play(w, contract.RecordProgress, func(context.Context, contract.Record) (contract.Nothing, error) { return nothing() })
	play(w, contract.FinishJob, func(context.Context, contract.Ending) (contract.Nothing, error) { return nothing() })
	play(w, contract.CleanUpExport, func(context.Context, contract.JobRef) (contract.Nothing, error) { return nothing() })
	play(w, contract.SendAlert, func(context.Context, contract.Alert) (contract.Nothing, error) { return nothing() })
	for _, ref := range []contract.Activity[contract.Nothing, contract.Count]{
		contract.HealJobs, contract.ExpireArtifacts, contract.SweepBlobs, contract.PruneKeys, contract.PruneUploads, contract.PruneSaves, contract.PruneSyncs,
	} {
		play(w, ref, func(context.Context, contract.Nothing) (contract.Count, error) { return contract.Count{Count: 1}, nil })
	}
	stages.Store(queue, reached)
	require.NoError(t, w.Start())
	return w.Stop
}

func play[In, Out any](w worker.Worker, ref contract.Activity[In, Out], fn func(context.Context, In) (Out, error)) {
	ref.Register(w, fn)
}

// stages and sayings hold, by task queue and by workflow ID, the channels by which a recording and its
// activities wait for each other.
var stages, sayings sync.Map

func (s story) said(workflowID string) chan struct{} {
	ch, _ := sayings.LoadOrStore(workflowID, make(chan struct{}))
	return ch.(chan struct{})
}

func (s story) play(t *testing.T, c client.Client, queue string) client.WorkflowRun {
	t.Helper()
	ctx := t.Context()
	options := client.StartWorkflowOptions{ID: "recorded/" + t.Name(), TaskQueue: queue}
	if s.housing {
		run, err := contract.Housekeeping.Start(ctx, c, options, contract.Nothing{})
		require.NoError(t, err)
		require.NoError(t, run.Get(ctx, nil))
		return run
	}
	run, err := contract.Export.Start(ctx, c, options, contract.ExportInput{Kind: "order-lines", Tenant: "acme"})
	require.NoError(t, err)
	first := run.GetRunID()
	if s.from != nil {
		reached, _ := stages.Load(queue)
		<-reached.(chan struct{})
		require.NoError(t, s.from(ctx, c, run))
		close(s.said(run.GetID()))
	}
	_ = run.Get(ctx, nil) // some stories end badly, and are to
	return c.GetWorkflow(ctx, run.GetID(), first)
}

func save(t *testing.T, c client.Client, run client.WorkflowRun, file string) {
	t.Helper()
	var all history.History
	events := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		all.Events = append(all.Events, event)
	}
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&all)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(data, '\n'), 0o644))
}
