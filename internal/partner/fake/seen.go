package fake

import "time"

// Seen is what a partner saw since it was started or reset. Calls of paths that begin with /_ are none.
type Seen struct {
	Since time.Time `json:"since"`
	// Calls counts all that came, whatever became of them, First and Last are the starts of the first and last of them: the
	// instant at which the headers were read.
	Calls int64     `json:"calls"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Routes counts the calls by what they asked for: dispatches, bulk, by-key, by-line, trackings, other.
	Routes map[string]int64 `json:"routes"`
	// Answers counts them by how they were answered: the status, or what took its place: rate, in_flight, quota, outage,
	// reset, hung, dropped (after the effect), dropped_before, garbage, html, endless, cut, redirect, closed (with the
	// partner). A call that is on its way is in none.
	Answers map[string]int64 `json:"answers"`
	// HungUp counts the calls whose clients left before the answer was ready. What those asked for is done all the same,
	// and they are not on their way any more, so that they overlap with nothing. A server notices a little late that a
	// client has left: one that starts its next call at once may be seen with one more on its way.
	HungUp int64 `json:"hung_up"`

	// InFlight are the calls on their way, those that are turned away too. A call is until the moment before its answer
	// goes out, or its client hangs up.
	InFlight     int     `json:"in_flight"`
	MostInFlight int     `json:"most_in_flight"`
	Spacing      Spacing `json:"spacing"`
	// QuotaUsed counts the calls that were let through since the quota was reset, whether there is one or not.
	QuotaUsed int64 `json:"quota_used"`

	// Effects counts the distinct dispatches (order line and tracking number), Duplicates how often one took effect
	// again, Replays the calls that were given the answer of an earlier one.
	Effects    int64 `json:"effects"`
	Duplicates int64 `json:"duplicates"`
	Replays    int64 `json:"replays"`
	// Sums over all orders, see [Order].
	Overlaps int64 `json:"overlaps"`
	Backward int64 `json:"backward"`

	// Dispatches are the effects in the order in which they took place.
	Dispatches []Dispatch `json:"dispatches,omitempty"`
	// Orders are the orders by number.
	Orders map[string]Order `json:"orders,omitempty"`
}

// Dispatch is one that took effect.
type Dispatch struct {
	ID             string    `json:"id"`
	OrderNumber    string    `json:"order_number"`
	LineNumber     string    `json:"line_number"`
	Carrier        string    `json:"carrier"`
	TrackingNumber string    `json:"tracking_number"`
	At             time.Time `json:"at"`
	// Key is the idempotency key under which it first did, and Count how often it did; more than once is a duplicate.
	Key   string `json:"key,omitempty"`
	Count int    `json:"count,omitempty"`
}

// Order is what was seen of the items of one order number.
type Order struct {
	// Lines are the line numbers in the order in which their items first came, whatever became of them; Effects in the
	// order in which they took effect.
	Lines   []string `json:"lines"`
	Effects []string `json:"effects,omitempty"`
	// Overlaps counts the calls with an item of the order that came while another one was on its way.
	Overlaps int64 `json:"overlaps,omitempty"`
	// Backward counts the items that came again after a later one of the order had come.
	Backward int64 `json:"backward,omitempty"`
}

// Seen tells what the partner saw. It copies all dispatches and orders, which holds calls up meanwhile (80 ms for 100,000):
// while the pace is measured, ask for /_seen?lists=no.
func (s *Server) Seen() Seen { return s.read(0, true) }

// Closer counts the starts that followed another one by less than this; see [Spacing].
func (s *Server) Closer(than time.Duration) int64 { return s.read(than, false).Spacing.Closer }

func (s *Server) read(closerThan time.Duration, lists bool) Seen {
	var seen Seen
	s.meter.read(&seen, closerThan)
	s.ledger.read(&seen, lists)
	seen.QuotaUsed = s.limiter.quotaUsed()
	return seen
}
