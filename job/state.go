package job

import "slices"

// State tells where a job stands.
type State string

// The states. Their names are part of the HTTP interface.
const (
	Queued             State = "queued"
	Running            State = "running"
	Paused             State = "paused"
	Waiting            State = "waiting" // for a partner's limit or outage
	Cancelling         State = "cancelling"
	Succeeded          State = "succeeded"
	PartiallySucceeded State = "partially_succeeded" // some rows or items failed or are missing
	Failed             State = "failed"
	Cancelled          State = "cancelled"
	TimedOut           State = "timed_out"
)

// States lists every state, running ones first.
var States = []State{
	Queued, Running, Paused, Waiting, Cancelling,
	Succeeded, PartiallySucceeded, Failed, Cancelled, TimedOut,
}

// next holds the transitions a living execution makes by itself. An end may become running again only
// when an operator resets the execution, see [State.CanBecome].
var next = map[State][]State{
	Queued:     {Running, Cancelling, Failed, Cancelled, TimedOut},
	Running:    {Paused, Waiting, Cancelling, Succeeded, PartiallySucceeded, Failed, Cancelled, TimedOut},
	Paused:     {Running, Cancelling, Failed, Cancelled, TimedOut},
	Waiting:    {Running, Paused, Cancelling, Failed, Cancelled, TimedOut},
	Cancelling: {Cancelled, Failed, TimedOut},
}

// Ended tells whether the job will not move by itself any more.
func (s State) Ended() bool {
	switch s {
	case Succeeded, PartiallySucceeded, Failed, Cancelled, TimedOut:
		return true
	}
	return false
}

// Valid tells whether s is one of [States].
func (s State) Valid() bool { return slices.Contains(States, s) }

// CanBecome tells whether to may follow s. A reset execution leads from any end back to running.
func (s State) CanBecome(to State) bool {
	if s == to || (s.Ended() && to == Running) {
		return true
	}
	return slices.Contains(next[s], to)
}

// Reason says why a job ended other than by succeeding. The list is closed: clients switch on it.
type Reason string

// The reasons.
const (
	ReasonNoData     Reason = "no_data"      // nothing matched the filters
	ReasonBadInput   Reason = "bad_input"    // the request cannot be carried out as it stands
	ReasonDownstream Reason = "downstream"   // database, storage or a partner kept failing
	ReasonLimit      Reason = "limit"        // a stated limit was met
	ReasonUser       Reason = "user"         // somebody cancelled it
	ReasonOperator   Reason = "operator"     // terminated in Temporal
	ReasonTimeout    Reason = "timeout"      // longer than its kind allows
	ReasonRowsMoved  Reason = "rows_moved"   // rows came or went between plan and read
	ReasonRefused    Reason = "rows_refused" // some or all rows of an upload were refused
	ReasonKept       Reason = "rows_kept"    // an undo left rows as they are
	ReasonStale      Reason = "stale"        // the data has changed since the dry run
	ReasonItems      Reason = "items_failed" // some or all items of a sync failed
	ReasonAuth       Reason = "unauthorised" // the partner does not accept our credentials
	ReasonInternal   Reason = "internal"     // a fault of this program
)

// Reasons lists every reason.
var Reasons = []Reason{
	ReasonNoData, ReasonBadInput, ReasonDownstream, ReasonLimit, ReasonUser, ReasonOperator,
	ReasonTimeout, ReasonRowsMoved, ReasonRefused, ReasonKept, ReasonStale, ReasonItems, ReasonAuth, ReasonInternal,
}
