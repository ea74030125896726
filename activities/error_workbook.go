package activities

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// Widths of the error workbook's columns, in characters: the upload's own are not known for texts.
const (
	columnWidth = 16
	reasonWidth = 60
)

// copyRows copies the refused rows, as they stand in the upload, with the reasons behind them.
func (a *account) copyRows(ctx context.Context, w io.Writer, files [][]string) (rows int64, sheets int, err error) {
	c := copying{account: a, sheet: -1}
	defer c.close()
	c.out = sheet.NewMarked(w, sheet.MarkedOptions{Properties: c.properties(), Modified: a.now().UTC()})
	for fault, err := range a.merged(ctx, files) {
		if err != nil {
			return 0, 0, err
		}
		a.next(fault)
		if err := c.copy(ctx, fault); err != nil {
			return 0, 0, err
		}
	}
	rows, err = c.out.Close()
	return rows, c.sheets, err
}

// copying is the upload and the workbook side by side.
type copying struct {
	*account
	intake *dataset.Intake // nil until a row is wanted whose cells have not been kept
	file   io.Closer
	out    *sheet.Marked
	sheet  int    // of the upload
	sheets int    // of the workbook
	own    []bool // by column of the upload: it is one of reasons, which is not copied
	count  int    // the upload's column of the kind's count; -1 without one
	counts bool   // the kind has a count and the upload no column of it: the workbook adds one
}

// properties link the workbook to this job, so that the mended one is known as its child.
func (c *copying) properties() map[string]string {
	if c.in.Stage == contract.StageUndo {
		return nil
	}
	return map[string]string{upload.ParentProperty: c.in.JobID}
}

func (c *copying) copy(ctx context.Context, f dataset.RowFault) error {
	if len(f.Cells) == 0 {
		var err error
		if f.Cells, err = c.find(ctx, f); err != nil {
			return err
		}
	}
	if f.Sheet != c.sheet {
		if err := c.begin(f.Sheet); err != nil {
			return err
		}
	}
	return c.out.Row(c.cells(f))
}

// find reads the upload on to a row.
func (c *copying) find(ctx context.Context, f dataset.RowFault) ([]upload.Cell, error) {
	if c.intake == nil {
		if err := c.open(ctx); err != nil {
			return nil, err
		}
	}
	for c.intake.Next() {
		row := c.intake.Row()
		at := dataset.RowFault{Sheet: row.Sheet, Row: row.Number}
		if before(at, f) {
			continue
		}
		if before(f, at) {
			break
		}
		return row.Cells, nil
	}
	if err := c.intake.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("row %d of sheet %d is not in the upload any more", f.Row, f.Sheet)
}

func (c *copying) open(ctx context.Context) error {
	zone, err := c.plan.zone()
	if err != nil {
		return err
	}
	file, closer, err := c.account.open(ctx, c.plan.File)
	if err != nil {
		return err
	}
	c.file = closer
	c.intake = c.kind.Intake(ctx, file, c.plan.Request.Mapping, c.plan.Remembered, zone)
	return nil
}

func (c *copying) close() {
	if c.intake != nil {
		c.intake.Close()
		c.file.Close()
	}
}

// begin begins a sheet with the upload's own headers.
func (c *copying) begin(number int) error {
	columns := c.plan.columns(number)
	if columns == nil {
		columns = c.intake.Head().Columns // the plan of an undo has none: the upload is read
	}
	c.sheet, c.own = number, nil
	c.sheets++
	var cells []sheet.MarkedCell
	var widths []float64
	column := func(header string, width float64) {
		cells, widths = append(cells, sheet.MarkedCell{Kind: sheet.MarkedText, Text: header}), append(widths, width)
	}
	for _, u := range columns {
		c.own = append(c.own, dataset.IsReasonHeader(u.Header))
		if !dataset.IsReasonHeader(u.Header) {
			column(u.Header, columnWidth)
		}
	}
	c.count = slices.IndexFunc(columns, func(u job.UploadColumn) bool {
		return u.Column != "" && u.Column == c.kind.Count
	})
	if c.counts = c.kind.Count != "" && c.count < 0; c.counts {
		column(c.kind.HeaderOf(c.kind.Count, c.plan.Request.Locale), columnWidth)
	}
	column(dataset.ReasonHeader(c.plan.Request.Locale), reasonWidth)
	name := c.kind.Title.In(c.plan.Request.Locale) // for the nameless one of a text
	if sheets := c.plan.File.Sheets; number < len(sheets) && sheets[number] != "" {
		name = sheets[number]
	}
	return c.out.Sheet(name, cells, widths)
}

// cells are those of a refused row: its own, its count, and why. What stands beyond the headers comes last, so that the
// others are below theirs.
func (c *copying) cells(f dataset.RowFault) []sheet.MarkedCell {
	var cells []sheet.MarkedCell
	for i, own := range c.own {
		if own {
			continue
		}
		var cell sheet.MarkedCell
		if i < len(f.Cells) {
			cell = marked(&f.Cells[i])
		}
		if i == c.count && cell.Kind == sheet.MarkedBlank {
			cell = counted(f)
		}
		cell.Marked = slices.ContainsFunc(f.Errors, func(e job.RowError) bool { return e.Index == i })
		cells = append(cells, cell)
	}
	if c.counts {
		cells = append(cells, counted(f))
	}
	reasons := make([]string, len(f.Errors))
	for i, e := range f.Errors {
		reasons[i] = c.kind.Message(e, c.plan.Request.Locale)
	}
	cells = append(cells, sheet.MarkedCell{Kind: sheet.MarkedText, Text: strings.Join(reasons, "\n"), Reason: true})
	for i := len(c.own); i < len(f.Cells); i++ {
		cells = append(cells, marked(&f.Cells[i]))
	}
	return cells
}

// counted is the number that a row was given, see [dataset.RowFault].
func counted(f dataset.RowFault) sheet.MarkedCell {
	if f.Count == 0 {
		return sheet.MarkedCell{}
	}
	return sheet.MarkedCell{Kind: sheet.MarkedNumber, Text: strconv.FormatInt(f.Count, 10)}
}

// marked is a cell as it stands in the upload.
func marked(c *upload.Cell) sheet.MarkedCell {
	out := sheet.MarkedCell{Text: string(c.Text), Time: c.Time}
	switch c.Kind {
	case upload.Empty:
		return sheet.MarkedCell{}
	case upload.Number:
		out.Kind = sheet.MarkedNumber
	case upload.Flag:
		out.Kind = sheet.MarkedFlag
	case upload.Moment:
		switch {
		case c.HasDate && c.HasTime:
			out.Kind = sheet.MarkedDateTime
		case c.HasTime:
			out.Kind = sheet.MarkedTimeOfDay
		default:
			out.Kind = sheet.MarkedDate
		}
	default:
		out.Kind = sheet.MarkedText
	}
	return out
}

// merged goes through the refused rows of all files in the order of the upload; a row that several files name comes once,
// with all of its errors.
func (a *account) merged(ctx context.Context, files [][]string) iter.Seq2[dataset.RowFault, error] {
	return func(yield func(dataset.RowFault, error) bool) {
		var heads []*series
		for _, keys := range files {
			s := a.series(ctx, keys)
			defer s.stop()
			if s.advance(); s.err != nil {
				yield(dataset.RowFault{}, s.err)
				return
			}
			heads = append(heads, s)
		}
		for {
			var first *series
			for _, s := range heads {
				if s.ok && (first == nil || before(s.head, first.head)) {
					first = s
				}
			}
			if first == nil {
				return
			}
			fault := first.head
			for _, s := range heads {
				for s.ok && s.head.Sheet == fault.Sheet && s.head.Row == fault.Row {
					if s != first {
						fault.Errors = append(fault.Errors, s.head.Errors...)
					}
					if s.advance(); s.err != nil {
						yield(dataset.RowFault{}, s.err)
						return
					}
				}
			}
			if !yield(fault, nil) {
				return
			}
		}
	}
}

func before(a, b dataset.RowFault) bool {
	if a.Sheet != b.Sheet {
		return a.Sheet < b.Sheet
	}
	return a.Row < b.Row
}

// series is one list of refused rows, read file by file.
type series struct {
	next func() (dataset.RowFault, error, bool)
	stop func()
	head dataset.RowFault
	ok   bool
	err  error
}

func (s *series) advance() {
	var err error
	s.head, err, s.ok = s.next()
	if err != nil {
		s.err, s.ok = err, false
	}
}

func (a *account) series(ctx context.Context, keys []string) *series {
	s := &series{}
	s.next, s.stop = iter.Pull2(func(yield func(dataset.RowFault, error) bool) {
		err := a.eachFault(ctx, keys, func(f dataset.RowFault) error {
			if !yield(f, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough { //nolint:errorlint // its own
			yield(dataset.RowFault{}, err)
		}
	})
	return s
}
