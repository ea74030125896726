package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func TestGetJob(t *testing.T) {
	t.Parallel()
	b := setup(t)
	j := running("job-1")
	j.Request = json.RawMessage(`{"kind":"shipments"}`)
	b.jobs.put(j)

	a := b.get(t, "/v1/jobs/job-1")
	require.Equal(t, http.StatusOK, a.StatusCode)
	assert.Equal(t, "no-cache", a.Header.Get("Cache-Control"))
	assert.Equal(t, "1", a.Header.Get("Retry-After"))
	var got Job
	a.json(t, &got)
	assert.JSONEq(t, `{"kind":"shipments"}`, string(got.Request))
	assert.Equal(t, int64(10), got.Progress.RowsDone)

	etag := a.Header.Get("ETag")
	for _, known := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		a = b.get(t, "/v1/jobs/job-1", "If-None-Match", known)
		assert.Equal(t, http.StatusNotModified, a.StatusCode, known)
		assert.Empty(t, a.body)
		assert.Equal(t, etag, a.Header.Get("ETag"))
		assert.Equal(t, "1", a.Header.Get("Retry-After"))
	}

	b.jobs.put(ended("job-1", job.Succeeded))
	a = b.get(t, "/v1/jobs/job-1", "If-None-Match", etag)
	assert.Equal(t, http.StatusOK, a.StatusCode)
	assert.NotEqual(t, etag, a.Header.Get("ETag"))
	assert.Empty(t, a.Header.Get("Retry-After"))

	b.get(t, "/v1/jobs/nothing").problem(t, http.StatusNotFound)
}

func TestGetJobLeavesOutAHugeRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	j := running("job-1")
	j.Request = json.RawMessage(`"` + strings.Repeat("x", 2<<20) + `"`)
	b.jobs.put(j)
	assert.Less(t, len(b.get(t, "/v1/jobs/job-1").body), MaxResponse)
}

// What can be done with a job is offered as a link, and what is not offered is refused.
func TestLinks(t *testing.T) {
	t.Parallel()
	for state, want := range map[job.State]string{
		job.Queued:             "cancel events",
		job.Running:            "cancel events pause",
		job.Waiting:            "cancel events pause",
		job.Paused:             "cancel events resume",
		job.Cancelling:         "events",
		job.Succeeded:          "",
		job.PartiallySucceeded: "retry",
		job.Failed:             "retry",
		job.Cancelled:          "retry",
		job.TimedOut:           "retry",
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			j := running("job-1")
			j.State = state
			b.jobs.put(j)
			var got struct{ Links map[string]string }
			b.get(t, "/v1/jobs/job-1").json(t, &got)
			assert.Equal(t, "/v1/jobs/job-1", got.Links["self"])
			assert.Equal(t, "http://temporal.example:8233/namespaces/default/workflows/export%2Fshipments%2Facme%2F0123456789abcdef/job-1", got.Links["temporal"])
			var offered []string
			for _, link := range []string{"cancel", "events", "pause", "resume", "retry", "download"} {
				if got.Links[link] != "" {
					offered = append(offered, link)
					assert.Equal(t, "/v1/jobs/job-1/"+link, got.Links[link])
				}
			}
			assert.Equal(t, want, strings.Join(offered, " "))
		})
	}
}

func TestDownloadLink(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone := day
	week := day.AddDate(0, 0, 7)
	removed := job.Artifact{Name: "old.xlsx", Key: "artifacts/secret-place", ExpiresAt: week, DeletedAt: &gone}
	expired := job.Artifact{Name: "older.xlsx", Key: "artifacts/secret-place", ExpiresAt: day}
	kept := job.Artifact{Name: "부족 재고.xlsx", Key: "artifacts/secret-place", ExpiresAt: week}
	b.jobs.put(ended("job-1", job.Succeeded, removed, expired, kept))
	a := b.get(t, "/v1/jobs/job-1")
	assert.NotContains(t, string(a.body), "secret-place")
	var j Job
	a.json(t, &j)
	assert.Empty(t, j.Artifacts[0].URL)
	assert.Empty(t, j.Artifacts[1].URL)
	assert.Equal(t, "/v1/jobs/job-1/artifacts/%EB%B6%80%EC%A1%B1%20%EC%9E%AC%EA%B3%A0.xlsx", j.Artifacts[2].URL)
	assert.Equal(t, j.Artifacts[2].URL, j.Links.Download)
}

func TestControls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(running("job-1"))
	for _, step := range []struct {
		verb     string
		status   int
		state    job.State
		location string
	}{
		{"pause", http.StatusAccepted, job.Paused, "/v1/jobs/job-1"},
		{"resume", http.StatusAccepted, job.Running, "/v1/jobs/job-1"},
		{"retry", http.StatusConflict, "", ""},
		{"cancel", http.StatusAccepted, job.Cancelling, "/v1/jobs/job-1"},
		{"pause", http.StatusConflict, "", ""},
	} {
		a := b.send(t, http.MethodPost, "/v1/jobs/job-1/"+step.verb, "")
		if step.status != http.StatusAccepted {
			assert.Equal(t, string(problemConflict), a.problem(t, step.status)["type"])
			continue
		}
		require.Equal(t, step.status, a.StatusCode, "%s: %s", step.verb, a.body)
		var j Job
		a.json(t, &j)
		assert.Equal(t, step.state, j.State)
		assert.Equal(t, step.location, a.Header.Get("Location"))
	}
	b.jobs.put(ended("job-1", job.Cancelled))
	a := b.send(t, http.MethodPost, "/v1/jobs/job-1/retry", "")
	require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
	assert.Equal(t, "/v1/jobs/job-2", a.Header.Get("Location"))
	b.send(t, http.MethodPost, "/v1/jobs/nothing/cancel", "").problem(t, http.StatusNotFound)
	b.send(t, http.MethodPost, "/v1/jobs/job-1/cancel", "", "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden)
}

func TestListJobs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 3 {
		b.jobs.list = append(b.jobs.list, running(fmt.Sprint("job-", i)))
	}
	var page JobPage
	b.get(t, "/v1/jobs?type=export&kind=shipments&state=running&tenant=acme&page_size=2&page_token=t").json(t, &page)
	assert.Len(t, page.Jobs, 2)
	assert.Equal(t, "next", page.NextPageToken)
	assert.Equal(t, job.Query{Type: job.TypeExport, Kind: "shipments", State: job.Running, Tenant: "acme", PageSize: 2, PageToken: "t"}, b.jobs.queries[0])

	page = JobPage{}
	b.get(t, "/v1/jobs").json(t, &page)
	assert.Len(t, page.Jobs, 3)
	assert.Empty(t, page.NextPageToken)
	assert.Equal(t, 25, b.jobs.queries[1].PageSize, "default")

	b.jobs.list = nil
	assert.JSONEq(t, `{"jobs":[]}`, string(b.get(t, "/v1/jobs").body))
}

func TestListJobsNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for query, parameter := range map[string]string{
		"page_size=0": "page_size", "page_size=101": "page_size", "page_size=many": "page_size",
		"type=import": "type", "state=done": "state", "page_token=bad": "page_token", "colour=red": "colour",
	} {
		p := b.get(t, "/v1/jobs?"+query).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, parameter, place(t, p)["parameter"], "%v", p)
	}
}

// However much the jobs hold, an answer stays within the limit: it holds fewer of them.
func TestListJobsIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 200 {
		j := ended(fmt.Sprintf("job-%032d", i), job.Failed)
		j.Message = strings.Repeat("가", 2500) // 7.5 kB; the request is left out of lists anyway
		j.Request = json.RawMessage(`"` + strings.Repeat("x", 100_000) + `"`)
		b.jobs.list = append(b.jobs.list, j)
	}
	a := b.get(t, "/v1/jobs?page_size=100")
	require.Equal(t, http.StatusOK, a.StatusCode)
	assert.LessOrEqual(t, len(a.body), MaxResponse)
	var page JobPage
	a.json(t, &page)
	assert.Len(t, page.Jobs, 25)
	assert.Equal(t, "next", page.NextPageToken)
}

// A field that is added to job.Job has to be shown, or left out here on purpose.
func TestJobShowsEveryField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		inside, outside reflect.Type
		kept            []string
	}{
		{reflect.TypeFor[job.Job](), reflect.TypeFor[Job](), nil},
		{reflect.TypeFor[job.Progress](), reflect.TypeFor[Progress](), nil},
		{reflect.TypeFor[job.Artifact](), reflect.TypeFor[Artifact](), []string{"key"}},
		{reflect.TypeFor[job.Save](), reflect.TypeFor[Save](), nil},
		{reflect.TypeFor[job.Tally](), reflect.TypeFor[Tally](), nil},
		{reflect.TypeFor[job.RowRef](), reflect.TypeFor[RowRef](), nil},
		{reflect.TypeFor[job.Sync](), reflect.TypeFor[Sync](), nil},
		{reflect.TypeFor[job.SyncTally](), reflect.TypeFor[SyncTally](), nil},
		{reflect.TypeFor[job.ItemCodeCount](), reflect.TypeFor[ItemCodeCount](), nil},
		{reflect.TypeFor[job.Wait](), reflect.TypeFor[Wait](), nil},
		{reflect.TypeFor[job.Account](), reflect.TypeFor[Account](), nil},
		{reflect.TypeFor[job.Try](), reflect.TypeFor[Try](), nil},
		{reflect.TypeFor[job.Partner](), reflect.TypeFor[Partner](), nil},
		{reflect.TypeFor[job.Schedule](), reflect.TypeFor[Schedule](), nil},
		{reflect.TypeFor[job.ScheduledJob](), reflect.TypeFor[ScheduledJob](), nil},
		{reflect.TypeFor[job.Upload](), reflect.TypeFor[Upload](), nil},
		{reflect.TypeFor[job.UploadColumn](), reflect.TypeFor[UploadColumn](), nil},
		{reflect.TypeFor[job.SameFile](), reflect.TypeFor[SameFile](), nil},
		{reflect.TypeFor[job.Item](), reflect.TypeFor[Item](), nil},
		{reflect.TypeFor[job.RowError](), reflect.TypeFor[RowError](), nil},
		{reflect.TypeFor[job.Change](), reflect.TypeFor[Change](), nil},
		{reflect.TypeFor[job.ItemPage](), reflect.TypeFor[ItemPage](), nil},
	} {
		shown := jsonNames(c.outside)
		for _, name := range jsonNames(c.inside) {
			if !assert.ObjectsAreEqual([]string{name}, c.kept) {
				assert.Contains(t, shown, name, c.inside)
			}
		}
	}
	// Filled with anything but zeros, nothing may get lost on the way out.
	s := &server{Options: Options{TemporalUI: "http://t", Namespace: "default", Now: time.Now}}
	in := job.Job{StaleSince: &day, RequestedBy: "x", RunID: "r", WorkflowID: "w", CreatedAt: day, Request: json.RawMessage(`1`), ID: "i", Type: "t", Kind: "k", Tenant: "n"}
	in.Status = job.Status{State: job.Failed, Reason: "r", Message: "m", UpdatedAt: day, EndedAt: &day,
		Progress:  job.Progress{Phase: "p", RowsDone: 1, RowsTotal: 2, PagesDone: 3, PagesTotal: 4, Rate: 5, ETA: &day, StalledSince: &day},
		Artifacts: []job.Artifact{{Name: "n", Key: "k", ContentType: "c", Size: 1, SHA256: "s", Rows: 2, Sheets: 3, CellsTruncated: 4, CharsEscaped: 5, CreatedAt: day, ExpiresAt: day, DeletedAt: &day}}}
	tally := job.Tally{Created: 1, Updated: 2, Unchanged: 3, Superseded: 4, Refused: 5, Reversed: 6, Kept: 7, Codes: []job.CodeCount{{Code: "c", Count: 8}}}
	row := job.RowRef{Sheet: "s", Row: 2}
	in.Save = &job.Save{Upload: "u", DryRun: true, Checked: &tally, Saved: &tally, HoldUntil: &day, UndoUntil: &day,
		UndoneBy: "b", Undoes: "o", Parent: "p", Skipped: []string{"s"}, Example: &row, Stale: []job.RowRef{row}}
	account := job.Account{Partner: "p", InFlight: 1, MaxInFlight: 2, Interval: 3, EasedUntil: &day, CoolingUntil: &day, OpenSince: &day, ProbeAt: &day,
		QuotaUsed: 4, DailyQuota: 5, QuotaReset: &day, Starts: 6}
	in.Sync = &job.Sync{Partner: "p", RetryOf: "r", Upload: "u", Wait: &job.Wait{Why: "w", Until: day, Since: day}, Account: &account,
		Tally: job.SyncTally{Succeeded: 1, Failed: 2, Unprocessed: 3, Codes: []job.ItemCodeCount{{Code: "c", Count: 4}}}}
	out := s.shownWhole(in)
	assertSameJSON(t, in, out, "artifacts", "links")
	upload := job.Upload{ID: "i", Kind: "k", Tenant: "t", Name: "n", Size: 1, SHA256: "s", Format: "f", Encoding: "e", Sheets: []string{"s"},
		HeaderRow: 2, Columns: []job.UploadColumn{{Index: 1, Header: "h", Samples: []string{"x"}, Column: "c", Confidence: 1, How: "w"}},
		Missing: []string{"m"}, Parent: "p", SameAs: &job.SameFile{JobID: "j", At: day}, CreatedAt: day, ExpiresAt: day, Key: "secret"}
	assertSameJSON(t, upload, shownUpload(upload))
	page := job.ItemPage{Total: 1, Complete: true, NextPageToken: "n", Items: []job.Item{{Position: 1, Sheet: "s", Row: 2, Outcome: "o", Key: "k",
		Errors:  []job.RowError{{Column: "c", Header: "h", Index: 1, Code: "d", Value: "v", Limit: "l", Other: &row, Message: "m"}},
		Changes: []job.Change{{Column: "c", Before: "b", After: "a"}}, Message: "m", RemoteID: "r", Attempts: 1, SentAt: &day, DoneAt: &day,
		Tries: []job.Try{{At: day, Millis: 1, Status: 2, Code: "c", Message: "m", Held: true, JobID: "j"}}}}}
	assertSameJSON(t, page, shownItems(page, "ko"))
	coded := job.Item{Position: 1, Outcome: "failed", Code: job.ItemRejected, Message: "m"}
	assertSameJSON(t, coded, shownItem(coded, "ko"), "meaning")
	one, ms, rate, quota, timeout := 1, 2.5, "3/4m", int64(5), int64(600)
	limits := job.PartnerLimits{MaxInFlight: &one, IntervalMillis: &ms, Rate: &rate, DailyQuota: &quota, TimeoutMillis: &timeout}
	partner := job.Partner{Name: "n", Host: "h", Kinds: []string{"k"}, Configured: limits, Changed: &limits, Account: account}
	assertSameJSON(t, partner, shownPartner(partner), "url")
	schedule := job.Schedule{ID: "i", Type: "t", Kind: "k", Tenant: "n", Cron: "c", Zone: "z", Overlap: "o", Paused: true, Note: "n",
		Request: json.RawMessage(`{}`), Next: []time.Time{day}, Recent: []job.ScheduledJob{{At: day, JobID: "j"}}, Skipped: 1, CreatedAt: day}
	assertSameJSON(t, schedule, shownWholeSchedule(schedule), "links")
	assertSameJSON(t, in.Artifacts[0], out.Artifacts[0], "key", "url")
}

func jsonNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, jsonNames(f.Type)...)
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func assertSameJSON(t *testing.T, a, b any, but ...string) {
	t.Helper()
	var maps [2]map[string]any
	for i, v := range []any{a, b} {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &maps[i]))
		for _, name := range but {
			delete(maps[i], name)
		}
	}
	assert.Equal(t, maps[0], maps[1])
}
