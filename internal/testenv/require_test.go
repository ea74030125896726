package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// verdict stands in for a test and keeps what would have become of it.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()                           {}
func (v *verdict) Skipf(format string, args ...any)  { v.skipped = fmt.Sprintf(format, args...) }
func (v *verdict) Fatalf(format string, args ...any) { v.failed = fmt.Sprintf(format, args...) }

func TestRequireSkipsByName(t *testing.T) {
	t.Setenv("CI", "")
	v := &verdict{TB: t}
	require.Empty(t, Require(v, "no-such-program", "nor-this"))
	require.Contains(t, v.skipped, "no-such-program or nor-this")
	require.Empty(t, v.failed)
}

func TestRequireFailsUnderCI(t *testing.T) {
	t.Setenv("CI", "true")
	v := &verdict{TB: t}
	require.Empty(t, Require(v, "no-such-program"))
	require.Contains(t, v.failed, "no-such-program")
}

func TestRequireFindsTheFirstThatIsThere(t *testing.T) {
	t.Parallel()
	v := &verdict{TB: t}
	require.NotEmpty(t, Require(v, "no-such-program", "sh"))
	require.Empty(t, v.skipped+v.failed)
}

func TestSweepTakesOnlyWhatNobodyHolds(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := func(name string, age time.Duration) string {
		path := filepath.Join(root, name)
		require.NoError(t, os.Mkdir(path, 0o755))
		lock, err := hold(path)
		require.NoError(t, err)
		if name == "held" {
			t.Cleanup(func() { lock.Close() })
		} else {
			require.NoError(t, lock.Close())
		}
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, at, at))
		return path
	}
	held, left, fresh := dir("held", time.Hour), dir("left", time.Hour), dir("fresh", 0)
	sweep(filepath.Join(root, "*"))
	require.DirExists(t, held)
	require.DirExists(t, fresh)
	require.NoDirExists(t, left)
}
