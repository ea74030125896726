package contract

import (
	"time"

	"github.com/longhaul/longhaul/job"
)

// Activities that every type of job uses.
var (
	RegisterJob    = Activity[Registration, Limits]{"RegisterJob"}
	RecordProgress = Activity[Record, Nothing]{"RecordProgress"}
	FinishJob      = Activity[Ending, Nothing]{"FinishJob"}
	SendAlert      = Activity[Alert, Nothing]{"SendAlert"}
)

// Registration makes or renews the row of a job.
type Registration struct {
	JobID       string    `json:"job"`
	Type        job.Type  `json:"type"`
	Kind        string    `json:"kind"`
	Tenant      string    `json:"tenant"`
	RequestedBy string    `json:"requested_by,omitempty"`
	WorkflowID  string    `json:"workflow_id"`
	RunID       string    `json:"run_id"`
	Started     time.Time `json:"started"`
	// Export is the request of a [job.TypeExport] job.
	Export *ExportInput `json:"export,omitempty"`
	// BulkSave is the request of a [job.TypeBulkSave] job.
	BulkSave *BulkSaveInput `json:"bulk_save,omitempty"`
	// Sync is the request of a [job.TypeSync] job.
	Sync *SyncInput `json:"sync,omitempty"`
}

// Limits are what the kind allows its jobs. They are read from the catalogue once, by RegisterJob, so that
// a deploy does not change them under a running execution.
type Limits struct {
	// Window is how many pages, chunks or items may be in flight.
	Window int `json:"window"`
	// SlowAfter is the running time after which somebody is told.
	SlowAfter time.Duration `json:"slow_after"`
	// StallAfter is the time without progress after which a job counts as stalled.
	StallAfter time.Duration `json:"stall_after"`
	// GiveUpAfter is how long one step may keep failing before the job fails.
	GiveUpAfter time.Duration `json:"give_up_after"`
	// MaxDuration ends a job as timed out.
	MaxDuration time.Duration `json:"max_duration"`
	// StepsPerRun is how many pages, chunks or items one run of the execution takes before it continues
	// as new; zero means until the server suggests it.
	StepsPerRun int `json:"steps_per_run,omitempty"`
	// HoldFor is how long a dry run waits to be resumed.
	HoldFor time.Duration `json:"hold_for,omitempty"`
	// OutageFor is how long a partner's outage is waited out.
	OutageFor time.Duration `json:"outage_for,omitempty"`
}

// Record is a status to be written to the job's row.
type Record struct {
	JobID  string     `json:"job"`
	RunID  string     `json:"run_id"`
	Status job.Status `json:"status"`
}

// Ending is the last status of a job. The registration comes along, so that the row can be made if it
// never was.
type Ending struct {
	Registration Registration `json:"registration"`
	Status       job.Status   `json:"status"`
}

// AlertKind tells what an alert is about.
type AlertKind string

// The alerts. Recovered and Ended are sent only after a warning.
const (
	AlertSlow      AlertKind = "slow"
	AlertStalled   AlertKind = "stalled"
	AlertFailed    AlertKind = "failed"
	AlertRecovered AlertKind = "recovered"
	AlertEnded     AlertKind = "ended"
	AlertOutage    AlertKind = "outage" // of a partner; Recovered follows
)

// Alert is a message to people, sent once per episode.
type Alert struct {
	JobID  string     `json:"job"`
	Type   job.Type   `json:"type"`
	Kind   string     `json:"kind"`
	Tenant string     `json:"tenant"`
	About  AlertKind  `json:"about"`
	Since  time.Time  `json:"since"`
	Status job.Status `json:"status"`
}

// Alerted remembers which warnings are out, so that each is sent once per episode.
type Alerted struct {
	Slow    bool `json:"slow,omitempty"`
	Stalled bool `json:"stalled,omitempty"`
	Outage  bool `json:"outage,omitempty"`
}
