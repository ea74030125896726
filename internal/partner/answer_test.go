package partner_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/job"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     int
		body       string
		want       outcome
		bodyIsKept bool
	}{
		{204, "", outcome{Class: partner.Done, Status: 204}, false},
		{200, " \r\n ", outcome{Class: partner.Done, Status: 200}, false},
		{202, `{"id":1}`, outcome{Class: partner.Done, Status: 202}, true},
		{200, "\ufeff{\"id\":1}", outcome{Class: partner.Done, Status: 200}, true},
		{200, `[{"id":1}]`, outcome{Class: partner.Done, Status: 200}, true},
		{400, `{"message":"no such order"}`, outcome{partner.Refused, job.ItemRejected, 400, pace.Answered, false, "no such order"}, true},
		{404, "<html>Not here</html>", outcome{partner.Refused, job.ItemNotFound, 404, pace.Answered, false, "answered 404 Not Found"}, false},
		{409, "taken", outcome{partner.Refused, job.ItemConflict, 409, pace.Answered, false, "taken"}, false},
		{401, `{"error":"bad token tok-s3cr3t"}`, outcome{partner.Denied, job.ItemUnauthorised, 401, pace.Answered, false, "bad token •••"}, true},
		{403, "", outcome{partner.Denied, job.ItemUnauthorised, 403, pace.Answered, false, "answered 403 Forbidden"}, false},
		{408, "", outcome{partner.Again, job.ItemTimedOut, 408, pace.Out, true, "answered 408 Request Timeout"}, false},
		{429, "slow\r\ndown\x07", outcome{partner.Slower, job.ItemUnavailable, 429, pace.Throttled, false, "slow down"}, false},
		{500, `{"detail":"oops"}`, outcome{partner.Again, job.ItemUnavailable, 500, pace.Out, true, "oops"}, true},
		{503, strings.Repeat("x", 2<<20), outcome{partner.Again, job.ItemUnavailable, 503, pace.Out, true, "answered 503 Service Unavailable"}, false},
		{418, `{"message":"teapot"}`, outcome{partner.Again, job.ItemUnavailable, 418, pace.Answered, false, "teapot"}, true}, // by its own table
		{422, `{"id":"R-1"}`, outcome{Class: partner.Done, Status: 422}, true},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		s := settings(url)
		s.Classes = map[int]partner.Class{418: partner.Again, 422: partner.Done}
		answer := post(t, client(t, s, partner.Options{}))
		require.Equal(t, c.want, of(answer))
		require.NoError(t, answer.Err)
		if c.bodyIsKept {
			require.Equal(t, strings.TrimPrefix(c.body, "\ufeff"), string(answer.Body))
		} else {
			require.Nil(t, answer.Body)
		}
	}
}

func TestHintsOfAnswers(t *testing.T) {
	t.Parallel()
	for status, body := range map[int]string{200: "{}", 422: "", 429: "", 503: "", 206: "garbage"} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("X-RateLimit-Limit", "60")
			w.Header().Set("X-RateLimit-Remaining", "12")
			w.Header().Set("X-RateLimit-Reset", "30")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		answer := post(t, client(t, settings(url), partner.Options{}))
		require.Equal(t, pace.Hint{CoolFor: 7 * time.Second, Remaining: 12, Limit: 60, Window: 30 * time.Second}, answer.Report.Hint, status)
	}
}

// TestSignatureIsNotShown: a partner that repeats what it was sent would hand out a valid signature.
func TestSignatureIsNotShown(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "got "+r.Header.Get("X-Signature"))
	})
	s := settings(url)
	s.Auth.Scheme = partner.AuthHMAC
	require.Equal(t, "got •••", post(t, client(t, s, partner.Options{})).Message)
}

func TestClean(t *testing.T) {
	t.Parallel()
	c := client(t, settings("https://partner.example"), partner.Options{})
	require.Equal(t, "not for •••", c.Clean("not\nfor tok-s3cr3t"))
}
