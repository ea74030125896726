package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longhaul/longhaul/internal/mariadb"
)

// Main runs a package's tests and then stops what they share. Without it the shared servers still die with
// the test process, but their files stay behind, the database's until the next run.
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	sharedTemporal.stop()
	if err := shared.stop(); err != nil {
		fmt.Fprintf(os.Stderr, "stop shared mariadb: %v\n", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// RequireMariaDB skips the test, or fails it where CI=true, on a machine without MariaDB's server, unless MySQL's is to run
// in its place.
func RequireMariaDB(tb testing.TB) {
	tb.Helper()
	if os.Getenv(mariadb.MySQLEnv) == "" {
		Require(tb, "mariadbd")
	}
}

// MariaDB gives the URL of a fresh, empty database on a server that the tests of this process share. The
// database is dropped when the test ends.
func MariaDB(tb testing.TB) string {
	tb.Helper()
	RequireMariaDB(tb)
	server, err := shared.server()
	if err != nil {
		tb.Fatal(err)
	}
	name := fmt.Sprintf("t%d", shared.databases.Add(1))
	if err := server.Exec(context.Background(), "CREATE DATABASE "+name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Exec(context.Background(), "DROP DATABASE "+name); err != nil {
			tb.Errorf("clean up: %v", err)
		}
	})
	return server.URL(name)
}

// PrivateMariaDB starts a server for this test alone, with one empty database "longhaul", for tests that
// kill it. It is stopped when the test ends.
func PrivateMariaDB(tb testing.TB) *mariadb.Server {
	tb.Helper()
	RequireMariaDB(tb)
	server, err := mariadb.Start(context.Background(), mariadb.Options{Fast: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Stop(); err != nil {
			tb.Errorf("stop mariadb: %v", err)
		}
	})
	if err := server.Exec(context.Background(), "CREATE DATABASE longhaul"); err != nil {
		tb.Fatal(err)
	}
	return server
}

// SQLite gives the URL of a database file that does not exist yet, in the test's own directory.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite://" + filepath.Join(tb.TempDir(), "longhaul.db")
}

// EachDatabase runs fn as a parallel subtest on every engine, each with a fresh, empty database.
func EachDatabase(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{
		{"sqlite", SQLite},
		{"mariadb", MariaDB},
	} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			fn(t, engine.url(t))
		})
	}
}

// shared is the one server of this test process; a process is the only scope that tests of several files
// can share, hence a variable.
var shared sharedMariaDB

type sharedMariaDB struct {
	once      sync.Once
	running   *mariadb.Server
	err       error
	lock      *os.File
	databases atomic.Int64
}

func (s *sharedMariaDB) server() (*mariadb.Server, error) {
	s.once.Do(func() {
		s.err = s.start()
	})
	return s.running, s.err
}

func (s *sharedMariaDB) start() error {
	sweep(filepath.Join(os.TempDir(), sharedPrefix+"*"))
	dir, err := os.MkdirTemp("", sharedPrefix)
	if err != nil {
		return fmt.Errorf("make shared mariadb directory: %w", err)
	}
	if s.lock, err = hold(dir); err != nil {
		return err
	}
	s.running, err = mariadb.Start(context.Background(), mariadb.Options{Dir: dir, Fast: true})
	return err
}

func (s *sharedMariaDB) stop() error {
	if s.lock == nil {
		return nil
	}
	var err error
	if s.running != nil {
		err = s.running.Stop()
	}
	return errors.Join(err, os.RemoveAll(filepath.Dir(s.lock.Name())), s.lock.Close())
}

const (
	sharedPrefix = "longhaul-test-mariadb-"
	// leftAfter keeps a sweep away from a directory whose owner has not locked it yet.
	leftAfter = time.Minute
)

// sweep removes the directories of test processes that were killed: those whose lock nobody holds.
func sweep(pattern string) {
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		panic(err) // the pattern is malformed
	}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < leftAfter {
			continue
		}
		if lock, err := hold(dir); err == nil {
			// Another sweep may be at it too, and nobody waits for this one: what stays is for the next.
			_ = os.RemoveAll(dir)
			_ = lock.Close()
		}
	}
}
