package api

import (
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// config sets huma up: JSON only, 3.1 only, nothing loaded from other sites.
func (s *server) config() huma.Config {
	config := huma.DefaultConfig("Longhaul", s.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // ours: see docs.go
	config.CreateHooks = nil                                             // would add $schema to every answer
	config.Transformers = []huma.Transformer{fromHuma}
	config.Info.Description = "Exports, bulk saves and syncs of any size. A request starts a job; the job's state can be asked for, or watched, at any time. " +
		"Errors are problem documents (RFC 9457). There is no login: give access to the port to those who may start jobs."
	config.Tags = []*huma.Tag{
		{Name: "exports", Description: "Start"},
		{Name: "uploads", Description: "Files to be saved or sent"},
		{Name: "bulk-saves", Description: "Start"},
		{Name: "syncs", Description: "Start"},
		{Name: "jobs", Description: "Watch, steer, download"},
		{Name: "partners", Description: "Outside systems: how their accounts stand, and what they allow"},
		{Name: "schedules", Description: "Jobs that are started again and again"},
		{Name: "kinds", Description: "What there is"},
		{Name: "operation", Description: "For those who run it"},
	}
	config.Extensions = map[string]any{"x-problems": problemList()}
	return config
}

// problemList documents the types of problems in a fixed order.
func problemList() []kindOfProblem {
	return []kindOfProblem{
		problems[job.CodeInvalid], problems[job.CodeNotFound], problems[job.CodeDuplicate], problems[job.CodeConflict],
		keyReused, problems[job.CodeGone], problems[job.CodeTooLarge], problems[job.CodeUnavailable], problems[job.CodeInternal],
	}
}

// documented completes an operation's documentation: what every answer has.
func (s *server) documented(op huma.Operation) huma.Operation {
	if op.Responses == nil {
		op.Responses = s.answers()
	}
	return op
}

// documentRoute documents a route that huma does not serve.
func (s *server) documentRoute(path string, op huma.Operation, contentType string) {
	op.Method, op.Path = http.MethodGet, path
	op.Responses = map[string]*huma.Response{statusKey(http.StatusOK): {
		Description: op.Summary,
		Content:     map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{}}},
	}}
	s.api.OpenAPI().AddOperation(&op)
}

// document writes the OpenAPI document, without the error schema that huma registers for itself and that
// fromHuma replaces.
func (s *server) document() ([]byte, error) {
	doc := s.api.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, name := range []string{"RowError", "CodeCount"} { // a list too long for a tag
		for _, code := range job.RowCodes {
			schemas[name].Properties["code"].Enum = append(schemas[name].Properties["code"].Enum, string(code))
		}
	}
	return json.Marshal(doc)
}
