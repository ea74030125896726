package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// modelItem is what an item has to be.
type modelItem struct {
	outcome  job.ItemOutcome
	code     job.ItemCode
	remote   string
	attempts int
	sent     bool
	marked   int // the time of the last mark that was not taken back; 0: none
}

// syncModel carries out on a map what the store does in a database. Every call is sometimes made twice, as an
// activity does whose answer was lost.
type syncModel struct {
	t      *testing.T
	s      *store.Store
	random *rand.Rand
	items  map[store.SyncRef]*modelItem
	clock  int
}

const (
	modelJobs  = 3
	modelItems = 12
)

func newSyncModel(t *testing.T, s *store.Store, seed uint64) *syncModel {
	t.Helper()
	m := &syncModel{t: t, s: s, random: rand.New(rand.NewPCG(seed, 4)), items: make(map[store.SyncRef]*modelItem)}
	for n := range modelJobs {
		id := m.job(n, seed)
		numbered(t, s, id, modelItems)
		for p := range modelItems {
			m.items[store.SyncRef{JobID: id, Position: int64(p + 1)}] = &modelItem{}
		}
	}
	return m
}

func (m *syncModel) job(n int, seed uint64) string { return fmt.Sprintf("job-%d-%d", seed, n) }

// some picks items of any jobs, some of them more than once.
func (m *syncModel) some(seed uint64) []store.SyncRef {
	refs := make([]store.SyncRef, 1+m.random.IntN(6))
	for i := range refs {
		refs[i] = store.SyncRef{JobID: m.job(m.random.IntN(modelJobs), seed), Position: int64(1 + m.random.IntN(modelItems))}
	}
	return refs
}

// twice makes a call once, or twice where that must change nothing.
func (m *syncModel) twice(call func() error) {
	m.t.Helper()
	require.NoError(m.t, call())
	if m.random.IntN(3) == 0 {
		require.NoError(m.t, call())
	}
}

func (m *syncModel) mark(refs []store.SyncRef) {
	m.clock++
	require.NoError(m.t, m.s.MarkSent(m.t.Context(), refs, at(m.clock)))
	seen := make(map[store.SyncRef]bool)
	for _, r := range refs {
		if i := m.items[r]; i.outcome == "" && !seen[r] {
			i.attempts, i.sent, i.marked, seen[r] = i.attempts+1, true, m.clock, true
		}
	}
}

func (m *syncModel) leave(refs []store.SyncRef) {
	var left []store.SyncLeft
	seen := make(map[store.SyncRef]bool)
	for _, r := range refs {
		if seen[r] {
			continue
		}
		seen[r] = true
		l := store.SyncLeft{SyncRef: r, Unsent: m.random.IntN(2) == 0, InDoubt: m.random.IntN(3) == 0}
		i := m.items[r]
		stale := m.random.IntN(4) == 0
		switch {
		case stale:
			l.MarkedAt = at(m.clock + 1)
		case i.marked > 0 && m.random.IntN(2) == 0:
			l.MarkedAt = at(i.marked)
		}
		left = append(left, l)
		switch {
		case i.outcome != "" || stale || (l.Unsent && (!i.sent || i.marked == 0)):
		case l.Unsent:
			i.attempts, i.sent, i.marked = i.attempts-1, l.InDoubt, 0
		default:
			i.sent = l.InDoubt
		}
	}
	m.twice(func() error { return m.s.Leave(m.t.Context(), left) })
}

func (m *syncModel) finish(refs []store.SyncRef) {
	var outcomes []store.SyncOutcome
	for _, r := range refs {
		m.clock++
		o := store.SyncOutcome{SyncRef: r, Outcome: job.ItemSucceeded, RemoteID: fmt.Sprint(m.clock), At: at(m.clock)}
		switch m.random.IntN(4) {
		case 0:
			o.Outcome, o.Code = job.ItemFailed, job.ItemCodes[m.random.IntN(len(job.ItemCodes))]
		case 1:
			o.Save = []store.Statement{{SQL: dispatch, Args: []any{int64(m.random.IntN(20)), "T", o.RemoteID, o.At}}}
		}
		outcomes = append(outcomes, o)
	}
	m.twice(func() error {
		_, err := m.s.FinishItems(m.t.Context(), outcomes)
		return err
	})
	told := make(map[string]bool)
	for _, row := range stream(m.t, m.s, "SELECT remote_id FROM dispatches") {
		told[row[0]] = true
	}
	for _, o := range outcomes {
		i := m.items[o.SyncRef]
		if i.outcome != "" {
			continue
		}
		if len(o.Save) > 0 && !told[o.RemoteID] { // its order line had been told
			o.Outcome, o.Code = job.ItemFailed, job.ItemNotSaved
		}
		i.outcome, i.code, i.remote, i.sent = o.Outcome, o.Code, o.RemoteID, o.Code == job.ItemUnknown
	}
}

func (m *syncModel) close(jobID string) {
	m.twice(func() error {
		_, err := m.s.CloseSync(m.t.Context(), jobID, job.ItemStopped)
		return err
	})
	for r, i := range m.items {
		if r.JobID == jobID && i.outcome == "" {
			i.outcome, i.code = job.ItemUnprocessed, job.ItemStopped
			if i.sent {
				i.code = job.ItemUnknown
			}
		}
	}
}

func (m *syncModel) check(seed uint64) {
	m.t.Helper()
	for n := range modelJobs {
		id := m.job(n, seed)
		var done int64
		for _, item := range streamItems(m.t, m.s, id) {
			want := *m.items[store.SyncRef{JobID: id, Position: item.Position}]
			got := modelItem{item.Outcome, item.Code, item.RemoteID, item.Attempts, item.Sent, want.marked}
			require.Equal(m.t, want, got, "item %d of job %s", item.Position, id)
			if item.Outcome != "" {
				done++
			}
		}
		requireTally(m.t, m.s, id, done)
	}
}

// TestSyncDoesWhatItsModelSays makes random calls, many of them again, and compares every item and tally.
func TestSyncDoesWhatItsModelSays(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		outcomes := make(map[job.ItemCode]int)
		for seed := range uint64(5) {
			m := newSyncModel(t, s, seed)
			for range 40 {
				switch n := m.random.IntN(20); {
				case n == 0:
					m.close(m.job(m.random.IntN(modelJobs), seed))
				case n < 5:
					m.finish(m.some(seed))
				case n < 10:
					m.leave(m.some(seed))
				default:
					m.mark(m.some(seed))
				}
				m.check(seed)
			}
			for _, i := range m.items {
				outcomes[i.code]++
			}
		}
		for _, code := range []job.ItemCode{"", job.ItemStopped, job.ItemUnknown, job.ItemNotSaved} {
			require.Positive(t, outcomes[code], "nothing was left out: %v", outcomes)
		}
	})
}
