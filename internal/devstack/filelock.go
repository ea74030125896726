package devstack

import (
	"errors"
	"os"
)

// errLocked is returned by tryLock when somebody else holds the lock, in this process or another.
var errLocked = errors.New("locked")

// fileLock is an exclusive lock that the system drops when its holder dies, however it dies. That is what makes it a
// better witness than a process id in a file, which some other process may have got meanwhile.
type fileLock struct{ file *os.File }

// release drops the lock. The file stays: removing it would let two processes lock two files of the same name.
func (l *fileLock) release() { _ = l.file.Close() }
