package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/longhaul/longhaul/job"
)

// StreamSyncItems gives do every item of a sync, by position, in constant memory. It reads piece by piece: one long
// query would keep SQLite from shortening its log, and MySQL from forgetting old versions, for as long as do takes.
// So an item is what it is when its piece is read. An error of do ends it and is returned as it is.
func (s *Store) StreamSyncItems(ctx context.Context, jobID string, do func(SyncItem) error) error {
	return s.eachItem(ctx, &itemReading{session: s.session(nil), jobID: jobID}, do)
}

func (s *Store) eachItem(ctx context.Context, r *itemReading, do func(SyncItem) error) error {
	var last int64
	for {
		items, err := r.next(ctx, last, keysPerRead)
		if err != nil {
			return fail("read items of sync "+r.jobID, err)
		}
		for _, item := range items {
			if err := do(item); err != nil {
				return err
			}
			last = item.Position
		}
		if len(items) < keysPerRead {
			return nil
		}
	}
}

// RetryItems gives do the selected items of an ended sync that did not succeed, by position. Where the job was ended
// by force, so that items are left without an outcome, they are closed first, as [job.ItemStopped].
//
// It fails with job.CodeNotFound where there is no such sync, with job.CodeConflict where its job runs, and with
// job.CodeGone where its items were removed, also while they were read. An error of do is returned as it is.
func (s *Store) RetryItems(ctx context.Context, fromJob string, sel SyncSelection, do func(SyncItem) error) error {
	row, err := s.endedSync(ctx, fromJob)
	if err != nil {
		return fail("read items to retry of sync "+fromJob, err)
	}
	if row.Tally.Items() < row.Items {
		if row.Tally, err = s.CloseSync(ctx, fromJob, job.ItemStopped); err != nil {
			return err
		}
	}
	if len(sel.Positions) > 0 {
		err = s.retryAt(ctx, fromJob, sel, do)
	} else {
		r := &itemReading{session: s.session(nil), jobID: fromJob, some: true}
		for _, in := range itemRanges(string(sel.Outcome), "", row.Tally) {
			if sel.takes(in.outcome, in.code) {
				r.ranges = append(r.ranges, in)
			}
		}
		err = s.eachItem(ctx, r, do)
	}
	if err != nil {
		return err
	}
	_, err = s.endedSync(ctx, fromJob)
	return fail("read items to retry of sync "+fromJob, err)
}

// retryAt gives do the selected items among those of the positions.
func (s *Store) retryAt(ctx context.Context, fromJob string, sel SyncSelection, do func(SyncItem) error) error {
	positions := slices.Sorted(slices.Values(sel.Positions))
	for part := range slices.Chunk(slices.Compact(positions), keysPerRead) {
		items, err := s.session(nil).itemsAt(ctx, fromJob, part)
		if err != nil {
			return fail("read items of sync "+fromJob, err)
		}
		for _, item := range items {
			if !sel.takes(item.Outcome, item.Code) {
				continue
			}
			if err := do(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// takes tells whether the selection takes items of an outcome and code, wherever they stand.
func (sel *SyncSelection) takes(outcome job.ItemOutcome, code job.ItemCode) bool {
	return (outcome == job.ItemFailed || outcome == job.ItemUnprocessed) &&
		(sel.Outcome == "" || sel.Outcome == outcome) && (len(sel.Codes) == 0 || slices.Contains(sel.Codes, code))
}

// endedSync reads a sync whose job has ended and whose items are there.
func (s *Store) endedSync(ctx context.Context, jobID string) (SyncRow, error) {
	row, err := s.Sync(ctx, jobID)
	if err != nil {
		return row, err
	}
	if row.PrunedAt != nil {
		return row, job.Errorf(job.CodeGone, "the items of job %q were removed on %s", jobID, row.PrunedAt.Format(time.DateOnly))
	}
	running, err := s.session(nil).positions(ctx, "SELECT COUNT(*) FROM jobs WHERE id = ? AND ended_at IS NULL", jobID)
	if err != nil {
		return row, fmt.Errorf("read job %s: %w", jobID, err)
	}
	if running[0] > 0 {
		return row, job.Errorf(job.CodeConflict, "job %q has not ended", jobID)
	}
	return row, nil
}
