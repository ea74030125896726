package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/longhaul/longhaul/internal/target"
)

// early are records that were created before the transaction of a chunk: by step, their keys.
type early map[string][]recordKey

// createEarly creates what [target.Ensure] steps miss in a transaction of its own, which is over in a moment.
//
// Within the chunk's transaction such a record would stay locked until all else is written, and the chunks beside
// it, which mostly refer to the same new products, would wait for it: four chunks at a time would be as slow as one.
// The price is that a record may stay which no row refers to in the end: if all rows that named it are refused by the
// database, or if the process dies right now. The first is in the chunk's images and goes with an undo.
func (s *Store) createEarly(ctx context.Context, w ChunkWork) (early, error) {
	plan := target.Plan{Fields: w.Target.Fields, Steps: slices.DeleteFunc(slices.Clone(w.Target.Steps), later)}
	if len(plan.Steps) == 0 || !s.engine.sharesTables() {
		return nil, nil
	}
	if _, err := s.entry(ctx, ledgerKey{w.Key, 0}); err == nil {
		return nil, nil // the chunk has been saved; whether the record is still there is no longer its business
	}
	q := s.session(nil)
	compiled, err := s.planFor(ctx, q, plan, false)
	if err != nil {
		return nil, err
	}
	c := newChunk(s, q, compiled, w.SellerID, w.Rows)
	if !w.Now.IsZero() {
		c.now = instant(w.Now)
	}
	made := early{}
	for n, st := range compiled.steps {
		keys, err := c.createMissing(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("create records of %s: %w", st.table.name, err)
		}
		made[st.Name] = keys
	}
	return made, nil
}

// earlyTries is how often missing records are looked for: each time another chunk has made some of them first.
const earlyTries = 5

// createMissing makes the records that a step misses and tells their keys. What it does not get done it leaves to the
// chunk, which will also find out by which row the database refuses one.
func (c *chunk) createMissing(ctx context.Context, n int) ([]recordKey, error) {
	x := c.indexes[c.plan.steps[n].shape.n]
	for range earlyTries {
		c.forget()
		clear(x.asked)
		rows, err := c.unknown(n)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		if err := c.step(ctx, n, rows); err != nil {
			return nil, err
		}
		if len(c.touched) == 0 {
			c.remember(n)
			return nil, nil
		}
		err = c.insertEarly(ctx, c.plan.steps[n])
		why := c.s.engine.refusal(err)
		switch {
		case err == nil:
			keys := make([]recordKey, len(c.touched))
			for i, r := range c.touched {
				keys[i] = x.key(r.after)
			}
			c.remember(n)
			return keys, nil
		case why == "":
			return nil, err
		case why != refusedUnique:
			return nil, nil
		}
	}
	return nil, nil
}

// later tells whether a step has to wait for others.
func later(step target.Step) bool {
	if step.Mode != target.Ensure {
		return true
	}
	return slices.ContainsFunc(slices.Concat(step.Key, step.Set, step.Create), func(c target.Column) bool {
		return c.From.Kind == target.FromID || c.From.Kind == target.FromOf
	})
}

// unknown are the rows whose record of a step has not been seen before.
func (c *chunk) unknown(n int) ([]int, error) {
	st := c.plan.steps[n]
	rows := make([]int, 0, len(c.rows))
	for row := range c.rows {
		if !c.partakes(st, row) {
			continue
		}
		key, err := c.keyOf(st, row)
		if err != nil {
			return nil, err
		}
		if !c.s.saves.known.has(knownKey{c.tenant, st.table.name, key}) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// remember notes that the records of the step at hand are there.
func (c *chunk) remember(n int) {
	st := c.plan.steps[n]
	for _, row := range c.part {
		c.s.saves.known.add(knownKey{c.tenant, st.table.name, c.keys[row]})
	}
}

// mostKnown bounds what is remembered: some 10 MB.
const mostKnown = 100_000

// knownRecords remembers records that have been seen, so that each chunk need not look for them again. One may have been
// removed since: then the chunk's own transaction creates it.
type knownRecords struct {
	mu   sync.RWMutex
	keys map[knownKey]struct{}
}

type knownKey struct {
	tenant any
	table  string
	key    recordKey
}

func (k *knownRecords) has(key knownKey) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.keys[key]
	return ok
}

func (k *knownRecords) add(key knownKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil || len(k.keys) >= mostKnown {
		k.keys = make(map[knownKey]struct{})
	}
	k.keys[key] = struct{}{}
}

// insertEarly inserts plainly. An upsert would want the records that others have made meanwhile for itself alone, and wait
// for every chunk that refers to one; and it may not take IGNORE, which also takes values that do not fit.
func (c *chunk) insertEarly(ctx context.Context, st *planStep) error {
	sortByKey(c.touched, st)
	return retryDeadlock(func() error {
		tx, err := c.s.typed.BeginTx(ctx, c.s.engine.chunkOptions())
		if err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after Commit
		q := c.s.session(tx)
		err = q.insert(ctx, st.table.savedTable, len(c.touched), func(row int) []any { return c.touched[row].after })
		if err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		q.keep(ctx)
		return nil
	})
}

// own takes the records that were created early for this transaction's, so that they are among its images.
func (c *chunk) own(made early) {
	for _, st := range c.plan.steps {
		for _, key := range made[st.Name] {
			r, _ := c.indexes[st.shape.n].find(key)
			if r == nil || r.now == nil || r.written {
				continue
			}
			r.written, r.creator, r.before = true, st, nil
			c.written = append(c.written, r)
		}
	}
}
