package pace

import (
	"cmp"
	"slices"
	"time"
)

// interval is the least time between two starts that holds now, as set and as the partner asks for; 0: none.
func (s *State) interval(now moment, l Limits) time.Duration {
	if s.Eased.Until > now {
		return max(l.interval(), s.Eased.interval())
	}
	return l.interval()
}

const (
	// A start is late by what the timer, the scheduler and the network make of it, and the next one may be on time. The
	// guard is added to the interval so that two arrivals keep it all the same, nearly: one part in guardPart, and no
	// more than guardMost, because that lateness does not grow with the interval.
	guardPart = 100
	guardMost = 5 * time.Millisecond
)

func guarded(interval time.Duration) time.Duration {
	return interval + min(interval/guardPart, guardMost)
}

// spacing is the interval with its guard.
func (s *State) spacing(now moment, l Limits) time.Duration { return guarded(s.interval(now, l)) }

// next is the earliest instant of the next start, by the intervals that hold until then.
func (s *State) next(now moment, l Limits) moment {
	if s.Last == 0 {
		return now
	}
	next := s.Last.add(guarded(l.interval()))
	if s.Eased.Until > now {
		next = max(next, min(s.Last.add(guarded(s.Eased.interval())), s.Eased.Until))
	}
	return next
}

// wants tells how many places a process would like to hold. One that waits and has not come for a while may have
// died; what it holds stays its own, and what it wants is not kept for it.
func (h holder) wants(now moment) int {
	if h.Until.sub(now) < Lease-wantLife {
		return h.InFlight
	}
	return h.InFlight + h.Wants
}

func (s *State) othersWant(now moment, name string) bool {
	for other, h := range s.Holders {
		if other != name && h.wants(now) > h.InFlight {
			return true
		}
	}
	return false
}

// share is how many places a process may hold while others want some too: all get the same, but for those who want
// less. Without it a process that frees a place and asks for one in the same turn would have it for ever. What does not
// divide goes to those who have waited longest.
func (s *State) share(now moment, l Limits, name string) int {
	type claim struct {
		name  string
		wants int
		got   moment
	}
	claims := make([]claim, 0, len(s.Holders))
	for n, h := range s.Holders {
		if w := h.wants(now); w > 0 {
			claims = append(claims, claim{n, w, h.Got})
		}
	}
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Or(cmp.Compare(a.wants, b.wants), cmp.Compare(a.name, b.name)) })
	left := l.maxInFlight()
	for len(claims) > 0 && claims[0].wants <= left/len(claims) {
		if claims[0].name == name {
			return claims[0].wants
		}
		left -= claims[0].wants
		claims = claims[1:]
	}
	if len(claims) == 0 {
		return 0
	}
	level, over := left/len(claims), left%len(claims)
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Or(cmp.Compare(a.got, b.got), cmp.Compare(a.name, b.name)) })
	for i, c := range claims {
		if c.name == name && i < over {
			return level + 1
		}
		if c.name == name {
			return level
		}
	}
	return 0
}
