package dataset

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// Mapping says which field a header stands for, by header; an empty field leaves the header out.
type Mapping = map[string]string

// Intake reads the rows of an upload: those below the headers of each sheet that has them. A workbook may have
// other sheets (a guide, a list of codes): they are left out, by name.
type Intake struct {
	kind              Rows
	given, remembered Mapping
	zone              *time.Location

	file    *upload.File
	rows    *upload.Rows
	waiting []upload.Row // copies of rows that were read while looking for the headers
	row     *upload.Row
	ahead   *upload.Row // first row of the next sheet, if it has been met
	head    *SheetHead  // of the sheet that is being read
	first   error       // why the first sheet was left out
	heads   []SheetHead
	skipped []int
	example *job.RowRef
	sheet   int
	err     error
}

// SheetHead is the head of one sheet.
type SheetHead struct {
	Head
	Columns []job.UploadColumn
	reader  *RowReader
}

// Intake begins to read a file from its start. Dates are read in zone.
func (k Rows) Intake(ctx context.Context, f *upload.File, given, remembered Mapping, zone *time.Location) *Intake {
	return &Intake{kind: k, given: given, remembered: remembered, zone: zone, file: f, rows: f.Rows(ctx), sheet: -1}
}

// Next goes to the next row, and is false at the end or on an error.
func (in *Intake) Next() bool {
	for in.err == nil {
		if len(in.waiting) > 0 {
			in.row, in.waiting = &in.waiting[0], in.waiting[1:]
			return true
		}
		row := in.ahead
		in.ahead = nil
		if row == nil {
			if !in.rows.Next() {
				in.end()
				return false
			}
			row = in.rows.Row()
		}
		if row.Sheet != in.sheet {
			in.open(row)
			continue
		}
		if in.head != nil {
			in.row = row
			return true
		}
	}
	return false
}

// open looks for the headers of the sheet that begins with row.
func (in *Intake) open(row *upload.Row) {
	in.sheet, in.head = row.Sheet, nil
	begin := []upload.Row{row.Clone()}
	for len(begin) < maxHeadRows && in.rows.Next() {
		next := in.rows.Row().Clone()
		if next.Sheet != in.sheet {
			in.ahead = &next
			break
		}
		begin = append(begin, next)
	}
	if in.err = in.rows.Err(); in.err != nil {
		return
	}
	texts := make([]HeadRow, len(begin))
	for i := range begin {
		texts[i] = HeadRow{Sheet: begin[i].Sheet, Row: begin[i].Number, Cells: textsOf(&begin[i])}
	}
	head, err := in.kind.FindHead(texts)
	var match Matching
	if err == nil {
		match, err = in.kind.Match(head, in.givenFor(head), in.remembered)
	}
	if err == nil {
		err = match.Err()
	}
	if err != nil {
		in.skipped = append(in.skipped, in.sheet)
		if in.first == nil {
			in.first = err
		}
		return
	}
	in.heads = append(in.heads, SheetHead{Head: head, Columns: match.Columns, reader: in.kind.Reader(match.Columns, in.zone)})
	in.head = &in.heads[len(in.heads)-1]
	below := slices.IndexFunc(begin, func(r upload.Row) bool { return r.Number > head.Row })
	if below < 0 {
		return
	}
	in.waiting = begin[below:]
	if first := &in.waiting[0]; in.example == nil && in.isExample(first) {
		ref := in.Ref(first.Sheet, first.Number)
		in.example, in.waiting = &ref, in.waiting[1:]
	}
}

// givenFor is what the request says about the headers of a sheet. All that it says must be true of the first sheet that is
// read; it does not have to be of the others, whose rows shall not be lost for want of a column that nobody needs.
func (in *Intake) givenFor(head Head) Mapping {
	if len(in.heads) == 0 {
		return in.given
	}
	there := map[string]bool{}
	for _, header := range head.Headers {
		there[NormalHeader(header)] = true
	}
	given := maps.Clone(in.given)
	maps.DeleteFunc(given, func(header, _ string) bool { return !there[NormalHeader(header)] })
	return given
}

// isExample tells whether a row is the one that stands in the kind's template to show how it is filled in. Who forgets
// to remove it does not want it saved.
func (in *Intake) isExample(row *upload.Row) bool {
	example := upload.Row{Cells: make([]upload.Cell, len(in.head.Columns))}
	for i, c := range in.head.Columns {
		if f := in.kind.field(c.Column); f >= 0 && in.kind.Fields[f].Example != "" {
			example.Cells[i] = upload.Cell{Kind: upload.Text, Text: []byte(in.kind.Fields[f].Example)}
		}
	}
	want, wrong := in.head.reader.Read(&example)
	got, _ := in.head.reader.Read(row)
	return len(wrong) == 0 && reflect.DeepEqual(got, want)
}

func (in *Intake) end() {
	if in.err = in.rows.Err(); in.err == nil && len(in.heads) == 0 {
		in.err = in.first
		if in.err == nil {
			in.err = job.Errorf(job.CodeInvalid, "the file is empty")
		}
	}
}

// Row is the row as it stands in the file, valid until Next.
func (in *Intake) Row() *upload.Row { return in.row }

// Read checks the row: its values by field, or what is wrong with it.
func (in *Intake) Read() ([]any, []job.RowError) { return in.head.reader.Read(in.row) }

// Locate fills in where the columns of errors, found by looking at other rows, are in the row's sheet.
func (in *Intake) Locate(errs []job.RowError) { in.head.reader.Locate(errs) }

// Head is the head of the sheet that the row is in.
func (in *Intake) Head() SheetHead { return *in.head }

// Heads are those of the sheets read so far.
func (in *Intake) Heads() []SheetHead { return in.heads }

// maxSkipped is how many sheets are named that were left out: more are a program's, and nobody reads on.
const maxSkipped = 20

// Skipped names the sheets left out so far, at most 20.
func (in *Intake) Skipped() []string {
	var names []string
	for _, i := range in.skipped[:min(len(in.skipped), maxSkipped)] {
		names = append(names, in.file.Sheets[i].Name)
	}
	return names
}

// Example is the row with the template's own example that was left out; nil without one.
func (in *Intake) Example() *job.RowRef { return in.example }

// Ref names a row for people: the sheet is left out where there is but one.
func (in *Intake) Ref(sheet, row int) job.RowRef {
	ref := job.RowRef{Row: row}
	if sheets := in.file.Sheets; len(sheets) > 1 {
		ref.Sheet = sheets[sheet].Name
	}
	return ref
}

// Err is why Next was false; nil at the end.
func (in *Intake) Err() error { return in.err }

// Close ends reading.
func (in *Intake) Close() error { return in.rows.Close() }

func textsOf(row *upload.Row) []string {
	texts := make([]string, len(row.Cells))
	for i := range row.Cells {
		c := &row.Cells[i]
		texts[i] = string(c.Text)
		if c.Kind == upload.Moment {
			texts[i] = momentText(c) // not the number that the file holds
		}
	}
	return texts
}

// IsReasonHeader tells whether a header is that of an error workbook's own column, in either language.
func IsReasonHeader(header string) bool { return isReason(header) }

// CountOf is the row's [Rows.Count]; 0 where the kind has none or the row is not counted.
func (k Rows) CountOf(values []any) int64 {
	i := k.field(k.Count)
	if i < 0 || i >= len(values) {
		return 0
	}
	n, _ := values[i].(int64)
	return n
}

// HeaderOf is the header of a field.
func (k Rows) HeaderOf(field, locale string) string {
	return k.Fields[k.field(field)].Header.In(locale)
}
