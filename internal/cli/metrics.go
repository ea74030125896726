package cli

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/longhaul/longhaul/internal/store"
)

// pools collects how the database pools of this process are used: a pool whose connections are all in use
// while others wait is too small, or its statements are too slow.
type pools struct{ store *store.Store }

var (
	poolOpen   = poolDesc("open", "Connections that are open.")
	poolInUse  = poolDesc("in_use", "Connections that carry out a statement.")
	poolMost   = poolDesc("max_open", "The bound on open connections.")
	poolWaits  = poolDesc("waits_total", "How often somebody waited for a connection.")
	poolWaited = poolDesc("wait_seconds_total", "How long was waited for connections.")
)

func poolDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("longhaul_db_pool_"+name, help, []string{"pool"}, nil)
}

// Describe implements [prometheus.Collector].
func (p pools) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{poolOpen, poolInUse, poolMost, poolWaits, poolWaited} {
		out <- desc
	}
}

// Collect implements [prometheus.Collector].
func (p pools) Collect(out chan<- prometheus.Metric) {
	for _, s := range p.store.Stats() {
		gauge := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64) {
			out <- prometheus.MustNewConstMetric(desc, kind, value, s.Pool)
		}
		gauge(poolOpen, prometheus.GaugeValue, float64(s.OpenConnections))
		gauge(poolInUse, prometheus.GaugeValue, float64(s.InUse))
		gauge(poolMost, prometheus.GaugeValue, float64(s.MaxOpenConnections))
		gauge(poolWaits, prometheus.CounterValue, float64(s.WaitCount))
		gauge(poolWaited, prometheus.CounterValue, s.WaitDuration.Seconds())
	}
}
