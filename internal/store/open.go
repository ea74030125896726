package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
)

const (
	// defaultMySQLOpen lets seven processes share a server at its default of 151 connections.
	defaultMySQLOpen = 20
	// defaultSQLiteOpen: a file has one writer at a time, more connections only wait for it; readers do
	// not wait, and each costs up to 2 MB of page cache.
	defaultSQLiteOpen = 8
	// leastOpen is two for each pool: a migration holds one connection and works on another.
	leastOpen = 4
	// connectionLife ends connections before a proxy or firewall forgets them; five minutes is a common
	// limit for idle ones.
	connectionLife = 3 * time.Minute
)

// Options of [Open].
type Options struct {
	// MaxOpen is the most connections this process holds; 0 means 20 on MySQL and 8 on SQLite, and fewer
	// than 4 are taken as 4.
	MaxOpen int
	// Logger gets statements that take longer than a second; nil means none.
	Logger *slog.Logger
}

// Store is a database. Its methods may be called from any goroutine.
//
// Errors: a *[job.Error] where the caller can do something about it (job.CodeNotFound, job.CodeInvalid,
// job.CodeConflict; job.CodeUnavailable for what [Transient] calls transient), else a plain error.
type Store struct {
	address
	gorm   *gorm.DB
	typed  *sql.DB
	stream *sql.DB
	saves  saveCache
	line   turn // of writers, see [Store.write]
}

// Open opens a database and asks whether it answers; it makes no tables, see [Store.Migrate].
//
//	mysql://user:password@host:3306/database?param=value   params as of the Go MySQL driver, e.g. tls=true
//	sqlite://folder/file.db                                relative; the folder is made
//	sqlite:///folder/file.db                               absolute
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	addr, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	s := &Store{address: addr}
	if err := s.open(ctx, opts); err != nil {
		return nil, fail(fmt.Sprintf("open database %s", addr), err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, opts Options) (err error) {
	if s.typed, s.stream, err = s.engine.open(); err != nil {
		return err
	}
	half := max(opts.MaxOpen, leastOpen) / 2
	if opts.MaxOpen == 0 {
		half = s.engine.defaultOpen() / 2
	}
	for _, pool := range []*sql.DB{s.typed, s.stream} {
		pool.SetMaxOpenConns(half)
		pool.SetMaxIdleConns(half) // an idle one is cheaper than a new one, and the life above ends it
		pool.SetConnMaxLifetime(connectionLife)
	}
	// Before gorm has its say: it asks for the version without a context.
	err = s.engine.ping(ctx, s.typed)
	if err == nil {
		s.gorm, err = gorm.Open(s.engine.dialector(s.typed), &gorm.Config{
			Logger:                 slowLogger{opts.Logger},
			NowFunc:                now,
			TranslateError:         true,
			SkipDefaultTransaction: true, // one statement is atomic by itself; more take inTransaction
		})
	}
	if err != nil {
		s.Close()
	}
	return err
}

// Close closes both pools. Statements that run end with an error.
func (s *Store) Close() error {
	typed, stream := s.typed.Close(), s.stream.Close()
	if typed != nil {
		return fmt.Errorf("close database: %w", typed)
	}
	if stream != nil {
		return fmt.Errorf("close database: %w", stream)
	}
	return nil
}

// Ping asks whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return fail("reach database", s.typed.PingContext(ctx))
}

// DB is a gorm session for work that has no method here. Its errors are gorm's own. A time in a condition has
// to be a whole number of microseconds: SQLite compares times as text.
func (s *Store) DB(ctx context.Context) *gorm.DB { return s.gorm.WithContext(ctx) }

// PoolStats are the figures of one pool.
type PoolStats struct {
	Pool string // typed or stream
	sql.DBStats
}

// Stats gives the figures of both pools, for metrics.
func (s *Store) Stats() []PoolStats {
	return []PoolStats{{"typed", s.typed.Stats()}, {"stream", s.stream.Stats()}}
}

// now is the current time as it will be read back.
func now() time.Time { return instant(time.Now()) }

// instant is t as both engines keep it: in UTC, to the microsecond. MySQL would round what is finer, SQLite
// would keep it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
