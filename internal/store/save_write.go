package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// save writes what rows want, as far as the database takes it. Rows that it refuses are found by halving: n rows of
// which one is bad take 2 log n attempts, each of which undoes what it wrote. Others follow where more rows of the
// chunk come after these.
func (c *chunk) save(ctx context.Context, rows []int, othersFollow bool) error {
	rows, err := c.merge(ctx, rows)
	if err != nil {
		return err
	}
	return c.put(ctx, rows, othersFollow)
}

// put saves rows that have been merged.
func (c *chunk) put(ctx context.Context, rows []int, othersFollow bool) error {
	if len(rows) == 0 {
		return nil
	}
	why, err := c.attempt(ctx, othersFollow)
	if err != nil || why == "" {
		return err
	}
	if why == refusedUntold {
		c.q.plain = true
		return c.save(ctx, rows, othersFollow)
	}
	if why == refusedUnique {
		// Somebody may have created meanwhile what was not there.
		met := c.met
		for _, x := range c.indexes {
			clear(x.asked)
		}
		if rows, err = c.merge(ctx, rows); err != nil || len(rows) == 0 {
			return err
		}
		if c.met > met {
			return c.save(ctx, rows, othersFollow)
		}
	}
	if len(rows) == 1 {
		c.refuse(target.Fault{Row: rows[0], Code: job.RowConstraint, Limit: string(why), Other: -1})
		c.forget()
		return nil
	}
	half := len(rows) / 2
	if err := c.save(ctx, rows[:half], true); err != nil {
		return err
	}
	return c.save(ctx, rows[half:], othersFollow)
}

// attempt writes what has been merged, or nothing where the rows are refused.
func (c *chunk) attempt(ctx context.Context, othersFollow bool) (refusal, error) {
	if !slices.ContainsFunc(c.touched, func(r *record) bool { return r.after != nil }) {
		return "", nil
	}
	why, err := c.q.attempt(ctx, func() error { return c.write(ctx) })
	switch {
	case err != nil:
	case why == "":
		c.settle(othersFollow)
	default:
		c.forget()
	}
	return why, err
}

// write carries the steps out in the database.
func (c *chunk) write(ctx context.Context) error {
	for n, st := range c.plan.steps {
		var created, changed []*record
		for _, r := range c.touched {
			switch {
			case r.after == nil || r.step != st:
			case r.now == nil:
				created = append(created, r)
			default:
				changed = append(changed, r)
			}
		}
		if err := c.insert(ctx, st, created); err != nil {
			return fmt.Errorf("step %d: insert into %s: %w", n, st.table.name, err)
		}
		if err := c.update(ctx, st, changed); err != nil {
			return fmt.Errorf("step %d: update %s: %w", n, st.table.name, err)
		}
	}
	return nil
}

// insert creates records, in key order, so that chunks which create the same do not deadlock.
func (c *chunk) insert(ctx context.Context, st *planStep, records []*record) error {
	if len(records) == 0 {
		return nil
	}
	if err := refer(records); err != nil {
		return err
	}
	sortByKey(records, st)
	err := c.q.insert(ctx, st.table.savedTable, len(records), func(row int) []any { return records[row].after })
	if err != nil || !st.referred {
		return err
	}
	return c.readIDs(ctx, st.shape, records, (*record).values)
}

func sortByKey(records []*record, st *planStep) {
	slices.SortFunc(records, func(a, b *record) int {
		for _, column := range st.shape.columns {
			if c := compareValues(a.after[column], b.after[column]); c != 0 {
				return c
			}
		}
		return 0
	})
}

// readIDs finds the ids of records that have been created: those that a server tells of many rows cannot be trusted.
func (c *chunk) readIDs(ctx context.Context, shape *keyShape, records []*record, values func(*record) []any) error {
	x := newKeyIndex(shape)
	var asked []any
	for _, r := range records {
		key := x.key(values(r))
		x.first[key] = r
		if _, ok := x.asked[key[0]]; !ok {
			x.asked[key[0]] = struct{}{}
			asked = append(asked, key[0])
		}
	}
	reading := shape.reading
	reading.lock = "" // they are this transaction's own
	reading.columns = append([]int{idColumn}, shape.columns...)
	left := len(records)
	err := c.q.read(ctx, &reading, c.tenant, asked, func(found []any) {
		if r := x.first[x.key(found)]; r != nil && values(r)[idColumn] == nil {
			values(r)[idColumn] = found[idColumn]
			left--
		}
	})
	if err == nil && left > 0 {
		err = fmt.Errorf("%d of %d new records cannot be found again", left, len(records))
	}
	return err
}

// update writes records that are there, in the order of their ids.
func (c *chunk) update(ctx context.Context, st *planStep, records []*record) error {
	if len(records) == 0 {
		return nil
	}
	if err := refer(records); err != nil {
		return err
	}
	// Those that an earlier part of this chunk has created.
	byStep := make(map[*planStep][]*record)
	for _, r := range records {
		if r.after[idColumn] == nil {
			byStep[r.creator] = append(byStep[r.creator], r)
		}
	}
	for creator, own := range byStep {
		if err := c.readIDs(ctx, creator.shape, own, (*record).values); err != nil {
			return err
		}
	}
	slices.SortFunc(records, func(a, b *record) int { return compareValues(a.after[idColumn], b.after[idColumn]) })
	columns := make([]string, 0, len(st.table.set)+len(st.table.stamps))
	for _, column := range st.table.set {
		columns = append(columns, st.table.names[column])
	}
	for _, column := range st.table.stamps {
		columns = append(columns, st.table.names[column])
	}
	return c.q.update(ctx, st.table.savedTable, columns, len(records), func(row int) []any { return records[row].after })
}

// refer puts ids in the place of records that have got one.
func refer(records []*record) error {
	for _, r := range records {
		for i, v := range r.after {
			to, ok := v.(*record)
			if !ok {
				continue
			}
			if r.after[i] = to.reference(); r.after[i] == v {
				return fmt.Errorf("column %s: refers to a record of %s that is not there yet", r.table.names[i], to.table.name)
			}
		}
	}
	return nil
}

// settle takes what has been written for what is there, for others to find if they follow.
func (c *chunk) settle(othersFollow bool) {
	for _, r := range c.touched {
		if r.after != nil {
			c.settleRecord(r, othersFollow)
		}
		r.forget()
	}
	c.touched = c.touched[:0]
	if !othersFollow {
		return
	}
	for _, x := range c.indexes {
		clear(x.fresh)
	}
}

func (c *chunk) settleRecord(r *record, othersFollow bool) {
	first := r.now == nil
	r.now = r.after
	if !r.written {
		r.written = true
		c.written = append(c.written, r)
	}
	if !first || !othersFollow {
		return
	}
	if id := r.now[idColumn]; id != nil {
		c.byID[r.table.n][id] = r
	}
	c.indexes[r.creator.shape.n].add(r)
}
