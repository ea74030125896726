package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/longhaul/longhaul/job"
)

const (
	// readyTimeout bounds a start. The server is up in 0.3 s; a cold 250 MB binary on a busy machine takes longer.
	readyTimeout = 60 * time.Second

	// stopPatience is what the server gets to stop by itself. It takes 1.5 s to hand over its queues.
	stopPatience = 10 * time.Second

	// startTries: with free ports to be found, somebody may take one between finding and using it.
	startTries = 3

	// logTail is how many lines of the server's log an error shows.
	logTail = 15

	// logLimit is the size in bytes at which a log is set aside when the server starts.
	logLimit = 10 << 20
)

// The flags of `longhaul dev` that errors about ports point to.
const (
	portFlag   = "--temporal-port"
	uiPortFlag = "--temporal-ui-port"
)

// Options of a Temporal dev server.
type Options struct {
	// CLI is the Temporal CLI to run, as [CLI] returns it. Required.
	CLI string
	// DBFile is the SQLite file that keeps workflows across restarts. Default: memory only.
	DBFile string
	// Port is that of the gRPC front end, UIPort that of the Web UI. Default: any free one.
	Port, UIPort int
	// Headless leaves out the Web UI.
	Headless bool
	// Namespace is created if needed. Default: "default".
	Namespace string
	// LogFile receives the server's log, appended; over 10 MiB it is first renamed to *.1. Default: a temporary file,
	// removed by Stop.
	LogFile string
}

// Temporal is a dev server that runs as a child process. Its methods may be called from several goroutines.
type Temporal struct {
	// Address is the front end's host:port. It stays the same through Restart.
	Address string
	// UIURL is the address of the Web UI, "" without one.
	UIURL string
	// Namespace is the one that Options asked for.
	Namespace string

	opts    Options
	tempLog bool

	mu      sync.Mutex
	process *process
	logFrom int64 // where the log of the process begins
	stopped bool  // by us: its end is no error
}

// Start starts a dev server and returns when it serves its namespace. It listens on the loopback address only, and is
// killed when this process dies (on Linux and FreeBSD; elsewhere by Stop alone). A given port that is taken is a
// [*job.Error] naming the port and the flag that changes it.
func Start(ctx context.Context, opts Options) (*Temporal, error) {
	if opts.CLI == "" {
		return nil, errors.New("start the Temporal server: no CLI given")
	}
	if opts.Namespace == "" {
		opts.Namespace = "default"
	}
	t := &Temporal{Namespace: opts.Namespace}
	if opts.LogFile == "" {
		file, err := os.CreateTemp("", "longhaul-temporal-*.log")
		if err != nil {
			return nil, fmt.Errorf("make the Temporal server's log: %w", err)
		}
		_ = file.Close()
		opts.LogFile, t.tempLog = file.Name(), true
	}
	t.opts = opts
	for try := 1; ; try++ {
		err := t.tryStart(ctx, opts)
		if err == nil {
			return t, nil
		}
		given := opts.Port != 0 && (opts.UIPort != 0 || opts.Headless)
		if given || try == startTries || !strings.Contains(err.Error(), "address already in use") {
			t.dropLog()
			return nil, err
		}
	}
}

// tryStart settles the ports and starts the server on them.
func (t *Temporal) tryStart(ctx context.Context, opts Options) error {
	ports := []struct {
		port       *int
		what, flag string
	}{{&opts.Port, "Temporal", portFlag}, {&opts.UIPort, "Temporal's Web UI", uiPortFlag}}
	if opts.Headless {
		ports = ports[:1]
	}
	for _, p := range ports {
		if err := settlePort(p.port, p.what, p.flag); err != nil {
			return err
		}
	}
	t.opts = opts
	t.Address = net.JoinHostPort(loopback, strconv.Itoa(opts.Port))
	if !opts.Headless {
		t.UIURL = "http://" + net.JoinHostPort(loopback, strconv.Itoa(opts.UIPort))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.launch(ctx)
}

func settlePort(port *int, what, flag string) (err error) {
	if *port != 0 {
		return CheckPort(*port, what, flag)
	}
	*port, err = freePort()
	return err
}

// Pid is the process number of the server last started.
func (t *Temporal) Pid() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.process.cmd.Process.Pid
}

// LogFile is where the server's log is.
func (t *Temporal) LogFile() string { return t.opts.LogFile }

// Exited returns a channel that is closed when the server that runs now has ended, for whatever reason. After Restart
// it is another one.
func (t *Temporal) Exited() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.process.exited
}

// Err tells why the server is gone, with the end of its log: nil while it runs and after Stop or Kill.
func (t *Temporal) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || t.process.running() {
		return nil
	}
	return t.failure("the Temporal server ended by itself", t.process.err)
}

// Stop ends the server in an orderly way, or by force if that takes more than 10 s. It may be called again.
func (t *Temporal) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.process.stop(stopPatience)
	t.dropLog()
}

// Kill ends the server the way a crash does (SIGKILL) and returns when it is gone. Restart brings it back.
func (t *Temporal) Kill() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.process.kill()
}

// Restart starts the server again on the same ports and database file, stopping it first if it runs. A server without
// a database file comes back empty.
func (t *Temporal) Restart(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.process.stop(stopPatience)
	return t.launch(ctx)
}

// launch starts the process and waits until it serves. The caller holds mu.
func (t *Temporal) launch(ctx context.Context) error {
	log, err := openLog(t.opts.LogFile)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own handle
	if t.logFrom, err = log.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("find the end of the Temporal server's log: %w", err)
	}

	cmd := exec.Command(t.opts.CLI, t.opts.args()...) //nolint:gosec // the CLI that the caller chose
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = withoutTemporal(os.Environ())
	t.process, err = startProcess(cmd)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout,
		fmt.Errorf("the server did not answer within %s", readyTimeout))
	defer cancel()
	if err := t.awaitReady(ctx); err != nil {
		t.process.kill()
		return t.failure("the Temporal server does not start", err)
	}
	t.stopped = false
	return nil
}

// failure makes an error that shows where the log is and how it ends.
func (t *Temporal) failure(what string, err error) error {
	content, readErr := os.ReadFile(t.opts.LogFile)
	if readErr != nil {
		content = []byte(readErr.Error())
	}
	return &job.Error{Code: job.CodeUnavailable, Message: what,
		Err: fmt.Errorf("%w\n%s ends with:\n%s", err, t.opts.LogFile, tail(string(content), logTail))}
}

func (t *Temporal) dropLog() {
	if t.tempLog {
		_ = os.Remove(t.opts.LogFile)
	}
}

// openLog opens the log for appending, setting a long one aside first.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("set the Temporal server's old log aside: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the Temporal server's log: %w", err)
	}
	return file, nil
}

// withoutTemporal drops TEMPORAL_* variables: they name the server that clients want, and the CLI reads them too.
func withoutTemporal(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, v := range env {
		if !strings.HasPrefix(v, "TEMPORAL_") {
			kept = append(kept, v)
		}
	}
	return kept
}
