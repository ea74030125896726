package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPiecesAreCutBetweenMoments(t *testing.T) {
	t.Parallel()
	began := time.Now()
	at := func(ms int, items int64, cpu int, rss int64) moment {
		return moment{began.Add(time.Duration(ms) * time.Millisecond), items, time.Duration(cpu) * time.Millisecond, rss}
	}
	// A hundred milliseconds of numbering, then two items a millisecond, of which each takes half of one; from the middle on half as fast.
	m, err := newMany(SyncRun{Items: 1000}, []moment{
		at(0, 0, 0, 1), at(100, 0, 40, 2), at(200, 200, 140, 3), at(350, 500, 290, 4), at(850, 1000, 790, 5), at(900, 1000, 800, 9),
	})
	require.NoError(t, err)
	require.Equal(t, 10, m.Each)
	require.Len(t, m.Pieces, 100)
	require.InDelta(t, 0.005, m.Begin.Seconds, 1e-9)
	require.InDelta(t, 0.005, m.Begin.CPU, 1e-9)
	require.InDelta(t, 0.010, m.End.Seconds, 1e-9)
	require.InDelta(t, 0.010, m.End.CPU, 1e-9)
	require.InDelta(t, 0.0075, m.Middle.Seconds, 1e-9, "half of it lies before the middle")
	require.EqualValues(t, 3, m.Begin.RSS)
	require.EqualValues(t, 5, m.End.RSS)
	require.EqualValues(t, 9, m.ReportRSS)

	_, err = newMany(SyncRun{Items: 1000}, []moment{at(0, 0, 0, 1), at(100, 999, 40, 2)})
	require.ErrorContains(t, err, "not followed to its end")
}
