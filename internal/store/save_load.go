package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// loadFrom is how many new records are loaded instead of inserted: fewer are a statement or two.
	loadFrom = 1000
	// loadAgain is how long a server that would not have records loaded is spared being asked. Its operators may allow it
	// meanwhile; and where a proxy has cut the connection instead of saying no, one attempt at a chunk is lost each time.
	loadAgain = 10 * time.Minute
	// loadAhead is how much text of records is made at once.
	loadAhead = 16 << 10
	// loadTime is how a time is written, without a fraction that is zero.
	loadTime = "2006-01-02 15:04:05.999999"
)

// loaders decides whether new records are loaded. The zero value loads them.
type loaders struct {
	from atomic.Int64 // how many; 0 means loadFrom
	not  atomic.Int64 // until this Unix time
}

func (l *loaders) wants(rows int) bool {
	from := l.from.Load()
	if from == 0 {
		from = loadFrom
	}
	return int64(rows) >= from && time.Now().Unix() >= l.not.Load()
}

func (l *loaders) rest() { l.not.Store(time.Now().Add(loadAgain).Unix()) }

// loadRefusals are the servers' errors that mean: not in this way. Nothing has been written then.
var loadRefusals = map[uint16]bool{
	1047: true, // an unknown command: a proxy
	1148: true, // not allowed with this version: MariaDB and MySQL 5.7 with local_infile off
	1235: true, // not supported: a proxy
	3948: true, // MySQL 8: loading local data is disabled, as it is by default
	4166: true, // MariaDB: used command is not allowed
}

// errLoadedInPart ends an attempt: the server has left records out, or changed values to make them fit, and does not say
// which. Statements that insert do.
const errLoadedInPart = refusedError(refusedUntold)

// loadCount makes names that are new to the driver, whose readers belong to the process.
var loadCount atomic.Uint64

// load creates many records by LOAD DATA LOCAL; done is false where the server does not do that.
//
// It is the cheapest way into a table, see docs/decisions/0022. Transactions that insert into one side by side are hardly
// faster than one after the other, and cost the server up to 1.8 times the CPU; loads stand in line for ids instead. And
// one answer is waited for, not ten, each of which finds this process busy with other chunks.
func (q *session) load(ctx context.Context, t *savedTable, rows int, record func(row int) []any) (done bool, err error) {
	name := "longhaul-" + strconv.FormatUint(loadCount.Add(1), 36)
	mysql.RegisterReaderHandler(name, func() io.Reader { return &recordReader{columns: t.columns[1:], rows: rows, record: record} })
	defer mysql.DeregisterReaderHandler(name)
	// Terminators are written as numbers: a text would depend on NO_BACKSLASH_ESCAPES.
	result, err := q.tx.ExecContext(ctx, "LOAD DATA LOCAL INFILE 'Reader::"+name+"' INTO TABLE "+quote(t.name)+" CHARACTER SET utf8mb4"+
		" FIELDS TERMINATED BY x'09' ESCAPED BY x'5C' LINES TERMINATED BY x'0A' ("+quoteAll(t.names[1:])+")")
	if err != nil {
		my, told := errors.AsType[*mysql.MySQLError](err)
		if told && loadRefusals[my.Number] {
			q.s.saves.loads.rest()
			return false, nil
		}
		if !told && ctx.Err() == nil {
			q.s.saves.loads.rest()
		}
		return false, err
	}
	loaded, err := result.RowsAffected()
	if err != nil {
		return false, err
	}
	// Data from a client is loaded as by IGNORE, whatever the mode: faults become warnings.
	var warnings int64
	if err := q.tx.QueryRowContext(ctx, "SELECT @@warning_count").Scan(&warnings); err != nil {
		return false, fmt.Errorf("ask for warnings: %w", err)
	}
	if loaded != int64(rows) || warnings > 0 {
		return false, errLoadedInPart
	}
	return true, nil
}

// recordReader writes records, but for their ids, as LOAD DATA reads them, and as shortly as can be: the server's reading of
// zeros is a tenth of its time.
type recordReader struct {
	columns []savedColumn
	rows    int
	record  func(row int) []any

	next int
	text []byte // that has not been read
	buf  []byte
}

func (r *recordReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		b := r.buf[:0]
		for r.next < r.rows && len(b) < loadAhead {
			var err error
			if b, err = appendRecord(b, r.columns, r.record(r.next)[1:]); err != nil {
				return 0, err
			}
			r.next++
		}
		r.text, r.buf = b, b
	}
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

func appendRecord(b []byte, columns []savedColumn, values []any) ([]byte, error) {
	for i, v := range values {
		if i > 0 {
			b = append(b, '\t')
		}
		switch v := v.(type) {
		case nil:
			b = append(b, `\N`...)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case string:
			if dot := len(v) - moneyPlaces - 1; columns[i].kind == kindMoney && dot > 0 && v[dot] == '.' {
				v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
			}
			b = appendEscaped(b, v)
		case time.Time:
			b = v.AppendFormat(b, loadTime)
		default:
			return nil, fmt.Errorf("a %T cannot be loaded", v)
		}
	}
	return append(b, '\n'), nil
}

// appendEscaped writes text so that nothing in it ends a field, a line or the text.
func appendEscaped(b []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '\t', '\n', '\\':
			b = append(b, '\\', c)
		case 0:
			b = append(b, '\\', '0')
		default:
			b = append(b, c)
		}
	}
	return b
}
