// Package workflows tells the stories: what happens in which order, what may happen at once, and what
// follows from a failure. It sees the contract and the nouns only, never the catalogue or the database:
// what a kind allows is read once by an activity and is history from then on.
package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// export is one running export.
type export struct {
	lifecycle
	in   contract.ExportInput
	plan contract.ExportPlan
	next int // first page that this run has not started
}

// Export writes all rows that a request asks for into one file.
//
//	register ─ plan ─ pages (a window of them at once) ─ assemble ─ finish ─ clean up
//
// Its result is the job's last status. It fails, with the reason as error type, when the job does.
func Export(ctx workflow.Context, in contract.ExportInput) (job.Status, error) {
	e := newExport(in)
	if err := e.open(ctx); err != nil {
		return e.status, err
	}
	work, stop := workflow.WithCancel(ctx)
	defer stop()

	err := e.register(ctx, e.registration)
	if err == nil {
		e.followCancel(ctx)
		e.watch(ctx, stop)
		e.record(ctx)
		err = e.story(work)
	}
	if errors.Is(err, errContinue) {
		return e.status, e.again(ctx)
	}
	return e.close(ctx, err, e.registration(ctx), e.cleanUp)
}

func newExport(in contract.ExportInput) *export {
	e := &export{in: in, lifecycle: lifecycle{
		typ: job.TypeExport, kind: in.Kind, tenant: in.Tenant, requestedBy: in.RequestedBy,
	}}
	if c := in.Carried; c != nil {
		e.in.Carried = nil
		e.limits, e.plan, e.next = c.Limits, c.Plan, c.NextPage
		e.started, e.moved, e.alerted, e.paused = c.Started, c.Moved, c.Alerted, c.Paused
		e.status = job.Status{State: job.Running, Progress: c.Progress}
		if c.Paused {
			e.status.State = job.Paused
		}
	}
	return e
}

func (e *export) registration(ctx workflow.Context) contract.Registration {
	r := e.lifecycle.registration(ctx)
	r.Export = &e.in
	return r
}

// story is the export from plan to file. A plan that is gone (the execution was reset after its end, when
// its fragments had been removed) is made anew, with all its pages.
func (e *export) story(ctx workflow.Context) error {
	for round := 1; ; round++ {
		err := e.makePlan(ctx)
		if err == nil {
			err = e.exportPages(ctx)
		}
		if err == nil {
			err = e.assemble(ctx)
		}
		if !isPlanLost(err) || round == maxRounds {
			return err
		}
		e.plan, e.next = contract.ExportPlan{}, 0
		e.meter.reset()
	}
}

func (e *export) makePlan(ctx workflow.Context) error {
	if e.plan.ID != "" {
		return nil // carried over
	}
	e.phase(ctx, job.PhasePlanning)
	plan, err := contract.PlanExport.Run(forPlan(ctx, e.limits), contract.ExportRequest{JobID: e.jobID, Request: e.in})
	if err != nil {
		return err
	}
	if plan.Rows == 0 {
		return &end{job.Failed, job.ReasonNoData, "nothing matches the filters: there is no file to write"}
	}
	e.plan = plan
	e.status.Progress = job.Progress{RowsTotal: plan.Rows, PagesTotal: plan.Pages}
	return nil
}

func (e *export) exportPages(ctx workflow.Context) error {
	if e.next >= e.plan.Pages {
		return nil
	}
	e.phase(ctx, job.PhasePages)
	e.meter.add(&e.status.Progress, e.status.Progress.RowsDone, workflow.Now(ctx))
	pages := window{size: e.limits.Window, hold: e.held, enough: func() bool { return e.rollOver(ctx) }}
	next, err := pages.run(ctx, e.next, e.plan.Pages, e.exportPage)
	e.next = next
	if err == nil && next < e.plan.Pages {
		return errContinue
	}
	return err
}

func (e *export) exportPage(ctx workflow.Context, page int) error {
	got, err := contract.ExportPage.Run(forPage(ctx, e.limits), contract.PageRef{JobID: e.jobID, Plan: e.plan.ID, Page: page})
	if err != nil {
		return err
	}
	e.done++
	p := &e.status.Progress
	p.PagesDone++
	p.RowsDone += got.Rows
	if !e.paused { // the pages that were in flight end after the pause
		e.meter.add(p, p.RowsDone, workflow.Now(ctx))
	}
	e.moveOn(ctx)
	return nil
}

// assemble joins the fragments. Those that turn out to be missing or damaged are made again, and those
// that rows coming and going have moved are numbered anew.
func (e *export) assemble(ctx workflow.Context) error {
	for round := 1; ; round++ {
		if err := workflow.Await(ctx, func() bool { return !e.held() }); err != nil {
			return err
		}
		e.phase(ctx, job.PhaseAssembling)
		got, err := contract.AssembleExport.Run(forAssemble(ctx, e.limits), contract.PlanRef{JobID: e.jobID, Plan: e.plan.ID})
		if err != nil {
			return err
		}
		if len(got.Redo) == 0 {
			return e.publish(ctx, *got.Artifact)
		}
		if round == maxRounds {
			return &end{job.Failed, job.ReasonDownstream,
				fmt.Sprintf("%d pages could not be kept whole in the file storage", len(got.Redo))}
		}
		if err := e.redo(ctx, got.Redo); err != nil {
			return err
		}
	}
}

func (e *export) redo(ctx workflow.Context, pages []contract.PageRef) error {
	e.phase(ctx, job.PhasePages)
	again := window{size: e.limits.Window, hold: e.held, enough: func() bool { return false }}
	_, err := again.run(ctx, 0, len(pages), func(ctx workflow.Context, i int) error {
		_, err := contract.ExportPage.Run(forPage(ctx, e.limits), pages[i])
		e.moveOn(ctx)
		return err
	})
	return err
}

// publish takes over the file and compares what was promised with what was written.
func (e *export) publish(ctx workflow.Context, file job.Artifact) error {
	e.status.Artifacts = []job.Artifact{file}
	e.status.Progress.RowsDone = file.Rows
	e.phase(ctx, job.PhasePublishing)
	switch missing := e.plan.Rows - file.Rows; {
	case missing > 0:
		return &end{job.PartiallySucceeded, job.ReasonRowsMoved, fmt.Sprintf(
			"%d of %d rows no longer matched when they were read, and are not in the file", missing, e.plan.Rows)}
	case missing < 0:
		return &end{job.PartiallySucceeded, job.ReasonRowsMoved, fmt.Sprintf(
			"%d rows came to match while the export ran, and are in the file besides the %d planned", -missing, e.plan.Rows)}
	}
	return nil
}

// cleanUp removes plan and fragments, however the job ended. What it cannot remove, housekeeping will.
func (e *export) cleanUp(ctx workflow.Context) {
	if _, err := contract.CleanUpExport.Run(forCleanUp(ctx), contract.JobRef{JobID: e.jobID}); err != nil {
		workflow.GetLogger(ctx).Warn("fragments are left for housekeeping", "error", err)
	}
}

// again hands the state to the next run of the execution.
func (e *export) again(ctx workflow.Context) error {
	if err := e.settle(ctx); err != nil {
		return err
	}
	in := e.in
	in.Carried = &contract.ExportCarried{
		Limits: e.limits, Plan: e.plan, NextPage: e.next, Progress: e.status.Progress,
		Paused: e.paused, Alerted: e.alerted, Started: e.started, Moved: e.moved,
	}
	return contract.Export.Again(ctx, in)
}

func isPlanLost(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == contract.FailurePlanLost
}
