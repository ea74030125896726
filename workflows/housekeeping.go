package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
)

// Housekeeping removes what has expired, heals what ended without a word, and sweeps what was left behind.
// One part that fails does not keep the others from being done; the next run tries again.
func Housekeeping(ctx workflow.Context, _ contract.Nothing) (contract.HousekeepingResult, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		// Each part does a bounded share and beats; three attempts bridge a restart, and the schedule
		// comes round again for anything longer.
		StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: silence,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 3},
	})
	var did contract.HousekeepingResult
	var errs []error
	type part struct {
		do    contract.Activity[contract.Nothing, contract.Count]
		count *int
	}
	parts := []part{
		{contract.HealJobs, &did.Healed}, // first: what has ended need not be kept
		{contract.ExpireArtifacts, &did.Expired},
		{contract.SweepBlobs, &did.Swept},
		{contract.PruneKeys, &did.Pruned},
	}
	if workflow.GetVersion(ctx, "saves", workflow.DefaultVersion, 1) >= 1 { // executions before bulk saves
		parts = append(parts, part{contract.PruneUploads, &did.Uploads}, part{contract.PruneSaves, &did.Saves})
	}
	if workflow.GetVersion(ctx, "syncs", workflow.DefaultVersion, 1) >= 1 { // executions before syncs
		parts = append(parts, part{contract.PruneSyncs, &did.Syncs})
	}
	for _, part := range parts {
		got, err := part.do.Run(ctx, contract.Nothing{})
		*part.count = got.Count
		errs = append(errs, err)
	}
	return did, errors.Join(errs...)
}
