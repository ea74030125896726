package blobtest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"
)

// Hold keeps one request waiting, so that a test can do something at that very moment: kill who sent it, say.
// It ends by Release, with the server, or when the client goes away.
type Hold struct {
	method, pattern string
	answer          bool

	reached  chan struct{}
	released chan struct{}
	gone     chan struct{}
	once     sync.Once
	agent    string // set before reached is closed
}

// Hold keeps the next request of a method whose key matches a pattern as of [path.Match] (jobs/*/*/00000003)
// from being carried out: what it wants to write is not stored while it waits, and never if the client dies
// meanwhile. Requests after that one pass.
func (s *S3) Hold(method, pattern string) *Hold { return s.hold(method, pattern, false) }

// HoldAnswer is Hold, but the request is carried out and only its answer waits: the client of a write that
// succeeded does not come to know.
func (s *S3) HoldAnswer(method, pattern string) *Hold { return s.hold(method, pattern, true) }

func (s *S3) hold(method, pattern string, answer bool) *Hold {
	if _, err := path.Match(pattern, ""); err != nil {
		panic(err) // the pattern is malformed
	}
	h := &Hold{
		method: method, pattern: pattern, answer: answer,
		reached: make(chan struct{}), released: make(chan struct{}), gone: make(chan struct{}),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds = append(s.holds, h)
	return h
}

// Wait returns when a request is being held, and ends the test if none comes within a minute.
func (h *Hold) Wait(t testing.TB) {
	t.Helper()
	select {
	case <-h.reached:
	case <-time.After(time.Minute):
		t.Fatalf("no %s of %s came within a minute", h.method, h.pattern)
	}
}

// WaitGone returns when the server has noticed that the client of the held request is gone, which takes a
// moment, and ends the test if it stays for a minute.
func (h *Hold) WaitGone(t testing.TB) {
	t.Helper()
	select {
	case <-h.gone:
	case <-time.After(time.Minute):
		t.Fatalf("who sent the %s of %s is still there after a minute", h.method, h.pattern)
	}
}

// Agent is the User-Agent of the request that is held. A process can name itself in it by the variable
// AWS_SDK_UA_APP_ID, which appears as app/NAME.
func (h *Hold) Agent() string {
	<-h.reached
	return h.agent
}

// Release lets the request go on; it may be called again, and before a request has come.
func (h *Hold) Release() { h.once.Do(func() { close(h.released) }) }

// held takes the hold that a request has to wait for, if any; it is taken once.
func (s *S3) held(r *http.Request, key string) *Hold {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get(bypass) != "" {
		return nil
	}
	for i, h := range s.holds {
		if match, _ := path.Match(h.pattern, key); match && h.method == r.Method {
			s.holds = append(s.holds[:i:i], s.holds[i+1:]...)
			s.taken = append(s.taken, h)
			return h
		}
	}
	return nil
}

// releaseAll lets everything go that waits.
func (s *S3) releaseAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range append(s.holds, s.taken...) {
		h.Release()
	}
	s.holds, s.taken = nil, nil
}

// keep makes a request wait where a hold wants it to.
func (s *S3) keep(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := s.held(r, keyOf(r))
		if h == nil {
			next.ServeHTTP(w, r)
			return
		}
		// The server notices that a client has gone only once it has read all that was sent.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if h.answer {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			h.wait(r)
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
			return
		}
		h.wait(r)
		next.ServeHTTP(w, r)
	})
}

func (h *Hold) wait(r *http.Request) {
	h.agent = r.UserAgent()
	close(h.reached)
	select {
	case <-h.released:
	case <-r.Context().Done():
	}
	if r.Context().Err() != nil { // also where both happened: what a dead client sent is not carried out
		close(h.gone)
		panic(http.ErrAbortHandler)
	}
}
