package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// watch looks after the job's time: it tells people once when the job is slow or stalled and when it
// recovers, and calls stop when the job has used up what its kind allows.
//
// It sleeps until the next instant that matters instead of re-arming a timer at every step, so that it
// costs two events in each span of Limits.StallAfter, however many steps there are.
func (l *lifecycle) watch(ctx workflow.Context, stop func()) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for !l.over {
			resting, stalled := l.resting(), l.alerted.Stalled
			_, err := workflow.AwaitWithTimeout(ctx, l.nextLook(ctx), func() bool {
				return l.over || l.resting() != resting || (stalled && !l.still(ctx))
			})
			if err != nil || l.over {
				return
			}
			l.look(ctx, stop)
		}
	})
}

// nextLook is the time until something may be due.
func (l *lifecycle) nextLook(ctx workflow.Context) time.Duration {
	at := l.started.Add(l.limits.MaxDuration)
	if slow := l.started.Add(l.limits.SlowAfter); !l.alerted.Slow && slow.Before(at) {
		at = slow
	}
	now := workflow.Now(ctx)
	// The shorter patience first: a long step may end and be followed by pages before the longer is over.
	stall := l.moved.Add(l.limits.StallAfter)
	if !stall.After(now) {
		stall = l.moved.Add(l.patience())
	}
	if !l.alerted.Stalled && !l.resting() && stall.Before(at) {
		at = stall
	}
	return max(at.Sub(now), time.Millisecond)
}

// still tells whether nothing has moved for too long.
func (l *lifecycle) still(ctx workflow.Context) bool {
	return !l.resting() && workflow.Now(ctx).Sub(l.moved) >= l.patience()
}

// resting tells that nothing shall move: the job is paused, or waits for its partner.
func (l *lifecycle) resting() bool { return l.paused || l.status.State == job.Waiting }

// patience is how long nothing may move. Plan, assembly and report are one long step each, which moves only
// when it is done.
func (l *lifecycle) patience() time.Duration {
	switch l.status.Progress.Phase {
	case job.PhasePages, job.PhaseChecking, job.PhaseComparing, job.PhaseApplying, job.PhaseUndoing, job.PhaseSending:
		return l.limits.StallAfter
	}
	return max(l.limits.StallAfter, longStep)
}

func (l *lifecycle) look(ctx workflow.Context, stop func()) {
	now := workflow.Now(ctx)
	if now.Sub(l.started) >= l.limits.MaxDuration {
		l.timedOut = true
		stop()
		l.over = true
		return
	}
	if !l.alerted.Slow && now.Sub(l.started) >= l.limits.SlowAfter {
		l.alerted.Slow = true
		l.alert(ctx, contract.AlertSlow, l.started)
	}
	switch {
	case l.still(ctx) && !l.alerted.Stalled:
		l.alerted.Stalled = true
		since := l.moved
		l.status.Progress.StalledSince = &since
		l.touch(ctx)
		l.alert(ctx, contract.AlertStalled, since)
	case !l.still(ctx) && l.alerted.Stalled:
		l.alerted.Stalled = false
		l.status.Progress.StalledSince = nil
		l.touch(ctx)
		l.alert(ctx, contract.AlertRecovered, l.moved)
	}
}

// alert sends a message without keeping the story waiting.
func (l *lifecycle) alert(ctx workflow.Context, about contract.AlertKind, since time.Time) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	l.sending++
	a := contract.Alert{
		JobID: l.jobID, Type: l.typ, Kind: l.kind, Tenant: l.tenant, About: about, Since: since, Status: l.status,
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { l.sending-- }()
		if _, err := contract.SendAlert.Run(forAlert(ctx), a); err != nil {
			workflow.GetLogger(ctx).Error("send alert", "about", string(about), "error", err)
		}
	})
}

// alertEnd tells people how a job ended: always when it failed by no fault of the request, and otherwise
// only when they have been warned of it.
func (l *lifecycle) alertEnd(ctx workflow.Context) {
	switch {
	case (l.status.State == job.Failed && !asked(l.status.Reason)) || l.status.State == job.TimedOut:
		l.alert(ctx, contract.AlertFailed, l.started)
	case l.alerted.Slow || l.alerted.Stalled || l.alerted.Outage:
		l.alert(ctx, contract.AlertEnded, l.started)
	}
}

// asked tells whether the reason lies in the request or with the user, so that nobody need be woken.
func asked(r job.Reason) bool {
	switch r {
	case job.ReasonNoData, job.ReasonBadInput, job.ReasonUser, job.ReasonRefused, job.ReasonKept, job.ReasonStale:
		return true
	}
	return false
}
