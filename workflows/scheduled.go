package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// Scheduled starts the job of a schedule and stays until it has ended. The job has its own workflow ID, which is the
// lock that it shares with jobs started by hand: where one of those runs, this time is left out.
//
// That the job fails is told by the job; here it is no failure.
func Scheduled(ctx workflow.Context, in contract.ScheduledInput) (contract.ScheduledResult, error) {
	var out contract.ScheduledResult
	child, err := scheduledChild(ctx, in)
	if err != nil {
		return out, err
	}
	var started workflow.Execution
	err = child.GetChildWorkflowExecution().Get(ctx, &started)
	var running *temporal.ChildWorkflowExecutionAlreadyStartedError
	if errors.As(err, &running) {
		workflow.SetCurrentDetails(ctx, "left out: a job of this kind and tenant is running")
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.JobID = started.RunID
	workflow.SetCurrentDetails(ctx, "started job "+started.RunID)

	var status job.Status
	err = child.Get(ctx, &status)
	out.State = status.State
	switch {
	case temporal.IsCanceledError(err):
		out.State = job.Cancelled
		if ctx.Err() != nil { // the schedule's overlap policy, or an operator, has ended this execution
			return out, err
		}
	case err != nil:
		out.State = job.Failed
	}
	return out, nil
}

func scheduledChild(ctx workflow.Context, in contract.ScheduledInput) (workflow.ChildWorkflowFuture, error) {
	var name, kind, tenant, requestedBy string
	var typ job.Type
	var input any
	switch {
	case in.Export != nil:
		name, typ, kind, tenant, requestedBy = contract.Export.Name, job.TypeExport, in.Export.Kind, in.Export.Tenant, in.Export.RequestedBy
		input = *in.Export
	case in.Sync != nil:
		name, typ, kind, tenant, requestedBy = contract.Sync.Name, job.TypeSync, in.Sync.Kind, in.Sync.Tenant, in.Sync.RequestedBy
		input = *in.Sync
	default:
		return nil, temporal.NewNonRetryableApplicationError("the schedule says neither export nor sync", contract.FailureType(job.ReasonBadInput), nil)
	}
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            in.WorkflowID,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		// A job that is under way goes on where somebody terminates this execution; cancelling it cancels the job.
		ParentClosePolicy:   enums.PARENT_CLOSE_POLICY_ABANDON,
		WaitForCancellation: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			contract.JobType.ValueSet(string(typ)), contract.JobKind.ValueSet(kind),
			contract.Tenant.ValueSet(tenant), contract.RequestedBy.ValueSet(requestedBy)),
		StaticSummary: fmt.Sprintf("%s %s for %s, by schedule %s", typ, kind, tenant, in.Schedule),
	})
	return workflow.ExecuteChildWorkflow(ctx, name, input), nil
}
