package mariadb

import "syscall"

// dieWithParent has the kernel kill the child when the thread that forked it ends, and gives it a process
// group of its own, so that Ctrl-C reaches it only through us, in order.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
