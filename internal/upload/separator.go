package upload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// separators are those that are looked for, the likelier first.
const separators = ",\t;|"

// detectSeparator finds what stands between the cells of a text. hinted tells that the first line says so, as Excel
// understands it, and is no record.
func detectSeparator(sample []byte, whole bool, name string) (separator byte, hinted bool) {
	if c, ok := separatorHint(sample); ok {
		return c, true
	}
	var votes []vote
	for _, c := range []byte(separators) {
		if v := poll(sample, whole, c); v.fields > 1 {
			votes = append(votes, v)
		}
	}
	tabs := extension(name) == ".tsv" || extension(name) == ".tab"
	if len(votes) == 0 { // one column
		if tabs {
			return '\t', false
		}
		return ',', false
	}
	best := slices.MaxFunc(votes, func(a, b vote) int { return a.compare(b, tabs) })
	if tabs && best.first > 0 { // a column of texts with commas in them
		return '\t', false
	}
	return best.separator, false
}

// separatorHint reads sep=; in the first line.
func separatorHint(sample []byte) (byte, bool) {
	line := sample
	if i := bytes.IndexAny(sample, "\r\n"); i >= 0 {
		line = sample[:i]
	}
	if len(line) != 5 || !bytes.EqualFold(line[:4], []byte("sep=")) {
		return 0, false
	}
	c := line[4]
	return c, strings.IndexByte(separators+":^~!#", c) >= 0
}

// vote is how a sample looks with a separator.
type vote struct {
	separator byte
	fields    int  // of most records
	agreeing  int  // how many have as many
	records   int  // of all
	first     int  // the first of those that agree and whose next does: a title above does not count
	failed    bool // quotation marks make no sense with it
}

// poll reads the sample with one separator.
func poll(sample []byte, whole bool, separator byte) vote {
	v := vote{separator: separator}
	in := newBlocks(context.Background(), bytes.NewReader(sample), 0, int64(len(sample)), len(sample))
	defer in.close()
	d := newDelimited(newText(in, utf8Text), separator, false, Limits{}.withDefaults())
	var counts []int
	for len(counts) < sampleRecords {
		_, err := d.next()
		// The last record of a sample may be a piece of one, and its quotation marks unclosed for that reason.
		atEnd := d.pos == len(d.buf) && !whole
		if err != nil {
			v.failed = !errors.Is(err, io.EOF) && job.CodeOf(err) == job.CodeInvalid && !atEnd
			break
		}
		if atEnd && len(counts) > 0 {
			break
		}
		counts = append(counts, len(d.spans))
	}
	v.count(counts)
	return v
}

// count takes the number of cells of each record.
func (v *vote) count(counts []int) {
	v.records = len(counts)
	for _, n := range counts {
		agreeing := 0
		for _, m := range counts {
			if m == n {
				agreeing++
			}
		}
		// Of counts as frequent the one with more cells: titles and blank rows have few.
		if agreeing > v.agreeing || (agreeing == v.agreeing && n > v.fields) {
			v.fields, v.agreeing = n, agreeing
		}
	}
	v.first = slices.Index(counts, v.fields)
	for i := 1; i < len(counts); i++ {
		if counts[i-1] == v.fields && counts[i] == v.fields {
			v.first = i - 1
			break
		}
	}
}

// compare tells which of two separators is the likelier. Shares are not compared but by halves, as rows may vary. What
// decides is who comes first, for that is the header: in "price;pieces" over lines like "1,50;2,00" the comma divides
// all lines into more cells, but not that one.
func (v vote) compare(o vote, tabs bool) int {
	for _, c := range []int{
		prefer(!v.failed, !o.failed),
		prefer(2*v.agreeing >= v.records, 2*o.agreeing >= o.records),
		prefer(tabs && v.separator == '\t', tabs && o.separator == '\t'),
		o.first - v.first,
		v.agreeing - o.agreeing,
		v.fields - o.fields,
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

func prefer(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
