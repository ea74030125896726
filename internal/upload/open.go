package upload

import (
	"bytes"
	"context"
	"io"
)

// File is an upload that was recognised. It reads nothing by itself and needs no closing.
type File struct {
	Format Format
	// Encoding is that of a text: utf-8, utf-16 or cp949; empty for workbooks. A text whose first MiB is ASCII is
	// called utf-8 whatever comes later.
	Encoding string
	// Sheets are in the workbook's order; a text has one without a name.
	Sheets []Sheet
	// Parent is the job whose error workbook this is, mended or not; empty for others.
	Parent string

	limits   Limits
	workbook *workbook
	plain    *plain
}

// plain is a text file, and what it takes to read it.
type plain struct {
	r         io.ReaderAt
	size      int64
	enc       encoding
	mark      int      // bytes of the byte order mark
	separator byte     // CSV, TSV
	hinted    bool     // CSV, TSV: the first line is sep=;
	columns   []string // JSON, NDJSON
}

// Open recognises a file of size bytes by what it holds; name, as the user sees it, decides only where that leaves a
// doubt. r must stay open as long as rows are read, and is read from several goroutines.
//
// A file that cannot be read is a [*job.Error] that tells why: [job.CodeTooLarge] names the limit and its setting,
// [job.CodeInvalid] the place. Errors of r and of ctx are returned as they are, wrapped.
//
// Of JSON the first 1,000 objects are read, of a workbook its parts but the sheets, of a delimited text the first MiB.
// What is wrong further on is found by [File.Rows].
func Open(ctx context.Context, r io.ReaderAt, size int64, name string, l Limits) (*File, error) {
	l = l.withDefaults()
	if size > l.Size {
		return nil, l.sizeError(size)
	}
	if size <= 0 {
		return nil, emptyError()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	head := make([]byte, min(size, headSize))
	if err := readAt(r, head, 0); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte(zipMagic)), bytes.HasPrefix(head, []byte(emptyZipMagic)):
		w, err := openWorkbook(ctx, r, size, l)
		if err != nil {
			return nil, err
		}
		return &File{Format: XLSX, Sheets: w.sheets, Parent: w.parent, limits: l, workbook: w}, nil
	case bytes.HasPrefix(head, []byte(compoundMagic)):
		return nil, describeCompound(r, size)
	}
	if err := refuseByMagic(head); err != nil {
		return nil, err
	}
	return openText(ctx, r, size, head, name, l)
}

func openText(ctx context.Context, r io.ReaderAt, size int64, head []byte, name string, l Limits) (*File, error) {
	enc, mark, err := detectEncoding(head, int64(len(head)) == size)
	if err != nil {
		return nil, err
	}
	sample, whole, err := sampleText(ctx, head, enc, mark)
	if err != nil {
		return nil, err
	}
	if err := refuseMarkup(bytes.TrimSpace(sample)); err != nil {
		return nil, err
	}
	p := &plain{r: r, size: size, enc: enc, mark: mark}
	f := &File{Encoding: enc.name(), Sheets: []Sheet{{}}, limits: l, plain: p}
	if format, ok := detectJSON(sample, name); ok {
		f.Format = format
		p.columns, err = readColumns(p.text(ctx), format, l)
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	f.Format = CSV
	if p.separator, p.hinted = detectSeparator(sample, whole, name); p.separator == '\t' {
		f.Format = TSV
	}
	return f, nil
}

// text begins to read.
func (p *plain) text(ctx context.Context) *text {
	return newText(newBlocks(ctx, p.r, int64(p.mark), p.size, blockSize), p.enc)
}

// Rows reads all sheets from the beginning, in order. It may be called several times, and at the same time.
//
// Of JSON and NDJSON the first row is a header that stands in no line and has the number 0: the keys of the first 1,000
// objects, in order of first appearance.
func (f *File) Rows(ctx context.Context) *Rows {
	return &Rows{ctx: ctx, sheets: f.Sheets, limit: f.limits, src: readAhead(f.source(ctx))}
}

func (f *File) source(ctx context.Context) source {
	switch f.Format {
	case XLSX:
		return f.workbook.rows(ctx)
	case JSON, NDJSON:
		return newObjects(f.plain.text(ctx), f.Format, f.plain.columns, f.limits)
	default:
		return newDelimited(f.plain.text(ctx), f.plain.separator, f.plain.hinted, f.limits)
	}
}
