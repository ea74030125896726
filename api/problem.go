package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// problemType is what a Problem's type says; the fragment is a section of the page /docs.
type problemType string

// The types of problems. Those that HTTP itself explains (405, 415 …) are about:blank, as RFC 9457 has it.
const (
	problemBlank       problemType = "about:blank"
	problemInvalid     problemType = "/docs#invalid"
	problemNotFound    problemType = "/docs#not-found"
	problemDuplicate   problemType = "/docs#duplicate"
	problemConflict    problemType = "/docs#conflict"
	problemKeyReused   problemType = "/docs#idempotency-key-reused"
	problemGone        problemType = "/docs#gone"
	problemTooLarge    problemType = "/docs#too-large"
	problemUnavailable problemType = "/docs#unavailable"
	problemInternal    problemType = "/docs#internal"
)

// kindOfProblem describes a type of problem once, for answers and for the document.
type kindOfProblem struct {
	Type   problemType `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	About  string      `json:"about"`
}

// problems maps what went wrong to what the client sees.
var problems = map[job.Code]kindOfProblem{
	job.CodeInvalid: {problemInvalid, "The request is not valid", http.StatusUnprocessableEntity,
		"Each wrong place is named in errors, by a JSON pointer into the body (the fields of a form count as its members), a parameter or a header."},
	job.CodeNotFound: {problemNotFound, "Not found", http.StatusNotFound,
		"There is no such job, kind, upload, file, partner or schedule."},
	job.CodeDuplicate: {problemDuplicate, "The same job runs already", http.StatusConflict,
		"job_id, job_url and Location name the running job. Wait for it, or cancel it first."},
	job.CodeConflict: {problemConflict, "Not possible in this state", http.StatusConflict,
		"The state of the job or schedule does not allow it (a job's links say what is possible), or there is a schedule of that ID."},
	job.CodeGone: {problemGone, "No longer there", http.StatusGone,
		"What was kept for a time has expired or was removed. A job's file is made anew by retrying the job."},
	job.CodeTooLarge: {problemTooLarge, "Too large", http.StatusRequestEntityTooLarge,
		"A stated limit of size was met."},
	job.CodeUnavailable: {problemUnavailable, "Not available just now", http.StatusServiceUnavailable,
		"A part that is needed does not answer. Try again after Retry-After seconds; use the same Idempotency-Key."},
	job.CodeInternal: {problemInternal, "Internal error", http.StatusInternalServerError,
		"A fault of this program; request_id finds it in the log."},
}

// keyReused stands beside the table because no error code of its own belongs to it.
var keyReused = kindOfProblem{problemKeyReused, "The Idempotency-Key belongs to another request", http.StatusUnprocessableEntity,
	"A key names one request for good. Use a new key for another body."}

// Problem is an RFC 9457 problem document, the body of every error.
type Problem struct { //nolint:errname // RFC 9457 calls it so, and the OpenAPI document takes the name from here
	Type      problemType    `json:"type" doc:"URI of the kind of problem; about:blank where the status says it all"`
	Title     string         `json:"title" doc:"The kind of problem in words; the same each time"`
	Status    int            `json:"status" doc:"HTTP status"`
	Detail    string         `json:"detail,omitempty" doc:"What went wrong this time"`
	Errors    []ProblemPlace `json:"errors,omitempty" nullable:"false" doc:"The wrong places of the request"`
	JobID     string         `json:"job_id,omitempty" doc:"duplicate: the running job"`
	JobURL    string         `json:"job_url,omitempty" format:"uri-reference" doc:"duplicate: where the running job is"`
	RequestID string         `json:"request_id,omitempty" doc:"Names this request in the log"`
	_         struct{}       `json:"-" additionalProperties:"true"`

	headers http.Header
	cause   error // for the log
}

// ProblemPlace is one wrong place; exactly one of pointer, parameter and header is set.
type ProblemPlace struct {
	Pointer   *string  `json:"pointer,omitempty" nullable:"false" doc:"JSON pointer into the body (RFC 6901); empty for the whole body"`
	Parameter string   `json:"parameter,omitempty" doc:"Name of a query or path parameter"`
	Header    string   `json:"header,omitempty" doc:"Name of a request header"`
	Message   string   `json:"message"`
	_         struct{} `json:"-" additionalProperties:"true"`
}

// Error, GetStatus, GetHeaders and ContentType make a Problem an error that huma sends as it is.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns headers to send along.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is application/problem+json, whatever was negotiated.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func (p *Problem) header(name, value string) {
	if p.headers == nil {
		p.headers = http.Header{}
	}
	p.headers.Set(name, value)
}

func newProblem(kind kindOfProblem, detail string) *Problem {
	return &Problem{Type: kind.Type, Title: kind.Title, Status: kind.Status, Detail: detail}
}

// blank makes a problem that its HTTP status explains.
func blank(status int, detail string) *Problem {
	return newProblem(kindOfProblem{Type: problemBlank, Title: http.StatusText(status), Status: status}, detail)
}

// problemOf is the one place where errors become answers. Only a *job.Error has words for the user;
// anything else is internal and goes to the log, see [server.problem].
func problemOf(err error, requestID string) *Problem {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	var e *job.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.DeadlineExceeded) {
			e = job.Errorf(job.CodeUnavailable, "a part that is needed did not answer in time")
		} else {
			e = job.Errorf(job.CodeInternal, "something went wrong here; it has been logged")
		}
	}
	kind, ok := problems[e.Code]
	if !ok {
		kind = problems[job.CodeInternal]
	}
	p := newProblem(kind, e.Message)
	p.cause = err
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemPlace{Pointer: &f.Pointer, Message: f.Message})
	}
	p.bound()
	switch kind.Type {
	case problemDuplicate:
		p.JobID, p.JobURL = e.JobID, jobURL(e.JobID)
		p.header("Location", p.JobURL)
	case problemUnavailable:
		p.header("Retry-After", "2")
		p.RequestID = requestID
	case problemInternal:
		p.RequestID = requestID
	}
	return p
}

// fromHuma turns huma's own errors (validation, bad JSON, body too large) into the same form. It is a
// transformer rather than a replacement of huma.NewError, which would be a global of the whole process.
func fromHuma(ctx huma.Context, _ string, body any) (any, error) {
	model, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	var p *Problem
	switch {
	case model.Status == http.StatusUnprocessableEntity:
		p = newProblem(problems[job.CodeInvalid], "the request is not valid")
	case model.Status == http.StatusRequestEntityTooLarge:
		p = newProblem(problems[job.CodeTooLarge], model.Detail)
	case model.Status >= http.StatusInternalServerError:
		p = newProblem(problems[job.CodeInternal], "something went wrong here; it has been logged")
		p.RequestID = requestIDOf(ctx.Context())
		return p, nil // its details are internals
	default:
		p = blank(model.Status, model.Detail)
	}
	for _, e := range model.Errors {
		if e != nil {
			p.Errors = append(p.Errors, placeOf(e.Location, e.Message))
		}
	}
	p.bound()
	return p, nil
}

// bound keeps the client from choosing the size of the answer.
func (p *Problem) bound() {
	p.Detail = cut(p.Detail)
	p.Errors = p.Errors[:min(len(p.Errors), maxPlaces)]
	for i := range p.Errors {
		place := &p.Errors[i]
		place.Message, place.Parameter, place.Header = cut(place.Message), cut(place.Parameter), cut(place.Header)
		if place.Pointer != nil {
			pointer := cut(*place.Pointer)
			place.Pointer = &pointer
		}
	}
}

func cut(s string) string { return cutTo(s, maxWords) }

func cutTo(s string, most int) string {
	if len(s) <= most { // bytes, so certainly not more characters
		return s
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// writeProblem answers outside of huma: unknown routes, refused origins, panics.
func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		return // the client has gone: nobody is left to tell
	}
}
