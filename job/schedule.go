package job

import (
	"encoding/json"
	"time"
)

// Schedule starts the same job again and again.
type Schedule struct {
	// ID names the schedule: lower case letters, digits and hyphens, at most 64.
	ID     string `json:"id"`
	Type   Type   `json:"type"` // export or sync
	Kind   string `json:"kind"`
	Tenant string `json:"tenant"`
	// Cron has five fields (minute hour day month weekday), read in Zone; it is kept as given.
	Cron string `json:"cron"`
	// Zone is an IANA name, e.g. Asia/Seoul.
	Zone string `json:"time_zone"`
	// Overlap says what happens while the job of the last time still runs.
	Overlap Overlap `json:"overlap"`
	Paused  bool    `json:"paused"`
	Note    string  `json:"note,omitempty"`
	// Request is what each job is started with.
	Request json.RawMessage `json:"request,omitempty"`
	// Next are the next times, at most ten; Recent the last jobs that it started, newest first.
	Next   []time.Time    `json:"next,omitempty"`
	Recent []ScheduledJob `json:"recent,omitempty"`
	// Skipped counts the times that were left out because the last job still ran.
	Skipped   int       `json:"skipped"`
	CreatedAt time.Time `json:"created_at"`
}

// ScheduledJob is one start by a schedule.
type ScheduledJob struct {
	At time.Time `json:"at"`
	// JobID is empty where no job was started, because one of its kind and tenant ran.
	JobID string `json:"job_id,omitempty"`
}

// Overlap is a schedule's overlap policy, see Temporal's of the same names.
type Overlap string

// The policies that make sense where one job of a kind and tenant runs at a time.
const (
	OverlapSkip   Overlap = "skip"   // leave this time out, the default
	OverlapBuffer Overlap = "buffer" // start once when the running one has ended
	OverlapCancel Overlap = "cancel" // cancel the running one first
)

// Overlaps lists every policy.
var Overlaps = []Overlap{OverlapSkip, OverlapBuffer, OverlapCancel}

// ScheduleChange changes a schedule; nil fields stay.
type ScheduleChange struct {
	Cron    *string  `json:"cron,omitempty"`
	Zone    *string  `json:"time_zone,omitempty"`
	Overlap *Overlap `json:"overlap,omitempty"`
	Paused  *bool    `json:"paused,omitempty"`
	Note    *string  `json:"note,omitempty"`
}
