package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/longhaul/longhaul/internal/target"
)

// mostKey is the most columns of a key, see [recordKey].
const mostKey = 4

// savePlan is a [target.Plan] whose names have become places.
type savePlan struct {
	fields []string
	tables []*planTable
	shapes []*keyShape
	steps  []*planStep
	passes int // of an undo
	// counted is how many steps count for a row's verdict.
	counted int
	// early are the steps whose records may be created before the transaction of a chunk, see [Store.createEarly].
	early []int
}

// planTable is a table of a plan. All steps on it share its records.
type planTable struct {
	*savedTable
	n int // its place in the plan
	// writes tells that a step changes records that are there, guards that others are found below them: of two
	// chunks that create the same below one record, one waits for the other, also where no unique key has them clash.
	writes, guards bool
	// read are the columns that are read: all where records may be written whole.
	read []int
	// set are the columns that steps set, without times of writing: what an undo restores.
	set []int
	// stamps are columns that are given the time of writing.
	stamps []int
}

// keyShape is a key of a table; steps may share it.
type keyShape struct {
	n       int
	table   *planTable
	columns []int
	reading reading
}

type planStep struct {
	target.Step
	table             *planTable
	shape             *keyShape
	key, set, create  []planValue
	when, unless      []int
	counted, referred bool
	// pass is the pass of an undo that takes back what the step did: what refers to it has to go first.
	pass int
}

// planValue is a [target.Column].
type planValue struct {
	target.Column
	column        int
	field, factor int // places in a row; -1 for none
	step, of      int
	constant      any
	otherwise     any // nil: none
	// said tells that a row has its say on the column after the record has been made, see [chunk.say].
	said bool
}

// planCompiler makes a plan, step by step.
type planCompiler struct {
	s     *Store
	plan  *savePlan
	steps map[string]int
}

func (s *Store) compile(p target.Plan) (*savePlan, error) {
	c := &planCompiler{s: s, plan: &savePlan{fields: p.Fields}, steps: make(map[string]int)}
	for _, step := range p.Steps {
		if err := c.step(step); err != nil {
			return nil, fmt.Errorf("step %q: %w", step.Name, err)
		}
	}
	for _, t := range c.plan.tables {
		c.columns(t)
	}
	c.passes()
	if c.s.engine.sharesTables() {
		c.early()
	}
	return c.plan, nil
}

// planFor compiles a plan and finds the indexes by which it reads. Records are locked where lock is set: for itself
// where the plan changes a table, else against being removed before the rows that refer to them are there.
func (s *Store) planFor(ctx context.Context, q *session, p target.Plan, lock bool) (*savePlan, error) {
	plan, err := s.compile(p)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	for _, shape := range plan.shapes {
		order := make([]string, len(shape.columns))
		for i, at := range shape.columns {
			order[i] = shape.table.names[at]
		}
		shape.reading = reading{table: shape.table.savedTable, columns: shape.table.read, by: shape.columns[0], order: order}
		if shape.reading.hint, err = s.indexHint(ctx, q, shape.table.name, order); err != nil {
			return nil, err
		}
		if lock {
			shape.reading.lock = s.engine.lock(shape.table.writes || shape.table.guards)
		}
	}
	return plan, nil
}

func (c *planCompiler) step(step target.Step) (err error) {
	if len(step.Key) == 0 || len(step.Key) > mostKey {
		return fmt.Errorf("a key has 1 to %d columns", mostKey)
	}
	st := &planStep{Step: step, counted: step.Mode == target.Upsert || step.Mode == target.Update}
	if st.table, err = c.table(step.Table); err != nil {
		return err
	}
	st.table.writes = st.table.writes || st.counted
	for _, part := range []struct {
		from []target.Column
		to   *[]planValue
	}{{step.Key, &st.key}, {step.Set, &st.set}, {step.Create, &st.create}} {
		for _, column := range part.from {
			v, err := c.value(st.table, column)
			if err != nil {
				return fmt.Errorf("column %q: %w", column.Name, err)
			}
			*part.to = append(*part.to, v)
		}
	}
	if st.when, err = c.fields(step.When); err != nil {
		return err
	}
	if st.unless, err = c.fields(step.Unless); err != nil {
		return err
	}
	if step.Mode == target.Upsert || step.Mode == target.Ensure {
		for _, v := range st.key {
			if v.From.Kind == target.FromID || v.From.Kind == target.FromOf {
				c.plan.steps[v.step].table.guards = true
			}
		}
	}
	for _, part := range [][]planValue{st.set, st.create} {
		for i := range part {
			part[i].said = st.counted && slices.ContainsFunc(st.set, func(v planValue) bool { return v.column == part[i].column })
		}
	}
	st.shape = c.shape(st)
	c.steps[step.Name] = len(c.plan.steps)
	c.plan.steps = append(c.plan.steps, st)
	if st.counted {
		c.plan.counted++
	}
	return nil
}

func (c *planCompiler) table(name string) (*planTable, error) {
	for _, t := range c.plan.tables {
		if t.name == name {
			return t, nil
		}
	}
	table, err := c.s.savedTable(name)
	if err != nil {
		return nil, err
	}
	t := &planTable{savedTable: table, n: len(c.plan.tables)}
	c.plan.tables = append(c.plan.tables, t)
	return t, nil
}

func (c *planCompiler) shape(st *planStep) *keyShape {
	columns := make([]int, len(st.key))
	for i, v := range st.key {
		columns[i] = v.column
	}
	for _, shape := range c.plan.shapes {
		if shape.table == st.table && slices.Equal(shape.columns, columns) {
			return shape
		}
	}
	shape := &keyShape{n: len(c.plan.shapes), table: st.table, columns: columns}
	c.plan.shapes = append(c.plan.shapes, shape)
	return shape
}

func (c *planCompiler) fields(names []string) ([]int, error) {
	places := make([]int, len(names))
	for i, name := range names {
		if places[i] = slices.Index(c.plan.fields, name); places[i] < 0 {
			return nil, fmt.Errorf("there is no field %q", name)
		}
	}
	return places, nil
}

func (c *planCompiler) value(t *planTable, column target.Column) (v planValue, err error) {
	v = planValue{Column: column, field: -1, factor: -1}
	if v.column, err = t.position(column.Name); err != nil {
		return v, err
	}
	if column.Else != nil {
		if v.otherwise, err = t.columns[v.column].take(column.Else); err != nil {
			return v, err
		}
	}
	from := column.From
	switch from.Kind {
	case target.FromField, target.FromSum, target.FromProduct:
		places, err := c.fields([]string{from.Field})
		if err != nil {
			return v, err
		}
		v.field = places[0]
		if from.Kind == target.FromSum && t.columns[v.column].kind != kindInt {
			return v, errors.New("only whole numbers are added up")
		}
		if from.Kind == target.FromProduct {
			if places, err = c.fields([]string{from.Factor}); err != nil {
				return v, err
			}
			v.factor = places[0]
		}
	case target.FromID, target.FromOf:
		at, ok := c.steps[from.Step]
		if !ok {
			return v, fmt.Errorf("there is no step %q before it", from.Step)
		}
		v.step, v.of = at, idColumn
		step := c.plan.steps[at]
		step.referred = true
		if from.Kind == target.FromOf {
			if v.of, err = step.table.position(from.Column); err != nil {
				return v, err
			}
			step.table.read = append(step.table.read, v.of)
		}
	case target.FromConst:
		v.constant, err = t.columns[v.column].take(from.Const)
	case target.FromNow:
		if t.columns[v.column].kind != kindTime {
			err = errors.New("it is no time")
		}
	}
	return v, err
}

// columns decides what is read of a table, once all steps are known.
func (c *planCompiler) columns(t *planTable) {
	for _, st := range c.plan.steps {
		if st.table != t {
			continue
		}
		for _, v := range st.set {
			switch {
			case v.From.Kind == target.FromNow:
				t.stamps = append(t.stamps, v.column)
			case !slices.Contains(t.set, v.column):
				t.set = append(t.set, v.column)
			}
		}
	}
	if t.updated >= 0 {
		t.stamps = append(t.stamps, t.updated)
	}
	if t.writes {
		t.read = make([]int, len(t.names))
		for i := range t.read {
			t.read[i] = i
		}
		return
	}
	t.read = append(t.read, idColumn)
	for _, shape := range c.plan.shapes {
		if shape.table == t {
			t.read = append(t.read, shape.columns...)
		}
	}
	slices.Sort(t.read)
	t.read = slices.Compact(t.read)
}

// passes counts from the last references back: what nothing refers to is undone in pass 1.
func (c *planCompiler) passes() {
	for i := len(c.plan.steps) - 1; i >= 0; i-- {
		st := c.plan.steps[i]
		st.pass++
		if st.Mode != target.Find {
			c.plan.passes = max(c.plan.passes, st.pass)
		}
		for _, values := range [][]planValue{st.key, st.set, st.create} {
			for _, v := range values {
				if v.From.Kind == target.FromID || v.From.Kind == target.FromOf {
					earlier := c.plan.steps[v.step]
					earlier.pass = max(earlier.pass, st.pass)
				}
			}
		}
	}
}

// lastEarly is the last of the early steps; -1: there is none.
func (p *savePlan) lastEarly() int {
	if len(p.early) == 0 {
		return -1
	}
	return p.early[len(p.early)-1]
}

// early finds the steps that create records which no other step changes or looks below, from nothing but a row.
func (c *planCompiler) early() {
	for n, st := range c.plan.steps {
		alone := st.Mode == target.Ensure && !st.table.writes && !st.table.guards && len(st.table.set) == 0
		for _, values := range [][]planValue{st.key, st.create} {
			alone = alone && !slices.ContainsFunc(values, func(v planValue) bool {
				return v.From.Kind == target.FromID || v.From.Kind == target.FromOf
			})
		}
		if alone {
			c.plan.early = append(c.plan.early, n)
		}
	}
}
