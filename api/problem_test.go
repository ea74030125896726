package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// Each code has its answer, and no answer holds more than the message made for the user.
func TestProblemOfEachCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		about  problemType
	}{
		{job.Errorf(job.CodeInvalid, "m"), http.StatusUnprocessableEntity, problemInvalid},
		{job.Errorf(job.CodeNotFound, "m"), http.StatusNotFound, problemNotFound},
		{job.Errorf(job.CodeDuplicate, "m"), http.StatusConflict, problemDuplicate},
		{job.Errorf(job.CodeConflict, "m"), http.StatusConflict, problemConflict},
		{job.Errorf(job.CodeGone, "m"), http.StatusGone, problemGone},
		{job.Errorf(job.CodeTooLarge, "m"), http.StatusRequestEntityTooLarge, problemTooLarge},
		{job.Errorf(job.CodeUnavailable, "m"), http.StatusServiceUnavailable, problemUnavailable},
		{job.Errorf(job.CodeInternal, "m"), http.StatusInternalServerError, problemInternal},
		{job.Errorf("a code of the future", "m"), http.StatusInternalServerError, problemInternal},
		{errors.New("secret"), http.StatusInternalServerError, problemInternal},
		{fmt.Errorf("ask: %w", context.DeadlineExceeded), http.StatusServiceUnavailable, problemUnavailable},
		{fmt.Errorf("wrapped: %w", &job.Error{Code: job.CodeGone, Message: "m", Err: errors.New("secret")}), http.StatusGone, problemGone},
	} {
		t.Run(fmt.Sprint(c.err), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.jobs.fail(c.err)
			a := b.get(t, "/v1/jobs/job-1")
			p := a.problem(t, c.status)
			assert.Equal(t, string(c.about), p["type"])
			assert.NotContains(t, string(a.body), "secret")
			id := a.Header.Get("X-Request-Id")
			require.NotEmpty(t, id)
			if c.status >= http.StatusInternalServerError {
				assert.Equal(t, id, p["request_id"])
				assert.Contains(t, b.log.String(), id)
				assert.Equal(t, 1, strings.Count(b.log.String(), "request failed"))
			} else {
				assert.Empty(t, b.log.String(), "the client's errors are not ours")
			}
			if c.status == http.StatusServiceUnavailable {
				assert.NotEmpty(t, a.Header.Get("Retry-After"))
			}
		})
	}
}

func TestProblemsOfHTTP(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.get(t, "/v2/nothing").problem(t, http.StatusNotFound)
	b.get(t, "/v1/jobs/").problem(t, http.StatusNotFound)
	a := b.send(t, http.MethodDelete, "/v1/jobs", "")
	p := a.problem(t, http.StatusMethodNotAllowed)
	assert.Equal(t, "GET", a.Header.Get("Allow"))
	assert.Equal(t, "about:blank", p["type"])
	assert.Equal(t, "Method Not Allowed", p["title"])
}

func TestPanicBecomesProblem(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Jobs = panicking{o.Jobs.(*fakeJobs)} })
	a := b.get(t, "/v1/jobs/job-1")
	p := a.problem(t, http.StatusInternalServerError)
	assert.Equal(t, a.Header.Get("X-Request-Id"), p["request_id"])
	assert.NotContains(t, string(a.body), "secret")
	assert.Contains(t, b.log.String(), "secret")
	waitForMetric(t, b, `longhaul_http_requests_total{method="GET",route="/v1/jobs/:id",status="500"} 1`)
}

type panicking struct{ *fakeJobs }

func (panicking) Job(context.Context, string) (job.Job, error) { panic("secret") }

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Web = pageForTest() })
	b.jobs.put(running("job-1"))
	for _, path := range []string{"/v1/jobs", "/v1/nothing", "/healthz", "/metrics", "/openapi.json"} {
		h := b.get(t, path, "Origin", "https://other.example").Header
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		assert.Equal(t, strictCSP, h.Get("Content-Security-Policy"), path)
		assert.Empty(t, h.Get("Access-Control-Allow-Origin"), path)
	}
	assert.Equal(t, "no-store", b.get(t, "/v1/jobs").Header.Get("Cache-Control"))
	assert.Equal(t, docsCSP, b.get(t, "/docs").Header.Get("Content-Security-Policy"))

	for _, path := range []string{"/", "/static/app.js"} {
		a := b.get(t, path)
		assert.Equal(t, http.StatusOK, a.StatusCode)
		assert.Equal(t, "page "+path, string(a.body))
		assert.Equal(t, "its own", a.Header.Get("Content-Security-Policy"))
		assert.Equal(t, http.StatusOK, b.send(t, http.MethodHead, path, "").StatusCode)
	}
	b.get(t, "/elsewhere").problem(t, http.StatusNotFound)
}

func pageForTest() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "its own")
		fmt.Fprintf(w, "page %s", r.URL.Path)
	})
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	_, err := New(Options{})
	assert.ErrorContains(t, err, "Jobs, Files and Kinds")
}

func TestPointerTo(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": "", "tenant": "/tenant", "columns[2]": "/columns/2", "rows[1][2].sku": "/rows/1/2/sku",
		"filters.from": "/filters/from", "filters.a.b": "/filters/a.b", "a~/b": "/a~0~1b",
	} {
		assert.Equal(t, want, pointerTo(path), path)
	}
}
