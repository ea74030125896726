//go:build !linux

package mariadb

import "syscall"

// dieWithParent has nothing to offer here: a child outlives a killed parent until it is stopped by hand.
func dieWithParent() *syscall.SysProcAttr { return nil }
