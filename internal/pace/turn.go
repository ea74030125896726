package pace

import (
	"cmp"
	"slices"
	"time"

	"github.com/longhaul/longhaul/job"
)

// visit is what a process brings to a turn.
type visit struct {
	holder string
	// number and news: news of a number are taken in once, however often the visit is made. A visit whose answer was
	// lost is made again with the same news; all else tells how things stand.
	number int64
	news   news
	// given counts the starts that it was given. The book may count more: those of turns whose answer was lost.
	given int64
	// inFlight counts the places that it goes on holding; those that it does not count come free.
	inFlight int
	// probe is the start of the probe that it holds; 0: none.
	probe moment
	// again counts callers that missed their start and have a place; places counts those that want both.
	again, places int
	// ready is how soon a caller who is given a place can start, againReady how soon one that has been.
	ready, againReady time.Duration
	// horizon is how far ahead starts are taken, at most maxHorizon.
	horizon time.Duration
}

// news is what happened in a process since its last turn.
type news struct {
	// heard are the reports of calls that ended, in their order.
	heard []heard
	// unused are starts that were given out and were not made.
	unused []start
	// late is the latest instant at which a call was really sent, where that was after its start.
	late moment
	// started counts starts that the process made from places that it kept, see [grant].
	started int64
}

func (n news) empty() bool {
	return len(n.heard) == 0 && len(n.unused) == 0 && n.late == 0 && n.started == 0
}

// heard is the report of a call.
type heard struct {
	at     moment // its start
	report Report
}

// start is an instant at which a call may start.
type start struct {
	at moment
	// prev is the start before, whoever made it.
	prev moment
	// spaced tells that an interval holds: the call has to start at that very instant, or not at all. Otherwise it may
	// start at any time after.
	spaced time.Duration
	probe  bool
}

// grant is what a process takes from a turn.
type grant struct {
	// again and places are starts for the first of those who wanted them.
	again, places []start
	// next is when more can be had, if not all wants were met; no promise. due tells that it is the instant of a start, so
	// that one has to come before.
	next moment
	due  bool
	// why says that the partner is the cause, until then; empty: pace or places.
	why   job.WaitWhy
	until moment
	// probed tells of an outage that a probe is on its way.
	probed bool
	// keep is how many places the process may pass on from call to call without a turn. It is 0 where each start counts:
	// with an interval, a quota, a partner that is out or wants patience.
	keep int
	// scarce tells that somebody may wait for places to come free.
	scarce bool
}

const (
	// placePoll is when to ask again for a place: those of other processes come free without a word.
	placePoll = 20 * time.Millisecond
	// probePoll is when to ask again while a probe is on its way.
	probePoll = 100 * time.Millisecond
)

// turn is the one step by which the state changes: it takes in what a process brings and gives out starts. Limits are
// those that hold, with the change.
func (s *State) turn(clock time.Time, l Limits, v visit) grant {
	now := momentOf(clock)
	s.settle(now, l)
	if known, ok := s.Holders[v.holder]; !ok || known.Visit != v.number {
		s.take(now, v)
	}
	if p := s.Breaker.Probe; p.At != 0 && p.Holder == v.holder && p.At != v.probe {
		s.Breaker.freeProbe(now)
	}
	s.renew(now, v)
	g := s.give(now, l, v)
	if n, places := len(g.again)+len(g.places), len(g.places); n > 0 {
		h := s.Holders[v.holder]
		h.InFlight, h.Wants, h.Got, h.Given = h.InFlight+places, h.Wants-places, now, h.Given+int64(n)
		s.Holders[v.holder] = h
	}
	return g
}

// take takes in news.
func (s *State) take(now moment, v visit) {
	for _, h := range v.news.heard {
		s.Breaker.hear(now, v.holder, h)
		s.cool(now, h)
		s.ease(now, h)
	}
	s.Starts += v.news.started
	s.Quota.Used += v.news.started
	// The latest first: a start can be given out anew as long as no later one has been.
	unused := slices.SortedFunc(slices.Values(v.news.unused), func(a, b start) int { return cmp.Compare(b.at, a.at) })
	for _, u := range unused {
		if s.Last == u.at {
			s.Last = u.prev
		}
		s.uncount(1, u.at)
	}
	s.Last = max(s.Last, min(v.news.late, now))
}

// uncount takes starts that were not made out of the count, and out of the quota if their day is not over.
func (s *State) uncount(n int64, at moment) {
	s.Starts -= n
	if at >= s.Quota.Since {
		s.Quota.Used -= n
	}
}

// renew notes what a process holds and wants, and renews its lease where that is due.
func (s *State) renew(now moment, v visit) {
	h, known := s.Holders[v.holder]
	if known && h.Given > v.given {
		s.uncount(h.Given-v.given, h.Got)
	}
	if v.inFlight == 0 && v.places == 0 && v.news.empty() {
		delete(s.Holders, v.holder)
		return
	}
	h.InFlight, h.Wants, h.Visit, h.Given = v.inFlight, v.places, v.number, v.given
	if !known || h.Until.sub(now) <= Lease-renewAfter {
		h.Until = now.add(Lease)
	}
	if s.Holders == nil {
		s.Holders = make(map[string]holder)
	}
	s.Holders[v.holder] = h
}

// give gives out starts, to those who have a place first.
func (s *State) give(now moment, l Limits, v visit) grant {
	var g grant
	free, share := l.maxInFlight()-s.inFlight(), s.share(now, l, v.holder)
	places := max(min(v.places, free, share-v.inFlight), 0)
	g.scarce = free <= places || s.othersWant(now, v.holder)
	if l.DailyQuota <= 0 && s.spacing(now, l) == 0 && !s.Breaker.open() && s.Cooling.Until <= now {
		g.keep = share
	}
	for i := range v.again + places {
		ready := v.againReady
		if i >= v.again {
			ready = v.ready
		}
		st, ok := s.start(now, l, now.add(ready), now.add(min(v.horizon, maxHorizon)), &g)
		if !ok {
			return g
		}
		if st.probe {
			s.Breaker.Probe = probe{v.holder, st.at}
		}
		if i < v.again {
			g.again = append(g.again, st)
		} else {
			g.places = append(g.places, st)
		}
	}
	if places < v.places && !s.held(now, l, &g) {
		g.next = now.add(placePoll)
		if next := s.next(now, l); s.spacing(now, l) > 0 && next > g.next {
			g.next, g.due = next, true // a place is of no use before
		}
	}
	if places == v.places && s.spacing(now, l) > 0 {
		g.next, g.due = s.next(now, l), true
	}
	return g
}

// start gives out one start between two instants, or tells in g why not.
func (s *State) start(now moment, l Limits, from, to moment, g *grant) (start, bool) {
	if s.held(now, l, g) {
		return start{}, false
	}
	spacing := s.spacing(now, l)
	at := now
	if spacing > 0 {
		at = max(s.next(now, l), from)
	}
	if at > to {
		g.next, g.due = at, true
		return start{}, false
	}
	if l.DailyQuota > 0 && at >= s.Quota.Reset {
		g.next = s.Quota.Reset
		return start{}, false
	}
	st := start{at: at, prev: s.Last, spaced: spacing, probe: s.Breaker.open()}
	if st.probe {
		s.Breaker.ProbeAt = now.add(s.Breaker.delay())
	}
	s.Last = at
	s.Starts++
	s.Quota.Used++
	return st, true
}

// held tells in g whether the partner holds everything up, for what and until when. Of several causes it is the one
// that lasts.
func (s *State) held(now moment, l Limits, g *grant) bool {
	g.why, g.until = "", 0
	hold := func(why job.WaitWhy, until moment) {
		if until > g.until {
			g.why, g.until, g.next = why, until, until
		}
	}
	if s.Breaker.open() {
		switch {
		case s.Breaker.Probe.At != 0:
			hold(job.WaitOutage, max(s.Breaker.ProbeAt, now.add(probeFirst)))
		case s.Breaker.ProbeAt > now:
			hold(job.WaitOutage, s.Breaker.ProbeAt)
		}
	}
	if s.Cooling.Until > now {
		hold(job.WaitCooling, s.Cooling.Until)
	}
	if l.DailyQuota > 0 && s.Quota.Used >= l.DailyQuota {
		hold(job.WaitQuota, s.Quota.Reset)
	}
	g.probed = g.why == job.WaitOutage && s.Breaker.Probe.At != 0
	if g.probed {
		g.next = now.add(probePoll)
	}
	return g.why != ""
}
