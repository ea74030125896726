package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// Partner is [job.Partner] with its documentation.
type Partner struct {
	Name       string         `json:"name"`
	Host       string         `json:"host,omitempty" doc:"Where it is; left out where it is not configured"`
	Kinds      []string       `json:"kinds" nullable:"false" doc:"The syncs that call it"`
	Configured PartnerLimits  `json:"configured" doc:"As the settings say"`
	Changed    *PartnerLimits `json:"changed,omitempty" doc:"What was changed since, which holds"`
	Account    Account        `json:"account"`
	URL        string         `json:"url" format:"uri-reference"`
	_          struct{}       `json:"-" additionalProperties:"true"`
}

// PartnerLimits is [job.PartnerLimits] with its documentation.
type PartnerLimits struct {
	MaxInFlight    *int     `json:"max_in_flight,omitempty" nullable:"false" minimum:"1" maximum:"1000" doc:"The most calls on their way at once"`
	IntervalMillis *float64 `json:"interval_ms,omitempty" nullable:"false" minimum:"0" maximum:"3600000" doc:"The least time between two starts, in milliseconds; 0: none"`
	Rate           *string  `json:"rate,omitempty" nullable:"false" maxLength:"32" doc:"The most starts in a time; 0: no limit" example:"600/1m"`
	DailyQuota     *int64   `json:"daily_quota,omitempty" nullable:"false" minimum:"0" doc:"The most starts in a day; 0: no limit"`
	TimeoutMillis  *int64   `json:"timeout_ms,omitempty" nullable:"false" minimum:"100" maximum:"600000" doc:"How long a call may take, in milliseconds"`
}

// PartnerChange is the body of PATCH /v1/partners/{name}.
type PartnerChange struct {
	PartnerLimits
	Reset bool `json:"reset,omitempty" doc:"Forget all earlier changes first: limits that are not given here are as configured again"`
}

// PartnerList is every partner.
type PartnerList struct {
	Partners []Partner `json:"partners" nullable:"false"`
	_        struct{}  `json:"-" additionalProperties:"true"`
}

// PartnerPath is part of inputs; exported because huma does not look into embedded structs that are not.
type PartnerPath struct {
	Name string `path:"name" maxLength:"64" example:"marketplace"`
}

type (
	listPartnersOutput struct{ Body PartnerList }
	partnerOutput      struct{ Body Partner }
	changePartnerInput struct {
		PartnerPath
		Body PartnerChange
	}
)

func (s *server) registerPartners() {
	register(s, huma.Operation{
		OperationID: "list-partners", Method: http.MethodGet, Path: "/v1/partners", Tags: []string{"partners"},
		Summary: "List the outside systems and how their accounts stand", Responses: s.answers(http.StatusServiceUnavailable),
	}, func(ctx context.Context, _ *struct{}) (*listPartnersOutput, error) {
		partners, err := s.Jobs.Partners(ctx)
		if err != nil {
			return nil, err
		}
		out := &listPartnersOutput{Body: PartnerList{Partners: make([]Partner, 0, len(partners))}} // as many as were set up
		for _, p := range partners {
			out.Body.Partners = append(out.Body.Partners, shownPartner(p))
		}
		return out, nil
	})
	register(s, huma.Operation{
		OperationID: "get-partner", Method: http.MethodGet, Path: "/v1/partners/{name}", Tags: []string{"partners"},
		Summary: "One partner", Responses: s.answers(http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, func(ctx context.Context, in *PartnerPath) (*partnerOutput, error) {
		p, err := s.Jobs.Partner(ctx, in.Name)
		if err != nil {
			return nil, err
		}
		return &partnerOutput{Body: shownPartner(p)}, nil
	})
	register(s, huma.Operation{
		OperationID: "change-partner", Method: http.MethodPatch, Path: "/v1/partners/{name}", Tags: []string{"partners"},
		Summary: "Change what a partner's account allows",
		Description: "For all jobs, those that run too, within seconds; it outlasts restarts. What is left out, or null, stays; " +
			"`reset` takes all limits back to the settings.",
		MaxBodyBytes: MaxBody, BodyReadTimeout: bodyTimeout, Middlewares: huma.Middlewares{s.onlyJSON},
		Responses: s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.changePartner)
}

func (s *server) changePartner(ctx context.Context, in *changePartnerInput) (*partnerOutput, error) {
	if in.Body == (PartnerChange{}) {
		return nil, job.Invalid(job.FieldError{Message: "give a limit to change, or reset"})
	}
	p, err := s.Jobs.ChangePartner(ctx, in.Name, job.PartnerLimits(in.Body.PartnerLimits), in.Body.Reset)
	if err != nil {
		return nil, err
	}
	return &partnerOutput{Body: shownPartner(p)}, nil
}

func shownPartner(p job.Partner) Partner {
	out := Partner{
		Name: p.Name, Host: p.Host, Kinds: append([]string{}, p.Kinds...), Configured: PartnerLimits(p.Configured),
		Account: shownAccount(p.Account), URL: "/v1/partners/" + url.PathEscape(p.Name),
	}
	if p.Changed != nil {
		changed := PartnerLimits(*p.Changed)
		out.Changed = &changed
	}
	return out
}
