package pace

import "time"

// places are those that the book counts as the process's own and that may go from call to call without a turn.
type places struct {
	// idle have no pass just now; low is the fewest since the last turn: so many were not needed.
	idle, low int
	// keep is how many the process may have, with passes and without, until then.
	keep  int
	until time.Time
}

const (
	// tellAfter is how late the book hears of what can wait. It is also how late this process hears what others found
	// out about the partner while it passes places on.
	tellAfter = 20 * time.Millisecond
	// keepFor is how long places are passed on without a turn: the database may be away.
	keepFor = 5 * tellAfter
)

// grant is what a turn says.
func (p *places) grant(keep, passes int, at time.Time) {
	p.idle = max(min(p.idle, keep-passes), 0)
	p.keep, p.until, p.low = keep, at.Add(keepFor), p.idle
}

// put keeps a place that came free while others have passes; it tells false where it is to be given back.
func (p *places) put(passes int, now time.Time) bool {
	if passes+p.idle >= p.keep || now.After(p.until) {
		return false
	}
	p.idle++
	return true
}

// take takes a place for a pass.
func (p *places) take(now time.Time) bool {
	if p.idle == 0 || now.After(p.until) {
		return false
	}
	p.idle--
	p.low = min(p.low, p.idle)
	return true
}

// giveBack drops those that nobody needed since the last turn.
func (p *places) giveBack() {
	p.idle -= p.low
	p.low = 0
}
