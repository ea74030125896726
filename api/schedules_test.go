package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

const (
	schedulePath = "/v1/schedules"
	terms        = `"kind":"dispatch-shipments","tenant":"acme","cron":"30 6 * * mon-fri"`
)

func nightly(id string) job.Schedule {
	return job.Schedule{
		ID: id, Type: job.TypeSync, Kind: "dispatch-shipments", Tenant: "acme", Cron: "30 6 * * *", Zone: "Asia/Seoul", Overlap: job.OverlapSkip,
		Request: json.RawMessage(`{"kind":"dispatch-shipments","tenant":"acme"}`), Next: []time.Time{day}, CreatedAt: day,
		Recent: []job.ScheduledJob{{At: day, JobID: "sync-1"}, {At: day}}, Skipped: 2,
	}
}

func TestCreateSchedule(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.send(t, http.MethodPost, schedulePath, `{"id":"nightly","type":"sync",`+terms+`,"time_zone":"UTC","overlap":"cancel","paused":true,"note":"밤마다",
		"request":{"filters":{"carrier":["CJ"]},"locale":"en"}}`, "X-Requested-By", "김물류")
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	assert.Equal(t, "/v1/schedules/nightly", a.Header.Get("Location"))
	var s Schedule
	a.json(t, &s)
	assert.Equal(t, ScheduleLinks{Self: "/v1/schedules/nightly", Run: "/v1/schedules/nightly/run"}, s.Links)
	made := b.jobs.created[0]
	assert.JSONEq(t, `{"filters":{"carrier":["CJ"]},"locale":"en"}`, string(made.Request))
	made.Request = nil
	assert.Equal(t, job.Schedule{
		ID: "nightly", Type: job.TypeSync, Kind: "dispatch-shipments", Tenant: "acme", Cron: "30 6 * * mon-fri", Zone: "UTC",
		Overlap: job.OverlapCancel, Paused: true, Note: "밤마다",
	}, made)
	p := b.send(t, http.MethodPost, schedulePath, `{"id":"nightly","type":"sync",`+terms+`}`).problem(t, http.StatusConflict)
	assert.Equal(t, string(problemConflict), p["type"])

	a = b.send(t, http.MethodPost, schedulePath, `{"type":"export","kind":"shipments","tenant":"acme","cron":"0 0 * * *",
		"request":{"filters":{"from":"2026-11-01"},"columns":["carrier"],"format":"csv","locale":"ko","filename":"a.csv"}}`)
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	assert.Equal(t, "/v1/schedules/export-shipments-acme", a.Header.Get("Location"), "what is left out the starter fills in")
}

// A mistake is named where it is, also in the request of the job to be started.
func TestCreateScheduleNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for body, at := range map[string]string{
		`{` + terms + `}`:                    "/type",
		`{"type":null,` + terms + `}`:        "/type",
		`{"type":7,` + terms + `}`:           "",
		`{"type":"bulk_save",` + terms + `}`: "/type",
		`[]`:                                 "",
		`{"type":"sync","kind":"a","cron":"* * * * *"}`:                                                           "/tenant",
		`{"type":"sync","kind":"a","tenant":"acme"}`:                                                              "/cron",
		`{"type":"sync","tenant":"acme","cron":"* * * * *"}`:                                                      "/kind",
		`{"type":"sync","colour":"red",` + terms + `}`:                                                            "/colour",
		`{"type":"sync","id":"Nightly",` + terms + `}`:                                                            "/id",
		`{"type":"sync","id":"-a",` + terms + `}`:                                                                 "/id",
		`{"type":"sync","overlap":"allow",` + terms + `}`:                                                         "/overlap",
		`{"type":"sync","paused":"yes",` + terms + `}`:                                                            "/paused",
		`{"type":"sync","next":[],` + terms + `}`:                                                                 "/next",
		`{"type":"sync","request":[],` + terms + `}`:                                                              "/request",
		`{"type":"sync","request":{"upload":"u"},` + terms + `}`:                                                  "/request/upload",
		`{"type":"sync","request":{"tenant":"other"},` + terms + `}`:                                              "/request/tenant",
		`{"type":"sync","request":{"columns":["a"]},` + terms + `}`:                                               "/request/columns",
		`{"type":"sync","request":{"filters":{"a.b/c":{}}},` + terms + `}`:                                        "/request/filters/a.b~1c",
		`{"type":"export","request":{"format":"pdf"},` + terms + `}`:                                              "/request/format",
		`{"type":"export","request":{"columns":["a",7]},` + terms + `}`:                                           "/request/columns/1",
		`{"type":"sync","note":"` + strings.Repeat("가", 1001) + `",` + terms + `}`:                                "/note",
		`{"type":"sync","kind":"a","tenant":"acme","cron":"never"}`:                                               "/cron", // by the starter
		`{"type":"sync","request":{"filters":{"a":"` + strings.Repeat("x", maxRequestEcho) + `"}},` + terms + `}`: "/request",
	} {
		p := b.send(t, http.MethodPost, schedulePath, body).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, at, place(t, p)["pointer"], "%.200s: %v", body, p)
		assert.NotContains(t, fmt.Sprint(p["errors"]), "schema", "%.200s", body)
	}
	b.send(t, http.MethodPost, schedulePath, `{"type":`).problem(t, http.StatusBadRequest)
	b.send(t, http.MethodPost, schedulePath, `{}`, "Content-Type", "text/plain").problem(t, http.StatusUnsupportedMediaType)
	b.send(t, http.MethodPost, schedulePath, `{"type":"sync",`+terms+`}`, "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden)
	assert.Empty(t, b.jobs.created)
}

func TestListSchedules(t *testing.T) {
	t.Parallel()
	b := setup(t)
	assert.JSONEq(t, `{"schedules":[]}`, string(b.get(t, schedulePath).body))
	b.jobs.schedules = map[string]job.Schedule{}
	for _, id := range []string{"c", "a", "e", "b", "d"} {
		b.jobs.schedules[id] = nightly(id)
	}
	var got []string
	for token, pages := "", 0; ; pages++ {
		require.Less(t, pages, 4)
		var page SchedulePage
		b.get(t, schedulePath+"?page_size=2&page_token="+token).json(t, &page)
		for _, s := range page.Schedules {
			got = append(got, s.ID)
			assert.Empty(t, s.Request, "not in lists")
			assert.NotEmpty(t, s.Next)
		}
		if token = page.NextPageToken; token == "" {
			break
		}
		delete(b.jobs.schedules, token) // also a page after one that has gone
	}
	assert.Equal(t, []string{"a", "b", "c", "d", "e"}, got)
	for query, parameter := range map[string]string{"page_size=0": "page_size", "page_size=201": "page_size", "colour=red": "colour"} {
		p := b.get(t, schedulePath+"?"+query).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, parameter, place(t, p)["parameter"])
	}
}

// However many schedules there are, an answer stays within the limit, and all of them can be had.
func TestListSchedulesIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.schedules = map[string]job.Schedule{}
	for i := range 300 {
		s := nightly(fmt.Sprintf("s-%03d", i))
		s.Note = strings.Repeat("가", 1000)
		b.jobs.schedules[s.ID] = s
	}
	seen := 0
	for token := ""; ; {
		a := b.get(t, schedulePath+"?page_size=200&page_token="+token)
		require.LessOrEqual(t, len(a.body), MaxResponse)
		var page SchedulePage
		a.json(t, &page)
		require.NotEmpty(t, page.Schedules)
		seen += len(page.Schedules)
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	assert.Equal(t, 300, seen)
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	b := setup(t)
	huge := nightly("huge")
	huge.Request = json.RawMessage(`"` + strings.Repeat("x", MaxResponse) + `"`)
	b.jobs.schedules = map[string]job.Schedule{"nightly": nightly("nightly"), "huge": huge}
	const path = schedulePath + "/nightly"
	var s Schedule
	b.get(t, path).json(t, &s)
	assert.JSONEq(t, `{"kind":"dispatch-shipments","tenant":"acme"}`, string(s.Request))
	assert.Equal(t, []ScheduledJob{{At: day, JobID: "sync-1"}, {At: day}}, s.Recent)
	assert.Less(t, len(b.get(t, schedulePath+"/huge").body), MaxResponse)

	a := b.send(t, http.MethodPatch, path, `{"cron":"0 7 * * *","time_zone":"UTC","overlap":"buffer","paused":true,"note":""}`)
	require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
	s = Schedule{}
	a.json(t, &s)
	assert.Equal(t, []any{"0 7 * * *", "UTC", job.OverlapBuffer, true, ""}, []any{s.Cron, s.Zone, s.Overlap, s.Paused, s.Note})
	a = b.send(t, http.MethodPatch, path, `{"paused":false}`)
	a.json(t, &s)
	assert.Equal(t, []any{"0 7 * * *", false}, []any{s.Cron, s.Paused}, "what is left out stays")
	for body, at := range map[string]string{
		`{}`: "", `{"cron":""}`: "/cron", `{"cron":null}`: "", `{"overlap":"allow"}`: "/overlap", `{"kind":"other"}`: "/kind", `{"request":{}}`: "/request",
	} {
		p := b.send(t, http.MethodPatch, path, body).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, at, place(t, p)["pointer"], "%s: %v", body, p)
	}

	a = b.send(t, http.MethodPost, path+"/run", "")
	require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
	assert.Equal(t, path, a.Header.Get("Location"))
	assert.Empty(t, a.body)
	assert.Equal(t, []string{"nightly"}, b.jobs.runs)
	require.Equal(t, http.StatusOK, b.send(t, http.MethodPatch, path, `{"overlap":"skip"}`).StatusCode)
	b.send(t, http.MethodPost, path+"/run", "").problem(t, http.StatusConflict)

	b.send(t, http.MethodDelete, path, "", "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden)
	a = b.send(t, http.MethodDelete, path, "")
	assert.Equal(t, http.StatusNoContent, a.StatusCode)
	assert.Empty(t, a.body)
	for method, path := range map[string]string{http.MethodGet: path, http.MethodDelete: path, http.MethodPost: path + "/run"} {
		b.send(t, method, path, "").problem(t, http.StatusNotFound)
	}
	b.send(t, http.MethodPatch, path, `{"paused":true}`).problem(t, http.StatusNotFound)
}
