package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func loadDocument(t *testing.T, b *bundle) *openapi3.T {
	t.Helper()
	a := b.get(t, "/openapi.json")
	require.Equal(t, http.StatusOK, a.StatusCode)
	assert.Equal(t, "application/json", a.Header.Get("Content-Type"))
	assert.Less(t, len(a.body), MaxResponse)
	doc, err := openapi3.NewLoader().LoadFromData(a.body)
	require.NoError(t, err)
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t, setup(t))
	assert.True(t, strings.HasPrefix(doc.OpenAPI, "3.1."), doc.OpenAPI)
	require.NoError(t, doc.Validate(t.Context()))
}

// Every route is documented, and nothing that is not there.
func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Web = pageForTest() })
	parameter := regexp.MustCompile(`:(\w+)`)
	var served []string
	for _, route := range b.api.(*gin.Engine).Routes() {
		path := parameter.ReplaceAllString(route.Path, "{$1}")
		// What belongs to pages is no interface.
		if path != "/" && path != "/static/*file" && !strings.HasPrefix(path, "/docs/") {
			served = append(served, route.Method+" "+path)
		}
	}
	var documented []string
	for path, item := range loadDocument(t, b).Paths.Map() {
		for method, op := range item.Operations() {
			documented = append(documented, method+" "+path)
			assert.NotEmpty(t, op.OperationID, path)
			assert.NotEmpty(t, op.Summary, path)
			assert.NotEmpty(t, op.Tags, path)
		}
	}
	slices.Sort(served)
	slices.Sort(documented)
	assert.Equal(t, served, documented)
}

// What is said about problems and lists of words is what the code does.
func TestDocumentIsTrue(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t, setup(t))
	schemas := doc.Components.Schemas
	assert.NotContains(t, schemas, "ErrorModel")
	assert.Contains(t, schemas, "Problem")

	words := func(schema, property string) []string {
		t.Helper()
		require.Contains(t, schemas, schema)
		require.Contains(t, schemas[schema].Value.Properties, property)
		var out []string
		for _, v := range schemas[schema].Value.Properties[property].Value.Enum {
			out = append(out, v.(string))
		}
		return out
	}
	var states, reasons, ends []string
	for _, s := range job.States {
		states = append(states, string(s))
		if s.Ended() {
			ends = append(ends, string(s))
		}
	}
	for _, r := range job.Reasons {
		reasons = append(reasons, string(r))
	}
	assert.Equal(t, states, words("Job", "state"))
	assert.Equal(t, reasons, words("Job", "reason"))
	assert.Equal(t, ends, words("EndEvent", "state"))
	list := doc.Paths.Find("/v1/jobs").Get.Parameters.GetByInAndName("query", "state")
	assert.Len(t, list.Schema.Value.Enum, len(states))

	var codes []string
	for _, c := range job.RowCodes {
		codes = append(codes, string(c))
	}
	assert.Equal(t, codes, words("RowError", "code"))
	assert.Equal(t, codes, words("CodeCount", "code"))
	assert.Contains(t, words("Progress", "phase"), string(job.PhaseHolding))
	assert.Contains(t, words("Progress", "phase"), string(job.PhaseSending))
	codes = nil
	for _, c := range job.ItemCodes {
		codes = append(codes, string(c))
	}
	assert.Equal(t, codes, words("ItemCodeCount", "code"))
	assert.Equal(t, codes, words("Item", "code"))
	assert.Len(t, doc.Paths.Find("/v1/jobs/{id}/items").Get.Parameters.GetByInAndName("query", "code").Schema.Value.Enum, len(codes))
	assert.Equal(t, []string{string(job.WaitCooling), string(job.WaitQuota), string(job.WaitOutage)}, words("Wait", "why"))
	var overlaps []string
	for _, o := range job.Overlaps {
		overlaps = append(overlaps, string(o))
	}
	for _, schema := range []string{"Schedule", "ExportSchedule", "SyncSchedule", "ScheduleChange"} {
		assert.Equal(t, overlaps, words(schema, "overlap"))
	}

	start := doc.Paths.Find("/v1/exports/{kind}").Post
	for _, status := range []string{"202", "400", "403", "404", "409", "413", "415", "422", "500", "503"} {
		assert.NotNil(t, start.Responses.Value(status), status)
	}
	assert.Contains(t, start.Responses.Value("202").Value.Headers, "Idempotent-Replayed")
	assert.NotNil(t, start.Parameters.GetByInAndName("header", "Idempotency-Key"))
	save := doc.Paths.Find("/v1/bulk-saves/{kind}").Post
	for _, status := range []string{"202", "400", "403", "404", "408", "409", "410", "413", "415", "422", "500", "503"} {
		assert.NotNil(t, save.Responses.Value(status), status)
	}
	assert.Contains(t, save.Responses.Value("202").Value.Headers, "Longhaul-Same-File")
	sync := doc.Paths.Find("/v1/syncs/{kind}").Post
	for status := range save.Responses.Map() {
		assert.NotNil(t, sync.Responses.Value(status), status)
	}
	assert.False(t, doc.Paths.Find("/v1/jobs/{id}/retry").Post.RequestBody.Value.Required)
	assert.NotNil(t, doc.Paths.Find("/v1/schedules/{id}").Delete.Responses.Value("204"))
	assert.Contains(t, doc.Paths.Find("/v1/uploads").Post.Responses.Value("201").Value.Headers, "Location")
	for _, op := range []*openapi3.Operation{save, sync, doc.Paths.Find("/v1/uploads").Post} {
		require.NotNil(t, op.RequestBody)
		assert.True(t, op.RequestBody.Value.Required)
		for media := range fileTypes {
			assert.Contains(t, op.RequestBody.Value.Content, media)
		}
		assert.Contains(t, op.RequestBody.Value.Content, typeForm)
	}
	get := doc.Paths.Find("/v1/jobs/{id}").Get
	assert.NotNil(t, get.Responses.Value("304"))
	assert.Contains(t, get.Responses.Value("200").Value.Headers, "ETag")
	assert.NotNil(t, doc.Paths.Find("/v1/jobs/{id}").Get.Parameters.GetByInAndName("path", "id"))
	download := doc.Paths.Find("/v1/jobs/{id}/artifacts/{name}")
	for _, status := range []string{"200", "206", "304", "404", "410", "416"} {
		assert.NotNil(t, download.Get.Responses.Value(status), status)
		assert.NotNil(t, download.Head.Responses.Value(status), status)
	}
}

// Real answers fit the schemas that the document gives for them.
func TestAnswersFitTheDocument(t *testing.T) {
	t.Parallel()
	b := setup(t)
	doc := loadDocument(t, b)
	j := ended("job-1", job.PartiallySucceeded, job.Artifact{Name: "a.xlsx", ContentType: xlsxType, CreatedAt: day, ExpiresAt: day.AddDate(0, 0, 7)})
	j.Reason, j.StaleSince, j.Request = job.ReasonRowsMoved, &day, json.RawMessage(`{"kind":"shipments"}`)
	j.Progress.ETA = &day
	b.jobs.put(j)
	s := saving("save-1")
	s.State, s.Reason = job.PartiallySucceeded, job.ReasonRefused
	s.Save.Checked, s.Save.UndoUntil, s.Save.Stale = s.Save.Saved, &day, []job.RowRef{{Sheet: "s", Row: 2}}
	b.jobs.put(s)
	b.jobs.outcomes = []job.Item{refusedRow(1, "숫자가 아닙니다"), {Position: 2, Outcome: "updated", Changes: []job.Change{{Column: "sku"}}}}
	b.uploaded(t)
	b.jobs.partners = map[string]job.Partner{"marketplace": marketplace()}
	b.jobs.schedules = map[string]job.Schedule{"nightly": nightly("nightly")}
	waiting := syncing("sync-1")
	waiting.State, waiting.Sync.Wait, waiting.Sync.Account.CoolingUntil = job.Waiting, &job.Wait{Why: job.WaitCooling, Since: day, Until: day}, &day
	b.jobs.put(waiting)
	b.jobs.outcomes = append(b.jobs.outcomes, job.Item{Position: 3}, job.Item{
		Position: 4, Outcome: "failed", Code: job.ItemRejected, SentAt: &day, DoneAt: &day, Tries: []job.Try{{At: day, Status: 422, Code: job.ItemRejected}, {At: day}},
	})
	b.jobs.list = []job.Job{j, running("job-2"), s, waiting}
	for path, schema := range map[string]string{
		"/v1/jobs/job-1": "Job", "/v1/jobs": "JobPage", "/v1/kinds": "KindList", "/v1/kinds/export/shipments": "ExportKind",
		"/v1/kinds/bulk_save/stock-levels": "BulkSaveKind", "/v1/jobs/save-1": "Job", "/v1/jobs/save-1/items": "ItemPage",
		"/v1/kinds/sync/dispatch-shipments": "SyncKind", "/v1/jobs/sync-1": "Job", "/v1/jobs/sync-1/items": "ItemPage",
		"/v1/partners": "PartnerList", "/v1/partners/marketplace": "Partner", "/v1/partners/nobody": "Problem",
		"/v1/schedules": "SchedulePage", "/v1/schedules/nightly": "Schedule", "/v1/schedules/nothing": "Problem",
		"/v1/uploads/upload-1": "Upload", "/v1/uploads/nothing": "Problem", "/v1/jobs/save-1/items?page_size=0": "Problem",
		"/healthz": "Health", "/readyz": "Health", "/v1/jobs/nothing": "Problem", "/v1/jobs?page_size=0": "Problem",
	} {
		require.Contains(t, doc.Components.Schemas, schema)
		var value any
		b.get(t, path).json(t, &value)
		assert.NoError(t, doc.Components.Schemas[schema].Value.VisitJSON(value, openapi3.MultiErrors()), path)
	}
}

// What the document says about bodies is what is taken.
func TestRequestsFitTheDocument(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.uploaded(t)
	content := loadDocument(t, b).Paths.Find("/v1/bulk-saves/{kind}").Post.RequestBody.Value.Content
	for body, fits := range map[string]bool{
		`{"tenant":"acme","upload":"upload-1","mapping":{"A":"sku","B":""},"dry_run":true,"duplicates":"refuse","locale":"en"}`: true,
		`{"tenant":"acme","rows":[{"sku":"A-1"}]}`:                      true,
		`[{"sku":"A-1"}]`:                                               true,
		`{"upload":"upload-1"}`:                                         false,
		`{"tenant":"acme","upload":"upload-1","dry_run":"yes"}`:         false,
		`{"tenant":"acme","upload":"upload-1","duplicates":"first"}`:    false,
		`{"tenant":"acme","upload":"upload-1","colour":"red"}`:          false,
		`{"tenant":"acme","upload":"upload-1","mapping":{"A":["sku"]}}`: false,
		`{"tenant":"acme","rows":["A-1"]}`:                              false,
	} {
		var value any
		require.NoError(t, json.Unmarshal([]byte(body), &value))
		err := content.Get("application/json").Schema.Value.VisitJSON(value)
		assert.Equal(t, fits, err == nil, "%s: %v", body, err)

		b := setup(t)
		b.uploaded(t)
		path := savePath
		if strings.HasPrefix(body, "[") {
			path += "?tenant=acme"
		}
		a := b.send(t, http.MethodPost, path, body)
		assert.Equal(t, fits, a.StatusCode == http.StatusAccepted, "%s: %s", body, a.body)
	}
}

// The same of the other bodies that are JSON.
func TestBodiesFitTheDocument(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t, setup(t))
	for _, c := range []struct {
		method, path, body string
		fits               bool
	}{
		{http.MethodPost, "/v1/syncs/{kind}", `{"tenant":"acme","filters":{"carrier":["CJ"]},"locale":"en"}`, true},
		{http.MethodPost, "/v1/syncs/{kind}", `{"tenant":"acme","items":[{"order":"O-1"}],"mapping":{"A":"order","B":""}}`, true},
		{http.MethodPost, "/v1/syncs/{kind}", `{"tenant":"acme"}`, true},
		{http.MethodPost, "/v1/syncs/{kind}", `{"filters":{}}`, false},
		{http.MethodPost, "/v1/syncs/{kind}", `{"tenant":"acme","items":["O-1"]}`, false},
		{http.MethodPost, "/v1/syncs/{kind}", `{"tenant":"acme","rows":[{}]}`, false},
		{http.MethodPost, "/v1/jobs/{id}/retry", `{"outcome":"failed","codes":["rejected"],"positions":[1]}`, true},
		{http.MethodPost, "/v1/jobs/{id}/retry", `{"codes":["lost"]}`, false},
		{http.MethodPost, "/v1/jobs/{id}/retry", `{"positions":[0]}`, false},
		{http.MethodPatch, "/v1/partners/{name}", `{"interval_ms":0.5,"rate":"600/1m","reset":true}`, true},
		{http.MethodPatch, "/v1/partners/{name}", `{"max_in_flight":0}`, false},
		{http.MethodPatch, "/v1/partners/{name}", `{"token":"x"}`, false},
		{http.MethodPost, "/v1/schedules", `{"type":"sync",` + terms + `,"request":{"filters":{"carrier":"CJ"}}}`, true},
		{http.MethodPost, "/v1/schedules", `{"type":"export",` + terms + `,"request":{"format":"csv"}}`, true},
		{http.MethodPost, "/v1/schedules", `{"type":"sync",` + terms + `,"request":{"format":"csv"}}`, false},
		{http.MethodPost, "/v1/schedules", `{"type":"bulk_save",` + terms + `}`, false},
		{http.MethodPost, "/v1/schedules", `{` + terms + `}`, false},
		{http.MethodPatch, "/v1/schedules/{id}", `{"paused":true,"note":""}`, true},
		{http.MethodPatch, "/v1/schedules/{id}", `{"type":"export"}`, false},
	} {
		b := setup(t)
		j := endedSync("sync-1")
		b.jobs.put(j)
		b.jobs.partners = map[string]job.Partner{"marketplace": marketplace()}
		b.jobs.schedules = map[string]job.Schedule{"sync-1": nightly("sync-1")}

		var value any
		require.NoError(t, json.Unmarshal([]byte(c.body), &value))
		err := doc.Paths.Find(c.path).GetOperation(c.method).RequestBody.Value.Content.Get("application/json").Schema.Value.VisitJSON(value)
		assert.Equal(t, c.fits, err == nil, "%s %s: %v", c.path, c.body, err)
		path := strings.NewReplacer("{kind}", "dispatch-shipments", "{id}", "sync-1", "{name}", "marketplace").Replace(c.path)
		a := b.send(t, c.method, path, c.body)
		assert.Equal(t, c.fits, a.StatusCode < http.StatusMultipleChoices, "%s %s: %s", path, c.body, a.body)
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, contentType := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/docs.js": "text/javascript; charset=utf-8", "/docs/docs.css": "text/css; charset=utf-8",
	} {
		a := b.get(t, path)
		require.Equal(t, http.StatusOK, a.StatusCode)
		assert.Equal(t, contentType, a.Header.Get("Content-Type"))
		assert.NotRegexp(t, `https?://|style=|<script>`, string(a.body), "nothing from outside, nothing inline")
		assert.Equal(t, http.StatusNotModified, b.get(t, path, "If-None-Match", a.Header.Get("ETag")).StatusCode)
	}
	var doc struct {
		Problems []kindOfProblem `json:"x-problems"`
	}
	b.get(t, "/openapi.json").json(t, &doc)
	assert.Len(t, doc.Problems, len(problems)+1, "every type of problem is explained")
}
