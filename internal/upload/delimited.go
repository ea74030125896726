package upload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"unicode/utf8"

	"github.com/longhaul/longhaul/job"
)

// maxFields is as wide as Excel can make a file: more cells in a line are refused even if they are empty.
const maxFields = 16_384

// delimited reads comma-separated values and their like, as in RFC 4180, with these liberties: a carriage return alone
// ends a line too, a quotation mark inside a cell that does not begin with one stands for itself, and lines may have
// any number of cells. As in encoding/csv, CRLF inside quotation marks becomes LF. Lines without a filled cell are
// passed over.
//
// It is quick because it looks at each byte once and copies none but to undouble quotation marks, in place.
type delimited struct {
	window
	separator byte
	limits    Limits
	ends      [256]bool // bytes that end a cell: separator, CR, LF

	line    int  // of the next byte, from 1
	afterCR bool // the next LF belongs to the line end before it
	begun   bool
	hinted  bool // the first line is sep=; and no record
	spans   []span
	row     Row
}

// span is where a cell lies, from keep on.
type span struct{ from, to int }

func newDelimited(t *text, separator byte, hinted bool, l Limits) *delimited {
	d := &delimited{window: window{text: t}, separator: separator, hinted: hinted, limits: l, line: 1}
	d.ends[separator], d.ends['\r'], d.ends['\n'] = true, true, true
	return d
}

func (d *delimited) next() (*Row, error) {
	if !d.begun {
		d.begun = true
		if d.hinted {
			if err := d.skipLine(); err != nil {
				return nil, err
			}
		}
	}
	for {
		if err := d.skipLineEnds(); err != nil {
			return nil, err
		}
		d.row.Number = d.line
		if err := d.record(); err != nil {
			return nil, err
		}
		if err := d.fill(); err != nil {
			return nil, err
		}
		if len(d.row.Cells) > 0 {
			return &d.row, nil
		}
	}
}

// skipLine passes the first line over, but not its end.
func (d *delimited) skipLine() error {
	for {
		if i := bytes.IndexAny(d.buf[d.pos:], "\r\n"); i >= 0 {
			d.pos += i
			return nil
		}
		d.pos = len(d.buf)
		d.keep = d.pos
		if err := d.more(); err != nil {
			return err
		}
	}
}

// skipLineEnds goes to the beginning of the next record.
func (d *delimited) skipLineEnds() error {
	for {
		for ; d.pos < len(d.buf); d.pos++ {
			switch c := d.buf[d.pos]; {
			case c == '\n' && d.afterCR:
				d.afterCR = false
			case c == '\n':
				d.line++
			case c == '\r':
				d.line++
				d.afterCR = true
			default:
				d.afterCR = false
				d.keep = d.pos
				return nil
			}
		}
		d.keep = d.pos
		if err := d.more(); err != nil {
			return err
		}
	}
}

// record finds the cells of a record and goes behind the line end.
func (d *delimited) record() error {
	d.spans = d.spans[:0]
	for {
		// What begins with a quotation mark is another matter; the end of the file is an empty cell here.
		if d.pos < len(d.buf) && d.buf[d.pos] == '"' {
			last, err := d.quoted()
			if err != nil || last {
				return err
			}
			continue
		}
		from := d.pos - d.keep
		d.pos = d.seek(d.pos)
		if d.pos == len(d.buf) {
			again, err := d.refill(from)
			if err != nil {
				return err
			}
			if again {
				d.pos = d.keep + from
				continue
			}
		}
		last, err := d.end(span{from, d.pos - d.keep})
		if err != nil || last {
			return err
		}
	}
}

// seek returns where the cell at i ends, or the end of buf. It looks at eight bytes at once: m gets the high bit of those
// that are the separator, and of those below 0x0E, which CR and LF are; of what it gets wrong none comes first.
func (d *delimited) seek(i int) int {
	const low, high = 0x0101010101010101, 0x8080808080808080
	buf := d.buf
	for len(buf)-i >= 8 {
		w := binary.LittleEndian.Uint64(buf[i:])
		x := w ^ low*uint64(d.separator)
		m := ((x-low)&^x | (w-low*0x0E)&^w) & high
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if d.ends[buf[i]] {
			return i
		}
		i++ // a tab or another control character
	}
	for i < len(buf) && !d.ends[buf[i]] {
		i++
	}
	return i
}

// refill gets more of a cell that begins at from; false at the end of the file. A cell that is far too long already is
// not waited for, whatever it is to become: a character has four bytes at most, or is two quotation marks.
func (d *delimited) refill(from int) (bool, error) {
	if d.pos-d.keep-from > utf8.UTFMax*d.limits.CellChars+2 {
		return false, d.limits.cellError(d.place())
	}
	switch err := d.more(); {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

// end takes a cell and goes behind what ends it; last is true for a line end and for the end of the file.
func (d *delimited) end(s span) (last bool, err error) {
	if len(d.spans) == maxFields {
		return false, d.limits.columnsError("line " + grouped(int64(d.row.Number)))
	}
	d.spans = append(d.spans, s)
	if d.pos == len(d.buf) {
		return true, nil
	}
	c := d.buf[d.pos]
	d.pos++
	if c == d.separator {
		return false, nil
	}
	d.line++
	d.afterCR = c == '\r'
	return true, nil
}

// quoted takes a cell that stands in quotation marks.
func (d *delimited) quoted() (last bool, err error) {
	d.pos++
	from, line := d.pos-d.keep, d.line
	doubled := false
	for {
		i := bytes.IndexByte(d.buf[d.pos:], '"')
		if i < 0 {
			d.pos = len(d.buf)
		} else {
			d.pos += i
		}
		if d.pos+1 >= len(d.buf) { // not found, or what follows is not known yet
			again, err := d.refill(from)
			if err != nil {
				return false, unclosed(err, line)
			}
			if again {
				continue
			}
			if i < 0 {
				return false, invalid("line %s: the quotation mark that opens here is never closed; "+
					"the file may be cut off", grouped(int64(line)))
			}
		}
		to := d.pos - d.keep
		d.pos++
		switch {
		case d.pos == len(d.buf) || d.ends[d.buf[d.pos]]:
			d.countLines(d.buf[d.keep+from : d.keep+to])
			return d.end(span{from, d.unquote(from, to, doubled)})
		case d.buf[d.pos] == '"':
			doubled = true
			d.pos++
		default:
			return false, invalid("%s: a quotation mark inside a quoted cell has to be doubled",
				d.place())
		}
	}
}

// unclosed says what the usual reason for a very long quoted cell is.
func unclosed(err error, line int) error {
	var tooLarge *job.Error
	if errors.As(err, &tooLarge) && tooLarge.Code == job.CodeTooLarge {
		return job.Errorf(job.CodeTooLarge, "%s; perhaps the quotation mark that opens in line %s is never closed",
			tooLarge.Message, grouped(int64(line)))
	}
	return err
}

func (d *delimited) countLines(cell []byte) {
	d.line += bytes.Count(cell, []byte("\n"))
	if cr := bytes.Count(cell, []byte("\r")); cr > 0 {
		d.line += cr - bytes.Count(cell, []byte("\r\n"))
	}
}

// unquote undoubles quotation marks and makes CRLF LF, in place, and returns where the cell now ends.
func (d *delimited) unquote(from, to int, doubled bool) int {
	cell := d.buf[d.keep+from : d.keep+to]
	if !doubled && bytes.IndexByte(cell, '\r') < 0 {
		return to
	}
	n := 0
	for i := 0; i < len(cell); i++ {
		c := cell[i]
		switch {
		case c == '"':
			i++ // it is doubled
		case c == '\r' && i+1 < len(cell) && cell[i+1] == '\n':
			continue
		}
		cell[n] = c
		n++
	}
	return from + n
}

// fill makes the row's cells, of which trailing empty ones are left out.
func (d *delimited) fill() error {
	spans := d.spans
	for len(spans) > 0 && spans[len(spans)-1].from == spans[len(spans)-1].to {
		spans = spans[:len(spans)-1]
	}
	if len(spans) > d.limits.Columns {
		return d.limits.columnsError("line " + grouped(int64(d.row.Number)))
	}
	if cap(d.row.Cells) < len(spans) {
		d.row.Cells = make([]Cell, len(spans), min(2*len(spans), d.limits.Columns))
	}
	d.row.Cells = d.row.Cells[:len(spans)]
	record := d.buf[d.keep:]
	for i, s := range spans {
		cell := &d.row.Cells[i]
		cell.Text = record[s.from:s.to:s.to]
		cell.Kind = Text
		if s.from == s.to {
			cell.Kind = Empty
		}
		if s.to-s.from > d.limits.CellChars && utf8.RuneCount(cell.Text) > d.limits.CellChars {
			d.spans = d.spans[:i]
			return d.limits.cellError(d.place())
		}
	}
	return nil
}

// place is where the cell behind the last one taken stands.
func (d *delimited) place() string {
	return "line " + grouped(int64(d.row.Number)) + ", column " + grouped(int64(len(d.spans)+1))
}
