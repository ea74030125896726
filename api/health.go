package api

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// Health is the answer of /healthz and /readyz.
type Health struct {
	Status string            `json:"status" enum:"ok,unavailable"`
	Parts  map[string]string `json:"parts,omitempty" doc:"ok or unavailable, by the name of the part; why stands in the log"`
	_      struct{}          `json:"-" additionalProperties:"true"`
}

type healthOutput struct {
	Status int
	Body   Health
}

const (
	healthy   = "ok"
	unhealthy = "unavailable"
)

func (s *server) registerHealth() {
	register(s, huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{"operation"},
		Summary: "The process lives", Responses: s.answers(),
	}, func(context.Context, *struct{}) (*healthOutput, error) {
		return &healthOutput{Status: http.StatusOK, Body: Health{Status: healthy}}, nil
	})

	ready := s.answers()
	ready[statusKey(http.StatusServiceUnavailable)] = &huma.Response{
		Description: "A part that is needed does not answer; parts says which",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Health](), true, "Health"),
		}},
	}
	register(s, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Tags: []string{"operation"},
		Summary: "All that is needed answers", Responses: ready,
	}, s.ready)
}

// ready asks all parts at the same time.
func (s *server) ready(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	names := slices.Collect(maps.Keys(s.Ready))
	failures := make([]error, len(names))
	var asked sync.WaitGroup
	for i, name := range names {
		asked.Go(func() { failures[i] = s.Ready[name](ctx) })
	}
	asked.Wait()

	out := &healthOutput{Status: http.StatusOK, Body: Health{Status: healthy, Parts: map[string]string{}}}
	for i, name := range names {
		out.Body.Parts[name] = healthy
		if failures[i] != nil {
			s.Logger.WarnContext(ctx, "not ready", "part", name, "error", failures[i])
			out.Status, out.Body.Status, out.Body.Parts[name] = http.StatusServiceUnavailable, unhealthy, unhealthy
		}
	}
	return out, nil
}
