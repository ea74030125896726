package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/job"
)

const secret = "T00000000/B00000000/s3cr3t"

// receiver stands in for Slack.
type receiver struct {
	*notify.Slack
	bodies chan []byte
}

func receive(t *testing.T, answer http.HandlerFunc) receiver {
	t.Helper()
	r := receiver{bodies: make(chan []byte, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil || req.Method != http.MethodPost || req.URL.Path != "/services/"+secret ||
			req.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("got %s %s %v, %v", req.Method, req.URL, req.Header, err)
		}
		r.bodies <- body
		answer(w, req)
	}))
	t.Cleanup(server.Close)
	slack, err := notify.NewSlack(server.URL+"/services/"+secret, server.Client())
	require.NoError(t, err)
	r.Slack = slack
	return r
}

func ok(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }

func TestSlackMessage(t *testing.T) {
	t.Parallel()
	r := receive(t, ok)
	m := slow()
	m.State, m.Reason, m.Text = job.Running, job.ReasonDownstream, "재고 DB가 <응답하지> 않음 & <!channel>"
	require.NoError(t, r.Send(t.Context(), m))
	require.JSONEq(t, `{
	  "text": "🐢 export stock-shortages for acme: the job takes longer than expected",
	  "unfurl_links": false,
	  "blocks": [
	    {"type": "section", "text": {"type": "mrkdwn",
	      "text": "🐢 *export stock-shortages for acme*\nThe job takes longer than expected."}},
	    {"type": "section", "fields": [
	      {"type": "mrkdwn", "text": "*State*\nrunning (downstream)"},
	      {"type": "mrkdwn", "text": "*Progress*\n120,000 of 1,000,000 rows (12 %)"},
	      {"type": "mrkdwn", "text": "*Since*\n<!date^1795316645^{date_short_pretty} {time}|2026-11-22T03:04:05Z>"}]},
	    {"type": "section", "text": {"type": "mrkdwn",
	      "text": "재고 DB가 &lt;응답하지&gt; 않음 &amp; &lt;!channel&gt;"}},
	    {"type": "context", "elements": [
	      {"type": "mrkdwn", "text": "Job 0198-ab"},
	      {"type": "mrkdwn", "text": "<https://longhaul.example/?job=0198-ab&amp;x=1|Open the job>"}]}]
	}`, string(<-r.bodies))
}

func TestSlackHeadlines(t *testing.T) {
	t.Parallel()
	r := receive(t, ok)
	for _, c := range []struct {
		about notify.About
		state job.State
		want  string
	}{
		{notify.Stalled, job.Running, "⏸️ bulk save sku-prices for acme: the job has stopped moving"},
		{notify.Failed, job.Failed, "🔴 bulk save sku-prices for acme: the job failed"},
		{notify.Failed, job.TimedOut, "🔴 bulk save sku-prices for acme: the job ran out of time"},
		{notify.Failed, job.Cancelled, "🔴 bulk save sku-prices for acme: the job was cancelled"},
		{notify.Recovered, job.Running, "🟢 bulk save sku-prices for acme: the job moves again"},
		{notify.Ended, job.Succeeded, "🏁 bulk save sku-prices for acme: the job ended"},
		{notify.Ended, job.PartiallySucceeded, "🟡 bulk save sku-prices for acme: the job ended, with rows missing or failed"},
	} {
		m := notify.Message{About: c.about, Type: job.TypeBulkSave, Kind: "sku-prices", Tenant: "acme", State: c.state, RowsDone: 1234}
		require.NoError(t, r.Send(t.Context(), m))
		body := <-r.bodies
		var got struct{ Text string }
		require.NoError(t, json.Unmarshal(body, &got))
		require.Equal(t, c.want, got.Text)
		require.Contains(t, string(body), `1,234 rows`)
		require.NotContains(t, string(body), "Since", "without a time there is no field for it")
		require.NotContains(t, string(body), "Open the job", "without a link there is none")
	}
}

// TestSlackLimits fills every part with what grows most when it is escaped, and counts as Slack does.
func TestSlackLimits(t *testing.T) {
	t.Parallel()
	r := receive(t, ok)
	m := slow()
	for _, filler := range []string{"&", "<", "\n", "😀", "가"} {
		long := strings.Repeat(filler, 9_000)
		m.Kind, m.Tenant, m.JobID, m.Text = long, long, long, long
		m.Type, m.State, m.Reason = job.Type(long), job.State(long), job.Reason(long)
		m.Link = "https://longhaul.example/" + long
		require.NoError(t, r.Send(t.Context(), m))
		var got struct {
			Blocks []struct {
				Text             struct{ Text string }
				Fields, Elements []struct{ Text string }
			}
		}
		require.NoError(t, json.Unmarshal(<-r.bodies, &got))
		require.Len(t, got.Blocks, 4)
		for _, b := range got.Blocks {
			require.LessOrEqual(t, units(b.Text.Text), 3000)
			for _, f := range append(b.Fields, b.Elements...) {
				require.LessOrEqual(t, units(f.Text), 2000)
			}
		}
		reason := got.Blocks[2].Text.Text
		require.True(t, strings.HasSuffix(reason, "…"), "%.40q", reason)
		require.Empty(t, strings.Trim(strings.TrimSuffix(reason, "…"), filler+"&amp;lt"), "an entity is cut")
		require.NotRegexp(t, `&[a-z]*…`, reason, "an entity is cut")
	}
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func TestSlackLinks(t *testing.T) {
	t.Parallel()
	r := receive(t, ok)
	for link, want := range map[string]string{
		"http://127.0.0.1:8080/jobs/1":      "<http://127.0.0.1:8080/jobs/1|Open the job>",
		"https://x.example/a|b>c?q=<!here>": "<https://x.example/a%7Cb%3Ec?q=%3C!here%3E|Open the job>",
		"javascript:alert(1)":               "",
		"//no-scheme.example/":              "",
		"":                                  "",
	} {
		m := slow()
		m.Link = link
		require.NoError(t, r.Send(t.Context(), m))
		var got struct {
			Blocks []struct{ Elements []struct{ Text string } }
		}
		require.NoError(t, json.Unmarshal(<-r.bodies, &got))
		footer := got.Blocks[len(got.Blocks)-1].Elements
		if want == "" {
			require.Len(t, footer, 1, "%q", link)
			continue
		}
		require.Equal(t, want, footer[1].Text)
	}
}

func TestSlackRefusals(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the message followed a redirect")
	}))
	t.Cleanup(elsewhere.Close)
	for name, c := range map[string]struct {
		status    int
		header    map[string]string
		body      string
		permanent bool
		after     time.Duration
		text      string
	}{
		"rate limit":            {429, map[string]string{"Retry-After": "30"}, "", false, 30 * time.Second, "post to Slack: status 429"},
		"rate limit, no time":   {429, nil, "", false, 0, "post to Slack: status 429"},
		"rate limit, too long":  {429, map[string]string{"Retry-After": "86400"}, "", false, time.Hour, "post to Slack: status 429"},
		"rate limit, nonsense":  {429, map[string]string{"Retry-After": "soon"}, "", false, 0, "post to Slack: status 429"},
		"rate limit, negative":  {429, map[string]string{"Retry-After": "-5"}, "", false, 0, "post to Slack: status 429"},
		"rate limit, past date": {429, map[string]string{"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, "", false, 0, "post to Slack: status 429"},
		"webhook gone":          {404, nil, "no_service", true, 0, "post to Slack: status 404: no_service"},
		"form rejected":         {400, nil, "invalid_payload\n", true, 0, "post to Slack: status 400: invalid_payload"},
		"redirect":              {307, map[string]string{"Location": elsewhere.URL}, "", true, 0, "post to Slack: status 307"},
		"server error":          {503, map[string]string{"Retry-After": "2"}, "<h1>" + secret + "</h1>", false, 2 * time.Second, "post to Slack: status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
				for key, value := range c.header {
					w.Header().Set(key, value)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			err := r.Send(t.Context(), slow())
			var refusal *notify.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.status, refusal.Status)
			require.Equal(t, c.permanent, refusal.Permanent)
			require.Equal(t, c.after, refusal.RetryAfter)
			require.EqualError(t, err, c.text)
		})
	}
}

func TestSlackRetryAfterDate(t *testing.T) {
	t.Parallel()
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(30*time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	var refusal *notify.Error
	require.ErrorAs(t, r.Send(t.Context(), slow()), &refusal)
	require.InDelta(t, 30, refusal.RetryAfter.Minutes(), 5)
}

func TestSlackOutOfReach(t *testing.T) {
	t.Parallel()
	r := receive(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	err := r.Send(t.Context(), slow())
	var failure *notify.Error
	require.ErrorAs(t, err, &failure)
	require.False(t, failure.Permanent)
	require.Zero(t, failure.Status)
	require.ErrorIs(t, err, io.EOF)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = r.Send(ctx, slow())
	require.ErrorIs(t, err, context.Canceled)
	requireSecretKept(t, err)
}

// TestSlackTimeout runs on a clock that jumps to the next thing to happen.
func TestSlackTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		slack, err := notify.NewSlack("https://hooks.slack.example/services/"+secret, &http.Client{Transport: silent})
		require.NoError(t, err)
		started := time.Now()
		err = slack.Send(t.Context(), slow())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(started))
		requireSecretKept(t, err)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSlackKeepsItsURL(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	slack, err := notify.NewSlack(closed.URL+"/services/"+secret, nil)
	require.NoError(t, err)
	err = slack.Send(t.Context(), slow())
	require.ErrorContains(t, err, "connection refused")
	requireSecretKept(t, err)
	requireSecretKept(t, slack)

	for _, bad := range []string{"", "ftp://hooks/" + secret, "https:///" + secret, "https://host:port/" + secret, "\x00" + secret, secret} {
		_, err := notify.NewSlack(bad, nil)
		require.Error(t, err, "%q", bad)
		requireSecretKept(t, err)
	}
}

func requireSecretKept(t *testing.T, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, v), "s3cr3t", verb)
	}
}
