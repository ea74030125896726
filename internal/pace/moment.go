package pace

import "time"

// moment is an instant of the book's clock in microseconds since 1970, which is what both databases keep; 0 is none.
type moment int64

func momentOf(t time.Time) moment { return moment(t.UnixMicro()) }

func (m moment) time() time.Time { return time.UnixMicro(int64(m)).UTC() }

func (m moment) pointer() *time.Time {
	t := m.time()
	return &t
}

// add rounds up: what must not be too early is not.
func (m moment) add(d time.Duration) moment {
	if d > 0 {
		d += time.Microsecond - 1
	}
	return m + moment(d/time.Microsecond)
}

func (m moment) sub(o moment) time.Duration { return time.Duration(m-o) * time.Microsecond }

// clamp gives now in place of a moment further ahead than most.
func clamp(m, now moment, most time.Duration) moment {
	if m > now.add(most) {
		return now
	}
	return m
}
