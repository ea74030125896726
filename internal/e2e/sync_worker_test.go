//go:build unix

package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// syncWorkerFaults kill, stop and hang workers of a sync.
func syncWorkerFaults() []fault {
	cases := []fault{
		{"sync, kill the only worker, numbering", killNumbering},
		{"sync, kill the only worker, numbered, not sealed", killNumbered},
		{"sync, kill the only worker, calls in flight", killSending},
		{"sync, kill the only worker, calls in flight, no keys", killSendingWithoutKeys},
		{"sync, kill the only worker, calls in flight, no keys but a look-up", killSendingLookedUp},
		{"sync, kill the only worker, reporting", killReporting},
		{"sync, stop a worker", stopSending},
		{"sync, hang a worker", func(t *testing.T, g *ground) { hangSending(t, g, 0) }},
		{"sync, hang a worker, no keys", func(t *testing.T, g *ground) {
			hangSending(t, g, allInFlight, settings("IDEMPOTENCY_HEADER=-")...)
		}},
	}
	// The longest come last: of cases that wait for one another those start first.
	return append(cases, eachEngine("sync, kill a worker ten times", killTenTimesSending)...)
}

// careless loses and refuses now and then, before and after the effect. The seed leaves every item an attempt that comes
// through among its first five.
var careless = fake.Behaviour{
	Seed: 2, Latency: 5 * time.Millisecond, LatencyMax: 25 * time.Millisecond,
	DropShare: 0.05, DropBeforeShare: 0.02, ErrorShare: 0.02, ErrorStatus: 503,
}

// killTenTimesSending kills one of two workers, then the other, and so on, whenever the partner has seen some more calls.
func killTenTimesSending(t *testing.T, g *ground, on engine) {
	l := lotOf(tenantA, 2000)
	s := g.syncs(t, on, careless, settings("INTERVAL=0", "MAX_IN_FLIGHT=40"), l)
	workers := []*process{s.kindsWorker("even"), s.kindsWorker("odd")}
	id := s.send(tenantA)
	for n := range kills {
		s.calls(int64((n + 1) * len(l.lines) / (kills + 1)))
		workers[n%2].kill()
		workers[n%2] = s.kindsWorker("next")
	}
	require.False(t, s.job(id).State.Ended(), "it was over before the last kill")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.SendStretch.Name, heartbeat)
	require.NotZero(t, s.partner.Seen().Replays, "none was asked for again that had taken effect")
}

// slowly is how the marketplace answers while a test does its damage.
var slowly = fake.Behaviour{Latency: 2 * time.Second}

// allInFlight is the moment of most faults: as many calls are on their way as may be, their answers take long, and all
// others have been recorded.
const allInFlight = 8

func (s *syncing) awaitInFlight(id string) {
	s.Helper()
	s.calls(40)
	s.behave(slowly)
	before := s.partner.Seen().Calls
	eventually(s.T, "all that are on their way take long", func() bool {
		seen := s.partner.Seen()
		return seen.InFlight == allInFlight && seen.Calls >= before+allInFlight && s.job(id).Sync.Tally.Succeeded == seen.Calls-allInFlight
	})
}

// killSending kills the only worker while it waits for answers. The calls take effect all the same, and nobody knows.
func killSending(t *testing.T, g *ground) {
	s, id, l := killInFlight(t, g)
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.SendStretch.Name, heartbeat)
	require.Equal(t, int64(allInFlight), s.partner.Seen().Replays, "calls that were asked again under their keys")
}

// killSendingWithoutKeys has a partner that takes no keys. What it is not known of is not sent again, and told.
func killSendingWithoutKeys(t *testing.T, g *ground) {
	s, id, l := killInFlight(t, g, settings("IDEMPOTENCY_HEADER=-")...)
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.PartiallySucceeded, j.State, "%s: %s", j.Reason, j.Message)
	require.Equal(t, job.SyncTally{
		Succeeded: int64(len(l.lines)) - allInFlight, Failed: allInFlight, Codes: []job.ItemCodeCount{{Code: job.ItemUnknown, Count: allInFlight}},
	}, tallyOfSync(j.Sync.Tally))
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Effects)
}

// byLine is a file of partners that says how the marketplace is asked what it knows of an order line.
const byLine = `
[marketplace]
idempotency_header = "-"
[marketplace.calls.dispatch-shipments.look_up]
method = "GET"
path = "/dispatches/by-line/{order_number}/{line_number}"
remote_id = "/id"
`

// killSendingLookedUp has a partner that takes no keys and can be asked.
func killSendingLookedUp(t *testing.T, g *ground) {
	file := filepath.Join(t.TempDir(), "partners.toml")
	require.NoError(t, os.WriteFile(file, []byte(byLine), 0o600))
	s, id, l := killInFlight(t, g, "LONGHAUL_PARTNERS_FILE="+file)
	s.requireSent(id, l.lines)
	require.Equal(t, int64(allInFlight), s.partner.Seen().Routes["by-line"], "calls that were looked up")
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Routes["dispatches"], "each item was sent once")
}

// killInFlight kills the only worker of a job while it waits for answers, and starts another.
func killInFlight(t *testing.T, g *ground, more ...string) (*syncing, string, *lot) {
	t.Helper()
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, append(slices.Clone(quick), more...), l)
	first := s.worker("first")
	id := s.send(tenantA)
	s.awaitInFlight(id)
	first.kill()
	s.awaitEffects()
	s.behave(fake.Behaviour{})
	s.worker("second")
	return s, id, l
}

// awaitEffects waits until all that the marketplace was sent has taken effect there, whoever still waits for it.
func (s *syncing) awaitEffects() {
	s.Helper()
	eventually(s.T, "what was on its way takes effect", func() bool {
		seen := s.partner.Seen()
		return seen.Effects == seen.Calls
	})
}

// killNumbering kills the worker while it reads the items, which were posted.
func killNumbering(t *testing.T, g *ground) {
	l := lotOf(tenantA, 60)
	s := g.syncs(t, onSQLite, fake.Behaviour{}, quick, l)
	var items []map[string]any
	for _, line := range l.lines {
		items = append(items, map[string]any{
			"order_number": line.order, "line_number": line.number, "carrier": "CJ대한통운", "tracking_number": line.tracking,
		})
	}
	got, err := s.ask(http.MethodPost, "/v1/syncs/"+dispatching, map[string]any{"tenant": tenantA, "locale": "en", "items": items})
	require.NoError(t, err)
	id := got.job(t).ID
	hold := s.files.Hold(http.MethodGet, "uploads/*")
	first := s.worker("first")
	hold.Wait(t)
	first.kill()
	s.worker("second")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.NumberItems.Name, heartbeat)
}

// killNumbered kills the worker when all items are written down, and not yet that they are all. They are written anew.
func killNumbered(t *testing.T, g *ground) {
	direct, err := url.Parse(testenv.MariaDB(t))
	require.NoError(t, err)
	way := newWire(t, direct.Host)
	l := lotOf(tenantA, 2500) // more than are written at a time
	s := g.syncsAt(t, "mysql://root@"+way.address+direct.Path, options{more: quick}, fake.Behaviour{}, l)
	snare := way.snare("UPDATE syncs SET items", 0)
	first := s.worker("first")
	id := s.send(tenantA)
	snare.wait(t)
	first.kill()
	snare.sever()
	s.worker("second")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.NumberItems.Name, heartbeat)
}

// killReporting kills the worker while it writes the result.
func killReporting(t *testing.T, g *ground) {
	l := lotOf(tenantA, 60)
	s := g.syncs(t, onSQLite, fake.Behaviour{}, quick, l)
	hold := s.files.Hold(http.MethodPut, "artifacts/*")
	first := s.worker("first")
	id := s.send(tenantA)
	hold.Wait(t)
	first.kill()
	s.worker("second")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.ReportSync.Name, heartbeat)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// stopSending sends SIGTERM, as a deploy does: calls on their way are waited for, and the rest is handed over by word. The
// other worker comes when the first has gone, to whose last poll Temporal may give what is handed over meanwhile.
func stopSending(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	first := s.worker("first")
	id := s.send(tenantA)
	s.awaitInFlight(id)
	first.signal(syscall.SIGTERM)
	first.awaitExit(t)
	require.Zero(t, first.cmd.ProcessState.ExitCode(), first.tail(5))
	s.behave(fake.Behaviour{})
	s.worker("second")
	s.requireSent(id, l.lines)
	s.requireNoneAgain(id)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// hangSending stops a worker while it waits for answers, as a machine that swaps does, lets another one do its work, and
// wakes it when the job is long over. What it had before it is not sent once more.
func hangSending(t *testing.T, g *ground, doubtful int64, more ...string) {
	l, next := lotOf(tenantA, 120), lotOf(tenantB, 10)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, append(slices.Clone(quick), more...), l, next)
	first := s.worker("first")
	id := s.send(tenantA)
	s.awaitInFlight(id)
	first.signal(syscall.SIGSTOP)
	s.awaitEffects()
	s.behave(fake.Behaviour{})
	second := s.worker("second")
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, doubtful, j.Sync.Tally.Failed)
	s.requireAgain(id, contract.SendStretch.Name, heartbeat)

	ended, calls := s.job(id), s.partner.Seen().Calls
	first.signal(syscall.SIGCONT)
	second.kill()
	s.requireSent(s.send(tenantB), next.lines) // by the one that was hung, which is a worker like any other again
	require.Equal(t, calls+int64(len(next.lines)), s.partner.Seen().Calls)
	require.Equal(t, ended, s.job(id))
}
