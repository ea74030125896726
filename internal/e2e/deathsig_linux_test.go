package e2e

import "syscall"

// dieWithParent has a child killed when the test process ends in any way.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
