package contract

import (
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// Sync sends items to a partner, one by one, and accounts for each.
var Sync = Workflow[SyncInput, job.Status]{"Sync"}

// LookAgain tells a sync that waits for its partner that the partner's limits have been changed.
var LookAgain = Signal{"look-again"}

// Activities of a sync, in the order of its story. SendStretch runs on the partner's own queue, see [PartnerQueue].
var (
	NumberItems = Activity[SyncRequest, SyncPlan]{"NumberItems"}
	SendStretch = Activity[StretchRef, StretchResult]{"SendStretch"}
	CloseItems  = Activity[CloseRequest, CloseResult]{"CloseItems"}
	ReportSync  = Activity[SyncReport, SyncReportResult]{"ReportSync"}
	CleanUpSync = Activity[JobRef, Nothing]{"CleanUpSync"}
)

// PartnerQueue is the task queue of the calls to one partner: what waits for a partner takes no place from exports and
// saves, or from calls to others.
func PartnerQueue(partner string) string { return TaskQueue + "-partner-" + partner }

// SyncInput is the input of the workflow Sync. Kind and Tenant suffice to start one by hand.
type SyncInput struct {
	Kind   string `json:"kind"`
	Tenant string `json:"tenant"`
	// Filters choose the items from the database, unless there is an upload or a retry.
	Filters job.Filters `json:"filters,omitempty"`
	// Upload is the ID of an upload whose rows are the items; posted items are one too.
	Upload string `json:"upload,omitempty"`
	// Mapping says which field a header of the upload stands for, as of [BulkSaveInput].
	Mapping map[string]string `json:"mapping,omitempty"`
	// Retry takes items of an earlier job.
	Retry       *SyncRetry `json:"retry,omitempty"`
	Locale      string     `json:"locale,omitempty"` // of the result workbook: ko (default) or en
	RequestedBy string     `json:"requested_by,omitempty"`

	// Carried is set by the workflow itself when it continues as new; never by a client.
	Carried *SyncCarried `json:"carried,omitempty"`
}

// SyncRetry selects the items of an ended job that shall be tried again: those that failed or were not processed, all
// of them or those that meet every condition given.
type SyncRetry struct {
	JobID   string          `json:"job"`
	Outcome job.ItemOutcome `json:"outcome,omitempty"`
	Codes   []job.ItemCode  `json:"codes,omitempty"`
	// Positions are those of single items, at most [MaxRetryPositions].
	Positions []int64 `json:"positions,omitempty"`
}

// MaxRetryPositions keeps a request small in history.
const MaxRetryPositions = 1000

// SyncCarried is the state a sync takes along when it continues as new.
type SyncCarried struct {
	Limits   Limits       `json:"limits"`
	Plan     SyncPlan     `json:"plan"`
	Next     int          `json:"next"`
	Redo     []int        `json:"redo,omitempty"` // stretches below Next that have items left
	Outage   *time.Time   `json:"outage,omitempty"`
	Progress job.Progress `json:"progress"`
	Sync     job.Sync     `json:"sync"`
	Paused   bool         `json:"paused,omitempty"`
	Alerted  Alerted      `json:"alerted"`
	Started  time.Time    `json:"started"`
	Moved    time.Time    `json:"moved"`
}

// SyncRequest is what items are numbered from.
type SyncRequest struct {
	JobID   string    `json:"job"`
	Request SyncInput `json:"request"`
}

// SyncPlan is the result of numbering; the items lie in the database.
type SyncPlan struct {
	Partner string `json:"partner"`
	Items   int64  `json:"items"`
	// Stretches are runs of items that one activity sends. Items of one ordering key lie in one stretch.
	Stretches int `json:"stretches"`
	// Tally counts the items that cannot be sent as they are.
	Tally  job.SyncTally `json:"tally"`
	Upload string        `json:"upload,omitempty"`
}

// StretchRef names one stretch, counted from 0.
type StretchRef struct {
	JobID   string `json:"job"`
	Stretch int    `json:"stretch"`
	// Probe makes it come back as soon as the partner has answered one call: the workflow waits to hear that an outage is
	// over.
	Probe bool `json:"probe,omitempty"`
}

// StretchResult tells how far a stretch came.
type StretchResult struct {
	// Tally is that of the whole job, as its ledger says at the end of the stretch.
	Tally job.SyncTally `json:"tally"`
	// Left counts the items of the stretch that have no outcome yet, because it was stopped, has to wait, or came back to
	// tell how far it is.
	Left int `json:"left,omitempty"`
	// Wait says what for, where the partner is the cause.
	Wait *job.Wait `json:"wait,omitempty"`
	// Stop tells that no item will fare better: the partner does not accept our credentials, or its address leads to where
	// it must not. Message says so to people.
	Stop    job.Reason `json:"stop,omitempty"`
	Message string     `json:"message,omitempty"`
}

// CloseRequest gives every item that is left its outcome when a job ends early.
type CloseRequest struct {
	JobID string       `json:"job"`
	Code  job.ItemCode `json:"code"` // of those that were not sent
}

// CloseResult tells what the job came to.
type CloseResult struct {
	Tally job.SyncTally `json:"tally"`
}

// SyncReport asks for the result workbook.
type SyncReport struct {
	JobID  string `json:"job"`
	Kind   string `json:"kind"`
	Tenant string `json:"tenant"`
	Locale string `json:"locale,omitempty"`
}

// SyncReportResult is the workbook.
type SyncReportResult struct {
	File *job.Artifact `json:"file,omitempty"`
}

// SyncWorkflowID is the natural key of a sync and the lock: one at a time for a kind and tenant.
//
//	sync/<kind>/<tenant>
func SyncWorkflowID(kind, tenant string) string {
	return strings.Join([]string{"sync", kind, tenant}, "/")
}
