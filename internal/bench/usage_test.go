package bench

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/testenv"
)

func TestUsageIsRead(t *testing.T) {
	t.Parallel()
	stat := []byte("4711 (a ) (b c) S 1 4711 4711 0 -1 4194560 900 0 0 0 123 45 7 8 20 0 9 0 100 0 0\n")
	require.Equal(t, 1680*time.Millisecond, cpuOf(stat))
	require.Zero(t, cpuOf([]byte("4711 (short) S 1")))
	require.Zero(t, cpuOf(nil))
	require.EqualValues(t, 2048, kilobytesOf([]byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 12 kB\n"), "VmHWM:"))
	require.Zero(t, kilobytesOf([]byte("Name:\tx\n"), "VmHWM:"))
}

func TestUsageOfThisProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		testenv.Missing(t, "/proc", err.Error())
	}
	require.Greater(t, usageOf(os.Getpid()).peak, int64(1<<20))
}

func TestMedian(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2, median([]float64{3, 1, 2}), 0)
	require.InDelta(t, 2.5, median([]float64{4, 1, 3, 2}), 0)
	require.InDelta(t, 7, median([]float64{7}), 0)
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1067371: "1,067,371"} {
		require.Equal(t, want, thousands(n))
	}
}
