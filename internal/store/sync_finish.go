package store

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/longhaul/longhaul/job"
)

// outcomeColumns are what an outcome writes.
var outcomeColumns = []string{"outcome", "sent", "code", "message", "remote_id", "tries", "done_at"}

// FinishItems records outcomes, carries out what is to be saved along with them, and counts them in the tallies of
// their syncs, all in one transaction. Items of several jobs may be mixed. An item that has an outcome keeps it, and
// nothing is saved for it: a second call changes nothing. It gives back the tallies of all jobs that are named; one
// that is no sync is job.CodeNotFound.
//
// An item whose statements the data does not allow (a constraint, a width) ends as [job.ItemNotSaved] and keeps its
// remote ID; the others are not touched by that.
func (s *Store) FinishItems(ctx context.Context, outcomes []SyncOutcome) (map[string]job.SyncTally, error) {
	if len(outcomes) == 0 {
		return map[string]job.SyncTally{}, nil
	}
	outcomes = slices.Clone(outcomes)
	slices.SortStableFunc(outcomes, func(a, b SyncOutcome) int { return a.compare(b.SyncRef) })
	outcomes = slices.CompactFunc(outcomes, func(a, b SyncOutcome) bool { return a.SyncRef == b.SyncRef })

	f := finishing{outcomes: outcomes}
	err := s.inSession(ctx, f.run(ctx))
	if f.blamed {
		// One of the statements was refused. Only now does each item get a savepoint: they would cost every group of
		// outcomes two round trips an item.
		f.careful = true
		err = s.inSession(ctx, f.run(ctx))
	}
	if err != nil {
		return nil, fail(fmt.Sprintf("record outcomes of %d items", len(outcomes)), err)
	}
	return f.tallies, nil
}

// finishing is one call of FinishItems.
type finishing struct {
	outcomes []SyncOutcome // by job and position, each item once
	careful  bool          // each item's statements have a savepoint
	blamed   bool          // the data does not allow a statement
	tallies  map[string]job.SyncTally
}

func (f *finishing) run(ctx context.Context) func(*session) error {
	return func(q *session) error {
		f.blamed, f.tallies = false, make(map[string]job.SyncTally)
		for _, o := range f.outcomes {
			if _, ok := f.tallies[o.JobID]; ok {
				continue
			}
			row, err := q.lockSync(ctx, o.JobID, true)
			if err != nil {
				return fmt.Errorf("lock sync %s: %w", o.JobID, err)
			}
			f.tallies[o.JobID] = row.Tally
		}
		open, err := f.open(ctx, q)
		if err != nil {
			return fmt.Errorf("lock items: %w", err)
		}
		for i := range open {
			if err := f.save(ctx, q, &open[i]); err != nil {
				return fmt.Errorf("save answer of item %d of sync %s: %w", open[i].Position, open[i].JobID, err)
			}
		}
		if err := f.write(ctx, q, open); err != nil {
			return fmt.Errorf("write outcomes: %w", err)
		}
		return f.count(ctx, q, open)
	}
}

// open locks the items and gives back the outcomes of those that have none.
func (f *finishing) open(ctx context.Context, q *session) ([]SyncOutcome, error) {
	refs := make([]SyncRef, len(f.outcomes))
	for i, o := range f.outcomes {
		refs[i] = o.SyncRef
	}
	without := make(map[SyncRef]bool, len(refs))
	for _, g := range groupRefs(refs) {
		marks, err := q.lockItems(ctx, g.jobID, g.positions)
		if err != nil {
			return nil, err
		}
		for _, m := range marks {
			without[SyncRef{g.jobID, m.position}] = true
		}
	}
	var open []SyncOutcome
	for _, o := range f.outcomes {
		if without[o.SyncRef] {
			open = append(open, o)
		}
	}
	return open, nil
}

// save carries out an item's statements.
func (f *finishing) save(ctx context.Context, q *session, o *SyncOutcome) error {
	if o.Outcome == job.ItemSucceeded && (utf8.RuneCountInString(o.RemoteID) > remoteIDRunes || !utf8.ValidString(o.RemoteID)) {
		o.notSaved("its remote ID is too long or no text")
		return nil
	}
	if len(o.Save) == 0 {
		return nil
	}
	work := func() error {
		for n, statement := range o.Save {
			if err := q.exec(ctx, statement.SQL, instants(statement.Args)...); err != nil {
				return fmt.Errorf("statement %d: %w", n+1, err)
			}
		}
		return nil
	}
	if !f.careful {
		err := work()
		f.blamed = err != nil && q.s.engine.refusal(err) != ""
		return err
	}
	why, err := q.attempt(ctx, work)
	if why != "" {
		o.notSaved("the database refuses a value: " + string(why))
	}
	return err
}

// notSaved makes of an outcome that the partner did its part, and it could not be saved here.
func (o *SyncOutcome) notSaved(why string) {
	o.Outcome, o.Code, o.Message = job.ItemFailed, job.ItemNotSaved, why
}

// write writes the outcomes of items that are locked, in one statement for many rows; see [session.update].
func (f *finishing) write(ctx context.Context, q *session, open []SyncOutcome) error {
	rows := make([][]any, len(open))
	for i, o := range open {
		at := o.At
		if at.IsZero() {
			at = now()
		}
		item := SyncItem{
			JobID: o.JobID, Position: o.Position, Outcome: o.Outcome, Sent: o.Code == job.ItemUnknown, Code: o.Code,
			Message: o.Message, RemoteID: o.RemoteID, Tries: o.Tries, DoneAt: &at,
		}
		var err error
		if rows[i], err = item.row(); err != nil {
			return err
		}
	}
	head := "INSERT INTO sync_items (" + quoteAll(itemColumns) + ") VALUES "
	tail := q.s.engine.upsert([]string{"job_id", "position"}, outcomeColumns)
	return q.write(ctx, head, len(itemColumns), tail, len(rows), func(args []any, row int) []any {
		return append(args, rows[row]...)
	})
}

// count adds to the tallies of syncs that are locked.
func (f *finishing) count(ctx context.Context, q *session, open []SyncOutcome) error {
	counted := make(map[string]bool)
	for _, o := range open {
		tally := f.tallies[o.JobID]
		tally.Count(o.Outcome, o.Code, 1)
		f.tallies[o.JobID], counted[o.JobID] = tally, true
	}
	for jobID := range counted {
		if err := q.writeTally(ctx, jobID, f.tallies[jobID]); err != nil {
			return fmt.Errorf("write tally of sync %s: %w", jobID, err)
		}
	}
	return nil
}

// itemMark is an item without an outcome.
type itemMark struct {
	position int64
	sent     bool
}

// lockItems locks items by position, at most [keysPerRead], and gives back those that have no outcome.
func (q *session) lockItems(ctx context.Context, jobID string, positions []int64) (marks []itemMark, err error) {
	list, args := listOf(positions)
	rows, err := q.query(ctx, "SELECT position, sent FROM "+q.s.itemsBy("")+" WHERE job_id = ? AND position"+list+
		" AND outcome = '' ORDER BY position"+q.s.engine.lock(true), append([]any{jobID}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m itemMark
		if err := rows.Scan(&m.position, &m.sent); err != nil {
			return nil, err
		}
		marks = append(marks, m)
	}
	return marks, rows.Err()
}
