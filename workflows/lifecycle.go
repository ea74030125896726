package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// lifecycle is what every job has, whatever its type: a status that can be asked for, controls, a watch
// over its time, and one end.
type lifecycle struct {
	jobID       string
	typ         job.Type
	kind        string
	tenant      string
	requestedBy string

	limits  contract.Limits
	started time.Time
	moved   time.Time // when something was last done
	alerted contract.Alerted

	status   job.Status
	paused   bool
	timedOut bool
	dirty    bool // the row is behind the status
	over     bool // nothing more to watch
	done     int  // pages or chunks finished in this run of the execution
	sending  int  // alerts on their way
	meter    meter
}

// open answers queries and updates from here on, and makes the execution findable.
func (l *lifecycle) open(ctx workflow.Context) error {
	info := workflow.GetInfo(ctx)
	l.jobID = info.FirstRunID
	if l.started.IsZero() {
		// Not the execution's start time: one that is reset to its first task gets its full time again.
		l.started = workflow.Now(ctx)
		l.moved = l.started
		l.status = job.Status{State: job.Running, Progress: job.Progress{Phase: job.PhasePlanning}}
	}
	l.status.UpdatedAt = workflow.Now(ctx)

	if err := contract.Status.Handle(ctx, func() (job.Status, error) { return l.status, nil }); err != nil {
		return fmt.Errorf("answer status: %w", err)
	}
	if err := contract.Pause.Handle(ctx, l.mayPause, l.pause); err != nil {
		return fmt.Errorf("accept pause: %w", err)
	}
	if err := contract.Resume.Handle(ctx, l.mayResume, l.resume); err != nil {
		return fmt.Errorf("accept resume: %w", err)
	}
	return l.tag(ctx)
}

// tag sets the search attributes of an execution that was started by hand; the starter has set them else.
func (l *lifecycle) tag(ctx workflow.Context) error {
	if _, ok := workflow.GetTypedSearchAttributes(ctx).GetKeyword(contract.JobType); ok {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx,
		contract.JobType.ValueSet(string(l.typ)), contract.JobKind.ValueSet(l.kind),
		contract.Tenant.ValueSet(l.tenant), contract.RequestedBy.ValueSet(l.requestedBy))
}

func (l *lifecycle) mayPause(workflow.Context) error {
	if l.status.State != job.Running && l.status.State != job.Waiting {
		return fmt.Errorf("a job that is %s cannot be paused", l.status.State)
	}
	return nil
}

func (l *lifecycle) pause(ctx workflow.Context) error {
	l.paused = true
	l.enter(ctx, job.Paused)
	return nil
}

func (l *lifecycle) mayResume(workflow.Context) error {
	if l.status.State != job.Paused {
		return fmt.Errorf("a job that is %s cannot be resumed", l.status.State)
	}
	return nil
}

func (l *lifecycle) resume(ctx workflow.Context) error {
	l.paused = false
	l.moved = workflow.Now(ctx) // the pause is no stall
	l.meter.reset()
	l.enter(ctx, job.Running)
	return nil
}

// enter changes the state, if the transition exists; a late one is dropped.
func (l *lifecycle) enter(ctx workflow.Context, s job.State) {
	if l.status.State == s || !l.status.State.CanBecome(s) {
		return
	}
	l.status.State = s
	if s != job.Running {
		l.status.Progress.Rate, l.status.Progress.ETA = 0, nil
	}
	l.touch(ctx)
}

// phase moves the story on.
func (l *lifecycle) phase(ctx workflow.Context, p job.Phase) {
	l.status.Progress.Phase = p
	l.moveOn(ctx)
}

// moveOn notes that something was done.
func (l *lifecycle) moveOn(ctx workflow.Context) {
	l.moved = workflow.Now(ctx)
	l.touch(ctx)
}

// touch notes that the status changed, for the row and for operators who look at Temporal's own UI.
func (l *lifecycle) touch(ctx workflow.Context) {
	l.status.UpdatedAt = workflow.Now(ctx)
	l.dirty = true
	l.describe(ctx)
}

// describe fills in what Temporal's own UI shows of a running execution.
func (l *lifecycle) describe(ctx workflow.Context) {
	p := l.status.Progress
	details := fmt.Sprintf("%s, %s", l.status.State, p.Phase)
	if p.PagesTotal > 0 {
		words := stepWords[l.typ]
		details = fmt.Sprintf("%s, %s: %s %d of %d, %d of %d %s",
			l.status.State, p.Phase, words.step, p.PagesDone, p.PagesTotal, p.RowsDone, p.RowsTotal, words.row)
	}
	workflow.SetCurrentDetails(ctx, details)
}

// stepWords are what the steps of a job and what they deal with are called.
var stepWords = map[job.Type]struct{ step, row string }{
	job.TypeExport:   {"page", "rows"},
	job.TypeBulkSave: {"chunk", "rows"},
	job.TypeSync:     {"stretch", "items"},
}

// followCancel shows a cancellation as soon as it is asked for.
func (l *lifecycle) followCancel(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		ctx.Done().Receive(ctx, nil)
		if !l.over && !l.timedOut {
			l.enter(ctx, job.Cancelling)
		}
	})
}

// record keeps the job's row close to the status, for when no worker answers. It is best effort: the row
// is an index, the execution is the truth.
func (l *lifecycle) record(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		// Executions of before looked every five seconds, whether something had changed or not: one that was paused for
		// half a day filled its history.
		onChange := workflow.GetVersion(ctx, "record on change", workflow.DefaultVersion, 1) >= 1
		for !l.over {
			state := l.status.State
			if onChange {
				if err := workflow.Await(ctx, func() bool { return l.over || l.dirty }); err != nil || l.over {
					return
				}
			}
			_, err := workflow.AwaitWithTimeout(ctx, recordEvery, func() bool {
				return l.over || l.status.State != state
			})
			if err != nil || l.over {
				return
			}
			if !l.dirty {
				continue
			}
			l.dirty = false
			if _, err := contract.RecordProgress.RunLocal(forRecord(ctx), l.asRecord(ctx)); err != nil {
				workflow.GetLogger(ctx).Warn("record progress", "error", err)
			}
		}
	})
}

func (l *lifecycle) asRecord(ctx workflow.Context) contract.Record {
	return contract.Record{JobID: l.jobID, RunID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Status: l.status}
}

// register makes the job's row and learns what the kind allows.
func (l *lifecycle) register(ctx workflow.Context, registration func(workflow.Context) contract.Registration) error {
	if l.limits != (contract.Limits{}) {
		return nil // carried over: the row is there
	}
	// A job that is cancelled at once gets its row all the same.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	limits, err := contract.RegisterJob.Run(forRegister(ctx), registration(ctx))
	l.limits = limits
	return err
}

func (l *lifecycle) held() bool { return l.paused }

// rollOver tells whether this run of the execution has done its share.
func (l *lifecycle) rollOver(ctx workflow.Context) bool {
	if l.limits.StepsPerRun > 0 && l.done >= l.limits.StepsPerRun {
		return true
	}
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// settle waits until nothing is on its way any more, so that the next run can take over.
func (l *lifecycle) settle(ctx workflow.Context) error {
	l.over = true
	return workflow.Await(ctx, func() bool { return l.sending == 0 && workflow.AllHandlersFinished(ctx) })
}

// registration is what the job's row is made from.
func (l *lifecycle) registration(ctx workflow.Context) contract.Registration {
	execution := workflow.GetInfo(ctx).WorkflowExecution
	return contract.Registration{
		JobID: l.jobID, Type: l.typ, Kind: l.kind, Tenant: l.tenant, RequestedBy: l.requestedBy,
		WorkflowID: execution.ID, RunID: execution.RunID, Started: l.started,
	}
}

// errContinue leaves the story to be taken up by the next run of the execution.
var errContinue = errors.New("continue as new")
