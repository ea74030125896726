package partner

import (
	"cmp"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
)

// maxPatience bounds what a partner's headers can make us wait; after a day one looks again.
const maxPatience = 24 * time.Hour

// readHint reads what a partner says about its limits. What cannot be understood says nothing. Of several limits it
// returns the one of which the least is left.
func readHint(h http.Header, status int, now time.Time) pace.Hint {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		now = at // of the clock by which the partner's other dates were made
	}
	var tightest pace.Hint
	for _, read := range families {
		for _, hint := range read(h, now) {
			if hint.Window > 0 && (tightest.Window == 0 || tighter(hint, tightest)) {
				tightest = hint
			}
		}
	}
	if status != http.StatusAccepted { // there it says when to ask for the result, and of no limit
		tightest.CoolFor = retryAfter(h, now)
	}
	return tightest
}

// families are the ways in which partners tell their limits. Amazon's x-amzn-RateLimit-Limit is not among them: it tells
// how fast a bucket of unknown size is filled, and nothing of what is left in it.
var families = []func(h http.Header, now time.Time) []pace.Hint{structured, rateLimit, callLimit}

// tighter tells whether less is left of a, as a part of its limit, or for longer.
func tighter(a, b pace.Hint) bool {
	if order := cmp.Compare(left(a), left(b)); order != 0 {
		return order < 0
	}
	return a.Window > b.Window
}

func left(h pace.Hint) float64 {
	const usual = 100
	limit := cmp.Or(h.Limit, usual) // where it is not told
	return float64(h.Remaining) / float64(max(limit, h.Remaining))
}

// retryAfter reads seconds, also with decimals, or a date. Of several the longest holds.
func retryAfter(h http.Header, now time.Time) time.Duration {
	var longest time.Duration
	for _, value := range h["Retry-After"] {
		value = strings.TrimSpace(value)
		if seconds, ok := number(value); ok {
			longest = max(longest, bounded(seconds))
		} else if at, err := http.ParseTime(value); err == nil {
			longest = max(longest, min(at.Sub(now), maxPatience))
		}
	}
	return longest
}

// rateLimit reads the three headers of old: X-RateLimit-Limit, -Remaining and -Reset, which have several spellings.
func rateLimit(h http.Header, now time.Time) []pace.Hint {
	var all []pace.Hint
	for _, prefix := range []string{"Ratelimit-", "X-Ratelimit-", "X-Rate-Limit-"} {
		remaining, ok := count(first(h, prefix+"Remaining"))
		if !ok {
			continue
		}
		limit, _ := count(first(h, prefix+"Limit"))
		window := reset(first(h, prefix+"Reset"), now)
		if after, ok := number(first(h, prefix+"Reset-After")); ok {
			window = bounded(after)
		}
		if window > 0 {
			all = append(all, pace.Hint{Remaining: remaining, Limit: limit, Window: window})
		}
	}
	return all
}

// first is the first of the values in a header: "100, 100;w=60" says 100.
func first(h http.Header, name string) string {
	value, _, _ := strings.Cut(h.Get(name), ",")
	value, _, _ = strings.Cut(value, ";")
	return strings.TrimSpace(value)
}

const (
	// longestReset: what is longer in seconds is no time to wait. A month's quota is reset within 31 days.
	longestReset = 31 * 24 * 60 * 60
	// Numbers from here on are times since 1970: seconds, from 2001 on, and milliseconds.
	epochSeconds = 1e9
	epochMillis  = 1e12
	epochEnd     = 1e13
)

// reset tells how long a window still is, from seconds, a Unix time in seconds or milliseconds, or a date.
func reset(value string, now time.Time) time.Duration {
	n, ok := number(value)
	switch {
	case !ok:
		at, err := http.ParseTime(value)
		if err != nil {
			at, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			return 0
		}
		return min(max(at.Sub(now), 0), maxPatience)
	case n <= longestReset:
		return bounded(n)
	case n < epochSeconds || n >= epochEnd:
		return 0
	case n >= epochMillis:
		n /= 1000
	}
	return bounded(n - float64(now.UnixMilli())/1000)
}

// callLimit reads Shopify's bucket, 39/40, which empties in 20 seconds.
func callLimit(h http.Header, _ time.Time) []pace.Hint {
	const empties = 20 * time.Second
	left, right, _ := strings.Cut(h.Get("X-Shopify-Shop-Api-Call-Limit"), "/")
	used, ok1 := count(strings.TrimSpace(left))
	limit, ok2 := count(strings.TrimSpace(right))
	if !ok1 || !ok2 || limit == 0 {
		return nil
	}
	used = min(used, limit)
	window := time.Duration(float64(empties) * float64(used) / float64(limit))
	if window <= 0 {
		return nil
	}
	return []pace.Hint{{Remaining: limit - used, Limit: limit, Window: window}}
}

var plainNumber = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{0,9})?$`)

// number reads a plain decimal number: no sign, no exponent, no words such as Inf.
func number(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if !plainNumber.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// count reads a number of calls; decimals, as token buckets have them, are cut off.
func count(s string) (int64, bool) {
	n, ok := number(s)
	return int64(n), ok
}

// bounded makes a duration of seconds.
func bounded(seconds float64) time.Duration {
	if seconds >= maxPatience.Seconds() {
		return maxPatience
	}
	return time.Duration(max(seconds, 0) * float64(time.Second))
}
