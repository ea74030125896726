package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/web"
)

// site is the whole of what a browser sees: the page, the real API, and the desk behind it.
type site struct {
	*desk
	url   string
	files *blob.Store
	// down cuts every connection to the API, as if the server had gone.
	down atomic.Bool
	// holdLists keeps the answers to GET /v1/jobs back for good, so that nothing but streams can tell the page
	// about jobs.
	holdLists atomic.Bool
	// streams counts the event streams that are open.
	streams atomic.Int64
	// posts counts the requests that change something.
	posts atomic.Int64
	// cutUploads breaks the connection in the midst of a file; slowUploads makes every upload wait there until the
	// channel is closed.
	cutUploads  atomic.Bool
	slowUploads atomic.Pointer[chan struct{}]
	// loseAnswers lets requests that change something reach the desk, but not their answers the browser.
	loseAnswers atomic.Bool
}

func newSite(t *testing.T) *site {
	t.Helper()
	kinds, err := catalog.New()
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	pages, err := web.Handler(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{files: files, desk: &desk{
		kinds: kinds, keys: map[string]string{}, uploads: map[string]job.Upload{}, items: map[string][]job.Item{},
		partners: partnersConfigured(),
	}}
	handler, err := api.New(api.Options{
		Jobs: s.desk, Files: files, Kinds: kinds, Web: pages, TemporalUI: "http://temporal.test", Poll: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.faulty(handler))
	t.Cleanup(func() {
		server.CloseClientConnections() // open event streams; Close alone would wait for them
		server.Close()
	})
	s.url = server.URL
	return s
}

// faulty stands between the browser and the API and does what the site's switches say.
func (s *site) faulty(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			panic(http.ErrAbortHandler)
		}
		switch {
		case r.URL.Path == "/v1/uploads":
			s.hinder(r)
		case r.Method == http.MethodPost:
			s.posts.Add(1)
			if s.loseAnswers.Load() {
				handler.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
		case r.URL.Path == "/v1/jobs" && s.holdLists.Load():
			<-r.Context().Done()
			return
		case strings.HasSuffix(r.URL.Path, "/events"):
			s.streams.Add(1)
			defer s.streams.Add(-1)
		}
		handler.ServeHTTP(w, r)
	})
}

// hinder does to an upload what the site's switches say.
func (s *site) hinder(r *http.Request) {
	slow, cut := s.slowUploads.Load(), s.cutUploads.Load()
	if !cut && slow == nil {
		return
	}
	begin, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if slow != nil {
		<-*slow
	}
	if cut || err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), r.Body), r.Body}
}

// running is a job in the midst of its pages.
func running(done, total int64) func(*job.Job) {
	return func(j *job.Job) {
		eta := time.Now().Add(130 * time.Second)
		j.State = job.Running
		j.Progress = job.Progress{
			Phase: job.PhasePages, RowsDone: done, RowsTotal: total,
			PagesDone: int(done / 5000), PagesTotal: int((total + 4999) / 5000), Rate: 4215.4, ETA: &eta,
		}
	}
}

// succeeded is a job with its file.
func succeeded(name string, rows, size int64) func(*job.Job) {
	return func(j *job.Job) {
		running(rows, rows)(j)
		ended := j.CreatedAt.Add(83 * time.Second)
		j.State, j.EndedAt = job.Succeeded, &ended
		j.Progress.Phase, j.Progress.ETA = job.PhaseDone, nil
		j.Progress.PagesDone = j.Progress.PagesTotal
		j.Artifacts = []job.Artifact{{
			Name: name, Key: "artifacts/" + j.ID, ContentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			Size: size, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Rows: rows, Sheets: 1,
			CreatedAt: ended, ExpiresAt: time.Now().Add(7 * 24 * time.Hour),
		}}
	}
}

// broken is a job that ended before its file was made.
func broken(state job.State, reason job.Reason, message string, done, total int64) func(*job.Job) {
	return func(j *job.Job) {
		running(done, total)(j)
		ended := j.CreatedAt.Add(17 * time.Minute)
		j.State, j.Reason, j.Message, j.EndedAt = state, reason, message, &ended
		j.Progress.ETA, j.Progress.Rate = nil, 0
		if total == 0 {
			j.Progress.Phase = job.PhasePlanning
		}
	}
}
