package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

func (d *desk) Schedules(context.Context) ([]job.Schedule, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.schedules), nil
}

func (d *desk) Schedule(_ context.Context, id string) (job.Schedule, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.schedule(id)
	if err != nil {
		return job.Schedule{}, err
	}
	return *s, nil
}

// schedule finds one; d.mu is held.
func (d *desk) schedule(id string) (*job.Schedule, error) {
	for i := range d.schedules {
		if d.schedules[i].ID == id {
			return &d.schedules[i], nil
		}
	}
	return nil, job.Errorf(job.CodeNotFound, "there is no schedule %q", id)
}

func (d *desk) CreateSchedule(_ context.Context, s job.Schedule, _ string) (job.Schedule, error) {
	if err := checkWhen(s.Cron, s.Zone); err != nil {
		return s, err
	}
	if s.Type == job.TypeSync {
		var in contract.SyncInput
		if err := json.Unmarshal(s.Request, &in); err != nil {
			return s, err
		}
		kind, err := d.kinds.Sync(s.Kind)
		if err != nil {
			return s, err
		}
		if _, err := kind.Select(in.Filters, time.UTC); err != nil {
			return s, underRequest(err)
		}
	}
	if s.ID == "" {
		s.ID = fmt.Sprintf("%s-%s-%s", s.Type, s.Kind, s.Tenant)
	}
	if s.Overlap == "" {
		s.Overlap = job.OverlapSkip
	}
	s.CreatedAt = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.schedule(s.ID); err == nil {
		return s, job.Errorf(job.CodeConflict, "there is a schedule %s already", s.ID)
	}
	s.Next = nextTimes(s)
	d.schedules = append(d.schedules, s)
	return s, nil
}

// checkWhen knows the mistakes that the tests make.
func checkWhen(cron, zone string) error {
	var wrong []job.FieldError
	if len(strings.Fields(cron)) != 5 {
		wrong = append(wrong, job.FieldError{Pointer: "/cron", Message: "it does not have five fields"})
	}
	if _, err := time.LoadLocation(zone); err != nil {
		wrong = append(wrong, job.FieldError{Pointer: "/time_zone", Message: "it is no IANA name of a time zone"})
	}
	if len(wrong) > 0 {
		return job.Invalid(wrong...)
	}
	return nil
}

// underRequest moves the places of an error to where a schedule has them.
func underRequest(err error) error {
	if e, ok := err.(*job.Error); ok { //nolint:errorlint // as Select gives it
		for i := range e.Fields {
			e.Fields[i].Pointer = "/request" + e.Fields[i].Pointer
		}
	}
	return err
}

// nextTimes stand for what Temporal works out: noon of the next three days in the schedule's zone.
func nextTimes(s job.Schedule) []time.Time {
	if s.Paused {
		return nil
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		panic(err) // it was checked
	}
	var next []time.Time
	for day := range 5 {
		next = append(next, time.Date(2030, 1, 7+day, 12, 0, 0, 0, zone).UTC())
	}
	return next
}

func (d *desk) ChangeSchedule(_ context.Context, id string, c job.ScheduleChange) (job.Schedule, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.schedule(id)
	if err != nil {
		return job.Schedule{}, err
	}
	next := *s
	set(&next.Cron, c.Cron)
	set(&next.Zone, c.Zone)
	set(&next.Overlap, c.Overlap)
	set(&next.Paused, c.Paused)
	set(&next.Note, c.Note)
	if err := checkWhen(next.Cron, next.Zone); err != nil {
		return job.Schedule{}, err
	}
	next.Next = nextTimes(next)
	*s = next
	return next, nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func (d *desk) DeleteSchedule(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.schedule(id); err != nil {
		return err
	}
	d.schedules = slices.DeleteFunc(d.schedules, func(s job.Schedule) bool { return s.ID == id })
	return nil
}

// RunSchedule starts the job as its overlap policy says.
func (d *desk) RunSchedule(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.schedule(id)
	if err != nil {
		return err
	}
	j, err := d.addSync(contract.SyncInput{Kind: s.Kind, Tenant: s.Tenant})
	if err != nil {
		return job.Errorf(job.CodeConflict, "the last job still runs")
	}
	s.Recent = append([]job.ScheduledJob{{At: time.Now().UTC(), JobID: j.ID}}, s.Recent...)
	return nil
}

// plan adds a schedule as a test wants it.
func (d *desk) plan(s job.Schedule) {
	if _, err := d.CreateSchedule(context.Background(), s, ""); err != nil {
		panic(err) // the test's own
	}
}

// scheduled are all schedules.
func (d *desk) scheduled() []job.Schedule {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.schedules)
}
