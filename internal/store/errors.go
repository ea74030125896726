package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/longhaul/longhaul/job"
)

// ErrDuplicate is in the chain of an error about a unique key that is taken.
var ErrDuplicate = gorm.ErrDuplicatedKey

// transientMySQL are the server's errors that pass by themselves.
var transientMySQL = map[uint16]bool{
	1040: true, // too many connections
	1053: true, // server shutdown in progress
	1158: true, // error reading communication packets
	1159: true, // timeout reading communication packets
	1160: true, // error writing communication packets
	1161: true, // timeout writing communication packets
	1203: true, // user has too many connections
	1205: true, // lock wait timeout
	1213: true, // deadlock
	1290: true, // server runs read-only: a failover
	1317: true, // query interrupted: somebody killed it, or a shutdown
	1467: true, // MariaDB: a deadlock, or too long a wait, at the lock by which ids are given out
	1836: true, // read-only mode: a failover
	1927: true, // connection was killed (MariaDB)
	2006: true, // server has gone away
	2013: true, // lost connection during query
	4031: true, // disconnected for idleness (MySQL 8)
}

// Transient tells whether err comes from a database that is away, busy or full just now, so that the same
// statement may succeed later. The end of the caller's own context is not transient.
func Transient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	// A dial that timed out also calls itself context.DeadlineExceeded, hence this order.
	var op *net.OpError
	if errors.As(err, &op) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return transientMySQL[my.Number]
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff { // the primary code
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_FULL:
			return true
		}
		return false
	}
	for _, gone := range []error{
		driver.ErrBadConn, mysql.ErrInvalidConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// fail says what could not be done. What is transient becomes an error that may be shown to a user; an error
// that may be shown already stays what it is.
func fail(what string, err error) error {
	if err == nil {
		return nil
	}
	var shown *job.Error
	if errors.As(err, &shown) {
		return err
	}
	err = fmt.Errorf("%s: %w", what, err)
	if !Transient(err) {
		return err
	}
	return &job.Error{
		Code:    job.CodeUnavailable,
		Message: "the database does not answer; try again shortly",
		Err:     err,
	}
}

// deadlocked tells that the server has undone a whole transaction to let another one pass.
func deadlocked(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && (my.Number == 1213 || my.Number == 1467)
}

// indexExists tells that a table has an index of this name already.
func indexExists(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && my.Number == 1061
}

// deadlockTries is how often a transaction is tried. Whoever lost once is alone soon after; what still loses
// goes to the caller, who has a longer patience.
const deadlockTries = 4

// retryDeadlock runs fn, a whole transaction, again when the server has undone it.
func retryDeadlock(fn func() error) error {
	var err error
	for range deadlockTries {
		if err = fn(); !deadlocked(err) {
			break
		}
	}
	return err
}

// inTransaction runs fn in one transaction, again from its beginning after a deadlock.
func (s *Store) inTransaction(ctx context.Context, what string, fn func(tx *gorm.DB) error) error {
	return fail(what, retryDeadlock(func() error {
		return s.gorm.WithContext(ctx).Transaction(fn)
	}))
}
