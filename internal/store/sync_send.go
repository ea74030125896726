package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Stretch reads the items of a stretch that have no outcome, by position.
func (s *Store) Stretch(ctx context.Context, jobID string, stretch int) ([]SyncItem, error) {
	items, err := s.session(nil).selectItems(ctx, s.itemsBy("sync_items_stretch"),
		"WHERE job_id = ? AND stretch = ? AND outcome = '' ORDER BY position", jobID, stretch)
	return items, fail(fmt.Sprintf("read stretch %d of sync %s", stretch, jobID), err)
}

// MarkSent notes, before items are sent, that they are: each has one attempt more and may from now on have taken
// effect. Items of several jobs may be mixed; those that have an outcome stay as they are.
func (s *Store) MarkSent(ctx context.Context, refs []SyncRef, at time.Time) error {
	groups := groupRefs(refs)
	mark := func(q *session) error {
		for _, g := range groups {
			list, args := listOf(g.positions)
			args = append([]any{instant(at), g.jobID}, args...)
			err := q.exec(ctx, "UPDATE "+s.itemsBy("")+" SET attempts = attempts + 1, sent = TRUE, sent_at = ?"+
				" WHERE job_id = ? AND position"+list+" AND outcome = ''", args...)
			if err != nil {
				return err
			}
		}
		return nil
	}
	if len(groups) == 1 { // atomic by itself, in one round trip
		end, err := s.write(ctx)
		if err != nil {
			return fail("mark items as sent", err)
		}
		defer end()
		return fail("mark items as sent", retryDeadlock(func() error { return mark(s.session(nil)) }))
	}
	return fail("mark items as sent", s.inSession(ctx, mark))
}

// Leave notes of items that were marked as sent that they were not, or that they have not taken effect and have to be
// tried later. Items that have an outcome stay as they are, and a second call changes nothing.
func (s *Store) Leave(ctx context.Context, left []SyncLeft) error {
	left = slices.Clone(left)
	slices.SortStableFunc(left, func(a, b SyncLeft) int { return a.compare(b.SyncRef) })
	tries := make([]string, len(left))
	for i, l := range left {
		var err error
		if tries[i], err = triesJSON(l.Tries); err != nil {
			return fmt.Errorf("leave item %d of sync %s: %w", l.Position, l.JobID, err)
		}
	}
	return fail("leave items", s.inSession(ctx, func(q *session) error {
		for i, l := range left {
			if err := q.leave(ctx, l, tries[i]); err != nil {
				return fmt.Errorf("item %d of sync %s: %w", l.Position, l.JobID, err)
			}
		}
		return nil
	}))
}

func (q *session) leave(ctx context.Context, l SyncLeft, tries string) error {
	set, args := " SET sent = ?", []any{l.InDoubt}
	where := " WHERE job_id = ? AND position = ? AND outcome = ''"
	if l.Tries != nil {
		set, args = set+", tries = ?", append(args, tries)
	}
	if l.Unsent {
		// What has been taken back has no time of sending, and so is not taken back again.
		set += ", attempts = attempts - 1, sent_at = NULL"
		where += " AND sent = TRUE AND sent_at IS NOT NULL"
	}
	args = append(args, l.JobID, l.Position)
	if !l.MarkedAt.IsZero() {
		where, args = where+" AND sent_at = ?", append(args, instant(l.MarkedAt))
	}
	return q.exec(ctx, "UPDATE "+q.s.itemsBy("")+set+where, args...)
}

func (r SyncRef) compare(o SyncRef) int {
	return cmp.Or(cmp.Compare(r.JobID, o.JobID), cmp.Compare(r.Position, o.Position))
}

// refGroup is what one statement takes: items of one job.
type refGroup struct {
	jobID     string
	positions []int64
}

// groupRefs sorts items by job and position, the order in which they are locked, each once.
func groupRefs(refs []SyncRef) (groups []refGroup) {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, SyncRef.compare)
	for _, r := range slices.Compact(refs) {
		last := len(groups) - 1
		if last < 0 || groups[last].jobID != r.JobID || len(groups[last].positions) == keysPerRead {
			groups = append(groups, refGroup{jobID: r.JobID})
			last++
		}
		groups[last].positions = append(groups[last].positions, r.Position)
	}
	return groups
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
