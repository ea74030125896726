package fake

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter keeps the limits of an account.
type limiter struct {
	mu       sync.Mutex
	rate     Rate
	starts   []time.Time // let through and still in the window of the rate
	inFlight int         // let through and not done yet
	used     int64       // of the day's quota
	next     time.Time   // when it resets
}

// verdict is what the limits say of a call.
type verdict struct {
	refused string // the limit that is met; empty: it may go on
	retry   time.Duration
	// Of the rate: calls left until one more is free again, in a time.
	rate      Rate
	remaining int
	reset     time.Duration
}

// retryInFlight is the least that Retry-After can say.
const retryInFlight = time.Second

// admit lets a call through that started at start, or says which limit it meets. What it lets through must be released.
func (l *limiter) admit(start, now time.Time, b *Behaviour) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turnDay(now, b)
	l.slide(start, b.Rate)
	v := verdict{rate: b.Rate}
	switch {
	case b.DailyQuota > 0 && l.used >= b.DailyQuota:
		v.refused, v.retry = classQuota, l.next.Sub(now)
	case b.MaxInFlight > 0 && l.inFlight >= b.MaxInFlight:
		v.refused, v.retry = classInFlight, retryInFlight
	case b.Rate.Count > 0 && len(l.starts) >= b.Rate.Count:
		v.refused, v.retry = classRate, l.starts[0].Add(b.Rate.Per).Sub(start)
	default:
		l.used++
		l.inFlight++
		if b.Rate.Count > 0 {
			l.starts = append(l.starts, start)
		}
	}
	if b.Rate.Count > 0 {
		v.remaining, v.reset = b.Rate.Count-len(l.starts), b.Rate.Per
		if len(l.starts) > 0 {
			v.reset = l.starts[0].Add(b.Rate.Per).Sub(start)
		}
	}
	return v
}

// turnDay begins a new day where the old one is over. Another reset time ends none: what was used stays so.
func (l *limiter) turnDay(now time.Time, b *Behaviour) {
	if !l.next.IsZero() && !now.Before(l.next) {
		l.used = 0
	}
	l.next = b.nextReset(now)
}

func (l *limiter) slide(start time.Time, rate Rate) {
	if l.rate != rate {
		l.rate, l.starts = rate, nil
	}
	gone := 0
	for gone < len(l.starts) && start.Sub(l.starts[gone]) >= rate.Per {
		gone++
	}
	l.starts = l.starts[gone:]
}

func (l *limiter) release() {
	l.mu.Lock()
	l.inFlight--
	l.mu.Unlock()
}

func (l *limiter) reset() {
	l.mu.Lock()
	l.starts, l.used, l.next = nil, 0, time.Time{}
	l.mu.Unlock()
}

func (l *limiter) quotaUsed() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// tell writes the headers that tell of the rate.
func (v verdict) tell(h http.Header, style HeaderStyle, now time.Time) {
	if v.rate.Count == 0 {
		return
	}
	limit, left := strconv.Itoa(v.rate.Count), strconv.Itoa(v.remaining)
	switch style {
	case HeadersIETF:
		h.Set("RateLimit-Policy", fmt.Sprintf(`"account";q=%s;w=%d`, limit, seconds(v.rate.Per)))
		h.Set("RateLimit", fmt.Sprintf(`"account";r=%s;t=%d`, left, seconds(v.reset)))
	case HeadersIETFFields:
		h.Set("RateLimit-Limit", limit)
		h.Set("RateLimit-Remaining", left)
		h.Set("RateLimit-Reset", strconv.FormatInt(seconds(v.reset), 10))
	case HeadersX:
		h.Set("X-RateLimit-Limit", limit)
		h.Set("X-RateLimit-Remaining", left)
		h.Set("X-RateLimit-Reset", strconv.FormatInt(whole(now.Add(v.reset)).Unix(), 10))
	case HeadersShopify:
		h.Set("X-Shopify-Shop-Api-Call-Limit", strconv.Itoa(v.rate.Count-v.remaining)+"/"+limit)
	}
}

// retryAfter is rounded up, so that who keeps to it comes late enough.
func retryAfter(wait time.Duration, now time.Time, asDate bool) string {
	if asDate {
		return whole(now.Add(wait)).UTC().Format(http.TimeFormat)
	}
	return strconv.FormatInt(seconds(wait), 10)
}

func seconds(d time.Duration) int64 { return max(1, int64(math.Ceil(d.Seconds()))) }

// whole is the next whole second.
func whole(t time.Time) time.Time { return t.Add(time.Second - 1).Truncate(time.Second) }
