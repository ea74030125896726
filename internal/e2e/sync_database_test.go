//go:build unix

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/mariadb"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/internal/testenv"
)

// syncDatabaseFaults are about the database of a sync, and about Temporal.
func syncDatabaseFaults() []fault {
	return []fault{
		{"sync, kill MariaDB", killMariaDBSending},
		{"sync, kill MariaDB and the worker", killMariaDBAndWorker},
		{"sync, kill Temporal", killTemporalSending},
	}
}

// withoutDatabase kills the database while answers are on their way, and returns when all of them have come: none of them
// can be recorded.
func withoutDatabase(t *testing.T, g *ground, l *lot) (s *syncing, server *mariadb.Server, worker *process, id string) {
	t.Helper()
	server = testenv.PrivateMariaDB(t)
	s = g.syncsAt(t, server.URL("longhaul"), options{more: quick}, fake.Behaviour{Latency: 10 * time.Millisecond}, l)
	worker = s.worker("worker")
	id = s.send(l.tenant)
	s.awaitInFlight(id)
	server.Kill()
	s.inFlight(0)
	got, err := s.ask(http.MethodGet, "/v1/jobs/"+id, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, got.status, "%s", got.body)
	s.behave(fake.Behaviour{})
	return s, server, worker, id
}

// killMariaDBSending takes the database away for some seconds. The worker keeps the answers until it can record them.
func killMariaDBSending(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s, server, _, id := withoutDatabase(t, g, l)
	require.NoError(t, server.Restart(t.Context()))
	s.requireSent(id, l.lines)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// killMariaDBAndWorker kills the worker too, so that nobody has the answers any more.
func killMariaDBAndWorker(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s, server, worker, id := withoutDatabase(t, g, l)
	worker.kill()
	require.NoError(t, server.Restart(t.Context()))
	s.worker("second")
	s.requireSent(id, l.lines)
	s.requireAgain(id, contract.SendStretch.Name, heartbeat)
	require.Equal(t, int64(allInFlight), s.partner.Seen().Replays, "calls that were asked again under their keys")
}

// killTemporalSending kills the server while calls are on their way, and starts it again when the stretches that were
// under way have come to their end without it.
func killTemporalSending(t *testing.T, g *ground) {
	server := testenv.TemporalServer(t)
	l := lotOf(tenantA, 400)
	s := g.syncsAt(t, emptyDatabase(t, onSQLite), options{temporal: server.Address, more: quick},
		fake.Behaviour{Latency: 10 * time.Millisecond}, l)
	s.kindsWorker("worker")
	id := s.send(tenantA)
	s.calls(40)
	server.Kill()
	s.calls(4 * stretchItems) // the window's
	require.NotNil(t, s.job(id).StaleSince)
	require.NoError(t, server.Restart(t.Context()))
	s.requireSent(id, l.lines)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}
