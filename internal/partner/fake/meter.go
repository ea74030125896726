package fake

import (
	"maps"
	"sync"
	"time"
)

// meter counts calls.
type meter struct {
	mu           sync.Mutex
	since        time.Time
	calls        int64
	routes       map[string]int64
	answers      map[string]int64
	inFlight     int
	mostInFlight int
	hungUp       int64
	first, last  time.Time
	spacing      spacing
}

func (m *meter) reset(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since, m.first, m.last = now, time.Time{}, time.Time{}
	m.calls, m.hungUp, m.mostInFlight = 0, 0, m.inFlight
	m.routes, m.answers = map[string]int64{}, map[string]int64{}
	m.spacing = spacing{}
}

// begin counts a call that started at start.
func (m *meter) begin(start time.Time, route string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	m.routes[route]++
	m.inFlight++
	m.mostInFlight = max(m.mostInFlight, m.inFlight)
	if m.first.IsZero() || start.Before(m.first) {
		m.first = start
	}
	if start.After(m.last) {
		m.last = start
	}
	m.spacing.add(start)
}

func (m *meter) leave() {
	m.mu.Lock()
	m.inFlight--
	m.mu.Unlock()
}

func (m *meter) hangUp() {
	m.mu.Lock()
	m.hungUp++
	m.mu.Unlock()
}

func (m *meter) count(class string) {
	m.mu.Lock()
	m.answers[class]++
	m.mu.Unlock()
}

func (m *meter) read(seen *Seen, closerThan time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen.Since, seen.Calls, seen.HungUp = m.since, m.calls, m.hungUp
	seen.Routes, seen.Answers = maps.Clone(m.routes), maps.Clone(m.answers)
	seen.InFlight, seen.MostInFlight = m.inFlight, m.mostInFlight
	seen.First, seen.Last = m.first, m.last
	seen.Spacing = m.spacing.read(closerThan)
}
