package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// SchedulePath is part of inputs; exported because huma does not look into embedded structs that are not.
type SchedulePath struct {
	ID string `path:"id" maxLength:"64" doc:"The schedule's ID"`
}

// SchedulePage is one page of the schedules, by ID.
type SchedulePage struct {
	Schedules     []Schedule `json:"schedules" nullable:"false"`
	NextPageToken string     `json:"next_page_token,omitempty" doc:"Left out on the last page"`
	_             struct{}   `json:"-" additionalProperties:"true"`
}

type (
	listSchedulesInput struct {
		PageSize  int    `query:"page_size" minimum:"1" maximum:"200" default:"100" doc:"At most so many; fewer where the answer would be larger than 256 KB"`
		PageToken string `query:"page_token" maxLength:"64" doc:"next_page_token of the page before"`
	}
	listSchedulesOutput struct{ Body SchedulePage }
	createScheduleInput struct {
		RequestedBy Requester `header:"X-Requested-By" maxLength:"200" doc:"Who asks; shown with the jobs"`
		Body        ScheduleRequest
	}
	createScheduleOutput struct {
		Location string `header:"Location" format:"uri-reference" doc:"The schedule"`
		Body     Schedule
	}
	changeScheduleInput struct {
		SchedulePath
		Body ScheduleChange
	}
	scheduleOutput    struct{ Body Schedule }
	runScheduleOutput struct {
		Location string `header:"Location" format:"uri-reference" doc:"The schedule, whose recent jobs will have the new one"`
	}
)

func (s *server) registerSchedules() {
	const path, one = "/v1/schedules", "/v1/schedules/{id}"
	register(s, huma.Operation{
		OperationID: "list-schedules", Method: http.MethodGet, Path: path, Tags: []string{"schedules"},
		Summary: "List schedules, by ID", Description: "Without their requests and recent jobs, which GET /v1/schedules/{id} has.",
		RejectUnknownQueryParameters: true,
		Responses:                    s.answers(http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.listSchedules)

	change := s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	register(s, huma.Operation{
		OperationID: "create-schedule", Method: http.MethodPost, Path: path, Tags: []string{"schedules"},
		Summary:       "Start the same job again and again",
		Description:   "The times are those of the clock on the wall: one that a day does not have is left out, one that it has twice comes twice.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: MaxBody, BodyReadTimeout: bodyTimeout, Middlewares: huma.Middlewares{s.onlyJSON},
		Responses: s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.createSchedule)
	register(s, huma.Operation{
		OperationID: "get-schedule", Method: http.MethodGet, Path: one, Tags: []string{"schedules"},
		Summary: "One schedule", Responses: s.answers(http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, func(ctx context.Context, in *SchedulePath) (*scheduleOutput, error) {
		sched, err := s.Jobs.Schedule(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &scheduleOutput{Body: shownWholeSchedule(sched)}, nil
	})
	register(s, huma.Operation{
		OperationID: "change-schedule", Method: http.MethodPatch, Path: one, Tags: []string{"schedules"},
		Summary: "Change when a schedule starts its job, or pause it", Description: "What is left out stays. For another job, make another schedule.",
		MaxBodyBytes: MaxBody, BodyReadTimeout: bodyTimeout, Middlewares: huma.Middlewares{s.onlyJSON}, Responses: change,
	}, s.changeSchedule)
	register(s, huma.Operation{
		OperationID: "delete-schedule", Method: http.MethodDelete, Path: one, Tags: []string{"schedules"},
		Summary: "Delete a schedule", Description: "A job that it has started runs on.", DefaultStatus: http.StatusNoContent,
		Responses: s.answers(http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, func(ctx context.Context, in *SchedulePath) (*struct{}, error) {
		return nil, s.Jobs.DeleteSchedule(ctx, in.ID)
	})
	register(s, huma.Operation{
		OperationID: "run-schedule", Method: http.MethodPost, Path: one + "/run", Tags: []string{"schedules"},
		Summary:       "Start a schedule's job now",
		Description:   "Paused or not, and as its overlap policy says: `skip` is 409 while the last job runs.",
		DefaultStatus: http.StatusAccepted,
		Responses:     s.answers(http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, func(ctx context.Context, in *SchedulePath) (*runScheduleOutput, error) {
		return &runScheduleOutput{Location: scheduleURL(in.ID)}, s.Jobs.RunSchedule(ctx, in.ID)
	})
}

// listSchedules pages here: Temporal lists all of them or none. It halves the page until the answer is within
// MaxResponse.
func (s *server) listSchedules(ctx context.Context, in *listSchedulesInput) (*listSchedulesOutput, error) {
	all, err := s.Jobs.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b job.Schedule) int { return cmp.Compare(a.ID, b.ID) })
	from, found := slices.BinarySearchFunc(all, in.PageToken, func(a job.Schedule, id string) int { return cmp.Compare(a.ID, id) })
	if found {
		from++ // the token is the last ID of the page before
	}
	for size := in.PageSize; ; size /= 2 {
		page := all[from:min(from+size, len(all))]
		out := SchedulePage{Schedules: make([]Schedule, 0, len(page))}
		for _, sched := range page {
			out.Schedules = append(out.Schedules, shownSchedule(sched))
		}
		if from+len(page) < len(all) {
			out.NextPageToken = page[len(page)-1].ID
		}
		if fits(out) || size == 1 {
			return &listSchedulesOutput{Body: out}, nil
		}
	}
}

func (s *server) createSchedule(ctx context.Context, in *createScheduleInput) (*createScheduleOutput, error) {
	r := in.Body
	if r.Type == "" { // a null, which the schema lets pass
		return nil, wrongField("type", "is required")
	}
	if len(r.Request) > maxRequestEcho {
		return nil, wrongField("request", "may have at most "+sizeOf(maxRequestEcho))
	}
	sched, err := s.Jobs.CreateSchedule(ctx, job.Schedule{
		ID: r.ID, Type: job.Type(r.Type), Kind: r.Kind, Tenant: r.Tenant, Cron: r.Cron, Zone: r.Zone,
		Overlap: job.Overlap(r.Overlap), Paused: r.Paused, Note: r.Note, Request: r.Request,
	}, string(in.RequestedBy))
	if err != nil {
		return nil, err
	}
	return &createScheduleOutput{Location: scheduleURL(sched.ID), Body: shownWholeSchedule(sched)}, nil
}

func (s *server) changeSchedule(ctx context.Context, in *changeScheduleInput) (*scheduleOutput, error) {
	if in.Body == (ScheduleChange{}) {
		return nil, job.Invalid(job.FieldError{Message: "give something to change"})
	}
	sched, err := s.Jobs.ChangeSchedule(ctx, in.ID, job.ScheduleChange(in.Body))
	if err != nil {
		return nil, err
	}
	return &scheduleOutput{Body: shownWholeSchedule(sched)}, nil
}
