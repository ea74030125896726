package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// RetryRequest is the body of POST /v1/jobs/{id}/retry: the items of a sync that are sent again.
type RetryRequest struct {
	Outcome   string     `json:"outcome,omitempty" enum:"failed,unprocessed"`
	Codes     []ItemCode `json:"codes,omitempty" nullable:"false" maxItems:"50" doc:"Any of these"`
	Positions []int64    `json:"positions,omitempty" nullable:"false" maxItems:"1000" minimum:"1" doc:"Single items, each that has not succeeded"`
}

type retryInput struct {
	JobPath
	RequestedBy Requester     `header:"X-Requested-By" maxLength:"200" doc:"Who asks, where items are chosen; else it is who asked for the job"`
	Body        *RetryRequest `doc:"Of syncs: only items that meet every condition given"`
}

func (s *server) registerRetry() {
	register(s, huma.Operation{
		OperationID: "retry-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/retry", Tags: []string{"jobs"},
		Summary:       "Start an ended job anew",
		Description:   "The same request again; of a sync, the items that failed or were not processed, or those of them that the body chooses. Location is the new job.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: MaxBody, BodyReadTimeout: bodyTimeout,
		Middlewares: huma.Middlewares{s.onlyJSONIfAny},
		Responses: s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.retry)
}

func (s *server) retry(ctx context.Context, in *retryInput) (*controlOutput, error) {
	if in.Body == nil || in.Body.Outcome == "" && len(in.Body.Codes) == 0 && len(in.Body.Positions) == 0 {
		j, err := s.Jobs.Retry(ctx, in.ID)
		return s.controlled(j, err)
	}
	j, err := s.Jobs.Job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if j.Type != job.TypeSync {
		return nil, job.Invalid(job.FieldError{Message: "only of a sync can items be chosen; send no body"})
	}
	sel := contract.SyncRetry{JobID: in.ID, Outcome: job.ItemOutcome(in.Body.Outcome), Positions: in.Body.Positions}
	for _, code := range in.Body.Codes {
		sel.Codes = append(sel.Codes, job.ItemCode(code))
	}
	j, err = s.Jobs.RetryItems(ctx, in.ID, sel, string(in.RequestedBy))
	return s.controlled(j, err)
}

// onlyJSONIfAny is onlyJSON for an operation that needs no body.
func (s *server) onlyJSONIfAny(ctx huma.Context, next func(huma.Context)) {
	if humagin.Unwrap(ctx).Request.ContentLength == 0 {
		next(ctx)
		return
	}
	s.onlyJSON(ctx, next)
}
