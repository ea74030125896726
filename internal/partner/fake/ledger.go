package fake

import (
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// ledger is what took effect, and what came in which order.
type ledger struct {
	mu         sync.Mutex
	bodies     maphash.Seed
	keys       map[string]*entry
	attempts   map[string]int
	lines      map[line]int // place in dispatches
	dispatches []Dispatch
	effects    int64 // doubled ones too
	replays    int64
	orders     map[string]*order
	places     map[line]int // in order.Lines
}

// line is an order line with its parcel. Without a tracking number it is the last of the line's.
type line struct{ order, number, tracking string }

// entry is an idempotency key.
type entry struct {
	body    uint64
	running bool
	answer  []byte // nil: nothing has taken effect
}

type order struct {
	Order
	active int
	latest int // the furthest line that has come
}

func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys, orders := map[string]*entry{}, map[string]*order{}
	for key, e := range l.keys {
		if e.running {
			keys[key] = e
		}
	}
	for number, o := range l.orders {
		if o.active > 0 {
			orders[number] = &order{active: o.active}
		}
	}
	if l.keys == nil {
		l.bodies = maphash.MakeSeed()
	}
	l.keys, l.orders = keys, orders
	l.attempts, l.lines, l.places = map[string]int{}, map[line]int{}, map[line]int{}
	l.dispatches, l.effects, l.replays = nil, 0, 0
}

// arrive notes that a call with items of these orders has come; depart must follow.
func (l *ledger) arrive(items []item, orders []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, number := range orders {
		o := l.orders[number]
		if o == nil {
			o = &order{}
			l.orders[number] = o
		}
		if o.active++; o.active > 1 {
			o.Overlaps++
		}
	}
	for _, it := range items {
		o := l.orders[string(it.OrderNumber)]
		place, known := l.places[it.line()]
		if !known {
			place = len(o.Lines)
			l.places[it.line()] = place
			o.Lines = append(o.Lines, string(it.LineNumber))
		}
		if place < o.latest {
			o.Backward++
		}
		o.latest = max(o.latest, place)
	}
}

func (l *ledger) depart(orders []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, number := range orders {
		l.orders[number].active--
	}
}

// claim is what a key stands for when a call comes with it.
type claim int

const (
	claimed    claim = iota // by this call: it must be settled
	claimDone               // it has taken effect
	claimOther              // it has been used with another body
	claimInUse              // a call with it is running
	claimKeyless
)

func (l *ledger) claim(key string, body []byte) (claim, []byte) {
	if key == "" {
		return claimKeyless, nil
	}
	sum := maphash.Bytes(l.bodies, body)
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.keys[key]
	switch {
	case e == nil:
		l.keys[key] = &entry{body: sum, running: true}
	case e.running || e.answer != nil:
		if e.body != sum {
			return claimOther, nil
		}
		if e.running {
			return claimInUse, nil
		}
		return claimDone, e.answer
	default: // an attempt that came to nothing
		e.body, e.running = sum, true
	}
	return claimed, nil
}

// settle ends the call that claimed a key. Where nothing took effect, answer is nil and the key is free.
func (l *ledger) settle(key string, answer []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.keys[key]
	e.running, e.answer = false, answer
}

func (l *ledger) replayed() {
	l.mu.Lock()
	l.replays++
	l.mu.Unlock()
}

// attempt counts an attempt at an item, from 1.
func (l *ledger) attempt(item string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts[item]++
	return l.attempts[item]
}

// take lets an item take effect, once more where it has before: only keys prevent that.
func (l *ledger) take(it item, key string, now time.Time) Dispatch {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effects++
	d := Dispatch{
		ID:          fmt.Sprintf("D-%06d", l.effects),
		OrderNumber: string(it.OrderNumber), LineNumber: string(it.LineNumber),
		Carrier: string(it.Carrier), TrackingNumber: string(it.TrackingNumber),
		At: now, Key: key, Count: 1,
	}
	if at, known := l.lines[it.line()]; known {
		l.dispatches[at].Count++
		return d
	}
	last := it.line()
	last.tracking = ""
	l.lines[it.line()], l.lines[last] = len(l.dispatches), len(l.dispatches)
	l.dispatches = append(l.dispatches, d)
	if o := l.orders[d.OrderNumber]; o != nil { // nil: forgotten meanwhile
		o.Effects = append(o.Effects, d.LineNumber)
	}
	return d
}

// byKey is the answer that a key was given.
func (l *ledger) byKey(key string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.keys[key]; e != nil {
		return e.answer
	}
	return nil
}

func (l *ledger) byLine(at line) (Dispatch, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := l.lines[at]
	if !known {
		return Dispatch{}, false
	}
	return l.dispatches[i], true
}

func (l *ledger) read(seen *Seen, lists bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen.Effects, seen.Replays = int64(len(l.dispatches)), l.replays
	seen.Duplicates = l.effects - seen.Effects
	for _, o := range l.orders {
		seen.Overlaps += o.Overlaps
		seen.Backward += o.Backward
	}
	if !lists {
		return
	}
	seen.Dispatches = slices.Clone(l.dispatches)
	seen.Orders = make(map[string]Order, len(l.orders))
	for number, o := range l.orders {
		out := o.Order
		out.Lines, out.Effects = slices.Clone(out.Lines), slices.Clone(out.Effects)
		seen.Orders[number] = out
	}
}
