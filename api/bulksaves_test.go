package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

const savePath = "/v1/bulk-saves/stock-levels"

// uploaded sends a file and returns its ID.
func (b *bundle) uploaded(t *testing.T) string {
	t.Helper()
	a := b.send(t, http.MethodPost, uploadPath, sheetText, "Content-Type", "text/csv")
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	var u Upload
	a.json(t, &u)
	return u.ID
}

// Every way to ask for the same thing asks for the same thing.
func TestStartBulkSave(t *testing.T) {
	t.Parallel()
	const query = "?tenant=acme&dry_run=true&duplicates=last_wins&locale=en&map=A%3DB%3Dsku&map=memo%3D"
	formType, formBody := form(t, "tenant", "acme", "dry_run", "true", "duplicates", "last_wins", "locale", "en",
		"map", "A=B=sku", "map", "memo=", "file:재고.csv", sheetText)
	const asked = `"tenant":"acme","mapping":{"A=B":"sku","memo":""},"dry_run":true,"duplicates":"last_wins","locale":"en"}`
	for _, c := range []struct{ name, path, contentType, body, file, head string }{
		{"upload", savePath, "application/json", `{"upload":"upload-1",` + asked, "upload.csv", sheetText},
		{"rows in an object", savePath, "application/json", "\n {\"rows\": [{\"sku\":\"A-1\",\"on_hand\":1.10}]," + asked, "rows.json", `[{"sku":"A-1","on_hand":1.10}]`},
		{"rows", savePath + query, "application/json", ` [{"sku":"A-1"}]`, "upload.json", ` [{"sku":"A-1"}]`},
		{"lines of JSON", savePath + query, "application/x-ndjson", `{"sku":"A-1"}`, "upload.ndjson", `{"sku":"A-1"}`},
		{"file", savePath + query + "&filename=a.csv", "text/csv", sheetText, "a.csv", sheetText},
		{"workbook", savePath + query, xlsxType, "PK", "upload.xlsx", "PK"},
		{"bytes", savePath + query, "application/octet-stream", sheetText, "upload", sheetText},
		{"form", savePath, formType, formBody, "재고.csv", sheetText},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if c.name == "upload" {
				b.uploaded(t)
			}
			a := b.send(t, http.MethodPost, c.path, c.body, "Content-Type", c.contentType, "X-Requested-By", "김물류")
			require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
			assert.Equal(t, "/v1/jobs/save-1", a.Header.Get("Location"))
			assert.Equal(t, "1", a.Header.Get("Retry-After"))
			assert.Empty(t, a.Header.Get("Idempotent-Replayed"))
			assert.Empty(t, a.Header.Get("Longhaul-Same-File"))
			var j Job
			a.json(t, &j)
			assert.Equal(t, c.file, j.Save.Upload)
			assert.True(t, j.Save.DryRun)
			assert.Equal(t, "김물류", j.RequestedBy)
			assert.Equal(t, contract.BulkSaveInput{
				Kind: "stock-levels", Tenant: "acme", Upload: "upload-1", Mapping: map[string]string{"A=B": "sku", "memo": ""},
				DryRun: true, Duplicates: contract.DuplicatesLastWins, Locale: "en", RequestedBy: "김물류",
			}, b.jobs.saves[0])
			assert.Equal(t, c.head, b.jobs.heads["upload-1"])
		})
	}
	t.Run("defaults are left to the starter", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		a := b.send(t, http.MethodPost, savePath+"?tenant=acme", sheetText, "Content-Type", "text/csv")
		require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
		assert.Equal(t, contract.BulkSaveInput{Kind: "stock-levels", Tenant: "acme", Upload: "upload-1"}, b.jobs.saves[0])
	})
}

func TestStartBulkSaveTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := savePath + "?tenant=acme"
	require.Equal(t, http.StatusAccepted, b.send(t, http.MethodPost, path, sheetText, "Content-Type", "text/csv").StatusCode)
	a := b.send(t, http.MethodPost, path, "another", "Content-Type", "text/csv")
	p := a.problem(t, http.StatusConflict)
	assert.Equal(t, string(problemDuplicate), p["type"])
	assert.Equal(t, "/v1/jobs/save-1", p["job_url"])
	assert.Equal(t, "/v1/jobs/save-1", a.Header.Get("Location"))
}

func TestSameFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := savePath + "?tenant=acme"
	require.Equal(t, http.StatusAccepted, b.send(t, http.MethodPost, path, sheetText, "Content-Type", "text/csv").StatusCode)
	b.jobs.put(ended("save-1", job.Succeeded))

	var u Upload
	b.send(t, http.MethodPost, uploadPath, sheetText, "Content-Type", "text/csv").json(t, &u)
	assert.Equal(t, "save-1", u.SameAs.JobID)
	b.jobs.next = "save-2"
	for _, c := range []struct{ contentType, path, body string }{
		{"text/csv", path, sheetText}, {"application/json", savePath, `{"tenant":"acme","upload":"` + u.ID + `"}`},
	} {
		a := b.send(t, http.MethodPost, c.path, c.body, "Content-Type", c.contentType)
		require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
		assert.Equal(t, "/v1/jobs/save-1", a.Header.Get("Longhaul-Same-File"))
		b.jobs.put(ended("save-2", job.Succeeded))
		b.jobs.savedBy[u.SHA256] = "save-1"
	}
}

func TestBulkSaveIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := savePath + "?tenant=acme"
	send := func(path, body string) answer {
		return b.send(t, http.MethodPost, path, body, "Content-Type", "text/csv", "Idempotency-Key", "key-1")
	}
	require.Equal(t, http.StatusAccepted, send(path, sheetText).StatusCode)
	again := send(path, sheetText)
	require.Equal(t, http.StatusAccepted, again.StatusCode, "%s", again.body)
	assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	assert.Equal(t, "/v1/jobs/save-1", again.Header.Get("Location"))
	assert.Empty(t, again.Header.Get("Longhaul-Same-File"), "it is the same job, not another one with the same file")
	assert.Len(t, b.jobs.saves, 1)

	for name, other := range map[string]answer{
		"other file": send(path, sheetText+"A-2,1\n"), "other wish": send(path+"&dry_run=true", sheetText),
	} {
		p := other.problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, string(problemKeyReused), p["type"], name)
		assert.Equal(t, "Idempotency-Key", place(t, p)["header"], name)
	}
	// Whatever is wrong with the file itself is not said of the key.
	p := send(path, "\xd0\xcf\x11\xe0").problem(t, http.StatusUnprocessableEntity)
	assert.Equal(t, string(problemInvalid), p["type"])
	p = b.send(t, http.MethodPost, path, sheetText, "Content-Type", "text/csv", "Idempotency-Key", "with space").problem(t, http.StatusUnprocessableEntity)
	assert.Equal(t, "Idempotency-Key", place(t, p)["header"])
}

func TestStartBulkSaveNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.uploaded(t)
	for _, c := range []struct{ name, query, body, where, at string }{
		{"object: no tenant", "", `{"upload":"upload-1"}`, "pointer", "/tenant"},
		{"object: nothing to save", "", `{"tenant":"acme"}`, "pointer", "/upload"},
		{"object: two things to save", "", `{"tenant":"acme","upload":"upload-1","rows":[{}]}`, "pointer", "/rows"},
		{"object: unknown upload", "", `{"tenant":"acme","upload":"upload-9"}`, "pointer", "/upload"},
		{"object: unknown tenant", "", `{"tenant":"nobody","rows":[{}]}`, "pointer", "/tenant"},
		{"object: unknown member", "", `{"tenant":"acme","upload":"upload-1","colour":"red"}`, "pointer", "/colour"},
		{"object: undo is not for clients", "", `{"tenant":"acme","upload":"upload-1","undo":"save-1"}`, "pointer", "/undo"},
		{"object: no rows", "", `{"tenant":"acme","rows":[]}`, "pointer", "/rows"},
		{"object: rows of a wrong type", "", `{"tenant":"acme","rows":{}}`, "pointer", "/rows"},
		{"object: null as rows", "", `{"tenant":"acme","rows":null}`, "pointer", "/upload"},
		{"object: row of a wrong type", "", `{"tenant":"acme","rows":[{},7]}`, "pointer", "/rows/1"},
		{"object: unknown word", "", `{"tenant":"acme","upload":"upload-1","duplicates":"first_wins"}`, "pointer", "/duplicates"},
		{"object: flag of a wrong type", "", `{"tenant":"acme","upload":"upload-1","dry_run":"yes"}`, "pointer", "/dry_run"},
		{"object: mapping of a wrong type", "", `{"tenant":"acme","upload":"upload-1","mapping":{"a.b/c":7}}`, "pointer", "/mapping/a.b~1c"},
		{"object: mapping to nothing", "", `{"tenant":"acme","upload":"upload-1","mapping":{"a/b":"price"}}`, "pointer", "/mapping/a~1b"},
		{"object with a query", "?tenant=acme", `{"tenant":"acme","upload":"upload-1"}`, "parameter", "tenant"},
		{"file: no tenant", "", `[{}]`, "parameter", "tenant"},
		{"file: unknown word", "?tenant=acme&duplicates=first_wins", `[{}]`, "parameter", "duplicates"},
		{"file: no flag", "?tenant=acme&dry_run=yes", `[{}]`, "parameter", "dry_run"},
		{"file: unknown locale", "?tenant=acme&locale=jp", `[{}]`, "parameter", "locale"},
		{"file: unknown parameter", "?tenant=acme&colour=red", `[{}]`, "parameter", "colour"},
		{"file: mapping of nothing", "?tenant=acme&map=%3Dsku", `[{}]`, "parameter", "map"},
		{"file: no mapping", "?tenant=acme&map=sku", `[{}]`, "parameter", "map"},
		{"file: second mapping is none", "?tenant=acme&map=&map=sku", `[{}]`, "parameter", "map"},
		{"file: header mapped twice", "?tenant=acme&map=A%3Dsku&map=A%3Don_hand", `[{}]`, "parameter", "map"},
		{"file: mapping to nothing", "?tenant=acme&map=A/B%3Dprice", `[{}]`, "parameter", "map"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := b.send(t, http.MethodPost, savePath+c.query, c.body).problem(t, http.StatusUnprocessableEntity)
			assert.Equal(t, c.at, place(t, p)[c.where], "%v", p)
			assert.NotEmpty(t, place(t, p)["message"])
			assert.NotContains(t, place(t, p)["message"], "schema")
		})
	}
	for _, c := range []struct {
		name  string
		pairs []string
		at    string
	}{
		{"form: no tenant", []string{"file:a.csv", sheetText}, "/tenant"},
		{"form: no flag", []string{"dry_run", "on", "file:a.csv", sheetText}, "/dry_run"},
		{"form: unknown word", []string{"duplicates", "all", "file:a.csv", sheetText}, "/duplicates"},
		{"form: no mapping", []string{"tenant", "acme", "map", "A=sku", "map", "B", "file:a.csv", sheetText}, "/map"},
		{"form: too many mappings", append(strings.Split(strings.Repeat("map\nA=sku\n", maxMapped+1), "\n")[:2*maxMapped+2], "file:a.csv", ""), "/map"},
		{"form: mapping to nothing", []string{"tenant", "acme", "map", "A=price", "file:a.csv", sheetText}, "/map"},
		{"form: mapping after the file", []string{"tenant", "acme", "file:a.csv", sheetText, "map", "A=sku"}, "/map"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			contentType, body := form(t, c.pairs...)
			p := b.send(t, http.MethodPost, savePath, body, "Content-Type", contentType).problem(t, http.StatusUnprocessableEntity)
			assert.Equal(t, c.at, place(t, p)["pointer"], "%v", p)
		})
	}
	t.Cleanup(func() { assert.Empty(t, b.jobs.saves) })
}

func TestStartBulkSaveRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	formType, formBody := form(t, "tenant", "acme", "file:a.csv", sheetText)
	for _, c := range []struct {
		name, path, contentType, body string
		headers                       []string
		status                        int
	}{
		{"unknown kind", "/v1/bulk-saves/nothing?tenant=acme", "text/csv", sheetText, nil, http.StatusNotFound},
		{"unknown kind, object", "/v1/bulk-saves/nothing", "application/json", `{"tenant":"acme","rows":[{}]}`, nil, http.StatusNotFound},
		{"broken object", savePath, "application/json", `{"tenant":`, nil, http.StatusBadRequest},
		{"two objects", savePath, "application/json", `{"tenant":"acme"}{}`, nil, http.StatusBadRequest},
		{"web form", savePath, "application/x-www-form-urlencoded", "tenant=acme", nil, http.StatusUnsupportedMediaType},
		{"no type", savePath, "", `{"tenant":"acme"}`, nil, http.StatusUnsupportedMediaType},
		{"form of another site", savePath, formType, formBody, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"form of another origin", savePath, formType, formBody, []string{"Origin", "https://evil.example"}, http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := b.send(t, http.MethodPost, c.path, c.body, append([]string{"Content-Type", c.contentType}, c.headers...)...).problem(t, c.status)
			if c.status == http.StatusNotFound {
				assert.Equal(t, "kind", place(t, p)["parameter"])
			}
		})
	}
	t.Cleanup(func() { assert.Empty(t, b.jobs.saves) })
}

// However bad an object is, the answer stays small.
func TestStartBulkSaveAnswersBriefly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, body := range map[string]string{
		"wrong rows":      `{"tenant":"acme","rows":[` + strings.Repeat("7,", 100_000) + `7]}`,
		"a long member":   `{"tenant":"acme","` + strings.Repeat("가", 200_000) + `":1}`,
		"a long upload":   `{"tenant":"acme","upload":"` + strings.Repeat("u", 500_000) + `"}`,
		"a long mapping":  `{"tenant":"acme","upload":"u","mapping":{"` + strings.Repeat("m", 500_000) + `":7}}`,
		"wide whitespace": strings.Repeat(" ", 100_000) + `{"tenant":"acme"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.send(t, http.MethodPost, savePath, body)
			a.problem(t, http.StatusUnprocessableEntity)
			assert.Less(t, len(a.body), MaxResponse)
		})
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	saved := func(until bool, undoneBy string) job.Job {
		j := saving("save-1")
		j.State, j.EndedAt = job.Succeeded, &day
		if later := day.AddDate(0, 0, 7); until {
			j.Save.UndoUntil = &later
		}
		j.Save.UndoneBy = undoneBy
		return j
	}
	b.jobs.put(saved(true, ""))
	a := b.send(t, http.MethodPost, "/v1/jobs/save-1/undo", "", "X-Requested-By", "김물류")
	require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
	assert.Equal(t, "/v1/jobs/undo-1", a.Header.Get("Location"))
	var j Job
	a.json(t, &j)
	assert.Equal(t, "save-1", j.Save.Undoes)
	assert.Equal(t, "김물류", j.RequestedBy)

	b.jobs.put(saved(false, ""))
	p := b.send(t, http.MethodPost, "/v1/jobs/save-1/undo", "").problem(t, http.StatusConflict)
	assert.Equal(t, string(problemConflict), p["type"])
	b.send(t, http.MethodPost, "/v1/jobs/nothing/undo", "").problem(t, http.StatusNotFound)
	b.send(t, http.MethodPost, "/v1/jobs/save-1/undo", "", "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden)
	b.send(t, http.MethodPost, "/v1/jobs/save-1/undo", "", "X-Requested-By", "a\tb").problem(t, http.StatusUnprocessableEntity)
}

// Undo is offered for its time, once; a dry run that holds can be resumed or cancelled.
func TestLinksOfBulkSaves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before, after := day.Add(-1), day.Add(1)
	links := func(change func(*job.Job)) Links {
		j := saving("save-1")
		j.State, j.Save.UndoUntil = job.Succeeded, &after
		change(&j)
		b.jobs.put(j)
		var got Job
		b.get(t, "/v1/jobs/save-1").json(t, &got)
		return got.Links
	}
	assert.Equal(t, "/v1/jobs/save-1/items", links(func(*job.Job) {}).Items)
	assert.Equal(t, "/v1/jobs/save-1/undo", links(func(*job.Job) {}).Undo)
	assert.NotEmpty(t, links(func(j *job.Job) { j.State = job.Cancelled }).Undo, "what was saved until then")
	assert.Empty(t, links(func(j *job.Job) { j.Save.UndoUntil = nil }).Undo)
	assert.Empty(t, links(func(j *job.Job) { j.Save.UndoUntil = &before }).Undo)
	assert.Empty(t, links(func(j *job.Job) { j.Save.UndoneBy = "undo-1" }).Undo)
	assert.Empty(t, links(func(j *job.Job) { j.State = job.Running }).Undo)

	held := links(func(j *job.Job) { j.State, j.Progress.Phase, j.Save.UndoUntil = job.Paused, job.PhaseHolding, nil })
	assert.NotEmpty(t, held.Resume)
	assert.NotEmpty(t, held.Cancel)
	assert.Empty(t, held.Pause)

	export := running("job-1")
	b.jobs.put(export)
	var got Job
	b.get(t, "/v1/jobs/job-1").json(t, &got)
	assert.Empty(t, got.Links.Items)
	assert.Nil(t, got.Save)
}
