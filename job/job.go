// Package job holds the nouns of Longhaul: the job, its states and how they follow each other, its
// progress, its artifacts and its errors. It imports the standard library only, so that every other
// package may know it.
//
//	queued ─→ running ⇄ paused
//	             │ ⇄ waiting            (a partner's limit or outage)
//	             ├─→ cancelling ─→ cancelled
//	             └─→ succeeded · partially_succeeded · failed · timed_out
//
// Every end but succeeded bears a [Reason]. An end never hides a row: rows promised and rows written
// stand side by side in [Progress].
package job

import (
	"encoding/json"
	"time"
)

// Type is one of the three shapes of work.
type Type string

// The job types. Their names are part of the HTTP interface.
const (
	TypeExport   Type = "export"
	TypeBulkSave Type = "bulk_save"
	TypeSync     Type = "sync"
)

// Job is one requested export, bulk save or sync.
type Job struct {
	// ID is the first run ID of the workflow execution, so that API, CLI and Temporal name one thing. It
	// stays the same over continue-as-new and reset.
	ID     string `json:"id"`
	Type   Type   `json:"type"`
	Kind   string `json:"kind"`   // entry of the catalogue, e.g. stock-shortages
	Tenant string `json:"tenant"` // seller code

	Status

	// Request is what was asked for, as the workflow got it.
	Request json.RawMessage `json:"request,omitempty"`
	// RequestedBy is who asked, as the caller says it; empty when unknown.
	RequestedBy string `json:"requested_by,omitempty"`
	// WorkflowID is the natural key and the lock.
	WorkflowID string `json:"workflow_id"`
	// RunID is the latest run of the execution; it differs from ID after continue-as-new or reset.
	RunID string `json:"run_id"`

	CreatedAt time.Time `json:"created_at"`

	// StaleSince is set when the status is only the last known one, because no worker answers; it tells
	// since when it is known.
	StaleSince *time.Time `json:"stale_since,omitempty"`
}

// Status is the part of a job that changes while it runs. It is the answer of the workflow's status
// query and the result of the workflow.
type Status struct {
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`
	// Message explains the reason to a person; it never holds internals.
	Message   string     `json:"message,omitempty"`
	Progress  Progress   `json:"progress"`
	Save      *Save      `json:"save,omitempty"` // of bulk saves
	Sync      *Sync      `json:"sync,omitempty"` // of syncs
	Artifacts []Artifact `json:"artifacts,omitempty"`
	UpdatedAt time.Time  `json:"updated_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// Phase tells which part of its story a running job is in.
type Phase string

// The phases of a job, in order.
const (
	PhaseQueued     Phase = "queued"
	PhasePlanning   Phase = "planning" // an export's plan, an upload's inspection
	PhasePages      Phase = "pages"
	PhaseAssembling Phase = "assembling"
	PhasePublishing Phase = "publishing"
	PhaseChecking   Phase = "checking"  // a bulk save's dry run
	PhaseHolding    Phase = "holding"   // the dry run waits to be resumed
	PhaseComparing  Phase = "comparing" // the dry run again, before it is carried out
	PhaseApplying   Phase = "applying"
	PhaseUndoing    Phase = "undoing"
	PhaseSending    Phase = "sending"   // a sync's items
	PhaseReporting  Phase = "reporting" // the error workbook, a sync's result
	PhaseDone       Phase = "done"
)

// Progress counts what is done. Totals are zero until the plan is made.
type Progress struct {
	Phase      Phase `json:"phase"`
	RowsDone   int64 `json:"rows_done"`
	RowsTotal  int64 `json:"rows_total"` // promised by the plan
	PagesDone  int   `json:"pages_done"` // of bulk saves: chunks; of syncs: stretches, whose items are rows here
	PagesTotal int   `json:"pages_total"`
	// Rate is rows a second over the last pages; zero until known.
	Rate float64 `json:"rate,omitempty"`
	// ETA is when the pages will be done at that rate.
	ETA *time.Time `json:"eta,omitempty"`
	// StalledSince is set while nothing has moved for longer than the kind allows.
	StalledSince *time.Time `json:"stalled_since,omitempty"`
}

// Artifact is a file to download.
type Artifact struct {
	Name        string `json:"name"` // file name as the user sees it, UTF-8
	Key         string `json:"key"`  // place in blob storage; never sent to clients
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`   // bytes
	SHA256      string `json:"sha256"` // lower-case hex
	Rows        int64  `json:"rows"`   // without headers
	Sheets      int    `json:"sheets,omitempty"`
	// CellsTruncated counts values cut at 32,767 characters, the most a cell holds.
	CellsTruncated int64 `json:"cells_truncated,omitempty"`
	// CharsEscaped counts characters that XML forbids, written as _xHHHH_ or replaced.
	CharsEscaped int64     `json:"chars_escaped,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	// DeletedAt is set once housekeeping has removed the file.
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
}
