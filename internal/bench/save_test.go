package bench_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/bench"
	"github.com/longhaul/longhaul/internal/testenv"
)

// TestBulkSavesLeaveTheSame runs every part, small. That contenders leave the same tables, refuse as many rows, read the
// same cells and do what the dry run told is checked by the run itself: it would have failed.
func TestBulkSavesLeaveTheSame(t *testing.T) {
	t.Parallel()
	testenv.RequireMariaDB(t)
	const rows, readRows = dataset.DefaultChunkRows + 1_000, 1_000 // two chunks, which meet
	report, err := bench.RunBulkSave(t.Context(), bench.SaveOptions{
		Rows: rows, ReadRows: readRows, MemoryRows: []int{300}, Repeat: 1, TemporalCLI: temporalCLI(t), Log: t.Output(),
		Profile: t.TempDir(),
	})
	require.NoError(t, err)
	require.Equal(t, rows, report.Rows)
	require.False(t, report.Real)

	require.Len(t, report.Readings, 2)
	for _, r := range report.Readings {
		require.EqualValues(t, (readRows+1)*10, r.Cells, r.Texts)
		require.Positive(t, r.Idle, r.Texts)
		require.GreaterOrEqual(t, r.Peak, r.Idle, r.Texts)
	}

	require.Len(t, report.Paths, 2)
	for _, p := range report.Paths {
		require.EqualValues(t, 1, p.Refused, "one made-up row is to be refused")
		require.EqualValues(t, rows-1, p.Equal, p.Format)
		require.Equal(t, 2, p.Chunks, p.Format)
		require.Positive(t, p.BytesPerChunk, p.Format)
		require.Len(t, p.Medians, 2)
		ours := p.Medians[1]
		require.Equal(t, bench.Longhaul, ours.Contender)
		require.Less(t, ours.Upload+ours.Inspect+ours.Apply+ours.Report, ours.Wall, p.Format)
		require.InDelta(t, p.Medians[0].Wall/ours.Wall, p.Faster, 1e-9)
		require.Positive(t, min(ours.Upload, ours.Inspect, ours.Apply, ours.Report), p.Format)
	}

	require.Len(t, report.Applies, 6, "new, unchanged and changed rows, by one and by two")
	for _, a := range report.Applies {
		require.Len(t, a.Runs, 2, a.Data)
		for _, run := range a.Runs {
			require.EqualValues(t, rows-1, run.Rows, run.Role)
		}
		require.Equal(t, a.Data != "unchanged", a.Images > 0, "%s rows leave images of %d bytes", a.Data, a.Images)
	}

	require.Len(t, report.Memory, 2)
	for _, m := range report.Memory {
		require.Positive(t, m.Peak, m.Format)
	}

	require.Len(t, report.DryRuns, 3)
	for _, run := range report.DryRuns {
		d := run.Median
		require.Positive(t, min(d.Check, d.Compare, d.Apply), run.Data)
		require.Less(t, d.Check, d.Held, run.Data)
		require.Less(t, d.Compare+d.Apply, d.Saved, run.Data)
	}

	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "Both refused 1 rows and left the same ")
}

func TestPartsOfBulkSaves(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options bench.SaveOptions
		want    string
	}{
		"rows below zero": {bench.SaveOptions{Rows: -1}, "must be positive"},
		"no memory":       {bench.SaveOptions{MemoryRows: []int{0}}, "must be positive"},
		"less than once":  {bench.SaveOptions{Repeat: -1}, "must be positive"},
		"an unknown part": {bench.SaveOptions{Only: []bench.SavePart{"writing"}}, `"writing"`},
		"no such file":    {bench.SaveOptions{File: "nowhere.csv"}, "nowhere.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.RunBulkSave(t.Context(), tt.options)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// TestReadersNeedNoServers measures readers on a machine without a database.
func TestReadersNeedNoServers(t *testing.T) {
	t.Parallel()
	report, err := bench.RunBulkSave(t.Context(), bench.SaveOptions{
		Rows: 1, ReadRows: 100, Repeat: 1, Only: []bench.SavePart{bench.SaveReading}, TemporalCLI: "nowhere", Log: t.Output(),
	})
	require.NoError(t, err)
	require.Len(t, report.Readings, 2)
	require.Empty(t, report.Paths)
	require.Empty(t, report.Machine.Database)
}
