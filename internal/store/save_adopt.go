package store

import (
	"context"
	"errors"
	"slices"

	"github.com/longhaul/longhaul/job"
)

// madeBefore is what an attempt at a chunk has created before its transaction; nil: nothing.
type madeBefore struct {
	all  []*madeRecord
	byID map[madeID]*madeRecord
}

type madeID struct {
	table string
	id    any
}

// madeRecord is one of these records.
type madeRecord struct {
	step          *planStep
	image         *imageRecord
	sheet, number int     // of the row that it was created for
	record        *record // once a row has met it
}

// adopt reads what has been created for a chunk before its transaction, and keeps others from taking it back.
func (c *chunk) adopt(ctx context.Context, key ChunkKey) error {
	if len(c.plan.early) == 0 {
		return nil
	}
	im, err := c.q.images(ctx, ledgerKey{key, earlyPass}, c.s.engine.lock(true))
	if job.CodeOf(err) == job.CodeGone {
		return nil
	}
	if err != nil || len(im.groups) != len(c.plan.steps) {
		return err
	}
	made := &madeBefore{byID: make(map[madeID]*madeRecord)}
	for n := range im.groups {
		g, st := &im.groups[n], c.plan.steps[n]
		if len(g.records) > 0 && !c.plan.creates(n, g) {
			return nil // another version of the kind has: to this one they are not its own, and their entry stays
		}
		if len(made.all)+len(g.records) > len(im.rows) {
			return errors.New("images are damaged: records without the rows that they were created for")
		}
		for i := range g.records {
			by := im.rows[len(made.all)]
			r := &madeRecord{step: st, image: &g.records[i], sheet: by.sheet, number: by.number}
			made.all = append(made.all, r)
			made.byID[madeID{g.table, r.image.id}] = r
		}
	}
	c.made = made
	return nil
}

// creates tells whether a step of the plan could have written a group before a chunk.
func (p *savePlan) creates(n int, g *imageGroup) bool {
	st := p.steps[n]
	if !slices.Contains(p.early, n) || st.table.name != g.table || st.pass != g.pass || len(st.shape.columns) != len(g.key) {
		return false
	}
	for i, column := range st.shape.columns {
		if st.table.names[column] != g.key[i] {
			return false
		}
	}
	return true
}

// meet makes a record that was read one that the chunk has created, if it has.
func (m *madeBefore) meet(r *record) {
	if m == nil {
		return
	}
	if made := m.of(r); made != nil {
		made.record = r
		r.before, r.step, r.creator = nil, made.step, made.step
	}
}

func (m *madeBefore) of(r *record) *madeRecord { return m.byID[madeID{r.table.name, r.now[idColumn]}] }

// own takes what was created before for written by this transaction, and removes its entry. It fails with errInVain if
// this transaction would not have created just that, unless anything goes.
func (c *chunk) own(ctx context.Context, key ChunkKey, way saveWay) error {
	if c.made == nil {
		return nil
	}
	for row := range c.rows {
		for _, n := range c.plan.early {
			r := c.at[n][row]
			if r == nil || r.now == nil || r.written || c.states[row].refused {
				continue
			}
			made := c.made.of(r)
			if made == nil {
				continue
			}
			if way != saveAnyway && (c.rows[row].Sheet != made.sheet || c.rows[row].Number != made.number) {
				return errInVain
			}
			r.written = true
			c.written = append(c.written, r)
		}
	}
	for _, made := range c.made.all {
		if made.record != nil && made.record.written {
			continue
		}
		if way != saveAnyway {
			return errInVain
		}
		c.written = append(c.written, made.unmet(c))
	}
	return c.q.removeEntry(ctx, ledgerKey{key, earlyPass})
}

// unmet is a record that others have come to refer to, as far as images need it.
func (m *madeRecord) unmet(c *chunk) *record {
	values := c.blank(m.step.table.savedTable)
	values[idColumn] = m.image.id
	for i, column := range m.step.shape.columns {
		values[column] = m.image.key[i]
	}
	return c.newRecord(record{table: m.step.table, step: m.step, creator: m.step, now: values, written: true})
}
