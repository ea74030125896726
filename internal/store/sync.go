package store

import (
	"time"

	"github.com/longhaul/longhaul/job"
)

// SyncRow is what is known of a sync besides its job.
type SyncRow struct {
	JobID    string
	Tenant   string
	Kind     string
	Partner  string
	RetryOf  string // the job whose items are tried again; empty: none
	UploadID string // where the items come from; empty: the database
	// Items and Stretches are zero until the items are numbered.
	Items     int64
	Stretches int
	Numbered  bool
	// Tally counts the outcomes; it changes in the transaction that records them.
	Tally     job.SyncTally
	CreatedAt time.Time
	// PrunedAt is since when its items are removed, the first ones first; nil: they are kept.
	PrunedAt *time.Time
}

// SyncItem is one item of a sync.
type SyncItem struct {
	JobID    string
	Position int64 // from 1, in the order given
	Stretch  int   // from 0
	Key      string
	// Order is the ordering key: items with the same one go one after the other.
	Order string
	// IdempotencyKey is stable for as long as the item may have taken effect under it.
	IdempotencyKey string
	Fields         map[string]string
	// Sheet and Row name its place in an upload; Row 0: it comes from none.
	Sheet string
	Row   int
	// Sent tells that it was sent without an outcome since: it may have taken effect. With an outcome it is set where the
	// code is [job.ItemUnknown].
	Sent bool
	// Attempts counts how often it was sent, those of earlier jobs included; Tries are the last of them.
	Attempts int
	Tries    []job.Try
	// Outcome is empty while there is none. An item may be numbered with its outcome: one that cannot be sent.
	Outcome  job.ItemOutcome
	Code     job.ItemCode
	Message  string
	Errors   []job.RowError
	RemoteID string
	SentAt   *time.Time
	DoneAt   *time.Time
}

// SyncRef names an item.
type SyncRef struct {
	JobID    string
	Position int64
}

// SyncLeft is an item that was marked as sent and is left without an outcome.
type SyncLeft struct {
	SyncRef
	// Unsent: it was not sent after all, and the mark does not count as an attempt.
	Unsent bool
	// InDoubt: it may have taken effect by an earlier sending, so that it stays marked as sent.
	InDoubt bool
	// MarkedAt is the time of the mark; a later mark, of somebody else, stays. Zero: any.
	MarkedAt time.Time
	// Tries are all that are to be listed; nil: those that are there stay.
	Tries []job.Try
}

// SyncSelection selects items of a sync that did not succeed: all of them, or those that meet every condition given.
type SyncSelection struct {
	Outcome   job.ItemOutcome // failed or unprocessed
	Codes     []job.ItemCode
	Positions []int64
}

// SyncOutcome is the outcome of an item, with what is to be saved along with it.
type SyncOutcome struct {
	SyncRef
	Outcome  job.ItemOutcome
	Code     job.ItemCode
	Message  string
	RemoteID string
	Tries    []job.Try // all that are to be listed, at most job.MaxTries
	At       time.Time
	// Save are statements that are carried out in the same transaction.
	Save []Statement
}

// Statement is SQL with its arguments, of type int64, string, nil or [time.Time].
type Statement struct {
	SQL  string
	Args []any
}
