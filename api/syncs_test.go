package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

const (
	syncPath = "/v1/syncs/dispatch-shipments"
	itemText = "주문번호,주문상품번호\nO-1,L-1\n"
)

// uploadedItems sends a file of items and returns its ID.
func (b *bundle) uploadedItems(t *testing.T) string {
	t.Helper()
	a := b.send(t, http.MethodPost, "/v1/uploads?kind=dispatch-shipments&tenant=acme", itemText, "Content-Type", "text/csv")
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	var u Upload
	a.json(t, &u)
	return u.ID
}

// Every way to give items gives the same items.
func TestStartSyncOfItems(t *testing.T) {
	t.Parallel()
	const query = "?tenant=acme&locale=en&map=A%3DB%3Dorder&map=memo%3D"
	formType, formBody := form(t, "tenant", "acme", "locale", "en", "map", "A=B=order", "map", "memo=", "file:발송.csv", itemText)
	const asked = `"tenant":"acme","mapping":{"A=B":"order","memo":""},"locale":"en"}`
	for _, c := range []struct{ name, path, contentType, body, file, head string }{
		{"upload", syncPath, "application/json", `{"upload":"upload-1",` + asked, "upload.csv", itemText},
		{"items in an object", syncPath, "application/json", "\n {\"items\": [{\"order\":\"O-1\",\"weight\":1.10}]," + asked, "items.json", `[{"order":"O-1","weight":1.10}]`},
		{"items", syncPath + query, "application/json", ` [{"order":"O-1"}]`, "upload.json", ` [{"order":"O-1"}]`},
		{"lines of JSON", syncPath + query, "application/x-ndjson", `{"order":"O-1"}`, "upload.ndjson", `{"order":"O-1"}`},
		{"file", syncPath + query + "&filename=a.csv", "text/csv", itemText, "a.csv", itemText},
		{"form", syncPath, formType, formBody, "발송.csv", itemText},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if c.name == "upload" {
				b.uploadedItems(t)
			}
			a := b.send(t, http.MethodPost, c.path, c.body, "Content-Type", c.contentType, "X-Requested-By", "김물류")
			require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
			assert.Equal(t, "/v1/jobs/sync-1", a.Header.Get("Location"))
			assert.Equal(t, "1", a.Header.Get("Retry-After"))
			assert.Empty(t, a.Header.Get("Idempotent-Replayed"))
			var j Job
			a.json(t, &j)
			assert.Equal(t, c.file, j.Sync.Upload)
			assert.Equal(t, "김물류", j.RequestedBy)
			assert.Equal(t, contract.SyncInput{
				Kind: "dispatch-shipments", Tenant: "acme", Upload: "upload-1", Mapping: map[string]string{"A=B": "order", "memo": ""},
				Locale: "en", RequestedBy: "김물류",
			}, b.jobs.syncs[0])
			assert.Equal(t, c.head, b.jobs.heads["upload-1"], "byte by byte")
			assert.Equal(t, "dispatch-shipments", b.jobs.requests[0].Kind)
		})
	}
}

func TestStartSyncOfFilters(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]job.Filters{
		`{"tenant":"acme","filters":{"from":"2026-11-01","carrier":["CJ","Hanjin"]}}`: {"from": {"2026-11-01"}, "carrier": {"CJ", "Hanjin"}},
		`{"tenant":"acme","filters":{}}`:                                              {},
		`{"tenant":"acme"}`:                                                           nil,
		`{"tenant":"acme","filters":null,"items":null,"mapping":{}}`:                  nil,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			a := b.send(t, http.MethodPost, syncPath, body)
			require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
			assert.Equal(t, contract.SyncInput{Kind: "dispatch-shipments", Tenant: "acme", Filters: want, Mapping: b.jobs.syncs[0].Mapping}, b.jobs.syncs[0])
			assert.Empty(t, b.jobs.syncs[0].Mapping)
			assert.Zero(t, b.jobs.stored(), "nothing is uploaded")
		})
	}
}

func TestStartSyncTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, http.StatusAccepted, b.send(t, http.MethodPost, syncPath, `{"tenant":"acme"}`).StatusCode)
	a := b.send(t, http.MethodPost, syncPath, `{"tenant":"acme","items":[{"order":"O-1"}]}`)
	p := a.problem(t, http.StatusConflict)
	assert.Equal(t, string(problemDuplicate), p["type"])
	assert.Equal(t, "/v1/jobs/sync-1", p["job_url"])
	assert.Equal(t, "/v1/jobs/sync-1", a.Header.Get("Location"))
}

func TestSyncIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	send := func(body string) answer {
		return b.send(t, http.MethodPost, syncPath, body, "Idempotency-Key", "key-1")
	}
	const body = `{"tenant":"acme","items":[{"order":"O-1"}]}`
	require.Equal(t, http.StatusAccepted, send(body).StatusCode)
	again := send(body)
	require.Equal(t, http.StatusAccepted, again.StatusCode, "%s", again.body)
	assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	assert.Equal(t, "/v1/jobs/sync-1", again.Header.Get("Location"))
	assert.Len(t, b.jobs.syncs, 1)
	for _, other := range []string{`{"tenant":"acme","items":[{"order":"O-2"}]}`, `{"tenant":"acme"}`} {
		p := send(other).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, string(problemKeyReused), p["type"], other)
		assert.Equal(t, "Idempotency-Key", place(t, p)["header"], other)
	}
}

func TestStartSyncNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.uploadedItems(t)
	for _, c := range []struct{ name, query, body, where, at string }{
		{"no tenant", "", `{"filters":{}}`, "pointer", "/tenant"},
		{"unknown tenant", "", `{"tenant":"nobody"}`, "pointer", "/tenant"},
		{"unknown tenant of items", "", `{"tenant":"nobody","items":[{}]}`, "pointer", "/tenant"},
		{"unknown filter", "", `{"tenant":"acme","filters":{"colour":"red"}}`, "pointer", "/filters/colour"},
		{"filter of a wrong type", "", `{"tenant":"acme","filters":{"from":{}}}`, "pointer", "/filters/from"},
		{"filters and items", "", `{"tenant":"acme","filters":{},"items":[{}]}`, "pointer", "/filters"},
		{"filters and upload", "", `{"tenant":"acme","filters":{},"upload":"upload-1"}`, "pointer", "/filters"},
		{"items and upload", "", `{"tenant":"acme","items":[{}],"upload":"upload-1"}`, "pointer", "/items"},
		{"mapping of filters", "", `{"tenant":"acme","mapping":{"A":"order"}}`, "pointer", "/mapping"},
		{"mapping to nothing", "", `{"tenant":"acme","upload":"upload-1","mapping":{"a/b":"price"}}`, "pointer", "/mapping/a~1b"},
		{"unknown upload", "", `{"tenant":"acme","upload":"upload-9"}`, "pointer", "/upload"},
		{"no items", "", `{"tenant":"acme","items":[]}`, "pointer", "/items"},
		{"item of a wrong type", "", `{"tenant":"acme","items":[{},7]}`, "pointer", "/items/1"},
		{"unknown member", "", `{"tenant":"acme","dry_run":true}`, "pointer", "/dry_run"},
		{"retry is not for clients", "", `{"tenant":"acme","retry":{"job":"sync-1"}}`, "pointer", "/retry"},
		{"unknown locale", "", `{"tenant":"acme","locale":"jp"}`, "pointer", "/locale"},
		{"object with a query", "?tenant=acme", `{"tenant":"acme"}`, "parameter", "tenant"},
		{"file: no tenant", "", `[{}]`, "parameter", "tenant"},
		{"file: parameter of bulk saves", "?tenant=acme&dry_run=true", `[{}]`, "parameter", "dry_run"},
		{"file: no mapping", "?tenant=acme&map=order", `[{}]`, "parameter", "map"},
		{"file: mapping to nothing", "?tenant=acme&map=A/B%3Dprice", `[{}]`, "parameter", "map"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := b.send(t, http.MethodPost, syncPath+c.query, c.body).problem(t, http.StatusUnprocessableEntity)
			assert.Equal(t, c.at, place(t, p)[c.where], "%v", p)
			assert.NotEmpty(t, place(t, p)["message"])
			assert.NotContains(t, place(t, p)["message"], "schema")
		})
	}
	t.Run("form", func(t *testing.T) {
		t.Parallel()
		contentType, body := form(t, "tenant", "acme", "dry_run", "true", "file:a.csv", itemText)
		p := b.send(t, http.MethodPost, syncPath, body, "Content-Type", contentType).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, "/dry_run", place(t, p)["pointer"], "%v", p)
	})
	t.Cleanup(func() { assert.Empty(t, b.jobs.syncs) })
}

func TestStartSyncRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		name, path, contentType, body string
		headers                       []string
		status                        int
	}{
		{"unknown kind", "/v1/syncs/nothing?tenant=acme", "text/csv", itemText, nil, http.StatusNotFound},
		{"unknown kind, filters", "/v1/syncs/nothing", "application/json", `{"tenant":"acme"}`, nil, http.StatusNotFound},
		{"unknown kind, items", "/v1/syncs/nothing", "application/json", `{"tenant":"acme","items":[{}]}`, nil, http.StatusNotFound},
		{"broken object", syncPath, "application/json", `{"tenant":`, nil, http.StatusBadRequest},
		{"no type", syncPath, "", `{"tenant":"acme"}`, nil, http.StatusUnsupportedMediaType},
		{"object beyond the limit", syncPath, "application/json", `{"tenant":"acme","items":[{"order":"` + strings.Repeat("o", MaxBody) + `"}]}`, nil, http.StatusRequestEntityTooLarge},
		{"another site", syncPath, "application/json", `{"tenant":"acme"}`, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := b.send(t, http.MethodPost, c.path, c.body, append([]string{"Content-Type", c.contentType}, c.headers...)...).problem(t, c.status)
			if c.status == http.StatusNotFound {
				assert.Equal(t, "kind", place(t, p)["parameter"])
			}
		})
	}
	t.Cleanup(func() { assert.Empty(t, b.jobs.syncs) })
}

// An upload for a sync is one like any other.
func TestUploadOfItems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.uploadedItems(t)
	assert.Equal(t, starter.UploadRequest{Kind: "dispatch-shipments", Tenant: "acme", Name: "upload.csv", ContentType: "text/csv", Size: int64(len(itemText))}, b.jobs.requests[0])
	var u Upload
	b.get(t, "/v1/uploads/"+id).json(t, &u)
	assert.Equal(t, "dispatch-shipments", u.Kind)
}

// What a sync has besides a job's is shown wherever a job is, its stream of events included.
func TestSyncIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	j := syncing("sync-1")
	j.State = job.Waiting
	j.Sync.Wait = &job.Wait{Why: job.WaitCooling, Since: day, Until: day.Add(1)}
	j.Sync.Account.CoolingUntil = &day
	b.jobs.put(j)
	b.jobs.list = []job.Job{j}
	var one Job
	b.get(t, "/v1/jobs/sync-1").json(t, &one)
	assert.Equal(t, SyncTally{Succeeded: 8, Failed: 2, Codes: []ItemCodeCount{{Code: "rejected", Count: 2}}}, one.Sync.Tally)
	assert.Equal(t, job.WaitCooling, one.Sync.Wait.Why)
	assert.Equal(t, 3, one.Sync.Account.InFlight)
	assert.Equal(t, "/v1/jobs/sync-1/items", one.Links.Items)
	assert.NotEmpty(t, one.Links.Pause)
	assert.NotEmpty(t, one.Links.Cancel)
	var page JobPage
	b.get(t, "/v1/jobs?type=sync").json(t, &page)
	assert.Equal(t, one.Sync, page.Jobs[0].Sync)

	j.State, j.Sync.Wait, j.Sync.Account, j.Reason = job.PartiallySucceeded, nil, nil, job.ReasonItems
	b.jobs.put(j)
	stream := string(b.get(t, "/v1/jobs/sync-1/events").body)
	assert.Contains(t, stream, `"sync":{"partner":"marketplace","tally":{"succeeded":8,"failed":2,`)
	assert.Contains(t, stream, `"retry":"/v1/jobs/sync-1/retry"`)
}
