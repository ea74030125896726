package cli_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/job"
)

// sync starts a sync as soon as the one before it has made room.
func (s stack) sync(t *testing.T, kind, tenant string, args ...string) result {
	t.Helper()
	var got result
	require.Eventually(t, func() bool {
		got = s.run(t, append([]string{"start", "sync", kind, "--tenant", tenant}, args...)...)
		return got.code != 4
	}, time.Minute, 50*time.Millisecond)
	return got
}

// dispatches is a file of dispatches of orders that only the marketplace knows, the second of which is no number.
func dispatches(t *testing.T, prefix string) string {
	t.Helper()
	text := "Order number,Line,Carrier,Tracking number\n"
	for i := range 20 {
		text += fmt.Sprintf("%s-%d,1,CJ,00%010d\n", prefix, i, i)
	}
	return written(t, "dispatches.csv", strings.Replace(text, prefix+"-1,1,", prefix+"-1,one,", 1))
}

func TestSyncFromTheShell(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	file := filepath.Join(t.TempDir(), "result.xlsx")
	got := s.sync(t, "dispatch-shipments", "acme", "--file", dispatches(t, "SHELL"), "--locale", "en", "-o", file)
	require.Equal(t, 3, got.code, got.err)
	require.Contains(t, got.out, "sync dispatch-shipments for acme")
	require.Contains(t, got.out, "items from")
	require.Contains(t, got.out, "invalid: 1")
	require.Contains(t, got.err, "result written to "+file)
	book, err := excelize.OpenFile(file)
	require.NoError(t, err)
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	require.NoError(t, err)
	require.Len(t, rows, 21)
	for i, row := range rows[1:] {
		require.Equal(t, fmt.Sprintf("SHELL-%d", i), row[1], "in the order given")
	}

	id := jobIn(t, got.out)
	items := s.run(t, "jobs", "items", id, "--outcome", "failed", "--code", "invalid")
	require.Zero(t, items.code, items.err)
	require.Contains(t, items.out, "row 3")
	require.Contains(t, items.out, `"one" is not a number`)
	items = s.run(t, "jobs", "items", id, "--outcome", "succeeded", "--json")
	var page job.ItemPage
	require.NoError(t, json.Unmarshal([]byte(items.out), &page))
	require.NotEmpty(t, page.Items)
	require.NotEmpty(t, page.Items[0].RemoteID)
	require.Len(t, page.Items[0].Tries, page.Items[0].Attempts)

	// What cannot be sent as it is fails again; the others are not sent a second time.
	var again result
	require.Eventually(t, func() bool {
		again = s.run(t, "jobs", "retry", id, "--code", "invalid", "--wait", "--json")
		return again.code != 4
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, 1, again.code, again.err)
	retried := jobOf(t, again)
	require.Equal(t, id, retried.Sync.RetryOf)
	require.EqualValues(t, 1, retried.Sync.Tally.Items())
	none := s.run(t, "jobs", "retry", id, "--code", "not_found")
	require.Equal(t, 1, none.code)
	require.Contains(t, none.err, "nothing to retry")
}

func TestSyncRequestsThatAreWrong(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"kind":   {[]string{"dispatch-shipment"}, "did you mean dispatch-shipments?"},
		"filter": {[]string{"dispatch-shipments", "--tenant", "acme", "--filter", "wharehouse=1"}, "unknown filter"},
		"both":   {[]string{"dispatch-shipments", "--tenant", "acme", "--filter", "carrier=CJ", "--file", dispatches(t, "BOTH")}, "give one of both"},
		"tenant": {[]string{"dispatch-shipments", "--tenant", "nobody"}, "nobody"},
	} {
		got := s.run(t, append([]string{"start", "sync"}, c.args...)...)
		require.NotZero(t, got.code, name)
		require.Contains(t, got.err, c.says, name)
	}
}

func TestPartnersFromTheShell(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	got := s.run(t, "partners", "list")
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, "dispatch-shipments")
	got = s.run(t, "partners", "set", "carrier", "--interval", "7ms", "--max-in-flight", "3", "--rate", "9000/1m", "--timeout", "20s", "--json")
	require.Zero(t, got.code, got.err)
	var changed job.Partner
	require.NoError(t, json.Unmarshal([]byte(got.out), &changed))
	require.Equal(t, 3, *changed.Changed.MaxInFlight)
	require.InDelta(t, 7, *changed.Changed.IntervalMillis, 0.001)
	require.EqualValues(t, 20_000, *changed.Changed.TimeoutMillis)
	got = s.run(t, "partners", "show", "carrier")
	require.Contains(t, got.out, " of 3 in flight, a start every 7ms")
	got = s.run(t, "partners", "set", "carrier", "--reset")
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, "a start every 100ms")
	require.NotContains(t, got.out, "changed")
	for _, wrong := range [][]string{{"carrier", "--interval", "fast"}, {"carrier", "--max-in-flight", "0"}, {"carrier", "--rate", "many"}, {"carrier"}} {
		got = s.run(t, append([]string{"partners", "set"}, wrong...)...)
		require.Equal(t, 2, got.code, "%v: %s", wrong, got.err)
	}
	require.Equal(t, 1, s.run(t, "partners", "show", "nobody").code)
}

func TestSchedulesFromTheShell(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	got := s.run(t, "schedules", "create", "sync", "carrier-tracking", "--id", "shell", "--tenant", "hanbit", "--cron", "30 4 1 1 *", "--note", "once a year")
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, "30 4 1 1 *, Asia/Seoul")
	require.Contains(t, got.out, "next")
	require.Contains(t, s.run(t, "schedules", "list").out, "carrier-tracking")

	require.Contains(t, s.run(t, "schedules", "pause", "shell").out, "paused")
	require.NotContains(t, s.run(t, "schedules", "resume", "shell").out, "paused")
	got = s.run(t, "schedules", "change", "shell", "--cron", "0 5 * * 1-5", "--time-zone", "Europe/Berlin", "--overlap", "buffer")
	require.Contains(t, got.out, "0 5 * * 1-5, Europe/Berlin")
	require.Contains(t, got.out, "buffer")

	require.Zero(t, s.run(t, "schedules", "run", "shell").code)
	var started job.Schedule
	require.Eventually(t, func() bool {
		got := s.run(t, "schedules", "show", "shell", "--json")
		return json.Unmarshal([]byte(got.out), &started) == nil && len(started.Recent) > 0 && started.Recent[0].JobID != ""
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, "sync", string(jobOf(t, s.run(t, "jobs", "show", started.Recent[0].JobID, "--json")).Type))

	require.Equal(t, 2, s.run(t, "schedules", "create", "sync", "carrier-tracking", "--tenant", "hanbit", "--cron", "61 * * * *").code)
	require.Zero(t, s.run(t, "schedules", "delete", "shell").code)
	require.Equal(t, 1, s.run(t, "schedules", "show", "shell").code)
}

// The made-up partner is a command of its own, which a person or another program may talk to.
func TestPartnerCommand(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	require.NoError(t, free.Close())
	done := make(chan result, 1)
	go func() {
		done <- run(t, "partner", "--addr", addr, "--token", "secret", "--refuse-share", "1", "--json")
	}()
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/dispatches",
			strings.NewReader(`{"order_number":"O-1","line_number":1,"carrier":"CJ","tracking_number":"1"}`))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer secret")
		request.Header.Set("Content-Type", "application/json")
		got, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer got.Body.Close()
		return got.StatusCode == http.StatusUnprocessableEntity
	}, 20*time.Second, 20*time.Millisecond)
}
