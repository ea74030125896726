package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// Job is a job as clients see it: all of [job.Job] but where its files lie, and links to what can be
// done with it now.
type Job struct {
	ID          string          `json:"id" doc:"First run ID of the workflow execution; the job's name everywhere"`
	Type        job.Type        `json:"type" enum:"export,bulk_save,sync"`
	Kind        string          `json:"kind" example:"stock-shortages"`
	Tenant      string          `json:"tenant" doc:"Seller code"`
	State       job.State       `json:"state" enum:"queued,running,paused,waiting,cancelling,succeeded,partially_succeeded,failed,cancelled,timed_out"`
	Reason      job.Reason      `json:"reason,omitempty" enum:"no_data,bad_input,downstream,limit,user,operator,timeout,rows_moved,rows_refused,rows_kept,stale,items_failed,unauthorised,internal" doc:"Why it ended other than by succeeding"`
	Message     string          `json:"message,omitempty" doc:"The reason in words"`
	Progress    Progress        `json:"progress"`
	Save        *Save           `json:"save,omitempty" doc:"Of bulk saves"`
	Sync        *Sync           `json:"sync,omitempty" doc:"Of syncs"`
	Artifacts   []Artifact      `json:"artifacts,omitempty" nullable:"false" doc:"Files to download"`
	Request     json.RawMessage `json:"request,omitempty" doc:"What was asked for; only in the answer for one job, and not where it is larger than 128 KB"`
	RequestedBy string          `json:"requested_by,omitempty" doc:"Who asked, as the caller said"`
	WorkflowID  string          `json:"workflow_id" doc:"Natural key: only one job of the same key runs at a time"`
	RunID       string          `json:"run_id" doc:"Latest run of the execution"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	EndedAt     *time.Time      `json:"ended_at,omitempty" nullable:"false"`
	StaleSince  *time.Time      `json:"stale_since,omitempty" nullable:"false" doc:"Set while no worker answers: the status is the last one known, since then"`
	Links       Links           `json:"links"`
	_           struct{}        `json:"-" additionalProperties:"true"`
}

// Progress is [job.Progress] with its documentation.
type Progress struct {
	Phase        job.Phase  `json:"phase" enum:"queued,planning,pages,assembling,publishing,checking,holding,comparing,applying,undoing,sending,reporting,done"`
	RowsDone     int64      `json:"rows_done"`
	RowsTotal    int64      `json:"rows_total" doc:"Promised by the plan; 0 until it is made"`
	PagesDone    int        `json:"pages_done" doc:"Of bulk saves: chunks; of syncs: runs of items, which are its rows here"`
	PagesTotal   int        `json:"pages_total"`
	Rate         float64    `json:"rate,omitempty" doc:"Rows a second, lately"`
	ETA          *time.Time `json:"eta,omitempty" nullable:"false" doc:"When the pages will be done at that rate"`
	StalledSince *time.Time `json:"stalled_since,omitempty" nullable:"false" doc:"Set while nothing moves for longer than the kind allows"`
	_            struct{}   `json:"-" additionalProperties:"true"`
}

// Artifact is [job.Artifact] without its place in blob storage.
type Artifact struct {
	Name           string     `json:"name"`
	ContentType    string     `json:"content_type"`
	Size           int64      `json:"size" doc:"Bytes"`
	SHA256         string     `json:"sha256"`
	Rows           int64      `json:"rows" doc:"Without headers"`
	Sheets         int        `json:"sheets,omitempty"`
	CellsTruncated int64      `json:"cells_truncated,omitempty" doc:"Values cut at 32,767 characters"`
	CharsEscaped   int64      `json:"chars_escaped,omitempty" doc:"Characters that XML forbids"`
	CreatedAt      time.Time  `json:"created_at"`
	ExpiresAt      time.Time  `json:"expires_at"`
	DeletedAt      *time.Time `json:"deleted_at,omitempty" nullable:"false" doc:"Set once the file has been removed"`
	URL            string     `json:"url,omitempty" format:"uri-reference" doc:"Where to download it; left out once it has expired"`
	_              struct{}   `json:"-" additionalProperties:"true"`
}

// Links are offered only where they make sense in the job's state; a control that is missing would be
// refused.
type Links struct {
	Self     string   `json:"self" format:"uri-reference"`
	Events   string   `json:"events,omitempty" format:"uri-reference" doc:"SSE; while it runs"`
	Cancel   string   `json:"cancel,omitempty" format:"uri-reference"`
	Pause    string   `json:"pause,omitempty" format:"uri-reference"`
	Resume   string   `json:"resume,omitempty" format:"uri-reference"`
	Retry    string   `json:"retry,omitempty" format:"uri-reference"`
	Undo     string   `json:"undo,omitempty" format:"uri-reference"`
	Items    string   `json:"items,omitempty" format:"uri-reference" doc:"What became of single rows or items; of bulk saves and syncs"`
	Download string   `json:"download,omitempty" format:"uri-reference" doc:"The first file"`
	Temporal string   `json:"temporal,omitempty" format:"uri" doc:"The execution in Temporal's Web UI"`
	_        struct{} `json:"-" additionalProperties:"true"`
}

// shown is a job for a list or an event: without its request, which may be large and never changes.
func (s *server) shown(j job.Job) Job {
	out := Job{
		ID: j.ID, Type: j.Type, Kind: j.Kind, Tenant: j.Tenant,
		State: j.State, Reason: j.Reason, Message: j.Message,
		Progress: Progress{
			Phase: j.Progress.Phase, RowsDone: j.Progress.RowsDone, RowsTotal: j.Progress.RowsTotal,
			PagesDone: j.Progress.PagesDone, PagesTotal: j.Progress.PagesTotal,
			Rate: j.Progress.Rate, ETA: j.Progress.ETA, StalledSince: j.Progress.StalledSince,
		},
		Save: shownSave(j.Save), Sync: shownSync(j.Sync), RequestedBy: j.RequestedBy, WorkflowID: j.WorkflowID, RunID: j.RunID,
		CreatedAt: j.CreatedAt, UpdatedAt: j.UpdatedAt, EndedAt: j.EndedAt, StaleSince: j.StaleSince,
	}
	for _, a := range j.Artifacts {
		out.Artifacts = append(out.Artifacts, s.shownArtifact(j.ID, a))
	}
	out.Links = s.links(out)
	return out
}

// shownWhole is a job with its request.
func (s *server) shownWhole(j job.Job) Job {
	out := s.shown(j)
	if len(j.Request) <= maxRequestEcho {
		out.Request = j.Request
	}
	return out
}

func (s *server) shownArtifact(jobID string, a job.Artifact) Artifact {
	out := Artifact{
		Name: a.Name, ContentType: a.ContentType, Size: a.Size, SHA256: a.SHA256, Rows: a.Rows, Sheets: a.Sheets,
		CellsTruncated: a.CellsTruncated, CharsEscaped: a.CharsEscaped,
		CreatedAt: a.CreatedAt, ExpiresAt: a.ExpiresAt, DeletedAt: a.DeletedAt,
	}
	if a.DeletedAt == nil && s.Now().Before(a.ExpiresAt) {
		out.URL = jobURL(jobID) + "/artifacts/" + url.PathEscape(a.Name)
	}
	return out
}

func (s *server) links(j Job) Links {
	self := jobURL(j.ID)
	links := Links{Self: self, Temporal: s.temporalURL(j)}
	if !j.State.Ended() {
		links.Events = self + "/events"
	}
	if j.State.CanBecome(job.Cancelling) && j.State != job.Cancelling {
		links.Cancel = self + "/cancel"
	}
	switch {
	case j.State == job.Paused:
		links.Resume = self + "/resume"
	case !j.State.Ended() && j.State.CanBecome(job.Paused):
		links.Pause = self + "/pause"
	case j.State.Ended() && j.State != job.Succeeded:
		links.Retry = self + "/retry"
	}
	if s.canUndo(j) {
		links.Undo = self + "/undo"
	}
	if j.Type == job.TypeBulkSave || j.Type == job.TypeSync {
		links.Items = self + "/items"
	}
	for _, a := range j.Artifacts {
		if a.URL != "" {
			links.Download = a.URL
			break
		}
	}
	return links
}

// temporalURL leads to the execution in Temporal's Web UI, or is empty where none is known.
func (s *server) temporalURL(j Job) string {
	if s.TemporalUI == "" || j.WorkflowID == "" {
		return ""
	}
	return strings.TrimSuffix(s.TemporalUI, "/") + "/namespaces/" + url.PathEscape(s.Namespace) +
		"/workflows/" + url.PathEscape(j.WorkflowID) + "/" + url.PathEscape(j.RunID)
}

func jobURL(id string) string { return "/v1/jobs/" + url.PathEscape(id) }

// fits tells whether a body is within MaxResponse.
func fits(body any) bool {
	data, err := json.Marshal(body)
	return err != nil || len(data) < MaxResponse // huma adds a newline; an error is for it to meet
}

// etagOf names a representation by its bytes.
func etagOf(body any) (string, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:16]) + `"`, nil
}

// matches tells whether an If-None-Match header names etag. A proxy that compresses weakens the tag it
// hands on, so the comparison is the weak one.
func matches(ifNoneMatch, etag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || (candidate == etag && etag != "") {
			return true
		}
	}
	return false
}
