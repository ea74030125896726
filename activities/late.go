package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
)

const (
	// lateAfter is when an attempt may have been given up for dead: a little less than the heartbeat timeout.
	// A process that was stopped or swapped out meanwhile does not know.
	lateAfter = 8 * time.Second
	// takeBackWithin bounds taking back; it stays below the time that a stopping worker has.
	takeBackWithin = 5 * time.Second
)

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
