package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// begin begins a pass over the chunks.
func (b *bulkSave) begin(stage contract.Stage) {
	b.stage, b.next = stage, 0
	b.status.Progress = job.Progress{
		RowsTotal: b.plan.Rows, PagesTotal: b.plan.Chunks,
		RowsDone: b.plan.Refused.Rows(), // reading has dealt with them
	}
	if stage == contract.StageUndo {
		b.status.Progress = job.Progress{RowsTotal: b.undo.Rows, PagesTotal: len(b.undo.Chunks) * b.undo.Passes}
	}
	b.meter.reset()
	b.show()
}

// pass takes the chunks of the plan through one stage, a window of them at once.
func (b *bulkSave) pass(ctx workflow.Context, phase job.Phase, step func(workflow.Context, int) (job.Tally, error)) error {
	return b.steps(ctx, phase, b.limits.Window, b.plan.Chunks, step)
}

// undoPasses takes the chunks of the job to undo through its tables, one after the other, and of each table the last
// chunk first: two chunks may have changed one order, and it is the later one's values that are there now.
func (b *bulkSave) undoPasses(ctx workflow.Context) error {
	each := len(b.undo.Chunks)
	for pass := range b.undo.Passes {
		err := b.steps(ctx, job.PhaseUndoing, 1, (pass+1)*each, func(ctx workflow.Context, i int) (job.Tally, error) {
			got, err := contract.UndoChunk.Run(forChunk(ctx, b.limits), contract.ChunkRef{
				JobID: b.jobID, Plan: b.undo.Plan, Chunk: b.undo.Chunks[i%each], Undoes: b.in.Undo, Pass: pass + 1,
			})
			b.save.Saved.Add(got.Tally)
			return got.Tally, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// steps runs the steps from the next one on until the one before to, a window of them at once.
func (b *bulkSave) steps(
	ctx workflow.Context, phase job.Phase, atOnce, to int, step func(workflow.Context, int) (job.Tally, error),
) error {
	b.phase(ctx, phase)
	b.meter.add(&b.status.Progress, b.status.Progress.RowsDone, workflow.Now(ctx))
	chunks := window{size: atOnce, hold: b.held, enough: func() bool { return b.rollOver(ctx) }}
	next, err := chunks.run(ctx, b.next, to, func(ctx workflow.Context, i int) error {
		tally, err := step(ctx, i)
		if err != nil {
			return err
		}
		b.moveOver(ctx, tally)
		return nil
	})
	b.next = next
	if err == nil && next < to {
		return errContinue
	}
	return err
}

// moveOver notes that a chunk is done.
func (b *bulkSave) moveOver(ctx workflow.Context, tally job.Tally) {
	b.done++
	p := &b.status.Progress
	p.PagesDone++
	p.RowsDone += tally.Rows()
	if !b.paused { // the chunks that were in flight end after the pause
		b.meter.add(p, p.RowsDone, workflow.Now(ctx))
	}
	b.show()
	b.moveOn(ctx)
}

// ref names a chunk of the plan.
func (b *bulkSave) ref(chunk int) contract.ChunkRef {
	return contract.ChunkRef{JobID: b.jobID, Plan: b.plan.ID, Chunk: chunk}
}

// show brings the part of a bulk save into the status. A copy, because an answer may be written while the story goes on.
func (b *bulkSave) show() {
	save := b.save
	for _, tally := range []**job.Tally{&save.Checked, &save.Saved} {
		if *tally != nil {
			copied := **tally
			*tally = &copied
		}
	}
	b.status.Save = &save
}

// report writes the account of a stage.
func (b *bulkSave) report(ctx workflow.Context) error {
	b.phase(ctx, job.PhaseReporting)
	plan := b.plan.ID
	if b.stage == contract.StageUndo {
		plan = b.undo.Plan
	}
	got, err := contract.ReportSave.Run(forUpload(ctx, b.limits), contract.ReportRequest{
		JobID: b.jobID, Plan: plan, Stage: b.stage, Undoes: b.in.Undo,
	})
	if err != nil {
		return err
	}
	b.reported = b.stage
	b.status.Artifacts = nil
	if got.File != nil {
		b.status.Artifacts = []job.Artifact{*got.File}
	}
	b.save.UndoUntil = got.UndoUntil
	if got.Written != nil {
		saved := b.plan.Refused
		saved.Add(*got.Written)
		b.save.Saved = &saved
	}
	b.show()
	b.moveOn(ctx)
	return nil
}

// account makes up for the report of a job that was ended while it wrote: what it has saved stays saved, and can
// be undone.
func (b *bulkSave) account(ctx workflow.Context) {
	writes := b.stage == contract.StageApply || b.stage == contract.StageUndo
	if !writes || b.reported == b.stage {
		return
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := b.report(ctx); err != nil {
		workflow.GetLogger(ctx).Error("the account of an ended save could not be written", "error", err)
	}
}
