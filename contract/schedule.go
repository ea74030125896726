package contract

import "github.com/longhaul/longhaul/job"

// Scheduled is what a schedule starts: it starts the job under the job's own workflow ID, so that one started by hand
// and one of a schedule keep each other out, and stays until the job has ended, so that the schedule's overlap policy
// knows of it.
var Scheduled = Workflow[ScheduledInput, ScheduledResult]{"Scheduled"}

// ScheduledInput says what to start.
type ScheduledInput struct {
	Schedule string `json:"schedule"`
	// WorkflowID is the job's.
	WorkflowID string       `json:"workflow_id"`
	Export     *ExportInput `json:"export,omitempty"`
	Sync       *SyncInput   `json:"sync,omitempty"`
}

// ScheduledResult tells what was started.
type ScheduledResult struct {
	// JobID is empty where a job of that workflow ID was running.
	JobID string    `json:"job_id,omitempty"`
	State job.State `json:"state,omitempty"`
}

// SchedulePrefix begins the IDs of our schedules at Temporal, and those of the executions that they start.
const SchedulePrefix = "schedule/"
