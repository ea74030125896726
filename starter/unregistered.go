package starter

import (
	"context"
	"fmt"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// unregistered looks for an execution that has no row yet: one that was started a moment ago, or by hand
// while no worker runs. What it was asked for stands in its first event, whoever started it.
func (s *Starter) unregistered(ctx context.Context, id string) (job.Job, error) {
	missing := job.Errorf(job.CodeNotFound, "there is no job %q", id)
	if !runID.MatchString(id) {
		return job.Job{}, missing
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := s.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 1, Query: fmt.Sprintf("RunId = '%s' AND WorkflowType IN ('%s', '%s', '%s')", id,
			contract.Export.Name, contract.BulkSave.Name, contract.Sync.Name),
	})
	if err != nil || len(found.GetExecutions()) == 0 {
		return job.Job{}, missing
	}
	info := found.GetExecutions()[0]
	in, err := s.input(ctx, info.GetExecution())
	if err != nil || in.Carried { // a later run of an execution is not named by its own ID
		return job.Job{}, missing
	}
	at := info.GetStartTime().AsTime()
	j := job.Job{
		ID: id, Type: jobTypes[info.GetType().GetName()], Kind: in.Kind, Tenant: in.Tenant, RequestedBy: in.RequestedBy,
		WorkflowID: info.GetExecution().GetWorkflowId(), RunID: id, CreatedAt: at,
		Status: job.Status{State: job.Queued, Progress: job.Progress{Phase: job.PhaseQueued}, UpdatedAt: at},
	}
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return j, nil
	}
	// It closed before any worker took it up: its row tells its end, like that of any other.
	if err := s.Store.InsertJob(ctx, j); err != nil {
		return job.Job{}, known(err, "the database does not answer")
	}
	return s.withoutAnswer(ctx, j)
}

// jobTypes are the types of jobs by that of their executions.
var jobTypes = map[string]job.Type{
	contract.Export.Name: job.TypeExport, contract.BulkSave.Name: job.TypeBulkSave, contract.Sync.Name: job.TypeSync,
}

// anyInput is what the inputs of all types of jobs have in common.
type anyInput struct {
	Kind, Tenant, RequestedBy string
	Carried                   bool // it has continued as new
}

// input reads what an execution was started with.
func (s *Starter) input(ctx context.Context, execution *common.WorkflowExecution) (anyInput, error) {
	events := s.Temporal.GetWorkflowHistory(ctx, execution.GetWorkflowId(), execution.GetRunId(), false,
		enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	first, err := events.Next()
	if err != nil {
		return anyInput{}, fmt.Errorf("read first event of %s: %w", execution.GetWorkflowId(), err)
	}
	started := first.GetWorkflowExecutionStartedEventAttributes()
	from := func(into any) error {
		return converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), into)
	}
	switch started.GetWorkflowType().GetName() {
	case contract.BulkSave.Name:
		var in contract.BulkSaveInput
		err = from(&in)
		return anyInput{in.Kind, in.Tenant, in.RequestedBy, in.Carried != nil}, err
	case contract.Sync.Name:
		var in contract.SyncInput
		err = from(&in)
		return anyInput{in.Kind, in.Tenant, in.RequestedBy, in.Carried != nil}, err
	}
	var in contract.ExportInput
	err = from(&in)
	return anyInput{in.Kind, in.Tenant, in.RequestedBy, in.Carried != nil}, err
}
