package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	"gorm.io/gorm"
)

// engine is what differs between MySQL and SQLite.
type engine interface {
	// open makes the pools for typed work and for streams; it does not connect.
	open() (typed, stream *sql.DB, err error)
	dialector(pool *sql.DB) gorm.Dialector
	// ping connects, and waits where several open a new database at once.
	ping(ctx context.Context, pool *sql.DB) error
	defaultOpen() int
	// migrations is the folder of this engine's SQL.
	migrations() string
	// exclusive runs fn while no other process migrates the same database.
	exclusive(s *Store, db *gorm.DB, fn func(*gorm.DB) error) error
	// upsert is the clause that updates columns where the key is taken.
	upsert(key, columns []string) string
	// duplicate tells whether a driver's error is about a unique key that is taken.
	duplicate(err error) bool
	// scan makes the reader of a stream's rows.
	scan(columns int) rowScanner
	// placeholders is the most a statement takes.
	placeholders() int
	// oneWriter tells that a transaction that writes has to wait until no other one does.
	oneWriter() bool
	saveEngine
	accountEngine
}

// address is where a database lies; its text bears no password.
type address struct {
	engine
	text string
}

func (a address) String() string { return a.text }

// parseURL reads a database URL. Its errors never quote the URL: there may be a password in it.
func parseURL(raw string) (address, error) {
	switch scheme, rest, _ := strings.Cut(raw, "://"); scheme {
	case "sqlite":
		return parseSQLite(rest)
	case "mysql":
		u, err := url.Parse(raw)
		if err != nil {
			return address{}, errors.New("read database URL: it is not a URL; special characters in user and password must be percent-encoded")
		}
		return parseMySQL(u)
	}
	return address{}, errors.New("read database URL: it must begin with mysql:// or sqlite://")
}
