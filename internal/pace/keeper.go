package pace

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/longhaul/longhaul/job"
)

// keeper is what the goroutine that makes the turns goes by; under the gate's mutex.
type keeper struct {
	// at is when to make a turn for those who wait, by when for what can wait a little, retry not before when.
	at, by, retry time.Time
	// last is when the book's clock was read last, lease until when the lease surely lasts.
	last, lease time.Time
	// held and scarce are the last turn's: the partner held it up; places were scarce. holds tells that the book counts
	// something as ours.
	held, scarce, holds bool
	// sent is the news of a turn whose end is not known, failing since when turns fail.
	sent    *news
	number  int64
	failing time.Time
	given   int64 // counts the starts that the book has given
	// lost counts starts that other processes took before us, polls the turns in a row that found no place.
	lost, polls int
	// reach is the time from the begin of a turn to the reading of the book's clock, rest from there to its end.
	reach, rest estimate
}

const (
	// renewEvery leaves room for three turns that fail before a lease ends.
	renewEvery = 2500 * time.Millisecond
	// leaseMargin is how long before the end of its lease a process ends its calls; it covers that turns do not renew a
	// lease that is hardly used up, and what the ending takes.
	leaseMargin = renewAfter + 500*time.Millisecond
	// lookEvery is when to look into the book at the latest while anybody waits: limits may have changed.
	lookEvery = time.Second
	// turnTimeout ends a turn that waits for a process which was stopped while it held the account: databases wait for
	// up to a minute.
	turnTimeout = 3 * time.Second
	// failFor is how long turns are made again before those who wait are told.
	failFor = 4 * time.Second
	// retryFirst and retryMost bound the time between turns that fail.
	retryFirst = 50 * time.Millisecond
	retryMost  = time.Second
	// closeTimeout bounds the last turn: a process that ends has ten seconds as a rule, and others wait for the lease
	// otherwise, no longer.
	closeTimeout = 2 * time.Second
	// leadMost bounds how far ahead starts are taken however slow turns and callers are.
	leadMost = 100 * time.Millisecond
	// readyLeast is what a caller needs who writes a mark before the call, with some room: a start that is taken a little
	// early costs nothing but a place.
	readyLeast = 5 * time.Millisecond
	// outageWait is how far away a probe may be for callers to wait for it: people are to see an outage as such.
	outageWait = time.Second
	// pollsMost is how often the time between looks for a place grows: calls that take long free none soon.
	pollsMost = 4
	// horizonSlack is how many milliseconds a turn may come too early and still be given its start.
	horizonSlack = 3
	// lostMost bounds by how many milliseconds a process that lost starts to others comes earlier than they.
	lostMost = 5
)

// hurry asks for a turn now.
func (k *keeper) hurry(now time.Time) { k.by = earliest(k.by, now) }

// tell asks for a turn soon.
func (k *keeper) tell(now time.Time) { k.by = earliest(k.by, now.Add(tellAfter)) }

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// run makes turns until the gate is closed, and then a last one.
func (g *Gate) run() {
	defer close(g.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for g.ctx.Err() == nil {
		due, some := g.due()
		if wait := time.Until(due); some && wait <= 0 {
			g.turn(g.ctx, turnTimeout)
			continue
		} else if some {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-g.woken:
		case <-g.ctx.Done():
		}
	}
	g.turn(context.WithoutCancel(g.ctx), closeTimeout)
	g.lease.Stop()
}

// due tells when the next turn is due, if any.
func (g *Gate) due() (at time.Time, some bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := &g.keeper
	at, some = k.by, !k.by.IsZero()
	if (g.queue.count > 0 || len(g.missed) > 0) && (!some || k.at.Before(at)) {
		at, some = k.at, true
	}
	if renew := k.last.Add(renewEvery); (k.holds || k.sent != nil) && (!some || renew.Before(at)) {
		at, some = renew, true
	}
	if at.Before(k.retry) {
		at = k.retry
	}
	return at, some
}

// turn makes one turn.
func (g *Gate) turn(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	v := g.visit()
	var r reading
	var gr grant
	r.begin = time.Now()
	var err error
	r.before, r.after, err = g.options.Book.Turn(ctx, g.options.Account, func(now time.Time, s *State, c Change) error {
		r.now, r.change = now, c
		gr = s.turn(now, g.options.Limits.With(c), v)
		return nil
	})
	r.end = time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.fail(err, r)
		return
	}
	g.succeed(r)
	g.deliver(gr, r)
	g.hold(gr, r.end)
	g.plan(gr, v, r.end)
}

// reading is what a turn tells besides its grant.
type reading struct {
	begin, before, after, end time.Time // local
	now                       time.Time // the book's
	change                    Change
}

// visit gathers what there is to do.
func (g *Gate) visit() visit {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := &g.keeper
	if k.sent == nil && !g.news.empty() {
		n := g.news
		k.sent, g.news = &n, news{}
		k.number++
	}
	k.by = time.Time{}
	if g.places.giveBack(); g.closed {
		g.places = places{}
	}
	v := visit{
		holder: g.options.Process, number: k.number,
		inFlight: len(g.passes) + g.places.idle, probe: g.probe,
		given: k.given, again: len(g.missed), places: g.queue.count,
		ready: g.readyIn(), againReady: k.rest.usual(500*time.Microsecond, leadMost),
		horizon: g.lead() + (lostMost+horizonSlack)*time.Millisecond,
	}
	if k.sent != nil {
		v.news = *k.sent
	}
	return v
}

// readyIn is how long callers need until they can start, mostly.
func (g *Gate) readyIn() time.Duration { return g.ready.most(readyLeast, leadMost) }

// lead is how long before a start its turn is to begin.
func (g *Gate) lead() time.Duration {
	return g.keeper.reach.most(time.Millisecond, leadMost) + g.readyIn() + time.Millisecond
}

// succeed takes in that a turn was made.
func (g *Gate) succeed(r reading) {
	k := &g.keeper
	k.sent, k.failing, k.retry = nil, time.Time{}, time.Time{}
	if !g.news.empty() {
		k.tell(r.end) // what came up while older news were on their way
	}
	k.last, k.lease = r.after, r.before.Add(Lease-leaseMargin)
	g.lease.Reset(time.Until(k.lease))
	k.reach.add(r.after.Sub(r.begin))
	k.rest.add(r.end.Sub(r.after))
	g.clock.hear(momentOf(r.now), r.before, r.after)
	g.change = r.change
}

// fail takes in that a turn was not made, or that its answer was lost. Nothing is forgotten.
func (g *Gate) fail(err error, r reading) {
	k := &g.keeper
	if k.failing.IsZero() {
		k.failing = r.begin
	}
	failing := r.end.Sub(k.failing)
	k.retry = r.end.Add(min(max(failing, retryFirst), retryMost))
	if failing >= failFor {
		if errors.Is(err, context.DeadlineExceeded) {
			err = &job.Error{Code: job.CodeUnavailable, Message: "the database does not answer; try again shortly", Err: err}
		}
		g.refuse(err)
	}
}

// deliver hands out what was granted.
func (g *Gate) deliver(gr grant, r reading) {
	g.keeper.given += int64(len(gr.again) + len(gr.places))
	for _, st := range gr.again {
		if len(g.missed) == 0 {
			g.news.unused = append(g.news.unused, st)
			continue
		}
		m := g.missed[0]
		g.missed = g.missed[1:]
		m.pass.set(st, r.after)
		m.done <- entry{}
	}
	for _, st := range gr.places {
		w := g.queue.next()
		if w == nil {
			g.news.unused = append(g.news.unused, st)
			continue
		}
		w.done <- entry{pass: g.newPass(w.ctx, st, r.after)}
	}
	if len(g.news.unused) > 0 {
		g.keeper.hurry(r.end)
	}
	if g.places.grant(gr.keep, len(g.passes), r.end); g.places.idle > 0 {
		g.keeper.tell(r.end) // to give them back if nobody needs them
	}
}

// hold tells those who wait that the partner holds them up for longer than they have patience.
func (g *Gate) hold(gr grant, now time.Time) {
	was := g.keeper.held
	g.keeper.held = gr.why != ""
	if !was && !g.keeper.held {
		return
	}
	impatient := func(since *time.Time) bool {
		if gr.why == "" {
			*since = time.Time{}
			return false
		}
		if since.IsZero() {
			*since = now
		}
		waited, left := now.Sub(*since), g.clock.local(gr.until).Sub(now)
		switch {
		case gr.probed:
			return waited >= g.options.Patience
		case gr.why == job.WaitOutage:
			return left > outageWait
		}
		return waited+left > g.options.Patience
	}
	err := &Held{Why: gr.why, Until: gr.until.time()}
	for _, w := range g.queue.takeIf(func(w *waiter) bool { return impatient(&w.held) }) {
		w.done <- entry{err: err}
	}
	g.missed = slices.DeleteFunc(g.missed, func(m *missed) bool {
		gone := impatient(&m.held)
		if gone {
			m.done <- entry{err: err}
		}
		return gone
	})
}

// plan settles when to come again.
func (g *Gate) plan(gr grant, v visit, now time.Time) {
	k := &g.keeper
	k.scarce, k.holds = gr.scarce, v.inFlight+v.places > 0
	switch {
	case len(gr.again)+len(gr.places) > 0:
		k.lost, k.polls = 0, 0
	case gr.due && v.again+v.places > 0:
		k.lost = min(k.lost+1, lostMost)
	}
	k.at = time.Time{}
	if gr.next == 0 {
		return
	}
	k.at = g.clock.local(gr.next)
	switch {
	case gr.due:
		k.at = k.at.Add(-g.lead() - time.Duration(k.lost)*time.Millisecond)
	case gr.why == "":
		k.at = k.at.Add(time.Duration(k.polls) * placePoll)
		k.polls = min(k.polls+1, pollsMost)
	}
	if look := now.Add(lookEvery); look.Before(k.at) {
		k.at = look
	}
}
