//go:build unix

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// temporalFaults kill Temporal itself.
func temporalFaults() []fault {
	return []fault{
		{"kill Temporal, pages", killTemporal},
	}
}

// killTemporal kills the server in the middle of the pages. A page that is finished while it is down is
// reported, or found, when it is back.
func killTemporal(t *testing.T, g *ground) {
	server := testenv.TemporalServer(t)
	s := g.stand(t, options{temporal: server.Address})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	s.worker("worker")
	id := s.start(orderLines)
	hold.Wait(t)
	s.awaitFragments(id, 0, 1, 2, 4)
	server.Kill()

	asked := time.Now()
	j := s.job(id)
	t.Logf("seen: an answer after %d ms", time.Since(asked).Milliseconds())
	require.Equal(t, job.Running, j.State)
	require.NotNil(t, j.StaleSince)
	hold.Release()
	before := s.awaitFragments(id, all...)
	require.NoError(t, server.Restart(t.Context()))
	s.requireWhole(id, before)
}
