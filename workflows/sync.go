package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// sync is one running sync.
type sync struct {
	lifecycle
	in   contract.SyncInput
	plan contract.SyncPlan
	sync job.Sync

	next     int        // the first stretch that has not been started
	redo     []int      // stretches before it that have items left
	outage   *time.Time // since when the partner is out
	again    bool       // what it waits for may be over: limits have been changed
	reported bool
}

// Sync sends items to a partner, each to effect once, and accounts for each.
//
//	register ─ number ─ send stretches (a window of them at once) ─ report ─ finish ─ clean up
//	                       ⇅ wait (for a limit, a quota or an outage of the partner)
//
// Its result is the job's last status. It fails, with the reason as error type, when the job does.
func Sync(ctx workflow.Context, in contract.SyncInput) (job.Status, error) {
	s := newSync(in)
	if err := s.open(ctx); err != nil {
		return s.status, err
	}
	s.show()
	contract.LookAgain.Handle(ctx, func() { s.again = true })
	work, stop := workflow.WithCancel(ctx)
	defer stop()

	err := s.register(ctx, s.registration)
	if err == nil {
		s.followCancel(ctx)
		s.watch(ctx, stop)
		s.record(ctx)
		err = s.story(work)
	}
	if errors.Is(err, errContinue) {
		return s.status, s.continueAsNew(ctx)
	}
	s.account(ctx, err)
	return s.close(ctx, err, s.registration(ctx), s.cleanUp)
}

func newSync(in contract.SyncInput) *sync {
	s := &sync{in: in, lifecycle: lifecycle{
		typ: job.TypeSync, kind: in.Kind, tenant: in.Tenant, requestedBy: in.RequestedBy,
	}}
	if in.Retry != nil {
		s.sync.RetryOf = in.Retry.JobID
	}
	if c := in.Carried; c != nil {
		s.in.Carried = nil
		s.limits, s.plan, s.next, s.redo, s.sync, s.outage = c.Limits, c.Plan, c.Next, c.Redo, c.Sync, c.Outage
		s.started, s.moved, s.alerted, s.paused = c.Started, c.Moved, c.Alerted, c.Paused
		s.status = job.Status{State: job.Running, Progress: c.Progress}
		if c.Paused {
			s.status.State = job.Paused
		}
	}
	return s
}

func (s *sync) registration(ctx workflow.Context) contract.Registration {
	r := s.lifecycle.registration(ctx)
	r.Sync = &s.in
	return r
}

func (s *sync) story(ctx workflow.Context) error {
	if err := s.number(ctx); err != nil {
		return err
	}
	if err := s.send(ctx); err != nil {
		return err
	}
	if err := s.report(ctx); err != nil {
		return err
	}
	switch t := s.sync.Tally; {
	case t.Failed == s.plan.Items:
		return &end{job.Failed, job.ReasonItems, fmt.Sprintf("all %d items failed", s.plan.Items)}
	case t.Failed > 0:
		return &end{job.PartiallySucceeded, job.ReasonItems, fmt.Sprintf("%d of %d items failed", t.Failed, s.plan.Items)}
	}
	return nil
}

// number gives every item its place: from here on items are known by number.
func (s *sync) number(ctx workflow.Context) error {
	if s.plan.Partner != "" {
		return nil // carried over
	}
	s.phase(ctx, job.PhasePlanning)
	plan, err := contract.NumberItems.Run(forUpload(ctx, s.limits), contract.SyncRequest{JobID: s.jobID, Request: s.in})
	if err != nil {
		return err
	}
	s.plan = plan
	s.sync.Partner, s.sync.Upload, s.sync.Tally = plan.Partner, plan.Upload, plan.Tally
	s.status.Progress = job.Progress{RowsTotal: plan.Items, PagesTotal: plan.Stretches, RowsDone: plan.Tally.Items()}
	s.show()
	if plan.Items == 0 {
		// No failure: a schedule looks for something to send again and again, and mostly there is nothing.
		return &end{state: job.Succeeded, message: "there was nothing to send"}
	}
	return nil
}

// show brings the part of a sync into the status. A copy, because an answer may be written while the story goes on.
func (s *sync) show() {
	shown := s.sync
	s.status.Sync = &shown
}

// report writes the result workbook.
func (s *sync) report(ctx workflow.Context) error {
	s.phase(ctx, job.PhaseReporting)
	got, err := contract.ReportSync.Run(forUpload(ctx, s.limits), contract.SyncReport{
		JobID: s.jobID, Kind: s.kind, Tenant: s.tenant, Locale: s.in.Locale,
	})
	if err != nil {
		return err
	}
	s.reported = true
	if got.File != nil {
		s.status.Artifacts = []job.Artifact{*got.File}
	}
	s.moveOn(ctx)
	return nil
}

// account gives the items of a job that ended early their outcome, and writes their workbook: what was sent stays sent.
func (s *sync) account(ctx workflow.Context, cause error) {
	if s.plan.Items == 0 || s.reported {
		return
	}
	code := job.ItemStopped
	var known *end
	if errors.As(cause, &known) && known.reason == job.ReasonAuth {
		code = job.ItemUnauthorised
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	closed, err := contract.CloseItems.Run(forUpload(ctx, s.limits), contract.CloseRequest{JobID: s.jobID, Code: code})
	if err == nil {
		s.tally(closed.Tally)
		err = s.report(ctx)
	}
	if err != nil {
		workflow.GetLogger(ctx).Error("the account of an ended sync could not be written", "error", err)
	}
}

// tally takes over what the ledger says. Stretches end in any order, so that an answer may be older than the last.
func (s *sync) tally(t job.SyncTally) {
	if t.Items() < s.sync.Tally.Items() {
		return
	}
	s.sync.Tally = t
	s.status.Progress.RowsDone = t.Items()
	s.show()
}

func (s *sync) cleanUp(ctx workflow.Context) {
	if _, err := contract.CleanUpSync.Run(forCleanUp(ctx), contract.JobRef{JobID: s.jobID}); err != nil {
		workflow.GetLogger(ctx).Warn("parts of the result are left for housekeeping", "error", err)
	}
}

// continueAsNew hands the state to the next run of the execution.
func (s *sync) continueAsNew(ctx workflow.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	in := s.in
	in.Carried = &contract.SyncCarried{
		Limits: s.limits, Plan: s.plan, Next: s.next, Redo: s.redo, Outage: s.outage, Progress: s.status.Progress,
		Sync: s.sync, Paused: s.paused, Alerted: s.alerted, Started: s.started, Moved: s.moved,
	}
	return contract.Sync.Again(ctx, in)
}
