package pace

import "time"

// bookClock tells the book's time by this process's monotonic clock. Each turn says that the book's clock was read
// between two local instants; what all recent turns agree on is closer than any of them.
type bookClock struct {
	// base is a local instant that stands for 0.
	base time.Time
	// The book's clock is behind the local one by least to most.
	least, most time.Duration
	at          time.Time // of the last sample that made it tighter
}

const (
	// clockTrust is how long a tight sample stands. Quartz clocks run apart by some 50 µs a second at worst.
	clockTrust = 10 * time.Second
)

// hear takes in a reading of the book's clock.
func (c *bookClock) hear(book moment, before, after time.Time) {
	if c.base.IsZero() {
		c.base = before
	}
	read := time.Duration(book) * time.Microsecond
	// The book cuts to a microsecond: its time was up to one later.
	least, most := before.Sub(c.base)-read-time.Microsecond, after.Sub(c.base)-read
	if after.Sub(c.at) > clockTrust || least > c.most || most < c.least {
		// Old, or the clock was set.
		c.least, c.most, c.at = least, most, after
		return
	}
	c.least = max(c.least, least)
	if most < c.most {
		c.most, c.at = most, after
	}
}

// local is the earliest local instant at which the book's clock surely shows m.
func (c *bookClock) local(m moment) time.Time {
	return c.base.Add(time.Duration(m)*time.Microsecond + c.most)
}

// book is what the book's clock shows at a local instant, at least.
func (c *bookClock) book(t time.Time) moment {
	return moment((t.Sub(c.base) - c.most) / time.Microsecond)
}

// estimate follows a duration that varies, as TCP does with round trips: its mean and its mean deviation.
type estimate struct {
	mean, dev time.Duration
	known     bool
}

func (e *estimate) add(d time.Duration) {
	if !e.known {
		*e = estimate{d, d / 2, true}
		return
	}
	off := d - e.mean
	e.mean += off / 8
	e.dev += (max(off, -off) - e.dev) / 4
}

// most is what the duration rarely exceeds, within bounds.
func (e *estimate) most(least, most time.Duration) time.Duration {
	return min(max(e.mean+4*e.dev, least), most)
}
