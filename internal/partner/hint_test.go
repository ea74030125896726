package partner

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
)

// asked is when the answers of these tests come in, by a clock that is five minutes fast of the partner's.
var asked = time.Date(2026, 3, 1, 12, 5, 0, 0, time.UTC)

const partnersDate = "Sun, 01 Mar 2026 12:00:00 GMT" // Unix 1772366400

// head reads "Name: value" lines.
func head(lines ...string) http.Header {
	h := make(http.Header)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, " 30 ": 30 * time.Second, "1.5": 1500 * time.Millisecond, "86400": 24 * time.Hour,
		"86401": 24 * time.Hour, "999999999999999": 24 * time.Hour,
		"Sun, 01 Mar 2026 12:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Sun, 08 Mar 2026 12:00:00 GMT": 24 * time.Hour,
		"Sunday, 01-Mar-26 12:02:00 GMT": 2 * time.Minute,
		"":                               0, "-5": 0, "+5": 0, "soon": 0, "1e3": 0, "0x10": 0, "NaN": 0, "Inf": 0, "5 s": 0, "9999999999999999999": 0, "5, 7": 0,
	} {
		h := head("Date: " + partnersDate)
		h.Set("Retry-After", value)
		for _, status := range []int{200, 429, 503} {
			require.Equal(t, pace.Hint{CoolFor: want}, readHint(h, status, asked), "%q", value)
		}
	}
	// Without a date of the partner's ours has to do.
	require.Equal(t, time.Minute, readHint(head("Retry-After: Sun, 01 Mar 2026 12:06:00 GMT"), 503, asked).CoolFor)
	require.Equal(t, 9*time.Second, readHint(head("Retry-After: 4", "Retry-After: 9", "Retry-After: x"), 503, asked).CoolFor)
	require.Zero(t, readHint(head("Retry-After: 120"), 202, asked), "it says when to ask for the result")
}

func TestLimitHeaders(t *testing.T) {
	t.Parallel()
	const date = "Date: " + partnersDate
	hint := func(remaining, limit int64, window time.Duration) pace.Hint {
		return pace.Hint{Remaining: remaining, Limit: limit, Window: window}
	}
	for _, c := range []struct {
		name string
		head http.Header
		want pace.Hint
	}{
		{"draft", head(`RateLimit: "default";r=50;t=30`), hint(50, 0, 30*time.Second)},
		{"draft with policy", head(`RateLimit-Policy: "default";q=100;w=60`, `RateLimit: "default";r=50;t=30`), hint(50, 100, 30*time.Second)},
		{"draft without time", head(`RateLimit-Policy: "default";q=100;w=60`, `RateLimit: "default";r=50`), hint(50, 100, time.Minute)},
		{"draft of several", head(`RateLimit-Policy: "burst";q=100;w=60, "day";q=1000;w=86400`, `RateLimit: "burst";r=90;t=5, "day";r=20;t=3600`),
			hint(20, 1000, time.Hour)},
		{"draft on two lines", head(`RateLimit-Policy: "a";q=100`, `RateLimit-Policy: "b";q=100`, `RateLimit: "a";r=9;t=5`, `RateLimit: "b";r=10;t=5`), hint(9, 100, 5*time.Second)},
		{"draft with a name that has separators", head(`RateLimit-Policy: "a,b;r=1";q=100;w=60`, `RateLimit: "a,b;r=1";r=50;t=30`), hint(50, 100, 30*time.Second)},
		{"draft without quotes", head(`RateLimit: default; r=50; t=30`), hint(50, 0, 30*time.Second)},
		{"draft with nothing left", head(`RateLimit: "default";r=0;t=12`), hint(0, 0, 12*time.Second)},
		{"draft 7", head(`RateLimit: limit=100, remaining=25, reset=10`), hint(25, 100, 10*time.Second)},
		{"draft 3", head("RateLimit-Limit: 100, 100;w=60", "RateLimit-Remaining: 5", "RateLimit-Reset: 20"), hint(5, 100, 20*time.Second)},
		{"seconds", head("X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 30"), hint(12, 60, 30*time.Second)},
		{"epoch", head(date, "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 1772366430"), hint(12, 60, 30*time.Second)},
		{"epoch with decimals", head(date, "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 1772366430.5"), hint(12, 60, 30500*time.Millisecond)},
		{"epoch in milliseconds", head(date, "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 1772366430500"), hint(12, 60, 30500*time.Millisecond)},
		{"date", head(date, "X-Rate-Limit-Limit: 60", "X-Rate-Limit-Remaining: 12", "X-Rate-Limit-Reset: 2026-03-01T12:00:20Z"), hint(12, 60, 20*time.Second)},
		{"seconds after", head("X-RateLimit-Remaining: 1", "X-RateLimit-Reset: 1772366430", "X-RateLimit-Reset-After: 1.25"), hint(1, 0, 1250*time.Millisecond)},
		{"without limit", head("X-Rate-Limit-Remaining: 12", "X-Rate-Limit-Reset: 30"), hint(12, 0, 30*time.Second)},
		{"a month", head("X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 2000000"), hint(12, 0, 24*time.Hour)},
		{"tokens in parts", head("X-RateLimit-Limit: 10.0", "X-RateLimit-Remaining: 9.75", "X-RateLimit-Reset: 1"), hint(9, 10, time.Second)},
		{"Shopify", head("X-Shopify-Shop-Api-Call-Limit: 39/40"), hint(1, 40, 19500*time.Millisecond)},
		{"Shopify, full", head("X-Shopify-Shop-Api-Call-Limit: 41/40"), hint(0, 40, 20*time.Second)},
		{"the nearest of two families", head("X-Shopify-Shop-Api-Call-Limit: 4/40", "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 30"),
			hint(12, 60, 30*time.Second)},
		{"the longer of two that are used up", head(`RateLimit: "a";r=0;t=5, "b";r=0;t=50`), hint(0, 0, 50*time.Second)},

		{"no reset", head("X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 12"), pace.Hint{}},
		{"past", head(date, "X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 1772366300"), pace.Hint{}},
		{"neither seconds nor epoch", head("X-RateLimit-Remaining: 12", "X-RateLimit-Reset: 5000000"), pace.Hint{}},
		{"garbage", head("X-RateLimit-Limit: lots", "X-RateLimit-Remaining: -1", "X-RateLimit-Reset: NaN"), pace.Hint{}},
		{"garbage in the draft", head(`RateLimit: "default;r=50;t=30`, `RateLimit-Policy: ;;;,,"`), pace.Hint{}},
		{"garbage of Shopify's", head("X-Shopify-Shop-Api-Call-Limit: 39/0"), pace.Hint{}},
		{"nothing used at Shopify", head("X-Shopify-Shop-Api-Call-Limit: 0/40"), pace.Hint{}},
		{"nothing", head(), pace.Hint{}},
	} {
		require.Equal(t, c.want, readHint(c.head, 200, asked), c.name)
	}
}

func FuzzHint(f *testing.F) {
	f.Add("30", "12", "60", `"default";r=50;t=30`, `"default";q=100;w=60`, "39/40", partnersDate)
	f.Add("1.5", "0", "1772366430500", `limit=100, remaining=25, reset=10`, `;;;,,"`, "1/0", "x")
	f.Fuzz(func(t *testing.T, retry, remaining, reset, limit, policy, calls, date string) {
		h := http.Header{
			"Retry-After": {retry}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Limit": {remaining}, "X-Ratelimit-Reset": {reset},
			"X-Rate-Limit-Remaining": {remaining}, "X-Rate-Limit-Reset-After": {reset},
			"Ratelimit": {limit}, "Ratelimit-Policy": {policy}, "X-Shopify-Shop-Api-Call-Limit": {calls}, "Date": {date},
		}
		hint := readHint(h, 429, asked)
		require.True(t, hint.CoolFor >= 0 && hint.CoolFor <= maxPatience, hint)
		require.True(t, hint.Window >= 0 && hint.Window <= maxPatience, hint)
		require.True(t, hint.Remaining >= 0 && hint.Limit >= 0, hint)
		if hint.Window == 0 {
			require.Equal(t, pace.Hint{CoolFor: hint.CoolFor}, hint)
		}
	})
}
