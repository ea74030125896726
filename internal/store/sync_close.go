package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/longhaul/longhaul/job"
)

// itemsPerClose keeps a transaction short: outcomes of other jobs wait to be written meanwhile.
const itemsPerClose = 4 * keysPerRead

// CloseSync makes of every item without an outcome one that was not processed: with [job.ItemUnknown] where it is
// marked as sent, with the given code otherwise. It works in short transactions, the tally is right after each, and
// it may be called again. Of a sync whose numbering did not end nothing remains. A job that is no sync is
// job.CodeNotFound.
func (s *Store) CloseSync(ctx context.Context, jobID string, code job.ItemCode) (job.SyncTally, error) {
	what := "close sync " + jobID
	row, err := s.Sync(ctx, jobID)
	if err != nil {
		return job.SyncTally{}, fail(what, err)
	}
	if !row.Numbered {
		return job.SyncTally{}, s.ClearSync(ctx, jobID)
	}
	// Each piece begins behind the one before: MySQL would have to step over the index entries that those have left.
	for last := int64(0); ; {
		positions, err := s.session(nil).positions(ctx, "SELECT position FROM "+s.itemsBy("sync_items_outcome")+
			" WHERE job_id = ? AND outcome = '' AND code = '' AND position > ? ORDER BY position LIMIT ?", jobID, last, itemsPerClose)
		if err != nil {
			return job.SyncTally{}, fail(what, err)
		}
		if len(positions) == 0 {
			break
		}
		err = s.inSession(ctx, func(q *session) error { return q.closeItems(ctx, jobID, positions, code) })
		if err != nil {
			return job.SyncTally{}, fail(what, err)
		}
		last = positions[len(positions)-1]
	}
	row, err = s.Sync(ctx, jobID)
	return row.Tally, fail(what, err)
}

func (q *session) closeItems(ctx context.Context, jobID string, positions []int64, code job.ItemCode) error {
	row, err := q.lockSync(ctx, jobID, true)
	if err != nil {
		return err
	}
	at := now()
	for part := range slices.Chunk(positions, keysPerRead) {
		marks, err := q.lockItems(ctx, jobID, part)
		if err != nil {
			return fmt.Errorf("lock items: %w", err)
		}
		byCode := make(map[job.ItemCode][]int64)
		for _, m := range marks {
			as := code
			if m.sent {
				as = job.ItemUnknown
			}
			byCode[as] = append(byCode[as], m.position)
		}
		for as, closed := range byCode {
			list, args := listOf(closed)
			args = append([]any{string(job.ItemUnprocessed), string(as), at, jobID}, args...)
			err := q.exec(ctx, "UPDATE "+q.s.itemsBy("")+" SET outcome = ?, code = ?, done_at = ? WHERE job_id = ? AND position"+list, args...)
			if err != nil {
				return fmt.Errorf("write outcomes: %w", err)
			}
			row.Tally.Count(job.ItemUnprocessed, as, int64(len(closed)))
		}
	}
	return q.writeTally(ctx, jobID, row.Tally)
}
