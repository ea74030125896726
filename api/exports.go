package api

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// ExportRequest is the body of POST /v1/exports/{kind}.
type ExportRequest struct {
	Tenant   string   `json:"tenant" minLength:"1" maxLength:"64" doc:"Seller code" example:"acme"`
	Filters  Filters  `json:"filters,omitempty"`
	Columns  []string `json:"columns,omitempty" nullable:"false" maxItems:"500" doc:"Names of columns in the order wanted; default all"`
	Format   string   `json:"format,omitempty" enum:"xlsx,csv" doc:"Default xlsx"`
	Locale   string   `json:"locale,omitempty" enum:"ko,en" doc:"Language of the headers; default ko"`
	Filename string   `json:"filename,omitempty" maxLength:"255" doc:"Name of the file; default made from kind, tenant and day"`
}

// Filters are job.Filters with a schema that says what their JSON may be.
type Filters job.Filters

// Schema implements huma.SchemaProvider. How many values, and how long, is left to the kind, whose
// messages say more than "matches none of the schemas".
func (Filters) Schema(huma.Registry) *huma.Schema {
	scalar := func() []*huma.Schema {
		return []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}}
	}
	most := 100 // no kind has as many filters; it bounds the errors in one answer
	return &huma.Schema{
		Type:          huma.TypeObject,
		MaxProperties: &most,
		Description:   "Values by name of filter; GET /v1/kinds/{type}/{kind} says which there are",
		AdditionalProperties: &huma.Schema{OneOf: append(scalar(), &huma.Schema{
			Type: huma.TypeArray, Items: &huma.Schema{OneOf: scalar()},
		})},
		Examples: []any{map[string]any{"from": "2026-01-01", "status": []string{"new", "paid"}}},
	}
}

type startExportInput struct {
	Kind           string    `path:"kind" maxLength:"64" example:"stock-shortages"`
	IdempotencyKey string    `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]+$" doc:"Visible ASCII characters. Names this request, so that it may be sent again without starting a second job"`
	RequestedBy    Requester `header:"X-Requested-By" maxLength:"200" doc:"Who asks; shown with the job"`
	Body           ExportRequest
}

// Requester is who asks, as the caller says. Its check goes wherever it goes.
type Requester string

// Resolve refuses names that cannot be shown.
func (r Requester) Resolve(huma.Context) []error {
	if !utf8.ValidString(string(r)) || strings.ContainsFunc(string(r), unicode.IsControl) {
		return []error{&huma.ErrorDetail{Location: "header.X-Requested-By", Message: "must be UTF-8 without control characters"}}
	}
	return nil
}

type startedOutput struct {
	Location   string `header:"Location" format:"uri-reference" doc:"The job"`
	RetryAfter string `header:"Retry-After" doc:"Seconds until it is worth asking"`
	Replayed   string `header:"Idempotent-Replayed" enum:"true" doc:"The job was started by an earlier request with the same Idempotency-Key"`
	Body       Job
}

func (s *server) registerExports() {
	register(s, huma.Operation{
		OperationID: "start-export", Method: http.MethodPost, Path: "/v1/exports/{kind}", Tags: []string{"exports"},
		Summary:         "Start an export",
		Description:     "Answers as soon as the job is recorded. Watch it at Location or its events.",
		DefaultStatus:   http.StatusAccepted,
		MaxBodyBytes:    MaxBody,
		BodyReadTimeout: bodyTimeout,
		Middlewares:     huma.Middlewares{s.onlyJSON},
		Responses: s.answers(
			http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.startExport)
}

func (s *server) startExport(ctx context.Context, in *startExportInput) (*startedOutput, error) {
	j, replayed, err := s.Jobs.StartExport(ctx, contract.ExportInput{
		Kind: in.Kind, Tenant: in.Body.Tenant, Filters: job.Filters(in.Body.Filters), Columns: in.Body.Columns,
		Format: in.Body.Format, Locale: in.Body.Locale, Filename: in.Body.Filename, RequestedBy: string(in.RequestedBy),
	}, in.IdempotencyKey)
	switch {
	case err != nil && in.IdempotencyKey != "" && belongsToOther(err):
		return nil, keyBelongsToOther()
	case isNotFound(err):
		p := problemOf(err, requestIDOf(ctx))
		if len(p.Errors) == 0 {
			p.Errors = []ProblemPlace{{Parameter: "kind", Message: p.Detail}}
		}
		return nil, p
	case err != nil:
		return nil, problemOf(err, requestIDOf(ctx)).asParameters("kind")
	}
	out := &startedOutput{Location: jobURL(j.ID), Body: s.shownWhole(j)}
	if !j.State.Ended() {
		out.RetryAfter = retryAfter(s.Poll)
	}
	if replayed {
		out.Replayed = "true"
	}
	return out, nil
}

func keyBelongsToOther() *Problem {
	p := newProblem(keyReused, "this Idempotency-Key was used before for another request")
	p.Errors = []ProblemPlace{{Header: "Idempotency-Key", Message: "use a new key for a new request"}}
	return p
}

// belongsToOther tells whether a start was refused because of its key, see [Jobs].
func belongsToOther(err error) bool {
	var e *job.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == job.CodeConflict || (e.Code == job.CodeInvalid && len(e.Fields) == 0)
}

// onlyJSON refuses a body that does not say it is JSON. huma takes one without a type for JSON, and that is
// what a form of another site can send without asking.
func (s *server) onlyJSON(ctx huma.Context, next func(huma.Context)) {
	media, params, err := mime.ParseMediaType(ctx.Header("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		s.refuse(ctx, blank(http.StatusUnsupportedMediaType, "the body must be sent as Content-Type: application/json, in UTF-8"))
		return
	}
	next(ctx)
}

// answers documents the problems that an operation may answer with, besides 500.
func (s *server) answers(statuses ...int) map[string]*huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	responses := map[string]*huma.Response{}
	for _, status := range append(statuses, http.StatusInternalServerError) {
		responses[statusKey(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
		}
	}
	return responses
}
