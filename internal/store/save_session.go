package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

const (
	// rowsPerSave is where a prepared statement of many rows is fastest on both engines.
	rowsPerSave = 500
	// keysPerRead keeps lists below the 1,000 from which on MariaDB makes a subquery of them.
	keysPerRead = 500
)

// saveSizes are the sizes of prepared statements: few, so that they can be kept, and such that the rest of a table
// takes a handful of them.
var saveSizes = []int{rowsPerSave, 100, 20, 5, 1}

// session runs prepared statements, in a transaction if it has one. They are prepared once a connection: the Store
// keeps them. A session is for one goroutine.
type session struct {
	s      *Store
	tx     *sql.Tx // nil: none
	own    map[string]*sql.Stmt
	missed []string
	// plain has records inserted, however many there are.
	plain bool
}

func (s *Store) session(tx *sql.Tx) *session {
	return &session{s: s, tx: tx, own: make(map[string]*sql.Stmt)}
}

// inSession runs fn in one transaction, again from its beginning after a deadlock.
func (s *Store) inSession(ctx context.Context, fn func(*session) error) error {
	return retryDeadlock(func() error {
		end, err := s.write(ctx)
		if err != nil {
			return err
		}
		defer end()
		tx, err := s.typed.BeginTx(ctx, s.engine.chunkOptions())
		if err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after Commit
		q := s.session(tx)
		if err := fn(q); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		q.keep(ctx)
		return nil
	})
}

func (q *session) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := q.own[text]; stmt != nil {
		return stmt, nil
	}
	kept, ok := q.s.saves.statements.Load(text)
	var stmt *sql.Stmt
	var err error
	switch {
	case ok && q.tx == nil:
		stmt = kept.(*sql.Stmt)
	case ok:
		stmt = q.tx.StmtContext(ctx, kept.(*sql.Stmt))
	case q.tx == nil:
		stmt, err = q.s.keepStatement(ctx, text)
	default:
		// Not by the pool: it would take a second connection while this transaction holds one, and as many
		// transactions as the pool has connections would wait for each other.
		stmt, err = q.tx.PrepareContext(ctx, text)
		q.missed = append(q.missed, text)
	}
	if err != nil {
		return nil, err
	}
	q.own[text] = stmt
	return stmt, nil
}

// keep has the Store keep the statements that it did not have. It comes after the transaction.
func (q *session) keep(ctx context.Context) {
	for _, text := range q.missed {
		if _, err := q.s.keepStatement(ctx, text); err != nil { //nolint:sqlclosecheck // the Store keeps it
			return // the next session finds them missing again
		}
	}
}

func (s *Store) keepStatement(ctx context.Context, text string) (*sql.Stmt, error) {
	stmt, err := s.typed.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if kept, ok := s.saves.statements.LoadOrStore(text, stmt); ok {
		return kept.(*sql.Stmt), stmt.Close() //nolint:sqlclosecheck // the other one is kept
	}
	return stmt, nil
}

func (q *session) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := q.prepare(ctx, text) //nolint:sqlclosecheck // the Store keeps it, or it ends with the transaction
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (q *session) exec(ctx context.Context, text string, args ...any) error {
	stmt, err := q.prepare(ctx, text) //nolint:sqlclosecheck // the Store keeps it, or it ends with the transaction
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx, args...)
	return err
}

// reading reads records of one table by the values of one column.
type reading struct {
	table   *savedTable
	columns []int  // to read, see [savedTable]; the others of a record are nil
	by      int    // the column
	hint    string // see [Store.indexHint]
	order   []string
	lock    string
}

// text is the query for a list of n values.
func (r *reading) text(n int) string {
	names := make([]string, len(r.columns))
	for i, at := range r.columns {
		names[i] = r.table.names[at]
	}
	return "SELECT " + quoteAll(names) + " FROM " + quote(r.table.name) + r.hint +
		" WHERE seller_id = ? AND " + quote(r.table.names[r.by]) + " IN (?" + strings.Repeat(",?", n-1) + ")" +
		" ORDER BY " + quoteAll(r.order) + r.lock
}

// read gives fn each record, in key order, which is also the order in which they are locked. It sorts values.
func (q *session) read(ctx context.Context, r *reading, tenant any, values []any, fn func(record []any)) error {
	slices.SortFunc(values, compareValues)
	for len(values) > 0 {
		n := min(len(values), keysPerRead)
		if err := q.readSome(ctx, r, tenant, values[:n], fn); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

func (q *session) readSome(ctx context.Context, r *reading, tenant any, values []any, fn func(record []any)) error {
	size := listSize(len(values))
	args := make([]any, 1, size+1)
	args[0] = tenant
	args = append(args, values...)
	for len(args) <= size { // a value that comes again changes nothing
		args = append(args, values[len(values)-1])
	}
	rows, err := q.query(ctx, r.text(size), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	cells := make([]cell, len(r.columns))
	dest := make([]any, len(r.columns))
	for i, at := range r.columns {
		cells[i].kind = r.table.columns[at].kind
		dest[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		record := make([]any, len(r.table.columns))
		for i, at := range r.columns {
			record[at] = cells[i].value
		}
		fn(record)
	}
	return rows.Err()
}

// listSize is the length of the list that n values are written in.
func listSize(n int) int {
	size := keysPerRead
	for _, s := range saveSizes {
		if s >= n {
			size = s
		}
	}
	return size
}

// attempt runs work that may be refused, and undoes it where it is.
func (q *session) attempt(ctx context.Context, work func() error) (refusal, error) {
	if err := q.savepoint(ctx, "SAVEPOINT"); err != nil {
		return "", err
	}
	err := work()
	if err == nil {
		return "", q.savepoint(ctx, "RELEASE SAVEPOINT")
	}
	why := q.s.engine.refusal(err)
	if found, ok := errors.AsType[refusedError](err); ok {
		why = refusal(found)
	}
	if why == "" {
		return "", err
	}
	if err := q.savepoint(ctx, "ROLLBACK TO SAVEPOINT"); err != nil {
		return "", err
	}
	return why, q.savepoint(ctx, "RELEASE SAVEPOINT")
}

func (q *session) savepoint(ctx context.Context, do string) error {
	_, err := q.tx.ExecContext(ctx, do+" saved_rows")
	return err
}

// write runs a statement of many rows for all of them, in pieces. Its text is head, a list of placeholders a row,
// and tail; values gives the arguments of a row.
func (q *session) write(ctx context.Context, head string, width int, tail string, rows int, values func(args []any, row int) []any) error {
	one := "(?" + strings.Repeat(",?", width-1) + ")"
	args := make([]any, 0, min(rows, rowsPerSave)*width)
	for row := 0; row < rows; {
		size := 1
		for _, n := range saveSizes {
			if n <= rows-row && n*width <= q.s.engine.placeholders() {
				size = n
				break
			}
		}
		args = args[:0]
		for range size {
			args = values(args, row)
			row++
		}
		if err := q.exec(ctx, head+one+strings.Repeat(","+one, size-1)+tail, args...); err != nil {
			return err
		}
	}
	return nil
}

// insert creates records. Their ids are the server's.
func (q *session) insert(ctx context.Context, t *savedTable, rows int, record func(row int) []any) error {
	if !q.plain && q.s.engine.loads() && q.s.saves.loads.wants(rows) {
		if done, err := q.load(ctx, t, rows, record); done || err != nil {
			return err
		}
	}
	head := "INSERT INTO " + quote(t.name) + " (" + quoteAll(t.names[1:]) + ") VALUES "
	return q.write(ctx, head, len(t.names)-1, "", rows, func(args []any, row int) []any {
		return append(args, record(row)[1:]...)
	})
}

// update writes some columns of records that are there, which are given whole: in one statement for many rows, no
// other statement takes other values for each.
func (q *session) update(ctx context.Context, t *savedTable, columns []string, rows int, record func(row int) []any) error {
	head := "INSERT INTO " + quote(t.name) + " (" + quoteAll(t.names) + ") VALUES "
	return q.write(ctx, head, len(t.names), q.s.engine.upsert([]string{"id"}, columns), rows, func(args []any, row int) []any {
		return append(args, record(row)...)
	})
}
