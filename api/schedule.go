package api

import (
	"encoding/json"
	"net/url"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// Schedule is [job.Schedule] with its documentation, and links.
type Schedule struct {
	ID        string          `json:"id"`
	Type      job.Type        `json:"type" enum:"export,sync"`
	Kind      string          `json:"kind"`
	Tenant    string          `json:"tenant" doc:"Seller code"`
	Cron      string          `json:"cron" doc:"Minute, hour, day, month and weekday, read in time_zone" example:"30 6 * * mon-fri"`
	Zone      string          `json:"time_zone" doc:"IANA name" example:"Asia/Seoul"`
	Overlap   job.Overlap     `json:"overlap" enum:"skip,buffer,cancel" doc:"While the job of the last time still runs: leave this time out; start once when it has ended; cancel it first"`
	Paused    bool            `json:"paused"`
	Note      string          `json:"note,omitempty"`
	Request   json.RawMessage `json:"request,omitempty" doc:"What each job is started with; not in lists"`
	Next      []time.Time     `json:"next,omitempty" nullable:"false" doc:"The next times, at most ten; left out while it is paused"`
	Recent    []ScheduledJob  `json:"recent,omitempty" nullable:"false" doc:"The last jobs that it started, newest first; not in lists"`
	Skipped   int             `json:"skipped" doc:"Times that were left out because the last job still ran"`
	CreatedAt time.Time       `json:"created_at"`
	Links     ScheduleLinks   `json:"links"`
	_         struct{}        `json:"-" additionalProperties:"true"`
}

// ScheduledJob is [job.ScheduledJob] with its documentation.
type ScheduledJob struct {
	At    time.Time `json:"at"`
	JobID string    `json:"job_id,omitempty" doc:"Left out where none was started, because one of its kind and tenant ran"`
	_     struct{}  `json:"-" additionalProperties:"true"`
}

// ScheduleLinks are what can be done with a schedule.
type ScheduleLinks struct {
	Self string   `json:"self" format:"uri-reference"`
	Run  string   `json:"run" format:"uri-reference" doc:"Start its job now"`
	_    struct{} `json:"-" additionalProperties:"true"`
}

// ScheduleTerms are part of what is asked for, whatever is started; exported because huma does not look into embedded
// structs that are not.
type ScheduleTerms struct {
	ID      string `json:"id,omitempty" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Lower case letters, digits and hyphens; default made from type, kind and tenant"`
	Kind    string `json:"kind" minLength:"1" maxLength:"64" example:"dispatch-shipments"`
	Tenant  string `json:"tenant" minLength:"1" maxLength:"64" doc:"Seller code" example:"acme"`
	Cron    string `json:"cron" minLength:"1" maxLength:"200" doc:"Minute, hour, day, month and weekday: numbers, names, ranges, lists and steps" example:"30 6 * * mon-fri"`
	Zone    string `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name; default the tenant's" example:"Asia/Seoul"`
	Overlap string `json:"overlap,omitempty" enum:"skip,buffer,cancel" doc:"While the job of the last time still runs: leave this time out, the default; start once when it has ended; cancel it first"`
	Paused  bool   `json:"paused,omitempty" doc:"Make it without starting anything yet"`
	Note    string `json:"note,omitempty" maxLength:"1000" doc:"For people"`
}

// ExportSchedule is the body of POST /v1/schedules for an export.
type ExportSchedule struct {
	Type string `json:"type" enum:"export"`
	ScheduleTerms
	Request ScheduledExport `json:"request,omitempty"`
}

// SyncSchedule is the body of POST /v1/schedules for a sync.
type SyncSchedule struct {
	Type string `json:"type" enum:"sync"`
	ScheduleTerms
	Request ScheduledSync `json:"request,omitempty"`
}

// ScheduledExport stands for an [ExportRequest] whose tenant is the schedule's.
type ScheduledExport struct{}

// Schema implements huma.SchemaProvider.
func (ScheduledExport) Schema(r huma.Registry) *huma.Schema {
	s := huma.SchemaFromType(r, reflect.TypeFor[ExportRequest]())
	s.Description = "What each export is started with: the body of POST /v1/exports/{kind} without its tenant"
	return onlyMembers(s, "filters", "columns", "format", "locale", "filename")
}

// ScheduledSync stands for a [SyncRequest] whose tenant is the schedule's. An upload, or items, are there for once.
type ScheduledSync struct{}

// Schema implements huma.SchemaProvider.
func (ScheduledSync) Schema(r huma.Registry) *huma.Schema {
	s := huma.SchemaFromType(r, reflect.TypeFor[SyncRequest]())
	s.Description = "What each sync is started with: filters and locale of the body of POST /v1/syncs/{kind}"
	return onlyMembers(s, "filters", "locale")
}

// onlyMembers leaves the named members of an object, none of them required.
func onlyMembers(s *huma.Schema, names ...string) *huma.Schema {
	all := s.Properties
	s.Properties, s.Required = map[string]*huma.Schema{}, nil
	for _, name := range names {
		s.Properties[name] = all[name]
	}
	s.PrecomputeMessages()
	return s
}

// ScheduleRequest is the body of POST /v1/schedules. It is checked as [ExportSchedule] or [SyncSchedule], so that a
// mistake in the request is found where it is, and not only by the first start.
type ScheduleRequest struct {
	Type string `json:"type"`
	ScheduleTerms
	Request json.RawMessage `json:"request,omitempty"`
}

// Schema implements huma.SchemaProvider.
func (ScheduleRequest) Schema(r huma.Registry) *huma.Schema {
	export, sync := r.Schema(reflect.TypeFor[ExportSchedule](), true, ""), r.Schema(reflect.TypeFor[SyncSchedule](), true, "")
	return &huma.Schema{
		Type: huma.TypeObject, OneOf: []*huma.Schema{export, sync},
		Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{
			string(job.TypeExport): export.Ref, string(job.TypeSync): sync.Ref,
		}},
	}
}

// ScheduleChange is [job.ScheduleChange] with its documentation.
type ScheduleChange struct {
	Cron    *string      `json:"cron,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
	Zone    *string      `json:"time_zone,omitempty" nullable:"false" minLength:"1" maxLength:"64" doc:"IANA name"`
	Overlap *job.Overlap `json:"overlap,omitempty" nullable:"false" enum:"skip,buffer,cancel"`
	Paused  *bool        `json:"paused,omitempty" nullable:"false"`
	Note    *string      `json:"note,omitempty" nullable:"false" maxLength:"1000"`
}

// shownSchedule is a schedule for a list.
func shownSchedule(s job.Schedule) Schedule {
	self := scheduleURL(s.ID)
	return Schedule{
		ID: s.ID, Type: s.Type, Kind: s.Kind, Tenant: s.Tenant, Cron: s.Cron, Zone: s.Zone, Overlap: s.Overlap, Paused: s.Paused,
		Note: s.Note, Next: s.Next, Skipped: s.Skipped, CreatedAt: s.CreatedAt,
		Links: ScheduleLinks{Self: self, Run: self + "/run"},
	}
}

func shownWholeSchedule(s job.Schedule) Schedule {
	out := shownSchedule(s)
	if len(s.Request) <= maxRequestEcho {
		out.Request = s.Request
	}
	for _, j := range s.Recent {
		out.Recent = append(out.Recent, ScheduledJob{At: j.At, JobID: j.JobID})
	}
	return out
}

func scheduleURL(id string) string { return "/v1/schedules/" + url.PathEscape(id) }
