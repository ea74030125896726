package devstack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// lockPoll is how often a process looks whether another one's build has ended: soon enough not to be felt after
// minutes of waiting.
const lockPoll = 200 * time.Millisecond

// buildOnce leaves a CLI at path, built here or by another process meanwhile.
func buildOnce(ctx context.Context, path string, out io.Writer) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder for the Temporal CLI: %w", err)
	}
	lock, err := waitLock(ctx, path+".lock", func() {
		say(out, "Another process is building the Temporal CLI; waiting for it.\n")
	})
	if err != nil {
		return err
	}
	defer lock.release()
	if isFile(path) {
		return nil
	}
	return build(ctx, path, out)
}

// waitLock takes the lock file, calling busy once if another process holds it.
func waitLock(ctx context.Context, path string, busy func()) (*fileLock, error) {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for told := false; ; told = true {
		lock, err := tryLock(path)
		if err == nil || !errors.Is(err, errLocked) {
			return lock, err
		}
		if !told {
			busy()
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another process's build of the Temporal CLI: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// build compiles the pinned CLI in a scratch module beside path and renames it into place once it has run.
func build(ctx context.Context, path string, out io.Writer) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return noToolchain(err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-") // same file system, so that the rename is atomic
	if err != nil {
		return fmt.Errorf("make a folder to build the Temporal CLI in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, content := range map[string][]byte{"go.mod": pinnedMod, "go.sum": pinnedSum} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("write %s to build the Temporal CLI: %w", name, err)
		}
	}

	say(out, "Building the Temporal CLI %s, once for this machine: about 5 minutes on 2 cores.\n", pinnedVersion())
	c := compiler{goTool: goTool, dir: dir}
	total, err := c.count(ctx)
	if err != nil {
		return err
	}
	built := filepath.Join(dir, "temporal")
	meter := startMeter(out, total)
	err = c.compile(ctx, built, meter.add)
	meter.stop()
	if err != nil {
		return err
	}
	if _, err := serverVersion(ctx, built); err != nil {
		return fmt.Errorf("try the Temporal CLI just built: %w", err)
	}
	if err := os.Rename(built, path); err != nil {
		return fmt.Errorf("put the Temporal CLI in its place: %w", err)
	}
	say(out, "Built the Temporal CLI: %s\n", path)
	return nil
}

func noToolchain(err error) error {
	return &job.Error{Code: job.CodeUnavailable, Err: err, Message: "there is no Temporal CLI on this machine; " +
		"install it so that `temporal` is on PATH (https://docs.temporal.io/cli), " +
		"or set " + CLIVariable + " to where it is, " +
		"or install Go (https://go.dev/dl) and longhaul builds it by itself"}
}

// compiler runs the go command in the scratch module.
type compiler struct{ goTool, dir string }

// buildFlags are shared by counting and compiling: other flags would make other packages stale. Without symbols the
// binary is a third smaller; -mod overrides a GOFLAGS meant for somebody's own module.
var buildFlags = []string{"-mod=readonly", "-trimpath", "-ldflags=-s -w"}

func (c compiler) command(ctx context.Context, verb string, args ...string) *exec.Cmd {
	args = append(append([]string{verb}, buildFlags...), args...)
	cmd := exec.CommandContext(ctx, c.goTool, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "PWD="+c.dir)
	// Interrupted, go removes its own work folder; killed, it would leave gigabytes behind in the temporary folder.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// count returns how many packages are to be compiled, that is, are not in Go's build cache. It also downloads the
// modules that the CLI needs.
func (c compiler) count(ctx context.Context) (int, error) {
	var stderr bytes.Buffer
	cmd := c.command(ctx, "list", "-deps", "-f={{if .Stale}}{{.ImportPath}}{{end}}", cliPackage)
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("get the modules of the Temporal CLI: %w\n%s", err, tail(stderr.String(), 20))
	}
	return len(strings.Fields(string(stdout))), nil
}

// compile builds the CLI, calling compiled for each package.
func (c compiler) compile(ctx context.Context, path string, compiled func()) error {
	cmd := c.command(ctx, "build", "-v", "-o="+path, cliPackage)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("build the Temporal CLI: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build the Temporal CLI: %w", err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if line := lines.Text(); strings.ContainsAny(line, " \t") { // a message; -v prints bare import paths
			said.WriteString(line + "\n")
		} else {
			compiled()
		}
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("build the Temporal CLI: %w\n%s", err, tail(said.String(), 20))
	}
	return nil
}

// tail returns the last n lines of s.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
