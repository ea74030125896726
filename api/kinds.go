package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

// KindSummary is a kind in the list.
type KindSummary struct {
	Type  job.Type     `json:"type" enum:"export,bulk_save,sync"`
	Name  string       `json:"name"`
	Title dataset.Text `json:"title"`
	About dataset.Text `json:"about"`
	URL   string       `json:"url" format:"uri-reference"`
	_     struct{}     `json:"-" additionalProperties:"true"`
}

// KindList is every kind of the catalogue, in its order.
type KindList struct {
	Kinds []KindSummary `json:"kinds" nullable:"false"`
	_     struct{}      `json:"-" additionalProperties:"true"`
}

// Kind is all that a client has to know to ask for one.
type Kind struct {
	Type job.Type `json:"type" enum:"export,bulk_save,sync"`
	dataset.Description
}

type (
	listKindsOutput struct{ Body KindList }
	getKindInput    struct {
		Type string `path:"type" enum:"export,bulk_save,sync"`
		Kind string `path:"kind" maxLength:"64"`
	}
	getKindOutput struct{ Body Kind }
)

func (s *server) registerKinds() {
	register(s, huma.Operation{
		OperationID: "list-kinds", Method: http.MethodGet, Path: "/v1/kinds", Tags: []string{"kinds"},
		Summary: "What can be exported", Responses: s.answers(),
	}, s.listKinds)
	register(s, huma.Operation{
		OperationID: "get-kind", Method: http.MethodGet, Path: "/v1/kinds/{type}/{kind}", Tags: []string{"kinds"},
		Summary: "Columns, filters and formats of one kind", Responses: s.answers(http.StatusNotFound, http.StatusUnprocessableEntity),
	}, s.getKind)
}

func (s *server) listKinds(context.Context, *struct{}) (*listKindsOutput, error) {
	out := &listKindsOutput{Body: KindList{Kinds: []KindSummary{}}}
	for _, e := range s.Kinds.Exports() {
		out.Body.Kinds = append(out.Body.Kinds, KindSummary{
			Type: job.TypeExport, Name: e.Name, Title: e.Title, About: e.About,
			URL: "/v1/kinds/" + string(job.TypeExport) + "/" + e.Name,
		})
	}
	return out, nil
}

func (s *server) getKind(_ context.Context, in *getKindInput) (*getKindOutput, error) {
	if job.Type(in.Type) != job.TypeExport {
		return nil, job.Errorf(job.CodeNotFound, "there are no kinds of type %s", in.Type)
	}
	e, err := s.Kinds.Export(in.Kind)
	if err != nil {
		return nil, err
	}
	return &getKindOutput{Body: Kind{Type: job.TypeExport, Description: e.Describe()}}, nil
}
