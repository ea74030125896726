package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/longhaul/longhaul/job"
)

// ItemsWaiting selects, as job.ItemQuery.Outcome, the items of a sync that have no outcome.
const ItemsWaiting = "waiting"

// SyncItems reads a page of a sync's items, by position. Total counts all items of the job, whatever is asked for;
// Complete is false once they have been pruned. A page size or token that is not valid is job.CodeInvalid, a job that
// is no sync job.CodeNotFound.
func (s *Store) SyncItems(ctx context.Context, jobID string, q job.ItemQuery) (job.ItemPage, error) {
	row, err := s.Sync(ctx, jobID)
	if err != nil {
		return job.ItemPage{}, err
	}
	size, err := itemPageSize(q)
	if err != nil {
		return job.ItemPage{}, err
	}
	list := fmt.Sprintf("sync items %q %q %q", jobID, q.Outcome, q.Code)
	var last itemPlace
	if q.PageToken != "" {
		if err := openToken(list, q.PageToken, &last); err != nil {
			return job.ItemPage{}, err
		}
	}
	page := job.ItemPage{Items: []job.Item{}, Total: row.Items, Complete: row.PrunedAt == nil || row.Items == 0}
	if !row.Numbered {
		return page, nil // what lies there may be numbered again
	}
	read := itemReading{session: s.session(nil), jobID: jobID}
	if q.Outcome != "" || q.Code != "" {
		read.ranges = itemRanges(q.Outcome, q.Code, row.Tally)
		read.some = true
	}
	// One more than asked for tells whether there is a next page.
	items, err := read.next(ctx, last.Position, size+1)
	if err != nil {
		return job.ItemPage{}, fail("list items of sync", err)
	}
	if len(items) > size {
		items = items[:size]
		page.NextPageToken = sealToken(list, itemPlace{items[size-1].Position})
	}
	for _, item := range items {
		page.Items = append(page.Items, item.item())
	}
	return page, nil
}

// item is the item as it is shown.
func (i *SyncItem) item() job.Item {
	return job.Item{
		Position: i.Position, Sheet: i.Sheet, Row: i.Row, Outcome: string(i.Outcome), Key: i.Key, Errors: i.Errors,
		Code: i.Code, Message: i.Message, RemoteID: i.RemoteID, Attempts: i.Attempts, Tries: i.Tries,
		SentAt: i.SentAt, DoneAt: i.DoneAt,
	}
}

// itemRange is a run of the index over outcomes and codes: within it items lie by position.
type itemRange struct {
	outcome job.ItemOutcome
	code    job.ItemCode
}

// itemRanges are the runs that hold an outcome (empty: all that did not succeed) and a code (empty: all).
func itemRanges(outcome string, code job.ItemCode, tally job.SyncTally) (ranges []itemRange) {
	outcomes := []job.ItemOutcome{job.ItemOutcome(outcome)}
	switch outcome {
	case "":
		outcomes = []job.ItemOutcome{job.ItemFailed, job.ItemUnprocessed}
	case ItemsWaiting, string(job.ItemSucceeded):
		if code != "" {
			return nil
		}
		if outcome == ItemsWaiting {
			outcome = ""
		}
		return []itemRange{{job.ItemOutcome(outcome), ""}}
	}
	for _, c := range tally.Codes {
		if code == "" || c.Code == code {
			for _, o := range outcomes {
				ranges = append(ranges, itemRange{o, c.Code})
			}
		}
	}
	return ranges
}

// itemReading reads items of a sync by position, all or some.
type itemReading struct {
	*session
	jobID  string
	some   bool // only those of the ranges
	ranges []itemRange
}

// next reads up to n items, at most [keysPerRead], behind a position.
func (r *itemReading) next(ctx context.Context, after int64, n int) ([]SyncItem, error) {
	if !r.some {
		return r.selectItems(ctx, r.s.itemsBy(""), "WHERE job_id = ? AND position > ? ORDER BY position LIMIT ?", r.jobID, after, n)
	}
	var all []int64
	for _, in := range r.ranges {
		some, err := r.positions(ctx, "SELECT position FROM "+r.s.itemsBy("sync_items_outcome")+
			" WHERE job_id = ? AND outcome = ? AND code = ? AND position > ? ORDER BY position LIMIT ?",
			r.jobID, string(in.outcome), string(in.code), after, n)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.Sort(all)
	return r.itemsAt(ctx, r.jobID, all[:min(n, len(all))])
}
