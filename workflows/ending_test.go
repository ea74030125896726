package workflows

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/job"
)

// The test environment ends a cancelled step by itself, so a step whose worker is gone is shown to the verdict
// alone.
func TestVerdict(t *testing.T) {
	t.Parallel()
	silent := temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil)
	refused := temporal.NewNonRetryableApplicationError("no such column", string(job.ReasonBadInput), nil)
	for _, tt := range []struct {
		name      string
		err       error
		cancelled bool
		timedOut  bool
		state     job.State
		reason    job.Reason
	}{
		{"done", nil, false, false, job.Succeeded, ""},
		{"done before the cancellation could tell", nil, true, false, job.Succeeded, ""},
		{"nothing to do, whatever else", &end{job.Failed, job.ReasonNoData, ""}, true, true, job.Failed, job.ReasonNoData},
		{"cancelled", temporal.NewCanceledError(), true, false, job.Cancelled, job.ReasonUser},
		{"cancelled, its worker gone", silent, true, false, job.Cancelled, job.ReasonUser},
		{"cancelled, its step failing", refused, true, false, job.Cancelled, job.ReasonUser},
		{"out of time", temporal.NewCanceledError(), false, true, job.TimedOut, job.ReasonTimeout},
		{"a step gave up", silent, false, false, job.Failed, job.ReasonDownstream},
		{"a step was refused", refused, false, false, job.Failed, job.ReasonBadInput},
		{"anything else", errors.New("index out of range"), false, false, job.Failed, job.ReasonInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := &lifecycle{timedOut: tt.timedOut}
			got := l.verdict(tt.err, tt.cancelled)
			require.Equal(t, tt.state, got.state)
			require.Equal(t, tt.reason, got.reason)
		})
	}
}
