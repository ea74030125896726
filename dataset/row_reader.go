package dataset

import (
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// RowReader checks the rows of an upload and makes values of their cells. It remembers what it has read, so it
// serves one goroutine.
type RowReader struct {
	fields []*fieldReader
	places []place
	oneOf  [][]int // fields, by index
	filled []bool  // by field: the row has something there, be it wrong
}

// place is where a field stands in an upload.
type place struct {
	index  int // of the column; -1 without one
	header string
}

// Reader makes a reader for an upload with these columns; times without a zone of their own are meant in zone. The
// kind must come from a [Registry].
func (k Rows) Reader(columns []job.UploadColumn, zone *time.Location) *RowReader {
	r := &RowReader{filled: make([]bool, len(k.Fields))}
	for _, f := range k.Fields {
		r.fields = append(r.fields, newFieldReader(f, zone))
		at := place{index: -1}
		for _, c := range columns {
			if c.Column == f.Name {
				at = place{index: c.Index, header: c.Header}
				break
			}
		}
		r.places = append(r.places, at)
	}
	for _, group := range k.OneOf {
		var fields []int
		for _, name := range group {
			fields = append(fields, k.field(name))
		}
		r.oneOf = append(r.oneOf, fields)
	}
	return r
}

// Read returns the row's values in the order of the kind's fields, as [target.Row] has them, and what is wrong with the
// row: at most one error for a cell, and one for a group of cells of which exactly one must be filled. Nothing of what
// it returns is used again.
func (r *RowReader) Read(row *upload.Row) ([]any, []job.RowError) {
	values := make([]any, len(r.fields))
	var errs []job.RowError
	for i, f := range r.fields {
		cell := &noCell
		if at := r.places[i].index; at >= 0 && at < len(row.Cells) {
			cell = &row.Cells[at]
		}
		value, bad := f.read(cell)
		values[i] = value
		r.filled[i] = value != nil || bad.code != ""
		if !r.filled[i] && f.Required {
			bad.code = job.RowRequired
		}
		if bad.code != "" {
			errs = append(errs, r.error(i, bad, cell))
		}
	}
	for _, group := range r.oneOf {
		if at, wrong := r.oneOfFault(group); wrong {
			e := r.error(at, fault{job.RowOneOf, r.names(group)}, &noCell)
			errs = append(errs, e)
		}
	}
	return values, errs
}

// Locate fills in where the columns of errors are in the upload, for those that were not found by reading.
func (r *RowReader) Locate(errs []job.RowError) {
	for i := range errs {
		for field, f := range r.fields {
			if f.Name == errs[i].Column {
				errs[i].Header, errs[i].Index = r.places[field].header, r.places[field].index
			}
		}
	}
}

var noCell upload.Cell

func (r *RowReader) error(field int, bad fault, cell *upload.Cell) job.RowError {
	return job.RowError{
		Column: r.fields[field].Name, Header: r.places[field].header, Index: r.places[field].index,
		Code: bad.code, Value: shown(cell), Limit: bad.limit,
	}
}

// oneOfFault tells whether not exactly one field of a group is filled, and where to say so: at the second that is
// filled, else at the first that the upload has a column for.
func (r *RowReader) oneOfFault(group []int) (at int, wrong bool) {
	n := 0
	for _, field := range group {
		if r.filled[field] {
			if n++; n == 2 {
				return field, true
			}
		}
	}
	for _, field := range group {
		if r.places[field].index >= 0 {
			return field, n == 0
		}
	}
	return group[0], n == 0
}

func (r *RowReader) names(group []int) string {
	var names []string
	for _, field := range group {
		names = append(names, r.fields[field].Name)
	}
	return strings.Join(names, ", ")
}

// shown is what a person sees in a cell, cut to [job.MaxErrorValue] characters.
func shown(c *upload.Cell) string {
	text := string(c.Text)
	switch c.Kind {
	case upload.Empty:
		return ""
	case upload.Moment:
		text = momentText(c)
	case upload.Flag:
		text = strings.ToUpper(text)
	}
	return cut(strings.ToValidUTF8(trim(text), "\uFFFD"), job.MaxErrorValue)
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	runes := 0
	for i := range s {
		if runes++; runes > most {
			return s[:i]
		}
	}
	return s
}
