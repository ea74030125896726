package pace

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// Options of [NewGate].
type Options struct {
	// Account names the row in the book.
	Account string
	// Limits are those of the settings; the change in the book goes over them, and is looked up at every turn.
	Limits Limits
	Book   Book
	// Process names this process among all; default: a random name. No two may use a name at a time.
	Process string
	// Patience is how long [Gate.Enter] waits for the partner before it gives up with [Held]; default 5 s, which is more
	// than a usual Retry-After and less than people take for a standstill.
	Patience time.Duration
}

const defaultPatience = 5 * time.Second

var (
	// ErrClosed is the error of a gate that was closed.
	ErrClosed = errors.New("enter gate: it is closed")
	// ErrLeaseLost ends passes whose places others may have by now, because the book did not answer for so long.
	ErrLeaseLost = errors.New("renew lease of places: the book did not answer in time")
)

// Gate is a process's way in to an account. Its methods may be called from any goroutine.
//
// One goroutine, the keeper, makes the turns: one begins as soon as the last has ended and there is something to do, and
// takes along all that has come up meanwhile. A start is taken from the book only shortly before it is due, so that no
// process waits for a start that another has and does not need yet.
//
// Where no interval and no quota hold, the process keeps its places while it uses them and others do not want them: a
// call follows the other without a turn, and the book hears of them some milliseconds later.
type Gate struct {
	options Options
	ctx     context.Context // of turns
	cancel  context.CancelFunc
	woken   chan struct{} // takes one
	ended   chan struct{}
	lease   *time.Timer

	mu     sync.Mutex
	closed bool
	queue  queue
	passes map[*Pass]struct{}
	missed []*missed
	probe  moment // the start of the probe that a pass of ours is; 0: none
	news   news   // for the next turn
	keeper keeper
	places places
	clock  bookClock
	change Change
	// ready is how long it takes from the reading of the book's clock to [Pass.Start].
	ready estimate
}

// NewGate opens a gate; it is to be closed.
func NewGate(o Options) *Gate {
	if o.Process == "" {
		o.Process = rand.Text()[:10]
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	g := &Gate{options: o, woken: make(chan struct{}, 1), ended: make(chan struct{}), passes: make(map[*Pass]struct{})}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.lease = time.AfterFunc(Lease, g.endLease)
	go g.run()
	return g
}

// Enter waits until a start is due and a place is free, and gives them. The pass is to be ended by [Pass.Done], whatever
// happens.
//
// It waits for its turn for as long as ctx lives. If it is the partner that holds everything up, longer than the
// patience of the gate, the error is [*Held]. If the book fails for some seconds, the error is the book's.
func (g *Gate) Enter(ctx context.Context, jobID string) (*Pass, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Now()
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil, ErrClosed
	}
	if g.queue.count == 0 && g.places.take(now) {
		p := g.passOn(ctx, now)
		g.mu.Unlock()
		return p, nil
	}
	w := &waiter{ctx: ctx, job: jobID, done: make(chan entry, 1)}
	g.queue.add(w)
	if g.keeper.held {
		g.keeper.at = now // what held the last ones may be over, or is to be told to this one too
	}
	g.mu.Unlock()
	g.wake()
	select {
	case e := <-w.done:
		return e.pass, e.err
	case <-ctx.Done():
		g.leave(w)
		return nil, context.Cause(ctx)
	}
}

// leave gives back what a caller who has gone was given in the meantime.
func (g *Gate) leave(w *waiter) {
	g.mu.Lock()
	waiting := g.queue.remove(w)
	if waiting && g.keeper.holds {
		g.keeper.tell(time.Now()) // else others leave places free for it
		g.wake()
	}
	g.mu.Unlock()
	if waiting {
		return
	}
	if e := <-w.done; e.pass != nil {
		e.pass.Done(Report{Verdict: Unknown})
	}
}

// Change is the change of the limits as of the last turn.
func (g *Gate) Change() Change {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.change
}

// Close ends the passes that are left, gives their places back and tells what is to be told, if the book answers at
// once. Callers who wait get [ErrClosed].
func (g *Gate) Close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		for p := range g.passes {
			p.cancel(ErrClosed)
		}
		clear(g.passes)
		g.refuse(ErrClosed)
	}
	g.mu.Unlock()
	g.cancel()
	<-g.ended
}

// refuse gives all callers an error.
func (g *Gate) refuse(err error) {
	for _, w := range g.queue.takeIf(func(*waiter) bool { return true }) {
		w.done <- entry{err: err}
	}
	for _, m := range g.missed {
		m.done <- entry{err: err}
	}
	g.missed = nil
}

// endLease ends all passes when the lease has not been renewed.
func (g *Gate) endLease() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.keeper.lease) {
		return // it was, just now
	}
	g.places = places{}
	for p := range g.passes {
		p.cancel(ErrLeaseLost)
	}
}

func (g *Gate) wake() {
	select {
	case g.woken <- struct{}{}:
	default:
	}
}
