package store

import (
	"context"
	"slices"
)

// record is one record of a table that rows of a chunk mean, there already or to be created.
type record struct {
	table *planTable
	// step is the one that creates the record, else the last that changes it; creator is nil for one that was there.
	step, creator *planStep
	// before is the record as the chunk found it, nil for none; now as it is in this transaction, nil while it is not
	// there; after as rows want it, nil where they want nothing else.
	before, now, after []any
	// set are the columns that a row has had its say on: owner, or the row in others. Before any has, owner is the row
	// that the record was created for.
	set    columnSet
	owner  int
	others map[int]int
	// written tells that this transaction has; place is the record's among the images.
	written bool
	place   int
}

// columnSet is a set of a table's columns, of which there are fewer than 64.
type columnSet uint64

func (s columnSet) has(column int) bool       { return s&(1<<column) != 0 }
func (s columnSet) with(column int) columnSet { return s | 1<<column }

// fresh tells that the chunk creates the record, or has created it.
func (r *record) fresh() bool { return r.before == nil }

// values are those that the record has or will have.
func (r *record) values() []any {
	if r.after != nil {
		return r.after
	}
	return r.now
}

func (r *record) value(column int) any { return r.values()[column] }

// reference is what another record writes to refer to this one: its id or, until that is known, itself.
func (r *record) reference() any {
	if id := r.value(idColumn); id != nil {
		return id
	}
	return r
}

// change is the record as it is wanted, to be changed.
func (r *record) change() []any {
	if r.after == nil {
		r.after = slices.Clone(r.now)
	}
	return r.after
}

// says notes that a row has its say on a column.
func (r *record) says(column, row int) {
	switch {
	case r.set == 0:
		r.owner = row
	case r.owner != row:
		if r.others == nil {
			r.others = make(map[int]int)
		}
		r.others[column] = row
	}
	r.set = r.set.with(column)
}

// said is the row that had its say on a column.
func (r *record) said(column int) int {
	if row, ok := r.others[column]; ok {
		return row
	}
	return r.owner
}

// forget drops what rows want.
func (r *record) forget() { r.after, r.set, r.others = nil, 0, nil }

// recordKey is a key's values. A record that is not there yet stands for its id.
type recordKey [mostKey]any

// keyIndex finds the records of a chunk by a key.
type keyIndex struct {
	shape *keyShape
	// asked are the values of the first column whose records have been read.
	asked map[any]struct{}
	first map[recordKey]*record
	more  map[recordKey][]*record // where a key names several
	fresh map[recordKey]*record   // that are to be created
}

func newKeyIndex(shape *keyShape) *keyIndex {
	return &keyIndex{shape, make(map[any]struct{}), make(map[recordKey]*record), make(map[recordKey][]*record), nil}
}

func (x *keyIndex) key(values []any) (key recordKey) {
	for i, column := range x.shape.columns {
		key[i] = values[column]
	}
	return key
}

func (x *keyIndex) add(r *record) {
	key := x.key(r.now)
	if _, ok := x.first[key]; ok {
		x.more[key] = append(x.more[key], r)
		return
	}
	x.first[key] = r
}

// find gives the records of a key, in the order of their ids.
func (x *keyIndex) find(key recordKey) (first *record, more []*record) {
	if len(x.first) > 0 { // a key is hashed even for an empty map
		if r := x.first[key]; r != nil {
			return r, x.more[key]
		}
	}
	if len(x.fresh) > 0 {
		return x.fresh[key], nil
	}
	return nil, nil
}

// load reads the records of some rows' keys, where they have not been read. It counts those that the chunk did not know.
func (c *chunk) load(ctx context.Context, x *keyIndex, rows []int) error {
	var values []any
	for _, row := range rows {
		key := c.keys[row]
		if _, ok := x.asked[key[0]]; ok || key[0] == nil {
			continue
		}
		if _, ok := key[0].(*record); ok {
			continue // nothing refers to what is not there
		}
		x.asked[key[0]] = struct{}{}
		values = append(values, key[0])
	}
	return c.q.read(ctx, &x.shape.reading, c.tenant, values, func(values []any) { c.meet(x, values) })
}

// meet takes in a record that was read. One that the chunk knows stays as it is known: it is locked.
func (c *chunk) meet(x *keyIndex, values []any) {
	known := c.byID[x.shape.table.n]
	r := known[values[idColumn]]
	if r == nil {
		// Created by this chunk, and its id has not been asked for yet.
		if r = x.first[x.key(values)]; r != nil && r.now[idColumn] == nil {
			r.now[idColumn] = values[idColumn]
			known[values[idColumn]] = r
			return
		}
		r = c.newRecord(record{table: x.shape.table, before: values, now: values})
		c.made.meet(r)
		if len(x.first) == 0 { // what follows is like it
			c.makeRoom(x)
			known = c.byID[x.shape.table.n]
		}
		known[values[idColumn]] = r
		c.met++
		x.add(r)
		return
	}
	if first, more := x.first[x.key(values)], x.more[x.key(values)]; first != r && !slices.Contains(more, r) {
		x.add(r)
	}
}

// makeRoom is for as many records as rows may ask for.
func (c *chunk) makeRoom(x *keyIndex) {
	room := len(x.asked)
	if len(x.shape.columns) > 1 {
		room = len(c.part)
	}
	x.first = make(map[recordKey]*record, room)
	if known := &c.byID[x.shape.table.n]; len(*known) == 0 {
		*known = make(map[any]*record, room)
	}
}

// slabSize is how many records are allocated at once: their number is what garbage collection minds.
const slabSize = 128

func (c *chunk) newRecord(r record) *record {
	if len(c.records) == cap(c.records) {
		c.records = make([]record, 0, slabSize)
	}
	c.records = append(c.records, r)
	return &c.records[len(c.records)-1]
}

// blank is the values of a new record: zeros but for the seller.
func (c *chunk) blank(t *savedTable) []any {
	width := len(t.columns)
	if len(c.values) < width {
		c.values = make([]any, slabSize*width)
	}
	values := c.values[:width:width]
	c.values = c.values[width:]
	copy(values, t.zeros)
	values[t.seller] = c.tenant
	return values
}
