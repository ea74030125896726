//go:build unix

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/job"
)

// syncOperatorFaults are what people do to syncs.
func syncOperatorFaults() []fault {
	return []fault{
		{"sync, cancel", cancelSending},
		{"sync, cancel while no worker runs", cancelSendingWithoutWorker},
		{"sync, pause and resume", pauseSending},
		{"sync, start by hand", startSyncByHand},
		{"sync, reset to the first task", resetSync},
	}
}

// midway starts a job and returns when calls are on their way, see awaitInFlight.
func (s *syncing) midway() (id string, worker *process) {
	s.Helper()
	worker = s.worker("worker")
	id = s.send(tenantA)
	s.awaitInFlight(id)
	return id, worker
}

// cancelSending cancels a job: calls on their way are waited for, and nothing is in doubt.
func cancelSending(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	id, _ := s.midway()
	s.cancel(id)
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.Cancelled, j.State)
	require.Equal(t, job.ReasonUser, j.Reason)
	seen := s.partner.Seen()
	require.Equal(t, seen.Calls, seen.Effects)
	s.requireTally(j, seen.Effects, job.ItemStopped)

	s.behave(fake.Behaviour{})
	s.requireSent(s.retry(id), s.untold(l))
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// cancelSendingWithoutWorker cancels a job whose only worker has died. What was on its way may have taken effect, and has.
func cancelSendingWithoutWorker(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	id, worker := s.midway()
	worker.kill()
	s.cancel(id)
	s.awaitEffects()
	effects := s.partner.Seen().Effects
	s.behave(fake.Behaviour{})
	s.worker("second")
	j := s.requireAccounted(id, l.lines)
	require.Equal(t, job.Cancelled, j.State)
	require.Equal(t, job.SyncTally{
		Succeeded: effects - allInFlight, Unprocessed: int64(len(l.lines)) - effects + allInFlight,
		Codes: []job.ItemCodeCount{{Code: job.ItemStopped, Count: int64(len(l.lines)) - effects}, {Code: job.ItemUnknown, Count: allInFlight}},
	}, tallyOfSync(j.Sync.Tally))
	require.Equal(t, effects, s.partner.Seen().Calls, "something was sent after the cancellation")

	s.requireSent(s.retry(id), s.untold(l))
	require.Equal(t, int64(allInFlight), s.partner.Seen().Replays, "what was in doubt was asked again under its key")
}

// pauseSending pauses a job: calls on their way are waited for, and nothing is started until it is resumed.
func pauseSending(t *testing.T, g *ground) {
	l := lotOf(tenantA, 120)
	s := g.syncs(t, onSQLite, fake.Behaviour{Latency: 10 * time.Millisecond}, quick, l)
	id, _ := s.midway()
	s.control(id, "pause")
	workflowID := s.job(id).WorkflowID
	eventually(t, "no stretch is under way", func() bool {
		d, err := s.client.DescribeWorkflowExecution(t.Context(), workflowID, "")
		require.NoError(t, err)
		return len(d.GetPendingActivities()) == 0
	})
	j := s.job(id)
	require.Equal(t, job.Paused, j.State)
	seen := s.partner.Seen()
	require.Zero(t, seen.InFlight)
	require.Equal(t, seen.Effects, j.Sync.Tally.Succeeded, "every answer counts")
	require.Less(t, seen.Calls, int64(len(l.lines)))
	s.behave(fake.Behaviour{})
	s.control(id, "resume")
	s.requireSent(id, l.lines)
	s.requireNoneAgain(id)
	require.Equal(t, int64(len(l.lines)), s.partner.Seen().Calls, "each item was sent once")
}

// startSyncByHand starts a job as `temporal workflow start --type Sync --input '{…}'` does.
func startSyncByHand(t *testing.T, g *ground) {
	l := lotOf(tenantA, 60)
	s := g.syncs(t, onSQLite, fake.Behaviour{}, quick, l)
	run, err := s.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: contract.SyncWorkflowID(dispatching, tenantA) + "/by-hand", TaskQueue: contract.TaskQueue,
	}, "Sync", map[string]any{"kind": dispatching, "tenant": tenantA, "locale": "en"})
	require.NoError(t, err)
	eventually(t, "the job is found before any worker knows it", func() bool {
		got, err := s.ask(http.MethodGet, "/v1/jobs/"+run.GetRunID(), nil)
		require.NoError(t, err)
		return got.status == http.StatusOK && got.job(t).State == job.Queued && got.job(t).Type == job.TypeSync
	})
	s.worker("worker")
	s.requireSent(run.GetRunID(), l.lines)
	listed := s.list()
	require.Len(t, listed, 1)
	require.Equal(t, run.GetRunID(), listed[0].ID)
	require.Equal(t, dispatching, listed[0].Kind)
}

// resetSync runs a job again that has ended: all items have their outcome, so that nothing is sent.
func resetSync(t *testing.T, g *ground) {
	l := lotOf(tenantA, 60)
	s := g.syncs(t, onSQLite, fake.Behaviour{Refuse: []string{l.lines[7].order}}, quick, l)
	s.worker("worker")
	id := s.send(tenantA)
	first := s.requireAccounted(id, l.lines)
	require.Equal(t, job.PartiallySucceeded, first.State)
	require.Equal(t, int64(linesPerOrder), first.Sync.Tally.Failed)
	items, calls := s.items(id), s.partner.Seen().Calls

	s.reset(first.WorkflowID, first.RunID, firstTask)
	s.until(id, "the job runs again", func(j api.Job) bool { return j.RunID != first.RunID })
	j := s.end(id)
	require.Equal(t, first.State, j.State)
	require.Equal(t, first.Sync.Tally, j.Sync.Tally)
	require.Equal(t, first.Progress, j.Progress)
	require.Equal(t, items, s.items(id))
	s.requireWorkbook(j, l.lines, items)
	require.Equal(t, calls, s.partner.Seen().Calls, "items that have an outcome were sent again")
	require.Len(t, s.list(), 1)
}
