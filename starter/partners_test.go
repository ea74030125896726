package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestPartners(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDock(t, url, folder(t))
		d.PartnerSettings = map[string]partner.Settings{
			"spare": {Name: "spare", URL: "https://spare.example"},
			"marketplace": {
				Name: "marketplace", URL: "https://market.example:8443/api", Auth: partner.Auth{Scheme: "bearer"},
				Limits: pace.Limits{MaxInFlight: 5, Interval: 250 * time.Microsecond, Rate: pace.Rate{Count: 600, Per: time.Minute}, DailyQuota: 9000},
			},
		}
		all, err := d.Partners(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 3)
		carrier, market, spare := all[0], all[1], all[2]
		require.Equal(t, []string{"carrier", "marketplace", "spare"}, []string{carrier.Name, market.Name, spare.Name})
		require.Equal(t, []string{"", "market.example:8443", "spare.example"}, []string{carrier.Host, market.Host, spare.Host})
		require.Equal(t, [][]string{{"carrier-tracking"}, {"dispatch-shipments"}, {}}, [][]string{carrier.Kinds, market.Kinds, spare.Kinds})
		require.Equal(t, job.PartnerLimits{
			MaxInFlight: new(5), IntervalMillis: new(0.25), Rate: new("600/1m"), DailyQuota: new(int64(9000)), TimeoutMillis: new(int64(30_000)),
		}, market.Configured)
		require.Equal(t, job.PartnerLimits{
			MaxInFlight: new(10), IntervalMillis: new(100.0), Rate: new("0"), DailyQuota: new(int64(0)), TimeoutMillis: new(int64(30_000)),
		}, spare.Configured, "the defaults")
		require.Nil(t, market.Changed)
		require.Equal(t, []any{"marketplace", 0, 5, 100.0, int64(9000)}, []any{market.Account.Partner, market.Account.InFlight,
			market.Account.MaxInFlight, market.Account.Interval, market.Account.DailyQuota}, "the rate is kept by spacing")

		_, err = d.Partner(t.Context(), "nonesuch")
		require.Equal(t, job.CodeNotFound, job.CodeOf(err))
		_, err = d.ChangePartner(t.Context(), "nonesuch", job.PartnerLimits{}, false)
		require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	})
}

func TestLimitsOfAPartnerChange(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDock(t, url, folder(t))
		d.PartnerSettings = map[string]partner.Settings{"marketplace": {Name: "marketplace", URL: "https://market.example"}}
		change := func(l job.PartnerLimits, reset bool) job.Partner {
			t.Helper()
			p, err := d.ChangePartner(t.Context(), "marketplace", l, reset)
			require.NoError(t, err)
			again, err := d.Partner(t.Context(), "marketplace")
			require.NoError(t, err)
			require.Equal(t, p.Changed, again.Changed)
			return p
		}
		first := job.PartnerLimits{MaxInFlight: new(3), IntervalMillis: new(12.5), Rate: new("5/1s"), DailyQuota: new(int64(7)), TimeoutMillis: new(int64(500))}
		p := change(first, false)
		require.Equal(t, &first, p.Changed)
		require.Equal(t, []any{3, 200.0, int64(7)}, []any{p.Account.MaxInFlight, p.Account.Interval, p.Account.DailyQuota}, "which hold")
		require.Equal(t, 10, *p.Configured.MaxInFlight)

		p = change(job.PartnerLimits{IntervalMillis: new(0.0), Rate: new("0")}, false)
		require.Equal(t, &job.PartnerLimits{MaxInFlight: new(3), IntervalMillis: new(0.0), Rate: new("0"), DailyQuota: new(int64(7)), TimeoutMillis: new(int64(500))},
			p.Changed, "what is not given stays")
		require.Zero(t, p.Account.Interval)

		p = change(job.PartnerLimits{MaxInFlight: new(4)}, true)
		require.Equal(t, &job.PartnerLimits{MaxInFlight: new(4)}, p.Changed, "the rest is forgotten")
		p = change(job.PartnerLimits{}, true)
		require.Nil(t, p.Changed)
		require.Equal(t, []any{10, 100.0}, []any{p.Account.MaxInFlight, p.Account.Interval})
	})
}

func TestLimitsOfAPartnerAreChecked(t *testing.T) {
	t.Parallel()
	d := newDock(t, testenv.SQLite(t), folder(t))
	for _, c := range []struct {
		pointer string
		limits  job.PartnerLimits
	}{
		{"/max_in_flight", job.PartnerLimits{MaxInFlight: new(0)}},
		{"/max_in_flight", job.PartnerLimits{MaxInFlight: new(1001)}},
		{"/interval_ms", job.PartnerLimits{IntervalMillis: new(-0.1)}},
		{"/interval_ms", job.PartnerLimits{IntervalMillis: new(3_600_000.1)}},
		{"/rate", job.PartnerLimits{Rate: new("")}},
		{"/rate", job.PartnerLimits{Rate: new("600")}},
		{"/rate", job.PartnerLimits{Rate: new("0/1m")}},
		{"/rate", job.PartnerLimits{Rate: new("-5/1m")}},
		{"/rate", job.PartnerLimits{Rate: new("5/0s")}},
		{"/rate", job.PartnerLimits{Rate: new("5/-1s")}},
		{"/rate", job.PartnerLimits{Rate: new("5/25h")}},
		{"/rate", job.PartnerLimits{Rate: new("1000001/1m")}},
		{"/rate", job.PartnerLimits{Rate: new("fast")}},
		{"/daily_quota", job.PartnerLimits{DailyQuota: new(int64(-1))}},
		{"/timeout_ms", job.PartnerLimits{TimeoutMillis: new(int64(99))}},
		{"/timeout_ms", job.PartnerLimits{TimeoutMillis: new(int64(600_001))}},
	} {
		_, err := d.ChangePartner(t.Context(), "marketplace", c.limits, true)
		var known *job.Error
		require.ErrorAs(t, err, &known, "%s", c.pointer)
		require.Equal(t, job.CodeInvalid, known.Code)
		require.Len(t, known.Fields, 1)
		require.Equal(t, c.pointer, known.Fields[0].Pointer)
	}
	_, err := d.ChangePartner(t.Context(), "marketplace", job.PartnerLimits{MaxInFlight: new(0), Rate: new("x")}, false)
	require.ErrorContains(t, err, "/max_in_flight")
	require.ErrorContains(t, err, "/rate", "all that is wrong at once")

	for rate, shown := range map[string]string{"60/m": "60/1m", "5/s": "5/1s", "100/1h": "100/1h", "90/90s": "90/1m30s", "1/1h30m": "1/1h30m", "3/500ms": "3/500ms"} {
		p, err := d.ChangePartner(t.Context(), "marketplace", job.PartnerLimits{Rate: &rate}, true)
		require.NoError(t, err, rate)
		require.Equal(t, shown, *p.Changed.Rate)
	}
}
