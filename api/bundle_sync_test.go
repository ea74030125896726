package api

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

func dispatch() dataset.Sync {
	text := func(ko, en string) dataset.Text { return dataset.Text{Ko: ko, En: en} }
	return dataset.Sync{
		Name: "dispatch-shipments", Title: text("발송 통보", "Dispatches"), About: text("발송을 알립니다", "Tells of shipments"),
		Partner: "marketplace", Key: []string{"order_line"}, InOrder: "order",
		Fields: []dataset.Field{
			{Name: "order", Header: text("주문번호", "Order"), About: text("주문", "Order"), Type: dataset.FieldCode, Required: true, MaxLength: 64, Example: "O-1"},
			{Name: "order_line", Header: text("주문상품번호", "Order line"), About: text("주문상품", "Order line"), Type: dataset.FieldCode, Required: true, MaxLength: 64, Example: "L-1"},
		},
		Source: dataset.Source{From: "secret_shipments h", Key: "h.id", Tenant: "h.seller_id"},
		Columns: []dataset.Column{
			{Name: "order", SQL: "h.order_no"}, {Name: "order_line", SQL: "h.line_no"},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: text("시작", "From"), Type: dataset.FilterDate, Where: "h.shipped_at >= ?"},
			{Name: "carrier", Title: text("택배사", "Carrier"), Type: dataset.FilterText, Where: "h.carrier IN (?)", Many: true},
		},
		Call: dataset.Call{
			Method: "POST", Path: "/secret-dispatches", RemoteID: "/id",
			Body: []dataset.BodyField{{Name: "order", From: "order"}, {Name: "line", From: "order_line"}},
		},
	}
}

// fakeSyncs is the part of fakeJobs that sends, and has partners and schedules.
type fakeSyncs struct {
	syncing   sync.Mutex
	syncs     []contract.SyncInput
	syncKeys  map[string]string // digests by key
	retries   []contract.SyncRetry
	retriedBy string
	partners  map[string]job.Partner
	changes   []job.PartnerLimits
	resets    []bool
	schedules map[string]job.Schedule
	created   []job.Schedule
	runs      []string
	down      error // of partners and schedules
}

func (f *fakeJobs) StartSync(ctx context.Context, in contract.SyncInput, key string) (job.Job, bool, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	kind, err := f.kinds.Sync(in.Kind)
	if err != nil {
		return job.Job{}, false, err
	}
	if in.Tenant != "acme" {
		return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "there is no such tenant"})
	}
	for name := range in.Filters {
		if !slices.ContainsFunc(kind.Filters, func(filter dataset.Filter) bool { return filter.Name == name }) {
			return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/filters/" + escapePointer(name), Message: "there is no such filter"})
		}
	}
	for header, field := range in.Mapping {
		if field != "" && !slices.ContainsFunc(kind.Fields, func(known dataset.Field) bool { return known.Name == field }) {
			return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/mapping/" + escapePointer(header), Message: "there is no such field"})
		}
	}
	how, name := in, ""
	if in.Upload != "" {
		u, err := f.UploadByID(ctx, in.Upload)
		if err != nil {
			return job.Job{}, false, err
		}
		how.Upload, name = u.SHA256, u.Name
	}
	digest, err := json.Marshal(how)
	if err != nil {
		return job.Job{}, false, err
	}
	if earlier, ok := f.syncKeys[key]; ok {
		if earlier != string(digest) {
			return job.Job{}, false, job.Errorf(job.CodeConflict, "the key belongs to another request")
		}
		j, err := f.Job(ctx, "sync-1")
		return j, true, err
	}
	if j, err := f.Job(ctx, "sync-1"); err == nil && !j.State.Ended() {
		return job.Job{}, false, &job.Error{Code: job.CodeDuplicate, Message: "one runs already", JobID: j.ID}
	}
	if key != "" {
		f.syncKeys = map[string]string{key: string(digest)}
	}
	f.syncs = append(f.syncs, in)
	j := syncing("sync-1")
	j.State, j.RequestedBy, j.Sync.Upload = job.Queued, in.RequestedBy, name
	return f.put(j), false, nil
}

func (f *fakeJobs) RetryItems(ctx context.Context, id string, sel contract.SyncRetry, requestedBy string) (job.Job, error) {
	j, err := f.Job(ctx, id)
	if err != nil {
		return j, err
	}
	if !j.State.Ended() {
		return j, job.Errorf(job.CodeConflict, "the job has not ended")
	}
	f.syncing.Lock()
	defer f.syncing.Unlock()
	f.retries, f.retriedBy = append(f.retries, sel), requestedBy
	again := syncing("sync-2")
	again.Sync.RetryOf = id
	return f.put(again), nil
}

func (f *fakeSyncs) Partners(context.Context) ([]job.Partner, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	var all []job.Partner
	for _, p := range f.partners {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b job.Partner) int { return cmp.Compare(a.Name, b.Name) })
	return all, f.down
}

func (f *fakeSyncs) Partner(_ context.Context, name string) (job.Partner, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	p, ok := f.partners[name]
	if !ok {
		return p, job.Errorf(job.CodeNotFound, "there is no partner %q", name)
	}
	return p, f.down
}

func (f *fakeSyncs) ChangePartner(ctx context.Context, name string, change job.PartnerLimits, reset bool) (job.Partner, error) {
	p, err := f.Partner(ctx, name)
	if err != nil {
		return p, err
	}
	if change.Rate != nil && *change.Rate != "0" && !strings.Contains(*change.Rate, "/") {
		return p, job.Invalid(job.FieldError{Pointer: "/rate", Message: "must be like 600/1m"})
	}
	f.syncing.Lock()
	defer f.syncing.Unlock()
	f.changes, f.resets = append(f.changes, change), append(f.resets, reset)
	p.Changed = &change
	f.partners[name] = p
	return p, nil
}

func (f *fakeSyncs) Schedules(context.Context) ([]job.Schedule, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	var all []job.Schedule
	for _, s := range f.schedules { // in no order: the API sorts
		s.Recent = nil
		all = append(all, s)
	}
	return all, f.down
}

func (f *fakeSyncs) Schedule(_ context.Context, id string) (job.Schedule, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	s, ok := f.schedules[id]
	if !ok {
		return s, job.Errorf(job.CodeNotFound, "there is no schedule %q", id)
	}
	return s, f.down
}

func (f *fakeJobs) CreateSchedule(_ context.Context, s job.Schedule, _ string) (job.Schedule, error) {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	if s.Cron == "never" {
		return s, job.Invalid(job.FieldError{Pointer: "/cron", Message: "five fields are required"})
	}
	f.created = append(f.created, s)
	s.ID = cmp.Or(s.ID, strings.Join([]string{string(s.Type), s.Kind, s.Tenant}, "-"))
	if _, ok := f.schedules[s.ID]; ok {
		return s, job.Errorf(job.CodeConflict, "there is a schedule %s already", s.ID)
	}
	s.Zone, s.Overlap, s.CreatedAt = cmp.Or(s.Zone, "Asia/Seoul"), cmp.Or(s.Overlap, job.OverlapSkip), day
	if f.schedules == nil {
		f.schedules = map[string]job.Schedule{}
	}
	f.schedules[s.ID] = s
	return s, nil
}

func (f *fakeSyncs) ChangeSchedule(ctx context.Context, id string, c job.ScheduleChange) (job.Schedule, error) {
	s, err := f.Schedule(ctx, id)
	if err != nil {
		return s, err
	}
	f.syncing.Lock()
	defer f.syncing.Unlock()
	if c.Cron != nil {
		s.Cron = *c.Cron
	}
	if c.Zone != nil {
		s.Zone = *c.Zone
	}
	if c.Overlap != nil {
		s.Overlap = *c.Overlap
	}
	if c.Paused != nil {
		s.Paused = *c.Paused
	}
	if c.Note != nil {
		s.Note = *c.Note
	}
	f.schedules[id] = s
	return s, nil
}

func (f *fakeSyncs) DeleteSchedule(ctx context.Context, id string) error {
	_, err := f.Schedule(ctx, id)
	f.syncing.Lock()
	defer f.syncing.Unlock()
	delete(f.schedules, id)
	return err
}

func (f *fakeSyncs) RunSchedule(ctx context.Context, id string) error {
	s, err := f.Schedule(ctx, id)
	if err != nil {
		return err
	}
	f.syncing.Lock()
	defer f.syncing.Unlock()
	if s.Overlap == job.OverlapSkip && slices.Contains(f.runs, id) {
		return job.Errorf(job.CodeConflict, "the last job of this schedule still runs")
	}
	f.runs = append(f.runs, id)
	return nil
}

// syncing is a sync that runs.
func syncing(id string) job.Job {
	j := running(id)
	j.Type, j.Kind, j.WorkflowID = job.TypeSync, "dispatch-shipments", contract.SyncWorkflowID("dispatch-shipments", "acme")
	j.Progress.Phase = job.PhaseSending
	j.Sync = &job.Sync{
		Partner: "marketplace",
		Tally:   job.SyncTally{Succeeded: 8, Failed: 2, Codes: []job.ItemCodeCount{{Code: job.ItemRejected, Count: 2}}},
		Account: &job.Account{Partner: "marketplace", InFlight: 3, MaxInFlight: 10, Interval: 100, Starts: 12},
	}
	return j
}

func marketplace() job.Partner {
	inFlight, interval := 10, 100.0
	return job.Partner{
		Name: "marketplace", Host: "market.example", Kinds: []string{"dispatch-shipments"},
		Configured: job.PartnerLimits{MaxInFlight: &inFlight, IntervalMillis: &interval},
		Account:    job.Account{Partner: "marketplace", InFlight: 3, MaxInFlight: 10, Interval: 100, Starts: 12, DailyQuota: 1000, QuotaUsed: 12},
	}
}
