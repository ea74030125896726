package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

const startPath = "/v1/exports/shipments"

func TestStartExport(t *testing.T) {
	t.Parallel()
	b := setup(t)

	a := b.send(t, http.MethodPost, startPath,
		`{"tenant":"acme","filters":{"from":"2026-11-01","carrier":["CJ대한통운",7]},"columns":["carrier"],"format":"csv","locale":"en","filename":"부족.csv"}`,
		"X-Requested-By", "김물류")
	require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
	assert.Equal(t, "/v1/jobs/job-1", a.Header.Get("Location"))
	assert.Equal(t, "1", a.Header.Get("Retry-After"))
	assert.Empty(t, a.Header.Get("Idempotent-Replayed"))
	var j Job
	a.json(t, &j)
	assert.Equal(t, job.Queued, j.State)
	assert.Equal(t, "김물류", j.RequestedBy)
	assert.Equal(t, "/v1/jobs/job-1/events", j.Links.Events)
	assert.NotContains(t, string(a.body), "$schema")

	in := b.jobs.started[0]
	assert.Equal(t, job.Filters{"from": {"2026-11-01"}, "carrier": {"CJ대한통운", "7"}}, in.Filters, "a number is taken as written")
	assert.Equal(t, []string{"carrier"}, in.Columns)
	assert.Equal(t, []string{"csv", "en", "부족.csv", "김물류"}, []string{in.Format, in.Locale, in.Filename, in.RequestedBy})
}

func TestStartExportTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const body = `{"tenant":"acme"}`
	require.Equal(t, http.StatusAccepted, b.send(t, http.MethodPost, startPath, body).StatusCode)

	a := b.send(t, http.MethodPost, startPath, body)
	p := a.problem(t, http.StatusConflict)
	assert.Equal(t, string(problemDuplicate), p["type"])
	assert.Equal(t, "job-1", p["job_id"])
	assert.Equal(t, "/v1/jobs/job-1", p["job_url"])
	assert.Equal(t, "/v1/jobs/job-1", a.Header.Get("Location"))
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.send(t, http.MethodPost, startPath, `{"tenant":"acme"}`, "Idempotency-Key", "key-1")
	require.Equal(t, http.StatusAccepted, first.StatusCode)

	again := b.send(t, http.MethodPost, startPath, `{"tenant":"acme"}`, "Idempotency-Key", "key-1")
	require.Equal(t, http.StatusAccepted, again.StatusCode, "%s", again.body)
	assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	assert.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
	assert.Len(t, b.jobs.started, 1)

	other := b.send(t, http.MethodPost, startPath, `{"tenant":"acme","format":"csv"}`, "Idempotency-Key", "key-1")
	p := other.problem(t, http.StatusUnprocessableEntity)
	assert.Equal(t, string(problemKeyReused), p["type"])
	assert.Equal(t, "Idempotency-Key", place(t, p)["header"])

	for _, key := range []string{strings.Repeat("k", 201), "with space", "ключ"} {
		p := b.send(t, http.MethodPost, startPath, `{"tenant":"acme"}`, "Idempotency-Key", key).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, "Idempotency-Key", place(t, p)["header"], key)
	}
}

// Everything wrong with a body is named by a pointer, whoever found it: the schema or the kind.
func TestStartExportNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct{ name, body, pointer string }{
		{"no tenant", `{}`, "/tenant"},
		{"empty tenant", `{"tenant":""}`, "/tenant"},
		{"unknown tenant", `{"tenant":"nobody"}`, "/tenant"},
		{"tenant of a wrong type", `{"tenant":7}`, "/tenant"},
		{"unknown member", `{"tenant":"acme","filter":{}}`, "/filter"},
		{"unknown member to escape", `{"tenant":"acme","a/b~c":1}`, "/a~1b~0c"},
		{"carried state", `{"tenant":"acme","carried":{}}`, "/carried"},
		{"unknown filter", `{"tenant":"acme","filters":{"colour":"red"}}`, "/filters/colour"},
		{"filter with an object", `{"tenant":"acme","filters":{"from":{"a":1}}}`, "/filters/from"},
		{"filter with null", `{"tenant":"acme","filters":{"from":null}}`, "/filters/from"},
		{"filter with nested lists", `{"tenant":"acme","filters":{"carrier":[["a"]]}}`, "/filters/carrier"},
		{"filter name with dots", `{"tenant":"acme","filters":{"a.b[0]":{}}}`, "/filters/a.b[0]"},
		{"filters as a list", `{"tenant":"acme","filters":[]}`, "/filters"},
		{"bad date", `{"tenant":"acme","filters":{"from":"yesterday"}}`, "/filters/from"},
		{"unknown column", `{"tenant":"acme","columns":["carrier","price"]}`, "/columns/1"},
		{"column of a wrong type", `{"tenant":"acme","columns":["carrier",3]}`, "/columns/1"},
		{"unknown format", `{"tenant":"acme","format":"pdf"}`, "/format"},
		{"unknown locale", `{"tenant":"acme","locale":"jp"}`, "/locale"},
		{"path as file name", `{"tenant":"acme","filename":"../x"}`, "/filename"},
		{"a list as body", `[]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := b.send(t, http.MethodPost, startPath, c.body).problem(t, http.StatusUnprocessableEntity)
			assert.Equal(t, string(problemInvalid), p["type"])
			assert.Equal(t, c.pointer, place(t, p)["pointer"], "%v", p)
			assert.NotEmpty(t, place(t, p)["message"])
			assert.NotContains(t, place(t, p)["message"], "schema")
		})
	}
}

func TestStartExportRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const body = `{"tenant":"acme"}`
	for _, c := range []struct {
		name, path, body string
		headers          []string
		status           int
	}{
		{"unknown kind", "/v1/exports/nothing", body, nil, http.StatusNotFound},
		{"no body", startPath, "", []string{"Content-Type", "application/json"}, http.StatusBadRequest},
		{"broken JSON", startPath, `{"tenant":`, nil, http.StatusBadRequest},
		{"number beyond reading", startPath, `{"tenant":"acme","filters":{"from":1e999}}`, nil, http.StatusBadRequest},
		{"form", startPath, "tenant=acme", []string{"Content-Type", "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		{"text", startPath, body, []string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
		{"no type", startPath, body, []string{"Content-Type", ""}, http.StatusUnsupportedMediaType},
		{"other charset", startPath, body, []string{"Content-Type", "application/json; charset=euc-kr"}, http.StatusUnsupportedMediaType},
		{"too large", startPath, `{"tenant":"` + strings.Repeat("a", MaxBody) + `"}`, nil, http.StatusRequestEntityTooLarge},
		{"page of another site", startPath, body, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"page of another origin", startPath, body, []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"control characters", startPath, body, []string{"X-Requested-By", "a\tb"}, http.StatusUnprocessableEntity},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := b.send(t, http.MethodPost, c.path, c.body, c.headers...)
			a.problem(t, c.status)
			assert.NotContains(t, string(a.body), "Go value", "internals")
		})
	}
	t.Run("unknown kind is named", func(t *testing.T) {
		t.Parallel()
		p := b.send(t, http.MethodPost, "/v1/exports/shipment", body).problem(t, http.StatusNotFound)
		assert.Equal(t, "kind", place(t, p)["parameter"])
		assert.Contains(t, p["detail"], "shipments", "what there is")
	})
	t.Run("same origin is let in", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		a := b.send(t, http.MethodPost, startPath, body, "Origin", b.url, "Sec-Fetch-Site", "same-origin")
		assert.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
	})
}

// However bad a request is, the answer stays small.
func TestStartExportAnswersBriefly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var members, wrong, filters []string
	for i := range 20_000 {
		members = append(members, fmt.Sprintf(`"m%d":1`, i))
		wrong = append(wrong, "7")
		filters = append(filters, fmt.Sprintf(`"f%d":{}`, i))
	}
	for name, body := range map[string]string{
		"unknown members":   `{"tenant":"acme",` + strings.Join(members, ",") + `}`,
		"a long member":     `{"tenant":"acme","` + strings.Repeat("가", 200_000) + `":1}`,
		"a long filter":     `{"tenant":"acme","filters":{"` + strings.Repeat("f", 500_000) + `":"x"}}`,
		"many filters":      `{"tenant":"acme","filters":{` + strings.Join(filters, ",") + `}}`,
		"many columns":      `{"tenant":"acme","columns":[` + strings.Join(wrong, ",") + `]}`,
		"a long tenant":     `{"tenant":"` + strings.Repeat("t", 500_000) + `"}`,
		"a long column":     `{"tenant":"acme","columns":["` + strings.Repeat("c", 500_000) + `"]}`,
		"a long file name":  `{"tenant":"acme","filename":"` + strings.Repeat("n", 500_000) + `"}`,
		"a long date value": `{"tenant":"acme","filters":{"from":"` + strings.Repeat("9", 500_000) + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.send(t, http.MethodPost, startPath, body)
			place(t, a.problem(t, http.StatusUnprocessableEntity))
			assert.Less(t, len(a.body), MaxResponse)
		})
	}
}

// place returns the first wrong place of a problem.
func place(t *testing.T, p map[string]any) map[string]any {
	t.Helper()
	places, _ := p["errors"].([]any)
	require.NotEmpty(t, places, "%v", p)
	return places[0].(map[string]any)
}
