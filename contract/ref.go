// Package contract holds all that is written into Temporal history: references to workflows, activities,
// queries and updates, their inputs and results, workflow IDs and task queues.
//
// A change here is a change of history. Fields may be added (with a zero value that means "as before");
// they are never renamed, retyped or removed while executions that know them may still run or be replayed.
// Everything is plain JSON, so that `temporal workflow start --input '{…}'` can start a job by hand.
package contract

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TaskQueue is the queue of workflow tasks and of all activities that reach no partner.
const TaskQueue = "longhaul"

// Activity is a typed reference to an activity: calling it with a wrong argument does not compile.
type Activity[In, Out any] struct{ Name string }

// Start schedules the activity under the options of ctx.
func (a Activity[In, Out]) Start(ctx workflow.Context, in In) Future[Out] {
	return Future[Out]{workflow.ExecuteActivity(ctx, a.Name, in)}
}

// Run schedules the activity and waits for its result.
func (a Activity[In, Out]) Run(ctx workflow.Context, in In) (Out, error) {
	return a.Start(ctx, in).Get(ctx)
}

// RunLocal runs the activity as a local activity: in the worker that has the workflow task, without a
// queue. For short and cheap deeds only.
func (a Activity[In, Out]) RunLocal(ctx workflow.Context, in In) (Out, error) {
	return Future[Out]{workflow.ExecuteLocalActivity(ctx, a.Name, in)}.Get(ctx)
}

// Register binds fn to the reference.
func (a Activity[In, Out]) Register(r worker.ActivityRegistry, fn func(context.Context, In) (Out, error)) {
	r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: a.Name})
}

// Future is the typed result of an activity that runs.
type Future[Out any] struct{ workflow.Future }

// Get waits for the result.
func (f Future[Out]) Get(ctx workflow.Context) (Out, error) {
	var out Out
	err := f.Future.Get(ctx, &out)
	return out, err
}

// Workflow is a typed reference to a workflow.
type Workflow[In, Out any] struct{ Name string }

// Register binds fn to the reference.
func (w Workflow[In, Out]) Register(r worker.WorkflowRegistry, fn func(workflow.Context, In) (Out, error)) {
	r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: w.Name})
}

// Start starts the workflow.
func (w Workflow[In, Out]) Start(ctx context.Context, c client.Client, opts client.StartWorkflowOptions, in In) (client.WorkflowRun, error) {
	return c.ExecuteWorkflow(ctx, opts, w.Name, in)
}

// Again makes the error that continues the workflow as new.
func (w Workflow[In, Out]) Again(ctx workflow.Context, in In) error {
	return workflow.NewContinueAsNewError(ctx, w.Name, in)
}

// Query is a typed reference to a query without arguments.
type Query[Out any] struct{ Name string }

// Handle sets the handler inside a workflow.
func (q Query[Out]) Handle(ctx workflow.Context, fn func() (Out, error)) error {
	return workflow.SetQueryHandler(ctx, q.Name, fn)
}

// Ask asks a running execution.
func (q Query[Out]) Ask(ctx context.Context, c client.Client, workflowID, runID string) (Out, error) {
	var out Out
	value, err := c.QueryWorkflow(ctx, workflowID, runID, q.Name)
	if err != nil {
		return out, err
	}
	err = value.Get(&out)
	return out, err
}

// Update is a typed reference to an update without arguments and result.
type Update struct{ Name string }

// Handle sets the handler and its validator inside a workflow.
func (u Update) Handle(ctx workflow.Context, validate func(workflow.Context) error, fn func(workflow.Context) error) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, u.Name, fn, workflow.UpdateHandlerOptions{Validator: validate})
}

// Send sends the update and waits until the workflow has accepted and done it.
func (u Update) Send(ctx context.Context, c client.Client, workflowID, runID string) error {
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, RunID: runID, UpdateName: u.Name,
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
}

// Signal is a typed reference to a signal without arguments.
type Signal struct{ Name string }

// Send sends the signal and does not wait for what comes of it.
func (s Signal) Send(ctx context.Context, c client.Client, workflowID, runID string) error {
	return c.SignalWorkflow(ctx, workflowID, runID, s.Name, nil)
}

// Handle calls fn for each signal inside a workflow, for as long as ctx lives.
func (s Signal) Handle(ctx workflow.Context, fn func()) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		signals := workflow.GetSignalChannel(ctx, s.Name)
		for {
			if more := signals.Receive(ctx, nil); !more || ctx.Err() != nil {
				return
			}
			fn()
		}
	})
}
