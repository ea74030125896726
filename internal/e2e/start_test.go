//go:build unix

package e2e

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// startFaults are about the moment between a request and its job.
func startFaults() []fault {
	return []fault{
		{"start 200 at once", startManyAtOnce},
		{"kill the API, started, not told", func(t *testing.T, g *ground) { killAPI(t, g, true) }},
		{"kill the API, not yet started", func(t *testing.T, g *ground) { killAPI(t, g, false) }},
	}
}

// startManyAtOnce asks for the same export two hundred times at once: one runs, and all others are told
// which.
func startManyAtOnce(t *testing.T, g *ground) {
	const many = 200
	s := g.stand(t, options{})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003") // it runs until all have asked
	s.worker("worker")

	answers, errs := make([]answer, many), make([]error, many)
	var asking sync.WaitGroup
	for i := range many {
		asking.Go(func() { answers[i], errs[i] = s.postUntilHeard(orderLines) })
	}
	asking.Wait()
	hold.Wait(t) // one runs
	list := s.list()
	require.Len(t, list, 1)
	started, accepted := list[0].ID, 0
	for i := range many {
		require.NoError(t, errs[i])
		if answers[i].status == http.StatusAccepted {
			accepted++
		}
	}
	require.LessOrEqual(t, accepted, 1, "two were started")
	for _, a := range answers {
		require.Equal(t, "/v1/jobs/"+started, a.header.Get("Location"))
		if a.status == http.StatusAccepted {
			continue
		}
		require.Equal(t, http.StatusConflict, a.status, "%s", a.body)
		require.Equal(t, started, a.problem(t).JobID)
		require.Equal(t, "/v1/jobs/"+started, a.problem(t).JobURL)
	}

	hold.Release()
	s.requireWhole(started, nil)
	require.Len(t, s.list(), 1)
}

// postUntilHeard asks again as long as the answer is that Temporal did not answer in time, which two hundred
// at once can make it on a machine that is busy with other tests. Such a start may have been heard all the
// same: then the next answer is a conflict with it.
func (s *stand) postUntilHeard(in contract.ExportInput) (answer, error) {
	for {
		a, err := s.post(in)
		if err != nil || a.status != http.StatusServiceUnavailable {
			return a, err
		}
	}
}

// killAPI kills the API between its call to Temporal and its answer to the client. The client asks again
// with the same Idempotency-Key, at another API.
func killAPI(t *testing.T, g *ground, started bool) {
	server := g.temporal()
	gate := newGateway(t, server)
	s := g.stand(t, options{temporal: server, gateway: gate.address})
	s.worker("worker")
	kept := gate.keep("StartWorkflowExecution", started)
	lost := make(chan error, 1)
	go func() {
		_, err := s.post(orderLines, "Idempotency-Key", "morning")
		lost <- err
	}()
	kept.wait(t)
	s.api.kill()
	require.Error(t, <-lost)

	s.gateway = ""
	_, s.url = s.serve("api-2")
	again, err := s.post(orderLines, "Idempotency-Key", "morning")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, again.status, "%s", again.body)
	replayed := ""
	if started {
		replayed = "true"
	}
	require.Equal(t, replayed, again.header.Get("Idempotent-Replayed"))
	id := again.job(t).ID
	d, err := s.client.DescribeWorkflowExecution(t.Context(), contract.ExportWorkflowID(orderLines), "")
	require.NoError(t, err)
	require.Equal(t, id, d.GetWorkflowExecutionInfo().GetFirstRunId())
	s.requireWhole(id, nil)

	third, err := s.post(orderLines, "Idempotency-Key", "morning")
	require.NoError(t, err)
	require.Equal(t, "true", third.header.Get("Idempotent-Replayed"))
	require.Equal(t, id, third.job(t).ID)
	require.Equal(t, job.Succeeded, third.job(t).State)
	require.Len(t, s.list(), 1)
}
