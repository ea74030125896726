package store_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// Turns follow one another, whatever process makes them, and their clock never goes back.
func TestTurnsOfAnAccountAreOneAfterTheOther(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		const stores, turns = 3, 40
		var last time.Time
		var running atomic.Int64
		var all sync.WaitGroup
		first := open(t, url)
		require.NoError(t, first.Migrate(t.Context()))
		for range stores {
			s := open(t, url)
			for range 2 {
				all.Go(func() {
					for range turns {
						before, after, err := s.Turn(t.Context(), "marketplace", func(now time.Time, state *pace.State, _ pace.Change) error {
							if running.Add(1) != 1 || now.Before(last) {
								t.Error("two turns at once")
							}
							state.Starts++
							last = now
							running.Add(-1)
							return nil
						})
						if err != nil || after.Before(before) {
							t.Error(before, after, err)
						}
					}
				})
			}
		}
		all.Wait()
		state, change, now, err := first.Account(t.Context(), "marketplace")
		require.NoError(t, err)
		require.Equal(t, int64(stores*2*turns), state.Starts)
		require.Equal(t, pace.Change{}, change)
		require.False(t, now.Before(last))
		require.WithinDuration(t, time.Now(), now, time.Minute, "in UTC")
	})
}

// A turn that waited for another reads the clock when it has the account, and says when that was.
func TestTurnReadsTheClockWhenItsTurnHasCome(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s, other := open(t, url), open(t, url)
		require.NoError(t, s.Migrate(t.Context()))
		_, _, err := s.Turn(t.Context(), "marketplace", func(time.Time, *pace.State, pace.Change) error { return nil })
		require.NoError(t, err)
		inside, waited := make(chan struct{}), make(chan struct{})
		var ended, begun time.Time
		go func() {
			defer close(waited)
			<-inside
			_, _, err := other.Turn(t.Context(), "marketplace", func(now time.Time, _ *pace.State, _ pace.Change) error {
				begun = now
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}()
		_, _, err = s.Turn(t.Context(), "marketplace", func(now time.Time, state *pace.State, _ pace.Change) error {
			close(inside)
			select { // long enough for the other one to have come
			case <-waited:
				t.Error("the other one did not wait")
			case <-time.After(50 * time.Millisecond):
			}
			state.Starts++
			ended = now.Add(50 * time.Millisecond)
			return nil
		})
		require.NoError(t, err)
		<-waited
		require.False(t, begun.Before(ended), "%v before %v", begun, ended)
	})
}

func TestTurnThatFailsKeepsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		why := errors.New("no")
		for range 2 { // of an account that is new, and of one that is known
			_, _, err := s.Turn(t.Context(), "marketplace", func(_ time.Time, state *pace.State, _ pace.Change) error {
				state.Starts = 7
				return why
			})
			require.ErrorIs(t, err, why)
		}
		state, _, _, err := s.Account(t.Context(), "marketplace")
		require.NoError(t, err)
		require.Zero(t, state.Starts)
	})
}

func TestAccountsAreApart(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		long := strings.Repeat("x", 64)
		for i, name := range []string{"a", "A", "b", long} {
			_, _, err := s.Turn(t.Context(), name, func(_ time.Time, state *pace.State, _ pace.Change) error {
				require.Zero(t, state.Starts)
				state.Starts = int64(i + 1)
				return nil
			})
			require.NoError(t, err)
		}
		state, _, _, err := s.Account(t.Context(), "A")
		require.NoError(t, err)
		require.Equal(t, int64(2), state.Starts)
		for _, name := range []string{"", long + "x"} {
			_, _, err := s.Turn(t.Context(), name, nil)
			requireCode(t, job.CodeInvalid, err)
		}
	})
}

func TestChangeOfAnAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		_, change, now, err := s.Account(t.Context(), "marketplace")
		require.NoError(t, err, "it is not known yet")
		require.Equal(t, pace.Change{}, change)
		require.WithinDuration(t, time.Now(), now, time.Minute)

		n, interval, quota, timeout := 3, 250*time.Millisecond, int64(5000), time.Minute
		set := pace.Change{MaxInFlight: &n, Interval: &interval, Rate: &pace.Rate{Count: 600, Per: time.Minute}, DailyQuota: &quota, Timeout: &timeout}
		require.NoError(t, s.ChangeAccount(t.Context(), "marketplace", func(c *pace.Change) error {
			*c = set
			return nil
		}))
		_, _, err = s.Turn(t.Context(), "marketplace", func(_ time.Time, state *pace.State, c pace.Change) error {
			require.Equal(t, set, c)
			state.Starts++
			return nil
		})
		require.NoError(t, err)

		why := errors.New("no")
		require.ErrorIs(t, s.ChangeAccount(t.Context(), "marketplace", func(c *pace.Change) error {
			*c = pace.Change{}
			return why
		}), why)
		require.NoError(t, s.ChangeAccount(t.Context(), "marketplace", func(c *pace.Change) error {
			c.MaxInFlight = nil
			return nil
		}))
		set.MaxInFlight = nil
		state, change, _, err := s.Account(t.Context(), "marketplace")
		require.NoError(t, err)
		require.Equal(t, set, change)
		require.Equal(t, int64(1), state.Starts, "a change of limits leaves the state alone")
	})
}

func TestDamagedAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.ChangeAccount(t.Context(), "marketplace", func(*pace.Change) error { return nil }))
		run(t, s, "UPDATE partner_accounts SET state = '{', settings = ''")
		_, _, err := s.Turn(t.Context(), "marketplace", nil)
		require.ErrorContains(t, err, "read state")
		run(t, s, "UPDATE partner_accounts SET state = '', settings = '{'")
		_, _, _, err = s.Account(t.Context(), "marketplace")
		require.ErrorContains(t, err, "read limits")
	})
}

// Processes with an account in common, against a partner over HTTP: what was decided keeps the limits. When calls
// arrive is for BenchmarkSpacing, on a machine that is not busy with tests.
func TestProcessesShareAnAccount(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		for name, limits := range map[string]pace.Limits{
			"interval": {MaxInFlight: 3, Interval: 5 * time.Millisecond},
			"places":   {MaxInFlight: 4, Interval: -1},
			"quota":    {MaxInFlight: 4, Interval: -1, DailyQuota: 100},
		} {
			partner := newRecorder(t, 2*time.Millisecond)
			gates := openGates(t, url, 3, name, limits)
			var all sync.WaitGroup
			var held atomic.Int64
			for worker := range 12 {
				all.Go(func() {
					for range 10 {
						err := call(t.Context(), gates[worker%3], http.DefaultClient, "job", partner.URL)
						var h *pace.Held
						if errors.As(err, &h) && h.Why == job.WaitQuota {
							held.Add(1)
						} else if err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			for _, gate := range gates {
				gate.Close()
			}
			require.LessOrEqual(t, partner.most, limits.MaxInFlight)
			s := open(t, url)
			state, change, now, err := s.Account(t.Context(), name)
			require.NoError(t, err)
			account := state.Account(now, name, limits.With(change))
			require.Zero(t, account.InFlight)
			require.Len(t, partner.came, int(account.Starts))
			if limits.DailyQuota > 0 {
				require.Equal(t, int64(100), account.QuotaUsed)
				require.Equal(t, int64(20), held.Load())
			} else {
				require.Equal(t, int64(120), account.Starts)
			}
		}
	})
}
