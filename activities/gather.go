package activities

import (
	"sync"
	"time"
)

// gather joins deeds that come at the same time into one: what comes while one is being done waits, and is done together
// by the next. A deed that comes alone is done at once. The zero value, with do, is ready.
type gather[T, R any] struct {
	// do does several deeds as one.
	do func([]T) (R, error)
	// most bounds how many are done together; 0: all that wait.
	most int
	// apart is how long after the end of one the next may begin: where deeds keep coming, more are done together. One that
	// comes after a longer rest is done at once.
	apart time.Duration

	mu      sync.Mutex
	busy    bool
	ended   time.Time // the last one
	waiting []*gathered[T, R]
}

// gathered are the deeds of one caller.
type gathered[T, R any] struct {
	deeds  []T
	result R
	err    error
	// turn says true when the deeds are done, and false when it is on this caller to do those that wait.
	turn chan bool
}

// add does deeds, together with others, and returns what came of all of them.
func (g *gather[T, R]) add(deeds []T) (R, error) {
	own := &gathered[T, R]{deeds: deeds, turn: make(chan bool, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, own)
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead || !<-own.turn {
		g.lead(own)
	}
	return own.result, own.err
}

// lead does what waits, and hands the lead to the first of those that have come meanwhile. Its own deeds are the first
// that wait.
func (g *gather[T, R]) lead(own *gathered[T, R]) {
	time.Sleep(g.rest())
	g.mu.Lock()
	n, size := 0, 0
	for n < len(g.waiting) && (n == 0 || g.most == 0 || size+len(g.waiting[n].deeds) <= g.most) {
		size += len(g.waiting[n].deeds)
		n++
	}
	group := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	g.mu.Unlock()

	all := make([]T, 0, size)
	for _, each := range group {
		all = append(all, each.deeds...)
	}
	result, err := g.do(all)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = time.Now()
	for _, each := range group {
		each.result, each.err = result, err
		if each != own {
			each.turn <- true
		}
	}
	if len(g.waiting) == 0 {
		g.busy, g.waiting = false, nil
		return
	}
	g.waiting[0].turn <- false
}

// rest is how long the next group is to wait; zero or less: it is not.
func (g *gather[T, R]) rest() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.apart - time.Since(g.ended)
}
