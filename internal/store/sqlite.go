package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// busyTimeout is how long a statement waits for another writer, in milliseconds. The longest that writes
// here is an insert of some ten thousand rows, under a second.
const busyTimeout = "10000"

// sqliteEngine is a file, through a driver without cgo.
type sqliteEngine struct{ path string }

func parseSQLite(path string) (address, error) {
	if path == "" || strings.HasSuffix(path, "/") {
		return address{}, errors.New("read database URL: it must be like sqlite://folder/file.db")
	}
	if strings.Contains(path, "?") {
		return address{}, errors.New("read database URL: sqlite:// takes no parameters")
	}
	if strings.HasPrefix(path, ":memory:") {
		return address{}, errors.New("read database URL: every connection would have a memory of its own; name a file")
	}
	return address{sqliteEngine{path}, "sqlite://" + path}, nil
}

// open makes two pools; the one for streams cannot write.
//
// In WAL mode readers and the writer do not wait for each other, and synchronous=NORMAL keeps every commit
// over a crash of the program (not the last ones over a loss of power). Transactions take the write lock when
// they begin: one that read first and then wanted it would fail instead of waiting.
func (e sqliteEngine) open() (typed, stream *sql.DB, err error) {
	if err := os.MkdirAll(filepath.Dir(e.path), 0o755); err != nil {
		return nil, nil, err
	}
	params := url.Values{
		"_busy_timeout": {busyTimeout},
		"_time_format":  {"sqlite"},
		"_timezone":     {"UTC"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},
		"_error_rc":     {"1"}, // else a file that cannot be opened reads "out of memory"
	}
	read := e.dsn(params, "_query_only", "1")
	write := e.dsn(params, "_journal_mode", "WAL", "_synchronous", "NORMAL")
	if typed, err = sql.Open("sqlite", write); err != nil {
		return nil, nil, err
	}
	if stream, err = sql.Open("sqlite", read); err != nil {
		return nil, nil, err
	}
	return typed, stream, nil
}

func (e sqliteEngine) dsn(params url.Values, more ...string) string {
	values := url.Values{}
	for name, v := range params {
		values[name] = v
	}
	for i := 0; i < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	// Escaped, because in a file: URI % and # have a meaning.
	return "file:" + (&url.URL{Path: e.path}).EscapedPath() + "?" + values.Encode()
}

// openWithin is how long processes that open a new file at once may be in each other's way, and openAgain how soon one
// tries again: turning a file to WAL mode is the one thing for which SQLite waits for nobody.
const (
	openWithin = 5 * time.Second
	openAgain  = 5 * time.Millisecond
)

func (sqliteEngine) ping(ctx context.Context, pool *sql.DB) error {
	until := time.Now().Add(openWithin)
	for {
		err := pool.PingContext(ctx)
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(openAgain):
		}
	}
}

func (e sqliteEngine) dialector(pool *sql.DB) gorm.Dialector {
	return sqliteDialector{gormsqlite.Dialector{Conn: pool}}
}

func (sqliteEngine) defaultOpen() int   { return defaultSQLiteOpen }
func (sqliteEngine) migrations() string { return "sqlite" }

// placeholders is SQLite's default SQLITE_MAX_VARIABLE_NUMBER.
func (sqliteEngine) placeholders() int { return 32_766 }

// exclusive takes the write lock: on SQLite a transaction covers CREATE TABLE too.
func (sqliteEngine) exclusive(_ *Store, db *gorm.DB, fn func(*gorm.DB) error) error {
	return db.Transaction(fn)
}

func (sqliteEngine) upsert(key, columns []string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = fmt.Sprintf("%s = excluded.%s", quote(c), quote(c))
	}
	return " ON CONFLICT (" + quoteAll(key) + ") DO UPDATE SET " + strings.Join(sets, ", ")
}

func (sqliteEngine) duplicate(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func (sqliteEngine) scan(columns int) rowScanner { return newAnyScanner(columns) }

// sqliteDialector is gorm's own, except that it knows the errors of this driver.
type sqliteDialector struct{ gormsqlite.Dialector }

// Translate tells a taken key, as gorm does for other drivers.
func (d sqliteDialector) Translate(err error) error {
	if (sqliteEngine{}).duplicate(err) {
		return gorm.ErrDuplicatedKey
	}
	return err
}
