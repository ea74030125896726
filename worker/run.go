package worker

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/contract"
)

// Options tune a worker. The zero value is right for one with two cores.
type Options struct {
	// TaskQueue is what it works on; empty means [contract.TaskQueue].
	TaskQueue string
	// MaxActivities is how many activities run at once; zero means 8. A page in flight takes one database
	// connection and some 4 MB, and most of a core.
	MaxActivities int
}

const (
	defaultMaxActivities = 8
	// pollers: with the SDK's two, an activity waits for a poll to come back; ten keep the queue empty on
	// the embedded server (94 instead of 43 activities a second, ten at once).
	pollers = 10
	// stickyFor bounds how long tasks and queries wait for a worker that has died before another one
	// takes over; the SDK's five seconds are longer than a caller's patience.
	stickyFor = time.Second
	// stopWithin is how long a stopping worker waits for its activities. Heavy ones hand over at once.
	stopWithin = 10 * time.Second
	// beatsWithin keeps the SDK from holding heartbeats back (80 % of the timeout by default), so that
	// what a dead worker last said is at most a second old.
	beatsWithin = time.Second
)

// Run works until ctx ends, and returns nil then. It returns an error when the worker cannot go on.
func Run(ctx context.Context, c client.Client, do Deeds, o Options) error {
	w, fatal := New(c, do, o)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	defer w.Stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return fmt.Errorf("worker: %w", err)
	}
}

// New makes a worker that is not started yet; fatal tells when it cannot go on.
func New(c client.Client, do Deeds, o Options) (w worker.Worker, fatal <-chan error) {
	if o.TaskQueue == "" {
		o.TaskQueue = contract.TaskQueue
	}
	if o.MaxActivities == 0 {
		o.MaxActivities = defaultMaxActivities
	}
	failed := make(chan error, 1)
	w = worker.New(c, o.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: o.MaxActivities,
		MaxConcurrentActivityTaskPollers:   pollers,
		MaxConcurrentWorkflowTaskPollers:   pollers,
		StickyScheduleToStartTimeout:       stickyFor,
		MaxHeartbeatThrottleInterval:       beatsWithin,
		DefaultHeartbeatThrottleInterval:   beatsWithin,
		WorkerStopTimeout:                  stopWithin,
		OnFatalError: func(err error) {
			select {
			case failed <- err:
			default:
			}
		},
	})
	Register(w, do)
	return w, failed
}
