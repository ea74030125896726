package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A stretch whose process has stood still is another's, whoever finds out first, and stays so.
func TestStray(t *testing.T) {
	t.Parallel()
	r := &stretch{seen: time.Now().Round(0).Add(-strayAfter / 2)}
	r.starts, r.halt = context.WithCancel(t.Context())
	require.False(t, r.astray())
	require.NoError(t, r.starts.Err())

	r.seen = r.seen.Add(-strayAfter)
	require.True(t, r.astray())
	require.Error(t, r.starts.Err(), "nothing more starts")
	require.ErrorIs(t, r.err, errStray)
	require.True(t, r.astray())
}
