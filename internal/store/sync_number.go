package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/longhaul/longhaul/job"
)

const (
	// itemsPerAdd keeps an insert's transaction at some 50 ms: SQLite has one writer at a time, and outcomes of other
	// jobs wait to be written.
	itemsPerAdd = 2000
	// itemsPerDelete does the same for removing.
	itemsPerDelete = 2000
)

// ClearSync removes the items of a sync that is not numbered yet, so that numbering can begin again. It fails with
// job.CodeConflict where it is numbered.
func (s *Store) ClearSync(ctx context.Context, jobID string) error {
	what := "clear sync " + jobID
	for last, left := int64(0), true; left; {
		after := last // stays what it is when the transaction has to be made again
		err := s.inSession(ctx, func(q *session) (err error) {
			if err := q.unnumbered(ctx, jobID, true); err != nil {
				return err
			}
			last, left, err = q.deleteItems(ctx, jobID, after)
			return err
		})
		if err != nil {
			return fail(what, err)
		}
	}
	return nil
}

// AddSyncItems adds items to syncs that are not numbered yet, in pieces of some thousand: of a call that failed some
// may be there, and numbering has to begin again. It fails with job.CodeConflict where a sync is numbered.
func (s *Store) AddSyncItems(ctx context.Context, items []SyncItem) error {
	for part := range slices.Chunk(items, itemsPerAdd) {
		rows := make([][]any, len(part))
		jobs := make(map[string]bool)
		for i := range part {
			var err error
			if rows[i], err = part[i].row(); err != nil {
				return fmt.Errorf("add item %d of sync %s: %w", part[i].Position, part[i].JobID, err)
			}
			jobs[part[i].JobID] = true
		}
		err := s.inSession(ctx, func(q *session) error {
			for _, jobID := range sortedKeys(jobs) {
				if err := q.unnumbered(ctx, jobID, false); err != nil {
					return err
				}
			}
			head := "INSERT INTO sync_items (" + quoteAll(itemColumns) + ") VALUES "
			return q.write(ctx, head, len(itemColumns), "", len(rows), func(args []any, row int) []any {
				return append(args, rows[row]...)
			})
		})
		if err != nil {
			return fail(fmt.Sprintf("add items %d to %d of sync %s", part[0].Position, part[len(part)-1].Position, part[0].JobID), err)
		}
	}
	return nil
}

// SealSync ends numbering: from now on the items stay what they are, and the tally counts those that have an
// outcome already. A second call that says the same changes nothing. It fails with job.CodeConflict where the sync
// is numbered otherwise, or has other items than said: then two were numbering it at once.
func (s *Store) SealSync(ctx context.Context, jobID string, items int64, stretches int, tally job.SyncTally) error {
	return fail("seal sync "+jobID, s.inSession(ctx, func(q *session) error {
		row, err := q.lockSync(ctx, jobID, true)
		if err != nil {
			return err
		}
		if row.Numbered {
			if row.Items != items || row.Stretches != stretches {
				return job.Errorf(job.CodeConflict, "sync %q has %d items in %d stretches, not %d in %d",
					jobID, row.Items, row.Stretches, items, stretches)
			}
			return nil
		}
		there, counted, err := q.countItems(ctx, jobID)
		if err != nil {
			return err
		}
		if there != items || !sameTally(counted, tally) {
			return job.Errorf(job.CodeConflict, "sync %q has %d items with the outcomes %+v, not %d with %+v", jobID, there, counted, items, tally)
		}
		if err := q.writeTally(ctx, jobID, counted); err != nil {
			return err
		}
		return q.exec(ctx, "UPDATE syncs SET items = ?, stretches = ?, numbered = TRUE WHERE job_id = ?", items, stretches, jobID)
	}))
}

// unnumbered makes sure that a sync is not numbered, and is not until the transaction ends.
func (q *session) unnumbered(ctx context.Context, jobID string, alone bool) error {
	row, err := q.lockSync(ctx, jobID, alone)
	if err == nil && row.Numbered {
		err = job.Errorf(job.CodeConflict, "the items of sync %q are numbered", jobID)
	}
	return err
}

// countItems counts all items of a sync, and those that have an outcome.
func (q *session) countItems(ctx context.Context, jobID string) (all int64, tally job.SyncTally, err error) {
	rows, err := q.query(ctx, "SELECT outcome, code, COUNT(*) FROM "+q.s.itemsBy("sync_items_outcome")+
		" WHERE job_id = ? GROUP BY outcome, code", jobID)
	if err != nil {
		return 0, tally, err
	}
	defer rows.Close()
	for rows.Next() {
		var outcome job.ItemOutcome
		var code job.ItemCode
		var n int64
		if err := rows.Scan(&outcome, &code, &n); err != nil {
			return 0, tally, err
		}
		all += n
		if outcome != "" {
			tally.Count(outcome, code, n)
		}
	}
	return all, tally, rows.Err()
}

func sameTally(a, b job.SyncTally) bool {
	return a.Succeeded == b.Succeeded && a.Failed == b.Failed && a.Unprocessed == b.Unprocessed && slices.Equal(a.Codes, b.Codes)
}

// deleteItems removes the next items of a sync behind a position, and tells behind which one to go on and whether there
// may be more. Beginning at the first again, MySQL would step over what it has removed.
func (q *session) deleteItems(ctx context.Context, jobID string, after int64) (last int64, left bool, err error) {
	positions, err := q.positions(ctx, "SELECT position FROM "+q.s.itemsBy("")+
		" WHERE job_id = ? AND position > ? ORDER BY position LIMIT ?", jobID, after, itemsPerDelete)
	if err != nil || len(positions) == 0 {
		return after, false, err
	}
	last = positions[len(positions)-1]
	return last, true, q.exec(ctx, "DELETE FROM sync_items WHERE job_id = ? AND position > ? AND position <= ?", jobID, after, last)
}

// positions runs a query of one number a row.
func (q *session) positions(ctx context.Context, text string, args ...any) (all []int64, err error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, rows.Err()
}
