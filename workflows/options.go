package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
)

// Every timeout and retry of the workflows stands in this file.
//
//	deed            one attempt   silence   keeps trying     why
//	register        10 s          -         GiveUp default   one upsert; nothing can start without it
//	plan            30 min        10 s      GiveUpAfter      one scan of the key: 1,000,000 keys take about a second
//	page            10 min        10 s      GiveUpAfter      20,000 rows take well under a second; a slow query may take minutes
//	assemble        2 h           10 s      GiveUpAfter+2 h  copies bytes: 50 MB/s to slow storage is 360 GB in 2 h
//	inspect         2 h           10 s      GiveUpAfter+2 h  500,000 rows take seconds; a slow storage may take long
//	chunk           10 min        10 s      GiveUpAfter      10,000 rows take some 300 ms; a lock may be waited for
//	number          2 h           10 s      GiveUpAfter+2 h  1,000,000 items take a minute to be written down
//	stretch         15 min        10 s      GiveUpAfter      comes back after some 30 s, and calls on their way take 10 min at most
//	report          2 h           10 s      GiveUpAfter+2 h  reads the upload, or all items, once more
//	record progress 5 s           -         5 s              only a hint for when no worker answers; the next one follows
//	finish          10 s          -         24 h             the end must be told; giving up would leave a lie behind
//	clean up        10 min        10 s      1 h              housekeeping sweeps what is left
//	alert           15 s          -         2 min            a late alert is no alert, and the lock is held meanwhile
//
// Silence is the heartbeat timeout: ten seconds without a word mean that the worker is gone or hangs, and
// the step starts again on another. Workers beat every two seconds.
const (
	silence = 10 * time.Second

	// giveUpDefault counts until the kind's own limit is known.
	giveUpDefault = 30 * time.Minute

	// recordEvery is how old the job's row may be while it runs: it is read only when no worker answers.
	recordEvery = 5 * time.Second

	// longStep is how long a plan or an assembly may take before people are told of a stall: five minutes
	// are enough for some 100,000,000 rows.
	longStep = 5 * time.Minute

	// maxRounds is how often an export sees to fragments again before it fails. One round numbers those anew
	// that moved, and a second one those that were lost meanwhile; storage that keeps losing files is not a
	// passing fault.
	maxRounds = 5
)

// backoff starts almost at once: most faults pass within a second, and a step whose worker died has waited for
// the ten seconds of its silence already. Then it asks twice a minute, so that an outage of an hour costs a
// hundred attempts rather than thousands. Attempts are bounded by time, not by number: an outage must not use
// them up.
var backoff = &temporal.RetryPolicy{
	InitialInterval:    100 * time.Millisecond,
	BackoffCoefficient: 2,
	MaximumInterval:    30 * time.Second,
}

func forRegister(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second, ScheduleToCloseTimeout: giveUpDefault, RetryPolicy: backoff,
	})
}

func forPlan(ctx workflow.Context, l contract.Limits) workflow.Context {
	return heavy(ctx, 30*time.Minute, l.GiveUpAfter)
}

func forPage(ctx workflow.Context, l contract.Limits) workflow.Context {
	return heavy(ctx, 10*time.Minute, l.GiveUpAfter)
}

func forAssemble(ctx workflow.Context, l contract.Limits) workflow.Context {
	const longest = 2 * time.Hour
	return heavy(ctx, longest, l.GiveUpAfter+longest)
}

// forUpload is for the deeds that read a whole upload.
func forUpload(ctx workflow.Context, l contract.Limits) workflow.Context {
	const longest = 2 * time.Hour
	return heavy(ctx, longest, l.GiveUpAfter+longest)
}

func forChunk(ctx workflow.Context, l contract.Limits) workflow.Context {
	return heavy(ctx, 10*time.Minute, l.GiveUpAfter)
}

func forCleanUp(ctx workflow.Context) workflow.Context {
	return heavy(ctx, 10*time.Minute, time.Hour)
}

// forStretch is on the partner's own queue, so that what waits for a partner takes no place from anything else.
func forStretch(ctx workflow.Context, l contract.Limits, partner string) workflow.Context {
	return workflow.WithTaskQueue(heavy(ctx, 15*time.Minute, l.GiveUpAfter), contract.PartnerQueue(partner))
}

// heavy is for deeds that heartbeat. A cancelled one is waited for, so that nothing is still being written
// when the workflow cleans up.
func heavy(ctx workflow.Context, oneAttempt, all time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: oneAttempt, ScheduleToCloseTimeout: all,
		HeartbeatTimeout: silence, RetryPolicy: backoff, WaitForCancellation: true,
	})
}

func forRecord(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 5 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
}

func forFinish(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second, ScheduleToCloseTimeout: 24 * time.Hour, RetryPolicy: backoff,
	})
}

func forAlert(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 15 * time.Second, ScheduleToCloseTimeout: 2 * time.Minute, RetryPolicy: backoff,
	})
}
