package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

// desk stands behind the real API in the place of the starter: it keeps jobs in memory, and they move only
// when a test moves them.
type desk struct {
	kinds *dataset.Registry

	mu      sync.Mutex
	jobs    []job.Job // oldest first
	keys    map[string]string
	uploads map[string]job.Upload
	items   map[string][]job.Item // by job

	partners  []job.Partner
	schedules []job.Schedule
}

var _ api.Jobs = (*desk)(nil)

// sellers are the tenants that the desk knows.
var sellers = []string{"acme", "hanbit", "long-name-fulfillment-center"}

// start is when the first job was started; each next one came a minute later.
var start = time.Now().UTC().Truncate(time.Second).Add(-time.Hour)

func (d *desk) StartExport(_ context.Context, in contract.ExportInput, key string) (job.Job, bool, error) {
	kind, err := d.kinds.Export(in.Kind)
	if err != nil {
		return job.Job{}, false, err
	}
	if !slices.Contains(sellers, in.Tenant) {
		return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "there is no such seller"})
	}
	if _, err := kind.Select(dataset.Request{
		Filters: in.Filters, Columns: in.Columns, Format: in.Format, Locale: in.Locale, Filename: in.Filename,
	}, time.UTC); err != nil {
		return job.Job{}, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id := d.keys[key]; id != "" {
		return d.jobs[d.index(id)], true, nil
	}
	workflowID := fmt.Sprintf("export/%s/%s/by-test", in.Kind, in.Tenant)
	for _, j := range d.jobs {
		if j.WorkflowID == workflowID && !j.State.Ended() {
			return job.Job{}, false, &job.Error{Code: job.CodeDuplicate, Message: "the same export is already running", JobID: j.ID}
		}
	}
	j := d.add(job.TypeExport, in.Kind, in.Tenant, in, workflowID)
	d.keys[key] = j.ID
	return j, false, nil
}

// add records a job with its request; d.mu is held.
func (d *desk) add(typ job.Type, kind, tenant string, in any, workflowID string) job.Job {
	request, err := json.Marshal(in)
	if err != nil {
		panic(err) // plain values
	}
	n := len(d.jobs)
	id := fmt.Sprintf("%08x-7c1d-4b6e-9a51-2f%010x", 0x5eed0000+n*7919, n)
	created := start.Add(time.Duration(n) * time.Minute)
	j := job.Job{
		ID: id, RunID: id, WorkflowID: workflowID, Type: typ, Kind: kind, Tenant: tenant,
		Request: request, CreatedAt: created,
		Status: job.Status{State: job.Queued, Progress: job.Progress{Phase: job.PhaseQueued}, UpdatedAt: created},
	}
	d.jobs = append(d.jobs, j)
	return j
}

// put adds a job as a test wants it.
func (d *desk) put(kind, tenant string, change func(*job.Job)) string {
	d.mu.Lock()
	j := d.add(job.TypeExport, kind, tenant, contract.ExportInput{Kind: kind, Tenant: tenant, Format: "xlsx"}, fmt.Sprintf("export/%s/%s/%d", kind, tenant, len(d.jobs)))
	d.mu.Unlock()
	d.move(j.ID, change)
	return j.ID
}

// move changes a job.
func (d *desk) move(id string, change func(*job.Job)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	j := &d.jobs[d.index(id)]
	j.UpdatedAt = time.Now().UTC()
	change(j)
}

func (d *desk) index(id string) int {
	return slices.IndexFunc(d.jobs, func(j job.Job) bool { return j.ID == id })
}

func (d *desk) all() []job.Job {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.jobs)
}

// keysUsed are the idempotency keys of the jobs that have one.
func (d *desk) keysUsed() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.keys))
}

func (d *desk) Job(_ context.Context, id string) (job.Job, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := d.index(id); i >= 0 {
		return d.jobs[i], nil
	}
	return job.Job{}, job.Errorf(job.CodeNotFound, "there is no job %q", id)
}

// Jobs pages by the number of jobs already shown.
func (d *desk) Jobs(_ context.Context, q job.Query) (job.Page, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []job.Job
	for _, j := range slices.Backward(d.jobs) {
		if (q.Type == "" || q.Type == j.Type) && (q.Kind == "" || q.Kind == j.Kind) && (q.State == "" || q.State == j.State) && (q.Tenant == "" || q.Tenant == j.Tenant) {
			found = append(found, j)
		}
	}
	var skip int
	if q.PageToken != "" {
		if _, err := fmt.Sscanf(q.PageToken, "after-%d", &skip); err != nil {
			return job.Page{}, job.Invalid(job.FieldError{Pointer: "/page_token", Message: "is not one of ours"})
		}
	}
	found = found[min(skip, len(found)):]
	page := job.Page{Jobs: found}
	if len(found) > q.PageSize {
		page.Jobs, page.NextPageToken = found[:q.PageSize], fmt.Sprintf("after-%d", skip+q.PageSize)
	}
	return page, nil
}

// control changes a job's state as the workflow would.
func (d *desk) control(id string, to job.State) (job.Job, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.index(id)
	if i < 0 {
		return job.Job{}, job.Errorf(job.CodeNotFound, "there is no job %q", id)
	}
	if !d.jobs[i].State.CanBecome(to) {
		return job.Job{}, job.Errorf(job.CodeConflict, "a job that is %s cannot become %s", d.jobs[i].State, to)
	}
	d.jobs[i].State = to
	return d.jobs[i], nil
}

func (d *desk) Cancel(_ context.Context, id string) (job.Job, error) {
	return d.control(id, job.Cancelling)
}
func (d *desk) Pause(_ context.Context, id string) (job.Job, error) { return d.control(id, job.Paused) }
func (d *desk) Resume(_ context.Context, id string) (job.Job, error) {
	return d.control(id, job.Running)
}

func (d *desk) Retry(ctx context.Context, id string) (job.Job, error) {
	j, err := d.Job(ctx, id)
	if err != nil {
		return j, err
	}
	if j.Type == job.TypeSync {
		return d.RetryItems(ctx, id, contract.SyncRetry{}, "")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.add(j.Type, j.Kind, j.Tenant, j.Request, j.WorkflowID), nil
}

func (d *desk) Artifact(ctx context.Context, id, name string) (job.Artifact, error) {
	j, err := d.Job(ctx, id)
	if err != nil {
		return job.Artifact{}, err
	}
	for _, a := range j.Artifacts {
		if a.Name == name {
			return a, nil
		}
	}
	return job.Artifact{}, job.Errorf(job.CodeNotFound, "the job has no file %q", name)
}
