//go:build unix

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/partner/fake"
)

// syncPaceFaults are about the pace that all share.
func syncPaceFaults() []fault {
	return eachEngine("sync, three jobs and two workers on one account", shareAccount)
}

// shareAccount has three jobs send at once, by two workers.
func shareAccount(t *testing.T, g *ground, on engine) {
	const interval, most = 20 * time.Millisecond, 4
	lots := []*lot{lotOf(tenantA, 160), lotOf(tenantB, 160), lotOf("initech", 160)}
	s := g.syncs(t, on, fake.Behaviour{Seed: 1, Latency: 30 * time.Millisecond, LatencyMax: 60 * time.Millisecond},
		settings("INTERVAL=20ms", "MAX_IN_FLIGHT=4"), lots...)
	s.kindsWorker("one")
	s.kindsWorker("two")
	var ids []string
	for _, l := range lots {
		ids = append(ids, s.send(l.tenant))
	}
	senders := map[string]bool{}
	for i, l := range lots {
		j := s.requireSent(ids[i], l.lines)
		for _, name := range s.workersOf(j.WorkflowID, j.RunID, contract.SendStretch.Name) {
			senders[name] = true
		}
	}
	require.Len(t, senders, 2, "workers that sent")

	seen := s.partner.Seen()
	require.Equal(t, int64(3*160), seen.Calls)
	require.LessOrEqual(t, seen.MostInFlight, most)
	half := s.partner.Closer(interval / 2)
	t.Logf("seen: %d starts, %.1f ms apart on average, half of them by %.1f ms and more, %d below %s, at most %d in flight",
		seen.Calls, seen.Spacing.Mean, seen.Spacing.P50, half, interval/2, seen.MostInFlight)
	// Starts are never given out closer than the interval, so that the mean cannot be below it, whatever the machine does:
	// only the first may be seen late. Single ones may be seen close to one another where a process, or the partner itself,
	// had to wait for the CPU; how close, the bench shows on a machine of its own.
	require.Greater(t, seen.Spacing.Mean, 0.98*float64(interval/time.Millisecond))
	require.Less(t, half, seen.Calls/10)
}

// workersOf names the workers that took up activities of a name.
func (s *stand) workersOf(workflowID, runID, name string) (all []string) {
	s.Helper()
	wanted := map[int64]bool{}
	for _, event := range s.history(workflowID, runID) {
		if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == name {
			wanted[event.GetEventId()] = true
		}
		if started := event.GetActivityTaskStartedEventAttributes(); started != nil && wanted[started.GetScheduledEventId()] {
			all = append(all, started.GetIdentity())
		}
	}
	return all
}
