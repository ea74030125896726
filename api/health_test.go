package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var broken error
	b := setup(t, func(o *Options) {
		o.Ready = map[string]func(context.Context) error{
			"database": func(context.Context) error { return nil },
			"temporal": func(context.Context) error { return broken },
		}
	})
	assert.JSONEq(t, `{"status":"ok"}`, string(b.get(t, "/healthz").body))
	a := b.get(t, "/readyz")
	assert.Equal(t, http.StatusOK, a.StatusCode)
	assert.JSONEq(t, `{"status":"ok","parts":{"database":"ok","temporal":"ok"}}`, string(a.body))

	broken = errors.New("dial 10.0.0.7: refused")
	a = b.get(t, "/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	assert.JSONEq(t, `{"status":"unavailable","parts":{"database":"ok","temporal":"unavailable"}}`, string(a.body))
	assert.Contains(t, b.log.String(), "10.0.0.7")
}

func TestReadyGivesUp(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Ready = map[string]func(context.Context) error{
			"storage": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}
	})
	assert.Equal(t, http.StatusServiceUnavailable, b.get(t, "/readyz").StatusCode)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector()) // the program may have done so
	b := setup(t, func(o *Options) { o.Metrics = registry })
	b.get(t, "/v1/jobs/one")
	b.get(t, "/v1/jobs/two")
	b.get(t, "/some/path")
	b.send(t, "BREW", "/some/path", "")
	body := string(b.get(t, "/metrics").body)
	assert.Contains(t, body, `longhaul_http_requests_total{method="GET",route="/v1/jobs/:id",status="404"} 2`)
	assert.Contains(t, body, `longhaul_http_requests_total{method="GET",route="other",status="404"} 1`)
	assert.Contains(t, body, `longhaul_http_requests_total{method="other",route="other",status="404"} 1`)
	assert.Contains(t, body, `longhaul_http_request_duration_seconds_count{method="GET",route="/v1/jobs/:id"} 2`)
	assert.Contains(t, body, "go_goroutines")
	assert.NotContains(t, body, "/some/path", "clients must not be able to make series")
}

// Requests in flight are finished, and those that outlast the grace are broken off.
func TestServeStops(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grace    time.Duration
		finishes bool
	}{"in time": {patience, true}, "too late": {time.Millisecond, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entered, release := make(chan struct{}), make(chan struct{})
			slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				select {
				case <-release:
				case <-r.Context().Done():
				}
			})
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			stopped, answered := make(chan error, 1), make(chan error, 1)
			go func() {
				stopped <- Serve(ctx, listener, slow, ServeOptions{Grace: c.grace, Logger: slog.New(slog.DiscardHandler)})
			}()
			go func() {
				response, err := http.Get("http://" + listener.Addr().String())
				if err == nil {
					response.Body.Close()
				}
				answered <- err
			}()
			<-entered
			stop()
			if c.finishes {
				close(release)
			}
			assert.Equal(t, c.finishes, <-answered == nil)
			assert.NoError(t, <-stopped)
		})
	}
}

func TestServeReportsABadListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	assert.ErrorContains(t, Serve(t.Context(), listener, http.NotFoundHandler(), ServeOptions{}), "serve HTTP on")
}
