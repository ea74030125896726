package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

// timeText is how a time's cell reads in a stream, on both engines.
const timeText = "2006-01-02 15:04:05.000000"

// Stream runs a query and gives fn each row as text, one cell a column, in the order of the query. It is the
// way exports read: one cursor, nothing kept, no types.
//
// A cell is nil for NULL and empty for empty text; a number is its decimal digits, money has 4 places, a time
// is in UTC as 2006-01-02 15:04:05.000000. (An expression over times has no type on SQLite: select the column
// itself.) The cells are valid until fn returns. An error of fn ends the stream and is returned as it is.
// Times among args may be of any zone.
func (s *Store) Stream(ctx context.Context, query string, args []any, fn func(cells [][]byte) error) error {
	rows, err := s.stream.QueryContext(ctx, query, instants(args)...)
	if err != nil {
		return fail("run query", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fail("read columns", err)
	}
	scanner := s.engine.scan(len(columns))
	for n := 0; rows.Next(); n++ {
		cells, err := scanner.scan(rows)
		if err != nil {
			return fail(fmt.Sprintf("read row %d", n), err)
		}
		if err := fn(cells); err != nil {
			return err
		}
	}
	return fail("read rows", rows.Err())
}

// instants are args with their times as they are stored, so that both engines compare alike.
func instants(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case time.Time:
			out[i] = instant(v)
		case *time.Time:
			if v != nil {
				out[i] = instant(*v)
			}
		default:
			out[i] = arg
		}
	}
	return out
}

// rowScanner reads the row a cursor stands on. What it returns is valid until its next call.
type rowScanner interface {
	scan(rows *sql.Rows) ([][]byte, error)
}

// rawScanner hands out the bytes as they lie in the driver's buffer.
type rawScanner struct {
	raw   []sql.RawBytes
	dest  []any
	cells [][]byte
}

func newRawScanner(columns int) *rawScanner {
	s := &rawScanner{make([]sql.RawBytes, columns), make([]any, columns), make([][]byte, columns)}
	for i := range s.raw {
		s.dest[i] = &s.raw[i]
	}
	return s
}

func (s *rawScanner) scan(rows *sql.Rows) ([][]byte, error) {
	if err := rows.Scan(s.dest...); err != nil {
		return nil, err
	}
	for i, raw := range s.raw {
		s.cells[i] = raw
	}
	return s.cells, nil
}

// anyScanner writes typed values as MySQL sends them. sql.RawBytes would not do on SQLite: database/sql makes
// nil of an empty string there, and prints times in another form.
type anyScanner struct {
	values []any
	dest   []any
	cells  [][]byte
	buf    []byte
}

func newAnyScanner(columns int) *anyScanner {
	s := &anyScanner{make([]any, columns), make([]any, columns), make([][]byte, columns), make([]byte, 0, 4<<10)}
	for i := range s.values {
		s.dest[i] = &s.values[i]
	}
	return s
}

func (s *anyScanner) scan(rows *sql.Rows) ([][]byte, error) {
	if err := rows.Scan(s.dest...); err != nil {
		return nil, err
	}
	s.buf = s.buf[:0]
	for i, value := range s.values {
		if value == nil {
			s.cells[i] = nil
			continue
		}
		from := len(s.buf)
		s.buf = appendText(s.buf, value)
		s.cells[i] = s.buf[from:len(s.buf):len(s.buf)] // stays valid when buf grows and moves
	}
	return s.cells, nil
}

func appendText(buf []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return append(buf, v...)
	case []byte:
		return append(buf, v...)
	case int64:
		return strconv.AppendInt(buf, v, 10)
	case float64:
		return strconv.AppendFloat(buf, v, 'f', -1, 64)
	case time.Time:
		return v.AppendFormat(buf, timeText)
	}
	return fmt.Append(buf, value)
}
