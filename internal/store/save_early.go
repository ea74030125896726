package store

import (
	"context"
	"fmt"
	"slices"

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
		c.touched = c.touched[:0]
		if err := c.step(ctx, n, c.all()); err != nil {
			return nil, err
		}
		if len(c.touched) == 0 {
			continue
		}
		sortByKey(c.touched, st)
		if err := s.insertEarly(ctx, st, c.touched); err != nil {
			if s.engine.refusal(err) != "" {
				continue // the chunk itself will find out which row is to blame
			}
			return nil, fmt.Errorf("create records of %s: %w", st.table.name, err)
		}
		for _, r := range c.touched {
			made[st.Name] = append(made[st.Name], c.indexes[st.shape.n].key(r.after))
		}
	}
	return made, nil
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

// insertEarly leaves records that somebody else has just created as they are.
func (s *Store) insertEarly(ctx context.Context, st *planStep, records []*record) error {
	t := st.table.savedTable
	head := "INSERT INTO " + quote(t.name) + " (" + quoteAll(t.names[1:]) + ") VALUES "
	tail := s.engine.leave()
	return retryDeadlock(func() error {
		tx, err := s.typed.BeginTx(ctx, s.engine.chunkOptions())
		if err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after Commit
		q := s.session(tx)
		err = q.write(ctx, head, len(t.names)-1, tail, len(records), func(args []any, row int) []any {
			return append(args, records[row].after[1:]...)
		})
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
