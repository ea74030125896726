package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// end is an error that ends a job in a known way.
type end struct {
	state   job.State
	reason  job.Reason
	message string
}

func (e *end) Error() string { return string(e.reason) + ": " + e.message }

// close tells the end of the job to everyone who has to know, in a context that a cancellation does not
// reach, and returns what the workflow returns.
func (l *lifecycle) close(
	ctx workflow.Context, err error, registration contract.Registration, cleanUp func(workflow.Context),
) (job.Status, error) {
	cancelled := ctx.Err() != nil
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	l.over = true

	verdict := l.verdict(err, cancelled)
	last, now := l.status, workflow.Now(ctx)
	last.State, last.Reason, last.Message = verdict.state, verdict.reason, verdict.message
	last.EndedAt, last.UpdatedAt = &now, now
	last.Progress.Phase = job.PhaseDone
	last.Progress.Rate, last.Progress.ETA, last.Progress.StalledSince = 0, nil, nil
	// The status query tells the end only after the row does: whoever sees it may fetch the file.
	if _, err := contract.FinishJob.Run(forFinish(ctx), contract.Ending{Registration: registration, Status: last}); err != nil {
		workflow.GetLogger(ctx).Error("the end of the job could not be recorded", "error", err)
	}
	l.status = last
	l.describe(ctx)

	cleanUp(ctx)
	l.alertEnd(ctx)
	if err := l.settle(ctx); err != nil {
		return l.status, err
	}
	return l.status, l.failure(err)
}

// verdict turns the error that a story ended with into an end. A step whose worker dies after the job was
// cancelled is not tried again: it times out, and the job is cancelled all the same.
func (l *lifecycle) verdict(err error, cancelled bool) end {
	var known *end
	var app *temporal.ApplicationError
	switch {
	case err == nil:
		return end{state: job.Succeeded}
	case errors.As(err, &known):
		return *known
	case l.timedOut:
		return end{job.TimedOut, job.ReasonTimeout,
			fmt.Sprintf("the job ran longer than the %s that its kind allows", l.limits.MaxDuration)}
	case cancelled || temporal.IsCanceledError(err):
		return end{job.Cancelled, job.ReasonUser, "cancelled"}
	case errors.As(err, &app) && slices.Contains(job.Reasons, job.Reason(app.Type())):
		return end{job.Failed, job.Reason(app.Type()), l.explain(job.Reason(app.Type()), app)}
	case isTimeout(err):
		return end{job.Failed, job.ReasonDownstream, l.explain(job.ReasonDownstream, nil)}
	}
	return end{job.Failed, job.ReasonInternal, l.explain(job.ReasonInternal, nil)}
}

// explain words a failure for the user. Only messages about the request are passed on; those about
// databases and files stay in Temporal's history, where operators find them.
func (l *lifecycle) explain(r job.Reason, app *temporal.ApplicationError) string {
	switch r {
	case job.ReasonBadInput, job.ReasonLimit, job.ReasonNoData:
		return app.Message()
	case job.ReasonDownstream:
		giveUp := l.limits.GiveUpAfter
		if giveUp == 0 {
			giveUp = giveUpDefault
		}
		return fmt.Sprintf("a step kept failing for %s, because the database or the file storage did not do its part", giveUp)
	}
	return "an unexpected fault; its details are in the execution's history"
}

func isTimeout(err error) bool {
	var timeout *temporal.TimeoutError
	return errors.As(err, &timeout)
}

// failure is the error the workflow returns for its end, so that Temporal shows the same: completed,
// cancelled or failed.
func (l *lifecycle) failure(cause error) error {
	switch l.status.State {
	case job.Cancelled:
		return temporal.NewCanceledError(l.status)
	case job.Failed, job.TimedOut:
		category := temporal.ApplicationErrorCategoryUnspecified
		if asked(l.status.Reason) {
			category = temporal.ApplicationErrorCategoryBenign
		}
		return temporal.NewApplicationErrorWithOptions(l.status.Message, contract.FailureType(l.status.Reason),
			temporal.ApplicationErrorOptions{
				NonRetryable: true, Cause: cause, Details: []any{l.status}, Category: category,
			})
	}
	return nil
}
