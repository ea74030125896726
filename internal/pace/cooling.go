package pace

import "time"

// cooling is a time in which nothing is started because the partner asked for patience. It stays known after its end.
type cooling struct {
	Since moment `json:"since,omitempty"`
	Until moment `json:"until,omitempty"`
	// Throttled counts the times in a row that the partner refused calls without saying for how long.
	Throttled int `json:"throttled,omitempty"`
}

// eased is a longer interval for as long as a window of the partner's limit lasts.
type eased struct {
	Micros int64  `json:"interval,omitempty"`
	Until  moment `json:"until,omitempty"`
	At     moment `json:"at,omitempty"` // the start of the call that told
}

const (
	// throttledFirst and throttledMost bound how long a partner that says nothing is left alone; windows of rate limits
	// are a second or a minute as a rule.
	throttledFirst = time.Second
	throttledMost  = time.Minute
	// fewLeft is when to ease where a partner does not tell its limit: enough to absorb what is in flight by default,
	// twice.
	fewLeft = 2 * DefaultMaxInFlight
)

func (e eased) interval() time.Duration { return time.Duration(e.Micros) * time.Microsecond }

// cool takes in what a call says about being called too often.
func (s *State) cool(now moment, h heard) {
	hint := h.report.Hint
	// Calls that started before the last cooling was over tell of what led to it.
	after := h.at >= s.Cooling.Until
	switch {
	case hint.CoolFor > 0:
		s.coolFor(now, hint.CoolFor)
	case hint.Window > 0 && hint.Remaining <= 0:
		s.coolFor(now, hint.Window)
	case h.report.Verdict == Throttled && after:
		s.coolFor(now, backOff(throttledFirst, throttledMost, s.Cooling.Throttled))
		s.Cooling.Throttled++
	case h.report.Verdict == Answered && after:
		s.Cooling.Throttled = 0
	}
}

func (s *State) coolFor(now moment, d time.Duration) {
	until := now.add(min(d, maxCool))
	if until <= s.Cooling.Until {
		return
	}
	if s.Cooling.Until <= now {
		s.Cooling.Since = now
	}
	s.Cooling.Until = until
}

// ease spaces calls out when less than half of the partner's limit is left, so that what is left lasts for the window.
// Nothing left is for cool.
func (s *State) ease(now moment, h heard) {
	hint := h.report.Hint
	if hint.Window <= 0 || hint.Remaining <= 0 || h.at < s.Eased.At {
		return
	}
	near := hint.Remaining < fewLeft
	if hint.Limit > 0 {
		near = hint.Remaining < (hint.Limit+1)/2
	}
	window := min(hint.Window, maxCool)
	switch {
	case near:
		s.Eased = eased{(window / time.Duration(hint.Remaining+1)).Microseconds(), now.add(window), h.at}
	case s.Eased.Until > now:
		s.Eased = eased{At: h.at}
	}
}
