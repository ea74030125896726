package starter

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/job"
)

// The bounds of a rate; beyond them lies a slip of the finger.
const (
	maxRateCount = 1_000_000
	maxRatePer   = 24 * time.Hour // more is a quota's
)

// readLimits checks a change.
func readLimits(l job.PartnerLimits) (pace.Change, error) {
	var c pace.Change
	var wrong []job.FieldError
	report := func(pointer, format string, args ...any) {
		wrong = append(wrong, job.FieldError{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	if n := l.MaxInFlight; n != nil {
		if *n < 1 || *n > partner.MaxInFlight {
			report("/max_in_flight", "must be from 1 to %d", partner.MaxInFlight)
		}
		c.MaxInFlight = n
	}
	if ms := l.IntervalMillis; ms != nil {
		most := float64(partner.MaxInterval / time.Millisecond)
		if !(*ms >= 0 && *ms <= most) { // not a number is not either
			report("/interval_ms", "must be from 0 (none) to %.0f", most)
		} else {
			interval := time.Duration(*ms * float64(time.Millisecond))
			c.Interval = &interval
		}
	}
	if l.Rate != nil {
		rate, err := parseRate(*l.Rate)
		if err != nil {
			report("/rate", "%v", err)
		}
		c.Rate = &rate
	}
	if n := l.DailyQuota; n != nil {
		if *n < 0 {
			report("/daily_quota", "must be 0 (none) or more")
		}
		c.DailyQuota = n
	}
	if ms := l.TimeoutMillis; ms != nil {
		least, most := partner.MinTimeout.Milliseconds(), partner.MaxTimeout.Milliseconds()
		if *ms < least || *ms > most {
			report("/timeout_ms", "must be from %d to %d", least, most)
		} else {
			timeout := time.Duration(*ms) * time.Millisecond
			c.Timeout = &timeout
		}
	}
	if len(wrong) > 0 {
		return pace.Change{}, job.Invalid(wrong...)
	}
	return c, nil
}

// amend adds what a later change says to an earlier one.
func amend(c *pace.Change, later pace.Change) {
	c.MaxInFlight = cmp.Or(later.MaxInFlight, c.MaxInFlight)
	c.Interval = cmp.Or(later.Interval, c.Interval)
	c.Rate = cmp.Or(later.Rate, c.Rate)
	c.DailyQuota = cmp.Or(later.DailyQuota, c.DailyQuota)
	c.Timeout = cmp.Or(later.Timeout, c.Timeout)
}

// parseRate reads so many in a time: 600/1m, 5/s; 0 is none.
func parseRate(text string) (pace.Rate, error) {
	if text == "0" {
		return pace.Rate{}, nil
	}
	wrong := fmt.Errorf("must be a number of starts and a time, such as 600/1m or 5/1s, or 0 for none")
	count, per, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	if !ok || err != nil {
		return pace.Rate{}, wrong
	}
	if per == "s" || per == "m" || per == "h" {
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	switch {
	case err != nil:
		return pace.Rate{}, wrong
	case n < 1 || n > maxRateCount:
		return pace.Rate{}, fmt.Errorf("the number of starts must be from 1 to %d, or the rate 0 for none", maxRateCount)
	case d < time.Millisecond || d > maxRatePer:
		return pace.Rate{}, fmt.Errorf("the time must be from 1ms to 24h")
	}
	return pace.Rate{Count: n, Per: d}, nil
}

// shownLimits are the limits of a partner's settings, with their defaults.
func shownLimits(p partner.Settings) job.PartnerLimits {
	l := p.Limits
	if l.MaxInFlight == 0 {
		l.MaxInFlight = pace.DefaultMaxInFlight
	}
	if l.Interval == 0 {
		l.Interval = pace.DefaultInterval
	}
	l.Interval = max(l.Interval, 0) // negative: none
	if p.Timeout == 0 {
		p.Timeout = partner.DefaultTimeout
	}
	return *shownChange(pace.Change{
		MaxInFlight: &l.MaxInFlight, Interval: &l.Interval, Rate: &l.Rate, DailyQuota: &l.DailyQuota, Timeout: &p.Timeout,
	})
}

// shownChange is a change as people see it; nil where nothing is changed.
func shownChange(c pace.Change) *job.PartnerLimits {
	if c == (pace.Change{}) {
		return nil
	}
	l := job.PartnerLimits{MaxInFlight: c.MaxInFlight, DailyQuota: c.DailyQuota}
	if c.Interval != nil {
		ms := float64(*c.Interval) / float64(time.Millisecond)
		l.IntervalMillis = &ms
	}
	if c.Rate != nil {
		rate := shownRate(*c.Rate)
		l.Rate = &rate
	}
	if c.Timeout != nil {
		ms := c.Timeout.Milliseconds()
		l.TimeoutMillis = &ms
	}
	return &l
}

// shownRate writes what parseRate reads, as short as it goes: 600/1m, not 600/1m0s.
func shownRate(r pace.Rate) string {
	if r.Count <= 0 || r.Per <= 0 {
		return "0"
	}
	per := r.Per.String()
	if r.Per%time.Minute == 0 {
		per = strings.TrimSuffix(per, "0s")
	}
	if r.Per%time.Hour == 0 {
		per = strings.TrimSuffix(per, "0m")
	}
	return strconv.Itoa(r.Count) + "/" + per
}
