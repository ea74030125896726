package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// maxImages is the most that the images of a chunk take, in bytes: MariaDB takes packets of up to 16 MB.
const maxImages = 12 << 20

// imageVersion stands before the images; what has another one is not read.
const imageVersion = 1

// images of a chunk: what its records were before and after. They name tables and columns, so that a save can be
// undone by a program whose plan has changed.
type images struct {
	seller int64
	passes int
	groups []imageGroup
	rows   []imageRow
}

// imageGroup is what one step wrote.
type imageGroup struct {
	pass     int
	table    string
	key, set []string
	keptBy   []target.Reference
	records  []imageRecord
}

// imageRecord is one record. A created one has no before, and its id may not be known.
type imageRecord struct {
	id                 any
	key, before, after []any
	// now and kept belong to an undo: the record as it is, nil where it is gone, and why it is kept, empty where it
	// is not.
	now  []any
	kept job.RowCode
}

// imageRow is a row that was created or updated, and the records that tell whether it has been undone, counted over
// all groups. Its pass is that of the first.
type imageRow struct {
	sheet, number int
	records       []int
}

// images encodes what has been written, with the rows that it was written for; nil where that is nothing.
func (c *chunk) images(sellerID int64, rows func([]byte) []byte) ([]byte, error) {
	if len(c.written) == 0 {
		return nil, nil
	}
	b := binary.AppendVarint(make([]byte, 0, 128*len(c.written)), sellerID)
	b = binary.AppendUvarint(b, uint64(c.plan.passes))
	b = binary.AppendUvarint(b, uint64(len(c.plan.steps)))
	place := 0
	own := make([]*record, 0, len(c.written))
	for _, st := range c.plan.steps {
		own = own[:0]
		for _, r := range c.written {
			if r.imageStep() == st {
				r.place = place
				own = append(own, r)
				place++
			}
		}
		b = appendGroup(b, st, own)
	}
	b = rows(b)
	packed := s2.Encode(nil, b)
	if len(packed) > maxImages {
		return nil, fmt.Errorf("images of the chunk take %d bytes, more than the %d that a database takes at once: make chunks smaller",
			len(packed), maxImages)
	}
	return append([]byte{imageVersion}, packed...), nil
}

// imageStep is the step whose pass takes the record back.
func (r *record) imageStep() *planStep {
	if r.creator != nil {
		return r.creator
	}
	return r.step
}

func appendGroup(b []byte, st *planStep, records []*record) []byte {
	b = binary.AppendUvarint(b, uint64(st.pass))
	b = appendString(b, st.table.name)
	b = appendNames(b, st.table.names, st.shape.columns)
	b = appendNames(b, st.table.names, st.table.set)
	b = binary.AppendUvarint(b, uint64(len(st.KeptBy)))
	for _, ref := range st.KeptBy {
		b = appendString(appendString(b, ref.Table), ref.Column)
	}
	b = binary.AppendUvarint(b, uint64(len(records)))
	for _, r := range records {
		b = appendImageValue(b, r.now[idColumn])
		for _, column := range st.shape.columns {
			b = appendImageValue(b, r.now[column])
		}
		if r.before == nil {
			b = append(b, 0)
		} else {
			b = append(b, 1)
			for _, column := range st.table.set {
				b = appendImageValue(b, r.before[column])
			}
		}
		for _, column := range st.table.set {
			if r.before != nil && r.before[column] == r.now[column] {
				b = append(b, imageSame)
				continue
			}
			b = appendImageValue(b, r.now[column])
		}
	}
	return b
}

func (c *chunk) appendImageRows(b []byte) []byte {
	var count uint64
	var records []*record
	rows := make([]byte, 0, 8*len(c.rows))
	for row, state := range c.states {
		if state.verdict != target.Created && state.verdict != target.Updated {
			continue
		}
		count++
		rows = binary.AppendUvarint(rows, uint64(c.rows[row].Sheet))
		rows = binary.AppendUvarint(rows, uint64(c.rows[row].Number))
		records = c.writtenFor(records[:0], row, state.primary)
		rows = binary.AppendUvarint(rows, uint64(len(records)))
		for _, r := range records {
			rows = binary.AppendUvarint(rows, uint64(r.place))
		}
	}
	return append(binary.AppendUvarint(b, count), rows...)
}

// writtenFor appends the records of a row and step that were written.
func (c *chunk) writtenFor(records []*record, row, step int) []*record {
	if r := c.at[step][row]; r.written {
		records = append(records, r)
	}
	for _, r := range c.more[step][row] {
		if r.written {
			records = append(records, r)
		}
	}
	return records
}

// The tags before the values of an image.
const (
	imageNull byte = iota
	imageInt
	imageText
	imageTime // microseconds
	imageSame // as before
)

func appendImageValue(b []byte, v any) []byte {
	switch x := v.(type) {
	case int64:
		return binary.AppendVarint(append(b, imageInt), x)
	case string:
		return appendString(append(b, imageText), x)
	case time.Time:
		return binary.AppendVarint(append(b, imageTime), x.UnixMicro())
	}
	return append(b, imageNull)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNames(b []byte, names []string, columns []int) []byte {
	b = binary.AppendUvarint(b, uint64(len(columns)))
	for _, column := range columns {
		b = appendString(b, names[column])
	}
	return b
}
