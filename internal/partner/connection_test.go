package partner_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/job"
)

const empty = "HTTP/1.1 204 No Content\r\n\r\n"

// requests are of each kind that net/http would send again by itself.
var requests = []partner.Request{
	{Method: http.MethodGet, Path: "/x"},
	{Method: http.MethodDelete, Path: "/x", IdempotencyKey: "key-1"},
	{Method: http.MethodPost, Path: "/x", Body: []byte(`{}`), IdempotencyKey: "key-1"},
}

// TestSentOnce: a connection that was used before and ends when it has taken in a request makes no second one.
func TestSentOnce(t *testing.T) {
	t.Parallel()
	for _, request := range requests {
		t.Run(request.Method, func(t *testing.T) {
			t.Parallel()
			var taken atomic.Int32
			url := raw(t, func(conn net.Conn, r *bufio.Reader) {
				for i := range 2 {
					if takeIn(r) != nil {
						return
					}
					taken.Add(1)
					if i == 0 {
						_, _ = io.WriteString(conn, empty)
					}
				}
			})
			c := client(t, settings(url), partner.Options{})
			require.Equal(t, partner.Done, c.Do(t.Context(), request).Class)
			answer := c.Do(t.Context(), request)
			require.Equal(t, outcome{partner.Again, job.ItemUnavailable, 0, pace.Out, true, "the connection ended before an answer came"}, of(answer))
			require.EqualValues(t, 2, taken.Load())
			require.Equal(t, partner.Done, c.Do(t.Context(), request).Class, "the next call has a new connection")
		})
	}
}

// TestEndedConnectionIsReplaced: a server that closes an idle connection costs no attempt.
func TestEndedConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	for _, request := range requests {
		var connections atomic.Int32
		url := raw(t, func(conn net.Conn, r *bufio.Reader) {
			connections.Add(1)
			if takeIn(r) == nil {
				_, _ = io.WriteString(conn, empty) // without a word about closing
			}
		})
		c := client(t, settings(url), partner.Options{})
		for i := range 20 { // now before, now after the end is noticed
			answer := c.Do(t.Context(), request)
			if answer.Class != partner.Done { // or else it was under way when the connection ended
				require.True(t, answer.InDoubt, "%s %d: %v", request.Method, i, answer.Err)
			}
		}
		require.LessOrEqual(t, connections.Load(), int32(20))
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const inFlight = 50
	var together sync.WaitGroup
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/together" {
			together.Done()
			together.Wait()
		}
		w.WriteHeader(http.StatusUnprocessableEntity) // refusals keep them too
		_, _ = io.WriteString(w, `{"message":"no"}`)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := client(t, settings(server.URL), partner.Options{})
	for range 20 {
		require.Equal(t, "no", post(t, c).Message)
	}
	require.EqualValues(t, 1, opened.Load())
	for range 3 {
		together.Add(inFlight)
		var calls sync.WaitGroup
		for range inFlight {
			calls.Go(func() { c.Do(t.Context(), partner.Request{Method: "GET", Path: "/together"}) })
		}
		calls.Wait()
	}
	require.EqualValues(t, inFlight, opened.Load())
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dropped" {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, `{"protocol":%q}`, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	o := partner.Options{Roots: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	c := client(t, settings(server.URL), o)
	answer := post(t, c)
	require.Equal(t, partner.Done, answer.Class, answer.Err)
	require.JSONEq(t, `{"protocol":"HTTP/2.0"}`, string(answer.Body))
	answer = c.Do(t.Context(), partner.Request{Method: "GET", Path: "/dropped"})
	require.Equal(t, partner.Again, answer.Class)
	require.Equal(t, pace.Out, answer.Report.Verdict)
	require.True(t, answer.InDoubt)
}

// TestHTTP2SentOnce: after a reset for an error of protocol net/http would open another connection and send again.
func TestHTTP2SentOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(server.Close)
	config := server.TLS.Clone()
	config.NextProtos = []string{"h2"}
	for _, request := range requests {
		var heads atomic.Int32
		url := rawTLS(t, config, func(conn net.Conn, r *bufio.Reader) { resetStreams(conn, r, &heads) })
		o := partner.Options{Roots: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		answer := client(t, settings(url), o).Do(t.Context(), request)
		require.Equal(t, outcome{partner.Again, job.ItemUnavailable, 0, pace.Out, true, "the connection ended before an answer came"}, of(answer), answer.Err)
		require.EqualValues(t, 1, heads.Load(), request.Method)
	}
}

// resetStreams speaks as much HTTP/2 as it takes to refuse a request: RST_STREAM with PROTOCOL_ERROR.
func resetStreams(conn net.Conn, r *bufio.Reader, heads *atomic.Int32) {
	const headers, settings, reset = 1, 4, 3
	frame := func(kind byte, stream [4]byte, payload ...byte) {
		head := []byte{0, 0, byte(len(payload)), kind, 0, stream[0], stream[1], stream[2], stream[3]}
		_, _ = conn.Write(append(head, payload...))
	}
	if _, err := r.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
		return
	}
	frame(settings, [4]byte{})
	for {
		var head [9]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return
		}
		if _, err := r.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2])); err != nil {
			return
		}
		if head[3] == headers {
			heads.Add(1)
			frame(reset, [4]byte(head[5:]), 0, 0, 0, 1)
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	astray := func(message string) outcome {
		return outcome{partner.Astray, job.ItemUnavailable, 0, pace.Unknown, false, message}
	}
	answer := post(t, client(t, settings(server.URL), partner.Options{}))
	require.Equal(t, astray("the partner's certificate is not accepted: its authority is not known here"), of(answer))

	o := partner.Options{Roots: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	answer = post(t, client(t, settings("https://localhost:"+port), o))
	require.Equal(t, astray("the partner's certificate is not accepted: it is for another host"), of(answer))
	require.Equal(t, partner.Done, post(t, client(t, settings(server.URL), o)).Class)

	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	answer = post(t, client(t, settings("https"+plain[len("http"):]), o))
	require.Equal(t, astray("the partner's URL says https, and its server does not speak it"), of(answer))
}

func BenchmarkDo(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"id":"R-1"}`)
	}))
	b.Cleanup(server.Close)
	c, err := partner.New(settings(server.URL), partner.Options{})
	require.NoError(b, err)
	b.Cleanup(c.Close)
	request := partner.Request{Method: http.MethodPost, Path: "/dispatches", Body: []byte(`{"order_no":"A-1","tracking_no":"123"}`), IdempotencyKey: "key-1"}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if answer := c.Do(context.Background(), request); answer.Class != partner.Done {
				b.Error(answer.Err)
			}
		}
	})
}

// BenchmarkBare is what net/http takes for the same call, to compare.
func BenchmarkBare(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"id":"R-1"}`)
	}))
	b.Cleanup(server.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	b.Cleanup(transport.CloseIdleConnections)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			body := strings.NewReader(`{"order_no":"A-1","tracking_no":"123"}`)
			req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/dispatches", body)
			req.Header.Set("Content-Type", "application/json")
			resp, err := transport.RoundTrip(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}
