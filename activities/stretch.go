package activities

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// stretch is one stretch of a sync under way.
type stretch struct {
	*Sync
	row     store.SyncRow
	kind    dataset.Sync
	partner *Partner
	seller  int64
	probe   bool

	// ctx ends when nobody shall ask for another turn. Who was given one by then starts, unless starts has ended; and
	// calls that are on their way go on under calls.
	ctx    context.Context
	rest   context.CancelFunc // ends ctx
	starts context.Context
	halt   context.CancelFunc // ends starts and ctx
	calls  context.Context
	mu     sync.Mutex
	result contract.StretchResult
	err    error
	seen   time.Time // when this process was last seen to run, see astray
	stray  bool
}

// Send sends the items of a stretch that have no outcome yet, and records each one's outcome by itself. It comes back when
// all have one, when the partner is to be waited for, when it is called back, and after [comeBackAfter].
func (s *Sync) Send(ctx context.Context, ref contract.StretchRef) (contract.StretchResult, error) {
	s.ready()
	run, err := s.begin(ctx, ref)
	if err != nil {
		return contract.StretchResult{}, err
	}
	items, err := s.Store.Stretch(ctx, ref.JobID, ref.Stretch)
	if err != nil {
		return contract.StretchResult{}, fmt.Errorf("read stretch %d: %w", ref.Stretch, err)
	}
	run.result.Left = len(items)
	end := run.bound(ctx)
	defer end()
	run.send(lanes(run.kind, items))
	return run.result, run.err
}

// begin looks up what a stretch needs besides its items.
func (s *Sync) begin(ctx context.Context, ref contract.StretchRef) (*stretch, error) {
	row, err := s.Store.Sync(ctx, ref.JobID)
	if err != nil {
		return nil, err
	}
	kind, err := s.Kinds.Sync(row.Kind)
	if err != nil {
		return nil, err
	}
	run := &stretch{Sync: s, row: row, probe: ref.Probe, seen: time.Now().Round(0), result: contract.StretchResult{Tally: row.Tally}}
	if run.kind, run.partner, err = s.Partners.of(kind); err != nil {
		return nil, err
	}
	seller, err := s.Store.Seller(ctx, row.Tenant)
	run.seller = seller.ID
	return run, err
}

// drainWithin bounds the calls on their way when the worker stops: its process has ten seconds. A call that is cut off is
// asked again under its key.
const drainWithin = 7 * time.Second

// bound sets the bounds of the stretch's time.
func (r *stretch) bound(ctx context.Context) (end func()) {
	comeBack := r.ComeBack
	if comeBack == 0 {
		comeBack = comeBackAfter
	}
	r.starts, r.halt = context.WithCancel(ctx)
	r.ctx, r.rest = context.WithCancel(r.starts)
	timer := time.AfterFunc(comeBack, r.rest)
	calls, cut := context.WithCancel(context.WithoutCancel(ctx))
	r.calls = calls
	go r.watch(r.starts)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), errStopping) {
			time.AfterFunc(drainWithin, cut)
		}
	})
	return func() { timer.Stop(); stop(); r.halt(); cut() }
}

// send sends lanes side by side: how many calls are on their way is for the partner's gate to say. A probe sends one
// alone.
func (r *stretch) send(lanes [][]call) {
	if r.probe && len(lanes) > 1 {
		// Any one: the first may be what the partner cannot bear.
		i := rand.IntN(len(lanes))
		lanes = lanes[i : i+1]
	}
	var running sync.WaitGroup
	for _, lane := range lanes {
		running.Go(func() {
			for _, c := range lane {
				if done := r.deliver(c); !done {
					return // those behind must not overtake it
				}
			}
		})
	}
	running.Wait()
}

// call is what goes out as one call: mostly one item.
type call []store.SyncItem

// lanes arranges items into calls, and those into lanes: calls of one lane go one after the other. A call that is made
// again has the same items, and so the same idempotency key: calls are recorded whole.
func lanes(kind dataset.Sync, items []store.SyncItem) [][]call {
	if each := max(1, kind.Call.PerCall); each > 1 {
		var calls []call
		for len(items) > 0 {
			n := min(each, len(items))
			calls = append(calls, items[:n:n])
			items = items[n:]
		}
		if kind.InOrder != "" && len(calls) > 0 {
			return [][]call{calls}
		}
		all := make([][]call, len(calls))
		for i, c := range calls {
			all[i] = []call{c}
		}
		return all
	}
	var all [][]call
	byOrder := map[string]int{}
	for i := range items {
		order := items[i].Order
		lane, found := byOrder[order]
		if order == "" || !found {
			lane = len(all)
			all = append(all, nil)
			byOrder[order] = lane
		}
		all[lane] = append(all[lane], items[i:i+1:i+1])
	}
	return all
}

// hold ends the stretch because its partner has to be waited for.
func (r *stretch) hold(held *pace.Held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result.Wait == nil || held.Until.After(r.result.Wait.Until) {
		r.result.Wait = &job.Wait{Why: held.Why, Until: held.Until.UTC(), Since: r.now().UTC()}
	}
	r.rest()
}

// out tells whether the partner is out.
func (r *stretch) out() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result.Wait != nil && r.result.Wait.Why == job.WaitOutage
}

// stop ends the stretch, and the job, because no item will fare better.
func (r *stretch) stop(reason job.Reason, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Stop, r.result.Message = reason, message
	r.halt()
}

// fail ends the stretch by an error.
func (r *stretch) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.halt()
}

// finished notes outcomes that are recorded.
func (r *stretch) finished(n int, tally job.SyncTally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Left -= n
	if tally.Items() > r.result.Tally.Items() {
		r.result.Tally = tally
	}
}
