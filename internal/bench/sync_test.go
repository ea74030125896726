package bench_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/bench"
)

// measureSync measures one part, with a few items. That each item took effect once, in order, and has its outcome in the
// database is checked by the run itself: it would have failed.
func measureSync(t *testing.T, part bench.SyncPart, items int) (*bench.SyncReport, string) {
	t.Helper()
	report, err := bench.RunSync(t.Context(), bench.SyncOptions{
		Items: items, Repeat: 1, Only: []bench.SyncPart{part}, TemporalCLI: temporalCLI(t), Log: t.Output(), Profile: t.TempDir(),
	})
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, report.Write(&text))
	return report, text.String()
}

// requireRun looks at what every run has.
func requireRun(t *testing.T, run bench.SyncRun, items int) {
	t.Helper()
	require.Equal(t, items, run.Items)
	require.EqualValues(t, items, run.Seen.Calls)
	require.Positive(t, min(run.Number, run.Send, run.Report))
	require.Less(t, run.Outcome, run.End)
	require.Less(t, run.Send, run.End)
	require.Positive(t, run.CPU.Workers)
	require.Positive(t, run.PeakRSS)
	require.Len(t, run.History.Runs, 1)
	require.Positive(t, run.History.Stretches)
}

func TestSyncBesideItsPeer(t *testing.T) {
	t.Parallel()
	const items = 12
	report, text := measureSync(t, bench.SyncPeer, items)
	peer := report.Peer
	require.Len(t, peer.Turns, 1)
	require.InDelta(t, 1.3, peer.Ideal, 1e-9, "eleven intervals and an answer")
	ours := peer.Turns[0].Ours
	requireRun(t, ours, items)
	require.Greater(t, ours.Outcome, peer.Ideal)
	if peer.LeftOut != "" {
		require.Contains(t, text, "NOT MEASURED: async-await-queue")
		return // npm needs its registry; what is ours has been measured
	}
	theirs := peer.Turns[0].Theirs
	require.EqualValues(t, items, theirs.Seen.Calls)
	require.Zero(t, theirs.Failed)
	require.Greater(t, theirs.Seconds, peer.Ideal-0.1, "its clock counts milliseconds")
	require.InDelta(t, ours.Outcome/theirs.Seconds, peer.Outcome, 1e-9)
	require.InDelta(t, ours.End/theirs.Seconds, peer.End, 1e-9)
	require.Contains(t, text, "to the last outcome, ")
}

func TestSpacingOfSyncs(t *testing.T) {
	t.Parallel()
	report, text := measureSync(t, bench.SyncSpacing, 12)
	require.Len(t, report.Spacings, 2)
	for i, workers := range []int{1, 3} {
		run := report.Spacings[i]
		requireRun(t, run, 12)
		require.Equal(t, workers, run.Workers)
		require.Equal(t, workers, run.Syncs)
		require.Positive(t, run.Seen.MeanSpacing)
		require.LessOrEqual(t, run.Seen.MostInFlight, 10)
	}
	require.Contains(t, text, "closer than 95 ms")
}

func TestSpeedOfSyncs(t *testing.T) {
	t.Parallel()
	const items = 250 // more than a stretch
	report, text := measureSync(t, bench.SyncThroughput, items)
	require.Len(t, report.Throughput.Runs, 1)
	run := report.Throughput.Runs[0]
	requireRun(t, run, items)
	require.Greater(t, run.History.Stretches, 1)
	require.InDelta(t, items/run.Send, report.Throughput.PerSecond, 1e-9)
	require.InDelta(t, items/run.End, report.Throughput.WithAll, 1e-9)
	require.Positive(t, report.Throughput.CPU.Workers)
	require.Contains(t, text, "250 items without an interval")
}

func TestManyItems(t *testing.T) {
	t.Parallel()
	const items = 300
	report, text := measureSync(t, bench.SyncMany, items)
	many := report.Many
	requireRun(t, many.Run, items)
	require.Equal(t, 3, many.Each)
	require.Len(t, many.Pieces, 100)
	for _, p := range many.Pieces {
		require.GreaterOrEqual(t, min(p.Seconds, p.CPU), 0.0)
		require.Positive(t, p.RSS)
	}
	require.Positive(t, many.Begin.Seconds+many.Middle.Seconds+many.End.Seconds)
	require.Contains(t, text, "mean of the first tenth")
}

func TestSyncOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options bench.SyncOptions
		want    string
	}{
		"items below zero": {bench.SyncOptions{Items: -1}, "must be positive"},
		"less than once":   {bench.SyncOptions{Repeat: -1}, "must be positive"},
		"an unknown part":  {bench.SyncOptions{Only: []bench.SyncPart{"waiting"}}, `"waiting"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.RunSync(t.Context(), tt.options)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
