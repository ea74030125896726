package dataset

import "time"

// SyncCall is one call to a partner.
type SyncCall struct {
	Method string
	// Path goes behind the partner's URL; it is escaped and may have a query.
	Path   string
	Header map[string]string
	Body   []byte // JSON; nil: none
}

// SyncAnswer is what an answer says of one item.
type SyncAnswer struct {
	// RemoteID is how the partner calls the item; empty where it does not say.
	RemoteID string
	// Refused tells that the answer refuses the item, though the call succeeded; Message says why.
	Refused bool
	Message string
	// Values are those of [Call.Answers] by name; instants as RFC 3339. One that is not there is empty.
	Values map[string]string
	// Err tells why the answer cannot be understood: [job.ItemBadAnswer]. It is safe to show.
	Err error
}

// WithCall returns a copy of the kind with a partner's own protocol.
func (k Sync) WithCall(decode func(*Call) error) (Sync, error) { panic("follows") }

// Request is the call that sends items: one, or up to [Call.PerCall].
func (k Sync) Request(items []SyncItem) (SyncCall, error) { panic("follows") }

// LookUp is the call that asks whether an item took effect; false where the partner has none.
func (k Sync) LookUp(item SyncItem) (SyncCall, bool, error) { panic("follows") }

// Read reads the answer to a call with n items.
func (k Sync) Read(body []byte, n int) ([]SyncAnswer, error) { panic("follows") }

// ReadLookUp reads the answer to a look-up that found the item.
func (k Sync) ReadLookUp(body []byte) (SyncAnswer, error) { panic("follows") }

// Message is what a refusing answer says to people; empty where it says nothing.
func (k Sync) Message(body []byte) string { panic("follows") }

// Effects are the statements of [Sync.Save] for an item that has succeeded.
func (k Sync) Effects(item SyncItem, a SyncAnswer, sellerID int64, now time.Time) []Statement {
	panic("follows")
}

