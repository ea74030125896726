package blob

import (
	"errors"
	"fmt"

	"gocloud.dev/gcerrors"
)

// ErrNotFound says that there is no file of that key.
var ErrNotFound = errors.New("no such file in blob storage")

// Error is a failure of the storage itself.
type Error struct {
	Deed string // e.g. "read"
	Key  string
	Err  error
}

// Error names the deed and the file.
func (e *Error) Error() string { return fmt.Sprintf("%s %s: %v", e.Deed, e.Key, e.Err) }

// Unwrap returns what the storage said.
func (e *Error) Unwrap() error { return e.Err }

// Transient tells whether doing the same again may succeed. That is so for whatever the storage says: no
// answer, a full disk, a refusal that somebody may lift. It is not for a missing file, a key that no store
// would take, a store that was closed, or an error that has nothing to do with a store.
func Transient(err error) bool {
	var failed *Error
	if !errors.As(err, &failed) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrKey) || errors.Is(err, ErrAborted) {
		return false
	}
	switch gcerrors.Code(err) {
	case gcerrors.InvalidArgument, gcerrors.FailedPrecondition, gcerrors.Unimplemented:
		return false
	}
	return true
}

// fail names the deed and the file, and makes "not found" the same thing for every store.
func fail(deed, key string, err error) error {
	switch {
	case err == nil:
		return nil
	// A missing bucket has the same code as a missing file, but it is a fault of the set-up.
	case gcerrors.Code(err) == gcerrors.NotFound && serviceCode(err) != "NoSuchBucket":
		return fmt.Errorf("%s %s: %w", deed, key, ErrNotFound)
	}
	return &Error{Deed: deed, Key: key, Err: err}
}

// serviceCode is the code in an S3 error answer, else "".
func serviceCode(err error) string {
	var answer interface{ ErrorCode() string }
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}
