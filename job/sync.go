package job

import (
	"cmp"
	"slices"
	"time"
)

// Sync is what the status of a sync has besides a job's.
type Sync struct {
	// Partner is the outside system, e.g. marketplace.
	Partner string `json:"partner"`
	// Tally counts the outcomes so far.
	Tally SyncTally `json:"tally"`
	// Wait is set while the job waits for its partner, and so do its items.
	Wait *Wait `json:"wait,omitempty"`
	// Account is how the partner's account stands, whoever uses it; only while the job runs.
	Account *Account `json:"account,omitempty"`
	// RetryOf is the job whose items this one tries again.
	RetryOf string `json:"retry_of,omitempty"`
	// Upload is the name of the file that the items come from.
	Upload string `json:"upload,omitempty"`
}

// SyncTally counts what became of items. An item has one outcome.
type SyncTally struct {
	Succeeded   int64 `json:"succeeded"`
	Failed      int64 `json:"failed"`
	Unprocessed int64 `json:"unprocessed"`
	// Codes counts the items that did not succeed by code, the most frequent first.
	Codes []ItemCodeCount `json:"codes,omitempty"`
}

// ItemCodeCount counts the items of one code.
type ItemCodeCount struct {
	Code  ItemCode `json:"code"`
	Count int64    `json:"count"`
}

// Items is how many items a tally accounts for.
func (t SyncTally) Items() int64 { return t.Succeeded + t.Failed + t.Unprocessed }

// Count counts an item.
func (t *SyncTally) Count(o ItemOutcome, code ItemCode, n int64) {
	switch o {
	case ItemSucceeded:
		t.Succeeded += n
		return
	case ItemFailed:
		t.Failed += n
	case ItemUnprocessed:
		t.Unprocessed += n
	}
	codes := slices.Clone(t.Codes)
	if i := slices.IndexFunc(codes, func(c ItemCodeCount) bool { return c.Code == code }); i >= 0 {
		codes[i].Count += n
	} else {
		codes = append(codes, ItemCodeCount{code, n})
	}
	slices.SortFunc(codes, func(a, b ItemCodeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	t.Codes = codes
}

// ItemOutcome is how an item of a sync ended.
type ItemOutcome string

// The outcomes of a sync's items.
const (
	ItemSucceeded   ItemOutcome = "succeeded"
	ItemFailed      ItemOutcome = "failed"      // for good: trying again as it is would fail again, or was tried often enough
	ItemUnprocessed ItemOutcome = "unprocessed" // the job ended before
)

// ItemCode says why an item did not succeed. The list is closed: clients switch on it.
type ItemCode string

// The codes.
const (
	ItemInvalid      ItemCode = "invalid"        // the item cannot be sent as it is; Errors tell what is wrong
	ItemRejected     ItemCode = "rejected"       // the partner refuses it; Message has its words
	ItemNotFound     ItemCode = "not_found"      // the partner does not know it
	ItemConflict     ItemCode = "conflict"       // the partner holds something else against it (409, 422 under a used key)
	ItemUnavailable  ItemCode = "unavailable"    // the partner kept failing for this item (5xx)
	ItemTimedOut     ItemCode = "timed_out"      // the partner kept not answering for this item
	ItemBadAnswer    ItemCode = "bad_answer"     // the answer cannot be understood
	ItemNotSaved     ItemCode = "not_saved"      // the partner did its part, and its answer could not be saved here
	ItemUnknown      ItemCode = "unknown_effect" // it was sent, and whether it took effect is not known
	ItemStopped      ItemCode = "stopped"        // not sent: the job was ended before
	ItemUnauthorised ItemCode = "unauthorised"   // not taken: the partner did not accept our credentials
)

// ItemCodes lists every code.
var ItemCodes = []ItemCode{
	ItemInvalid, ItemRejected, ItemNotFound, ItemConflict, ItemUnavailable, ItemTimedOut, ItemBadAnswer, ItemNotSaved,
	ItemUnknown, ItemStopped, ItemUnauthorised,
}

// Try is one attempt at an item.
type Try struct {
	At time.Time `json:"at"`
	// Millis is how long the partner took, in milliseconds.
	Millis int64 `json:"millis"`
	// Status is the HTTP status; 0: there was no answer.
	Status int `json:"status,omitempty"`
	// Code is empty where the attempt succeeded.
	Code ItemCode `json:"code,omitempty"`
	// Message is the partner's, or what went wrong on the way to it.
	Message string `json:"message,omitempty"`
	// Held tells that the partner was out altogether: the attempt does not count against the item.
	Held bool `json:"held,omitempty"`
	// JobID is set on attempts of an earlier job.
	JobID string `json:"job_id,omitempty"`
}

// MaxTries is how many attempts of an item are listed, the last ones.
const MaxTries = 10

// Wait is a wait for a partner.
type Wait struct {
	Why WaitWhy `json:"why"`
	// Until is when it goes on by itself; for an outage, when it is probed next.
	Until time.Time `json:"until"`
	Since time.Time `json:"since"`
}

// WaitWhy says what a sync waits for.
type WaitWhy string

// What one waits for.
const (
	WaitCooling WaitWhy = "cooling" // the partner asked for patience (Retry-After, rate limit)
	WaitQuota   WaitWhy = "quota"   // the day's quota is used up
	WaitOutage  WaitWhy = "outage"  // the partner does not answer; it is probed
)

// Account is how a partner's account stands, for all workers and jobs together.
type Account struct {
	Partner string `json:"partner"`
	// InFlight counts the calls on their way, MaxInFlight is the most allowed.
	InFlight    int `json:"in_flight"`
	MaxInFlight int `json:"max_in_flight"`
	// Interval is the least time between two starts that holds now, in milliseconds; it grows while the partner says that
	// its limit is near.
	Interval float64 `json:"interval_ms"`
	// Eased tells until when the interval is longer than set.
	EasedUntil *time.Time `json:"eased_until,omitempty"`
	// CoolingUntil is until when nothing is sent, because the partner asked for it.
	CoolingUntil *time.Time `json:"cooling_until,omitempty"`
	// OpenSince tells that the breaker is open: the partner is probed with one call at a time, next at ProbeAt.
	OpenSince *time.Time `json:"open_since,omitempty"`
	ProbeAt   *time.Time `json:"probe_at,omitempty"`
	// QuotaUsed of DailyQuota calls have been made since the last reset; a quota of 0 is none.
	QuotaUsed  int64      `json:"quota_used"`
	DailyQuota int64      `json:"daily_quota"`
	QuotaReset *time.Time `json:"quota_reset,omitempty"`
	// Starts counts all calls ever started.
	Starts int64 `json:"starts"`
}
