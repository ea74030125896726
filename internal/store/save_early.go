package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// saveWay is how the transaction of a chunk deals with records that others beside it may need, too.
type saveWay uint8

const (
	// saveFirst gives up with a [missingError] before anything is written, if such records have to be created.
	saveFirst saveWay = iota
	// savePrepared gives up with errInVain, if what was created before is not just what it would have created.
	savePrepared
	// saveAnyway creates what is missing, and takes over all that is left of what was created before.
	saveAnyway
)

// missingError has the rows for which records are created first, in their order.
type missingError struct{ rows []target.Row }

func (e *missingError) Error() string {
	return fmt.Sprintf("%d records are not there yet", len(e.rows))
}

// errInVain ends a transaction that would have done without a record, or made it for another row.
var errInVain = errors.New("records were created before that the chunk does not need")

// errNotEarly ends a transaction that has nothing to create any more.
var errNotEarly = errors.New("there is nothing to create before the chunk")

const (
	// earlyTries is how often missing records are looked for: each time another chunk has made some of them first.
	earlyTries = 5
	// releaseWithin bounds what is done after an attempt has failed. Chunks that hold a record end within a second or
	// so; a database that is gone says so.
	releaseWithin = 10 * time.Second
)

// saveChunk saves a chunk in one transaction, or in two if records are missing that an [target.Ensure] step of its
// plan creates from nothing but a row.
//
// Within the chunk's transaction such a record would stay locked until all else is written, and the chunks beside it,
// which mostly refer to the same new products, would wait for it: several chunks at a time would be as slow as one. So
// they are created before, in a moment, together with an entry of their own in the ledger. The chunk's transaction, be
// it another worker's, makes them its own and removes that entry: the ledger then has what it would have if the chunk
// had created them. What no chunk has made its own is undone by the entry itself.
//
// That some are missing is found out by looking for those that this process has not seen, or else, since that is but a
// hint, by the chunk's transaction, which then gives up before it has written anything.
//
// A row that is refused leaves no trace. Where a record was created for it, all is taken back and the chunk saved in one
// transaction after all. Only a record that others have come to refer to meanwhile stays as it is, and is this chunk's.
func (s *Store) saveChunk(ctx context.Context, w ChunkWork) (ChunkEntry, error) {
	unknown, hashes, err := s.unknown(w)
	if err != nil {
		return ChunkEntry{}, err
	}
	early := len(unknown) > 0
	var entry ChunkEntry
	if early {
		entry, err = s.tryPrepared(ctx, w, unknown)
	} else {
		entry, err = s.tryChunk(ctx, w, saveFirst)
	}
	if missing, ok := errors.AsType[*missingError](err); ok { // they have been seen, and are gone
		early = true
		entry, err = s.tryPrepared(ctx, w, missing.rows)
	}
	if errors.Is(err, errInVain) {
		early = true
		if _, err = s.releaseEarly(ctx, w.Key, w.Now); err == nil {
			entry, err = s.tryChunk(ctx, w, saveAnyway)
		}
	}
	if err == nil {
		s.saves.seen.add(hashes)
	}
	if err != nil && early {
		// The attempt may have been cancelled. What cannot be taken back stays in its entry, for the next one.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
		defer cancel()
		_, _ = s.releaseEarly(ctx, w.Key, w.Now)
	}
	return entry, err
}

// unknown gives the rows by which records would be created early that this process has not seen.
func (s *Store) unknown(w ChunkWork) (rows []target.Row, hashes []uint64, err error) {
	plan, err := s.compile(w.Target)
	if err != nil || len(plan.early) == 0 {
		return nil, nil, err
	}
	// As much of a chunk as keys take: it has no session.
	return s.saves.seen.unknown(&chunk{s: s, plan: plan, tenant: w.SellerID, rows: w.Rows, states: make([]rowState, len(w.Rows))})
}

// tryPrepared saves a chunk after creating what some of its rows miss.
func (s *Store) tryPrepared(ctx context.Context, w ChunkWork, rows []target.Row) (ChunkEntry, error) {
	if err := s.createEarly(ctx, w, rows); err != nil {
		return ChunkEntry{}, err
	}
	return s.tryChunk(ctx, w, savePrepared)
}

func (s *Store) tryChunk(ctx context.Context, w ChunkWork, way saveWay) (ChunkEntry, error) {
	return s.inLedger(ctx, ledgerKey{w.Key, 0}, w.Now, func(q *session) (ledgerResult, error) {
		return s.applyChunk(ctx, q, w, way)
	})
}

// missing gives back the first row of each record that could be created before the chunk. It comes as soon as the early
// steps are done: the others are most of the work, and would be done again. A row that one of them refuses has its record
// in vain then, as one that the database refuses has.
func (c *chunk) missing(rows []int) (first []target.Row) {
	seen := make(map[*record]bool)
	for _, row := range rows {
		if c.states[row].refused {
			continue
		}
		found := false
		for _, n := range c.plan.early {
			if r := c.at[n][row]; r != nil && r.now == nil && !seen[r] {
				seen[r], found = true, true
			}
		}
		if found {
			first = append(first, c.rows[row])
		}
	}
	return first
}

// createEarly creates the records that some rows of a chunk miss, and their entry. What it does not get done it leaves
// to the chunk, which will also find out by which row the database refuses one.
func (s *Store) createEarly(ctx context.Context, w ChunkWork, rows []target.Row) error {
	end, err := s.saves.early.take(ctx)
	if err != nil {
		return err
	}
	defer end()
	for range earlyTries {
		err := s.inSession(ctx, func(q *session) error { return s.tryEarly(ctx, q, w, rows) })
		if err == nil || errors.Is(err, errNotEarly) {
			return nil
		}
		switch why := s.engine.refusal(err); {
		case why == refusedUnique || deadlocked(err): // another process was faster
		case why == "":
			return fmt.Errorf("create what the chunks beside it need, too: %w", err)
		default:
			return nil
		}
	}
	return nil
}

// turn lets one at a time do something. Chunks of one process that begin together miss the same records: those that
// come second find them there, instead of clashing with the first.
type turn struct {
	once  sync.Once
	place chan struct{}
}

func (t *turn) take(ctx context.Context) (end func(), err error) {
	t.once.Do(func() { t.place = make(chan struct{}, 1) })
	select {
	case t.place <- struct{}{}:
		return func() { <-t.place }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tryEarly inserts plainly. An upsert would want the records that others have made meanwhile for itself alone, wait for
// every chunk that refers to one, and give it another id; and IGNORE also takes values that do not fit.
func (s *Store) tryEarly(ctx context.Context, q *session, w ChunkWork, rows []target.Row) error {
	key := ledgerKey{w.Key, earlyPass}
	if err := q.openEntry(ctx, key, w.Now); err != nil {
		if s.engine.duplicate(err) {
			return errNotEarly // an attempt before this one has
		}
		return fmt.Errorf("open ledger entry: %w", err)
	}
	// An attempt that was given up for dead may come here when another has saved the chunk.
	switch saved, err := q.hasEntry(ctx, ledgerKey{w.Key, 0}); {
	case err != nil:
		return fmt.Errorf("look for the chunk in the ledger: %w", err)
	case saved:
		return errNotEarly
	}
	plan, err := s.planFor(ctx, q, w.Target, false)
	if err != nil {
		return err
	}
	q.plain = true // there is no second attempt
	c := newChunk(s, q, plan, w.SellerID, rows)
	if !w.Now.IsZero() {
		c.now = instant(w.Now)
	}
	for _, n := range plan.early {
		if err := c.step(ctx, n, c.all()); err != nil {
			return err
		}
	}
	if len(c.touched) == 0 || len(c.faults) > 0 {
		return errNotEarly
	}
	for _, n := range plan.early {
		if err := c.insertEarly(ctx, plan.steps[n]); err != nil {
			return fmt.Errorf("insert into %s: %w", plan.steps[n].table.name, err)
		}
	}
	var result ledgerResult
	if result.images, err = c.images(w.SellerID, c.appendMakers); err != nil {
		return err
	}
	return q.closeEntry(ctx, key, result)
}

func (c *chunk) insertEarly(ctx context.Context, st *planStep) error {
	var records []*record
	for _, r := range c.touched {
		if r.creator == st {
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil
	}
	sortByKey(records, st)
	if err := c.q.insert(ctx, st.table.savedTable, len(records), func(row int) []any { return records[row].after }); err != nil {
		return err
	}
	if err := c.readIDs(ctx, st.shape, records, (*record).values); err != nil {
		return err
	}
	for _, r := range records {
		r.now, r.written = r.after, true
	}
	c.written = append(c.written, records...)
	return nil
}

// appendMakers writes the rows that records were created for, in the order of the records.
func (c *chunk) appendMakers(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.written)))
	for _, r := range c.written { // whose order is that of the steps, as among the images
		b = binary.AppendUvarint(b, uint64(c.rows[r.owner].Sheet))
		b = binary.AppendUvarint(b, uint64(c.rows[r.owner].Number))
		b = binary.AppendUvarint(b, 1)
		b = binary.AppendUvarint(b, uint64(r.place))
	}
	return b
}

// ReleaseEarly removes what chunks of a job that were never saved have created beforehand. It is for the end of a job,
// when none of them is being saved any more. What others have come to refer to stays, for an undo of the job to remove;
// it tells whether there is any.
func (s *Store) ReleaseEarly(ctx context.Context, jobID string, at time.Time) (left bool, err error) {
	what := "remove what unsaved chunks of job " + jobID + " created"
	keys, err := s.entryKeys(ctx, "SELECT job_id, plan, chunk, pass FROM save_chunks"+
		" WHERE job_id = ? AND pass = ? AND images IS NOT NULL ORDER BY plan, chunk", jobID, earlyPass)
	if err != nil {
		return false, fail(what, err)
	}
	for _, key := range keys {
		some, err := s.releaseEarly(ctx, key.ChunkKey, at)
		if err != nil {
			return false, fail(what, err)
		}
		left = left || some
	}
	return left, nil
}

// releaseEarly removes what was created before a chunk, and the entry with the last of it.
func (s *Store) releaseEarly(ctx context.Context, chunk ChunkKey, at time.Time) (left bool, err error) {
	if at.IsZero() {
		at = time.Now()
	}
	key := ledgerKey{chunk, earlyPass}
	err = s.inSession(ctx, func(q *session) error {
		left = false
		im, err := q.images(ctx, key, s.engine.lock(true))
		if job.CodeOf(err) == job.CodeGone {
			return nil
		}
		if err != nil {
			return err
		}
		for pass := 1; pass <= im.passes; pass++ {
			if err := s.undoGroups(ctx, q, &im, pass, instant(at)); err != nil {
				return err
			}
		}
		for _, g := range im.groups {
			for _, r := range g.records {
				left = left || r.kept != ""
			}
		}
		if left {
			return nil
		}
		return q.removeEntry(ctx, key)
	})
	return left, err
}
