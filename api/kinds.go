package api

import (
	"context"
	"net/http"
	"reflect"

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

// ExportKind is all that a client has to know to ask for an export.
type ExportKind struct {
	Type job.Type `json:"type" enum:"export"`
	dataset.Description
	_ struct{} `json:"-" additionalProperties:"true"`
}

// BulkSaveKind is all that a client has to know to ask for a bulk save.
type BulkSaveKind struct {
	Type     job.Type `json:"type" enum:"bulk_save"`
	Template string   `json:"template" format:"uri-reference" doc:"An empty workbook to fill in"`
	dataset.BulkSaveDescription
	_ struct{} `json:"-" additionalProperties:"true"`
}

// SyncKind is all that a client has to know to ask for a sync.
type SyncKind struct {
	Type     job.Type `json:"type" enum:"sync"`
	Template string   `json:"template" format:"uri-reference" doc:"An empty workbook for items, to fill in"`
	dataset.SyncDescription
	_ struct{} `json:"-" additionalProperties:"true"`
}

type (
	listKindsOutput struct{ Body KindList }
	getKindInput    struct {
		Type string `path:"type" enum:"export,bulk_save,sync"`
		Kind string `path:"kind" maxLength:"64"`
	}
	getKindOutput struct{ Body any }
)

func (s *server) registerKinds() {
	register(s, huma.Operation{
		OperationID: "list-kinds", Method: http.MethodGet, Path: "/v1/kinds", Tags: []string{"kinds"},
		Summary: "What can be exported, saved and sent", Responses: s.answers(),
	}, s.listKinds)
	register(s, huma.Operation{
		OperationID: "get-kind", Method: http.MethodGet, Path: "/v1/kinds/{type}/{kind}", Tags: []string{"kinds"},
		Summary: "Columns, filters and formats of one kind", Responses: s.kindAnswers(),
	}, s.getKind)
}

// kindAnswers tells the types of kinds apart, which their common Go type cannot.
func (s *server) kindAnswers() map[string]*huma.Response {
	schemas := s.api.OpenAPI().Components.Schemas
	export := schemas.Schema(reflect.TypeFor[ExportKind](), true, "")
	save := schemas.Schema(reflect.TypeFor[BulkSaveKind](), true, "")
	sync := schemas.Schema(reflect.TypeFor[SyncKind](), true, "")
	answers := s.answers(http.StatusNotFound, http.StatusUnprocessableEntity)
	answers[statusKey(http.StatusOK)] = &huma.Response{
		Description: "OK",
		Content: map[string]*huma.MediaType{typeJSON: {Schema: &huma.Schema{
			OneOf: []*huma.Schema{export, save, sync},
			Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{
				string(job.TypeExport): export.Ref, string(job.TypeBulkSave): save.Ref, string(job.TypeSync): sync.Ref,
			}},
		}}},
	}
	return answers
}

func (s *server) listKinds(context.Context, *struct{}) (*listKindsOutput, error) {
	out := &listKindsOutput{Body: KindList{Kinds: []KindSummary{}}}
	add := func(t job.Type, name string, title, about dataset.Text) {
		out.Body.Kinds = append(out.Body.Kinds, KindSummary{Type: t, Name: name, Title: title, About: about, URL: kindURL(t, name)})
	}
	for _, e := range s.Kinds.Exports() {
		add(job.TypeExport, e.Name, e.Title, e.About)
	}
	for _, k := range s.Kinds.BulkSaves() {
		add(job.TypeBulkSave, k.Name, k.Title, k.About)
	}
	for _, k := range s.Kinds.Syncs() {
		add(job.TypeSync, k.Name, k.Title, k.About)
	}
	return out, nil
}

func (s *server) getKind(_ context.Context, in *getKindInput) (*getKindOutput, error) {
	switch t := job.Type(in.Type); t {
	case job.TypeExport:
		e, err := s.Kinds.Export(in.Kind)
		if err != nil {
			return nil, err
		}
		return &getKindOutput{Body: ExportKind{Type: t, Description: e.Describe()}}, nil
	case job.TypeBulkSave:
		k, err := s.Kinds.BulkSave(in.Kind)
		if err != nil {
			return nil, err
		}
		return &getKindOutput{Body: BulkSaveKind{Type: t, Template: templateURL(t, k.Name), BulkSaveDescription: k.Describe()}}, nil
	case job.TypeSync:
		k, err := s.Kinds.Sync(in.Kind)
		if err != nil {
			return nil, err
		}
		return &getKindOutput{Body: SyncKind{Type: t, Template: templateURL(t, k.Name), SyncDescription: k.Describe()}}, nil
	}
	return nil, job.Errorf(job.CodeNotFound, "there are no kinds of type %s", in.Type)
}

func kindURL(t job.Type, name string) string { return "/v1/kinds/" + string(t) + "/" + name }

func templateURL(t job.Type, name string) string { return kindURL(t, name) + "/template.xlsx" }
