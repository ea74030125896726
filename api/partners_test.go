package api

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func setupPartners(t *testing.T) *bundle {
	t.Helper()
	b := setup(t)
	carrier := job.Partner{Name: "carrier", Account: job.Account{Partner: "carrier", MaxInFlight: 5, CoolingUntil: &day, OpenSince: &day, Interval: 1500}}
	b.jobs.partners = map[string]job.Partner{"marketplace": marketplace(), "carrier": carrier}
	return b
}

func TestPartners(t *testing.T) {
	t.Parallel()
	b := setupPartners(t)
	var list PartnerList
	b.get(t, "/v1/partners").json(t, &list)
	require.Len(t, list.Partners, 2)
	assert.Equal(t, []string{}, list.Partners[0].Kinds, "never null")

	var p Partner
	b.get(t, list.Partners[1].URL).json(t, &p)
	assert.Equal(t, list.Partners[1], p)
	assert.Equal(t, []any{"marketplace", "market.example", 10, 100.0, int64(1000)},
		[]any{p.Name, p.Host, *p.Configured.MaxInFlight, *p.Configured.IntervalMillis, p.Account.DailyQuota})
	assert.Nil(t, p.Changed)
	b.get(t, "/v1/partners/nobody").problem(t, http.StatusNotFound)

	b.jobs.partners = nil
	assert.JSONEq(t, `{"partners":[]}`, string(b.get(t, "/v1/partners").body))
	b.jobs.down = &job.Error{Code: job.CodeUnavailable, Message: "the database does not answer", Err: errors.New("secret-place")}
	a := b.get(t, "/v1/partners")
	a.problem(t, http.StatusServiceUnavailable)
	assert.NotContains(t, string(a.body), "secret-place")
}

func TestChangePartner(t *testing.T) {
	t.Parallel()
	b := setupPartners(t)
	const path = "/v1/partners/marketplace"
	a := b.send(t, http.MethodPatch, path, `{"max_in_flight":20,"interval_ms":0,"rate":"600/1m","daily_quota":0,"timeout_ms":5000}`)
	require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
	var p Partner
	a.json(t, &p)
	twenty, none, rate, unlimited, patient := 20, 0.0, "600/1m", int64(0), int64(5000)
	want := job.PartnerLimits{MaxInFlight: &twenty, IntervalMillis: &none, Rate: &rate, DailyQuota: &unlimited, TimeoutMillis: &patient}
	assert.Equal(t, want, job.PartnerLimits(*p.Changed))
	assert.Equal(t, 10, *p.Configured.MaxInFlight)
	require.Equal(t, http.StatusOK, b.send(t, http.MethodPatch, path, `{"reset":true}`).StatusCode)
	require.Equal(t, http.StatusOK, b.send(t, http.MethodPatch, path, `{"reset":true,"max_in_flight":20}`).StatusCode)
	assert.Equal(t, []job.PartnerLimits{want, {}, {MaxInFlight: &twenty}}, b.jobs.changes)
	assert.Equal(t, []bool{false, true, true}, b.jobs.resets)
}

func TestChangePartnerRefuses(t *testing.T) {
	t.Parallel()
	b := setupPartners(t)
	for body, at := range map[string]string{
		`{}`: "", `{"rate":null}`: "", `{"reset":false}`: "", `{"max_in_flight":0}`: "/max_in_flight", `{"max_in_flight":1001}`: "/max_in_flight",
		`{"max_in_flight":1.5}`: "/max_in_flight", `{"max_in_flight":"10"}`: "/max_in_flight",
		`{"interval_ms":-1}`: "/interval_ms", `{"interval_ms":3600001}`: "/interval_ms", `{"rate":"often"}`: "/rate", `{"rate":600}`: "/rate",
		`{"daily_quota":-1}`: "/daily_quota", `{"timeout_ms":99}`: "/timeout_ms", `{"timeout_ms":600001}`: "/timeout_ms",
		`{"token":"secret"}`: "/token", `{"name":"other"}`: "/name", `{"reset":"yes"}`: "/reset",
	} {
		p := b.send(t, http.MethodPatch, "/v1/partners/marketplace", body).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, at, place(t, p)["pointer"], "%s: %v", body, p)
	}
	b.send(t, http.MethodPatch, "/v1/partners/nobody", `{"reset":true}`).problem(t, http.StatusNotFound)
	b.send(t, http.MethodPatch, "/v1/partners/carrier", `{"reset":true}`, "Content-Type", "text/plain").problem(t, http.StatusUnsupportedMediaType)
	b.send(t, http.MethodPatch, "/v1/partners/carrier", `{"reset":true}`, "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden)
	assert.Empty(t, b.jobs.changes)
}

func TestPartnerMetrics(t *testing.T) {
	t.Parallel()
	b := setupPartners(t)
	text := string(b.get(t, "/metrics").body)
	for _, line := range []string{
		`longhaul_partner_calls_in_flight{partner="marketplace"} 3`, `longhaul_partner_calls_in_flight_max{partner="marketplace"} 10`,
		`longhaul_partner_calls_started_total{partner="marketplace"} 12`, `longhaul_partner_interval_seconds{partner="carrier"} 1.5`,
		`longhaul_partner_cooling{partner="carrier"} 1`, `longhaul_partner_cooling{partner="marketplace"} 0`,
		`longhaul_partner_breaker_open{partner="carrier"} 1`, `longhaul_partner_breaker_open{partner="marketplace"} 0`,
		`longhaul_partner_quota_used{partner="marketplace"} 12`, `longhaul_partner_quota{partner="marketplace"} 1000`,
	} {
		assert.Contains(t, text, line+"\n")
	}

	b.jobs.down = errors.New("the database is away")
	a := b.get(t, "/metrics")
	assert.Equal(t, http.StatusOK, a.StatusCode, "the others are told all the same")
	assert.NotContains(t, string(a.body), "longhaul_partner_")
	assert.Contains(t, string(a.body), "longhaul_http_requests_total")
	assert.Contains(t, b.log.String(), "the database is away")
}
