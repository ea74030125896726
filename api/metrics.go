package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count requests by the pattern of their route, never by path: the number of series stays fixed.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	watched  prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "longhaul_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		// Downloads and event streams last as long as their clients like; leave their routes out of a look at latency.
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "longhaul_http_request_duration_seconds", Help: "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "longhaul_http_requests_in_flight", Help: "Requests being answered; those of /events are watchers.",
		}, []string{"route"}),
		watched: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "longhaul_watched_jobs", Help: "Jobs that are asked for their state because somebody watches them.",
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.inFlight, m.watched} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		var already prometheus.AlreadyRegisteredError // by the program, which is as good
		if err := registry.Register(c); err != nil && !errors.As(err, &already) {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

// begin counts a request in; the function that it returns counts it out.
func (m *metrics) begin(route, method string) func(status int) {
	if !knownMethods[method] {
		method = "other" // a client may send any word
	}
	started := time.Now()
	flying := m.inFlight.WithLabelValues(route)
	flying.Inc()
	return func(status int) {
		flying.Dec()
		m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
		m.duration.WithLabelValues(route, method).Observe(time.Since(started).Seconds())
	}
}

var knownMethods = map[string]bool{
	http.MethodGet: true, http.MethodHead: true, http.MethodPost: true, http.MethodPut: true,
	http.MethodPatch: true, http.MethodDelete: true, http.MethodOptions: true,
}

func (s *server) registerMetrics(engine *gin.Engine) {
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{
		Timeout: callTimeout, // collectors of other packages may ask the database
	})))
	s.documentRoute("/metrics", huma.Operation{
		OperationID: "metrics", Summary: "Prometheus metrics", Tags: []string{"operation"},
	}, "text/plain")
}
