package web_test

import (
	"context"
	"slices"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

// StartSync allows one sync of a kind and tenant at a time.
func (d *desk) StartSync(_ context.Context, in contract.SyncInput, key string) (job.Job, bool, error) {
	kind, err := d.kinds.Sync(in.Kind)
	if err != nil {
		return job.Job{}, false, err
	}
	if !slices.Contains(sellers, in.Tenant) {
		return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "there is no such seller"})
	}
	if in.Upload == "" {
		if _, err := kind.Select(in.Filters, time.UTC); err != nil {
			return job.Job{}, false, err
		}
	} else if err := d.checkUpload(in.Upload, kind.Rows(), in.Mapping); err != nil {
		return job.Job{}, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id := d.keys[key]; id != "" {
		return d.jobs[d.index(id)], true, nil
	}
	j, err := d.addSync(in)
	if err == nil {
		d.keys[key] = j.ID
	}
	return j, false, err
}

// addSync records a sync, unless one of its kind and tenant runs; d.mu is held.
func (d *desk) addSync(in contract.SyncInput) (job.Job, error) {
	workflowID := contract.SyncWorkflowID(in.Kind, in.Tenant)
	for _, j := range d.jobs {
		if j.WorkflowID == workflowID && !j.State.Ended() {
			return job.Job{}, &job.Error{Code: job.CodeDuplicate, Message: "a sync of this kind is already running", JobID: j.ID}
		}
	}
	return d.add(job.TypeSync, in.Kind, in.Tenant, in, workflowID), nil
}

// checkUpload tells whether a file can be used with a mapping.
func (d *desk) checkUpload(id string, rows dataset.Rows, mapping map[string]string) error {
	u, err := d.UploadByID(context.Background(), id)
	if err != nil {
		return err
	}
	head := dataset.Head{Row: u.HeaderRow}
	for _, c := range u.Columns {
		head.Headers = append(head.Headers, c.Header)
		head.Samples = append(head.Samples, c.Samples)
	}
	matching, err := rows.Match(head, mapping, nil)
	if err != nil {
		return err
	}
	return matching.Err()
}

// RetryItems starts a job of the items that meet every condition.
func (d *desk) RetryItems(_ context.Context, id string, sel contract.SyncRetry, _ string) (job.Job, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.index(id)
	if at < 0 {
		return job.Job{}, job.Errorf(job.CodeNotFound, "there is no job %q", id)
	}
	var again []job.Item
	for _, item := range d.items[id] {
		if item.Outcome != string(job.ItemSucceeded) && item.Outcome != "" &&
			(sel.Outcome == "" || item.Outcome == string(sel.Outcome)) &&
			(len(sel.Codes) == 0 || slices.Contains(sel.Codes, item.Code)) &&
			(len(sel.Positions) == 0 || slices.Contains(sel.Positions, item.Position)) {
			again = append(again, job.Item{Position: int64(len(again) + 1), Key: item.Key, Attempts: item.Attempts, Tries: item.Tries})
		}
	}
	if len(again) == 0 {
		return job.Job{}, job.Errorf(job.CodeConflict, "there is nothing to send again")
	}
	sel.JobID = id
	j, err := d.addSync(contract.SyncInput{Kind: d.jobs[at].Kind, Tenant: d.jobs[at].Tenant, Retry: &sel})
	if err != nil {
		return j, err
	}
	d.items[j.ID] = again
	return j, nil
}

func (d *desk) Partners(context.Context) ([]job.Partner, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.partners), nil
}

func (d *desk) Partner(_ context.Context, name string) (job.Partner, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.partners {
		if p.Name == name {
			return p, nil
		}
	}
	return job.Partner{}, job.Errorf(job.CodeNotFound, "there is no partner %q", name)
}

// ChangePartner keeps what is changed beside what is configured, as the real one does.
func (d *desk) ChangePartner(_ context.Context, name string, change job.PartnerLimits, reset bool) (job.Partner, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := slices.IndexFunc(d.partners, func(p job.Partner) bool { return p.Name == name })
	if at < 0 {
		return job.Partner{}, job.Errorf(job.CodeNotFound, "there is no partner %q", name)
	}
	if change.Rate != nil && *change.Rate == "often" {
		return job.Partner{}, job.Invalid(job.FieldError{Pointer: "/rate", Message: "is no rate, e.g. 600/1m"})
	}
	p := &d.partners[at]
	var changed job.PartnerLimits
	if p.Changed != nil && !reset {
		changed = *p.Changed
	}
	given(&changed.MaxInFlight, change.MaxInFlight)
	given(&changed.IntervalMillis, change.IntervalMillis)
	given(&changed.Rate, change.Rate)
	given(&changed.DailyQuota, change.DailyQuota)
	given(&changed.TimeoutMillis, change.TimeoutMillis)
	p.Changed = &changed
	if changed == (job.PartnerLimits{}) {
		p.Changed = nil
	}
	holds := p.Configured
	given(&holds.MaxInFlight, changed.MaxInFlight)
	given(&holds.IntervalMillis, changed.IntervalMillis)
	p.Account.MaxInFlight, p.Account.Interval = *holds.MaxInFlight, *holds.IntervalMillis
	return *p, nil
}

func given[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

// movePartner changes a partner as its calls would.
func (d *desk) movePartner(name string, change func(*job.Partner)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.partners {
		if d.partners[i].Name == name {
			change(&d.partners[i])
		}
	}
}

// partnersConfigured are those of the catalogue, as they may be set up.
func partnersConfigured() []job.Partner {
	later := time.Now().Add(9 * time.Hour)
	return []job.Partner{
		{
			Name: "carrier", Host: "api.carrier.example", Kinds: []string{"carrier-tracking"},
			Configured: job.PartnerLimits{MaxInFlight: new(4), IntervalMillis: new(250.0), Rate: new("0"), DailyQuota: new(int64(20_000)), TimeoutMillis: new(int64(30_000))},
			Account:    job.Account{Partner: "carrier", MaxInFlight: 4, Interval: 250, QuotaUsed: 19_120, DailyQuota: 20_000, QuotaReset: &later, Starts: 412_007},
		},
		{
			Name: "marketplace", Host: "seller-api.marketplace.example", Kinds: []string{"dispatch-shipments"},
			Configured: job.PartnerLimits{MaxInFlight: new(10), IntervalMillis: new(100.0), Rate: new("600/1m"), DailyQuota: new(int64(0)), TimeoutMillis: new(int64(30_000))},
			Account:    job.Account{Partner: "marketplace", InFlight: 7, MaxInFlight: 10, Interval: 100, QuotaUsed: 88_310, Starts: 1_204_882},
		},
	}
}
