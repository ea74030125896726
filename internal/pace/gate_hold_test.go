package pace_test

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// enter gives a started pass.
func enter(t *testing.T, gate *pace.Gate) *pace.Pass {
	t.Helper()
	pass, err := gate.Enter(t.Context(), "job")
	require.NoError(t, err)
	require.NoError(t, pass.Start(t.Context()))
	return pass
}

func requireHeld(t *testing.T, want job.WaitWhy, err error) *pace.Held {
	t.Helper()
	var held *pace.Held
	require.ErrorAs(t, err, &held)
	require.Equal(t, want, held.Why)
	return held
}

func TestGateWaitsForAShortCoolingOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, 0)
		gate := open(t, book, pace.Limits{})
		enter(t, gate).Done(pace.Report{Verdict: pace.Throttled, Hint: pace.Hint{CoolFor: 4 * time.Second}})
		synctest.Wait()
		began := time.Now()
		enter(t, gate).Done(pace.Report{Verdict: pace.Throttled, Hint: pace.Hint{CoolFor: time.Minute}})
		require.GreaterOrEqual(t, time.Since(began), 3*time.Second)
		synctest.Wait()

		began = time.Now()
		_, err := gate.Enter(t.Context(), "job")
		held := requireHeld(t, job.WaitCooling, err)
		require.Less(t, time.Since(began), time.Second)
		require.Equal(t, *book.account(pace.Limits{}).CoolingUntil, held.Until)
		require.WithinDuration(t, time.Now().Add(book.skew+time.Minute), held.Until, time.Second)
		began = time.Now()
		_, err = gate.Enter(t.Context(), "job")
		require.Equal(t, held, requireHeld(t, job.WaitCooling, err))
		require.Less(t, time.Since(began), 100*time.Millisecond, "the next one is told at once")

		time.Sleep(time.Minute)
		enter(t, gate).Done(pace.Report{})
	})
}

func TestGateHoldsOutAnOutageByOneProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		limits := pace.Limits{Interval: -1}
		gates := []*pace.Gate{open(t, book, limits), open(t, book, limits)}
		for i := range 10 {
			enter(t, gates[i%2]).Done(pace.Report{Verdict: pace.Out})
		}
		time.Sleep(time.Second) // until both have told
		_, err := gates[0].Enter(t.Context(), "job")
		held := requireHeld(t, job.WaitOutage, err)
		require.NotNil(t, book.account(limits).OpenSince)

		// When it is time one call of all goes out; the others wait for what comes of it, and go on.
		time.Sleep(held.Until.Sub(time.Now().Add(book.skew)))
		var p partner
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				require.NoError(t, p.call(t.Context(), gates[i%2], "job", 0, 2*time.Second))
			})
		}
		time.Sleep(time.Second)
		p.mu.Lock()
		require.Len(t, p.starts, 1)
		p.mu.Unlock()
		all.Wait()
		require.Len(t, p.starts, 20)
		require.Nil(t, book.account(limits).OpenSince)
	})
}

func TestGateGivesUpOnAProbeThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := open(t, newMemory(1, time.Millisecond), pace.Limits{Interval: -1})
		for range 10 {
			enter(t, gate).Done(pace.Report{Verdict: pace.Out})
		}
		time.Sleep(5 * time.Second)
		probe := enter(t, gate)
		began := time.Now()
		_, err := gate.Enter(t.Context(), "job")
		require.NotZero(t, requireHeld(t, job.WaitOutage, err))
		require.InDelta(t, 5, time.Since(began).Seconds(), 0.2)
		probe.Done(pace.Report{Verdict: pace.Out})
		_, err = gate.Enter(t.Context(), "job")
		require.InDelta(t, 10, requireHeld(t, job.WaitOutage, err).Until.Sub(began).Seconds()+37*60, 6)
	})
}

func TestGateStopsAtTheQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		limits := pace.Limits{Interval: -1, DailyQuota: 25}
		gates := []*pace.Gate{open(t, book, limits), open(t, book, limits)}
		var p partner
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				if err := p.call(t.Context(), gates[i%2], "job", 0, time.Millisecond); err != nil {
					held := requireHeld(t, job.WaitQuota, err)
					require.Equal(t, *book.account(limits).QuotaReset, held.Until)
				}
			})
		}
		all.Wait()
		require.Len(t, p.starts, 25)
	})
}

// A change in the book holds for the calls that wait already.
func TestChangeTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		gate := open(t, book, pace.Limits{Interval: time.Hour})
		enter(t, gate).Done(pace.Report{})
		var p partner
		var all sync.WaitGroup
		began := time.Now()
		for range 10 {
			all.Go(func() {
				require.NoError(t, p.call(t.Context(), gate, "job", 0, 10*time.Second))
			})
		}
		time.Sleep(time.Minute + 500*time.Millisecond)
		require.Empty(t, p.starts)
		n, none, timeout := 2, time.Duration(0), time.Minute
		book.set(func() { book.change = pace.Change{MaxInFlight: &n, Interval: &none, Timeout: &timeout} })
		time.Sleep(1100 * time.Millisecond)
		p.mu.Lock()
		require.Len(t, p.starts, 2)
		p.mu.Unlock()
		require.Equal(t, timeout, *gate.Change().Timeout)
		all.Wait()
		require.Equal(t, 2, p.most)
		require.Less(t, time.Since(began), 2*time.Minute)
	})
}

// A job that came later and wants little does not wait for one that wants much.
func TestJobsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := open(t, newMemory(1, time.Millisecond), pace.Limits{})
		var p partner
		var all sync.WaitGroup
		enqueue := func(job string, n int) {
			for range n {
				all.Go(func() {
					require.NoError(t, p.call(t.Context(), gate, job, 0, time.Millisecond))
				})
			}
			synctest.Wait()
		}
		enqueue("large", 50)
		time.Sleep(time.Second)
		enqueue("small", 5)
		time.Sleep(1200 * time.Millisecond)
		p.mu.Lock()
		require.Equal(t, 5, p.byJob["small"])
		p.mu.Unlock()
		all.Wait()
		require.Equal(t, 50, p.byJob["large"])
	})
}

func TestCallerWhoLeavesTakesNothingAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		limits := pace.Limits{MaxInFlight: 1, Interval: -1}
		gate := open(t, book, limits)
		first := enter(t, gate)
		var state string
		gone, leave := context.WithCancelCause(t.Context())
		why := errors.New("paused")
		time.AfterFunc(time.Second, func() { leave(why) })
		_, err := gate.Enter(gone, "job")
		require.ErrorIs(t, err, why)
		_, err = gate.Enter(gone, "job")
		require.Error(t, err)
		time.Sleep(100 * time.Millisecond)
		book.set(func() { state = string(book.state) })
		require.NotContains(t, state, "wants", "others need not leave places for it")
		first.Done(pace.Report{})
		first.Done(pace.Report{Verdict: pace.Out}) // does not count
		enter(t, gate).Done(pace.Report{})
		time.Sleep(time.Second)
		a := book.account(limits)
		require.Zero(t, a.InFlight)
		require.Equal(t, int64(2), a.Starts)
	})
}

func TestPassEndsWithTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		limits := pace.Limits{MaxInFlight: 2}
		gate := open(t, book, limits)
		pass := enter(t, gate)
		time.Sleep(time.Minute)
		require.NoError(t, pass.Context().Err(), "its lease is renewed")
		require.Equal(t, 1, book.account(limits).InFlight)

		waiting, err := gate.Enter(t.Context(), "job")
		require.NoError(t, err)
		book.set(func() { book.away = true })
		away := time.Now()
		<-pass.Context().Done()
		require.ErrorIs(t, context.Cause(pass.Context()), pace.ErrLeaseLost)
		require.Less(t, time.Since(away), pace.Lease, "before others have the place")
		require.ErrorIs(t, waiting.Start(t.Context()), pace.ErrLeaseLost)
		_, err = gate.Enter(t.Context(), "job")
		require.ErrorIs(t, err, errAway)

		time.Sleep(pace.Lease)
		require.Zero(t, book.account(limits).InFlight)
		pass.Done(pace.Report{Verdict: pace.Throttled, Hint: pace.Hint{CoolFor: time.Minute}})
		waiting.Done(pace.Report{Verdict: pace.Unknown})
		time.Sleep(time.Minute)
		book.set(func() { book.away = false })
		time.Sleep(5 * time.Second)
		require.NotNil(t, book.account(limits).CoolingUntil, "what was to be told is kept")
		require.Equal(t, int64(1), book.account(limits).Starts)
	})
}

func TestCallerIsToldThatTheBookIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		book.away = true // nobody reads it yet
		gate := open(t, book, pace.Limits{})
		began := time.Now()
		_, err := gate.Enter(t.Context(), "job")
		require.ErrorIs(t, err, errAway)
		require.InDelta(t, 5, time.Since(began).Seconds(), 1)

		time.AfterFunc(time.Second, func() { book.set(func() { book.away = false }) })
		time.Sleep(time.Minute)
		enter(t, gate).Done(pace.Report{})
	})
}

func TestClosedGateHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, time.Millisecond)
		limits := pace.Limits{MaxInFlight: 3, Interval: -1}
		gate := pace.NewGate(pace.Options{Account: "marketplace", Limits: limits, Book: book})
		pass, kept := enter(t, gate), enter(t, gate)
		enter(t, gate)
		time.Sleep(time.Second)
		failed := make(chan error)
		go func() {
			_, err := gate.Enter(t.Context(), "job")
			failed <- err
		}()
		synctest.Wait()
		book.set(func() {}) // no turn is on its way
		kept.Done(pace.Report{})
		require.NoError(t, <-failed) // its place was passed on
		go func() {
			_, err := gate.Enter(t.Context(), "job")
			failed <- err
		}()
		synctest.Wait()
		gate.Close()
		require.ErrorIs(t, <-failed, pace.ErrClosed)
		require.ErrorIs(t, context.Cause(pass.Context()), pace.ErrClosed)
		require.Zero(t, book.account(limits).InFlight)
		pass.Done(pace.Report{})
		_, err := gate.Enter(t.Context(), "job")
		require.ErrorIs(t, err, pace.ErrClosed)
		gate.Close()

		gate = pace.NewGate(pace.Options{Account: "marketplace", Limits: limits, Book: book})
		enter(t, gate)
		pass = enter(t, gate)
		time.Sleep(50 * time.Millisecond)
		pass.Done(pace.Report{}) // its place stays with the process for a moment
		gate.Close()
		require.Zero(t, book.account(limits).InFlight)
	})
}

// Without an interval a call follows the other without a turn, and what others want is still theirs.
func TestPlacesGoFromCallToCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, 500*time.Microsecond)
		limits := pace.Limits{MaxInFlight: 20, Interval: -1}
		var p partner
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		run := func(name string, workers int) {
			gate := open(t, book, limits)
			for range workers {
				all.Go(func() {
					for ctx.Err() == nil {
						if err := p.call(ctx, gate, name, 0, 2*time.Millisecond); ctx.Err() == nil {
							require.NoError(t, err)
						}
					}
				})
			}
		}
		run("one", 40)
		time.Sleep(2 * time.Second)
		p.mu.Lock()
		alone, turns := p.byJob["one"], book.count()
		p.mu.Unlock()
		require.Greater(t, alone, 18_000, "of 20,000 that 20 places can hold in two seconds")
		require.Less(t, turns, 400)

		run("two", 40)
		time.Sleep(2 * time.Second)
		p.mu.Lock()
		one, two := p.byJob["one"]-alone, p.byJob["two"]
		p.mu.Unlock()
		require.Greater(t, one+two, 17_000)
		require.InDelta(t, one, two, 0.1*float64(one))
		stop()
		all.Wait()
		require.Equal(t, 20, p.most)
		time.Sleep(3 * time.Second)
		require.Zero(t, book.account(limits).InFlight)
		require.Equal(t, int64(len(p.starts)), book.account(limits).Starts)
	})
}

// A caller who leaves while the book grants its wish leaves a start that others can have.
func TestStartOfACallerWhoLeftIsGivenOutAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newMemory(1, 0)
		ctx, leave := context.WithCancel(t.Context())
		book.granted = func() {
			leave()
			time.Sleep(time.Millisecond) // it leaves
		}
		limits := pace.Limits{Interval: time.Hour}
		gate := open(t, book, limits)
		_, err := gate.Enter(ctx, "job")
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(time.Second)
		require.Zero(t, book.account(limits).Starts)
		require.Zero(t, book.account(limits).InFlight)
		began := time.Now()
		enter(t, gate).Done(pace.Report{})
		require.Less(t, time.Since(began), time.Second)
	})
}

// The next start keeps its distance from the call and not from what was meant to be its start, whoever makes it.
func TestLateCallMovesTheNextStart(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]func(t *testing.T, pass *pace.Pass, start time.Time) time.Time{
		"late start": func(t *testing.T, pass *pace.Pass, start time.Time) time.Time {
			time.Sleep(time.Until(start.Add(2500 * time.Microsecond)))
			require.NoError(t, pass.Start(t.Context()))
			return time.Now()
		},
		"missed start": func(t *testing.T, pass *pace.Pass, start time.Time) time.Time {
			time.Sleep(time.Until(start.Add(30 * time.Millisecond)))
			require.NoError(t, pass.Start(t.Context()))
			require.Less(t, time.Since(start), 35*time.Millisecond, "another one is had at once")
			return time.Now()
		},
		"slow connection": func(t *testing.T, pass *pace.Pass, start time.Time) time.Time {
			require.NoError(t, pass.Start(t.Context()))
			time.Sleep(40 * time.Millisecond)
			httptrace.ContextClientTrace(pass.Context()).WroteRequest(httptrace.WroteRequestInfo{})
			return time.Now()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				book := newMemory(1, 0)
				one, two := open(t, book, pace.Limits{}), open(t, book, pace.Limits{})
				enter(t, one).Done(pace.Report{})
				first := time.Now()
				pass, err := one.Enter(t.Context(), "job")
				require.NoError(t, err)
				sent := late(t, pass, first.Add(101*time.Millisecond))
				enter(t, two).Done(pace.Report{})
				require.InDelta(t, 101, float64(time.Since(sent).Microseconds())/1000, 0.6)
				pass.Done(pace.Report{})
			})
		})
	}
}
