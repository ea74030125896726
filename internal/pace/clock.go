package pace

import "time"

// bookClock tells the book's time by this process's monotonic clock. Each turn says that the book's clock was read
// between two local instants; what the turns of the last seconds agree on is closer than any of them.
type bookClock struct {
	// base is a local instant that stands for 0.
	base time.Time
	// recent is what the turns since at say, before what those of the time before that said.
	recent, before bounds
	at             time.Time
}

// bounds are by how much the book's clock is behind the local one, at least and at most.
type bounds struct{ least, most time.Duration }

// clockTrust is how long a reading counts, twice that at most. Quartz clocks run apart by 50 µs a second at worst.
const clockTrust = 5 * time.Second

// hear takes in a reading of the book's clock.
func (c *bookClock) hear(book moment, before, after time.Time) {
	if c.base.IsZero() {
		c.base = before
	}
	read := time.Duration(book) * time.Microsecond
	// The book cuts to a microsecond: it was up to one later.
	b := bounds{before.Sub(c.base) - read - time.Microsecond, after.Sub(c.base) - read}
	now := c.bounds()
	switch {
	case c.at.IsZero() || b.least > now.most || b.most < now.least: // the first, or the clock was set
		c.recent, c.before, c.at = b, b, after
	case after.Sub(c.at) > clockTrust:
		c.recent, c.before, c.at = b, c.recent, after
	default:
		c.recent = c.recent.and(b)
	}
}

func (c *bookClock) bounds() bounds { return c.recent.and(c.before) }

func (b bounds) and(o bounds) bounds { return bounds{max(b.least, o.least), min(b.most, o.most)} }

// local is the earliest local instant at which the book's clock surely shows m.
func (c *bookClock) local(m moment) time.Time {
	return c.base.Add(time.Duration(m)*time.Microsecond + c.bounds().most)
}

// book is what the book's clock shows at a local instant, at least.
func (c *bookClock) book(t time.Time) moment {
	return moment((t.Sub(c.base) - c.bounds().most) / time.Microsecond)
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

// usual is what the duration mostly does not exceed, within bounds.
func (e *estimate) usual(least, most time.Duration) time.Duration {
	return min(max(e.mean+e.dev, least), most)
}

// most is what the duration rarely exceeds, within bounds.
func (e *estimate) most(least, most time.Duration) time.Duration {
	return min(max(e.mean+4*e.dev, least), most)
}
