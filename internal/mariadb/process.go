package mariadb

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a child that dies with this program.
type process struct {
	cmd  *exec.Cmd
	pid  int
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; read after done
}

// run starts a child. The kernel's parent-death signal is tied to the operating system's thread that
// forked, not to the program: Go may end a thread at any time once a goroutine that locked it returns. So
// one goroutine keeps one thread to itself from the fork until the child has ended.
func run(bin string, args []string) (*process, error) {
	cmd := exec.Command(bin, args...)
	cmd.SysProcAttr = dieWithParent()
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		if p.err == nil {
			p.err = errStopped
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// end sends sig, waits, and kills the process if it does not end in time.
func (p *process) end(sig syscall.Signal) {
	p.signal(sig)
	select {
	case <-p.done:
		return
	case <-time.After(stopAfter):
	}
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *process) signal(sig os.Signal) {
	// The only failure is that the process has ended already, which done tells.
	_ = p.cmd.Process.Signal(sig)
}

// logTail is the end of the server's log, for an error message; empty when there is none.
func logTail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return ""
	}
	return "\nend of its log:\n" + tail(text)
}

// tail is the last 2 KB of a text, from the beginning of a line.
func tail(text []byte) string {
	const most = 2 << 10
	text = bytes.TrimSpace(text)
	if len(text) <= most {
		return string(text)
	}
	text = text[len(text)-most:]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	return string(text)
}
