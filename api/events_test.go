package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// event is one server-sent event.
type event struct{ name, id, data string }

// stream is an open event stream.
type stream struct {
	*http.Response
	lines *bufio.Scanner
}

func (b *bundle) open(t *testing.T, id string, headers ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/v1/jobs/"+id+"/events", nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return &stream{response, bufio.NewScanner(response.Body)}
}

// next reads an event; ok is false at the end of the stream.
func (s *stream) next() (e event, ok bool) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			return e, true
		}
	}
	return e, false
}

func (s *stream) want(t *testing.T, name string) event {
	t.Helper()
	e, ok := s.next()
	require.True(t, ok, "the stream ended: %v", s.lines.Err())
	require.Equal(t, name, e.name)
	return e
}

func TestEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	j := running("job-1")
	j.Request = json.RawMessage(`{"long":"request"}`)
	b.jobs.put(j)

	s := b.open(t, "job-1")
	assert.Equal(t, "text/event-stream", s.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", s.Header.Get("Cache-Control"))
	assert.Equal(t, "no", s.Header.Get("X-Accel-Buffering"))
	var got Job
	require.NoError(t, json.Unmarshal([]byte(s.want(t, "status").data), &got))
	assert.Equal(t, job.Running, got.State)
	assert.Empty(t, got.Request, "it never changes, and may be large")

	j.Progress.RowsDone = 50
	b.jobs.put(j)
	require.NoError(t, json.Unmarshal([]byte(s.want(t, "status").data), &got))
	assert.Equal(t, int64(50), got.Progress.RowsDone)

	b.jobs.put(ended("job-1", job.Failed))
	require.NoError(t, json.Unmarshal([]byte(s.want(t, "status").data), &got))
	assert.Equal(t, job.Failed, got.State)
	assert.JSONEq(t, `{"state":"failed"}`, s.want(t, "end").data)
	_, more := s.next()
	assert.False(t, more, "the stream closes")
	assert.NoError(t, s.lines.Err(), "in an orderly way")
}

func TestEventsOfAnEndedJob(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(ended("job-1", job.Succeeded))
	s := b.open(t, "job-1", "Last-Event-ID", "whatever")
	s.want(t, "status")
	s.want(t, "end")
	_, more := s.next()
	assert.False(t, more)
}

func TestEventsRefuse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.get(t, "/v1/jobs/nothing/events").problem(t, http.StatusNotFound)
	b.jobs.fail(&job.Error{Code: job.CodeUnavailable, Message: "Temporal does not answer", Err: errors.New("dial 10.0.0.7")})
	a := b.get(t, "/v1/jobs/job-1/events")
	a.problem(t, http.StatusServiceUnavailable)
	assert.NotContains(t, string(a.body), "10.0.0.7")
	assert.Contains(t, b.log.String(), "10.0.0.7")
}

func TestEventsPing(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Ping = time.Millisecond })
	b.jobs.put(running("job-1"))
	s := b.open(t, "job-1")
	s.want(t, "status")
	s.want(t, "ping")
	s.want(t, "ping")
}

// A stream that has begun rides out an outage.
func TestEventsDuringAnOutage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(running("job-1"))
	s := b.open(t, "job-1")
	s.want(t, "status")
	b.jobs.fail(errors.New("down"))
	asked := b.jobs.askedTimes()
	require.Eventually(t, func() bool { return b.jobs.askedTimes() > asked+2 }, patience, time.Millisecond)
	b.jobs.put(ended("job-1", job.Succeeded))
	b.jobs.fail(nil)
	s.want(t, "status")
	s.want(t, "end")
}

// A hundred watchers cost one poller, and nobody polls once they have left.
func TestOnePollerPerJob(t *testing.T) {
	t.Parallel()
	const watchers = 100
	b := setup(t)
	b.jobs.put(running("job-1"))
	b.jobs.entered, b.jobs.release = make(chan struct{}), make(chan struct{})

	var all sync.WaitGroup
	seen := make(chan string, watchers)
	for range watchers {
		all.Go(func() {
			s := b.open(t, "job-1")
			for {
				e, ok := s.next()
				if !ok || e.name == "end" {
					seen <- e.name
					return
				}
			}
		})
	}
	<-b.jobs.entered // the poller asks, and does not get an answer yet
	waitForMetric(t, b, `longhaul_http_requests_in_flight{route="/v1/jobs/:id/events"} 100`)
	assert.Equal(t, 1, b.jobs.askedTimes(), "a hundred watchers, one question")
	waitForMetric(t, b, "longhaul_watched_jobs 1")

	b.jobs.release <- struct{}{}
	<-b.jobs.entered
	b.jobs.put(ended("job-1", job.Succeeded))
	b.jobs.release <- struct{}{}
	all.Wait()
	for range watchers {
		assert.Equal(t, "end", <-seen)
	}
	waitForMetric(t, b, "longhaul_watched_jobs 0")
	assert.Equal(t, 2, b.jobs.askedTimes(), "an ended job is asked for no more")
}

func TestPollerStopsWithTheLastWatcher(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(running("job-1"))
	first, second := b.open(t, "job-1"), b.open(t, "job-1")
	first.want(t, "status")
	second.want(t, "status")
	first.Body.Close()
	asked := b.jobs.askedTimes()
	require.Eventually(t, func() bool { return b.jobs.askedTimes() > asked+2 }, patience, time.Millisecond, "one still watches")
	second.Body.Close()
	waitForMetric(t, b, "longhaul_watched_jobs 0")

	third := b.open(t, "job-1")
	third.want(t, "status")
}

// A watcher that does not read skips what is out of date and holds up nobody.
func TestSlowWatcher(t *testing.T) {
	t.Parallel()
	fake := &fakeJobs{jobs: map[string]job.Job{}}
	fake.put(running("job-1"))
	h := testHub(t, fake)
	slow, quick := h.watch(t.Context(), "job-1"), h.watch(t.Context(), "job-1")
	defer slow.leave()
	defer quick.leave()
	n, err := quick.first(t.Context())
	require.NoError(t, err)
	for i := range 20 {
		j := running("job-1")
		j.Progress.RowsDone = int64(100 + i)
		fake.put(j)
		select {
		case <-n.next:
		case <-time.After(patience):
			require.FailNow(t, "the quick watcher waits for the slow one")
		}
		n = quick.latest()
		require.Equal(t, j.Progress.RowsDone, n.job.Progress.RowsDone)
	}
	assert.Equal(t, int64(119), slow.latest().job.Progress.RowsDone, "only the latest")
}

func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(running("job-1"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- Serve(ctx, listener, b.api, ServeOptions{Grace: patience}) }()
	b.url = "http://" + listener.Addr().String()

	s := b.open(t, "job-1")
	s.want(t, "status")
	stop()
	_, more := s.next()
	assert.False(t, more)
	require.NoError(t, s.lines.Err(), "it ends in an orderly way, so that the browser reconnects")
	select {
	case err := <-stopped:
		require.NoError(t, err)
	case <-time.After(patience):
		require.FailNow(t, "the stream holds up the shutdown")
	}
}
