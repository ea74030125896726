package fake_test

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

// clock is a wall clock that stands.
type clock struct{ atomic.Pointer[time.Time] }

func clockAt(t time.Time) *clock {
	c := &clock{}
	c.Store(&t)
	return c
}

func (c *clock) Now() time.Time { return *c.Load() }

func (c *clock) forward(d time.Duration) {
	next := c.Now().Add(d)
	c.Store(&next)
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestRate(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Rate: fake.Rate{Count: 2, Per: time.Hour}})
	for range 2 {
		require.Equal(t, http.StatusOK, g.get("/trackings/cj/1").status)
	}
	turnedAway := g.send("k", "A", 1)
	require.Equal(t, http.StatusTooManyRequests, turnedAway.status)
	require.Equal(t, "too many calls", turnedAway.get(t, "message"))
	wait, err := strconv.Atoi(turnedAway.header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, wait)
	require.LessOrEqual(t, wait, 3600)

	seen := g.Seen()
	require.Equal(t, map[string]int64{"200": 2, "rate": 1}, seen.Answers)
	require.Zero(t, seen.Effects)
	require.Equal(t, []string{"1"}, seen.Orders["A"].Lines, "it came, even so")
	require.EqualValues(t, 2, seen.QuotaUsed)
	g.Reset()
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status)
}

func TestRetryAfterAsADate(t *testing.T) {
	t.Parallel()
	at := clockAt(noon.Add(time.Millisecond))
	g := runWith(t, fake.Options{Now: at.Now, Behaviour: fake.Behaviour{DailyQuota: 1, RetryAfterDate: true, QuotaReset: noon.Add(5 * time.Second)}})
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status)
	require.Equal(t, "Wed, 04 Mar 2026 12:00:05 GMT", g.send("l", "A", 2).header.Get("Retry-After"))
}

func TestRateHeaders(t *testing.T) {
	t.Parallel()
	at := clockAt(noon)
	for style, want := range map[fake.HeaderStyle]map[string]string{
		"":                     {"RateLimit": "", "X-Ratelimit-Limit": "", "Ratelimit-Limit": ""},
		fake.HeadersIETF:       {"RateLimit-Policy": `"account";q=3;w=3600`, "RateLimit": `"account";r=2;t=3600`},
		fake.HeadersIETFFields: {"RateLimit-Limit": "3", "RateLimit-Remaining": "2", "RateLimit-Reset": "3600"},
		fake.HeadersX:          {"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "2", "X-RateLimit-Reset": strconv.FormatInt(noon.Add(time.Hour).Unix(), 10)},
		fake.HeadersShopify:    {"X-Shopify-Shop-Api-Call-Limit": "1/3"},
	} {
		g := runWith(t, fake.Options{Now: at.Now, Behaviour: fake.Behaviour{Rate: fake.Rate{Count: 3, Per: time.Hour}, Headers: style}})
		got := g.send("k", "A", 1)
		for name, value := range want {
			require.Equal(t, value, got.header.Get(name), "%s %s", style, name)
		}
		if style == fake.HeadersShopify {
			g.send("l", "A", 2)
			g.send("m", "A", 3)
			require.Equal(t, "3/3", g.send("n", "A", 4).header.Get("X-Shopify-Shop-Api-Call-Limit"), "of a call that is turned away")
		}
	}
	g := run(t, fake.Behaviour{Headers: fake.HeadersIETF})
	require.Empty(t, g.send("k", "A", 1).header.Get("RateLimit"), "without a rate there is nothing to tell")
}

func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{MaxInFlight: 1, Latency: time.Hour})
	done := make(chan reply, 1)
	go func() { done <- g.send("k", "A", 1) }()
	require.Eventually(t, func() bool { return g.Seen().QuotaUsed == 1 }, time.Minute, time.Millisecond)
	got := g.send("l", "B", 1)
	require.Equal(t, http.StatusTooManyRequests, got.status)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	require.Equal(t, "too many calls at a time", got.get(t, "message"))
	seen := g.Seen()
	require.Equal(t, 1, seen.InFlight)
	require.Equal(t, 2, seen.MostInFlight)
	require.NoError(t, g.Close())
	require.Error(t, (<-done).err)
	require.Eventually(t, func() bool { return g.Seen().InFlight == 0 }, time.Minute, time.Millisecond)
}

func TestDailyQuota(t *testing.T) {
	t.Parallel()
	at := clockAt(noon)
	g := runWith(t, fake.Options{Now: at.Now, Behaviour: fake.Behaviour{DailyQuota: 2}})
	use := func() {
		t.Helper()
		for range 2 {
			require.Equal(t, http.StatusOK, g.get("/trackings/cj/1").status)
		}
		require.Equal(t, http.StatusTooManyRequests, g.get("/trackings/cj/1").status)
	}
	use()
	got := g.get("/trackings/cj/1")
	require.Equal(t, strconv.Itoa(12*3600), got.header.Get("Retry-After"), "until midnight")
	require.Equal(t, "the day's quota is used up", got.get(t, "message"))
	require.EqualValues(t, 2, g.Seen().QuotaUsed)
	require.EqualValues(t, 2, g.Seen().Answers["quota"])

	at.forward(12 * time.Hour)
	use()
	// Resets at 9 from now on, which was 15 hours ago.
	require.NoError(t, g.Behave(fake.Behaviour{DailyQuota: 2, QuotaReset: noon.Add(-3 * time.Hour), QuotaStatus: http.StatusForbidden}))
	got = g.get("/trackings/cj/1")
	require.Equal(t, http.StatusForbidden, got.status, "another reset time ends no day")
	require.Equal(t, strconv.Itoa(9*3600), got.header.Get("Retry-After"))
	at.forward(9*time.Hour - time.Nanosecond)
	require.Equal(t, http.StatusForbidden, g.get("/trackings/cj/1").status)
	at.forward(time.Nanosecond)
	require.Equal(t, http.StatusOK, g.get("/trackings/cj/1").status)
}

func TestUnauthorisedAfterSomeCalls(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{UnauthorisedAfter: 2})
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status)
	require.Equal(t, http.StatusCreated, g.send("l", "A", 2).status)
	for range 2 {
		require.Equal(t, http.StatusUnauthorized, g.send("m", "A", 3).status)
	}
	require.NoError(t, g.Behave(fake.Behaviour{UnauthorisedAfter: 1, UnauthorisedStatus: http.StatusForbidden}))
	require.Equal(t, http.StatusCreated, g.send("m", "A", 3).status)
	require.Equal(t, http.StatusForbidden, g.send("m", "A", 3).status)
	require.NoError(t, g.Behave(fake.Behaviour{}))
	require.Equal(t, http.StatusOK, g.send("m", "A", 3).status)
}
