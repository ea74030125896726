package devstack

import (
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// process is a running child.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has been waited for
	err    error         // how it ended; read it after exited
}

// startProcess starts cmd in a process group of its own, so that Ctrl-C in the terminal reaches us first and we decide
// the order in which things end, and, where the system can do it, so that it dies with us.
//
// Linux ties the death signal to the thread that forked, not to the process: Go ends idle threads, and the child would
// die with one. So a goroutine locked to its thread starts the child and stays until the child is gone.
func startProcess(cmd *exec.Cmd) (*process, error) {
	ownGroup(cmd)
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// stop asks the process to end, kills it if it has not after patience, and waits until it is gone.
func (p *process) stop(patience time.Duration) {
	if err := terminate(p.cmd.Process); err != nil {
		p.kill()
		return
	}
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.kill()
	}
}

// kill ends the process and what it started at once, and waits until it is gone.
func (p *process) kill() {
	if p.running() { // once waited for, its number may be another's
		kill(p.cmd.Process)
	}
	<-p.exited
}

// running tells whether the process has not been seen to end.
func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}
