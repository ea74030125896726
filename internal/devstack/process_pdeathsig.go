//go:build linux || freebsd

package devstack

import "syscall"

// dieWithParent has the child killed when we end in any way. Not SIGTERM: a server that takes its time to stop would
// still hold its ports and its file when we are started again, and it is safe against kill (SQLite in WAL mode).
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
