package pace

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// world is an account with processes that come and go at random. It checks the promises at every turn.
type world struct {
	t      *testing.T
	r      *rand.Rand
	now    time.Time
	state  State
	limits Limits
	names  int
	alive  []*process
	// made are the starts that were given out and not given back.
	made   []start
	perDay map[time.Time]int64
	ill    float64
	opened int
	held   map[job.WaitWhy]int
}

// process is one that keeps its side of the bargain: it tells what it holds, and ends its calls when its lease does.
type process struct {
	visit  visit
	starts []start
	last   time.Time
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 3)), now: time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC),
		perDay: make(map[time.Time]int64), held: make(map[job.WaitWhy]int),
	}
	berlin, err := time.LoadLocation("Europe/Berlin") // whose clocks go forward in the night after
	require.NoError(t, err)
	w.limits = Limits{MaxInFlight: 1 + w.r.IntN(12), Interval: w.upTo(300 * time.Millisecond), Zone: berlin, QuotaReset: w.upTo(24 * time.Hour)}
	switch w.r.IntN(4) {
	case 0:
		w.limits.Interval = -1
	case 1:
		w.limits.Rate = Rate{Count: 1 + w.r.IntN(100), Per: time.Minute}
	}
	if w.r.IntN(2) == 0 {
		w.limits.DailyQuota = 1 + w.r.Int64N(300)
	}
	return w
}

func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.r.Int64N(int64(d))) }

func (w *world) step() {
	w.now = w.now.Add(w.upTo(200 * time.Millisecond))
	switch n := w.r.IntN(1000); {
	case n < 1:
		w.now = w.now.Add(w.upTo(5 * time.Hour))
	case n < 5:
		w.now = w.now.Add(w.upTo(30 * time.Second))
	case n < 10:
		w.limits.MaxInFlight = 1 + w.r.IntN(12)
	case n < 15:
		w.ill = []float64{0, 0, 0.2, 1}[w.r.IntN(4)]
	}
	switch n := w.r.IntN(100); {
	case n < 3 || len(w.alive) == 0:
		w.names++
		w.alive = append(w.alive, &process{visit: visit{holder: fmt.Sprint("p", w.names)}})
	case n < 5: // it is killed
		i := w.r.IntN(len(w.alive))
		w.alive = slices.Delete(w.alive, i, i+1)
	default:
		w.turn(w.alive[w.r.IntN(len(w.alive))])
	}
}

// turn has a process bring something and takes what it gets.
func (w *world) turn(p *process) {
	v := &p.visit
	if w.now.Sub(p.last) > Lease-renewAfter { // its lease may have ended, so it has ended its calls
		for _, st := range p.starts {
			w.report(p, st, Report{Verdict: Unknown})
		}
		p.starts = nil
	}
	p.starts = slices.DeleteFunc(p.starts, func(st start) bool {
		switch n := w.r.IntN(10); {
		case n < 5:
			return false
		case n == 5:
			v.news.unused = append(v.news.unused, st)
			i := slices.Index(w.made, st)
			w.made = slices.Delete(w.made, i, i+1)
			w.perDay[w.day(st)]--
		default:
			w.report(p, st, w.verdict())
		}
		return true
	})
	v.probe = 0
	for _, st := range p.starts {
		if st.probe {
			v.probe = st.at
		}
	}
	v.number++
	v.inFlight, v.places = len(p.starts), w.r.IntN(6)
	v.ready, v.horizon = w.upTo(5*time.Millisecond), 30*time.Millisecond
	wasOpen := w.state.Breaker.open()
	g := w.state.turn(w.now, w.limits, *v)
	p.last, v.news = w.now, news{}
	v.given += int64(len(g.places))
	w.check(p, g, wasOpen)
	w.keep()
}

// report notes what came of a call.
func (w *world) report(p *process, st start, r Report) {
	p.visit.news.heard = append(p.visit.news.heard, heard{st.at, r})
}

func (w *world) verdict() Report {
	switch n := w.r.IntN(50); {
	case w.r.Float64() < w.ill:
		return Report{Verdict: Out}
	case n == 0:
		return Report{Verdict: Throttled, Hint: Hint{CoolFor: w.upTo(20*time.Second) * time.Duration(w.r.IntN(2))}}
	case n == 1:
		return Report{Hint: Hint{Remaining: w.r.Int64N(100), Limit: 100 * w.r.Int64N(2), Window: w.upTo(time.Minute)}}
	case n == 2:
		return Report{Verdict: Unknown}
	}
	return Report{}
}

func (w *world) day(st start) time.Time { return w.limits.nextReset(st.at.time()) }

func (w *world) check(p *process, g grant, wasOpen bool) {
	p.starts = append(p.starts, g.places...)
	inFlight, probes := 0, 0
	for _, o := range w.alive {
		for _, st := range o.starts {
			if w.now.Sub(o.last) >= Lease-renewAfter {
				continue // it has ended its calls
			}
			inFlight++
			if st.probe {
				probes++
			}
		}
	}
	require.LessOrEqual(w.t, probes, 1)
	if len(g.places) > 0 {
		require.LessOrEqual(w.t, inFlight, w.limits.MaxInFlight)
		require.LessOrEqual(w.t, w.state.Cooling.Until, momentOf(w.now), "nothing starts while the partner cools")
	}
	for _, st := range g.places {
		require.GreaterOrEqual(w.t, st.at, momentOf(w.now))
		if n := len(w.made); n > 0 {
			require.GreaterOrEqual(w.t, st.at.sub(w.made[n-1].at), w.limits.interval())
		}
		w.made = append(w.made, st)
		w.perDay[w.day(st)]++
		if w.limits.DailyQuota > 0 {
			require.LessOrEqual(w.t, w.perDay[w.day(st)], w.limits.DailyQuota)
		}
		require.Equal(w.t, w.state.Breaker.open(), st.probe, "while it is open all that starts is a probe")
	}
	if w.state.Breaker.open() && !wasOpen {
		w.opened++
	}
	w.held[g.why]++
	if g.places == nil && p.visit.places > 0 {
		require.NotZero(w.t, g.next, "who gets nothing is told when to come again")
	}
}

// keep writes the state down and reads it again.
func (w *world) keep() {
	text, err := json.Marshal(&w.state)
	require.NoError(w.t, err)
	require.Less(w.t, len(text), 4000)
	w.state = State{}
	require.NoError(w.t, json.Unmarshal(text, &w.state))
}

// requireAlive checks that somebody who comes when told to gets a start, even if all others are dead.
func (w *world) requireAlive() {
	text, err := json.Marshal(&w.state)
	require.NoError(w.t, err)
	var s State
	require.NoError(w.t, json.Unmarshal(text, &s))
	now := w.now
	for range 2000 {
		g := s.turn(now, w.limits, visit{holder: "last", places: 1, horizon: time.Millisecond})
		if len(g.places) > 0 {
			return
		}
		require.NotZero(w.t, g.next)
		now = later(now.Add(time.Millisecond), g.next.time())
		require.Less(w.t, now.Sub(w.now), 25*time.Hour)
	}
	w.t.Fatalf("nothing starts: %+v", s)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestStateKeepsItsPromisesAtRandom(t *testing.T) {
	t.Parallel()
	held, opened, made := make(map[job.WaitWhy]int), 0, 0
	for seed := range uint64(8) {
		w := newWorld(t, seed)
		for i := range 2000 {
			w.step()
			if i%200 == 0 {
				w.requireAlive()
			}
		}
		for why, n := range w.held {
			held[why] += n
		}
		opened += w.opened
		made += len(w.made)
	}
	t.Logf("%d starts, opened %d times, held %v", made, opened, held)
	require.Greater(t, opened, 5, "the breaker is part of what is tried")
	for _, why := range []job.WaitWhy{job.WaitCooling, job.WaitOutage, job.WaitQuota} {
		require.Greater(t, held[why], 100)
	}
}
