package upload

import (
	"context"
	"fmt"
	"io"
)

// ctxRows is how many rows go by between two looks at the context: a millisecond or so.
const ctxRows = 1_024

// Rows reads rows one by one. It is for one goroutine.
//
//	rows := file.Rows(ctx)
//	defer rows.Close()
//	for rows.Next() { use(rows.Row()) }
//	if err := rows.Err(); err != nil { … }
type Rows struct {
	ctx    context.Context
	sheets []Sheet
	limit  Limits
	src    source

	row    *Row
	n      int64 // rows so far, the header of JSON aside
	err    error
	closed bool
}

// Next goes to the next row with something in it. It is false at the end and on an error, which Err tells; then the
// rows are closed.
func (r *Rows) Next() bool {
	if r.closed {
		return false
	}
	row, err := r.advance()
	if err != nil {
		if err != io.EOF { //nolint:errorlint // a wrapped one is a failure, and not the end
			r.err = err
		}
		r.row = nil
		_ = r.Close() // there is a reason already
		return false
	}
	r.row = row
	return true
}

func (r *Rows) advance() (*Row, error) {
	if r.n%ctxRows == 0 && r.ctx.Err() != nil {
		return nil, context.Cause(r.ctx)
	}
	row, err := r.src.next()
	if err != nil {
		return nil, err
	}
	if row.Number > 0 {
		r.n++
	}
	if r.n > r.limit.Rows {
		return nil, r.limit.rowsError(r.place(row))
	}
	return row, nil
}

func (r *Rows) place(row *Row) string {
	place := "row " + grouped(int64(row.Number))
	if name := r.sheets[row.Sheet].Name; name != "" {
		place = "sheet " + name + ", " + place
	}
	return place
}

// Row is the current row, valid until Next is called.
func (r *Rows) Row() *Row { return r.row }

// Err tells why Next was false; nil at the end of the file. A [*job.Error] is about the file.
func (r *Rows) Err() error { return r.err }

// Close ends reading; nothing reads the file any more when it returns. It may be called twice.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if err := r.src.close(); err != nil {
		return fmt.Errorf("close upload: %w", err)
	}
	return nil
}
