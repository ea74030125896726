package pace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// memory is a book in memory. It keeps what databases keep, JSON, and takes as long as it is told. These tests run on
// the clock of a synctest bubble, in which time passes only while everybody waits.
type memory struct {
	lock   chan struct{} // a channel, because a bubble's time stands still while somebody waits for a mutex
	rand   *rand.Rand
	takes  time.Duration // at most, before and after the reading of the clock each
	skew   time.Duration // of the book's clock against the local one
	state  []byte
	change pace.Change
	turns  int
	// away makes turns fail; lost has them succeed and the answer get lost.
	away, lost bool
	granted    func() // before a turn ends
}

func newMemory(seed uint64, takes time.Duration) *memory {
	return &memory{lock: make(chan struct{}, 1), rand: rand.New(rand.NewPCG(seed, seed)), takes: takes, skew: -37 * time.Minute}
}

var errAway = errors.New("the book is away")

func (m *memory) Turn(ctx context.Context, _ string, do func(time.Time, *pace.State, pace.Change) error) (before, after time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return before, after, err
	}
	m.lock <- struct{}{}
	defer func() { <-m.lock }()
	before = time.Now()
	m.sleep()
	now := time.Now().Add(m.skew).Truncate(time.Microsecond)
	time.Sleep(time.Duration(m.rand.Int64N(int64(500 * time.Microsecond)))) // the way back
	after = time.Now()
	m.turns++
	if m.away {
		return before, after, errAway
	}
	s := m.read()
	if err := do(now, &s, m.change); err != nil {
		return before, after, err
	}
	if m.state, err = json.Marshal(&s); err != nil {
		return before, after, err
	}
	m.sleep()
	if m.granted != nil {
		m.granted()
	}
	if m.lost {
		return before, after, errAway
	}
	return before, after, nil
}

func (m *memory) sleep() {
	if m.takes > 0 {
		time.Sleep(time.Duration(m.rand.Int64N(int64(m.takes))))
	}
}

func (m *memory) read() pace.State {
	var s pace.State
	if len(m.state) > 0 {
		if err := json.Unmarshal(m.state, &s); err != nil {
			panic(err) // what Marshal made
		}
	}
	return s
}

// account is how the account stands.
func (m *memory) account(l pace.Limits) job.Account {
	m.lock <- struct{}{}
	defer func() { <-m.lock }()
	s := m.read()
	return s.Account(time.Now().Add(m.skew), "marketplace", l.With(m.change))
}

// count is how many turns were made.
func (m *memory) count() (turns int) {
	m.set(func() { turns = m.turns })
	return turns
}

// set changes the book between two turns.
func (m *memory) set(fn func()) {
	m.lock <- struct{}{}
	defer func() { <-m.lock }()
	fn()
}

// partner notes when calls start and end.
type partner struct {
	mu             sync.Mutex
	starts         []time.Time
	byJob          map[string]int
	inFlight, most int
	says           func(n int) pace.Report // of the n-th call
}

func (p *partner) call(ctx context.Context, gate *pace.Gate, job string, prepares, takes time.Duration) error {
	pass, err := gate.Enter(ctx, job)
	if err != nil {
		return err
	}
	report := pace.Report{Verdict: pace.Unknown}
	defer func() { pass.Done(report) }()
	time.Sleep(prepares)
	if err := pass.Start(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	p.starts = append(p.starts, time.Now())
	n := len(p.starts)
	if p.byJob == nil {
		p.byJob = make(map[string]int)
	}
	p.byJob[job]++
	p.inFlight++
	p.most = max(p.most, p.inFlight)
	p.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-pass.Context().Done():
	}
	p.mu.Lock()
	p.inFlight--
	p.mu.Unlock()
	report = pace.Report{}
	if p.says != nil {
		report = p.says(n)
	}
	return context.Cause(pass.Context())
}

// spacing gives the least and the mean time between starts.
func (p *partner) spacing() (least, mean time.Duration) {
	least = time.Duration(1<<63 - 1)
	for i := range len(p.starts) - 1 {
		least = min(least, p.starts[i+1].Sub(p.starts[i]))
	}
	return least, p.starts[len(p.starts)-1].Sub(p.starts[0]) / time.Duration(len(p.starts)-1)
}

func open(t *testing.T, book pace.Book, l pace.Limits) *pace.Gate {
	t.Helper()
	gate := pace.NewGate(pace.Options{Account: "marketplace", Limits: l, Book: book})
	t.Cleanup(gate.Close)
	return gate
}

func TestStartsKeepTheirDistanceInAnyNumberOfProcesses(t *testing.T) {
	t.Parallel()
	for _, gates := range []int{1, 2, 5} {
		for _, takes := range []time.Duration{0, 4 * time.Millisecond, 20 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d, turns of %v", gates, takes), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					book := newMemory(1, takes)
					var p partner
					var all sync.WaitGroup
					for range gates {
						gate := open(t, book, pace.Limits{})
						for worker := range 10 {
							r := rand.New(rand.NewPCG(uint64(worker), 1))
							all.Go(func() {
								for range 300 / gates / 10 {
									prepares := time.Duration(r.Int64N(int64(3 * time.Millisecond)))
									require.NoError(t, p.call(t.Context(), gate, "job", prepares, 200*time.Millisecond))
								}
							})
						}
					}
					all.Wait()
					least, mean := p.spacing()
					t.Logf("least %v, mean %v, turns %d", least, mean, book.count())
					require.GreaterOrEqual(t, least, 99*time.Millisecond)
					require.LessOrEqual(t, mean, 103*time.Millisecond)
					require.LessOrEqual(t, p.most, 10)
					for i := range len(p.starts) - 1 {
						if d := p.starts[i+1].Sub(p.starts[i]); d > 110*time.Millisecond {
							t.Logf("gap %d %v", i, d)
						}
					}
				})
			})
		}
	}
}

// Callers that take their time, machines that stall, turns that fail or whose answers are lost, and callers who leave:
// the limits hold, everybody is served, and in the end the book knows of every start and of no place.
func TestLimitsHoldWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 7))
				book := newMemory(seed, time.Duration(r.Int64N(int64(15*time.Millisecond))))
				limits := pace.Limits{MaxInFlight: 1 + r.IntN(5), Interval: time.Duration(r.Int64N(int64(50 * time.Millisecond)))}
				if r.IntN(3) == 0 {
					limits.Interval = -1
				}
				var p partner
				var all sync.WaitGroup
				gates := make([]*pace.Gate, 1+r.IntN(4))
				for i := range gates {
					gates[i] = open(t, book, limits)
					for worker := range 8 {
						r := rand.New(rand.NewPCG(seed, uint64(worker)))
						all.Go(func() {
							for range 20 {
								prepares, takes := time.Duration(r.Int64N(int64(4*time.Millisecond))), time.Duration(r.Int64N(int64(300*time.Millisecond)))
								if r.IntN(10) == 0 {
									prepares *= 100
								}
								ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
								if r.IntN(10) == 0 {
									ctx, cancel = context.WithTimeout(t.Context(), takes)
								}
								err := p.call(ctx, gates[i], fmt.Sprint(worker%3), prepares, takes)
								cancel()
								if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
									require.ErrorIs(t, err, errAway)
								}
							}
						})
					}
				}
				over := make(chan struct{})
				trouble := make(chan struct{})
				go func() {
					defer close(trouble)
					for {
						select {
						case <-over:
							return
						case <-time.After(time.Duration(r.Int64N(int64(3 * time.Second)))):
						}
						book.set(func() { book.away, book.lost = r.IntN(2) == 0, r.IntN(2) == 0 })
						time.Sleep(time.Duration(r.Int64N(int64(time.Second))))
						book.set(func() { book.away, book.lost = false, false })
					}
				}()
				began := time.Now()
				all.Wait()
				took := time.Since(began)
				close(over)
				<-trouble
				least, mean := p.spacing()
				t.Logf("%d gates %+v: %d starts in %v, least %v, mean %v, turns %d", len(gates), limits, len(p.starts), took, least, mean, book.count())
				require.LessOrEqual(t, p.most, limits.MaxInFlight)
				if limits.Interval > 0 {
					require.GreaterOrEqual(t, least, limits.Interval-4*time.Millisecond)
				}
				time.Sleep(3 * time.Second) // what can wait is told
				a := book.account(limits)
				require.Zero(t, a.InFlight)
				require.Equal(t, int64(len(p.starts)), a.Starts)
				require.Equal(t, int64(len(p.starts)), a.QuotaUsed)
			})
		})
	}
}
