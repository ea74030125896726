package store_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
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

// BenchmarkSpacing measures the time between calls as they arrive at a partner, ten in flight and 100 ms apart, by so
// many processes. Run it with -benchtime=200x, which takes 20 s a line.
func BenchmarkSpacing(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", testenv.SQLite}, {"mariadb", testenv.MariaDB}} {
		for _, gates := range []int{1, 3} {
			b.Run(engine.name+"/gates="+strconv.Itoa(gates), func(b *testing.B) {
				partner := newRecorder(b, 200*time.Millisecond)
				run(b, engine.url(b), gates, pace.Limits{}, partner)
				least, mean := partner.spacing()
				b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
				b.ReportMetric(float64(mean.Microseconds())/1000, "mean-ms")
				b.ReportMetric(float64(partner.most), "in-flight")
			})
		}
	}
}
