package fake

import (
	"maps"
	"slices"
	"time"
)

// Spacing is the time between the starts of two calls that follow one another, in milliseconds.
type Spacing struct {
	// Gaps is how many there were. Min and mean are exact, percentiles to 10 µs below a second and to 10 ms above.
	Gaps int64   `json:"gaps"`
	Min  float64 `json:"min_ms"`
	Mean float64 `json:"mean_ms"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	// Closer counts those below CloserThan, which is exact for multiples of 10 µs up to a second.
	Closer     int64   `json:"closer"`
	CloserThan float64 `json:"closer_than_ms,omitempty"`
}

// The steps of the histogram. Gaps of a second and more are few: each takes its time to come about.
const (
	fineStep   = 10 * time.Microsecond
	coarseStep = 10 * time.Millisecond
)

// unsettled is how many starts are kept apart until their order is certain: the calls' goroutines take the time first
// and the lock then, and may do the latter in another order. No more than that many do so at a time.
const unsettled = 64

// spacing gathers gaps between starts.
type spacing struct {
	recent  []time.Time // in order
	settled time.Time   // the start before recent
	gaps    int64
	sum     time.Duration
	min     time.Duration
	counts  map[time.Duration]int64 // by the gap rounded down to its step
}

func (s *spacing) add(start time.Time) {
	at := len(s.recent)
	for at > 0 && start.Before(s.recent[at-1]) {
		at--
	}
	s.recent = slices.Insert(s.recent, at, start)
	if len(s.recent) > unsettled {
		s.settle(s.recent[0])
		s.recent = slices.Delete(s.recent, 0, 1)
	}
}

func (s *spacing) settle(start time.Time) {
	if !s.settled.IsZero() {
		gap := max(0, start.Sub(s.settled))
		if s.gaps == 0 || gap < s.min {
			s.min = gap
		}
		s.gaps++
		s.sum += gap
		if s.counts == nil {
			s.counts = map[time.Duration]int64{}
		}
		s.counts[step(gap)]++
	}
	s.settled = start
}

func step(gap time.Duration) time.Duration {
	if gap < time.Second {
		return gap.Truncate(fineStep)
	}
	return gap.Truncate(coarseStep)
}

// read counts the starts that are kept apart too, and leaves them there.
func (s *spacing) read(closerThan time.Duration) Spacing {
	all := *s
	all.counts = maps.Clone(s.counts)
	for _, start := range s.recent {
		all.settle(start)
	}
	out := Spacing{Gaps: all.gaps, Min: millis(all.min), CloserThan: millis(closerThan)}
	if all.gaps == 0 {
		return out
	}
	out.Mean = millis(all.sum) / float64(all.gaps)
	var below int64
	p50, p99 := (all.gaps+1)/2, (all.gaps*99+99)/100
	for _, gap := range slices.Sorted(maps.Keys(all.counts)) {
		n := all.counts[gap]
		if gap < closerThan {
			out.Closer += n
		}
		if below < p50 && p50 <= below+n {
			out.P50 = millis(gap)
		}
		if below < p99 && p99 <= below+n {
			out.P99 = millis(gap)
		}
		below += n
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
