package store

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// chunk is the work on some rows: what they mean, and what becomes of them.
type chunk struct {
	s      *Store
	q      *session
	plan   *savePlan
	tenant any // the seller's id, an int64
	rows   []target.Row
	expect []target.Verdict // nil: anything goes
	now    any              // a time.Time: the time of writing

	indexes []*keyIndex       // by shape
	byID    []map[any]*record // by table
	met     int               // records that were found
	made    *madeBefore       // what has been created for the chunk before its transaction
	givesUp bool              // it gives up at what could be created before, see saveFirst

	given []bool // by field: some row says something

	keys []recordKey // by row, of the step at hand
	part []int       // the rows that take part in it

	// By step and row: the record that a row means, and the others where it means several.
	at   [][]*record
	more []map[int][]*record

	// By row.
	states []rowState
	faults []target.Fault

	touched []*record // that rows of this attempt want to change
	written []*record // in this transaction

	records []record // see newRecord
	values  []any    // see blank
}

// rowState is what is known of a row.
type rowState struct {
	verdict target.Verdict
	refused bool
	// primary is the last step that changed something for the row, and so the one that tells whether it is undone.
	primary int
}

func newChunk(s *Store, q *session, plan *savePlan, sellerID int64, rows []target.Row) *chunk {
	c := &chunk{s: s, q: q, plan: plan, tenant: sellerID, rows: rows, now: now()}
	for _, shape := range plan.shapes {
		c.indexes = append(c.indexes, newKeyIndex(shape))
	}
	for range plan.tables {
		c.byID = append(c.byID, make(map[any]*record))
	}
	for range plan.steps {
		c.at = append(c.at, make([]*record, len(rows)))
		c.more = append(c.more, nil)
	}
	c.given = make([]bool, len(plan.fields))
	for i := range rows {
		for field, value := range rows[i].Values {
			c.given[field] = c.given[field] || value != nil
		}
	}
	c.keys = make([]recordKey, len(rows))
	c.part = make([]int, 0, len(rows))
	c.touched = make([]*record, 0, len(rows))
	c.states = make([]rowState, len(rows))
	return c
}

// all are the indexes of the rows.
func (c *chunk) all() []int {
	rows := make([]int, len(c.rows))
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// merge finds out what rows want and gives back those that are not refused. A refused row must leave no trace in
// the records that it shares, so the others are merged again without it.
func (c *chunk) merge(ctx context.Context, rows []int) ([]int, error) {
	for {
		c.forget()
		for _, row := range rows {
			c.states[row] = rowState{verdict: target.Unchanged, primary: -1}
		}
		for n := range c.plan.steps {
			if err := c.step(ctx, n, rows); err != nil {
				return nil, err
			}
			if c.givesUp && n == c.plan.lastEarly() {
				if first := c.missing(rows); len(first) > 0 {
					return nil, &missingError{first}
				}
			}
		}
		c.compareExpected(rows)
		refused := func(row int) bool { return c.states[row].refused }
		if !slices.ContainsFunc(rows, refused) {
			return rows, nil
		}
		rows = slices.DeleteFunc(slices.Clone(rows), refused)
	}
}

// forget drops what rows of the last attempt wanted.
func (c *chunk) forget() {
	for _, r := range c.touched {
		r.forget()
	}
	c.touched = c.touched[:0]
	for _, x := range c.indexes {
		clear(x.fresh)
	}
}

// step carries a step out in memory.
func (c *chunk) step(ctx context.Context, n int, rows []int) error {
	st := c.plan.steps[n]
	x := c.indexes[st.shape.n]
	c.part = c.part[:0]
	for _, row := range rows {
		c.at[n][row] = nil
		if !c.partakes(st, row) {
			continue
		}
		var err error
		if c.keys[row], err = c.keyOf(st, row); err != nil {
			return err
		}
		if !c.states[row].refused {
			c.part = append(c.part, row)
		}
	}
	if err := c.load(ctx, x, c.part); err != nil {
		return err
	}
	for _, row := range c.part {
		if err := c.apply(n, row, x, c.keys[row]); err != nil {
			return err
		}
	}
	return nil
}

func (c *chunk) partakes(st *planStep, row int) bool {
	if c.states[row].refused {
		return false
	}
	values := c.rows[row].Values
	for _, field := range st.unless {
		if values[field] != nil {
			return false
		}
	}
	for _, field := range st.when {
		if values[field] != nil {
			return true
		}
	}
	return len(st.when) == 0
}

func (c *chunk) keyOf(st *planStep, row int) (key recordKey, err error) {
	for i := range st.key {
		v := &st.key[i]
		if key[i], err = c.value(st, v, row); err != nil {
			return key, err
		}
		if key[i] == nil {
			key[i] = v.otherwise
		}
		if key[i] == nil {
			key[i] = st.table.columns[v.column].zero
		}
	}
	return key, nil
}

// value is what a row says on a column; nil where it leaves it out. A value that does not fit makes a fault.
func (c *chunk) value(st *planStep, v *planValue, row int) (any, error) {
	column := &st.table.columns[v.column]
	values := c.rows[row].Values
	var from any
	switch v.From.Kind {
	case target.FromField, target.FromSum:
		from = values[v.field]
	case target.FromConst:
		return v.constant, nil
	case target.FromNow:
		return c.now, nil
	case target.FromID, target.FromOf:
		r := c.at[v.step][row]
		if r == nil {
			return nil, nil
		}
		if v.From.Kind == target.FromID {
			return r.reference(), nil
		}
		return r.value(v.of), nil
	case target.FromProduct:
		if values[v.field] == nil || values[v.factor] == nil {
			return nil, nil
		}
		d, err := product(values[v.field], values[v.factor])
		if err != nil {
			return nil, err
		}
		from = d
	}
	if from == nil {
		return nil, nil
	}
	taken, err := column.take(from)
	if bad, ok := errors.AsType[*valueError](err); ok {
		c.refuse(target.Fault{Row: row, Field: v.From.Field, Code: bad.code, Limit: bad.limit, Other: -1})
		return nil, nil
	}
	return taken, err
}

// apply finds or makes the records of a row and lets the row have its say on them.
func (c *chunk) apply(n, row int, x *keyIndex, key recordKey) error {
	st := c.plan.steps[n]
	first, more := x.find(key)
	if first == nil {
		if st.Mode == target.Find || st.Mode == target.Update {
			c.refuse(target.Fault{Row: row, Field: st.Missing.Field, Code: st.Missing.Code, Other: -1})
			return nil
		}
		var err error
		if first, err = c.create(st, row, x, key); err != nil {
			return err
		}
	}
	c.at[n][row] = first
	if !st.Every {
		more = nil
	} else if c.more[n] == nil {
		c.more[n] = make(map[int][]*record)
	}
	if st.Every {
		c.more[n][row] = more
	}
	if !st.counted || c.states[row].refused {
		return nil
	}
	fresh := first.fresh()
	changed, err := c.say(st, row, first)
	for _, r := range more {
		if err != nil {
			return err
		}
		var also bool
		also, err = c.say(st, row, r)
		changed = changed || also
	}
	c.count(n, row, fresh, changed)
	return err
}

// count brings a row's verdict up to date after a step that counts.
func (c *chunk) count(n, row int, fresh, changed bool) {
	state := &c.states[row]
	switch {
	case state.refused:
	case fresh:
		state.verdict, state.primary = target.Created, n
	case changed:
		state.verdict, state.primary = target.Updated, n
	case state.verdict == target.Created:
		state.verdict = target.Updated // only what it belongs to was created
	}
}

// create makes a record that is to be created.
func (c *chunk) create(st *planStep, row int, x *keyIndex, key recordKey) (*record, error) {
	values := c.blank(st.table.savedTable)
	for i := range st.key {
		values[st.key[i].column] = key[i]
	}
	for _, part := range [][]planValue{st.set, st.create} {
		for i := range part {
			v := &part[i]
			said, err := c.first(st, v, row)
			switch {
			case err != nil:
				return nil, err
			case said != nil:
				values[v.column] = said
			case v.otherwise != nil:
				values[v.column] = v.otherwise
			}
		}
	}
	if st.table.created >= 0 {
		values[st.table.created] = c.now
	}
	for _, column := range st.table.stamps {
		values[column] = c.now
	}
	r := c.newRecord(record{table: st.table, step: st, creator: st, after: values, owner: row})
	if len(x.fresh) == 0 { // what follows is like it
		x.fresh = make(map[recordKey]*record, len(c.part))
	}
	x.fresh[key] = r
	c.touched = append(c.touched, r)
	return r, nil
}

// first is what a row says on a column of a record that it creates. What counts is left to [chunk.say], but for
// what is needed.
func (c *chunk) first(st *planStep, v *planValue, row int) (any, error) {
	if v.said && !v.Needed {
		return nil, nil
	}
	faults := len(c.faults)
	said, err := c.value(st, v, row)
	if said == nil && err == nil && v.Needed && len(c.faults) == faults {
		c.refuse(target.Fault{Row: row, Field: v.From.Field, Code: job.RowRequired, Other: -1})
	}
	if v.said {
		return nil, err
	}
	return said, err
}

// say lets a row have its say on a record and tells whether it wants something else than what there was.
func (c *chunk) say(st *planStep, row int, r *record) (changed bool, err error) {
	for i := range st.set {
		v := &st.set[i]
		if v.From.Kind == target.FromNow || v.From.Kind == target.FromField && !c.given[v.field] {
			continue
		}
		want, err := c.value(st, v, row)
		if err != nil {
			return false, err
		}
		if want == nil {
			continue
		}
		heard := r.set.has(v.column)
		if v.From.Kind == target.FromSum {
			if heard {
				c.refuseLater(row, r.said(v.column), v.From.Field, job.RowDuplicate)
				continue
			}
			if want = c.total(row, v, r, want.(int64)); want == nil {
				continue
			}
		}
		if heard && r.value(v.column) != want {
			c.refuseLater(row, r.said(v.column), v.From.Field, job.RowDisagree)
			continue
		}
		if !r.fresh() && r.before[v.column] != want {
			changed = true
		}
		if !heard {
			c.hear(st, row, r, v.column, want)
		}
	}
	return changed, nil
}

// hear notes what a row wants of a column that no row has had its say on.
func (c *chunk) hear(st *planStep, row int, r *record, column int, want any) {
	if r.now != nil && r.set == 0 {
		c.touched = append(c.touched, r)
	}
	r.says(column, row)
	if r.value(column) == want {
		return
	}
	if r.now != nil {
		r.step = st
		for _, stamp := range r.table.stamps {
			r.change()[stamp] = c.now
		}
	}
	r.change()[column] = want
}

// total is what a record has plus what a row adds; nil, with a fault, where that may not be.
func (c *chunk) total(row int, v *planValue, r *record, add int64) any {
	has, _ := r.value(v.column).(int64)
	total, ok := sum(has, add)
	fault := target.Fault{Row: row, Field: v.From.Field, Other: -1}
	switch {
	case !ok && add > 0:
		fault.Code, fault.Limit = job.RowAboveMaximum, strconv.FormatInt(math.MaxInt64, 10)
	case !ok:
		fault.Code, fault.Limit = job.RowBelowMinimum, strconv.FormatInt(math.MinInt64, 10)
	case v.Min != nil && total < *v.Min:
		fault.Code, fault.Limit = job.RowBelowMinimum, strconv.FormatInt(*v.Min, 10)
	default:
		return total
	}
	c.refuse(fault)
	return nil
}

// refuse notes what is wrong with a row, once: a field may go to several columns.
func (c *chunk) refuse(f target.Fault) {
	for i := len(c.faults) - 1; i >= 0 && c.faults[i].Row == f.Row; i-- {
		if c.faults[i] == f {
			return
		}
	}
	state := &c.states[f.Row]
	state.refused, state.verdict = true, target.Refused
	c.faults = append(c.faults, f)
}

// refuseLater refuses the later of two rows that clash. It may have come first, by an earlier step.
func (c *chunk) refuseLater(a, b int, field string, code job.RowCode) {
	if f := (target.Fault{Row: max(a, b), Field: field, Code: code, Other: min(a, b)}); !c.states[f.Row].refused {
		c.refuse(f)
	}
}

// compareExpected refuses the rows for which something else would happen than was foreseen.
//
// Where rows change what they share (the order of several lines), a row may find it done by an earlier chunk: that
// it has nothing left to change is no reason to refuse it.
func (c *chunk) compareExpected(rows []int) {
	if c.expect == nil {
		return
	}
	for _, row := range rows {
		got, want := c.states[row].verdict, c.expect[row]
		if got == want || c.plan.counted > 1 && want == target.Updated && got == target.Unchanged {
			continue
		}
		if got == target.Refused { // whatever it is, it was not so
			c.faults = slices.DeleteFunc(c.faults, func(f target.Fault) bool { return f.Row == row })
		}
		c.refuse(target.Fault{Row: row, Code: job.RowStale, Other: -1})
	}
}
