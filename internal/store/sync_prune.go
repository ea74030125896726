package store

import (
	"context"
	"time"
)

const (
	// syncsPerPrune and itemsPerPrune bound a call of PruneSyncs to about a minute; the next one goes on.
	syncsPerPrune = 100
	itemsPerPrune = 500_000
)

// PruneSyncs removes the items of up to limit syncs, at most 100 a call and no more than half a million items, whose
// jobs ended before a time, and tells of how many syncs the last item went. Their totals and tallies stay. It works
// in short transactions.
func (s *Store) PruneSyncs(ctx context.Context, before time.Time, limit int) (int64, error) {
	ids, err := s.oldSyncs(ctx, before, min(limit, syncsPerPrune))
	if err != nil {
		return 0, fail("list old syncs", err)
	}
	var pruned int64
	items := 0
	for _, id := range ids {
		marked, err := s.markPruned(ctx, id, before)
		if err != nil {
			return pruned, fail("prune sync "+id, err)
		}
		if !marked {
			continue
		}
		for last, left := int64(0), true; left; items += itemsPerDelete {
			if items >= itemsPerPrune {
				return pruned, nil
			}
			if last, left, err = s.pruneSync(ctx, id, last); err != nil {
				return pruned, fail("prune sync "+id, err)
			}
		}
		pruned++
	}
	return pruned, nil
}

// oldSyncs lists syncs, the oldest first. A sync is no younger than its job's end, so that the index on its age
// bounds what is looked at.
func (s *Store) oldSyncs(ctx context.Context, before time.Time, limit int) (ids []string, err error) {
	rows, err := s.typed.QueryContext(ctx, "SELECT s.job_id FROM syncs s JOIN jobs j ON j.id = s.job_id"+
		" WHERE s.emptied = FALSE AND s.created_at < ? AND j.ended_at < ? ORDER BY s.created_at LIMIT ?",
		instant(before), instant(before), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// markPruned notes that a sync's items go from now on, unless its job runs again: an operator has reset it.
func (s *Store) markPruned(ctx context.Context, jobID string, before time.Time) (marked bool, err error) {
	err = retryDeadlock(func() error {
		return s.session(nil).exec(ctx, "UPDATE syncs SET pruned_at = ? WHERE job_id = ? AND pruned_at IS NULL"+
			" AND EXISTS (SELECT 1 FROM jobs WHERE id = ? AND ended_at < ?)", now(), jobID, jobID, instant(before))
	})
	if err != nil {
		return false, err
	}
	row, err := s.Sync(ctx, jobID)
	return row.PrunedAt != nil, err
}

// pruneSync removes some items behind a position, and notes it when there are none left; see [session.deleteItems].
func (s *Store) pruneSync(ctx context.Context, jobID string, after int64) (last int64, left bool, err error) {
	err = s.inSession(ctx, func(q *session) (err error) {
		if last, left, err = q.deleteItems(ctx, jobID, after); err != nil || left {
			return err
		}
		return q.exec(ctx, "UPDATE syncs SET emptied = TRUE WHERE job_id = ?", jobID)
	})
	return last, left, err
}
