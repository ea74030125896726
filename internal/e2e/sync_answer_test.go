//go:build unix

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/job"
)

// syncAnswerFaults are about answers that come late, or are none.
func syncAnswerFaults() []fault {
	return []fault{
		{"sync, slow answers", slowAnswers},
		{"sync, answers slower than patience", slowerAnswers},
		{"sync, odd answers now and then", oddAnswers},
		{"sync, garbage for an answer, always", garbage},
		{"sync, a web page for an answer, always", webPages},
	}
}

// impatient waits 2 s for an answer instead of 30.
var impatient = append(settings("TIMEOUT=2s"), quick...)

// slowAnswers lets one in ten take longer than the client waits. It takes effect all the same, and is found under its key.
func slowAnswers(t *testing.T, g *ground) {
	l := lotOf(tenantA, 60)
	s := g.syncs(t, onSQLite, fake.Behaviour{Seed: 1, SlowShare: 0.1, Slow: 4 * time.Second}, impatient, l)
	s.worker("worker")
	s.requireSent(s.send(tenantA), l.lines)
	seen := s.partner.Seen()
	require.NotZero(t, seen.HungUp, "nobody ran out of patience")
	require.NotZero(t, seen.Replays)
}

// slowerAnswers lets some take longer than an item is tried: the partner says again and again that the first call under
// its key is still running. Whoever retries them later must find what they came to, and not have it done again.
func slowerAnswers(t *testing.T, g *ground) {
	l := lotOf(tenantA, ordersAtOnce)
	s := g.syncs(t, onSQLite, fake.Behaviour{Seed: 3, SlowShare: 0.3, Slow: 25 * time.Second}, impatient, l)
	s.worker("worker")
	id := s.send(tenantA)
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.PartiallySucceeded, j.State, "%s: %s", j.Reason, j.Message)
	require.NotZero(t, j.Sync.Tally.Failed)
	require.Equal(t, []api.ItemCodeCount{{Code: api.ItemCode(job.ItemUnknown), Count: j.Sync.Tally.Failed}}, j.Sync.Tally.Codes)
	eventually(t, "the slow ones take effect", func() bool { return s.partner.Seen().Effects == int64(len(l.lines)) })
	s.behave(fake.Behaviour{})
	s.requireSent(s.retry(id), s.untold(l))
}

// oddAnswers lets one answer in five be none, of each sort in turn.
func oddAnswers(t *testing.T, g *ground) {
	odd := []fake.OddAnswer{fake.OddGarbage, fake.OddHTML, fake.OddEndless, fake.OddCut}
	var lots []*lot
	for _, o := range odd {
		lots = append(lots, lotOf(string(o), 40))
	}
	s := g.syncs(t, onSQLite, fake.Behaviour{}, quick, lots...)
	s.worker("worker")
	for i, o := range odd {
		before := s.partner.Seen()
		s.behave(fake.Behaviour{Seed: 4, Odd: o, OddShare: 0.2})
		s.requireSent(s.send(lots[i].tenant), lots[i].lines)
		seen := s.partner.Seen()
		require.NotZero(t, seen.Answers[string(o)])
		if o == fake.OddHTML { // from something before the partner
			require.Equal(t, before.Replays, seen.Replays)
		} else {
			require.Equal(t, seen.Answers[string(o)], seen.Replays-before.Replays, "what took effect was found under its key")
		}
	}
}

// garbage is all that comes back, from a partner that does its part. Items are given up, and found when it has been mended.
func garbage(t *testing.T, g *ground) {
	l := lotOf(tenantA, ordersAtOnce) // lines of one order would be given up one after the other
	s := g.syncs(t, onSQLite, fake.Behaviour{Odd: fake.OddGarbage}, quick, l)
	s.worker("worker")
	id := s.send(tenantA)
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonItems, j.Reason)
	require.Equal(t, []api.ItemCodeCount{{Code: api.ItemCode(job.ItemBadAnswer), Count: ordersAtOnce}}, j.Sync.Tally.Codes)
	require.Equal(t, int64(ordersAtOnce), s.partner.Seen().Effects)

	s.behave(fake.Behaviour{})
	s.requireSent(s.retry(id), l.lines)
}

// webPages are all that comes back, as from a proxy whose back end is gone. That is an outage: items are held.
func webPages(t *testing.T, g *ground) {
	l := lotOf(tenantA, 40)
	s := g.syncs(t, onSQLite, fake.Behaviour{Odd: fake.OddHTML}, quick, l)
	s.worker("worker")
	id := s.send(tenantA)
	j := s.until(id, "the job waits for its partner", func(j api.Job) bool { return j.State == job.Waiting })
	require.Equal(t, job.WaitOutage, j.Sync.Wait.Why)
	require.Zero(t, j.Sync.Tally)
	s.behave(fake.Behaviour{})
	s.requireSent(id, l.lines)
}
