// Package pace decides when a call to a partner may start: never more than so many in flight, never two starts closer
// than an interval, never more than a day's quota, and none at all while the partner asks for patience or does not
// answer. These are limits of the partner's account, whoever uses it, so that all processes share one [State], kept in
// a database behind [Book]. Every decision is a method of State: it reads and changes nothing else, and takes the time
// from the book's clock, which is one for all processes.
//
// A [Gate] is a process's way in. Each call asks it for a [Pass]:
//
//	pass, err := gate.Enter(ctx, jobID)   // waits until a start is due
//	err = pass.Start(ctx)                 // waits for the very instant
//	…call, with pass.Context()…
//	pass.Done(report)                     // frees its place and tells what the partner said
package pace

import (
	"context"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/job"
)

// Limits are what a partner's account allows. The zero value of a field means its default, except for quota and rate,
// where it means none.
type Limits struct {
	// MaxInFlight is the most calls on their way at once; default 10.
	MaxInFlight int
	// Interval is the least time between two starts; default 100 ms, negative: none.
	Interval time.Duration
	// Rate is the most starts in a time, e.g. 600 in a minute. It is kept by spacing: 600/1m is a start every 100 ms, so
	// that no minute, wherever it begins, has more.
	Rate Rate
	// DailyQuota is the most starts in a day, which ends at QuotaReset (a time of day, since midnight) in Zone.
	DailyQuota int64
	QuotaReset time.Duration
	Zone       *time.Location // nil: UTC
}

// Defaults of [Limits], those of the queue that Longhaul replaces.
const (
	DefaultMaxInFlight = 10
	DefaultInterval    = 100 * time.Millisecond
)

// Rate is so many in a time.
type Rate struct {
	Count int
	Per   time.Duration
}

// Change changes the limits of an account while jobs run; nil fields stay as they are configured. It is kept with the
// account.
type Change struct {
	MaxInFlight *int           `json:"max_in_flight,omitempty"`
	Interval    *time.Duration `json:"interval,omitempty"` // 0: none
	Rate        *Rate          `json:"rate,omitempty"`     // of 0: none
	DailyQuota  *int64         `json:"daily_quota,omitempty"`
	// Timeout is that of a call, which the account's clients look up here too.
	Timeout *time.Duration `json:"timeout,omitempty"`
}

// Book keeps the states of accounts.
type Book interface {
	// Turn reads the account's state and change, lets do change the state, and keeps it, as one atomic step: turns of one
	// account, from whatever process, follow one another. now is the book's clock, one for all processes. When do fails
	// nothing is kept and its error is returned. An account that is not known yet has the zero state.
	//
	// The times that are returned tell when, by this process's own (monotonic) clock, the book's clock was read: not before
	// and not after them.
	Turn(ctx context.Context, account string, do func(now time.Time, s *State, c Change) error) (before, after time.Time, err error)
}

// Report tells what came of a call.
type Report struct {
	Verdict Verdict
	// Hint is what the partner said about its limits.
	Hint Hint
}

// Verdict is what a call says about the partner, not about the item.
type Verdict int

// The verdicts.
const (
	// Answered: the partner does its part, even if it refuses the item.
	Answered Verdict = iota
	// Out: the partner does not answer, or only to say that it cannot.
	Out
	// Throttled: the partner says that it was called too often.
	Throttled
	// Unknown: the call says nothing, e.g. because it was cancelled here.
	Unknown
)

// Hint is what a partner's headers say about its limits; the zero value is nothing.
type Hint struct {
	// CoolFor is how long it wants to be left alone.
	CoolFor time.Duration
	// Remaining calls are left for the next Window, out of Limit. Window zero: nothing was said.
	Remaining, Limit int64
	Window           time.Duration
}

// Held is the error of [Gate.Enter] when the next start is further away than one waits for inside an activity.
type Held struct { //nolint:errname // it is what happens to a call, and read as such
	Why   job.WaitWhy
	Until time.Time // by the book's clock
}

func (h *Held) Error() string {
	return fmt.Sprintf("partner: %s until %s", h.Why, h.Until.UTC().Format(time.RFC3339))
}
