package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// ChunkKey names a chunk of a job's plan. Of one plan a chunk is saved once.
type ChunkKey struct {
	JobID, Plan string
	Chunk       int
}

// ChunkWork is a chunk to be saved.
type ChunkWork struct {
	Key      ChunkKey
	SellerID int64
	Target   target.Plan
	Rows     []target.Row
	// Expect is what the dry run found, by row; nil: anything goes. A row of which something else would become is
	// refused as [job.RowStale].
	Expect []target.Verdict
	// Keep is given what is worth keeping, before it is final: faults, and a sample of the changes. It is called
	// again when the transaction has to be, so it has to be idempotent; its error undoes the transaction.
	Keep func(target.Outcome) error
	Now  time.Time // of writing; zero means now
}

// ChunkEntry is what the ledger knows of a chunk.
type ChunkEntry struct {
	Tally job.Tally
	// ImageRows is how many rows an undo has to account for.
	ImageRows int64
}

// CheckRows tells what [Store.ApplyChunk] would do with rows at this moment, but for what only the database's own
// constraints would find. It locks and writes nothing.
func (s *Store) CheckRows(ctx context.Context, sellerID int64, p target.Plan, rows []target.Row) (target.Outcome, error) {
	out, err := s.checkRows(ctx, sellerID, p, rows)
	return out, fail("check rows", err)
}

func (s *Store) checkRows(ctx context.Context, sellerID int64, p target.Plan, rows []target.Row) (target.Outcome, error) {
	q := s.session(nil)
	plan, err := s.planFor(ctx, q, p, false)
	if err != nil {
		return target.Outcome{}, err
	}
	c := newChunk(s, q, plan, sellerID, rows)
	if _, err := c.merge(ctx, c.all()); err != nil {
		return target.Outcome{}, err
	}
	return c.outcome()
}

// ApplyChunk saves a chunk in one transaction, together with its entry in the ledger and the images from which it
// can be undone. A chunk that the ledger has is not saved again: its entry is given back. Rows that the data or the
// database refuses are told to Keep and leave no trace; the others are saved.
//
// Errors mean that nothing has been saved (or, where the connection was lost at the very end, that asking again
// will tell). Those of code unavailable pass.
func (s *Store) ApplyChunk(ctx context.Context, w ChunkWork) (ChunkEntry, error) {
	what := fmt.Sprintf("save chunk %d of job %s", w.Key.Chunk, w.Key.JobID)
	if w.Expect != nil && len(w.Expect) != len(w.Rows) {
		return ChunkEntry{}, fmt.Errorf("%s: %d rows, but %d expectations", what, len(w.Rows), len(w.Expect))
	}
	entry, err := s.saveChunk(ctx, w)
	return entry, fail(what, err)
}

func (s *Store) applyChunk(ctx context.Context, q *session, w ChunkWork, way saveWay) (ledgerResult, error) {
	plan, err := s.planFor(ctx, q, w.Target, true)
	if err != nil {
		return ledgerResult{}, err
	}
	c := newChunk(s, q, plan, w.SellerID, w.Rows)
	c.expect, c.givesUp = w.Expect, way == saveFirst
	if !w.Now.IsZero() {
		c.now = instant(w.Now)
	}
	if err := c.adopt(ctx, w.Key); err != nil {
		return ledgerResult{}, fmt.Errorf("take over what was created before: %w", err)
	}
	rows, err := c.merge(ctx, c.all())
	if err != nil {
		return ledgerResult{}, err
	}
	if err := c.put(ctx, rows, false); err != nil {
		return ledgerResult{}, err
	}
	if err := c.own(ctx, w.Key, way); err != nil {
		return ledgerResult{}, err
	}
	out, err := c.outcome()
	if err != nil {
		return ledgerResult{}, err
	}
	if w.Keep != nil && len(out.Faults)+len(out.Changes) > 0 {
		if err := w.Keep(out); err != nil {
			return ledgerResult{}, fmt.Errorf("keep outcome: %w", err)
		}
	}
	var result ledgerResult
	result.Tally = out.Tally()
	result.ImageRows = result.Tally.Created + result.Tally.Updated
	result.images, err = c.images(w.SellerID, c.appendImageRows)
	return result, err
}

// errSavedBefore ends a transaction whose chunk is in the ledger.
var errSavedBefore = errors.New("the ledger has the chunk")

// inLedger runs work in one transaction with its entry, which comes first: of two attempts at a time one waits for
// the other at the entry's key, and then finds it taken.
func (s *Store) inLedger(ctx context.Context, key ledgerKey, at time.Time, work func(*session) (ledgerResult, error)) (ChunkEntry, error) {
	var result ledgerResult
	err := s.inSession(ctx, func(q *session) (err error) {
		if err := q.openEntry(ctx, key, at); err != nil {
			if s.engine.duplicate(err) {
				return errSavedBefore
			}
			return fmt.Errorf("open ledger entry: %w", err)
		}
		if result, err = work(q); err != nil {
			return err
		}
		if err := q.closeEntry(ctx, key, result); err != nil {
			return fmt.Errorf("close ledger entry: %w", err)
		}
		return nil
	})
	if errors.Is(err, errSavedBefore) {
		return s.entry(ctx, key)
	}
	return result.ChunkEntry, err
}
