//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/job"
)

// syncPartnerFaults are about a partner that does not do its part, or cannot be reached.
func syncPartnerFaults() []fault {
	return []fault{
		{"sync, partner inside", partnerInside},
		{"sync, redirect", redirected},
		{"sync, unauthorised", unauthorised},
		{"sync, partner down", partnerDown},
		{"sync, quota raised", quotaRaised},
		{"sync, quota", quotaUsed},
	}
}

// alert is the log's line that tells people of something.
func alert(about string) *regexp.Regexp {
	return regexp.MustCompile(`"about":"(` + about + `)","type":"sync"`)
}

// partnerDown takes the partner away for longer than items are tried: a failing one is given up after at most 11 s. Two
// probes fail, 5 and 10 s after one another.
func partnerDown(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 20 * time.Millisecond}, quick, l)
	worker := s.worker("worker")
	id := s.send(tenantA)
	s.calls(40)
	require.NoError(t, s.partner.Down())

	j := s.until(id, "the job waits for its partner", func(j api.Job) bool {
		return j.State == job.Waiting && j.Sync.Wait != nil && j.Sync.Account.OpenSince != nil
	})
	require.Equal(t, job.WaitOutage, j.Sync.Wait.Why)
	since := *j.Sync.Account.OpenSince
	worker.awaitLog(t, alert("outage"))
	s.until(id, "two probes have failed", func(j api.Job) bool {
		require.False(t, j.State.Ended(), "%s: %s", j.Reason, j.Message)
		require.Zero(t, j.Sync.Tally.Failed, "items are held")
		require.Equal(t, since, *j.Sync.Account.OpenSince, "the breaker stays open")
		return j.Sync.Account.ProbeAt.Sub(since) > 20*time.Second // 5, 10, and the 20 s to the next
	})
	require.Nil(t, s.job(id).Progress.StalledSince)
	require.NoError(t, s.partner.Up())

	s.requireSent(id, l.lines)
	worker.awaitLog(t, alert("recovered"))
	require.Nil(t, s.account().OpenSince)
	held := 0
	for _, item := range s.items(id) {
		for _, try := range item.Tries {
			if try.Held {
				held++
			}
		}
	}
	require.NotZero(t, held, "attempts that do not count are listed")
	t.Logf("seen: %d attempts held", held)
}

// account is how the marketplace's account stands.
func (s *syncing) account() api.Account {
	s.Helper()
	got, err := s.ask(http.MethodGet, "/v1/partners/marketplace", nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, got.status, "%s", got.body)
	var p struct{ Account api.Account }
	require.NoError(s, json.Unmarshal(got.body, &p))
	return p.Account
}

// quotaUsed lets a day's quota be used up half-way, half a minute or so before it is reset.
func quotaUsed(t *testing.T, g *ground) {
	const quota = 70
	reset := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	if time.Until(reset) < 20*time.Second { // to begin before the reset on a machine that is busy
		reset = reset.Add(time.Minute)
	}
	l := lotOf(tenantA, 100)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 5 * time.Millisecond},
		append(settings(fmt.Sprint("DAILY_QUOTA=", quota), "QUOTA_RESET="+reset.Format("15:04")), quick...), l)
	s.worker("worker")
	id := s.send(tenantA)
	j := s.until(id, "the job waits for the reset", func(j api.Job) bool { return j.State == job.Waiting && j.StaleSince == nil })
	require.Equal(t, job.WaitQuota, j.Sync.Wait.Why)
	require.Equal(t, reset, j.Sync.Wait.Until.UTC())
	used := j.Sync.Tally.Succeeded
	require.LessOrEqual(t, used, int64(quota))
	require.Greater(t, used, int64(quota-allInFlight), "at most what was about to be sent is left of it")
	t.Logf("seen: %d of %d used", used, quota)
	require.Equal(t, used, j.Sync.Account.QuotaUsed)
	require.Equal(t, reset, j.Sync.Account.QuotaReset.UTC())

	s.requireSent(id, l.lines)
	seen := s.partner.Seen()
	require.Equal(t, int64(len(l.lines)), seen.Calls, "each item was sent once")
	before := int64(0)
	for _, d := range seen.Dispatches {
		if d.At.Before(reset) {
			before++
		}
	}
	require.Equal(t, used, before, "calls of the day before")
	require.Equal(t, int64(len(l.lines))-used, s.account().QuotaUsed)
}

// quotaRaised raises a quota that has been used up, hours before it is reset: the job that waits hears of it.
func quotaRaised(t *testing.T, g *ground) {
	const quota = 70
	l := lotOf(tenantA, 100)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 5 * time.Millisecond},
		append(settings(fmt.Sprint("DAILY_QUOTA=", quota), "QUOTA_RESET="+time.Now().UTC().Add(6*time.Hour).Format("15:04")), quick...), l)
	s.worker("worker")
	id := s.send(tenantA)
	waiting := func(j api.Job) bool { return j.State == job.Waiting && j.StaleSince == nil }
	s.until(id, "the job waits for the reset", waiting)
	s.control(id, "pause")
	s.control(id, "resume")
	s.until(id, "it waits again", waiting)
	require.LessOrEqual(t, s.partner.Seen().Calls, int64(quota))

	got, err := s.ask(http.MethodPatch, "/v1/partners/marketplace", map[string]any{"daily_quota": 0})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, got.status, "%s", got.body)
	s.requireSent(id, l.lines)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// unauthorised takes the credentials back half-way, and accepts them again later.
func unauthorised(t *testing.T, g *ground) {
	const good = 50
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond, UnauthorisedAfter: good}, quick, l)
	worker := s.worker("worker")
	id := s.send(tenantA)
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonAuth, j.Reason)
	require.Equal(t, "the partner marketplace does not accept our credentials (HTTP 401): the credentials are not accepted any more", j.Message)
	s.requireTally(j, good, job.ItemUnauthorised)
	require.LessOrEqual(t, s.partner.Seen().Answers["401"], int64(allInFlight), "no more than were on their way")
	worker.awaitLog(t, alert("failed"))

	s.behave(fake.Behaviour{})
	s.requireSent(s.retry(id), s.untold(l))
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Effects)
}

// requireTally asserts that so many succeeded, none failed, and all others are unprocessed for one reason.
func (s *syncing) requireTally(j api.Job, succeeded int64, code job.ItemCode) {
	s.Helper()
	rest := j.Progress.RowsTotal - succeeded
	require.Equal(s, job.SyncTally{
		Succeeded: succeeded, Unprocessed: rest, Codes: []job.ItemCodeCount{{Code: code, Count: rest}},
	}, tallyOfSync(j.Sync.Tally))
}

// redirected lets the partner's URL lead elsewhere half-way.
func redirected(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	elsewhere := marketplace(t, fake.Behaviour{})
	s.worker("worker")
	id := s.send(tenantA)
	s.calls(40)
	s.behave(fake.Behaviour{Odd: fake.OddRedirect, RedirectTo: elsewhere.URL + "/dispatches?key=" + partnerToken})
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonDownstream, j.Reason)
	require.Equal(t, "the partner marketplace cannot be called: answered 307 and leads to "+elsewhere.URL, j.Message)
	require.GreaterOrEqual(t, j.Sync.Tally.Succeeded, int64(30))
	s.requireTally(j, j.Sync.Tally.Succeeded, job.ItemStopped)
	require.Zero(t, elsewhere.Seen().Calls, "it was followed")

	s.behave(fake.Behaviour{})
	told := s.partner.Seen().Effects
	s.requireSent(s.retry(id), s.untold(l))
	require.Equal(t, int64(len(l.lines))-told, s.partner.Seen().Effects-told)
}

// untold are the lines of a lot that no job has accounted for as succeeded, in their order.
func (s *syncing) untold(l *lot) (lines []shippedLine) {
	for _, line := range l.lines {
		if _, told := s.told[line]; !told {
			lines = append(lines, line)
		}
	}
	return lines
}

// partnerInside has the partner's URL lead to this machine without leave, written in several ways.
func partnerInside(t *testing.T, g *ground) {
	l := lotOf(tenantA, 20)
	s := g.syncs(t, onSQLite, fake.Behaviour{}, quick, l)
	port := s.partner.URL[strings.LastIndexByte(s.partner.URL, ':'):]
	id := ""
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		worker := s.worker("worker", append(settings("URL=http://"+host+port), "LONGHAUL_PARTNER_ALLOW_PRIVATE=0")...)
		if id == "" {
			id = s.send(tenantA)
		} else {
			id = s.retry(id)
		}
		j := s.requireAccounted(id, l.lines)
		require.Equal(t, job.Failed, j.State)
		require.Equal(t, job.ReasonDownstream, j.Reason)
		require.Equal(t, "the partner marketplace cannot be called: the partner's host has a loopback address, which is not allowed "+
			"(LONGHAUL_PARTNER_ALLOW_PRIVATE)", j.Message)
		s.requireTally(j, 0, job.ItemStopped)
		worker.kill()
	}
	require.Zero(t, s.partner.Seen().Calls)
	s.worker("allowed")
	s.requireSent(s.retry(id), l.lines)
}
