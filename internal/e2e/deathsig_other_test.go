//go:build unix && !linux

package e2e

import "syscall"

// dieWithParent does nothing: here, a child outlives a test process that is killed.
func dieWithParent(*syscall.SysProcAttr) {}
