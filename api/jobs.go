package api

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// JobPath is part of inputs; exported because huma does not look into embedded structs that are not.
type JobPath struct {
	ID string `path:"id" maxLength:"128" doc:"The job's ID"`
}

type listJobsInput struct {
	Type      string `query:"type" enum:"export,bulk_save,sync"`
	Kind      string `query:"kind" maxLength:"64"`
	State     string `query:"state" enum:"queued,running,paused,waiting,cancelling,succeeded,partially_succeeded,failed,cancelled,timed_out"`
	Tenant    string `query:"tenant" maxLength:"64"`
	PageSize  int    `query:"page_size" minimum:"1" maximum:"100" default:"25" doc:"At most so many; fewer where the answer would be larger than 256 KB"`
	PageToken string `query:"page_token" maxLength:"1000" doc:"next_page_token of the page before"`
}

// JobPage is one page of a list of jobs.
type JobPage struct {
	Jobs          []Job    `json:"jobs" nullable:"false"`
	NextPageToken string   `json:"next_page_token,omitempty" doc:"Left out on the last page"`
	_             struct{} `json:"-" additionalProperties:"true"`
}

type listJobsOutput struct{ Body JobPage }

type getJobInput struct {
	JobPath
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the answer known already"`
}

type getJobOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	RetryAfter   string `header:"Retry-After" doc:"Seconds until it is worth asking again; left out once it has ended"`
	Body         *Job
}

type controlOutput struct {
	Location   string `header:"Location" format:"uri-reference"`
	RetryAfter string `header:"Retry-After"`
	Body       Job
}

type undoInput struct {
	JobPath
	RequestedBy Requester `header:"X-Requested-By" maxLength:"200" doc:"Who asks; shown with the job"`
}

func (s *server) registerJobs() {
	register(s, huma.Operation{
		OperationID: "list-jobs", Method: http.MethodGet, Path: "/v1/jobs", Tags: []string{"jobs"},
		Summary: "List jobs, newest first", RejectUnknownQueryParameters: true,
		Responses: s.answers(http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.listJobs)

	known := s.answers(http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	known[statusKey(http.StatusNotModified)] = &huma.Response{Description: "Still as If-None-Match says"}
	register(s, huma.Operation{
		OperationID: "get-job", Method: http.MethodGet, Path: "/v1/jobs/{id}", Tags: []string{"jobs"},
		Summary: "One job", Description: "True at any time, also while no worker is up (stale_since) and after it has ended.",
		Responses: known,
	}, s.getJob)

	plain := func(control func(context.Context, string) (job.Job, error)) func(context.Context, *JobPath) (job.Job, error) {
		return func(ctx context.Context, in *JobPath) (job.Job, error) { return control(ctx, in.ID) }
	}
	registerControl(s, "cancel", "Cancel a job", "It ends at the next page or chunk boundary and cleans up after itself; what a bulk save has saved, or a sync sent, stays.", plain(s.Jobs.Cancel))
	registerControl(s, "pause", "Pause a job", "Steps in flight are finished first.", plain(s.Jobs.Pause))
	registerControl(s, "resume", "Resume a paused job", "One that holds after its dry run (phase `holding`) carries it out.", plain(s.Jobs.Resume))
	s.registerRetry()
	registerControl(s, "undo", "Undo a bulk save", "Restores the rows as they were before, but for those changed since. Offered until save.undo_until. Location is the new job.",
		func(ctx context.Context, in *undoInput) (job.Job, error) {
			return s.Jobs.Undo(ctx, in.ID, string(in.RequestedBy))
		})
}

func registerControl[In any](s *server, verb, summary, about string, control func(context.Context, *In) (job.Job, error)) {
	register(s, huma.Operation{
		OperationID: verb + "-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/" + verb, Tags: []string{"jobs"},
		Summary: summary, Description: about, DefaultStatus: http.StatusAccepted,
		Responses: s.answers(http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
			http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, func(ctx context.Context, in *In) (*controlOutput, error) {
		j, err := control(ctx, in)
		return s.controlled(j, err)
	})
}

// controlled answers to a control with the job that it has led to.
func (s *server) controlled(j job.Job, err error) (*controlOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &controlOutput{Location: jobURL(j.ID), Body: s.shownWhole(j)}
	if !j.State.Ended() {
		out.RetryAfter = retryAfter(s.Poll)
	}
	return out, nil
}

// listJobs halves the page until the answer is within MaxResponse. What a job may hold is bounded, but by
// several packages; here it is certain.
func (s *server) listJobs(ctx context.Context, in *listJobsInput) (*listJobsOutput, error) {
	q := job.Query{
		Type: job.Type(in.Type), Kind: in.Kind, State: job.State(in.State), Tenant: in.Tenant,
		PageSize: in.PageSize, PageToken: in.PageToken,
	}
	for {
		page, err := s.Jobs.Jobs(ctx, q)
		if err != nil {
			return nil, problemOf(err, requestIDOf(ctx)).asParameters("type", "kind", "state", "tenant", "page_size", "page_token")
		}
		out := JobPage{Jobs: make([]Job, 0, len(page.Jobs)), NextPageToken: page.NextPageToken}
		for _, j := range page.Jobs {
			out.Jobs = append(out.Jobs, s.shown(j))
		}
		if fits(out) || q.PageSize == 1 {
			return &listJobsOutput{Body: out}, nil
		}
		q.PageSize /= 2
	}
}

func (s *server) getJob(ctx context.Context, in *getJobInput) (*getJobOutput, error) {
	j, err := s.Jobs.Job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body := s.shownWhole(j)
	etag, err := etagOf(body)
	if err != nil {
		return nil, err
	}
	out := &getJobOutput{Status: http.StatusOK, ETag: etag, CacheControl: "no-cache", Body: &body}
	if !j.State.Ended() {
		out.RetryAfter = retryAfter(s.Poll)
	}
	if matches(in.IfNoneMatch, etag) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// retryAfter rounds an interval up to the whole seconds that the header knows.
func retryAfter(poll time.Duration) string {
	return strconv.Itoa(int(math.Ceil(poll.Seconds())))
}

func statusKey(status int) string { return strconv.Itoa(status) }
