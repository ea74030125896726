package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
)

const (
	// lateAfter is when an attempt may have been given up for dead: a little less than the heartbeat timeout.
	lateAfter = 8 * time.Second
	// takeBackWithin bounds taking back; it stays below the time that a stopping worker has.
	takeBackWithin = 5 * time.Second
)

// late tells whether the attempt may have been given up without its worker knowing: it was stopped or swapped
// out since, or before it came to look at the task at all. Where clocks differ, an attempt seems late that is
// not, which costs a look, or the other way round, and then housekeeping removes what is left.
func (e *Export) late(ctx context.Context) bool {
	return activity.IsActivity(ctx) && e.now().Sub(activity.GetInfo(ctx).StartedTime) > lateAfter
}

// takeBack removes a fragment that was stored so late that its job is over: the plan and the other fragments
// are gone, and nobody would remove this one but housekeeping.
func (e *Export) takeBack(ctx context.Context, ref contract.PageRef) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackWithin)
	defer cancel()
	_, err := e.Blobs.Stat(ctx, contract.PlanKey(ref.JobID, ref.Plan))
	if errors.Is(err, blob.ErrNotFound) {
		err = e.Blobs.Delete(ctx, contract.FragmentKey(ref.JobID, ref.Plan, ref.Page))
	}
	if err != nil {
		return fmt.Errorf("take back late page %d: %w", ref.Page, err)
	}
	return nil
}
