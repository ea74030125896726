package store_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
)

// recorder is a partner that notes when calls came and how many were on their way at once.
type recorder struct {
	*httptest.Server
	mu             sync.Mutex
	came           []time.Time
	inFlight, most int
}

func newRecorder(tb testing.TB, takes time.Duration) *recorder {
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		now := time.Now()
		r.mu.Lock()
		r.came = append(r.came, now)
		r.inFlight++
		r.most = max(r.most, r.inFlight)
		r.mu.Unlock()
		select {
		case <-time.After(takes):
		case <-req.Context().Done():
		}
		r.mu.Lock()
		r.inFlight--
		r.mu.Unlock()
	}))
	tb.Cleanup(r.Close)
	return r
}

// spacing gives the least and the mean time between arrivals.
func (r *recorder) spacing() (least, mean time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.came, time.Time.Compare)
	least = time.Hour
	for i := range len(r.came) - 1 {
		least = min(least, r.came[i+1].Sub(r.came[i]))
	}
	return least, r.came[len(r.came)-1].Sub(r.came[0]) / time.Duration(len(r.came)-1)
}

// call makes one call through a gate.
func call(ctx context.Context, gate *pace.Gate, client *http.Client, job, url string) error {
	pass, err := gate.Enter(ctx, job)
	if err != nil {
		return err
	}
	report := pace.Report{Verdict: pace.Unknown}
	defer func() { pass.Done(report) }()
	if err := pass.Start(ctx); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(pass.Context(), http.MethodPost, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	report.Verdict = pace.Answered
	return err
}

// openGates opens an account as so many processes do, each with a store of its own.
func openGates(tb testing.TB, url string, n int, account string, limits pace.Limits) []*pace.Gate {
	tb.Helper()
	gates := make([]*pace.Gate, n)
	for i := range gates {
		s, err := store.Open(tb.Context(), url, store.Options{})
		require.NoError(tb, err)
		tb.Cleanup(func() { require.NoError(tb, s.Close()) })
		if i == 0 {
			require.NoError(tb, s.Migrate(tb.Context()))
		}
		gates[i] = pace.NewGate(pace.Options{Account: account, Limits: limits, Book: s})
		tb.Cleanup(gates[i].Close)
	}
	return gates
}

// eachDatabase runs fn on every engine, one after the other.
func eachDatabase(b *testing.B, fn func(b *testing.B, url string)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, testenv.SQLite(b)) })
	b.Run("mariadb", func(b *testing.B) { fn(b, testenv.MariaDB(b)) })
}

// share has so many goroutines do n things.
func share(b *testing.B, workers, n int, do func(worker int) error) {
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(worker); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkSpacing measures the time between calls as they arrive at a partner, ten in flight and 100 ms apart, by so
// many processes. Run it with -benchtime=200x, which takes 20 s a line.
func BenchmarkSpacing(b *testing.B) {
	eachDatabase(b, func(b *testing.B, url string) {
		for _, gates := range []int{1, 3} {
			b.Run("gates="+strconv.Itoa(gates), func(b *testing.B) {
				partner := newRecorder(b, 200*time.Millisecond)
				ways := openGates(b, url, gates, "marketplace", pace.Limits{})
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
				b.ResetTimer()
				share(b, 10*gates, b.N, func(worker int) error {
					return call(b.Context(), ways[worker%gates], client, "job", partner.URL)
				})
				if b.N > 1 {
					least, mean := partner.spacing()
					b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
					b.ReportMetric(float64(mean.Microseconds())/1000, "mean-ms")
					b.ReportMetric(float64(partner.most), "in-flight")
				}
			})
		}
	})
}

// BenchmarkPasses measures what a gate costs where there is no interval: with nothing but a place to wait for, and with
// a quota, for which each start counts.
func BenchmarkPasses(b *testing.B) {
	eachDatabase(b, func(b *testing.B, url string) {
		for _, quota := range []int64{0, 1e9} {
			for _, gates := range []int{1, 3} {
				b.Run(fmt.Sprintf("quota=%d/gates=%d", quota, gates), func(b *testing.B) {
					ways := openGates(b, url, gates, "marketplace", pace.Limits{MaxInFlight: 50, Interval: -1, DailyQuota: quota})
					b.ResetTimer()
					share(b, 50*gates, b.N, func(worker int) error {
						pass, err := ways[worker%gates].Enter(b.Context(), "job")
						if err != nil {
							return err
						}
						defer pass.Done(pace.Report{})
						return pass.Start(b.Context())
					})
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "passes/s")
				})
			}
		}
	})
}
