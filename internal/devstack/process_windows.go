package devstack

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup keeps Ctrl-C in the console away from the child. Windows does not tie its life to ours.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate has no gentle form for a process in a group of its own; the caller kills instead.
func terminate(*os.Process) error { return errors.ErrUnsupported }

func kill(p *os.Process) { _ = p.Kill() }
