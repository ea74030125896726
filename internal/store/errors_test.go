package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/longhaul/longhaul/job"
)

func TestTransient(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("anything"), false},
		{driver.ErrBadConn, true},
		{mysql.ErrInvalidConn, true},
		{sql.ErrConnDone, true},
		{io.ErrUnexpectedEOF, true},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), true},
		{dial(os.ErrDeadlineExceeded), true},
		{dial(context.DeadlineExceeded), true},
		{dial(context.Canceled), false},
		{context.Canceled, false},
		{context.DeadlineExceeded, false},
		{&mysql.MySQLError{Number: 1213}, true},
		{&mysql.MySQLError{Number: 1205}, true},
		{&mysql.MySQLError{Number: 1040}, true},
		{&mysql.MySQLError{Number: 1062}, false},
		{&mysql.MySQLError{Number: 1064}, false},
		{gorm.ErrDuplicatedKey, false},
	} {
		require.Equal(t, tt.want, Transient(tt.err), "%v", tt.err)
		if tt.err != nil {
			wrapped := fail("do it", fmt.Errorf("first: %w", tt.err))
			require.Equal(t, tt.want, Transient(wrapped), "wrapped: %v", tt.err)
			require.Equal(t, tt.want, job.CodeOf(wrapped) == job.CodeUnavailable, "%v", tt.err)
			require.ErrorIs(t, wrapped, tt.err)
		}
	}
}

func TestFailKeepsWhatMayBeShown(t *testing.T) {
	t.Parallel()
	require.NoError(t, fail("do it", nil))
	shown := job.Errorf(job.CodeNotFound, "there is no job")
	require.Equal(t, error(shown), fail("do it", shown))
}

func TestDeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	deadlock := fmt.Errorf("update: %w", &mysql.MySQLError{Number: 1213})
	tries := 0
	require.NoError(t, retryDeadlock(func() error {
		if tries++; tries < 3 {
			return deadlock
		}
		return nil
	}))
	require.Equal(t, 3, tries)

	tries = 0
	require.Equal(t, deadlock, retryDeadlock(func() error { tries++; return deadlock }))
	require.Equal(t, deadlockTries, tries)

	tries = 0
	require.Error(t, retryDeadlock(func() error { tries++; return io.EOF }))
	require.Equal(t, 1, tries, "anything else is not")
}

// TestSQLiteBusyIsTransient lets one connection hold the write lock and another one not wait for it.
func TestSQLiteBusyIsTransient(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/longhaul.db"
	holder, err := Open(t.Context(), "sqlite://"+path, Options{})
	require.NoError(t, err)
	defer holder.Close()
	require.NoError(t, holder.Migrate(t.Context()))
	tx, err := holder.typed.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()

	hasty, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer hasty.Close()
	_, err = hasty.ExecContext(t.Context(), "DELETE FROM jobs")
	require.Error(t, err)
	require.True(t, Transient(err), "%v", err)
}
