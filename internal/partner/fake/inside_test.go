package fake

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var origin = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestTheRateSlides(t *testing.T) {
	t.Parallel()
	var l limiter
	b := &Behaviour{Rate: Rate{3, time.Second}}
	at := func(offset time.Duration) verdict { return l.admit(origin.Add(offset), origin.Add(offset), b) }
	for _, tt := range []struct {
		at, retry time.Duration // retry 0: let through
		remaining int
	}{
		{0, 0, 2},
		{400 * time.Millisecond, 0, 1},
		{900 * time.Millisecond, 0, 0},
		{950 * time.Millisecond, 50 * time.Millisecond, 0},
		{time.Second, 0, 0}, // the first has left the window
		{1001 * time.Millisecond, 399 * time.Millisecond, 0},
		{1400 * time.Millisecond, 0, 0},
		{1899 * time.Millisecond, time.Millisecond, 0},
		{2500 * time.Millisecond, 0, 2},
	} {
		v := at(tt.at)
		require.Equal(t, tt.retry, v.retry, tt.at)
		require.Equal(t, tt.retry == 0, v.refused == "", tt.at)
		require.Equal(t, tt.remaining, v.remaining, tt.at)
	}
	b = &Behaviour{Rate: Rate{1, time.Second}}
	require.Empty(t, at(2600*time.Millisecond).refused, "another rate begins anew")
}

func TestSpacingIsExact(t *testing.T) {
	t.Parallel()
	var s spacing
	require.Equal(t, Spacing{}, s.read(0))
	// 200 gaps: 1 of 94.99 ms, 1 of 95 ms, 196 of 100 ms, 2 of 3 s.
	gaps := []time.Duration{94_990 * time.Microsecond, 95 * time.Millisecond, 3 * time.Second, 3 * time.Second}
	for len(gaps) < 200 {
		gaps = append(gaps, 100*time.Millisecond)
	}
	rand.Shuffle(len(gaps), func(i, j int) { gaps[i], gaps[j] = gaps[j], gaps[i] })
	starts := []time.Time{origin}
	var sum time.Duration
	for _, g := range gaps {
		sum += g
		starts = append(starts, origin.Add(sum))
	}
	for i := 0; i+40 < len(starts); i += 40 { // as goroutines may take the lock
		part := starts[i : i+40]
		rand.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	for _, start := range starts {
		s.add(start)
	}
	for range 2 { // to read changes nothing
		got := s.read(95 * time.Millisecond)
		require.InDelta(t, millis(sum)/200, got.Mean, 1e-9)
		got.Mean = 0
		require.Equal(t, Spacing{Gaps: 200, Min: 94.99, P50: 100, P99: 100, Closer: 1, CloserThan: 95}, got)
	}
	require.EqualValues(t, 2, s.read(95_010*time.Microsecond).Closer)
	require.EqualValues(t, 200, s.read(time.Hour).Closer)
	s.add(origin.Add(sum + 3*time.Second))
	require.InDelta(t, 3000, s.read(0).P99, 1e-9)
}

func TestChanceIsFair(t *testing.T) {
	t.Parallel()
	hits, ofBoth, slow := 0, 0, 0
	b := &Behaviour{Latency: time.Millisecond, LatencyMax: 3 * time.Millisecond, SlowShare: 0.1, Slow: time.Second}
	const items = 20_000
	for i := range items {
		luck := chance{seed: 5, item: fmt.Sprint("item", i), attempt: 1}
		first := luck.hits("error", 0.25)
		luck.attempt = 2
		second := luck.hits("error", 0.25)
		if first {
			hits++
		}
		if first && second {
			ofBoth++
		}
		if d := luck.latency(b); d == time.Second {
			slow++
		} else {
			require.True(t, d >= time.Millisecond && d < 3*time.Millisecond, d)
		}
		require.False(t, luck.hits("error", 0))
		require.True(t, luck.hits("error", 1))
	}
	require.InDelta(t, 0.25, float64(hits)/items, 0.02)
	require.InDelta(t, 0.0625, float64(ofBoth)/items, 0.01, "attempts do not depend on one another")
	require.InDelta(t, 0.1, float64(slow)/items, 0.02)
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2"} {
		require.Equal(t, want, retryAfter(wait, origin, false), wait)
	}
	require.Equal(t, "Wed, 04 Mar 2026 12:00:01 GMT", retryAfter(time.Nanosecond, origin, true))
	require.Equal(t, "Wed, 04 Mar 2026 12:00:01 GMT", retryAfter(time.Second, origin, true))
}
