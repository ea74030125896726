//go:build unix

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is one running longhaul.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string        // file
	exited chan struct{} // closed when it has been waited for
}

// launch runs a program whose log goes to a file, the end of which is shown if the test fails. It is killed
// when the test ends.
func launch(t *testing.T, name string, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{name: name, log: filepath.Join(t.TempDir(), name+".log"), exited: make(chan struct{})}
	out, err := os.Create(p.log)
	require.NoError(t, err)
	defer out.Close()
	p.cmd = exec.Command(path, args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(p.cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal comes when this thread ends, so it must not end before
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // most are killed, which Wait calls an error
			close(p.exited)
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the log of %s ends with:\n%s", name, p.tail(25))
		}
	})
	return p
}

// kill is kill -9. It returns when the process is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
}

func (p *process) signal(sig syscall.Signal) {
	select {
	case <-p.exited: // its number may be another's by now
	default:
		_ = syscall.Kill(p.cmd.Process.Pid, sig) // fails if it ends at this moment
	}
}

// awaitExit waits until the process has ended by itself or by a signal.
func (p *process) awaitExit(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		t.Fatalf("%s does not end", p.name)
	}
}

// awaitLog waits until the log has a match and returns its first group.
func (p *process) awaitLog(t *testing.T, pattern *regexp.Regexp) string {
	t.Helper()
	var match [][]byte
	eventually(t, p.name+" logs "+pattern.String(), func() bool {
		select {
		case <-p.exited:
			t.Fatalf("%s has ended", p.name)
		default:
		}
		content, err := os.ReadFile(p.log)
		require.NoError(t, err)
		match = pattern.FindSubmatch(content)
		return match != nil
	})
	return string(match[1])
}

func (p *process) tail(lines int) string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(string(bytes.TrimSpace(content)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// patience is how long anything may take before a test gives up on it: several heartbeat timeouts on a
// machine that does other things besides.
const patience = 2 * time.Minute

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
