//go:build unix

package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/partner/fake"
)

// syncWorkerFaults kill, stop and hang workers of a sync.
func syncWorkerFaults() []fault {
	cases := eachEngine("sync, kill a worker ten times", killTenTimesSending) // the longest come first
	return append(cases,
		fault{"sync, kill the only worker, calls in flight", killSending},
		fault{"sync, stop a worker", stopSending},
		fault{"sync, hang a worker", hangSending},
	)
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
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	first := s.worker("first")
	id := s.send(tenantA)
	s.awaitInFlight(id)
	first.kill()
	s.inFlight(0)
	s.behave(fake.Behaviour{})
	s.worker("second")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.SendStretch.Name, heartbeat)
	require.Equal(t, int64(allInFlight), s.partner.Seen().Replays, "calls that were asked again under their keys")
}

// stopSending sends SIGTERM, as a deploy does: calls on their way are waited for, and the rest is handed over by word.
func stopSending(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	first := s.worker("first")
	id := s.send(tenantA)
	s.awaitInFlight(id)
	s.worker("second")
	first.signal(syscall.SIGTERM)
	first.awaitExit(t)
	require.Zero(t, first.cmd.ProcessState.ExitCode(), first.tail(5))
	s.behave(fake.Behaviour{})
	s.requireSent(id, l.lines)
	s.requireNoneAgain(id)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// hangSending stops a worker while it waits for answers, as a machine that swaps does, lets another one do its work, and
// wakes it when the job is long over.
func hangSending(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	first := s.worker("first")
	id := s.send(tenantA)
	s.awaitInFlight(id)
	first.signal(syscall.SIGSTOP)
	s.inFlight(0)
	s.behave(fake.Behaviour{})
	second := s.worker("second")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.SendStretch.Name, heartbeat)

	ended := s.job(id)
	first.signal(syscall.SIGCONT)
	second.kill()
	next := s.end(s.send(tenantA)) // by the one that was hung, which is a worker like any other again
	requireSucceeded(t, next)
	require.Zero(t, next.Progress.RowsTotal)
	require.Equal(t, ended, s.job(id))
	s.requirePartner(l.lines)
}
