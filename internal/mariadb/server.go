// Package mariadb runs a private MariaDB server, or MySQL's where [MySQLEnv] names one, for tests and benchmarks: its own
// data directory, its own port on 127.0.0.1, root without a password, gone when the program ends. It is not for production.
package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// ErrNotInstalled says that this machine has no MariaDB server (Debian: apt-get install mariadb-server).
var ErrNotInstalled = errors.New("mariadbd or mariadb-install-db is not installed")

// errStopped is how a server ended that nobody asked to end and that reports success.
var errStopped = errors.New("exit status 0")

const (
	// readyAfter bounds the start. A fresh server answers within 0.2 s; one that recovers a log after a
	// kill, on a busy machine, takes a few seconds.
	readyAfter = 60 * time.Second
	// stopAfter bounds a clean stop (0.05 s when idle) before the process is killed.
	stopAfter = 15 * time.Second
	// pollEvery is how often a starting server is asked whether it answers.
	pollEvery = 20 * time.Millisecond
	// portTries is how often another free port is taken when somebody else got it in between.
	portTries = 3
)

// Options of [Start].
type Options struct {
	// Dir holds all that the server writes; data that is there already is used as it is. Empty means a
	// temporary directory, which is removed by [Server.Stop].
	Dir string
	// Fast trades durability for speed: a crash of the machine, though not of the server, may lose the
	// last second of commits, and pages.
	Fast bool
	// Port on 127.0.0.1; 0 means a free one.
	Port int
	// BufferPoolMB is InnoDB's cache in MiB; 0 means 64, enough for tests.
	BufferPoolMB int
}

// Server is one running server. Its methods may be called from any goroutine.
type Server struct {
	opts    Options
	product product
	temp    bool // Dir is ours to remove

	mu   sync.Mutex
	proc *process // nil once stopped
}

// Start makes the data directory if there is none and starts a server on it; it returns when the server
// answers. It fails with [ErrNotInstalled], or with the end of the server's log.
func Start(ctx context.Context, opts Options) (*Server, error) {
	product, err := installed()
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, product: product}
	if s.opts.Dir == "" {
		if s.opts.Dir, err = os.MkdirTemp("", "longhaul-mariadb-"); err != nil {
			return nil, fmt.Errorf("make mariadb data directory: %w", err)
		}
		s.temp = true
	}
	if err := s.setUp(ctx); err != nil {
		return nil, errors.Join(err, s.removeTemp())
	}
	return s, nil
}

// setUp makes the directories and starts the server for the first time.
func (s *Server) setUp(ctx context.Context) error {
	dir, err := filepath.Abs(s.opts.Dir)
	if err == nil {
		s.opts.Dir = dir
		err = errors.Join(os.MkdirAll(s.data(), 0o755), os.MkdirAll(s.tmp(), 0o755))
	}
	if err == nil {
		s.opts.Dir, err = filepath.EvalSymlinks(dir) // the server tells its directory without links, see ready
	}
	if err != nil {
		return fmt.Errorf("make mariadb directories: %w", err)
	}
	if err := s.install(ctx); err != nil {
		return err
	}
	return s.startOnPort(ctx)
}

// URL is the address of a database on this server, as internal/store takes it.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("mysql://root@127.0.0.1:%d/%s", s.Port(), database)
}

// Port is where the server listens on 127.0.0.1; it stays the same over [Server.Restart].
func (s *Server) Port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.Port
}

// Pid is the server's process ID; 0 when it does not run.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return 0
	}
	return s.proc.pid
}

// Stop ends the server in good order, by force if it takes longer than 15 s, and removes a temporary
// directory. A server that does not run is no error.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(syscall.SIGTERM)
	return s.removeTemp()
}

// Kill ends the server with SIGKILL and keeps its data, like a crash.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(syscall.SIGKILL)
}

// Restart starts the server again on the same data and port, ending it in good order first if it runs.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(syscall.SIGTERM)
	return s.start(ctx)
}

// Exec runs statements on the server as root, outside any database.
func (s *Server) Exec(ctx context.Context, statements ...string) error {
	db, err := open(s.Port())
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("run %q: %w", statement, err)
		}
	}
	return nil
}

func (s *Server) startOnPort(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opts.Port != 0 {
		return s.start(ctx)
	}
	var err error
	for range portTries {
		if s.opts.Port, err = freePort(); err != nil {
			return err
		}
		if err = s.start(ctx); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	return err
}

// start runs the server and waits until it answers. The caller holds mu.
func (s *Server) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyAfter)
	defer cancel()
	// The log is written anew, so that its tail tells about this start.
	if err := os.Remove(s.log()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove mariadb log: %w", err)
	}
	proc, err := run(s.product.server, s.args())
	if err != nil {
		return fmt.Errorf("start mariadbd: %w", err)
	}
	if err := s.ready(ctx, proc); err != nil {
		proc.end(syscall.SIGKILL)
		return fmt.Errorf("start mariadbd on port %d: %w%s", s.opts.Port, err, logTail(s.log()))
	}
	s.proc = proc
	return nil
}

// end ends the process if there is one. The caller holds mu.
func (s *Server) end(sig syscall.Signal) {
	if s.proc != nil {
		s.proc.end(sig)
		s.proc = nil
	}
}

func (s *Server) removeTemp() error {
	if !s.temp {
		return nil
	}
	return os.RemoveAll(s.opts.Dir)
}

func (s *Server) data() string { return filepath.Join(s.opts.Dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.opts.Dir, "mariadbd.log") }

// tmp is the server's own temporary directory: a server that starts removes the temporary tables it finds,
// and in /tmp those are another server's.
func (s *Server) tmp() string { return filepath.Join(s.opts.Dir, "tmp") }

func (s *Server) args() []string {
	pool := s.opts.BufferPoolMB
	if pool == 0 {
		pool = 64
	}
	args := append(asRoot("--no-defaults"),
		"--datadir="+s.data(),
		"--tmpdir="+s.tmp(),
		"--socket=mariadbd.sock", // relative to datadir: a socket's path holds 107 bytes at most
		"--pid-file=mariadbd.pid",
		"--log-error="+s.log(),
		"--bind-address=127.0.0.1",
		"--port="+strconv.Itoa(s.opts.Port),
		"--character-set-server=utf8mb4",
		fmt.Sprintf("--innodb-buffer-pool-size=%dM", pool),
	)
	args = append(args, s.product.running...)
	if s.opts.Fast {
		args = append(args,
			"--innodb-flush-log-at-trx-commit=2", // 0 would lose commits when the server is killed
			"--innodb-doublewrite=0",
			fmt.Sprintf("%s=%dM", s.product.logSize, max(32, pool/2)),
			"--skip-log-bin",
			"--performance-schema=OFF",
		)
	}
	return args
}

// ready waits until this server answers, the process ends or ctx does. Where the port is taken, it is
// somebody else's server that answers first: hence the look at its data directory.
func (s *Server) ready(ctx context.Context, proc *process) error {
	db, err := open(s.opts.Port)
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		var dir string
		err := db.QueryRowContext(ctx, "SELECT @@datadir").Scan(&dir)
		if err == nil && filepath.Clean(dir) == s.data() {
			return nil
		}
		select {
		case <-proc.done:
			return fmt.Errorf("it ended: %w", proc.err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func open(port int) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr = "root", "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	cfg.Logger = &mysql.NopLogger{} // a refused connection is what waiting looks like
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure mariadb connection: %w", err)
	}
	return sql.OpenDB(connector), nil
}
