package bench_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/bench"
	"github.com/longhaul/longhaul/internal/cli"
	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/internal/testenv"
)

// TestMain makes this test binary the program whose processes a benchmark starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "bench" {
		os.Exit(cli.Main("test", os.Args[1:], os.Stdout, os.Stderr))
	}
	testenv.Main(m)
}

func temporalCLI(t *testing.T) string {
	t.Helper()
	path, err := devstack.CLI(t.Context(), devstack.CLIOptions{NoBuild: true})
	if err != nil {
		testenv.Missing(t, "temporal", err.Error())
	}
	return path
}

// TestAllContendersWriteTheSame runs the whole of it, small.
func TestAllContendersWriteTheSame(t *testing.T) {
	t.Parallel()
	testenv.RequireMariaDB(t)
	const rows = 5_000
	report, err := bench.Run(t.Context(), bench.Options{
		Rows: []int{rows}, Repeat: 1, TemporalCLI: temporalCLI(t), Log: t.Output(), Profile: t.TempDir(),
	})
	require.NoError(t, err)
	require.Len(t, report.Sizes, 1)
	size := report.Sizes[0]

	// That they are equal is found by reading both workbooks back; a difference would have been an error.
	require.Len(t, size.Equal, 2)
	for i, other := range []bench.Contender{bench.Offset, bench.Longhaul} {
		require.Equal(t, bench.Plain, size.Equal[i].A)
		require.Equal(t, other, size.Equal[i].B)
		require.Equal(t, rows+1, size.Equal[i].Rows)
	}
	require.Positive(t, size.Equal[1].Lost, "the sample data has control characters, which a plain loop loses")

	require.Len(t, size.Medians, len(bench.Contenders))
	for _, m := range size.Medians {
		require.Positive(t, m.Wall, m.Contender)
		require.Positive(t, m.FileSize, m.Contender)
		require.Positive(t, m.PeakRSS, m.Contender)
		require.Positive(t, m.CPU.Contender, m.Contender)
		require.False(t, m.Estimated, m.Contender)
	}
	require.Equal(t, 1, size.History.Pages)
	require.Positive(t, size.History.PageSeconds)
	require.InDelta(t, 10, size.History.HeartbeatTimeout, 0)

	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "5,001 rows of plain and longhaul have equal cell values")
}

func TestSmallJobs(t *testing.T) {
	t.Parallel()
	report, err := bench.Run(t.Context(), bench.Options{Small: true, Repeat: 1, TemporalCLI: temporalCLI(t), Log: t.Output()})
	require.NoError(t, err)
	require.Empty(t, report.Sizes)
	require.Positive(t, report.Small.Median)
	require.LessOrEqual(t, report.Small.Median, report.Small.P90)
	require.LessOrEqual(t, report.Small.P90, report.Small.Max)
}

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options bench.Options
		want    string
	}{
		"no rows":           {bench.Options{Rows: []int{0}}, "must be positive"},
		"less than once":    {bench.Options{Repeat: -1}, "must be positive"},
		"nobody":            {bench.Options{Contenders: []bench.Contender{"fast"}}, `"fast"`},
		"sizes share no DB": {bench.Options{Rows: []int{1, 2}, Database: "mysql://root@127.0.0.1:1/x"}, "for one size"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.Run(t.Context(), tt.options)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
