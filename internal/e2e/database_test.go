//go:build unix

package e2e

import (
	"net"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
)

// databaseFaults kill MariaDB in the middle of a statement and start it again once the deed has failed.
func databaseFaults() []fault {
	var cases []fault
	for _, moment := range []struct {
		name      string
		statement string
		pass      int    // bytes of its answer, see [wire.snare]
		deed      string // that fails
		stored    []int  // pages by then
	}{
		{"planning", "l.id FROM order_lines", 64 << 10, contract.PlanExport.Name, nil},
		{"page", "l.id > 60000 AND", 64 << 10, contract.ExportPage.Name, []int{0, 1, 2}},
		{"publishing", `\"phase\":\"done\"`, 0, contract.FinishJob.Name, all},
	} {
		cases = append(cases, fault{"kill MariaDB, " + moment.name, func(t *testing.T, g *ground) {
			server := g.privateMariaDB(t)
			way := newWire(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port())))
			s := g.stand(t, options{database: "mysql://root@" + way.address + "/longhaul"})
			snare := way.snare(moment.statement, moment.pass)
			s.worker("worker")
			id := s.start(orderLines)
			workflowID := s.job(id).WorkflowID
			snare.wait(t)
			before := s.awaitFragments(id, moment.stored...)
			server.Kill()
			snare.sever()
			s.awaitFailing(workflowID, moment.deed)
			require.NoError(t, server.Restart(t.Context()))
			s.requireWhole(id, before)
			s.requireAgain(id, moment.deed, "downstream")
		}})
	}
	return append(cases, fault{"kill the only worker, publishing", killPublishing})
}

// killPublishing kills the worker while it writes the end into the database. That deed is too short for
// heartbeats: what tells is the timeout of the attempt.
func killPublishing(t *testing.T, g *ground) {
	direct, err := url.Parse(g.copy(t, onMySQL))
	require.NoError(t, err)
	way := newWire(t, direct.Host)
	s := g.stand(t, options{database: "mysql://root@" + way.address + direct.Path})
	snare := way.snare(`\"phase\":\"done\"`, 0)
	first := s.worker("first")
	id := s.start(orderLines)
	snare.wait(t)
	before := s.awaitFragments(id, all...)
	first.kill()
	snare.sever()
	s.worker("second")
	s.requireWhole(id, before)
	s.requireAgain(id, contract.FinishJob.Name, "StartToClose")
}
