package store

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// saveEngine is what differs between the engines where rows are saved.
type saveEngine interface {
	// chunkOptions are those of a chunk's transaction.
	chunkOptions() *sql.TxOptions
	// indexQuery lists the columns of a table's indexes: index, column, in order.
	indexQuery() string
	// useIndex is the hint that makes a query read a table by an index; an empty name means by its id.
	useIndex(name string) string
	// primaryIndex is the name of the index of a primary key of several columns.
	primaryIndex(table string) string
	// lock is the end of a query that keeps what it reads as it is, for others to read or for nobody.
	lock(exclusive bool) string
	// sharesTables tells whether several transactions may write to a table at once.
	sharesTables() bool
	// loads tells whether records can be streamed into a table, see [session.load].
	loads() bool
	// refusal tells why a statement's rows were refused; empty where the rows are not to blame.
	refusal(err error) refusal
}

// refusal is why the database refuses a row, in a word that may be shown.
type refusal string

const (
	refusedUnique  refusal = "unique"
	refusedForeign refusal = "foreign key"
	refusedLength  refusal = "too long"
	refusedCheck   refusal = "check"
	refusedValue   refusal = "value"
	// refusedUntold is why an attempt is made once more, by statements that tell.
	refusedUntold refusal = "untold"
)

// refusedError is a refusal that a look at the data has found, in the database's place.
type refusedError refusal

func (e refusedError) Error() string { return "refused: " + string(e) }

// refusalsMySQL are the server's errors that a row's values cause.
var refusalsMySQL = map[uint16]refusal{
	1022: refusedUnique,
	1062: refusedUnique,
	1586: refusedUnique, // with the name of the key
	1216: refusedForeign,
	1217: refusedForeign,
	1451: refusedForeign,
	1452: refusedForeign,
	1406: refusedLength,
	1644: refusedCheck, // a trigger's SIGNAL
	3819: refusedCheck,
	4025: refusedCheck, // MariaDB
	1048: refusedValue, // no NULL here
	1264: refusedValue, // out of range
	1265: refusedValue, // would be cut
	1292: refusedValue, // no such time
	1364: refusedValue, // no default
	1366: refusedValue, // bytes that are not text
	1690: refusedValue, // out of range while computing
}

// chunkOptions: with gaps locked, as REPEATABLE READ does, chunks that insert next to each other would wait for
// each other and deadlock.
func (mysqlEngine) chunkOptions() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
}

func (mysqlEngine) indexQuery() string {
	// An index over an expression has no column there.
	return "SELECT index_name, COALESCE(column_name, '') FROM information_schema.statistics" +
		" WHERE table_schema = DATABASE() AND table_name = ? AND sub_part IS NULL ORDER BY index_name, seq_in_index"
}

func (mysqlEngine) useIndex(name string) string {
	if name == "" {
		name = "PRIMARY"
	}
	return " FORCE INDEX (" + quote(name) + ")"
}

func (mysqlEngine) primaryIndex(string) string { return "PRIMARY" }

// lock is written as both MySQL and MariaDB read it; MariaDB knows no FOR SHARE.
func (mysqlEngine) lock(exclusive bool) string {
	if exclusive {
		return " FOR UPDATE"
	}
	return " LOCK IN SHARE MODE"
}

func (mysqlEngine) sharesTables() bool { return true }

func (mysqlEngine) loads() bool { return true }

func (mysqlEngine) refusal(err error) refusal {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return ""
	}
	return refusalsMySQL[e.Number]
}

// chunkOptions: the pool begins every transaction with the write lock, which is the only one there is.
func (sqliteEngine) chunkOptions() *sql.TxOptions { return nil }

func (sqliteEngine) indexQuery() string {
	return "SELECT l.name, COALESCE(i.name, '') FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i" +
		" WHERE l.partial = 0 ORDER BY l.name, i.seqno"
}

func (sqliteEngine) useIndex(name string) string {
	if name == "" {
		return " NOT INDEXED" // still by its rowid
	}
	return " INDEXED BY " + quote(name)
}

func (sqliteEngine) primaryIndex(table string) string { return "sqlite_autoindex_" + table + "_1" }

func (sqliteEngine) lock(bool) string { return "" }

func (sqliteEngine) sharesTables() bool { return false }

func (sqliteEngine) loads() bool { return false }

func (sqliteEngine) refusal(err error) refusal {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return refusedUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return refusedForeign
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		// Widths are checks here; their text is that of the migrations.
		if strings.Contains(e.Error(), "CHECK constraint failed: length(") {
			return refusedLength
		}
		return refusedCheck
	case sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return refusedCheck
	case sqlite3.SQLITE_TOOBIG:
		return refusedLength
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
		return refusedValue
	}
	return ""
}
