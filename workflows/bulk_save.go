package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// bulkSave is one running bulk save, or the undoing of one.
type bulkSave struct {
	lifecycle
	in   contract.BulkSaveInput
	plan contract.SavePlan
	undo contract.UndoPlan
	save job.Save

	stage    contract.Stage // the pass over the chunks that is on
	next     int            // its first chunk that this run has not started
	reported contract.Stage // of which stage there is an account
}

// BulkSave saves the rows of an upload and accounts for each.
//
//	register ─ inspect ─┬───────────────────────────────────────────┬─ apply chunks ─ report ─ finish ─ clean up
//	                    └─ check chunks ─ report ─ hold ─ compare ──┘
//	                       (a dry run)            (until resumed)
//
// Its result is the job's last status. It fails, with the reason as error type, when the job does.
func BulkSave(ctx workflow.Context, in contract.BulkSaveInput) (job.Status, error) {
	b := newBulkSave(in)
	if err := b.open(ctx); err != nil {
		return b.status, err
	}
	b.show()
	work, stop := workflow.WithCancel(ctx)
	defer stop()

	err := b.register(ctx, b.registration)
	if err == nil {
		b.followCancel(ctx)
		b.watch(ctx, stop)
		b.record(ctx)
		err = b.story(work)
	}
	if errors.Is(err, errContinue) {
		return b.status, b.again(ctx)
	}
	b.account(ctx)
	return b.close(ctx, err, b.registration(ctx), b.cleanUp)
}

func newBulkSave(in contract.BulkSaveInput) *bulkSave {
	b := &bulkSave{in: in, save: job.Save{DryRun: in.DryRun, Undoes: in.Undo}, lifecycle: lifecycle{
		typ: job.TypeBulkSave, kind: in.Kind, tenant: in.Tenant, requestedBy: in.RequestedBy,
	}}
	if c := in.Carried; c != nil {
		b.in.Carried = nil
		b.limits, b.plan, b.undo, b.stage, b.next, b.save = c.Limits, c.Plan, c.Undo, c.Stage, c.Next, c.Save
		b.started, b.moved, b.alerted, b.paused = c.Started, c.Moved, c.Alerted, c.Paused
		b.status = job.Status{State: job.Running, Progress: c.Progress, Artifacts: c.Files}
		if c.Paused {
			b.status.State = job.Paused
		}
	}
	return b
}

func (b *bulkSave) registration(ctx workflow.Context) contract.Registration {
	r := b.lifecycle.registration(ctx)
	r.BulkSave = &b.in
	return r
}

// story is told again from its beginning where the plan is gone, because the execution was reset after its end.
// Chunks that have been applied are known by their ledger and not applied twice.
func (b *bulkSave) story(ctx workflow.Context) error {
	for round := 1; ; round++ {
		err := b.saveOrUndo(ctx)
		if !isPlanLost(err) || round == maxRounds {
			return err
		}
		b.plan, b.stage, b.next = contract.SavePlan{}, "", 0
		b.meter.reset()
	}
}

func (b *bulkSave) saveOrUndo(ctx workflow.Context) error {
	if b.in.Undo != "" {
		return b.undoAll(ctx)
	}
	if err := b.inspect(ctx); err != nil {
		return err
	}
	if b.in.DryRun && b.stage != contract.StageApply {
		if err := b.rehearse(ctx); err != nil {
			return err
		}
	}
	return b.apply(ctx)
}

// inspect reads the upload once: from here on its rows are known by number.
func (b *bulkSave) inspect(ctx workflow.Context) error {
	if b.plan.ID != "" {
		return nil // carried over
	}
	b.phase(ctx, job.PhasePlanning)
	plan, err := contract.InspectUpload.Run(forUpload(ctx, b.limits), contract.SaveRequest{JobID: b.jobID, Request: b.in})
	if err != nil {
		return err
	}
	b.plan = plan
	b.save.Upload, b.save.Parent = plan.Upload, plan.Parent
	b.save.Skipped, b.save.Example = plan.Skipped, plan.Example
	b.show()
	if plan.Rows == 0 {
		return &end{job.Failed, job.ReasonNoData, "there are no rows below the headers"}
	}
	return nil
}

// rehearse tells what would happen and waits until somebody wants it to happen.
func (b *bulkSave) rehearse(ctx workflow.Context) error {
	if b.stage == "" || b.stage == contract.StageCheck {
		if b.stage == "" {
			b.begin(contract.StageCheck)
			checked := b.plan.Refused
			b.save.Checked = &checked
		}
		if err := b.pass(ctx, job.PhaseChecking, b.check); err != nil {
			return err
		}
		if err := b.report(ctx); err != nil {
			return err
		}
		if b.save.Checked.Refused == b.plan.Rows {
			return b.allRefused()
		}
		if err := b.hold(ctx); err != nil {
			return err
		}
		b.begin(contract.StageCompare)
	}
	return b.pass(ctx, job.PhaseComparing, b.compare)
}

func (b *bulkSave) check(ctx workflow.Context, chunk int) (job.Tally, error) {
	got, err := contract.CheckChunk.Run(forChunk(ctx, b.limits), b.ref(chunk))
	b.save.Checked.Add(got.Tally)
	return got.Tally, err
}

// hold waits for resume, as a job that is paused does, and gives up when nobody comes.
func (b *bulkSave) hold(ctx workflow.Context) error {
	until := workflow.Now(ctx).Add(b.limits.HoldFor)
	b.save.HoldUntil = &until
	b.paused = true
	b.show()
	b.phase(ctx, job.PhaseHolding)
	b.enter(ctx, job.Paused)
	resumed, err := workflow.AwaitWithTimeout(ctx, b.limits.HoldFor, func() bool { return !b.paused })
	b.save.HoldUntil = nil
	b.show()
	if err != nil {
		return err
	}
	if !resumed {
		return &end{job.Cancelled, job.ReasonTimeout, fmt.Sprintf(
			"nobody resumed the dry run within %s: nothing was saved", b.limits.HoldFor)}
	}
	return nil
}

// compare checks once more what the dry run has told: it must still hold, or somebody would get what he has not seen.
func (b *bulkSave) compare(ctx workflow.Context, chunk int) (job.Tally, error) {
	ref := b.ref(chunk)
	ref.Compare = true
	got, err := contract.CheckChunk.Run(forChunk(ctx, b.limits), ref)
	if err != nil {
		return job.Tally{}, err
	}
	if got.StaleRows > 0 {
		b.save.Stale = got.Stale
		b.show()
		return job.Tally{}, &end{job.Failed, job.ReasonStale, fmt.Sprintf(
			"the data has changed since the dry run, which no longer holds for %s: nothing was saved; start it again", rowsOf(got))}
	}
	return got.Tally, nil
}

func rowsOf(r contract.ChunkResult) string {
	first := r.Stale[0]
	where := fmt.Sprintf("row %d", first.Row)
	if first.Sheet != "" {
		where = fmt.Sprintf("row %d of sheet %s", first.Row, first.Sheet)
	}
	if r.StaleRows > 1 {
		where += fmt.Sprintf(" and %d more", r.StaleRows-1)
	}
	return where
}

// apply writes. What the result counts has been committed.
func (b *bulkSave) apply(ctx workflow.Context) error {
	if b.stage != contract.StageApply {
		b.begin(contract.StageApply)
		saved := b.plan.Refused
		b.save.Saved = &saved
	}
	if err := b.pass(ctx, job.PhaseApplying, b.applyChunk); err != nil {
		return err
	}
	if err := b.report(ctx); err != nil {
		return err
	}
	switch refused := b.save.Saved.Refused; {
	case refused == b.plan.Rows:
		return b.allRefused()
	case refused > 0:
		return &end{job.PartiallySucceeded, job.ReasonRefused, fmt.Sprintf(
			"%d of %d rows were refused; the others are saved", refused, b.plan.Rows)}
	}
	return nil
}

func (b *bulkSave) applyChunk(ctx workflow.Context, chunk int) (job.Tally, error) {
	ref := b.ref(chunk)
	ref.Checked = b.in.DryRun
	got, err := contract.ApplyChunk.Run(forChunk(ctx, b.limits), ref)
	b.save.Saved.Add(got.Tally)
	return got.Tally, err
}

func (b *bulkSave) allRefused() error {
	return &end{job.Failed, job.ReasonRefused, fmt.Sprintf("all %d rows were refused: nothing was saved", b.plan.Rows)}
}

// undoAll restores what another job has changed, table by table: lines go before their orders.
func (b *bulkSave) undoAll(ctx workflow.Context) error {
	if b.stage == "" {
		b.phase(ctx, job.PhasePlanning)
		plan, err := contract.PlanUndo.Run(forUpload(ctx, b.limits), contract.SaveRequest{JobID: b.jobID, Request: b.in})
		if err != nil {
			return err
		}
		b.undo = plan
		b.save.Upload, b.save.Saved = plan.Upload, &job.Tally{}
		b.begin(contract.StageUndo)
	}
	if err := b.undoPasses(ctx); err != nil {
		return err
	}
	if err := b.report(ctx); err != nil {
		return err
	}
	switch t := b.save.Saved; {
	case t.Kept > 0 && t.Reversed == 0:
		return &end{job.Failed, job.ReasonKept, fmt.Sprintf("all %d rows are left as they are: they have been changed or are in use since", t.Kept)}
	case t.Kept > 0:
		return &end{job.PartiallySucceeded, job.ReasonKept, fmt.Sprintf(
			"%d of %d rows are left as they are: they have been changed or are in use since", t.Kept, t.Rows())}
	}
	return nil
}

func (b *bulkSave) cleanUp(ctx workflow.Context) {
	if _, err := contract.CleanUpBulkSave.Run(forCleanUp(ctx), contract.JobRef{JobID: b.jobID}); err != nil {
		workflow.GetLogger(ctx).Warn("chunks are left for housekeeping", "error", err)
	}
}

// again hands the state to the next run of the execution.
func (b *bulkSave) again(ctx workflow.Context) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	in := b.in
	in.Carried = &contract.BulkSaveCarried{
		Limits: b.limits, Plan: b.plan, Undo: b.undo, Stage: b.stage, Next: b.next, Progress: b.status.Progress,
		Save: b.save, Files: b.status.Artifacts, Paused: b.paused, Alerted: b.alerted, Started: b.started, Moved: b.moved,
	}
	return contract.BulkSave.Again(ctx, in)
}
