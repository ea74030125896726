package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

type (
	templateInput struct {
		Type string `path:"type" enum:"export,bulk_save,sync"`
		Kind string `path:"kind" maxLength:"64"`
		Language
	}
	templateOutput struct {
		ContentType   string `header:"Content-Type"`
		ContentLength string `header:"Content-Length"`
		Disposition   string `header:"Content-Disposition" doc:"attachment, with the file's name in ASCII and in UTF-8"`
		Language      string `header:"Content-Language"`
		Vary          string `header:"Vary"`
		Body          []byte
	}
)

func (s *server) registerTemplate() {
	answers := s.answers(http.StatusNotFound, http.StatusUnprocessableEntity)
	answers[statusKey(http.StatusOK)] = &huma.Response{
		Description: "The workbook",
		Content:     map[string]*huma.MediaType{typeXLSX: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
	register(s, huma.Operation{
		OperationID: "get-template", Method: http.MethodGet, Path: "/v1/kinds/{type}/{kind}/template.xlsx", Tags: []string{"kinds"},
		Summary: "An empty workbook to fill in", Description: "Of bulk saves and syncs: headers, formats, lists of allowed values, and one example row.",
		RejectUnknownQueryParameters: true, Responses: answers,
	}, s.template)
}

// template writes the workbook into memory: it has one row, and so a mistake can still be answered as one.
func (s *server) template(_ context.Context, in *templateInput) (*templateOutput, error) {
	kind, err := s.rowsOf(job.Type(in.Type), in.Kind)
	if err != nil {
		return nil, err
	}
	locale := in.locale()
	var book bytes.Buffer
	if err := kind.Template(locale).Write(&book); err != nil {
		return nil, fmt.Errorf("write template of %s: %w", in.Kind, err)
	}
	name := kind.Title.Ko + " 양식.xlsx"
	if locale == "en" {
		name = kind.Title.En + " template.xlsx"
	}
	return &templateOutput{
		ContentType: typeXLSX, ContentLength: strconv.Itoa(book.Len()), Disposition: disposition(name),
		Language: locale, Vary: "Accept-Language", Body: book.Bytes(),
	}, nil
}

// rowsOf is the part of a kind that reads files.
func (s *server) rowsOf(t job.Type, name string) (dataset.Rows, error) {
	switch t {
	case job.TypeBulkSave:
		kind, err := s.Kinds.BulkSave(name)
		return kind.Rows(), err
	case job.TypeSync:
		kind, err := s.Kinds.Sync(name)
		return kind.Rows(), err
	}
	return dataset.Rows{}, job.Errorf(job.CodeNotFound, "only bulk saves and syncs have a template")
}
