package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/workflows"
)

// scheduled runs what a schedule starts, with a stand-in for the job.
func scheduled(t *testing.T, in contract.ScheduledInput, sync func(workflow.Context, contract.SyncInput) (job.Status, error)) (*testsuite.TestWorkflowEnvironment, contract.ScheduledResult) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	contract.Scheduled.Register(env, workflows.Scheduled)
	contract.Sync.Register(env, sync)
	env.ExecuteWorkflow(contract.Scheduled.Name, in)
	require.True(t, env.IsWorkflowCompleted())
	var out contract.ScheduledResult
	if env.GetWorkflowError() == nil {
		require.NoError(t, env.GetWorkflowResult(&out))
	}
	return env, out
}

var nightly = contract.ScheduledInput{
	Schedule: "nightly", WorkflowID: contract.SyncWorkflowID("dispatch-shipments", "acme"),
	Sync: &contract.SyncInput{Kind: "dispatch-shipments", Tenant: "acme", RequestedBy: "schedule/nightly"},
}

func TestScheduledStartsTheJobUnderItsOwnID(t *testing.T) {
	t.Parallel()
	var id string
	var tagged bool
	env, out := scheduled(t, nightly, func(ctx workflow.Context, in contract.SyncInput) (job.Status, error) {
		id = workflow.GetInfo(ctx).WorkflowExecution.ID
		kind, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(contract.JobKind)
		tagged = kind == in.Kind
		return job.Status{State: job.PartiallySucceeded}, nil
	})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "sync/dispatch-shipments/acme", id)
	require.True(t, tagged)
	require.Equal(t, job.PartiallySucceeded, out.State)
	require.NotEmpty(t, out.JobID)
}

// A job that fails tells so itself; the schedule has done its part.
func TestScheduledOfAJobThatFails(t *testing.T) {
	t.Parallel()
	env, out := scheduled(t, nightly, func(workflow.Context, contract.SyncInput) (job.Status, error) {
		return job.Status{}, temporal.NewNonRetryableApplicationError("all failed", string(job.ReasonItems), nil)
	})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, job.Failed, out.State)
}

func TestScheduledOfAJobThatIsCancelled(t *testing.T) {
	t.Parallel()
	env, out := scheduled(t, nightly, func(workflow.Context, contract.SyncInput) (job.Status, error) {
		return job.Status{}, temporal.NewCanceledError()
	})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, job.Cancelled, out.State)
}

func TestScheduledOfNothing(t *testing.T) {
	t.Parallel()
	env, _ := scheduled(t, contract.ScheduledInput{Schedule: "broken"}, func(workflow.Context, contract.SyncInput) (job.Status, error) {
		return job.Status{}, nil
	})
	require.ErrorContains(t, env.GetWorkflowError(), "neither export nor sync")
}
