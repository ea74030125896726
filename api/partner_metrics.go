package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/longhaul/longhaul/job"
)

// partnersTimeout bounds the question at each scrape. Prometheus gives a scrape 10 s, and what else there is to tell
// must not be lost over a database that does not answer.
const partnersTimeout = time.Second

// partnerMetrics tells how the accounts of partners stand. The state is that of all processes together and lies in the
// database, so it is asked for when somebody looks, and every process that is scraped says the same.
type partnerMetrics struct {
	partners func(context.Context) ([]job.Partner, error)
	logger   *slog.Logger
}

var (
	partnerInFlight    = partnerDesc("calls_in_flight", "Calls to the partner on their way, of all processes.")
	partnerMaxInFlight = partnerDesc("calls_in_flight_max", "The most calls allowed at once.")
	partnerInterval    = partnerDesc("interval_seconds", "The least time between two starts that holds now.")
	partnerCooling     = partnerDesc("cooling", "1 while the partner asked to be left alone.")
	partnerOpen        = partnerDesc("breaker_open", "1 while the partner does not answer and is only probed.")
	partnerStarts      = partnerDesc("calls_started_total", "Calls ever started, by all processes.")
	partnerQuotaUsed   = partnerDesc("quota_used", "Calls since the quota was last reset.")
	partnerQuota       = partnerDesc("quota", "The most calls a day; 0: no limit.")
)

func partnerDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("longhaul_partner_"+name, help, []string{"partner"}, nil)
}

// Describe implements prometheus.Collector.
func (partnerMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		partnerInFlight, partnerMaxInFlight, partnerInterval, partnerCooling, partnerOpen, partnerStarts, partnerQuotaUsed, partnerQuota,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector. Partners that cannot be asked about are left out: an error here would fail
// the whole scrape.
func (m partnerMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), partnersTimeout) // a scrape has no context here
	defer cancel()
	partners, err := m.partners(ctx)
	if err != nil {
		m.logger.Warn("ask for partners; their metrics are left out", "error", err)
		return
	}
	for _, p := range partners {
		gauge := func(d *prometheus.Desc, value float64) {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, p.Name)
		}
		gauge(partnerInFlight, float64(p.Account.InFlight))
		gauge(partnerMaxInFlight, float64(p.Account.MaxInFlight))
		gauge(partnerInterval, p.Account.Interval/1000)
		gauge(partnerCooling, oneIf(p.Account.CoolingUntil != nil))
		gauge(partnerOpen, oneIf(p.Account.OpenSince != nil))
		gauge(partnerQuotaUsed, float64(p.Account.QuotaUsed))
		gauge(partnerQuota, float64(p.Account.DailyQuota))
		to <- prometheus.MustNewConstMetric(partnerStarts, prometheus.CounterValue, float64(p.Account.Starts), p.Name)
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
