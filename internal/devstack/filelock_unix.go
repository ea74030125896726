//go:build unix

package devstack

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

func tryLock(path string) (*fileLock, error) { return flock(path, syscall.LOCK_EX) }

// tryShared succeeds beside other shared locks, but not beside tryLock's.
func tryShared(path string) (*fileLock, error) { return flock(path, syscall.LOCK_SH) }

func flock(path string, how int) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
	if err == nil {
		return &fileLock{file}, nil
	}
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}
