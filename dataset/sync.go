package dataset

import (
	"time"

	"github.com/longhaul/longhaul/job"
)

// What a sync's limits are when its kind does not say; the others are those of an export.
const (
	// DefaultStretchItems is large because an activity costs the Temporal server about 15 ms of CPU whatever it sends,
	// and small because a stretch is what one worker takes on: its items lie in its memory.
	DefaultStretchItems = 200
	// DefaultMaxAttempts is how often an item is tried while its partner answers others; waiting for an outage or a limit
	// uses up none.
	DefaultMaxAttempts = 5
	// DefaultOutageFor is how long a partner's outage is waited out: a weekend.
	DefaultOutageFor = 72 * time.Hour
	// DefaultSyncDuration is no measure of work: a day's quota may stretch a job over weeks.
	DefaultSyncDuration = 30 * 24 * time.Hour
)

// Sync is one kind of sync: one file of the catalogue. One from a [Registry] is checked and has its defaults filled in;
// it must not be changed any more.
type Sync struct {
	// Name is the kind's stable name in kebab case, e.g. dispatch-shipments.
	Name  string
	Title Text
	// About tells in a sentence or two what is sent, and what follows from it.
	About Text
	// Partner is the outside system in lower case, e.g. marketplace: its settings are LONGHAUL_PARTNER_MARKETPLACE_….
	Partner string

	// Fields are what an item holds. Posted items and files have them as columns; of items from the database Columns
	// gives them, by the same names.
	Fields []Field
	// Key names the fields that tell one item from another; two with the same values are duplicates, and the later one
	// is refused.
	Key []string
	// InOrder names a field: of the items that have the same value in it (an order number), one goes after the other, in
	// the order given. Empty: all may go at once.
	InOrder string

	// Source, Columns and Filters choose items from the database, as for an export. A column has the name of a field;
	// its header is not used.
	Source  Source
	Columns []Column
	Filters []Filter

	// Call is how items become requests and answers outcomes.
	Call Call
	// Save are statements that are carried out, in one transaction with the item's outcome, when it has succeeded. Where
	// one changes no row nothing is wrong.
	Save []Effect

	// StretchItems is how many items one activity takes on; zero means [DefaultStretchItems].
	StretchItems int
	// MaxAttempts is how often an item is tried; zero means [DefaultMaxAttempts].
	MaxAttempts int
	// OutageFor is how long a partner's outage is waited out; zero means [DefaultOutageFor].
	OutageFor time.Duration

	// As of [Export]; MaxDuration is [DefaultSyncDuration] where it is zero.
	SlowAfter, StallAfter, GiveUpAfter, MaxDuration time.Duration
	Window, StretchesPerRun                         int
}

// Call is a partner's protocol for one kind. Settings of the partner may replace it, so that another partner of the same
// trade needs no program of its own; what they leave out stays. The TOML names are those of that file.
type Call struct {
	// Method is GET, POST, PUT, PATCH or DELETE.
	Method string `toml:"method"`
	// Path goes behind the partner's URL; {name} stands for a required field, written as one segment. It may have a query,
	// in which any field may stand.
	Path string `toml:"path"`
	// Body is the JSON object that is sent for an item; none for GET and DELETE.
	Body []BodyField `toml:"body"`
	// Header are further headers; {name} stands for a field.
	Header map[string]string `toml:"header"`

	// PerCall is how many items go into one call, where the partner takes several; 0 and 1 mean one. Then the body is
	// {List: [object, …]}, and the answer has at Results an array of as many answers in the same order.
	PerCall int    `toml:"per_call"`
	List    string `toml:"list"`
	Results string `toml:"results"` // JSON pointer

	// RemoteID is where the answer says how the partner calls the item, as a JSON pointer (RFC 6901); empty: nowhere. An
	// answer that has nothing there is as good; a number is taken as text.
	RemoteID string `toml:"remote_id"`
	// Error is where an answer, or one of several, says that this item was refused: anything but null, false and "" there.
	Error string `toml:"error"`
	// Message is where an answer that refuses says why. Without one, "message", "error", "detail" and "title" are looked for.
	Message string `toml:"message"`
	// Answers are values that [Sync.Save] needs of the answer.
	Answers []Answer `toml:"answers"`

	// Safe calls have no effect (GET), so that they may be repeated at will.
	Safe bool `toml:"safe"`
	// LookUp is asked before an item is sent again of which it is not known whether it took effect, where the partner
	// takes no idempotency keys: 2xx means that it did, 404 that it did not. Without it such an item is not sent again
	// but ends as [job.ItemUnknown]. A kind's own protocol should not have one that a partner may lack: its 404 would say
	// that nothing has arrived. What of RemoteID, Error, Message and Answers it leaves out is as in the call.
	LookUp *Call `toml:"look_up"`
}

// BodyField is one member of the body.
type BodyField struct {
	// Name is the member; a/b is member b of object a, and a/0/b that of the only element of list a.
	Name string `toml:"name"`
	// From is the field, written as its type has it (numbers as numbers); empty: Const is sent.
	From  string `toml:"from"`
	Const any    `toml:"const"`
	// Omit leaves the member out where the field is empty; else it is null.
	Omit bool `toml:"omit"`
}

// Answer is one value of an answer.
type Answer struct {
	Name string `toml:"name"`
	// At is a JSON pointer.
	At string `toml:"at"`
	// Type is FieldText, FieldCode or FieldInstant (RFC 3339).
	Type FieldType `toml:"type"`
	// Required: an answer without it is no answer.
	Required bool `toml:"required"`
	// MaxLength is in characters, of texts and codes, no more than the database keeps; longer ones make the answer none.
	MaxLength int `toml:"max_length"`
	// Map replaces values, e.g. DELIVERED by delivered; those that it does not name stay.
	Map map[string]string `toml:"map"`
}

// Effect is a statement with named values: :name is a field or answer, and :seller_id, :now, :remote_id are there always.
// It is understood by MySQL, MariaDB and SQLite alike. An empty number or instant is NULL. It runs once for each item, so
// it must find its rows by an index.
type Effect string

// SyncItem is one item as it was numbered.
type SyncItem struct {
	// Key is for people: the values of the kind's key, joined.
	Key string
	// Order is the value of [Sync.InOrder].
	Order string
	// Fields are its values by name, in plain notation; instants as RFC 3339.
	Fields map[string]string
	// Errors tell why it cannot be sent.
	Errors []job.RowError
}
