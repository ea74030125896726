//go:build unix

package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// pageFaults are about long executions: many small pages, and several runs of one execution.
func pageFaults() []fault {
	return []fault{
		{"pages of 500", pagesOf500},
		{"kill the only worker, pages of 500", killAmongPagesOf500},
		{"kill the only worker, continued as new", killContinued},
	}
}

// pagesOf500 makes the file as the system did that Longhaul replaces. A CSV file knows nothing of pages.
func pagesOf500(t *testing.T, g *ground) {
	const small = rows / 500
	s := g.stand(t, options{})
	s.kindsWorker("worker")
	in := of(kindSmallPages)
	in.Format = "csv"
	bySmall := s.end(s.start(in))
	requireSucceeded(t, bySmall)
	require.Equal(t, small, bySmall.Progress.PagesDone)

	in.Kind = orderLines.Kind
	byLarge := s.end(s.start(in))
	requireSucceeded(t, byLarge)
	require.Equal(t, pages, byLarge.Progress.PagesDone)
	require.Equal(t, s.download(byLarge), s.download(bySmall))
	s.requireClean()

	size := 0
	for _, event := range s.history(bySmall.WorkflowID, bySmall.RunID) {
		size += proto.Size(event)
	}
	t.Logf("seen: %d bytes of history a page", size/small)
	require.Less(t, size/small, 1024, "bytes of history a page")
}

func killAmongPagesOf500(t *testing.T, g *ground) {
	s := g.stand(t, options{})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000050")
	first := s.kindsWorker("first")
	id := s.start(of(kindSmallPages))
	hold.Wait(t)
	before := s.awaitFragments(id, numbers(50)...)
	first.kill()
	s.kindsWorker("second")
	s.end(id)
	undisturbed := s.end(s.start(of(kindSmallPages)))
	s.requireFile(id, s.download(undisturbed), before)
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// killContinued kills the worker in the second run of an execution. Its job is one all the same.
func killContinued(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	first := s.kindsWorker("first")
	id := s.start(of(kindShortRuns))
	hold.Wait(t)
	before := s.awaitFragments(id, 0, 1, 2)
	first.kill()
	s.kindsWorker("second")
	s.requireWhole(id, before)
	j := s.job(id)
	require.NotEqual(t, j.ID, j.RunID, "it has not continued as new")
	require.Equal(t, pages, j.Progress.PagesDone)
	require.Len(t, s.list(), 1)
}
