package contract

import "github.com/longhaul/longhaul/job"

// Failure types are the types of the application errors that activities return: the reason a job ends
// with when the error is final, or one of the types below that a workflow acts upon.
const (
	// FailurePlanLost says that a plan's file is gone: the execution was reset after its end.
	FailurePlanLost = "plan_lost"
	// FailureStopping says that the worker is shutting down; the step starts again elsewhere at once.
	FailureStopping = "stopping"
)

// FailureType is the application error type for a reason.
func FailureType(r job.Reason) string { return string(r) }
