package contract

import (
	"time"

	"github.com/longhaul/longhaul/job"
)

// Workflows and their common controls.
var (
	Export = Workflow[ExportInput, job.Status]{"Export"}

	Status = Query[job.Status]{"status"}
	Pause  = Update{"pause"}
	Resume = Update{"resume"}
)

// Activities of an export, in the order of its story.
var (
	PlanExport     = Activity[ExportRequest, ExportPlan]{"PlanExport"}
	ExportPage     = Activity[PageRef, PageResult]{"ExportPage"}
	AssembleExport = Activity[PlanRef, AssembleResult]{"AssembleExport"}
	CleanUpExport  = Activity[JobRef, Nothing]{"CleanUpExport"}
)

// Nothing is the result of an activity that has none.
type Nothing struct{}

// ExportInput is the input of the workflow Export. Kind and Tenant suffice to start one by hand.
type ExportInput struct {
	Kind        string      `json:"kind"`
	Tenant      string      `json:"tenant"`
	Filters     job.Filters `json:"filters,omitempty"`
	Columns     []string    `json:"columns,omitempty"`  // default: all, in the kind's order
	Format      string      `json:"format,omitempty"`   // xlsx (default) or csv
	Locale      string      `json:"locale,omitempty"`   // ko (default) or en
	Filename    string      `json:"filename,omitempty"` // default: made from kind, tenant and day
	RequestedBy string      `json:"requested_by,omitempty"`

	// Carried is set by the workflow itself when it continues as new; never by a client.
	Carried *ExportCarried `json:"carried,omitempty"`
}

// ExportCarried is the state an export takes along when it continues as new.
type ExportCarried struct {
	Limits   Limits       `json:"limits"`
	Plan     ExportPlan   `json:"plan"`
	NextPage int          `json:"next_page"`
	Progress job.Progress `json:"progress"`
	Paused   bool         `json:"paused,omitempty"`
	Alerted  Alerted      `json:"alerted"`
	Started  time.Time    `json:"started"`
	// Moved is when something was last done, for telling a stall.
	Moved time.Time `json:"moved"`
}

// ExportRequest is what the plan is made from.
type ExportRequest struct {
	JobID   string      `json:"job"`
	Request ExportInput `json:"request"`
}

// PlanRef names a plan of a job. The plan holds the request, so that references stay small.
type PlanRef struct {
	JobID string `json:"job"`
	Plan  string `json:"plan"`
}

// JobRef names a job.
type JobRef struct {
	JobID string `json:"job"`
}

// ExportPlan is the result of planning; the boundaries themselves lie in blob storage.
type ExportPlan struct {
	// ID tells this plan from another of the same job (made when an execution is reset after its plan
	// has been removed); it is a digest of the plan's content and part of the keys of its fragments.
	ID    string `json:"id"`
	Rows  int64  `json:"rows"` // promised
	Pages int    `json:"pages"`
}

// PageRef names one page of a plan, counted from 0. The plan holds its boundaries.
type PageRef struct {
	JobID string `json:"job"`
	Plan  string `json:"plan"`
	Page  int    `json:"page"`
	// FirstRow is the row of the sheet that the page begins at, where it is not the planned one because
	// pages before it came to other numbers of rows than planned; zero means as planned.
	FirstRow int `json:"first_row,omitempty"`
}

// PageResult tells what a page came to.
type PageResult struct {
	Rows int64 `json:"rows"`
}

// AssembleResult is the finished file, or the pages that have to be seen to first: their fragments are
// missing, damaged, or numbered for another place than they turned out to have.
type AssembleResult struct {
	Artifact *job.Artifact `json:"artifact,omitempty"`
	Redo     []PageRef     `json:"redo,omitempty"`
}
