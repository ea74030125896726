package activities

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// groups notes what was done together, and when.
type groups struct {
	began time.Time
	done  [][]int
	at    []time.Duration
}

func (g *groups) do(deeds []int) (int, error) {
	g.done, g.at = append(g.done, deeds), append(g.at, time.Since(g.began))
	if deeds[0] < 0 {
		return 0, errors.New("cannot be done")
	}
	time.Sleep(time.Millisecond) // it takes so long
	return len(deeds), nil
}

// come adds deeds at the same time, in order, each by a caller of its own; wait returns when all are done.
func come(g *gather[int, int], deeds ...int) (wait func() []error) {
	errs := make([]error, len(deeds))
	var all sync.WaitGroup
	for i, deed := range deeds {
		all.Go(func() { _, errs[i] = g.add([]int{deed}) })
		synctest.Wait()
	}
	return func() []error { all.Wait(); return errs }
}

func TestDeedsThatComeMeanwhileAreDoneTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := groups{began: time.Now()}
		g := gather[int, int]{do: seen.do, most: 3}
		come(&g, 1, 2, 3, 4, 5)()
		require.Equal(t, [][]int{{1}, {2, 3, 4}, {5}}, seen.done)
		require.Equal(t, []time.Duration{0, time.Millisecond, 2 * time.Millisecond}, seen.at)

		errs := come(&g, -1, 6)()
		require.EqualError(t, errs[0], "cannot be done")
		require.NoError(t, errs[1])
	})
}

func TestGroupsKeepApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := groups{began: time.Now()}
		g := gather[int, int]{do: seen.do, apart: 4 * time.Millisecond}
		come(&g, 1, 2)()
		early := come(&g, 3, 4)
		time.Sleep(3 * time.Millisecond)
		come(&g, 5)()
		early()
		require.Equal(t, [][]int{{1}, {2}, {3, 4, 5}}, seen.done, "what comes in between is done with the next")
		require.Equal(t, []time.Duration{0, 5 * time.Millisecond, 10 * time.Millisecond}, seen.at)

		time.Sleep(10 * time.Millisecond)
		come(&g, 6)()
		require.Equal(t, 21*time.Millisecond, seen.at[3], "after a rest it is done at once")
	})
}
