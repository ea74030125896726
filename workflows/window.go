package workflows

import "go.temporal.io/sdk/workflow"

// window runs the steps of a plan, at most size of them at once, in order of their index.
type window struct {
	size int
	// hold tells that no further step may start for now.
	hold func() bool
	// enough tells that no further step shall start in this run of the execution.
	enough func() bool
}

// run starts step(from) … step(to-1) and waits for those it started. It returns the first index that was
// not started, and the first error; an error cancels the steps in flight. When it returns, none is in
// flight any more.
func (w window) run(ctx workflow.Context, from, to int, step func(ctx workflow.Context, i int) error) (int, error) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()

	inFlight, next := 0, from
	var failed error
	for next < to {
		err := workflow.Await(ctx, func() bool {
			return failed != nil || w.enough() || (inFlight < w.size && !w.hold())
		})
		if err != nil || failed != nil {
			break
		}
		if w.enough() {
			break
		}
		i := next
		next++
		inFlight++
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer func() { inFlight-- }()
			if err := step(ctx, i); err != nil && failed == nil {
				failed = err
				cancel()
			}
		})
	}
	// The drain must outlive a cancellation: the steps end by themselves, because they are waited for.
	drain, _ := workflow.NewDisconnectedContext(ctx)
	if err := workflow.Await(drain, func() bool { return inFlight == 0 }); err != nil && failed == nil {
		failed = err
	}
	if failed == nil {
		failed = ctx.Err()
	}
	return next, failed
}
