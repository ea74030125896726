package devstack

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// tryLock opens the file without sharing it, which Windows grants to one handle at a time.
func tryLock(path string) (*fileLock, error) {
	return open(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0)
}

// tryShared succeeds beside other shared locks, but not beside tryLock's.
func tryShared(path string) (*fileLock, error) {
	return open(path, syscall.GENERIC_READ, syscall.FILE_SHARE_READ)
}

func open(path string, access, share uint32) (*fileLock, error) {
	const sharingViolation syscall.Errno = 32
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	handle, err := syscall.CreateFile(name, access, share, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, errLocked
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &fileLock{os.NewFile(uintptr(handle), path)}, nil
}
