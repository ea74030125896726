//go:build unix

package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/job"
)

// fileFaults make the file storage refuse what is written.
func fileFaults() []fault {
	var cases []fault
	for _, c := range []struct {
		name   string
		fault  blobtest.Fault
		hold   string // the write that meets the fault first
		stored []int
		deed   string
	}{
		{"files refuse a page", blobtest.RefuseWrites, "jobs/*/*/00000003", []int{0, 1, 2, 4}, contract.ExportPage.Name},
		{"files are full, page", blobtest.Full, "jobs/*/*/00000003", []int{0, 1, 2, 4}, contract.ExportPage.Name},
		{"files are full, assembling", blobtest.Full, "artifacts/*", all, contract.AssembleExport.Name},
		{"files are down, planning", blobtest.Down, "jobs/*/*/plan.json", nil, contract.PlanExport.Name},
	} {
		cases = append(cases, fault{c.name, func(t *testing.T, g *ground) {
			s := g.stand(t, options{on: onSQLite})
			hold := s.files.Hold(http.MethodPut, c.hold)
			s.worker("worker")
			id := s.start(orderLines)
			hold.Wait(t)
			before := s.awaitFragments(id, c.stored...)
			s.files.Set(c.fault)
			hold.Release()
			s.awaitFailing(s.job(id).WorkflowID, c.deed)
			s.files.Set(blobtest.None)
			s.requireWhole(id, before)
			s.requireAgain(id, c.deed, contract.FailureType(job.ReasonDownstream))
		}})
	}
	return append(cases,
		fault{"files stay full, reset to a page", func(t *testing.T, g *ground) {
			filesStayFull(t, g, func(events []*history.HistoryEvent) int64 { return beforePage(events, 3) })
		}},
		fault{"files stay full, reset to the first task", func(t *testing.T, g *ground) {
			filesStayFull(t, g, func([]*history.HistoryEvent) int64 { return firstTask })
		}},
	)
}

// filesStayFull lets a job give up, and reruns it by a reset when there is room again.
func filesStayFull(t *testing.T, g *ground, task func([]*history.HistoryEvent) int64) {
	s := g.stand(t, options{on: onSQLite})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	s.kindsWorker("worker")
	id := s.start(of(kindImpatient))
	hold.Wait(t)
	s.awaitFragments(id, 0, 1, 2, 4)
	s.files.Set(blobtest.Full)
	hold.Release()

	j := s.end(id)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonDownstream, j.Reason)
	require.Contains(t, j.Message, giveUp.String())
	require.Empty(t, j.Artifacts)
	s.requireClean()

	s.files.Set(blobtest.None)
	s.reset(j.WorkflowID, j.RunID, task(s.history(j.WorkflowID, j.RunID)))
	s.until(id, "the job runs again", func(again api.Job) bool { return again.RunID != j.RunID })
	again := s.end(id)
	undisturbed := s.end(s.start(of(kindImpatient)))
	s.requireFile(id, s.download(undisturbed), nil)
	require.Equal(t, again, s.job(id))
}
