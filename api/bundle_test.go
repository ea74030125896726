package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/job"
)

// patience is how long a test waits for something that should be a matter of milliseconds.
const patience = 20 * time.Second

var day = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// bundle is a whole API over a fake starter and real everything else.
type bundle struct {
	jobs  *fakeJobs
	files *blob.Store
	log   *lockedBuffer
	url   string
	api   http.Handler
}

func setup(t *testing.T, change ...func(*Options)) *bundle {
	t.Helper()
	kinds, err := dataset.NewRegistry(dataset.Kinds{
		Exports: []dataset.Export{shipments()}, BulkSaves: []dataset.BulkSave{stockLevels()}, Syncs: []dataset.Sync{dispatch()},
	})
	require.NoError(t, err)
	files, err := blob.Open(t.Context(), "mem://")
	require.NoError(t, err)
	b := &bundle{jobs: &fakeJobs{kinds: kinds, jobs: map[string]job.Job{}}, files: files, log: &lockedBuffer{}}
	options := Options{
		Jobs: b.jobs, Files: files, Kinds: kinds, Poll: 2 * time.Millisecond,
		Now:        func() time.Time { return day },
		TemporalUI: "http://temporal.example:8233/",
		Logger:     slog.New(slog.NewTextHandler(b.log, nil)),
	}
	for _, f := range change {
		f(&options)
	}
	b.api, err = New(options)
	require.NoError(t, err)
	web := httptest.NewServer(b.api)
	t.Cleanup(func() {
		web.CloseClientConnections() // an open stream would make Close wait
		web.Close()
		require.NoError(t, files.Close())
	})
	b.url = web.URL
	return b
}

// answer is an HTTP answer, read to its end.
type answer struct {
	*http.Response
	body []byte
}

func (a answer) json(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, into), "%s", a.body)
}

func (a answer) problem(t *testing.T, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, a.StatusCode, "%s", a.body)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	var p map[string]any
	a.json(t, &p)
	require.EqualValues(t, status, p["status"])
	require.NotEmpty(t, p["type"])
	require.NotEmpty(t, p["title"])
	return p
}

// send sends a request; headers come in pairs.
func (b *bundle) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, b.url+path, bytes.NewBufferString(body))
	require.NoError(t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response, data}
}

func (b *bundle) get(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return b.send(t, http.MethodGet, path, "", headers...)
}

func shipments() dataset.Export {
	text := func(ko, en string) dataset.Text { return dataset.Text{Ko: ko, En: en} }
	return dataset.Export{
		Name: "shipments", Title: text("출고내역", "Shipments"), About: text("송장 목록", "Parcels handed to a carrier"),
		Source: dataset.Source{From: "shipments h", Key: "h.id", Tenant: "h.seller_id"},
		Columns: []dataset.Column{
			{Name: "tracking_number", Header: text("송장번호", "Tracking number"), SQL: "h.tracking_number"},
			{Name: "carrier", Header: text("택배사", "Carrier"), SQL: "h.carrier"},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: text("시작", "From"), Type: dataset.FilterDate, Where: "h.shipped_at >= ?"},
			{Name: "carrier", Title: text("택배사", "Carrier"), Type: dataset.FilterText, Where: "h.carrier IN (?)", Many: true},
		},
	}
}

// fakeJobs stands in for the starter: it checks requests as that does, and has no Temporal behind it.
type fakeJobs struct {
	fakeSaves
	fakeSyncs
	kinds *dataset.Registry

	mu      sync.Mutex
	jobs    map[string]job.Job
	list    []job.Job
	keys    map[string]contract.ExportInput
	started []contract.ExportInput
	asked   int // calls of Job
	err     error
	queries []job.Query
	entered chan struct{} // if set, Job says that it was called, and then
	release chan struct{} // waits for this
}

func (f *fakeJobs) put(j job.Job) job.Job {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs[j.ID] = j
	return j
}

func (f *fakeJobs) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeJobs) askedTimes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *fakeJobs) StartExport(_ context.Context, in contract.ExportInput, key string) (job.Job, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return job.Job{}, false, f.err
	}
	kind, err := f.kinds.Export(in.Kind)
	if err != nil {
		return job.Job{}, false, err
	}
	if in.Tenant != "acme" {
		return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "there is no such tenant"})
	}
	if _, err := kind.Select(dataset.Request{Filters: in.Filters, Columns: in.Columns, Format: in.Format, Filename: in.Filename}, time.UTC); err != nil {
		return job.Job{}, false, err
	}
	id := contract.ExportWorkflowID(in)
	if earlier, ok := f.keys[key]; ok {
		if contract.ExportWorkflowID(earlier) != id {
			return job.Job{}, false, job.Errorf(job.CodeInvalid, "this key was used before")
		}
		return f.jobs["job-1"], true, nil
	}
	if key != "" {
		f.keys = map[string]contract.ExportInput{key: in}
	}
	for _, j := range f.jobs {
		if j.WorkflowID == id && !j.State.Ended() {
			return job.Job{}, false, &job.Error{Code: job.CodeDuplicate, Message: "it runs already", JobID: j.ID}
		}
	}
	f.started = append(f.started, in)
	request, _ := json.Marshal(in)
	j := running("job-1")
	j.State, j.WorkflowID, j.Request, j.RequestedBy = job.Queued, id, request, in.RequestedBy
	f.jobs[j.ID] = j
	return j, false, nil
}

func (f *fakeJobs) Job(ctx context.Context, id string) (job.Job, error) {
	f.mu.Lock()
	f.asked++
	entered, release := f.entered, f.release
	f.mu.Unlock()
	if entered != nil {
		select {
		case entered <- struct{}{}:
			<-release
		case <-ctx.Done():
			return job.Job{}, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return job.Job{}, f.err
	}
	j, ok := f.jobs[id]
	if !ok {
		return job.Job{}, job.Errorf(job.CodeNotFound, "there is no job %q", id)
	}
	return j, nil
}

func (f *fakeJobs) Jobs(_ context.Context, q job.Query) (job.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries = append(f.queries, q)
	if q.PageToken == "bad" {
		return job.Page{}, job.Invalid(job.FieldError{Pointer: "/page_token", Message: "is not a token of this list"})
	}
	n := min(q.PageSize, len(f.list))
	page := job.Page{Jobs: f.list[:n]}
	if n < len(f.list) {
		page.NextPageToken = "next"
	}
	return page, f.err
}

func (f *fakeJobs) become(id string, to job.State) (job.Job, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j, ok := f.jobs[id]
	if !ok {
		return job.Job{}, job.Errorf(job.CodeNotFound, "there is no job %q", id)
	}
	if j.State.Ended() || !j.State.CanBecome(to) {
		return job.Job{}, job.Errorf(job.CodeConflict, "the job is %s", j.State)
	}
	j.State = to
	f.jobs[id] = j
	return j, nil
}

func (f *fakeJobs) Cancel(_ context.Context, id string) (job.Job, error) {
	return f.become(id, job.Cancelling)
}
func (f *fakeJobs) Pause(_ context.Context, id string) (job.Job, error) {
	return f.become(id, job.Paused)
}
func (f *fakeJobs) Resume(_ context.Context, id string) (job.Job, error) {
	return f.become(id, job.Running)
}

func (f *fakeJobs) Retry(_ context.Context, id string) (job.Job, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.jobs[id].State.Ended() {
		return job.Job{}, job.Errorf(job.CodeConflict, "the job has not ended")
	}
	return running("job-2"), nil
}

func (f *fakeJobs) Artifact(_ context.Context, id, name string) (job.Artifact, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.jobs[id].Artifacts {
		if a.Name == name {
			return a, nil
		}
	}
	return job.Artifact{}, job.Errorf(job.CodeNotFound, "job %q has no file %q", id, name)
}

func running(id string) job.Job {
	return job.Job{
		ID: id, Type: job.TypeExport, Kind: "shipments", Tenant: "acme",
		WorkflowID: "export/shipments/acme/0123456789abcdef", RunID: id, CreatedAt: day,
		Status: job.Status{
			State: job.Running, UpdatedAt: day,
			Progress: job.Progress{Phase: job.PhasePages, RowsDone: 10, RowsTotal: 100, PagesDone: 1, PagesTotal: 10},
		},
	}
}

func ended(id string, state job.State, artifacts ...job.Artifact) job.Job {
	j := running(id)
	at := day.Add(time.Minute)
	j.State, j.EndedAt, j.Artifacts = state, &at, artifacts
	return j
}

// lockedBuffer is a log that may be written and read at the same time.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
