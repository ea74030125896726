package starter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// Schedules are Temporal's own, so that they need no process of ours to keep time, and no table. All that is known of
// one is kept there: the request in the input of what it starts, the expression beside the calendar made of it.
//
// Clocks that are put forward and back: Temporal compares the clock on the wall, literally. What is set for 02:30 does not
// run on the day that has none, and what is set for 01:30 runs twice on the day that has two. Where that matters, a zone
// without such days (UTC, Asia/Seoul) or another hour is chosen.

// catchUp is how late a start may still be made. It makes up for a restart of Temporal; after a longer outage a job would
// come at a time that nobody chose, together with everybody else's.
const catchUp = time.Minute

const (
	// maxScheduleID is the length of a schedule's ID in characters.
	maxScheduleID = 64
	// maxNote is the length of a note in bytes.
	maxNote = 1000
)

var scheduleID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// overlaps are Temporal's policies by ours.
var overlaps = map[job.Overlap]enums.ScheduleOverlapPolicy{
	job.OverlapSkip:   enums.SCHEDULE_OVERLAP_POLICY_SKIP,
	job.OverlapBuffer: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	job.OverlapCancel: enums.SCHEDULE_OVERLAP_POLICY_CANCEL_OTHER,
}

// CreateSchedule makes a schedule. What it leaves out: ID is made from type, kind and tenant, Zone is the tenant's, Overlap
// is skip. Next, Recent, Skipped and CreatedAt are not read.
//
// Errors are [*job.Error]: CodeInvalid with the fields that are wrong, those of the job under /request; CodeConflict where
// there is one of that ID; CodeUnavailable when Temporal or the database does not answer.
func (s *Starter) CreateSchedule(ctx context.Context, in job.Schedule, requestedBy string) (job.Schedule, error) {
	action, err := s.scheduled(ctx, in, requestedBy)
	if err != nil {
		return job.Schedule{}, err
	}
	if in.ID == "" {
		in.ID = defaultScheduleID(in)
	}
	if in.Zone == "" {
		seller, err := s.tenant(ctx, in.Tenant)
		if err != nil {
			return job.Schedule{}, err
		}
		in.Zone = seller.Zone.String()
	}
	if in.Overlap == "" {
		in.Overlap = job.OverlapSkip
	}
	spec, wrong := scheduleSpec(in.Cron, in.Zone)
	if !scheduleID.MatchString(in.ID) {
		wrong = append(wrong, job.FieldError{Pointer: "/id", Message: fmt.Sprintf(
			"lower case letters, digits and hyphens, no hyphen first, at most %d characters", maxScheduleID)})
	}
	wrong = append(wrong, checkTerms(in.Overlap, in.Note)...)
	if len(wrong) > 0 {
		return job.Schedule{}, job.Invalid(wrong...)
	}
	action.Schedule = in.ID
	_, err = s.Temporal.ScheduleClient().Create(ctx, s.scheduleOptions(in, spec, action, requestedBy))
	switch {
	case err != nil && isAlreadyScheduled(err):
		return job.Schedule{}, job.Errorf(job.CodeConflict, "there is a schedule %s already", in.ID)
	case err != nil:
		return job.Schedule{}, unavailable("Temporal does not answer", err)
	}
	return s.Schedule(ctx, in.ID)
}

func (s *Starter) scheduleOptions(in job.Schedule, spec client.ScheduleSpec, action contract.ScheduledInput, requestedBy string) client.ScheduleOptions {
	attributes := temporal.NewSearchAttributes(
		contract.JobType.ValueSet(string(in.Type)), contract.JobKind.ValueSet(in.Kind),
		contract.Tenant.ValueSet(in.Tenant), contract.RequestedBy.ValueSet(requestedBy))
	return client.ScheduleOptions{
		ID:   contract.SchedulePrefix + in.ID,
		Spec: spec,
		Action: &client.ScheduleWorkflowAction{
			ID: contract.SchedulePrefix + in.ID, Workflow: contract.Scheduled.Name, TaskQueue: s.taskQueue(),
			Args: []any{action}, TypedSearchAttributes: attributes,
			StaticSummary: fmt.Sprintf("scheduled %s %s for %s", in.Type, in.Kind, in.Tenant),
			// No timeout: it lives as long as the job, which has its own.
		},
		Overlap: overlaps[in.Overlap], CatchupWindow: catchUp,
		Note: in.Note, Paused: in.Paused, TypedSearchAttributes: attributes,
	}
}

// ChangeSchedule changes when a schedule starts its job, not which one. Of two changes at the same moment the later one
// counts. Errors are those of [Starter.CreateSchedule] and CodeNotFound.
func (s *Starter) ChangeSchedule(ctx context.Context, id string, change job.ScheduleChange) (job.Schedule, error) {
	d, err := s.describeSchedule(ctx, id)
	if err != nil {
		return job.Schedule{}, err
	}
	now := d.schedule
	set(&now.Cron, change.Cron)
	set(&now.Zone, change.Zone)
	set(&now.Overlap, change.Overlap)
	set(&now.Note, change.Note)
	set(&now.Paused, change.Paused)
	wrong := checkTerms(now.Overlap, now.Note)
	var spec client.ScheduleSpec
	if change.Cron != nil || change.Zone != nil {
		var more []job.FieldError
		spec, more = scheduleSpec(now.Cron, now.Zone)
		wrong = append(more, wrong...)
	}
	if len(wrong) > 0 {
		return job.Schedule{}, job.Invalid(wrong...)
	}
	err = s.scheduleHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			next := in.Description.Schedule
			if spec.CronExpressions != nil {
				next.Spec = &spec
			}
			if change.Overlap != nil {
				next.Policy.Overlap = overlaps[now.Overlap]
			}
			set(&next.State.Note, change.Note)
			set(&next.State.Paused, change.Paused)
			return &client.ScheduleUpdate{Schedule: &next}, nil
		},
	})
	if err != nil {
		return job.Schedule{}, s.noSchedule(id, err)
	}
	return s.Schedule(ctx, id)
}

// DeleteSchedule removes a schedule. A job that it has started runs on.
func (s *Starter) DeleteSchedule(ctx context.Context, id string) error {
	if _, err := s.describeSchedule(ctx, id); err != nil {
		return err
	}
	return s.noSchedule(id, s.scheduleHandle(ctx, id).Delete(ctx))
}

// RunSchedule lets a schedule start its job now, paused or not, under its overlap policy. With skip it is CodeConflict
// while the last one runs.
func (s *Starter) RunSchedule(ctx context.Context, id string) error {
	d, err := s.describeSchedule(ctx, id)
	if err != nil {
		return err
	}
	if d.schedule.Overlap == job.OverlapSkip && len(d.info.RunningWorkflows) > 0 {
		return job.Errorf(job.CodeConflict, "the last job of this schedule still runs, and its overlap policy is to skip")
	}
	return s.noSchedule(id, s.scheduleHandle(ctx, id).Trigger(ctx, client.ScheduleTriggerOptions{}))
}

func (s *Starter) scheduleHandle(ctx context.Context, id string) client.ScheduleHandle {
	return s.Temporal.ScheduleClient().GetHandle(ctx, contract.SchedulePrefix+id)
}

// noSchedule words what Temporal says of a schedule that it does not know.
func (s *Starter) noSchedule(id string, err error) error {
	switch {
	case err == nil:
		return nil
	case notFound(err):
		return job.Errorf(job.CodeNotFound, "there is no schedule %q", id)
	}
	return unavailable("Temporal does not answer", err)
}

// scheduled checks what a schedule shall start, as a start by hand would be checked.
func (s *Starter) scheduled(ctx context.Context, in job.Schedule, requestedBy string) (contract.ScheduledInput, error) {
	switch in.Type {
	case job.TypeExport:
		var request contract.ExportInput
		if err := readRequest(in.Request, &request); err != nil {
			return contract.ScheduledInput{}, err
		}
		request.Kind, request.Tenant, request.RequestedBy = in.Kind, in.Tenant, requestedBy
		request, err := s.checkExport(ctx, request)
		return contract.ScheduledInput{WorkflowID: contract.ExportWorkflowID(request), Export: &request}, underRequest(err)
	case job.TypeSync:
		var request contract.SyncInput
		if err := readRequest(in.Request, &request); err != nil {
			return contract.ScheduledInput{}, err
		}
		if request.Upload != "" || request.Retry != nil {
			return contract.ScheduledInput{}, job.Invalid(job.FieldError{Pointer: "/request",
				Message: "a schedule chooses its items by filters: an upload or the items of another job are there only once"})
		}
		request.Kind, request.Tenant, request.RequestedBy = in.Kind, in.Tenant, requestedBy
		request, _, err := s.checkSync(ctx, request)
		return contract.ScheduledInput{WorkflowID: contract.SyncWorkflowID(request.Kind, request.Tenant), Sync: &request}, underRequest(err)
	}
	return contract.ScheduledInput{}, job.Invalid(job.FieldError{Pointer: "/type", Message: "known: export, sync"})
}

// readRequest reads the request of a job; none is an empty one.
func readRequest(doc json.RawMessage, into any) error {
	if len(doc) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &job.Error{Code: job.CodeInvalid, Message: "the request is not valid", Err: err,
			Fields: []job.FieldError{{Pointer: "/request", Message: "it is no request of this type: " + strings.TrimPrefix(err.Error(), "json: ")}}}
	}
	return nil
}

// underRequest makes the error of a start one of a schedule: what is not the schedule's own field is the request's, and
// an unknown kind is a wrong field of something new.
func underRequest(err error) error {
	e, ok := asJobError(err)
	switch {
	case !ok:
		return err
	case e.Code == job.CodeNotFound:
		return job.Invalid(job.FieldError{Pointer: "/kind", Message: e.Message})
	case e.Code != job.CodeInvalid:
		return err
	}
	moved := *e
	moved.Fields = nil
	for _, f := range e.Fields {
		if f.Pointer != "/kind" && f.Pointer != "/tenant" {
			f.Pointer = "/request" + f.Pointer
		}
		moved.Fields = append(moved.Fields, f)
	}
	return &moved
}

func scheduleSpec(expression, zone string) (client.ScheduleSpec, []job.FieldError) {
	var wrong []job.FieldError
	c, err := parseCron(expression)
	if err != nil {
		wrong = append(wrong, job.FieldError{Pointer: "/cron", Message: err.Error()})
	}
	// "" and Local would mean whatever the machine is set to.
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		wrong = append(wrong, job.FieldError{Pointer: "/time_zone", Message: "it is no IANA name of a time zone, such as Asia/Seoul or UTC"})
	}
	return client.ScheduleSpec{CronExpressions: c.expressions(), TimeZoneName: zone}, wrong
}

func checkTerms(o job.Overlap, note string) []job.FieldError {
	var wrong []job.FieldError
	if _, known := overlaps[o]; !known {
		wrong = append(wrong, job.FieldError{Pointer: "/overlap", Message: "known: skip, buffer, cancel"})
	}
	if len(note) > maxNote {
		wrong = append(wrong, job.FieldError{Pointer: "/note", Message: fmt.Sprintf("it is longer than %d bytes", maxNote)})
	}
	return wrong
}

// defaultScheduleID is type-kind-tenant, with a hyphen for what an ID must not have.
func defaultScheduleID(in job.Schedule) string {
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(strings.Join([]string{string(in.Type), in.Kind, in.Tenant}, "-")))
	return id[:min(len(id), maxScheduleID)]
}

// set takes over what a change gives.
func set[T any](field, given *T) {
	if given != nil {
		*field = *given
	}
}
