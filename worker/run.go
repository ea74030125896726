package worker

import (
	"context"
	"fmt"
	"sync"
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
	// Partners are those whose calls it makes, each on a queue of its own.
	Partners []string
}

const (
	defaultMaxActivities = 8
	// maxStretches is how many stretches of one partner run at once: mostly they wait for their turn, so that it is only to
	// be more than the jobs of one partner have in their windows.
	maxStretches = 64
	// callPollers are few: a stretch is a matter of seconds, not of milliseconds.
	callPollers = 4
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
	main, fatal := New(c, do, o)
	workers := []worker.Worker{main}
	for _, partner := range o.Partners {
		workers = append(workers, newCalls(c, do, partner, fatal))
	}
	defer stopAll(workers)
	for _, w := range workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start worker: %w", err)
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return fmt.Errorf("worker: %w", err)
	}
}

// stopAll stops workers side by side: each may take as long as its activities.
func stopAll(workers []worker.Worker) {
	var stopping sync.WaitGroup
	for _, w := range workers {
		stopping.Go(w.Stop)
	}
	stopping.Wait()
}

// New makes a worker that is not started yet; fatal tells when it cannot go on.
func New(c client.Client, do Deeds, o Options) (w worker.Worker, fatal chan error) {
	if o.TaskQueue == "" {
		o.TaskQueue = contract.TaskQueue
	}
	if o.MaxActivities == 0 {
		o.MaxActivities = defaultMaxActivities
	}
	fatal = make(chan error, 1)
	w = worker.New(c, o.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: o.MaxActivities,
		MaxConcurrentActivityTaskPollers:   pollers,
		MaxConcurrentWorkflowTaskPollers:   pollers,
		StickyScheduleToStartTimeout:       stickyFor,
		MaxHeartbeatThrottleInterval:       beatsWithin,
		DefaultHeartbeatThrottleInterval:   beatsWithin,
		WorkerStopTimeout:                  stopWithin,
		OnFatalError:                       tell(fatal),
	})
	Register(w, do)
	return w, fatal
}

// newCalls makes the worker of one partner's queue.
func newCalls(c client.Client, do Deeds, partner string, fatal chan error) worker.Worker {
	w := worker.New(c, contract.PartnerQueue(partner), worker.Options{
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: maxStretches,
		MaxConcurrentActivityTaskPollers:   callPollers,
		MaxHeartbeatThrottleInterval:       beatsWithin,
		DefaultHeartbeatThrottleInterval:   beatsWithin,
		WorkerStopTimeout:                  stopWithin,
		OnFatalError:                       tell(fatal),
	})
	RegisterCalls(w, do)
	return w
}

// tell tells of the first error; the others follow from it.
func tell(fatal chan error) func(error) {
	return func(err error) {
		select {
		case fatal <- err:
		default:
		}
	}
}
