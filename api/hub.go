package api

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/longhaul/longhaul/job"
)

// hub lets any number of streams watch a job at the price of one poller. The poller starts with the first
// watcher and stops with the last, or when the job has ended.
//
// Watchers get the latest state, not every state: the poller leaves it in the topic and goes on, so one
// that reads slowly holds up nobody and only skips what is out of date.
type hub struct {
	jobs     Jobs
	interval time.Duration
	logger   *slog.Logger
	pollers  prometheus.Gauge

	mu     sync.Mutex
	topics map[string]*topic
}

// topic is one watched job. Its fields are guarded by the hub's mutex.
type topic struct {
	watchers int
	stop     context.CancelFunc
	latest   news
}

// news is what is known about a job, and a channel that is closed when there is newer.
type news struct {
	job  job.Job
	err  error // there is no such job, or nobody could say how it stands before the first answer
	seq  int   // 0: nothing is known yet
	next chan struct{}
}

func newHub(jobs Jobs, interval time.Duration, logger *slog.Logger, pollers prometheus.Gauge) *hub {
	return &hub{jobs: jobs, interval: interval, logger: logger, pollers: pollers, topics: map[string]*topic{}}
}

// watch is one watcher's hold on a topic. Leave must be called.
type watch struct {
	hub   *hub
	id    string
	topic *topic
}

// watch begins to watch a job. The poller outlives ctx, which is that of one watcher only, but keeps its
// values.
func (h *hub) watch(ctx context.Context, id string) *watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[id]
	if t == nil {
		t = &topic{latest: news{next: make(chan struct{})}}
		h.topics[id] = t
		ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
		h.pollers.Inc()
		go h.poll(ctx, id, t)
	}
	t.watchers++
	return &watch{hub: h, id: id, topic: t}
}

// latest returns what is known now.
func (w *watch) latest() news {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	return w.topic.latest
}

// first waits for the first answer about the job.
func (w *watch) first(ctx context.Context) (news, error) {
	for {
		n := w.latest()
		if n.seq > 0 {
			return n, n.err
		}
		select {
		case <-n.next:
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
}

// leave ends the watch; the last one to leave stops the poller.
func (w *watch) leave() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	w.topic.watchers--
	if w.topic.watchers == 0 {
		w.topic.stop()
		w.hub.forget(w.id, w.topic)
	}
}

// forget makes the next watcher start anew. The caller holds the mutex.
func (h *hub) forget(id string, t *topic) {
	if h.topics[id] == t {
		delete(h.topics, id)
	}
}

// poll asks until the job has ended or nobody watches any more.
func (h *hub) poll(ctx context.Context, id string, t *topic) {
	defer h.pollers.Dec()
	for h.ask(ctx, id, t) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(h.interval): // from answer to question: a slow backend is not asked faster
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(id, t)
}

// ask asks once, and tells whether to ask again.
func (h *hub) ask(ctx context.Context, id string, t *topic) bool {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	j, err := h.jobs.Job(call, id)
	if ctx.Err() != nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil && t.latest.seq > 0 && !isNotFound(err) {
		// A stream that has begun rides out an outage: its watchers know the last state.
		h.logger.WarnContext(ctx, "ask for watched job; asking again", "job", id, "error", err)
		return true
	}
	if t.latest.seq > 0 && err == nil && reflect.DeepEqual(j, t.latest.job) {
		return !j.State.Ended()
	}
	old := t.latest
	t.latest = news{job: j, err: err, seq: old.seq + 1, next: make(chan struct{})}
	close(old.next)
	return err == nil && !j.State.Ended()
}
