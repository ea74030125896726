package fake_test

import (
	"encoding/json"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

// full has every field set.
func full() fake.Behaviour {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return fake.Behaviour{
		Seed: 7, Latency: 1500 * time.Microsecond, LatencyMax: time.Second, SlowShare: 0.25, Slow: 30 * time.Second,
		Rate: fake.Rate{Count: 10, Per: time.Second}, Headers: fake.HeadersIETF, RetryAfterDate: true, MaxInFlight: 3,
		DailyQuota: 9, QuotaReset: at, QuotaStatus: 403,
		ErrorShare: 0.1, ErrorStatus: 502, Outage: fake.OutageHang, OutageFrom: at, OutageUntil: at.Add(time.Hour),
		DropShare: 0.2, DropBeforeShare: 0.3, Odd: fake.OddRedirect, OddShare: 0.4, OddStatus: 308, RedirectTo: "http://localhost/",
		UnauthorisedAfter: 5, UnauthorisedStatus: 403, RefuseShare: 0.5, Refuse: []string{"A"}, Poison: []string{"B", "C"}, UnknownShare: 0.6,
	}
}

const fullJSON = `{
  "seed": 7, "latency": "1.5ms", "latency_max": "1s", "slow_share": 0.25, "slow": "30s",
  "rate": "10/1s", "headers": "ietf", "retry_after_date": true, "max_in_flight": 3,
  "daily_quota": 9, "quota_reset": "2026-03-04T05:06:07Z", "quota_status": 403,
  "error_share": 0.1, "error_status": 502, "outage": "hang", "outage_from": "2026-03-04T05:06:07Z", "outage_until": "2026-03-04T06:06:07Z",
  "drop_share": 0.2, "drop_before_share": 0.3, "odd": "redirect", "odd_share": 0.4, "odd_status": 308, "redirect_to": "http://localhost/",
  "unauthorised_after": 5, "unauthorised_status": 403, "refuse_share": 0.5, "refuse": ["A"], "poison": ["B", "C"], "unknown_share": 0.6
}`

func TestBehaviourAsJSON(t *testing.T) {
	t.Parallel()
	out, err := json.Marshal(full())
	require.NoError(t, err)
	require.JSONEq(t, fullJSON, string(out))
	var in fake.Behaviour
	require.NoError(t, json.Unmarshal(out, &in))
	require.Equal(t, full(), in)
	none, err := json.Marshal(fake.Behaviour{})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(none))
}

func TestBehaviourAsFlags(t *testing.T) {
	t.Parallel()
	var command struct {
		fake.Behaviour `embed:""`
	}
	parser, err := kong.New(&command)
	require.NoError(t, err)
	_, err = parser.Parse([]string{
		"--seed=7", "--latency=1500us", "--latency-max=1s", "--slow-share=0.25", "--slow=30s", "--rate=10/1s", "--headers=ietf",
		"--retry-after-date", "--max-in-flight=3", "--daily-quota=9", "--quota-reset=2026-03-04T05:06:07Z", "--quota-status=403",
		"--error-share=0.1", "--error-status=502", "--outage=hang", "--outage-from=2026-03-04T05:06:07Z", "--outage-until=2026-03-04T06:06:07Z",
		"--drop-share=0.2", "--drop-before-share=0.3", "--odd=redirect", "--odd-share=0.4", "--odd-status=308", "--redirect-to=http://localhost/",
		"--unauthorised-after=5", "--unauthorised-status=403", "--refuse-share=0.5", "--refuse=A", "--poison=B,C", "--unknown-share=0.6",
	})
	require.NoError(t, err)
	require.Equal(t, full(), command.Behaviour)
	_, err = parser.Parse([]string{"--rate=10"})
	require.ErrorContains(t, err, `read rate "10": want so many in a time, e.g. 10/1s`)
}

func TestABehaviourThatIsWrong(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]fake.Behaviour{
		"slow_share must be from 0 to 1, not 1.1":            {SlowShare: 1.1},
		"drop_share must be from 0 to 1, not -1":             {DropShare: -1},
		"error_share must be from 0 to 1, not NaN":           {ErrorShare: math.NaN()},
		"odd_status must be from 200 to 599, not 100":        {OddStatus: 100},
		"a duration must not be negative":                    {Slow: -1},
		"latency_max must not be less than latency":          {Latency: 2, LatencyMax: 1},
		"a count must not be negative":                       {MaxInFlight: -1},
		"rate must be so many in a time":                     {Rate: fake.Rate{Count: 1}},
		`headers: unknown style "loud"`:                      {Headers: "loud"},
		`outage: unknown mode "on"`:                          {Outage: "on"},
		`odd: unknown answer "xml"`:                          {Odd: "xml"},
		"redirect_to must say where redirects lead":          {Odd: fake.OddRedirect},
		"unknown_share must be from 0 to 1, not 2":           {UnknownShare: 2},
		"unauthorised_status must be from 200 to 599, not 1": {UnauthorisedStatus: 1},
	} {
		require.ErrorContains(t, b.Validate(), want)
		_, err := fake.New(fake.Options{Behaviour: b})
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, full().Validate())
}

func TestTheBehaviourIsChangedWhileItRuns(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Seed: 3, Poison: []string{"A"}})
	require.JSONEq(t, `{"seed": 3, "poison": ["A"]}`, g.get("/_behaviour").body)
	require.Equal(t, http.StatusInternalServerError, g.send("k", "A", 1).status)

	got := g.call(http.MethodPatch, "/_behaviour", "", `{"poison": ["B"], "max_in_flight": 4}`)
	require.JSONEq(t, `{"seed": 3, "poison": ["B"], "max_in_flight": 4}`, got.body)
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status)
	require.Equal(t, http.StatusInternalServerError, g.send("l", "B", 1).status)

	require.JSONEq(t, fullJSON, g.call(http.MethodPut, "/_behaviour", "", fullJSON).body)
	require.Equal(t, full(), g.Behaviour())
	for _, wrong := range []string{`{"latency": 5}`, `{"speed": 1}`, `{"drop_share": 7}`, `{"rate": "fast"}`, ``} {
		got := g.call(http.MethodPatch, "/_behaviour", "", wrong)
		require.Equal(t, http.StatusUnprocessableEntity, got.status, wrong)
		require.NotEmpty(t, got.get(t, "message"))
		require.Equal(t, full(), g.Behaviour(), "what is wrong changes nothing")
	}
	require.JSONEq(t, `{}`, g.call(http.MethodPut, "/_behaviour", "", `{}`).body)
	require.Equal(t, http.StatusCreated, g.send("l", "B", 1).status)
	require.Equal(t, http.StatusNotFound, g.get("/_other").status)
}
