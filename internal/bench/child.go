package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// Role is what a child process of a benchmark is: one of the contenders' processes, or a command of the
// program itself.
type Role string

// The roles.
const (
	RolePlain     Role = "plain"
	RoleOffsetAPI Role = "offset-api"
	RoleOffset    Role = "offset"
	RoleWorker    Role = "worker"
	RoleAPI       Role = "api"
	RoleDev       Role = "dev"

	RolePlainSave   Role = "plain-save"
	RoleReadUpload  Role = "read-upload"
	RoleReadPlain   Role = "read-plain"
	RoleApplyChunks Role = "apply-chunks"
	RoleApplyBare   Role = "apply-bare"

	RolePartner Role = "partner"
	RolePeer    Role = "peer" // a program of Node's, see [SyncPeer]
)

// Spec is what a child is told at its start.
type Spec struct {
	Database string `json:"database,omitempty"`
	SellerID int64  `json:"seller_id,omitempty"`
	Rows     int    `json:"rows,omitempty"`
	Sample   int    `json:"sample,omitempty"` // pages to fetch of all; 0 means all
	Server   string `json:"server,omitempty"` // of the OFFSET pages
	Out      string `json:"out,omitempty"`    // where the workbook goes
	Profile  string `json:"profile,omitempty"`

	// Of bulk saves: the upload, its format, and how many chunks are applied at once.
	File    string `json:"file,omitempty"`
	Format  string `json:"format,omitempty"`
	Workers int    `json:"workers,omitempty"`

	// Of syncs: how long the made-up partner takes, and how many accounts it has.
	Latency  time.Duration `json:"latency,omitempty"`
	Accounts int           `json:"accounts,omitempty"`
}

// grace is how long a child may take to end once its input does, before it is killed: as long as a worker
// that stops, and a little more.
const grace = 15 * time.Second

// child is a process that ends when its standard input does, and so never outlives this one.
type child struct {
	role   Role
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	log    string
	exited chan struct{}
	err    error // how it ended; read after exited
}

// spawn runs this program's `bench child` in a role.
func spawn(o Options, dir string, role Role, spec Spec, env ...string) (*child, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("tell %s what to do: %w", role, err)
	}
	cmd := exec.Command(o.Program, "bench", "child", string(role), string(text))
	cmd.Env = append(withoutOurs(os.Environ()), env...)
	return start(dir, role, cmd)
}

// start starts a process that ends when its standard input does.
func start(dir string, role Role, cmd *exec.Cmd) (*child, error) {
	log, err := os.CreateTemp(dir, string(role)+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("make log of %s: %w", role, err)
	}
	defer log.Close() // the child has its own handle
	c := &child{role: role, cmd: cmd, log: log.Name(), exited: make(chan struct{})}
	c.cmd.Stderr = log
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	go func() {
		_, c.err = c.cmd.Process.Wait()
		close(c.exited)
	}()
	return c, nil
}

// withoutOurs drops the variables that configure Longhaul and Temporal, which name the user's own system.
func withoutOurs(env []string) []string {
	var kept []string
	for _, pair := range env {
		if !strings.HasPrefix(pair, "LONGHAUL_") && !strings.HasPrefix(pair, "TEMPORAL_") {
			kept = append(kept, pair)
		}
	}
	return kept
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// next waits for the child's next line.
func (c *child) next(ctx context.Context) (string, error) {
	type answer struct {
		line string
		ok   bool
	}
	got := make(chan answer, 1)
	go func() { ok := c.out.Scan(); got <- answer{c.out.Text(), ok} }()
	select {
	case a := <-got:
		if !a.ok {
			<-c.exited
			return "", c.failure("it ended")
		}
		return a.line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// expect waits for the line that says that the child has come to a point.
func (c *child) expect(ctx context.Context, want string) error {
	line, err := c.next(ctx)
	if err == nil && line != want {
		err = c.failure(fmt.Sprintf("it said %q instead of %q", line, want))
	}
	return err
}

// say sends a line to the child.
func (c *child) say(line string) error {
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return c.failure(err.Error())
	}
	return nil
}

// failure tells what a child did not do, with the end of its log.
func (c *child) failure(what string) error {
	text, _ := os.ReadFile(c.log)
	const most = 2 << 10
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return fmt.Errorf("%s: %s\n%s", c.role, what, strings.TrimSpace(string(text)))
}

// stop ends the child in good order.
func (c *child) stop() {
	_ = c.in.Close() // fails when the child is gone, which is what is wanted
	select {
	case <-c.exited:
	case <-time.After(grace):
		c.kill()
	}
}

// kill ends the child the way a crash does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // fails when the child is gone
	<-c.exited
}

// Lifeline is a context that ends when in does: with the process that holds its other end.
func Lifeline(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, in) // however it ends, it is the end
	}()
	return ctx
}

// Profiled runs do, with profiles written to spec.Profile if it names a directory: CPU over the whole of it,
// heap at its end.
func (s Spec) Profiled(role Role, do func() error) (err error) {
	if s.Profile == "" {
		return do()
	}
	name := filepath.Join(s.Profile, fmt.Sprintf("%s-%d", role, os.Getpid()))
	cpu, err := os.Create(name + ".cpu.pprof")
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	err = do()
	pprof.StopCPUProfile()
	heap, createErr := os.Create(name + ".heap.pprof")
	if createErr != nil {
		return fmt.Errorf("write profile: %w", createErr)
	}
	defer heap.Close()
	runtime.GC() // else the profile is that of the last collection
	if writeErr := pprof.WriteHeapProfile(heap); writeErr != nil {
		return fmt.Errorf("write profile: %w", writeErr)
	}
	return err
}
