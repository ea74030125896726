package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/longhaul/longhaul/job"
)

type requestIDKey struct{}

// requestIDOf returns the ID that observe has given the request.
func requestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// observe names, measures and logs each request.
func (s *server) observe(c *gin.Context) {
	id := rand.Text()
	c.Header("X-Request-Id", id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey{}, id))

	route := c.FullPath()
	if route == "" {
		route = "other" // one label for all unknown paths: clients must not be able to make new ones
	}
	started := time.Now()
	done := s.metrics.begin(route, c.Request.Method)
	c.Next()
	done(c.Writer.Status())
	s.Logger.DebugContext(c.Request.Context(), "request", "request", id, "method", c.Request.Method,
		"path", c.Request.URL.Path, "status", c.Writer.Status(), "bytes", c.Writer.Size(), "took", time.Since(started))
}

// recover turns a panic into a problem; one in the middle of an answer breaks the connection, so that
// the client does not take the half for the whole.
func (s *server) recover(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(cause)
		}
		ctx := c.Request.Context()
		s.Logger.ErrorContext(ctx, "panic in handler", "request", requestIDOf(ctx), "path", c.Request.URL.Path,
			"panic", cause, "stack", string(debug.Stack()))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler)
		}
		c.Abort()
		writeProblem(c.Writer, problemOf(fmt.Errorf("panic: %v", cause), requestIDOf(ctx)))
	}()
	c.Next()
}

// strictCSP allows nothing at all; pages replace it by what they need.
const strictCSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// secure sets the headers that every answer has. There is no CORS: other sites' pages read nothing here.
func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", strictCSP)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if isAPI(c.Request.URL.Path) {
		h.Set("Cache-Control", "no-store") // operations that can be cached say so themselves
	}
	c.Next()
}

// refuseOtherSites keeps other sites' pages from starting or cancelling jobs with the browser of somebody
// who has access. There is no login here, so being able to reach the port is all that such a page needs.
func refuseOtherSites() gin.HandlerFunc {
	guard := http.NewCrossOriginProtection()
	return func(c *gin.Context) {
		if err := guard.Check(c.Request); err != nil {
			c.Abort()
			writeProblem(c.Writer, blank(http.StatusForbidden, "browsers may send this only from pages of this very server"))
			return
		}
		c.Next()
	}
}

func isAPI(path string) bool { return path == "/v1" || strings.HasPrefix(path, "/v1/") }

// asParameters turns pointers into a body that the request does not have into names of parameters.
func (p *Problem) asParameters(names ...string) *Problem {
	for i, place := range p.Errors {
		if place.Pointer == nil {
			continue
		}
		name := strings.TrimPrefix(*place.Pointer, "/")
		for _, known := range names {
			if name == known {
				p.Errors[i] = ProblemPlace{Parameter: name, Message: place.Message}
			}
		}
	}
	return p
}

// isNotFound tells whether err means that the thing itself is missing.
func isNotFound(err error) bool { return job.CodeOf(err) == job.CodeNotFound }
