package dataset

import (
	"slices"

	"github.com/longhaul/longhaul/job"
)

// Head is the row of an upload that its headers stand in.
type Head struct {
	Sheet int // index of the sheet, from 0
	Row   int // row of the sheet, as given by [HeadRow]
	// Headers are by column, without space around them; a column without one has an empty header.
	Headers []string
	// Samples are by column: the first texts below the header, at most 3.
	Samples [][]string
}

// HeadRow is one of the first rows of an upload.
type HeadRow struct {
	Sheet, Row int
	Cells      []string
}

const (
	// maxHeadRows is how many rows of a sheet with something in them are looked at: what stands above a table is a title, a
	// date and a few remarks.
	maxHeadRows = 30
	maxSamples  = 3
)

// FindHead finds the headers among the first rows of an upload: the row that names the most fields, the first one of
// those that name as many. Rows with a single cell are titles and remarks, unless there are no others, and one field
// named among several other cells is chance, as in a guide that explains the columns. Where no row names a field it is
// the first one, so that a person can say what is what. The error is a [*job.Error]: there is no row.
func (k Rows) FindHead(rows []HeadRow) (Head, error) {
	rows = filledRows(rows)
	if len(rows) == 0 {
		return Head{}, job.Errorf(job.CodeInvalid, "the file has no rows")
	}
	single := !slices.ContainsFunc(rows, func(r HeadRow) bool { return filled(r) > 1 })
	dictionary := k.dictionary()
	best, most := -1, -1
	for i, row := range rows {
		if !single && filled(row) < 2 {
			continue
		}
		n := dictionary.count(row.Cells)
		if n == 1 && filled(row) > 2 {
			n = 0
		}
		if n > most {
			best, most = i, n
		}
	}
	return headOf(rows, best), nil
}

// filledRows returns the rows that are looked at.
func filledRows(rows []HeadRow) []HeadRow {
	var all []HeadRow
	ofSheet := map[int]int{}
	for _, r := range rows {
		if filled(r) > 0 && ofSheet[r.Sheet] < maxHeadRows {
			all = append(all, r)
			ofSheet[r.Sheet]++
		}
	}
	return all
}

// filled counts the cells with something in them.
func filled(r HeadRow) int {
	n := 0
	for _, cell := range r.Cells {
		if trim(cell) != "" {
			n++
		}
	}
	return n
}

func headOf(rows []HeadRow, at int) Head {
	row := rows[at]
	h := Head{Sheet: row.Sheet, Row: row.Row, Headers: make([]string, len(row.Cells))}
	for i, cell := range row.Cells {
		h.Headers[i] = trim(cell)
	}
	for len(h.Headers) > 0 && h.Headers[len(h.Headers)-1] == "" {
		h.Headers = h.Headers[:len(h.Headers)-1]
	}
	h.Samples = make([][]string, len(h.Headers))
	for _, below := range rows[at+1:] {
		if below.Sheet != row.Sheet {
			break
		}
		for i, cell := range below.Cells[:min(len(below.Cells), len(h.Headers))] {
			if text := trim(cell); text != "" && len(h.Samples[i]) < maxSamples {
				h.Samples[i] = append(h.Samples[i], text)
			}
		}
	}
	return h
}
