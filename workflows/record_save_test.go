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
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/workflows"
)

// saveStory is a course that a bulk save can take.
type saveStory struct {
	in      contract.BulkSaveInput
	chunks  int
	perRun  int
	holdFor time.Duration
	// apply and compare may fail or find something; nil: all goes well.
	apply   func(chunk, attempt int) error
	compare func(chunk int) contract.ChunkResult
	// at is the chunk at which from happens; resume is said once the dry run holds.
	at     int
	from   func(ctx context.Context, c client.Client, run client.WorkflowRun) error
	resume bool
}

var saveStories = map[string]saveStory{
	"bulk_save_succeeded":        {chunks: 7},
	"bulk_save_dry_run_resumed":  {chunks: 4, in: contract.BulkSaveInput{DryRun: true}, resume: true},
	"bulk_save_held_too_long":    {chunks: 2, in: contract.BulkSaveInput{DryRun: true}, holdFor: time.Second},
	"bulk_save_continued_as_new": {chunks: 9, perRun: 4},
	"bulk_save_undone":           {chunks: 3, in: contract.BulkSaveInput{Undo: "job-1"}},
	"bulk_save_stale": {chunks: 3, in: contract.BulkSaveInput{DryRun: true}, resume: true, compare: func(chunk int) contract.ChunkResult {
		if chunk == 1 {
			return contract.ChunkResult{Stale: []job.RowRef{{Row: 12}}, StaleRows: 1}
		}
		return contract.ChunkResult{}
	}},
	"bulk_save_cancelled": {chunks: 20, at: 5, from: func(ctx context.Context, c client.Client, run client.WorkflowRun) error {
		return c.CancelWorkflow(ctx, run.GetID(), run.GetRunID())
	}},
	"bulk_save_paused": {chunks: 12, at: 4, from: pauseAndResume},
	"bulk_save_failed": {chunks: 6, apply: func(chunk, _ int) error {
		if chunk == 3 {
			return temporal.NewNonRetryableApplicationError("a fault", string(job.ReasonInternal), nil)
		}
		return nil
	}},
	"bulk_save_plan_lost": {chunks: 4, apply: func(chunk, attempt int) error {
		if chunk == 2 && attempt == 1 {
			return temporal.NewNonRetryableApplicationError("gone", contract.FailurePlanLost, nil)
		}
		return nil
	}},
}

// TestRecordSaves is TestRecord for bulk saves.
func TestRecordSaves(t *testing.T) { recordStories(t, saveCourses, saveStories) }

// staged is a story that is played with stand-ins. What comes from outside is said when it has been reached.
type staged interface {
	stage(t *testing.T, c client.Client, queue string, reached, said chan struct{}) (stop func())
	play(t *testing.T, c client.Client, queue string, reached, said chan struct{}) client.WorkflowRun
}

func recordStories[S staged](t *testing.T, courses []string, stories map[string]S) {
	t.Helper()
	require.Len(t, courses, len(stories))
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(histories, name+".json")
			if _, err := os.Stat(file); err == nil {
				t.Skipf("%s is there and stays", file)
			}
			c := testenv.TemporalClient(t, testenv.TemporalAddress(t))
			queue := uuid.NewString()
			reached, said := make(chan struct{}), make(chan struct{})
			stop := s.stage(t, c, queue, reached, said)
			defer stop()
			save(t, c, s.play(t, c, queue, reached, said), file)
		})
	}
}

func (s saveStory) stage(t *testing.T, c client.Client, queue string, reached, said chan struct{}) (stop func()) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{Identity: "recorder"})
	contract.BulkSave.Register(w, workflows.BulkSave)
	var mu sync.Mutex
	tries := map[int]int{}
	var once sync.Once
	if s.holdFor == 0 {
		s.holdFor = 4 * time.Hour
	}
	play(w, contract.RegisterJob, func(context.Context, contract.Registration) (contract.Limits, error) {
		return contract.Limits{
			Window: 2, StepsPerRun: s.perRun, SlowAfter: 15 * time.Minute, StallAfter: 2 * time.Minute,
			GiveUpAfter: 30 * time.Minute, MaxDuration: 24 * time.Hour, HoldFor: s.holdFor,
		}, nil
	})
	play(w, contract.InspectUpload, func(context.Context, contract.SaveRequest) (contract.SavePlan, error) {
		return contract.SavePlan{ID: "p1", Chunks: s.chunks, Rows: int64(s.chunks)*10 + 1, Refused: job.Tally{Refused: 1}, Upload: "a.csv"}, nil
	})
	play(w, contract.CheckChunk, func(_ context.Context, ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Compare && s.compare != nil {
			return s.compare(ref.Chunk), nil
		}
		return contract.ChunkResult{Tally: job.Tally{Updated: 10}}, nil
	})
	play(w, contract.ApplyChunk, func(_ context.Context, ref contract.ChunkRef) (contract.ChunkResult, error) {
		mu.Lock()
		tries[ref.Chunk]++
		try := tries[ref.Chunk]
		mu.Unlock()
		if s.from != nil && ref.Chunk == s.at {
			once.Do(func() { close(reached) })
			<-said // the chunk goes on only after what comes from outside has been said
		}
		if s.apply != nil {
			if err := s.apply(ref.Chunk, try); err != nil {
				return contract.ChunkResult{}, err
			}
		}
		return contract.ChunkResult{Tally: job.Tally{Updated: 10}}, nil
	})
	play(w, contract.PlanUndo, func(context.Context, contract.SaveRequest) (contract.UndoPlan, error) {
		return contract.UndoPlan{Plan: "p1", Rows: 30, Chunks: []int{2, 1, 0}, Passes: 3, Upload: "a.csv"}, nil
	})
	play(w, contract.UndoChunk, func(_ context.Context, ref contract.ChunkRef) (contract.ChunkResult, error) {
		if ref.Pass > 1 {
			return contract.ChunkResult{}, nil
		}
		return contract.ChunkResult{Tally: job.Tally{Reversed: 9, Kept: 1}}, nil
	})
	play(w, contract.ReportSave, func(_ context.Context, r contract.ReportRequest) (contract.ReportResult, error) {
		until := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		out := contract.ReportResult{File: &job.Artifact{Name: "a-errors.xlsx", Rows: 1}}
		if r.Stage == contract.StageApply {
			out.UndoUntil = &until
		}
		return out, nil
	})
	nothing := func() (contract.Nothing, error) { return contract.Nothing{}, nil }
	play(w, contract.RecordProgress, func(context.Context, contract.Record) (contract.Nothing, error) { return nothing() })
	play(w, contract.FinishJob, func(context.Context, contract.Ending) (contract.Nothing, error) { return nothing() })
	play(w, contract.CleanUpBulkSave, func(context.Context, contract.JobRef) (contract.Nothing, error) { return nothing() })
	play(w, contract.SendAlert, func(context.Context, contract.Alert) (contract.Nothing, error) { return nothing() })
	require.NoError(t, w.Start())
	return w.Stop
}

func (s saveStory) play(t *testing.T, c client.Client, queue string, reached, said chan struct{}) client.WorkflowRun {
	t.Helper()
	ctx, in := t.Context(), s.in
	in.Kind, in.Tenant, in.Upload = "stock-levels", "acme", "u1"
	run, err := contract.BulkSave.Start(ctx, c, client.StartWorkflowOptions{ID: "recorded/" + t.Name(), TaskQueue: queue}, in)
	require.NoError(t, err)
	first := run.GetRunID()
	if s.from != nil {
		<-reached
		require.NoError(t, s.from(ctx, c, run))
		close(said)
	}
	if s.resume {
		require.Eventually(t, func() bool {
			status, err := contract.Status.Ask(ctx, c, run.GetID(), first)
			return err == nil && status.Progress.Phase == job.PhaseHolding && status.State == job.Paused
		}, 30*time.Second, 20*time.Millisecond)
		require.NoError(t, contract.Resume.Send(ctx, c, run.GetID(), first))
	}
	_ = run.Get(ctx, nil) // some stories end badly, and are to
	return c.GetWorkflow(ctx, run.GetID(), first)
}
