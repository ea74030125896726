package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/danielgtaylor/huma/v2/sse"

	"github.com/longhaul/longhaul/job"
)

// The events of a job's stream. Their Go types decide the names under which huma sends and documents them.
type (
	// statusEvent is sent at once and whenever something has changed.
	statusEvent Job
	// endEvent is the last one.
	endEvent struct {
		State job.State `json:"state" enum:"succeeded,partially_succeeded,failed,cancelled,timed_out"`
	}
	// pingEvent shows that the stream lives; proxies drop silent ones.
	pingEvent struct {
		At time.Time `json:"at"`
	}
)

type watchInput struct {
	JobPath
	LastEventID string `header:"Last-Event-ID" maxLength:"100" doc:"Accepted from browsers that reconnect. The stream has no past: it begins with the present state, whatever was seen before"`
}

type watchKey struct{}

// registerEvents adds the stream. huma's sse begins its answer before our function runs, so whatever can
// go wrong is tried out in a middleware before it.
func (s *server) registerEvents() {
	op := s.documented(huma.Operation{
		OperationID: "watch-job", Method: http.MethodGet, Path: "/v1/jobs/{id}/events", Tags: []string{"jobs"},
		Summary:     "Watch a job (server-sent events)",
		Description: "`status` at once and at each change, `ping` now and then, `end` once the job has ended; then the stream closes, and a client should close its EventSource, which would otherwise begin anew.",
		Middlewares: huma.Middlewares{s.beginWatch},
		Responses:   s.answers(http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	})
	sse.Register(s.api, op, map[string]any{
		"status": statusEvent{}, "end": endEvent{}, "ping": pingEvent{},
	}, func(ctx context.Context, _ *watchInput, send sse.Sender) {
		if w, ok := ctx.Value(watchKey{}).(*watch); ok {
			s.stream(ctx, w, send)
		}
	})
}

// beginWatch answers 404 and 503 while that is still possible, and holds the watch for the stream.
func (s *server) beginWatch(ctx huma.Context, next func(huma.Context)) {
	w := s.hub.watch(ctx.Context(), ctx.Param("id"))
	defer w.leave()
	if _, err := w.first(ctx.Context()); err != nil {
		s.refuse(ctx, s.problem(ctx.Context(), err))
		return
	}
	ctx.SetHeader("Cache-Control", "no-store")
	ctx.SetHeader("X-Accel-Buffering", "no") // nginx would collect events before it sends them on
	next(huma.WithValue(ctx, watchKey{}, w))

	// huma sets a deadline for each write and leaves the last one on the connection, where it would hit
	// the next request.
	_ = http.NewResponseController(humagin.Unwrap(ctx).Writer).SetWriteDeadline(time.Time{})
}

// stream sends the latest state until the job has ended, the client has gone or the server goes down. A
// client cut off by the latter reconnects by itself, to whichever server is up.
func (s *server) stream(ctx context.Context, w *watch, send sse.Sender) {
	ping := time.NewTicker(s.Ping)
	defer ping.Stop()
	for sent := 0; ; {
		n := w.latest()
		if n.err != nil { // it was there and is not any more
			return
		}
		if n.seq > sent {
			if send(sse.Message{ID: n.seq, Data: statusEvent(s.shown(n.job))}) != nil {
				return
			}
			sent = n.seq
		}
		if n.job.State.Ended() {
			_ = send(sse.Message{ID: n.seq, Data: endEvent{State: n.job.State}})
			return
		}
		select {
		case <-n.next:
		case <-ping.C:
			if send.Data(pingEvent{At: s.Now().UTC()}) != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-draining(ctx):
			return
		}
	}
}
