package dataset

import (
	"context"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// peekRows bounds how far a peek reads on when the first sheet does not have the headers.
const peekRows = 5_000

// Peek looks at the beginning of a file: where its headers are and what they are taken for. What is missing is no
// error here; a person may map the headers. The first sheet that has all that is needed counts, else the one with the most
// known columns, so that nobody is asked to map those of a guide.
func (k Rows) Peek(ctx context.Context, f *upload.File, remembered Mapping) (Head, Matching, error) {
	rows := f.Rows(ctx)
	defer rows.Close()
	p := peek{kind: k, remembered: remembered, sheet: -1}
	for read := 0; read < peekRows && !p.complete && rows.Next(); read++ {
		if err := p.add(rows.Row()); err != nil {
			return Head{}, Matching{}, err
		}
	}
	if err := rows.Err(); err != nil {
		return Head{}, Matching{}, err
	}
	if err := p.look(); err != nil {
		return Head{}, Matching{}, err
	}
	if !p.found {
		return Head{}, Matching{}, job.Errorf(job.CodeInvalid, "the file has no row that could be its headers")
	}
	return p.head, p.match, nil
}

// peek gathers the first rows of one sheet after the other.
type peek struct {
	kind       Rows
	remembered Mapping

	sheet  int
	begin  []HeadRow
	looked bool // at this sheet

	head            Head
	match           Matching
	known           int // columns of match that are
	found, complete bool
}

func (p *peek) add(row *upload.Row) error {
	if row.Sheet != p.sheet {
		if err := p.look(); err != nil || p.complete {
			return err
		}
		p.sheet, p.begin, p.looked = row.Sheet, nil, false
	}
	if p.looked {
		return nil
	}
	p.begin = append(p.begin, HeadRow{Sheet: row.Sheet, Row: row.Number, Cells: textsOf(row)})
	if len(p.begin) < maxHeadRows {
		return nil
	}
	return p.look()
}

// look finds the headers among the rows gathered.
func (p *peek) look() error {
	if p.looked || len(p.begin) == 0 {
		return nil
	}
	p.looked = true
	head, err := p.kind.FindHead(p.begin)
	if err != nil {
		return nil //nolint:nilerr // this sheet has no headers; another one may
	}
	match, err := p.kind.Match(head, nil, p.remembered)
	if err != nil {
		return err
	}
	known := 0
	for _, c := range match.Columns {
		if c.Column != "" {
			known++
		}
	}
	if whole := len(match.Missing) == 0; !p.found || whole || known > p.known {
		p.head, p.match, p.known, p.found, p.complete = head, match, known, true, whole
	}
	return nil
}
