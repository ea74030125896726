package upload

import (
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/longhaul/longhaul/job"
)

// The texts of a workbook stand in one table, which cells refer to by index. It is the one thing that has to be
// held: in blocks, each text behind its length, with four bytes for where it begins. Excel numbers texts in the order
// of their use, so the table is read only as far as rows have been: the first rows of a large workbook come at once.
type stringTable struct {
	ctx    context.Context
	book   *workbook
	in     *prefetch
	x      *xmlScanner
	err    error // why there are no more; io.EOF at the end
	text   []byte
	limit  int64 // bytes held
	held   int64
	count  int
	blocks [][]byte
	starts [][]uint32 // block<<blockBits | offset
}

const (
	blockBits = 18 // 256 KiB: larger than almost any text, small beside what a workbook takes anyway
	startBits = 14 // texts whose starts are held together

	// tooLong is the start of a text with more characters than a cell may have. Cells that refer to it are refused;
	// the text itself is not held.
	tooLong = 1<<32 - 1

	// sharedPart: the table may take this part of Limits.Expanded, as it is held, which the rest is not. By default
	// that is 256 MiB, some ten million texts of Latin script.
	sharedPart = 32
	// sharedLeast is granted in any case.
	sharedLeast = 8 << 20
)

// newStringTable reads nothing yet. It must be closed.
func newStringTable(ctx context.Context, w *workbook) *stringTable {
	return &stringTable{ctx: ctx, book: w, limit: max(w.limits.Expanded/sharedPart, sharedLeast)}
}

// get returns a text, valid as long as the table; it reads on as far as needed. For a text longer than a cell may be
// it is errTooLong.
func (t *stringTable) get(index int) ([]byte, error) {
	for index >= t.count {
		if t.err == nil {
			t.err = t.read()
		}
		if errors.Is(t.err, io.EOF) {
			return nil, flawf("it refers to shared text %s, but there are %s", grouped(int64(index)), grouped(int64(t.count)))
		}
		if t.err != nil {
			return nil, t.err
		}
	}
	start := t.starts[index>>startBits][index&(1<<startBits-1)]
	if start == tooLong {
		return nil, errTooLong
	}
	b := t.blocks[start>>blockBits][start&(1<<blockBits-1):]
	n := int(b[0])
	if n < 0x80 {
		return b[1 : 1+n : 1+n], nil
	}
	n, size := n&0x7F, 1
	for shift := 7; ; shift += 7 {
		c := b[size]
		size++
		n |= int(c&0x7F) << shift
		if c < 0x80 {
			return b[size : size+n : size+n], nil
		}
	}
}

// read reads the next text of the part.
func (t *stringTable) read() error {
	if t.x == nil {
		if err := t.open(); err != nil {
			return refuse("shared texts", err)
		}
	}
	for {
		kind, err := t.x.inside()
		if err != nil {
			return refuse("shared texts", err)
		}
		switch {
		case kind == endTag:
			if err := t.x.drain(); err != nil {
				return refuse("shared texts", err)
			}
			return io.EOF
		case string(t.x.name) != "si":
			if err := t.x.skip(); err != nil {
				return refuse("shared texts", err)
			}
		default:
			t.text, err = t.x.richText(t.text[:0])
			if errors.Is(err, errTooLong) {
				return t.book.limits.cellError("shared texts")
			}
			if err != nil {
				return refuse("shared texts", err)
			}
			return t.add(t.text)
		}
	}
}

func (t *stringTable) open() error {
	if t.book.strings == nil {
		return io.EOF
	}
	p, err := t.book.zip.open(t.ctx, t.book.strings)
	if err != nil {
		return err
	}
	t.in = newPrefetch(p)
	x, err := newXMLScanner(t.in, p.entry.unpacked)
	if err != nil {
		return err
	}
	if _, err := x.inside(); err != nil {
		return err
	}
	if string(x.name) != "sst" {
		return wrongRoot(t.book.strings.name, x.name)
	}
	t.x = x
	if x.empty {
		return io.EOF
	}
	return nil
}

// add holds a copy of the text.
func (t *stringTable) add(text []byte) error {
	start := uint32(tooLong)
	if !longerThan(text, t.book.limits.CellChars) {
		need := len(text) + 5
		if len(t.blocks) == 0 || cap(t.last())-len(t.last()) < need {
			t.blocks = append(t.blocks, make([]byte, 0, max(need, 1<<blockBits)))
			t.held += int64(cap(t.last()))
		}
		last := t.last()
		start = uint32(len(t.blocks)-1)<<blockBits | uint32(len(last))
		n := len(text)
		for ; n >= 0x80; n >>= 7 {
			last = append(last, byte(n)|0x80)
		}
		last = append(last, byte(n))
		t.blocks[len(t.blocks)-1] = append(last, text...)
	}
	if t.count>>startBits == len(t.starts) {
		t.starts = append(t.starts, make([]uint32, 0, 1<<startBits))
		t.held += 4 << startBits
	}
	at := len(t.starts) - 1
	t.starts[at] = append(t.starts[at], start)
	t.count++
	if t.held > t.limit || len(t.blocks) >= 1<<(32-blockBits) {
		return job.Errorf(job.CodeTooLarge, "the shared texts of the workbook take more than the %s allowed, a part of %s (%s)",
			bytesText(t.limit), bytesText(t.book.limits.Expanded), settingExpanded)
	}
	return nil
}

func (t *stringTable) last() []byte { return t.blocks[len(t.blocks)-1] }

func (t *stringTable) close() {
	if t.in != nil {
		t.in.close()
	}
	t.in = nil
}

// longerThan tells whether text has more characters than that.
func longerThan(text []byte, chars int) bool {
	return len(text) > chars && utf8.RuneCount(text) > chars
}

// richText appends the text of the element whose start tag was the last tag, an <si> or <is>: that of its <t> and of
// its runs; how it is pronounced (<rPh>) is not part of it.
func (x *xmlScanner) richText(dst []byte) ([]byte, error) {
	if x.empty {
		return dst, nil
	}
	for inRun := false; ; {
		kind, err := x.inside()
		if err != nil {
			return dst, err
		}
		if kind == endTag {
			if !inRun {
				return dst, nil
			}
			inRun = false
			continue
		}
		switch name := string(x.name); {
		case name == "t":
			start := len(dst)
			if dst, err = x.elementText(dst); err != nil {
				return dst, err
			}
			dst = dst[:start+len(unescape(dst[start:]))]
			if len(dst) > maxText {
				return dst, errTooLong
			}
		case name == "r" && !inRun:
			inRun = !x.empty
		default:
			if err := x.skip(); err != nil {
				return dst, err
			}
		}
	}
}
