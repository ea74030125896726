package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// Quick makes an activity of a deed that takes a moment: its errors are classed, nothing else.
func Quick[In, Out any](do func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		out, err := do(ctx, in)
		return out, failure(ctx, err)
	}
}

// Heavy makes an activity of a deed that takes its time: it beats for as long as the deed runs, hears of
// cancellation that way, and hands over at once when the worker stops.
func Heavy[In, Out any](do func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		ctx, stop := beating(ctx)
		defer stop()
		out, err := do(ctx, in)
		return out, failure(ctx, err)
	}
}

// failure is the one place where errors become Temporal's: what can pass is retried, what cannot is not,
// and the type says which reason the job would end with.
func failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	var known *job.Error
	var delivery *notify.Error
	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		return temporal.NewApplicationErrorWithOptions("the worker is stopping", contract.FailureStopping,
			temporal.ApplicationErrorOptions{
				// The next attempt need not wait: nothing is wrong. A zero delay would mean the policy's.
				NextRetryDelay: time.Millisecond, Category: temporal.ApplicationErrorCategoryBenign,
			})
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &app):
		return err
	case errors.As(err, &known):
		return classed(known)
	case errors.As(err, &delivery):
		return undelivered(delivery)
	case store.Transient(err), blob.Transient(err), errors.Is(err, sheet.ErrDamaged):
		return temporal.NewApplicationErrorWithCause(err.Error(), contract.FailureType(job.ReasonDownstream), err)
	}
	return final(job.ReasonInternal, err.Error(), err)
}

func classed(e *job.Error) error {
	switch e.Code {
	case job.CodeInvalid, job.CodeNotFound, job.CodeGone:
		return final(job.ReasonBadInput, forUser(e), e.Err)
	case job.CodeTooLarge:
		return final(job.ReasonLimit, forUser(e), e.Err)
	case job.CodeUnavailable:
		return temporal.NewApplicationErrorWithCause(e.Error(), contract.FailureType(job.ReasonDownstream), e.Err)
	}
	return final(job.ReasonInternal, e.Error(), e.Err)
}

// undelivered is a message that did not get through; the receiver may say when to come again.
func undelivered(e *notify.Error) error {
	if e.Permanent {
		return final(job.ReasonDownstream, e.Error(), e)
	}
	return temporal.NewApplicationErrorWithOptions(e.Error(), contract.FailureType(job.ReasonDownstream),
		temporal.ApplicationErrorOptions{Cause: e, NextRetryDelay: e.RetryAfter})
}

// final makes an error that is not tried again.
func final(r job.Reason, message string, cause error) error {
	return temporal.NewNonRetryableApplicationError(message, contract.FailureType(r), cause)
}

// forUser words an error without its cause.
func forUser(e *job.Error) string {
	parts := []string{e.Message}
	for _, f := range e.Fields {
		parts = append(parts, fmt.Sprintf("%s: %s", f.Pointer, f.Message))
	}
	return strings.Join(parts, "; ")
}

// errStopping is the cause of a context that ended because the worker shuts down.
var errStopping = errors.New("worker stopping")

// beatEvery is a fifth of the heartbeat timeout, so that one late beat does not look like a death.
const beatEvery = 2 * time.Second

// beating records a heartbeat every two seconds until stop is called. A beat says that this process lives
// and its workflow still wants the result; that the deed itself gets on is for the workflow to watch.
func beating(ctx context.Context) (context.Context, func()) {
	stopping := activity.GetWorkerStopChannel(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-stopping:
				cancel(errStopping)
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}
