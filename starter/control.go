package starter

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// controlPatience is how long pause and resume wait for a worker to carry them out.
const controlPatience = 900 * time.Millisecond

// Cancel asks a job to stop at the next page boundary. It is CodeConflict once the job has ended.
func (s *Starter) Cancel(ctx context.Context, id string) (job.Job, error) {
	j, run, err := s.running(ctx, id)
	if err != nil {
		return j, err
	}
	err = s.Temporal.CancelWorkflow(ctx, j.WorkflowID, run)
	switch {
	case notFound(err):
		return j, ended(j)
	case err != nil:
		return j, unavailable("Temporal does not answer", err)
	}
	if !j.State.Ended() && j.State.CanBecome(job.Cancelling) {
		j.State = job.Cancelling // it was asked for, whether or not a worker is there to notice
	}
	return j, nil
}

// Pause lets the pages in flight finish and starts no more.
func (s *Starter) Pause(ctx context.Context, id string) (job.Job, error) {
	return s.update(ctx, id, contract.Pause)
}

// Resume goes on with a paused job.
func (s *Starter) Resume(ctx context.Context, id string) (job.Job, error) {
	return s.update(ctx, id, contract.Resume)
}

// Retry starts the request of an ended job again, as a job of its own; of a sync, what did not succeed of its items.
func (s *Starter) Retry(ctx context.Context, id string) (job.Job, error) {
	j, err := s.Job(ctx, id)
	if err != nil {
		return j, err
	}
	if !j.State.Ended() {
		return j, job.Errorf(job.CodeConflict, "the job is %s; only one that has ended can be retried", j.State)
	}
	return s.again(ctx, j)
}

// again starts the request of a job once more.
func (s *Starter) again(ctx context.Context, j job.Job) (job.Job, error) {
	switch j.Type {
	case job.TypeExport:
		var in contract.ExportInput
		if err := json.Unmarshal(j.Request, &in); err != nil {
			return j, unknownRequest()
		}
		again, _, err := s.StartExport(ctx, in, "")
		return again, err
	case job.TypeBulkSave:
		var in contract.BulkSaveInput
		if err := json.Unmarshal(j.Request, &in); err != nil {
			return j, unknownRequest()
		}
		if in.Undo != "" {
			return s.Undo(ctx, in.Undo, in.RequestedBy)
		}
		return s.saveAgain(ctx, in)
	case job.TypeSync:
		return s.syncAgain(ctx, j)
	}
	return j, unknownRequest()
}

func unknownRequest() error {
	return job.Errorf(job.CodeConflict, "the request of this job is not known, so it cannot be retried")
}

// running returns a job that has not ended and the latest run of its execution.
func (s *Starter) running(ctx context.Context, id string) (job.Job, string, error) {
	j, err := s.Job(ctx, id)
	if err != nil {
		return j, "", err
	}
	if j.State.Ended() {
		return j, "", ended(j)
	}
	d, err := s.latest(ctx, j)
	switch {
	case notFound(err):
		return j, "", ended(j)
	case err != nil:
		return j, "", unavailable("Temporal does not answer", err)
	case d.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return j, "", ended(j)
	}
	return j, d.GetWorkflowExecutionInfo().GetExecution().GetRunId(), nil
}

func ended(j job.Job) error {
	return job.Errorf(job.CodeConflict, "the job has ended as %s", j.State)
}

func (s *Starter) update(ctx context.Context, id string, update contract.Update) (job.Job, error) {
	j, run, err := s.running(ctx, id)
	if err != nil {
		return j, err
	}
	ctx, cancel := context.WithTimeout(ctx, controlPatience)
	defer cancel()
	err = update.Send(ctx, s.Temporal, j.WorkflowID, run)
	var refused *temporal.ApplicationError
	switch {
	case err == nil:
		if status, ok := s.ask(ctx, j.WorkflowID, j.ID); ok {
			j.Status = counted(status, j.Sync)
		}
		return s.withAccount(ctx, j), nil
	case errors.As(err, &refused):
		return j, job.Errorf(job.CodeConflict, "%s", refused.Message())
	case notFound(err):
		return j, ended(j)
	}
	return j, unavailable("no worker answers for this job right now; try again", err)
}

func isAlreadyScheduled(err error) bool {
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	var already *serviceerror.AlreadyExists
	return errors.Is(err, temporal.ErrScheduleAlreadyRunning) || errors.As(err, &exists) || errors.As(err, &already)
}
