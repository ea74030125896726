package pace

import (
	"maps"
	"time"

	"github.com/longhaul/longhaul/job"
)

// State is what all processes know of an account. It is kept as JSON, a few hundred bytes. The zero value is that of an
// account that was never called.
//
// It changes by turns only, see turn.
type State struct {
	// Seen is the book's clock as of a turn not long ago. A clock that has gone back behind it takes all times of the
	// state along.
	Seen moment `json:"seen,omitempty"`
	// Last is the latest start that was given out. The next one is measured from it by the interval that holds then, so
	// that a changed interval holds at once.
	Last moment `json:"last,omitempty"`
	// Starts counts the calls ever started.
	Starts  int64             `json:"starts,omitempty"`
	Holders map[string]holder `json:"holders,omitempty"` // by process
	Cooling cooling           `json:"cooling,omitzero"`
	Eased   eased             `json:"eased,omitzero"`
	Breaker breaker           `json:"breaker,omitzero"`
	Quota   quota             `json:"quota,omitzero"`
}

// holder is a process that holds places in flight, or wants some.
type holder struct {
	InFlight int `json:"in_flight,omitempty"`
	Wants    int `json:"wants,omitempty"`
	// Until is when its lease ends: it is dead unless it has come again.
	Until moment `json:"until"`
	// Got is when it was last given a place: the others go first.
	Got moment `json:"got,omitempty"`
	// Visit numbers the last news that were taken in; Given counts the starts given since the first.
	Visit int64 `json:"visit,omitempty"`
	Given int64 `json:"given,omitempty"`
}

// quota counts the starts of a day, whether there is a limit or not.
type quota struct {
	Used  int64  `json:"used"`
	Since moment `json:"since"`
	Reset moment `json:"reset"`
}

const (
	// Lease is how long the places of a process stay its own without a word from it. A process whose database is away
	// for so long has to end its calls, see [Pass.Context]; one that dies blocks its places for so long.
	Lease = 10 * time.Second
	// renewAfter is the age at which a lease is renewed. Younger ones are left alone, so that a turn that only asks
	// changes nothing and need not be written.
	renewAfter = 500 * time.Millisecond
	// wantLife is how long a process counts as waiting without coming again. Longer than renewAfter, and than the second
	// after which a gate comes again at the latest; short, because places are kept free for it.
	wantLife = 2 * time.Second
	// clockSlack is how far the book's clock may go back without being taken for set back.
	clockSlack = 2 * time.Second
	// maxHorizon bounds how far ahead a start is given out, and so how far Last can lie in the future.
	maxHorizon = time.Second
	// maxCool bounds how long a partner can ask to be left alone: a header that says more is a mistake, and a job that
	// waits for a day is seen by people.
	maxCool = 24 * time.Hour
)

// settle brings the state up to now: what is over, ends.
func (s *State) settle(now moment, l Limits) {
	if s.Seen > now.add(clockSlack) {
		s.shift(now.sub(s.Seen))
	}
	if age := now.sub(s.Seen); age < 0 || age >= renewAfter {
		s.Seen = now
	}
	// What nobody could have written is the work of a clock that was ahead.
	s.Last = clamp(s.Last, now, maxHorizon)
	s.Cooling.Until = min(s.Cooling.Until, now.add(maxCool))
	s.Eased.Until = min(s.Eased.Until, now.add(maxCool))
	s.Breaker.ProbeAt = min(s.Breaker.ProbeAt, now.add(probeMost))
	for name, h := range s.Holders {
		if h.Until <= now {
			delete(s.Holders, name)
			continue
		}
		if most := now.add(Lease); h.Until > most {
			h.Until = most
			s.Holders[name] = h
		}
	}
	if _, alive := s.Holders[s.Breaker.Probe.Holder]; !alive && s.Breaker.Probe.At != 0 {
		s.Breaker.freeProbe(now)
	}
	s.settleQuota(now, l)
}

// settleQuota begins a day where one is due. A day that is under way ends when the limits say now, should they have
// changed, and what it has used stays used.
func (s *State) settleQuota(now moment, l Limits) {
	if s.Quota.Reset <= now {
		s.Quota = quota{Since: s.Quota.Reset}
		if s.Quota.Since == 0 {
			s.Quota.Since = now
		}
	}
	s.Quota.Reset = momentOf(l.nextReset(now.time()))
}

// shift moves all times by how far the clock was set. Those of the quota are the calendar's.
func (s *State) shift(by time.Duration) {
	for _, m := range []*moment{
		&s.Last, &s.Cooling.Since, &s.Cooling.Until, &s.Eased.At, &s.Eased.Until,
		&s.Breaker.Since, &s.Breaker.Closed, &s.Breaker.ProbeAt, &s.Breaker.Probe.At,
	} {
		if *m != 0 {
			*m = m.add(by)
		}
	}
	for name, h := range s.Holders {
		h.Until, h.Got = h.Until.add(by), h.Got.add(by)
		s.Holders[name] = h
	}
}

// inFlight counts the places of all processes that live.
func (s *State) inFlight() int {
	n := 0
	for _, h := range s.Holders {
		n += h.InFlight
	}
	return n
}

// Account is how the account stands, for people. Limits are those that hold, with the change.
func (s State) Account(now time.Time, partner string, l Limits) job.Account {
	at := momentOf(now)
	s.Holders = maps.Clone(s.Holders)
	s.settle(at, l)
	a := job.Account{
		Partner: partner, InFlight: s.inFlight(), MaxInFlight: l.maxInFlight(),
		Interval:  float64(s.interval(at, l)) / float64(time.Millisecond),
		QuotaUsed: s.Quota.Used, DailyQuota: max(l.DailyQuota, 0), Starts: s.Starts,
	}
	if s.Eased.Until > at && s.Eased.interval() > l.interval() {
		a.EasedUntil = s.Eased.Until.pointer()
	}
	if s.Cooling.Until > at {
		a.CoolingUntil = s.Cooling.Until.pointer()
	}
	if s.Breaker.open() {
		a.OpenSince, a.ProbeAt = s.Breaker.Since.pointer(), s.Breaker.ProbeAt.pointer()
	}
	if a.DailyQuota > 0 {
		a.QuotaReset = s.Quota.Reset.pointer()
	}
	return a
}
