// Package partner speaks HTTP with outside systems: one call, one answer, classed. When a call may start is for
// [github.com/longhaul/longhaul/internal/pace] to say, and what it says for an item is the kind's.
package partner

import (
	"net/http"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// Settings are what one must know of a partner to call it.
type Settings struct {
	// Name is in lower case, e.g. marketplace.
	Name string
	// URL is http or https, with a path perhaps, without query and user.
	URL  string
	Auth Auth
	// Limits are those of the account.
	Limits pace.Limits
	// Timeout is how long a call may take from its start to the last byte of the answer; default 30 s.
	Timeout time.Duration
	// IdempotencyHeader carries the key that makes a call that is sent twice take effect once; default Idempotency-Key,
	// "-" where the partner takes none.
	IdempotencyHeader string
	// Classes replaces rows of the table by which answers are classed, by HTTP status, e.g. 409: Again.
	Classes map[int]Class
	// AllowPrivate lets the URL lead to private, loopback and link-local addresses. For development and tests.
	AllowPrivate bool
}

// DefaultTimeout outlasts a slow partner and not the patience of a stretch: a call is one of many.
const DefaultTimeout = 30 * time.Second

// Auth is how one identifies oneself. The zero value does not.
type Auth struct {
	// Scheme is "", bearer (Authorization: Bearer Token), header (Header: Token) or hmac.
	Scheme string
	Header string
	Token  Secret
	// KeyID names the token where hmac signs, with SHA-256 under Token: the lower-case hex of method, path with query, Unix
	// time and body, joined by line feeds, goes into Header (default X-Signature), the time into X-Timestamp, KeyID into
	// X-Key-Id.
	KeyID string
}

// Request is one call.
type Request struct {
	Method string
	// Path goes behind the URL's; it is escaped and may have a query.
	Path           string
	Header         http.Header
	Body           []byte // JSON; nil: none
	IdempotencyKey string
}

// Class says what an answer means for the item.
type Class string

// The classes.
const (
	Done    Class = "done"    // the partner did it
	Refused Class = "refused" // for good
	Again   Class = "again"   // not now: the same call may succeed later
	Slower  Class = "slower"  // too many calls; uses up no attempt
	Denied  Class = "denied"  // the credentials are not accepted: no item will fare better
	Astray  Class = "astray"  // the URL leads elsewhere or to where it must not: no item will fare better
)

// Answer is what came of a call.
type Answer struct {
	Class Class
	// Code is set unless Class is Done.
	Code job.ItemCode
	// Status is 0 where there was no answer.
	Status int
	// Body is the JSON of an answer; nil where it has none.
	Body []byte
	// Message is the partner's, or says what went wrong; it is safe to show and at most 500 characters.
	Message string
	// InDoubt tells that the call may have taken effect all the same: it was sent, and its answer is not known.
	InDoubt bool
	// Report is for the gate.
	Report pace.Report
	At     time.Time
	Took   time.Duration
	// Err is what went wrong beneath, for the log; nil where there was a whole answer.
	Err error
}
