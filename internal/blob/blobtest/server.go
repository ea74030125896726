// Package blobtest is an S3 server for tests that can be told to misbehave. It speaks HTTP on a port of its
// own, so the programs under test may be other processes.
package blobtest

import (
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const bucket = "longhaul"

// Fault is a way to misbehave.
type Fault int

// The faults. Those about writes concern PUT and POST: files, and uploads in parts. Deleting, also of an
// unfinished upload, keeps working, so that cleaning up can be watched.
const (
	None         Fault = iota
	RefuseWrites       // 403 AccessDenied, as for a key whose rights were taken away
	Full               // 507 XMinioStorageFull, as of a full disk
	Busy               // 503 SlowDown to every request, which the SDK retries a few times by itself
	Down               // the connection is cut before an answer
	Hang               // no answer until the fault is lifted or the client gives up
)

// S3 is a running server with one bucket.
type S3 struct {
	// URL opens the bucket, also from another process. It needs no credentials and no AWS_ variables.
	URL string

	http *httptest.Server

	mu      sync.Mutex
	fault   Fault
	only    string
	lifted  chan struct{} // closed when the fault changes
	writes  map[string]int
	refused int
	holds   []*Hold // waiting for a request
	taken   []*Hold // with a request that waits
}

// Server starts a server that ends with the test.
func Server(t testing.TB) *S3 {
	t.Helper()
	s := &S3{lifted: make(chan struct{}), writes: map[string]int{}}
	backend := s3mem.New()
	if err := backend.CreateBucket(bucket); err != nil {
		t.Fatalf("create bucket: %v", err)
	}
	fake := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog()))
	s.http = httptest.NewUnstartedServer(s.keep(s.misbehave(fake.Server())))
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // Down panics on purpose
	s.http.Start()
	t.Cleanup(func() {
		s.Set(None) // let hanging requests go, else Close waits for them
		s.releaseAll()
		s.http.CloseClientConnections()
		s.http.Close()
	})
	query := url.Values{
		"endpoint":       {s.http.URL},
		"use_path_style": {"true"},
		"anonymous":      {"true"}, // the fake checks no signature
	}
	s.URL = "s3://" + bucket + "?" + query.Encode()
	return s
}

// Set makes the server misbehave from the next request on; None heals it.
func (s *S3) Set(f Fault) { s.SetUnder("", f) }

// SetUnder is Set for keys that begin with prefix only.
func (s *S3) SetUnder(prefix string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.only = f, prefix
	close(s.lifted)
	s.lifted = make(chan struct{})
}

// RefuseWrites switches [RefuseWrites] on or off.
func (s *S3) RefuseWrites(on bool) {
	if on {
		s.Set(RefuseWrites)
		return
	}
	s.Set(None)
}

// Refused tells how many requests have met a fault, so that a test can wait until one has struck.
func (s *S3) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Writes tells how often each key was written successfully. A key that was deleted keeps its count.
func (s *S3) Writes() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.writes)
}

// Keys lists the keys in the bucket that begin with prefix, sorted.
func (s *S3) Keys(t testing.TB, prefix string) []string {
	t.Helper()
	var listing struct {
		Contents []struct{ Key string }
	}
	s.get(t, url.Values{"list-type": {"2"}, "prefix": {prefix}, "max-keys": {"1000"}}, &listing)
	keys := make([]string, 0, len(listing.Contents))
	for _, object := range listing.Contents {
		keys = append(keys, object.Key)
	}
	if len(keys) == 1000 {
		t.Fatal("more than 1,000 keys: give a longer prefix")
	}
	return keys
}

// Uploads counts the unfinished uploads, whose parts take space though no listing of keys shows them.
func (s *S3) Uploads(t testing.TB) int {
	t.Helper()
	var listing struct {
		Upload []struct{ Key string }
	}
	s.get(t, url.Values{"uploads": {""}}, &listing)
	return len(listing.Upload)
}

// get asks the server behind the faults.
func (s *S3) get(t testing.TB, query url.Values, answer any) {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/"+bucket+"?"+query.Encode(), nil)
	request.Header.Set(bypass, "1")
	recorder := httptest.NewRecorder()
	s.http.Config.Handler.ServeHTTP(recorder, request)
	if strings.Contains(recorder.Body.String(), "<Code>NoSuchUpload</Code>") {
		return // gofakes3's answer where there has never been an upload
	}
	if recorder.Code != http.StatusOK {
		t.Fatalf("list bucket: %d %s", recorder.Code, recorder.Body)
	}
	if err := xml.Unmarshal(recorder.Body.Bytes(), answer); err != nil {
		t.Fatalf("list bucket: %v", err)
	}
}

const bypass = "X-Blobtest-Bypass"

func (s *S3) misbehave(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := keyOf(r)
		switch fault, lifted := s.strike(r, key); fault {
		case RefuseWrites:
			refuse(w, r, http.StatusForbidden, "AccessDenied")
		case Full:
			refuse(w, r, http.StatusInsufficientStorage, "XMinioStorageFull")
		case Busy:
			refuse(w, r, http.StatusServiceUnavailable, "SlowDown")
		case Down:
			panic(http.ErrAbortHandler)
		case Hang:
			select {
			case <-lifted:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		default:
			answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(answer, r)
			if completes(r) && answer.status == http.StatusOK {
				s.count(key)
			}
		}
	})
}

func keyOf(r *http.Request) string {
	return strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"+bucket), "/")
}

// strike tells which fault this request meets, if any.
func (s *S3) strike(r *http.Request, key string) (Fault, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.fault == None, r.Header.Get(bypass) != "", !strings.HasPrefix(key, s.only):
		return None, nil
	case (s.fault == RefuseWrites || s.fault == Full) && !isWrite(r):
		return None, nil
	}
	s.refused++
	return s.fault, s.lifted
}

func (s *S3) count(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes[key]++
}

func isWrite(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodPost && !r.URL.Query().Has("delete")
}

// completes tells whether the request makes a file appear: a PUT of a whole one, or the end of an upload.
func completes(r *http.Request) bool {
	inParts := r.URL.Query().Has("uploadId")
	return r.Method == http.MethodPut && !inParts || r.Method == http.MethodPost && inParts
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	// Read what was sent: a client that still writes when the connection closes sees a reset, not the answer.
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>told to by the test</Message></Error>", code)
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
