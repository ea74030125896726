//go:build unix

package e2e

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// operatorFaults are what people do to executions behind the program's back.
func operatorFaults() []fault {
	return []fault{
		{"start by hand", startByHand},
		{"start by hand, unknown kind", startUnknownByHand},
		{"start by hand, terminate before any worker", terminateBeforeWorker},
		{"cancel, pages", cancelPages},
		{"cancel while no worker runs", cancelWithoutWorker},
		{"terminate", terminate},
		{"delete, ended", deleteEnded},
		{"delete, running", deleteRunning},
		{"reset to the first task", func(t *testing.T, g *ground) {
			resetSucceeded(t, g, func([]*history.HistoryEvent) int64 { return firstTask })
		}},
		{"reset to a page", func(t *testing.T, g *ground) {
			resetSucceeded(t, g, func(events []*history.HistoryEvent) int64 { return beforePage(events, 4) })
		}},
		{"expire", expire},
	}
}

// byHand starts an export as `temporal workflow start --input '{…}'` does.
func (s *stand) byHand(input map[string]any) client.WorkflowRun {
	s.Helper()
	run, err := s.client.ExecuteWorkflow(s.Context(),
		client.StartWorkflowOptions{ID: "export/order-lines/acme/by-hand", TaskQueue: contract.TaskQueue}, "Export", input)
	require.NoError(s, err)
	return run
}

func startByHand(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	run := s.byHand(map[string]any{"kind": "order-lines", "tenant": tenant})
	eventually(t, "the job is found before any worker knows it", func() bool {
		got, err := s.ask(http.MethodGet, "/v1/jobs/"+run.GetRunID(), nil)
		require.NoError(t, err)
		return got.status == http.StatusOK && got.job(t).State == job.Queued && got.job(t).Type == job.TypeExport
	})
	s.worker("worker")
	byHand := s.end(run.GetRunID())
	requireSucceeded(t, byHand)
	require.Equal(t, "order-lines", byHand.Kind)

	byAPI := s.end(s.start(contract.ExportInput{Kind: "order-lines", Tenant: tenant}))
	require.Equal(t, s.download(byAPI), s.download(byHand))
	s.requireClean()
	var listed []string
	for _, j := range s.list() {
		listed = append(listed, j.ID)
	}
	require.Equal(t, []string{byAPI.ID, byHand.ID}, listed, "newest first")
}

func startUnknownByHand(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	s.worker("worker")
	run := s.byHand(map[string]any{"kind": "order-linse", "tenant": tenant})
	eventually(t, "the job is listed", func() bool { return len(s.list()) == 1 })
	j := s.end(run.GetRunID())
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonBadInput, j.Reason)
	require.Contains(t, j.Message, "did you mean order-lines?")
	s.requireClean()
}

func terminateBeforeWorker(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	run := s.byHand(map[string]any{"kind": "order-lines", "tenant": tenant})
	require.NoError(t, s.client.TerminateWorkflow(t.Context(), run.GetID(), "", "not needed"))
	eventually(t, "the end is told", func() bool {
		got, err := s.ask(http.MethodGet, "/v1/jobs/"+run.GetRunID(), nil)
		require.NoError(t, err)
		return got.status == http.StatusOK && got.job(t).State == job.Cancelled && got.job(t).Reason == job.ReasonOperator
	})
}

// underWay starts a job and waits until all pages but one are stored and that one is being written.
func (s *stand) underWay() (api.Job, *process, func()) {
	s.Helper()
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	worker := s.worker("worker")
	id := s.start(orderLines)
	hold.Wait(s)
	s.awaitFragments(id, 0, 1, 2, 4)
	return s.job(id), worker, hold.Release
}

func cancelPages(t *testing.T, g *ground) {
	s := g.stand(t, options{})
	j, _, release := s.underWay()
	s.cancel(j.ID)
	s.until(j.ID, "the cancelling shows", func(j api.Job) bool { return j.State == job.Cancelling && j.StaleSince == nil })
	release()
	s.requireCancelled(j.ID)
}

func cancelWithoutWorker(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	j, worker, _ := s.underWay()
	worker.kill()
	s.cancel(j.ID)
	s.worker("second")
	s.requireCancelled(j.ID)
}

func (s *stand) cancel(id string) {
	s.Helper()
	got, err := s.ask(http.MethodPost, "/v1/jobs/"+id+"/cancel", nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, got.status, "%s", got.body)
	require.Equal(s, job.Cancelling, got.job(s.T).State)
}

func (s *stand) requireCancelled(id string) {
	s.Helper()
	j := s.end(id)
	require.Equal(s, job.Cancelled, j.State)
	require.Equal(s, job.ReasonUser, j.Reason)
	require.Empty(s, j.Artifacts)
	s.requireClean()
	s.report(id)
}

// later is when housekeeping looks at jobs that have been silent since now.
func later() time.Time { return time.Now().Add(2 * time.Minute) }

// terminate ends two executions the hard way: one is healed when somebody asks for it, the other by
// housekeeping, which also sweeps what both have left.
func terminate(t *testing.T, g *ground) {
	s := g.stand(t, options{})
	asked, worker, _ := s.underWay()
	worker.kill()
	unasked := s.start(contract.ExportInput{Kind: "stock-levels", Tenant: tenant})
	for _, workflowID := range []string{asked.WorkflowID, s.job(unasked).WorkflowID} {
		require.NoError(t, s.client.TerminateWorkflow(t.Context(), workflowID, "", "not needed"))
	}

	j := s.end(asked.ID)
	require.Equal(t, job.Cancelled, j.State)
	require.Equal(t, job.ReasonOperator, j.Reason)

	row, err := s.store.Job(t.Context(), unasked)
	require.NoError(t, err)
	require.Equal(t, job.Queued, row.State)
	s.tidy()
	row, err = s.store.Job(t.Context(), unasked)
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, row.State)
	require.Equal(t, job.ReasonOperator, row.Reason)
	s.requireClean()
}

// tidy does what housekeeping does two minutes from now.
func (s *stand) tidy() {
	s.Helper()
	keeper := s.housekeeping(later())
	for _, do := range []func(*activities.Housekeeping) error{
		func(h *activities.Housekeeping) error {
			_, err := h.HealJobs(s.Context(), contract.Nothing{})
			return err
		},
		func(h *activities.Housekeeping) error {
			_, err := h.SweepBlobs(s.Context(), contract.Nothing{})
			return err
		},
	} {
		require.NoError(s, do(keeper))
	}
}

func deleteEnded(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	s.worker("worker")
	id := s.start(orderLines)
	s.requireWhole(id, nil)
	before := s.job(id)
	s.delete(before)
	require.Equal(t, before, s.job(id))
	require.Equal(t, g.whole, s.download(before))
}

func deleteRunning(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	j, worker, _ := s.underWay()
	worker.kill()
	s.delete(j)
	j = s.job(j.ID)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, job.ReasonInternal, j.Reason)
	require.Contains(t, j.Message, "Temporal no longer knows the execution")
	s.tidy()
	s.requireClean()

	// Its lock is free.
	s.worker("second")
	s.requireWhole(s.start(orderLines), nil)
}

// delete removes an execution from Temporal, and waits until it is gone.
func (s *stand) delete(j api.Job) {
	s.Helper()
	_, err := s.client.WorkflowService().DeleteWorkflowExecution(s.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: s.namespace, WorkflowExecution: &common.WorkflowExecution{WorkflowId: j.WorkflowID, RunId: j.RunID},
	})
	require.NoError(s, err)
	eventually(s.T, "the execution is deleted", func() bool {
		_, err := s.client.DescribeWorkflowExecution(s.Context(), j.WorkflowID, j.RunID)
		var gone *serviceerror.NotFound
		return errors.As(err, &gone)
	})
}

// firstTask is the end of an execution's first workflow task: a reset to it does everything again.
const firstTask = 4

// beforePage is the end of the workflow task that started the page of that number.
func beforePage(events []*history.HistoryEvent, page int) int64 {
	task := int64(firstTask)
	for _, event := range events {
		if event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			task = event.GetEventId()
		}
		if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == contract.ExportPage.Name {
			if page == 0 {
				break
			}
			page--
		}
	}
	return task
}

// reset is `temporal workflow reset --event-id`.
func (s *stand) reset(workflowID, runID string, task int64) {
	s.Helper()
	_, err := s.client.ResetWorkflowExecution(s.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: s.namespace, WorkflowExecution: &common.WorkflowExecution{WorkflowId: workflowID, RunId: runID},
		Reason: "once more", WorkflowTaskFinishEventId: task, RequestId: s.Name() + runID,
	})
	require.NoError(s, err)
}

// resetSucceeded runs a job again that has ended well, whole or from a point in its middle. Its fragments
// have been removed, so all pages are made again; its file is in the end the same.
func resetSucceeded(t *testing.T, g *ground, task func([]*history.HistoryEvent) int64) {
	s := g.stand(t, options{})
	s.worker("worker")
	id := s.start(orderLines)
	s.requireWhole(id, nil)
	first := s.job(id)

	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	s.reset(first.WorkflowID, first.RunID, task(s.history(first.WorkflowID, first.RunID)))
	hold.Wait(t)
	again := s.until(id, "the job runs again", func(j api.Job) bool { return !j.State.Ended() })
	require.Equal(t, job.Running, again.State)
	require.NotEqual(t, first.RunID, again.RunID)
	require.Nil(t, again.EndedAt)
	hold.Release()

	j := s.end(id)
	requireSucceeded(t, j)
	require.Equal(t, g.whole, s.download(j))
	require.Equal(t, first.CreatedAt, j.CreatedAt)
	s.requireClean()
	require.Len(t, s.list(), 1)
	s.report(id)
}

// expire lets a week pass for housekeeping. The file is gone then, and the job says so.
func expire(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	s.worker("worker")
	id := s.start(orderLines)
	s.requireWhole(id, nil)
	file := s.job(id).Artifacts[0]

	early, err := s.housekeeping(file.ExpiresAt.Add(-time.Second)).ExpireArtifacts(t.Context(), contract.Nothing{})
	require.NoError(t, err)
	require.Zero(t, early.Count)
	expired, err := s.housekeeping(file.ExpiresAt).ExpireArtifacts(t.Context(), contract.Nothing{})
	require.NoError(t, err)
	require.Equal(t, 1, expired.Count)

	got, err := s.ask(http.MethodGet, file.URL, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusGone, got.status, "%s", got.body)
	require.Equal(t, "/docs#gone", string(got.problem(t).Type))
	require.Empty(t, s.files.Keys(t, "artifacts/"))
	j := s.job(id)
	require.Equal(t, job.Succeeded, j.State)
	require.NotNil(t, j.Artifacts[0].DeletedAt)
}
