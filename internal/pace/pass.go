package pace

import (
	"context"
	"net/http/httptrace"
	"slices"
	"time"
)

// Pass is the right to make one call. It holds a place in flight until [Pass.Done].
type Pass struct {
	gate   *Gate
	ctx    context.Context
	cancel context.CancelCauseFunc
	start  start
	// local is the start by this process's clock, read when the book's clock was.
	local, read time.Time
	started     bool
	done        bool
}

// missed is a pass whose start has gone by, and which waits for another.
type missed struct {
	pass *Pass
	held time.Time
	done chan entry // takes one
}

const (
	// missedAfter is how late a call may start, or one part in missedPart of the interval if that is more: the next
	// start, of whatever process, is measured from the instant given out and not from this one. A busy machine wakes a
	// sleeper some milliseconds late.
	missedAfter = 3 * time.Millisecond
	missedPart  = 25
	// lateAfter is what a sleeper is late on an idle machine. Beyond it the book is told, which moves the next start.
	lateAfter = 1500 * time.Microsecond
)

// newPass makes a pass for a start; g.mu is held.
func (g *Gate) newPass(ctx context.Context, st start, read time.Time) *Pass {
	p := &Pass{gate: g}
	p.ctx, p.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	if st.spaced > 0 {
		p.ctx = httptrace.WithClientTrace(p.ctx, &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { p.sent(time.Now()) },
		})
	}
	p.set(st, read)
	g.passes[p] = struct{}{}
	return p
}

func (p *Pass) set(st start, read time.Time) {
	p.start, p.read, p.local = st, read, p.gate.clock.local(st.at)
	if st.probe {
		p.gate.probe = st.at
	}
}

// passOn makes a pass of a place that the process has; g.mu is held.
func (g *Gate) passOn(ctx context.Context, now time.Time) *Pass {
	g.news.started++
	g.keeper.tell(now)
	return g.newPass(ctx, start{at: g.clock.book(now)}, now)
}

// Context is for the call. It ends with Done, and when the place is lost because the book has been away for too long; the
// cause is [ErrLeaseLost] then. It does not end with the context of Enter: who stops waiting lets what is on its way end. It also notes when an HTTP request has really gone out.
func (p *Pass) Context() context.Context { return p.ctx }

// Start waits for the very instant. A start that was missed, because the caller or the machine was busy, is given up for
// another one. After an error, which may be [*Held] again, the call must not be made.
func (p *Pass) Start(ctx context.Context) error {
	p.noteReady()
	for {
		if err := p.sleep(ctx); err != nil {
			return err
		}
		started, err := p.begin()
		if started || err != nil {
			return err
		}
		if err := p.again(ctx); err != nil {
			return err
		}
	}
}

func (p *Pass) noteReady() {
	if p.start.spaced == 0 {
		return
	}
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	p.gate.ready.add(time.Since(p.read))
}

// sleep waits for the instant.
func (p *Pass) sleep(ctx context.Context) error {
	if p.start.spaced > 0 {
		if wait := time.Until(p.local); wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			case <-p.ctx.Done():
			}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	return nil
}

// begin starts the call unless it is too late for that.
func (p *Pass) begin() (started bool, err error) {
	g, now := p.gate, time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.After(g.keeper.lease) {
		return false, ErrLeaseLost // a machine that slept wakes up here before the lease's timer does
	}
	if p.start.spaced > 0 {
		late := now.Sub(p.local)
		if late > max(missedAfter, p.start.spaced/missedPart) {
			return false, nil
		}
		g.noteLate(late, now)
	}
	p.started = true
	return true, nil
}

// sent notes that the request has gone out.
func (p *Pass) sent(now time.Time) {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if !p.done {
		p.gate.noteLate(now.Sub(p.local), now)
	}
}

// noteLate tells the book of a call that goes out late, so that the next one keeps its distance.
func (g *Gate) noteLate(late time.Duration, now time.Time) {
	if late > lateAfter {
		g.news.late = max(g.news.late, g.clock.book(now))
		g.keeper.hurry(now)
		g.wake()
	}
}

// again gives the start up and waits for another; the place stays.
func (p *Pass) again(ctx context.Context) error {
	g := p.gate
	m := &missed{pass: p, done: make(chan entry, 1)}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return ErrClosed
	}
	p.unuse()
	g.missed = append(g.missed, m)
	g.keeper.hurry(time.Now())
	g.mu.Unlock()
	g.wake()
	select {
	case e := <-m.done:
		return e.err
	case <-ctx.Done():
	case <-p.ctx.Done():
	}
	g.mu.Lock()
	g.missed = slices.DeleteFunc(g.missed, func(o *missed) bool { return o == m })
	g.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return context.Cause(p.ctx)
}

// unuse gives the start back; g.mu is held.
func (p *Pass) unuse() {
	if p.start.at == 0 {
		return
	}
	if p.start.probe {
		p.gate.probe = 0
	}
	p.gate.news.unused = append(p.gate.news.unused, p.start)
	p.start = start{}
}

// Done ends the pass: it frees the place and tells what came of the call. A call that was not started needs no report.
// Only the first Done counts.
func (p *Pass) Done(r Report) {
	g, now := p.gate, time.Now()
	p.cancel(context.Canceled)
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.done {
		return
	}
	p.done = true
	delete(g.passes, p)
	plain := p.started && !p.start.probe && r == Report{Verdict: Answered}
	switch {
	case !p.started:
		p.unuse()
	case plain:
		g.news.answered(p.start.at)
	default:
		g.news.heard = append(g.news.heard, heard{p.start.at, r})
		if p.start.probe {
			g.probe = 0
		}
	}
	kept := (plain || p.started && r == Report{Verdict: Unknown}) && g.places.put(len(g.passes), now)
	if kept && g.queue.count > 0 && g.places.take(now) {
		w := g.queue.next()
		w.done <- entry{pass: g.passOn(w.ctx, now)}
	}
	if kept || plain && !g.keeper.scarce {
		g.keeper.tell(now)
	} else {
		g.keeper.hurry(now)
	}
	g.wake()
}

// answered notes an answer that says nothing else. Of several in a row the last one says it all.
func (n *news) answered(at moment) {
	if last := len(n.heard) - 1; last >= 0 && n.heard[last].report == (Report{Verdict: Answered}) {
		n.heard[last].at = max(n.heard[last].at, at)
		return
	}
	n.heard = append(n.heard, heard{at, Report{Verdict: Answered}})
}
