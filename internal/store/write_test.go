package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
)

// TestWritersStandInLine has somebody write, and others who come to the end of their patience, as they do at a database
// that does not answer, and who get their turn after it.
func TestWritersStandInLine(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "line.db"), Options{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Migrate(t.Context()))
	writers := map[string]func(context.Context) error{
		"a turn": func(ctx context.Context) error {
			_, _, err := s.Turn(ctx, "marketplace", func(time.Time, *pace.State, pace.Change) error { return nil })
			return err
		},
		"marks": func(ctx context.Context) error {
			return s.MarkSent(ctx, []SyncRef{{JobID: "job", Position: 1}}, time.Now())
		},
		"a transaction": func(ctx context.Context) error {
			return s.Leave(ctx, []SyncLeft{{SyncRef: SyncRef{JobID: "job", Position: 1}}})
		},
	}
	for _, write := range writers {
		require.NoError(t, write(t.Context()))
	}
	end, err := s.write(t.Context())
	require.NoError(t, err)
	patient := make(chan error, len(writers))
	for name, write := range writers {
		impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // the database itself would answer by then
		require.ErrorIs(t, write(impatient), context.DeadlineExceeded, name)
		cancel()
		go func() { patient <- write(t.Context()) }()
	}
	require.NoError(t, s.Ping(t.Context()), "who reads does not wait")
	require.Empty(t, patient)
	end()
	for range writers {
		require.NoError(t, <-patient)
	}
}

func TestWritersOfServersDoNotStandInLine(t *testing.T) {
	t.Parallel()
	s := &Store{address: address{engine: mysqlEngine{}}}
	for range 2 {
		_, err := s.write(t.Context())
		require.NoError(t, err)
	}
}
