package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// images reads a chunk's images; they are job.CodeGone where they have been dropped, or where nothing was written.
func (q *session) images(ctx context.Context, key ledgerKey, lock string) (images, error) {
	data, err := q.readImages(ctx, key, lock)
	if err == nil && data == nil || errors.Is(err, sql.ErrNoRows) {
		return images{}, job.Errorf(job.CodeGone, "what chunk %d of job %s has saved can no longer be undone", key.Chunk, key.JobID)
	}
	if err != nil {
		return images{}, fmt.Errorf("read images: %w", err)
	}
	im, err := decodeImages(data)
	if err != nil {
		return images{}, fmt.Errorf("read images of chunk %d of job %s: %w", key.Chunk, key.JobID, err)
	}
	return im, nil
}

// allImages reads the images of a chunk together with those of what was created before it, if that is not the chunk's by
// now. No row is accounted for by the latter.
func (q *session) allImages(ctx context.Context, key ChunkKey) (images, error) {
	im, err := q.images(ctx, ledgerKey{key, 0}, "")
	if err != nil && job.CodeOf(err) != job.CodeGone {
		return images{}, err
	}
	early, earlyErr := q.images(ctx, ledgerKey{key, earlyPass}, "")
	switch {
	case job.CodeOf(earlyErr) == job.CodeGone:
		return im, err
	case earlyErr != nil:
		return images{}, earlyErr
	}
	im.seller, im.passes = early.seller, max(im.passes, early.passes)
	im.groups = append(im.groups, early.groups...)
	return im, nil
}

func decodeImages(data []byte) (im images, err error) {
	if len(data) == 0 || data[0] != imageVersion {
		return im, errors.New("they are of another version")
	}
	raw, err := s2.Decode(nil, data[1:])
	if err != nil {
		return im, err
	}
	r := &imageReader{rest: raw}
	im.seller = r.varint()
	im.passes = r.count()
	im.groups = make([]imageGroup, r.count())
	records := 0
	for i := range im.groups {
		r.group(&im.groups[i])
		records += len(im.groups[i].records)
	}
	im.rows = make([]imageRow, r.count())
	for i := range im.rows {
		row := &im.rows[i]
		row.sheet, row.number = r.number(), r.number()
		row.records = make([]int, r.count())
		for j := range row.records {
			if row.records[j] = r.number(); row.records[j] >= records {
				r.bad = true
				row.records[j] = 0
			}
		}
		r.bad = r.bad || len(row.records) == 0
	}
	if r.bad || len(r.rest) > 0 {
		return images{}, errors.New("they are damaged")
	}
	return im, nil
}

// imageReader reads the bytes of images; after the first mistake it reads zeros.
type imageReader struct {
	rest []byte
	bad  bool
}

func (r *imageReader) fail() { r.bad, r.rest = true, nil }

func (r *imageReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *imageReader) number() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > 1<<31 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

// count is the length of a list, each part of which takes a byte at least.
func (r *imageReader) count() int {
	n := r.number()
	if n > len(r.rest) {
		r.fail()
		return 0
	}
	return n
}

func (r *imageReader) text() string {
	n := r.count()
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

func (r *imageReader) names() []string {
	names := make([]string, r.count())
	for i := range names {
		names[i] = r.text()
	}
	return names
}

func (r *imageReader) value(same any) any {
	if len(r.rest) == 0 {
		r.fail()
		return nil
	}
	tag := r.rest[0]
	r.rest = r.rest[1:]
	switch tag {
	case imageNull:
		return nil
	case imageInt:
		return r.varint()
	case imageText:
		return r.text()
	case imageTime:
		return time.UnixMicro(r.varint()).UTC()
	case imageSame:
		return same
	}
	r.fail()
	return nil
}

func (r *imageReader) values(n int, same []any) []any {
	values := make([]any, n)
	for i := range values {
		var before any
		if same != nil {
			before = same[i]
		}
		values[i] = r.value(before)
	}
	return values
}

func (r *imageReader) group(g *imageGroup) {
	g.pass, g.table = r.number(), r.text()
	g.key, g.set = r.names(), r.names()
	if len(g.key) > mostKey {
		r.fail()
		return
	}
	g.keptBy = make([]target.Reference, r.count())
	for i := range g.keptBy {
		g.keptBy[i] = target.Reference{Table: r.text(), Column: r.text()}
	}
	g.records = make([]imageRecord, r.count())
	for i := range g.records {
		record := &g.records[i]
		record.id = r.value(nil)
		record.key = r.values(len(g.key), nil)
		if r.number() == 1 {
			record.before = r.values(len(g.set), nil)
		}
		record.after = r.values(len(g.set), record.before)
		if r.bad {
			return
		}
	}
}
