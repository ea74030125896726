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
	assert.Contains(t, doc.Paths.Find("/v1/uploads").Post.Responses.Value("201").Value.Headers, "Location")
	for _, op := range []*openapi3.Operation{save, doc.Paths.Find("/v1/uploads").Post} {
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
	b.jobs.list = []job.Job{j, running("job-2"), s}
	for path, schema := range map[string]string{
		"/v1/jobs/job-1": "Job", "/v1/jobs": "JobPage", "/v1/kinds": "KindList", "/v1/kinds/export/shipments": "ExportKind",
		"/v1/kinds/bulk_save/stock-levels": "BulkSaveKind", "/v1/jobs/save-1": "Job", "/v1/jobs/save-1/items": "ItemPage",
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
