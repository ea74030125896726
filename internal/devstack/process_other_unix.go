//go:build unix && !linux && !freebsd

package devstack

import "syscall"

// dieWithParent does nothing: this system cannot tie a child's life to ours, so after a kill -9 of the parent the
// child has to be ended by hand. Every orderly end stops it.
func dieWithParent(*syscall.SysProcAttr) {}
