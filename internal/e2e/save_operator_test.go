//go:build unix

package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// saveOperatorFaults are what people do to bulk saves, and what Temporal's end does to them.
func saveOperatorFaults() []fault {
	var cases []fault
	for _, c := range []struct {
		name string
		hold func(*blobtest.S3) *blobtest.Hold
	}{
		{"before a chunk is read", func(files *blobtest.S3) *blobtest.Hold { return files.Hold(http.MethodGet, chunkBegins(9)) }},
		{"rows written, not committed", putting("jobs/*/*/faults-apply-00000009")},
		{"what is refused is stored, not committed", put("jobs/*/*/faults-apply-00000009")},
	} {
		cases = append(cases, eachEngine("save, cancel, "+c.name, func(t *testing.T, g *ground, on engine) {
			cancelSave(t, g, on, c.hold)
		})...)
	}
	for _, c := range []struct {
		name string
		task func([]*history.HistoryEvent) int64
	}{
		{"the first task", func([]*history.HistoryEvent) int64 { return firstTask }},
		{"a chunk", func(events []*history.HistoryEvent) int64 { return beforeDeed(events, contract.ApplyChunk.Name, 12) }},
	} {
		cases = append(cases, eachEngine("save, reset to "+c.name, func(t *testing.T, g *ground, on engine) {
			resetSave(t, g, on, c.task)
		})...)
	}
	cases = append(cases, eachEngine("save, cancel, committed, not told", cancelCommitted)...)
	cases = append(cases, eachEngine("save, start a second", startSecond)...)
	cases = append(cases, eachEngine("save, data changed after the dry run", staleRun)...)
	cases = append(cases, eachEngine("save, data changed after the comparison", staleRow)...)
	cases = append(cases, eachEngine("save, two tenants at once", twoTenants)...)
	return append(cases, eachEngine("save, kill Temporal", killTemporalSaving)...)
}

// cancelSave cancels a job in the middle. What it has written stays, is told, and can be undone.
func cancelSave(t *testing.T, g *ground, on engine, at func(*blobtest.S3) *blobtest.Hold) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	hold := at(s.files)
	s.kindsWorker("worker")
	id := s.save(b)
	hold.Wait(t)
	s.cancel(id)
	hold.WaitGone(t)
	require.NotContains(t, s.requireStopped(id, b), 9)
}

// cancelCommitted cancels a job whose worker has committed a chunk and dies before Temporal hears of it. The ledger
// knows.
func cancelCommitted(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	gate := newGateway(t, s.server)
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/faults-apply-00000009")
	first := s.kindsWorker("first", "TEMPORAL_ADDRESS="+gate.address)
	id := s.save(b)
	hold.Wait(t)
	others := s.pendingChunks(id)
	for range others {
		gate.keep("RespondActivityTaskCompleted", false)
	}
	hold.Release()
	eventually(t, "the chunk is committed", func() bool { return slices.Contains(s.chunksOf(id), 9) })
	s.cancel(id)
	first.kill()
	s.kindsWorker("second")
	require.Contains(t, s.requireStopped(id, b), 9)
}

// pendingChunks is how many chunks are in flight.
func (s *saving) pendingChunks(id string) int {
	s.Helper()
	d, err := s.client.DescribeWorkflowExecution(s.Context(), s.job(id).WorkflowID, "")
	require.NoError(s, err)
	return len(d.GetPendingActivities())
}

// requireStopped asserts that a cancelled save tells of just the chunks that the ledger has, that those and no others
// are in the database, and that an undo takes them back. It returns them.
func (s *saving) requireStopped(id string, b *book) []int {
	s.Helper()
	j := s.end(id)
	require.Equal(s, job.Cancelled, j.State, "%s: %s", j.Reason, j.Message)
	require.Equal(s, job.ReasonUser, j.Reason)
	chunks := s.chunksOf(id)
	require.NotEmpty(s, chunks)
	require.Less(s, len(chunks), j.Progress.PagesTotal)
	lines := b.with(chunks)
	s.requireTally(j, b, lines, s.requireState(s.before.after(lines)))
	s.requireRefused(j, b, lines)
	s.requireClean()
	s.tell(id)
	s.requireUndone(s.undo(id), id, s.before, 0)
	return chunks
}

// beforeDeed is the end of the workflow task that scheduled the nth activity of a name.
func beforeDeed(events []*history.HistoryEvent, name string, nth int) int64 {
	task := int64(firstTask)
	for _, event := range events {
		if event.GetWorkflowTaskCompletedEventAttributes() != nil {
			task = event.GetEventId()
		}
		if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == name {
			if nth == 0 {
				return task
			}
			nth--
		}
	}
	return task
}

// resetSave runs a job again that has ended. What it adds to stock is not added twice.
func resetSave(t *testing.T, g *ground, on engine, task func([]*history.HistoryEvent) int64) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	s.kindsWorker("worker")
	id := s.save(b)
	first := s.requireSaved(id, b)
	hold := s.files.Hold(http.MethodGet, chunkBegins(9))
	s.reset(first.WorkflowID, first.RunID, task(s.history(first.WorkflowID, first.RunID)))
	hold.Wait(t)
	s.until(id, "the job runs again", func(j api.Job) bool { return j.State == job.Running && j.RunID != first.RunID })
	hold.Release()
	again := s.requireSaved(id, b)
	require.Equal(t, first.Save.Saved, again.Save.Saved)
	require.Len(t, s.list(), 1)
	s.requireUndone(s.undo(id), id, s.before, 0)
}

// startSecond asks for another save of the same kind and tenant while one runs.
func startSecond(t *testing.T, g *ground, on engine) {
	b, other := stockBook(tenantA, bookRows, false), stockBook(tenantA, 10, false)
	s := g.saves(t, on, b)
	hold := s.files.Hold(http.MethodGet, chunkBegins(9))
	s.kindsWorker("worker")
	id := s.save(b)
	hold.Wait(t)
	for _, second := range []*book{b, other} {
		got, err := s.send(t.Context(), second.path(), second.text())
		require.NoError(t, err)
		require.Equal(t, http.StatusConflict, got.status, "%s", got.body)
		require.Equal(t, id, got.problem(t).JobID)
		require.Equal(t, "/v1/jobs/"+id, got.problem(t).JobURL)
		require.Equal(t, "/v1/jobs/"+id, got.header.Get("Location"))
	}
	hold.Release()
	s.requireSaved(id, b)
	require.Len(t, s.list(), 1)
}

// staleRun changes data between a dry run and its resumption. Nothing is written then, and the job names the rows.
func staleRun(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	s.kindsWorker("worker")
	id := s.save(b, dryRun)
	held := s.held(id)
	want := tallyOf(b.all())
	require.Equal(t, [4]int64{want.Created, want.Updated, want.Unchanged, want.Refused},
		[4]int64{held.Save.Checked.Created, held.Save.Checked.Updated, held.Save.Checked.Unchanged, held.Save.Checked.Refused})
	s.requireRefused(held, b, b.all())

	var rows []api.RowRef
	for _, l := range b.in(20) {
		if l.verdict == target.Unchanged {
			s.sell(l)
			rows = append(rows, api.RowRef{Row: l.row})
		}
	}
	require.NotEmpty(t, rows)
	changed := s.state()
	s.resume(id)
	j := s.end(id)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonStale, j.Reason)
	require.Equal(t, rows, j.Save.Stale)
	require.Nil(t, j.Save.Saved)
	require.Empty(t, j.Links.Undo)
	s.requireState(changed)
	require.Empty(t, s.ledger(id))
	s.requireClean()
}

// staleRow changes data after the comparison, in the moment before the row is saved. That row is refused; the others are
// saved.
func staleRow(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	compared := s.files.Hold(http.MethodGet, "jobs/*/*/verdicts-00000009")
	s.kindsWorker("worker")
	id := s.save(b, dryRun)
	s.held(id)
	s.resume(id)
	compared.Wait(t)
	applied := s.files.Hold(http.MethodGet, "jobs/*/*/verdicts-00000009")
	compared.Release()
	applied.Wait(t)
	for _, l := range b.in(9) {
		if l.verdict != target.Unchanged {
			continue
		}
		s.before = s.before.with(s.sell(l))
		changed := &b.lines[l.row-2]
		changed.verdict, changed.code, changed.reason = target.Refused, job.RowStale, "the data has changed since the dry run"
		break
	}
	applied.Release()
	j := s.requireSaved(id, b)
	require.Equal(t, j.Save.Checked.Refused+1, j.Save.Saved.Refused)
}

// twoTenants saves the same SKUs and order numbers for two tenants, all at once.
func twoTenants(t *testing.T, g *ground, on engine) {
	books := []*book{
		stockBook(tenantA, bookRows, false), stockBook(tenantB, bookRows, false),
		orderBook(tenantA, bookRows/3), orderBook(tenantB, bookRows/3),
	}
	s := g.saves(t, on, books...)
	s.kindsWorker("one")
	s.kindsWorker("two")
	holds := make([]*blobtest.Hold, len(books))
	for i := range books {
		holds[i] = s.files.Hold(http.MethodGet, chunkBegins(0))
	}
	ids := make([]string, len(books))
	for i, b := range books {
		ids[i] = s.save(b)
	}
	for _, hold := range holds {
		hold.Wait(t)
	}
	for _, hold := range holds {
		hold.Release()
	}
	for _, id := range ids {
		s.end(id)
	}
	after := s.before
	for _, b := range books {
		after = after.after(b.all())
	}
	database := s.requireState(after)
	for i, b := range books {
		j := s.job(ids[i])
		require.Equal(t, job.PartiallySucceeded, j.State, "%s: %s", j.Reason, j.Message)
		s.requireTally(j, b, b.all(), database)
		require.Equal(t, numbers(j.Progress.PagesTotal), s.chunksOf(j.ID))
		s.requireRefused(j, b, b.all())
		s.tell(j.ID)
	}
	s.requireClean()
}

// killTemporalSaving kills Temporal in the middle. What is committed while it is down is reported, or found, when it is
// back.
func killTemporalSaving(t *testing.T, g *ground, on engine) {
	server := testenv.TemporalServer(t)
	b := stockBook(tenantA, bookRows, false)
	s := g.savesAt(t, emptyDatabase(t, on), options{temporal: server.Address}, b)
	hold := s.files.Hold(http.MethodGet, chunkBegins(9))
	s.kindsWorker("worker")
	id := s.save(b)
	hold.Wait(t)
	server.Kill()
	hold.Release()
	eventually(t, "the chunk is committed", func() bool { return slices.Contains(s.chunksOf(id), 9) })
	require.NoError(t, server.Restart(t.Context()))
	s.requireSaved(id, b)
}
