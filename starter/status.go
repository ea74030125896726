package starter

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

const (
	// patience is how long a caller waits for a running execution's own answer before it gets the last
	// known one: no response may take a second to begin. The median answer takes 10 ms.
	patience = 650 * time.Millisecond
	// lastLook is how long it takes at most, after that patience, to find out why there is no answer: a
	// Temporal that is up tells within 10 ms.
	lastLook = 150 * time.Millisecond
	// askFor is how long the question itself stands. It outlives the caller, because the first question
	// after the death of a worker is what makes Temporal turn to another one (after a second).
	askFor = 5 * time.Second
)

// Job tells how a job stands. While it runs its execution is asked; when no worker answers, the last known
// status is returned with StaleSince set; when it has ended, the row tells. A row that says "running" for
// an execution that has closed is put right on the way. The counts of a running sync are exact.
func (s *Starter) Job(ctx context.Context, id string) (job.Job, error) {
	j, err := s.job(ctx, id)
	if err != nil {
		return j, err
	}
	return s.withAccount(ctx, j), nil
}

func (s *Starter) job(ctx context.Context, id string) (job.Job, error) {
	j, err := s.Store.Job(ctx, id)
	if job.CodeOf(err) == job.CodeNotFound {
		return s.unregistered(ctx, id)
	}
	if err != nil {
		return job.Job{}, known(err, "the database does not answer")
	}
	if j.State.Ended() && !s.reopened(ctx, &j) {
		return j, nil
	}
	status, ok := s.ask(ctx, j.WorkflowID, j.ID)
	if !ok {
		j.Status = counted(j.Status, j.Sync)
		return s.withoutAnswer(ctx, j)
	}
	j.Status = counted(status, j.Sync)
	return j, nil
}

// reopened tells whether an operator has reset the execution of a job since it ended, and if so takes its
// end back: the row follows within seconds. If Temporal does not say, the row stands.
func (s *Starter) reopened(ctx context.Context, j *job.Job) bool {
	ctx, cancel := context.WithTimeout(ctx, lastLook)
	defer cancel()
	d, err := s.Temporal.DescribeWorkflowExecution(ctx, j.WorkflowID, "")
	if err != nil {
		return false
	}
	info := d.GetWorkflowExecutionInfo()
	run := info.GetExecution().GetRunId()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING || info.GetFirstRunId() != j.ID || run == j.RunID {
		return false // closed, the next job under the same workflow ID, or about to close
	}
	j.RunID = run
	j.Status = job.Status{State: job.Running, Progress: job.Progress{Phase: job.PhasePlanning}, UpdatedAt: j.UpdatedAt}
	return true
}

// Jobs lists jobs from their rows, which are at most some seconds old; the counts of syncs are exact.
func (s *Starter) Jobs(ctx context.Context, q job.Query) (job.Page, error) {
	page, err := s.Store.Jobs(ctx, q)
	for i, j := range page.Jobs {
		page.Jobs[i].Status = counted(j.Status, j.Sync)
	}
	return page, known(err, "the database does not answer")
}

// Artifact finds a file of a job. It is CodeGone once the file has been removed or its time is over.
func (s *Starter) Artifact(ctx context.Context, id, name string) (job.Artifact, error) {
	a, err := s.Store.Artifact(ctx, id, name)
	if err != nil {
		return a, known(err, "the database does not answer")
	}
	if a.DeletedAt != nil || !s.now().Before(a.ExpiresAt) {
		return a, job.Errorf(job.CodeGone, "the file expired at %s and has been removed; run the job again",
			a.ExpiresAt.UTC().Format(time.RFC3339))
	}
	return a, nil
}

// Heal brings the row of a job in line with its execution.
func (s *Starter) Heal(ctx context.Context, id string) error {
	_, err := s.Job(ctx, id)
	return err
}

// ask queries the execution. Callers that ask at the same time share one question.
func (s *Starter) ask(ctx context.Context, workflowID, jobID string) (job.Status, bool) {
	answer := s.asking.DoChan(jobID, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
		defer cancel()
		d, err := s.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
		if err != nil {
			return nil, err
		}
		info := d.GetWorkflowExecutionInfo()
		if info.GetFirstRunId() != jobID || info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return nil, errClosed
		}
		return contract.Status.Ask(ctx, s.Temporal, workflowID, info.GetExecution().GetRunId())
	})
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case got := <-answer:
		status, ok := got.Val.(job.Status)
		return status, got.Err == nil && ok
	case <-timer.C:
	case <-ctx.Done():
	}
	return job.Status{}, false
}

var errClosed = errors.New("the execution has closed")

// withoutAnswer finds out why a running job does not answer: it has closed, it is gone, or no worker is
// there to answer for it.
func (s *Starter) withoutAnswer(ctx context.Context, j job.Job) (job.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, lastLook)
	defer cancel()
	d, err := s.latest(ctx, j)
	switch {
	case errors.Is(err, errClosed) || notFound(err):
		return s.lost(ctx, j)
	case err != nil:
		return stale(j, nil), nil // Temporal itself does not answer
	}
	if d.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return s.closed(ctx, j, d)
	}
	return stale(j, d), nil
}

// latest describes the latest run of the job's execution.
func (s *Starter) latest(ctx context.Context, j job.Job) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	d, err := s.Temporal.DescribeWorkflowExecution(ctx, j.WorkflowID, "")
	if err != nil {
		return nil, err
	}
	if d.GetWorkflowExecutionInfo().GetFirstRunId() == j.ID {
		return d, nil
	}
	// The workflow ID has been used again since, so this job has closed; its last known run can tell how.
	return s.Temporal.DescribeWorkflowExecution(ctx, j.WorkflowID, j.RunID)
}

// stale marks a status as the last known one. Heartbeats are a sign of life that the row has not.
func stale(j job.Job, d *workflowservice.DescribeWorkflowExecutionResponse) job.Job {
	since := j.UpdatedAt
	for _, pending := range d.GetPendingActivities() {
		if beat := pending.GetLastHeartbeatTime(); beat != nil && beat.AsTime().After(since) {
			since = beat.AsTime()
		}
	}
	j.StaleSince = &since
	j.Progress.Rate, j.Progress.ETA = 0, nil
	return j
}

// closed reads the end of a job from its closed execution and writes it to the row.
func (s *Starter) closed(ctx context.Context, j job.Job, d *workflowservice.DescribeWorkflowExecutionResponse) (job.Job, error) {
	info := d.GetWorkflowExecutionInfo()
	// The workflow may have written its end between our two looks.
	if fresh, err := s.Store.Job(ctx, j.ID); err == nil && fresh.State.Ended() {
		return fresh, nil
	}
	end := j.Status
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		end.State, end.Reason, end.Message = job.Cancelled, job.ReasonOperator, "terminated by an operator"
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		end.State, end.Reason, end.Message = job.TimedOut, job.ReasonTimeout, "the execution ran into its timeout"
	default:
		end = s.told(ctx, j, info.GetExecution().GetRunId())
	}
	at := info.GetCloseTime().AsTime()
	return s.heal(ctx, j, info.GetExecution().GetRunId(), end, at)
}

// told asks a closed execution for the status it ended with: its result or the details of its error.
func (s *Starter) told(ctx context.Context, j job.Job, runID string) job.Status {
	end := j.Status
	err := s.Temporal.GetWorkflow(ctx, j.WorkflowID, runID).Get(ctx, &end)
	var app *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case err == nil:
	case errors.As(err, &cancelled):
		if cancelled.Details(&end) != nil || !end.State.Ended() {
			end.State, end.Reason, end.Message = job.Cancelled, job.ReasonUser, "cancelled"
		}
	case errors.As(err, &app) && app.Details(&end) == nil && end.State.Ended():
	default:
		end.State, end.Reason = job.Failed, job.ReasonInternal
		end.Message = "an unexpected fault; its details are in the execution's history"
	}
	return end
}

// lost ends a job that Temporal no longer knows.
func (s *Starter) lost(ctx context.Context, j job.Job) (job.Job, error) {
	end := j.Status
	end.State, end.Reason = job.Failed, job.ReasonInternal
	end.Message = "Temporal no longer knows the execution, and it had not told its end"
	return s.heal(ctx, j, j.RunID, end, s.now())
}

func (s *Starter) heal(ctx context.Context, j job.Job, runID string, end job.Status, at time.Time) (job.Job, error) {
	at = at.UTC()
	end.UpdatedAt, end.Progress.Phase = at, job.PhaseDone
	end.Progress.Rate, end.Progress.ETA, end.Progress.StalledSince = 0, nil, nil
	if end.EndedAt == nil {
		end.EndedAt = &at
	}
	if at.Before(j.UpdatedAt) {
		end.UpdatedAt = j.UpdatedAt.Add(time.Microsecond) // clocks differ; the row keeps what is newer
	}
	if err := s.Store.RecordStatus(ctx, j.ID, runID, end); err != nil {
		return job.Job{}, known(err, "the database does not answer")
	}
	s.log().Info("healed job", "job", j.ID, "state", end.State, "reason", end.Reason)
	j.Status, j.RunID = end, runID
	return j, nil
}

// known passes on errors meant for the user and hides others behind a message.
func known(err error, message string) error {
	var e *job.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return unavailable(message, err)
}
