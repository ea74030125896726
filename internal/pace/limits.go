package pace

import (
	"cmp"
	"time"
)

// With gives the limits as a change leaves them.
func (l Limits) With(c Change) Limits {
	if c.MaxInFlight != nil {
		l.MaxInFlight = *c.MaxInFlight
	}
	if c.Interval != nil {
		l.Interval = *c.Interval
		if l.Interval <= 0 {
			l.Interval = -1 // zero would be the default
		}
	}
	if c.Rate != nil {
		l.Rate = *c.Rate
	}
	if c.DailyQuota != nil {
		l.DailyQuota = *c.DailyQuota
	}
	return l
}

func (l Limits) maxInFlight() int {
	if l.MaxInFlight <= 0 {
		return DefaultMaxInFlight
	}
	return l.MaxInFlight
}

// interval is the least time between two starts that the limits ask for; 0: none.
func (l Limits) interval() time.Duration {
	set := max(cmp.Or(l.Interval, DefaultInterval), 0)
	if l.Rate.Count <= 0 || l.Rate.Per <= 0 {
		return set
	}
	count := time.Duration(l.Rate.Count)
	return max(set, (l.Rate.Per+count-1)/count) // rounded up: 7 in a second are no closer than a seventh of it
}

// nextReset is the first instant after now at which a day of the quota begins. The time of day is read in Zone: a day
// with a change of the clocks has 23 or 25 hours, and a time that such a day leaves out comes an hour later.
func (l Limits) nextReset(now time.Time) time.Time {
	zone := l.Zone
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := now.In(zone).Date()
	for d := day - 1; ; d++ {
		reset := time.Date(year, month, d, 0, 0, int(l.QuotaReset/time.Second), int(l.QuotaReset%time.Second), zone)
		if reset.After(now) {
			return reset
		}
	}
}
