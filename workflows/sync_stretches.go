package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// send takes all stretches through, some of them more than once: a stretch comes back when the job is paused, when its
// partner wants it to wait, and from time to time to tell how far it is.
func (s *sync) send(ctx workflow.Context) error {
	s.phase(ctx, job.PhaseSending)
	s.meter.add(&s.status.Progress, s.sync.Tally.Items(), workflow.Now(ctx))
	for s.left() {
		if err := workflow.Await(ctx, func() bool { return !s.paused }); err != nil {
			return err
		}
		if s.rollOver(ctx) {
			return errContinue
		}
		if err := s.wait(ctx); err != nil {
			return err
		}
		if s.paused { // while it waited
			continue
		}
		if err := s.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// left tells whether a stretch has items left.
func (s *sync) left() bool { return len(s.redo) > 0 || s.next < s.plan.Stretches }

// take is the next stretch to start: those that were begun come first.
func (s *sync) take() int {
	if len(s.redo) > 0 {
		first := s.redo[0]
		s.redo = slices.Clone(s.redo[1:])
		return first
	}
	s.next++
	return s.next - 1
}

// giveBack notes that a stretch has items left. It goes behind the others, so that a partner that is out is not probed
// with the same one again and again.
func (s *sync) giveBack(stretch int) {
	if !slices.Contains(s.redo, stretch) {
		s.redo = append(slices.Clone(s.redo), stretch)
	}
}

// round starts stretches, a window of them at once, until there are no more or something keeps it from starting others,
// and waits for those that it started. A pause calls them back: each sends what is on its way and starts nothing more.
func (s *sync) round(ctx workflow.Context) error {
	work, callBack := workflow.WithCancel(ctx)
	defer callBack()
	r := round{sync: s, callBack: callBack}
	size := s.limits.Window
	if s.outage != nil {
		size = 1 // a probe
	}
	for s.left() {
		err := workflow.Await(work, func() bool { return r.ending() || s.rollOver(ctx) || r.inFlight < size })
		if err != nil || r.ending() || s.rollOver(ctx) {
			break
		}
		stretch := s.take()
		r.inFlight++
		workflow.Go(work, func(ctx workflow.Context) { r.send(ctx, stretch) })
		if s.outage != nil {
			break
		}
	}
	// The drain must outlive a cancellation: the stretches end by themselves.
	drain, _ := workflow.NewDisconnectedContext(ctx)
	var err error
	for called := false; err == nil && r.inFlight > 0; {
		err = workflow.Await(drain, func() bool { return r.inFlight == 0 || (s.paused && !called) })
		if s.paused && !called {
			called = true
			callBack()
		}
	}
	switch {
	case r.failed != nil:
		return r.failed
	case err != nil:
		return err
	}
	return ctx.Err()
}

// round is one round of stretches.
type round struct {
	*sync
	callBack func()
	inFlight int
	waits    bool
	failed   error
}

// ending tells that no further stretch may start in this round.
func (r *round) ending() bool { return r.paused || r.waits || r.failed != nil }

func (r *round) send(ctx workflow.Context, stretch int) {
	defer func() { r.inFlight-- }()
	got, err := contract.SendStretch.Run(forStretch(ctx, r.limits, r.plan.Partner), contract.StretchRef{
		JobID: r.jobID, Stretch: stretch, Probe: r.outage != nil,
	})
	switch {
	case err != nil:
		r.giveBack(stretch)
		if !r.paused && r.failed == nil { // called back by a pause it may have been on a worker that has died
			r.failed = err
			r.callBack()
		}
		return
	case got.Left > 0:
		r.giveBack(stretch)
	default:
		r.status.Progress.PagesDone++
	}
	r.done++
	r.hear(ctx, got)
}

// hear takes over what a stretch tells.
func (r *round) hear(ctx workflow.Context, got contract.StretchResult) {
	r.tally(got.Tally)
	if !r.paused {
		r.meter.add(&r.status.Progress, r.status.Progress.RowsDone, workflow.Now(ctx))
	}
	switch {
	case got.Stop != "" && r.failed == nil:
		r.failed = &end{job.Failed, got.Stop, got.Message}
		r.callBack()
	case got.Wait != nil:
		r.waits = true
		r.waitFor(ctx, *got.Wait)
	case r.outage != nil && got.Stop == "":
		r.recover(ctx)
	}
	r.moveOn(ctx)
}

// waitFor notes what to wait for; of several the last to end.
func (s *sync) waitFor(ctx workflow.Context, w job.Wait) {
	if s.sync.Wait != nil && s.sync.Wait.Until.After(w.Until) {
		return
	}
	if s.sync.Wait != nil && s.sync.Wait.Why == w.Why {
		w.Since = s.sync.Wait.Since
	}
	if w.Why == job.WaitOutage {
		if s.outage == nil {
			since := w.Since
			s.outage = &since
		}
		w.Since = *s.outage
		if !s.alerted.Outage {
			s.alerted.Outage = true
			s.alert(ctx, contract.AlertOutage, w.Since)
		}
	}
	s.sync.Wait = &w
	s.show()
}

// recover notes that the partner answers again.
func (s *sync) recover(ctx workflow.Context) {
	s.outage = nil
	s.goOn(ctx)
	if s.alerted.Outage {
		s.alerted.Outage = false
		s.alert(ctx, contract.AlertRecovered, workflow.Now(ctx))
	}
}

func (s *sync) goOn(ctx workflow.Context) {
	s.sync.Wait = nil
	s.show()
	s.meter.reset()
	s.enter(ctx, job.Running)
}

// wait waits until the partner may be called again. It gives up on an outage that lasts longer than the kind allows.
func (s *sync) wait(ctx workflow.Context) error {
	w := s.sync.Wait
	if w == nil {
		return nil
	}
	now := workflow.Now(ctx)
	if s.outage != nil && now.Sub(*s.outage) >= s.limits.OutageFor {
		return &end{job.Failed, job.ReasonDownstream, fmt.Sprintf("the partner %s has not answered for %s", s.plan.Partner, s.limits.OutageFor)}
	}
	s.enter(ctx, job.Waiting)
	s.again = false
	// Clocks differ: one that comes too early is only sent back.
	_, err := workflow.AwaitWithTimeout(ctx, max(w.Until.Sub(now), leastWait), func() bool { return s.paused || s.again })
	if err != nil {
		return err
	}
	if s.paused {
		// Who resumes it wants it to be tried. If there is still something to wait for, it only waits again.
		s.sync.Wait = nil
		s.show()
		return nil
	}
	s.moved = workflow.Now(ctx)
	if s.outage == nil {
		s.goOn(ctx)
	}
	return nil
}

// leastWait keeps a job and a partner that disagree about the time from asking and answering in circles.
const leastWait = time.Second
