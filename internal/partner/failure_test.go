package partner_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/job"
)

// raw is a partner that speaks whatever answer writes, one call at a time on each connection.
func raw(t *testing.T, answer func(conn net.Conn, r *bufio.Reader)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listen(t, listener, answer)
	return "http://" + listener.Addr().String()
}

func rawTLS(t *testing.T, config *tls.Config, answer func(conn net.Conn, r *bufio.Reader)) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	listen(t, listener, answer)
	return "https://" + listener.Addr().String()
}

func listen(t *testing.T, listener net.Listener, answer func(conn net.Conn, r *bufio.Reader)) {
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn, bufio.NewReader(conn))
			}()
		}
	}()
}

// takeIn reads one request, all of it.
func takeIn(r *bufio.Reader) error {
	request, err := http.ReadRequest(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err
}

// says answers a request with the same bytes whatever it is, and closes.
func says(t *testing.T, text string) string {
	t.Helper()
	return raw(t, func(conn net.Conn, r *bufio.Reader) {
		if takeIn(r) == nil {
			_, _ = io.WriteString(conn, text)
		}
	})
}

// outcome is what is looked at of an answer.
type outcome struct {
	Class   partner.Class
	Code    job.ItemCode
	Status  int
	Verdict pace.Verdict
	InDoubt bool
	Message string
}

func of(a partner.Answer) outcome {
	return outcome{a.Class, a.Code, a.Status, a.Report.Verdict, a.InDoubt, a.Message}
}

// TestFaults goes through what partners do instead of answering.
func TestFaults(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	garbled := outcome{partner.Again, job.ItemBadAnswer, 200, pace.Answered, true, "the answer is not JSON"}
	for _, c := range []struct {
		name, text string
		want       outcome
	}{
		{"text", ok + "Content-Length: 2\r\n\r\nOK", garbled},
		{"half of JSON", ok + "Content-Length: 5\r\n\r\n{\"a\":", garbled},
		{"two values", ok + "Content-Length: 5\r\n\r\n{} {}", garbled},
		{"bytes", ok + "Content-Length: 3\r\n\r\n\xff\x00\x01", garbled},
		{"a page", ok + "Content-Length: 27\r\nContent-Type: application/json\r\n\r\n<!DOCTYPE html><p>Log in</p>",
			outcome{partner.Again, job.ItemBadAnswer, 200, pace.Out, true, "the answer is a web page"}},
		{"half an answer", ok + "Content-Length: 100\r\n\r\n{\"a\":1}",
			outcome{partner.Again, job.ItemUnavailable, 200, pace.Out, true, "the connection ended before the answer did"}},
		{"half a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"a\":1}",
			outcome{partner.Again, job.ItemUnavailable, 200, pace.Out, true, "the connection ended before the answer did"}},
		{"no chunks", ok + "Transfer-Encoding: chunked\r\n\r\nnothing\r\n",
			outcome{partner.Again, job.ItemBadAnswer, 200, pace.Out, true, "the answer is not HTTP, or not whole"}},
		{"no gzip", ok + "Content-Encoding: gzip\r\nContent-Length: 11\r\n\r\n{\"a\":12345}",
			outcome{partner.Again, job.ItemBadAnswer, 200, pace.Out, true, "the answer is not HTTP, or not whole"}},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n",
			outcome{partner.Again, job.ItemUnavailable, 0, pace.Out, true, "the connection ended before the answer did"}},
		{"an endless head", ok + strings.Repeat("X-Filler: "+strings.Repeat("x", 1000)+"\r\n", 100),
			outcome{partner.Again, job.ItemBadAnswer, 0, pace.Out, true, "the answer is not HTTP, or not whole"}},
		{"no HTTP", "220 mail.example ESMTP\r\n\r\n",
			outcome{partner.Again, job.ItemBadAnswer, 0, pace.Out, true, "the answer is not HTTP, or not whole"}},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
			outcome{partner.Again, job.ItemBadAnswer, 101, pace.Answered, true, "answered 101 Switching Protocols"}},
		{"a status of its own", "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
			outcome{partner.Again, job.ItemBadAnswer, 999, pace.Answered, true, "answered 999"}},
		{"nothing", "", outcome{partner.Again, job.ItemUnavailable, 0, pace.Out, true, "the connection ended before an answer came"}},

		// The status says all there is to know; its words are lost.
		{"half a refusal", "HTTP/1.1 422 No\r\nContent-Length: 100\r\n\r\n{\"message\":\"no\"}",
			outcome{partner.Refused, job.ItemRejected, 422, pace.Answered, false, "answered 422 Unprocessable Entity"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := post(t, client(t, settings(says(t, c.text)), partner.Options{}))
			require.Equal(t, c.want, of(answer), answer.Err)
			require.Nil(t, answer.Body)
			require.Positive(t, answer.Took)
		})
	}
}

func TestEndlessAnswers(t *testing.T) {
	t.Parallel()
	endless := func(compressed bool) string {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			to := io.Writer(w)
			if compressed {
				w.Header().Set("Content-Encoding", "gzip")
				to = gzip.NewWriter(w)
			}
			w.WriteHeader(http.StatusOK)
			line := []byte(strings.Repeat(" ", 1<<16))
			for r.Context().Err() == nil {
				if _, err := to.Write(line); err != nil {
					return
				}
			}
		})
	}
	for _, url := range []string{endless(false), endless(true)} {
		answer := post(t, client(t, settings(url), partner.Options{}))
		require.Equal(t, outcome{partner.Again, job.ItemBadAnswer, 200, pace.Answered, true, "the answer is longer than 1 MiB"}, of(answer))
	}
}

func TestLargestAnswer(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]partner.Class{1 << 20: partner.Done, 1<<20 + 1: partner.Again} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			to := gzip.NewWriter(w)
			_, _ = io.WriteString(to, `"`+strings.Repeat("x", length-2)+`"`)
			_ = to.Close()
		})
		require.Equal(t, want, post(t, client(t, settings(url), partner.Options{})).Class, length)
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	hang := func(begin string) string {
		return raw(t, func(conn net.Conn, r *bufio.Reader) {
			_ = takeIn(r)
			_, _ = io.WriteString(conn, begin)
			<-t.Context().Done() // which ends before what was started for the test is cleaned up
		})
	}
	silent, begun := hang(""), hang("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")
	const short = 100 * time.Millisecond
	late := outcome{partner.Again, job.ItemTimedOut, 0, pace.Out, true, "no answer within 100ms"}

	s := settings(silent)
	s.Timeout = short
	require.Equal(t, late, of(post(t, client(t, s, partner.Options{}))), "the partner's")

	s.Timeout = 10 * time.Minute
	c := client(t, s, partner.Options{Timeout: func() time.Duration { return short }})
	require.Equal(t, late, of(post(t, c)), "one that was changed")

	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	answer := client(t, s, partner.Options{}).Do(ctx, partner.Request{Method: "GET"})
	late.Message = "no answer in time"
	require.Equal(t, late, of(answer), "the caller's")

	s.URL, s.Timeout = begun, short
	answer = post(t, client(t, s, partner.Options{}))
	require.Equal(t, outcome{partner.Again, job.ItemTimedOut, 200, pace.Out, true, "the answer was not complete within 100ms"}, of(answer))

	// Nothing is read of a request that waits for a handshake which never comes.
	s.URL = strings.Replace(silent, "http:", "https:", 1)
	answer = post(t, client(t, s, partner.Options{}))
	require.Equal(t, outcome{partner.Again, job.ItemTimedOut, 0, pace.Out, false, "no connection came about in time"}, of(answer))
}

func TestCancelledCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	url := raw(t, func(_ net.Conn, r *bufio.Reader) {
		_ = takeIn(r)
		cancel(errors.New("the worker stops"))
		<-t.Context().Done()
	})
	c := client(t, settings(url), partner.Options{})
	answer := c.Do(ctx, partner.Request{Method: "POST", Body: []byte(`{}`)})
	require.Equal(t, outcome{partner.Again, job.ItemUnavailable, 0, pace.Unknown, true, "the call was ended here"}, of(answer))

	answer = c.Do(ctx, partner.Request{Method: "POST", Body: []byte(`{}`)})
	require.Equal(t, outcome{partner.Again, job.ItemUnavailable, 0, pace.Unknown, false, "the call was ended here"}, of(answer), "before it began")
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	answer := post(t, client(t, settings("http://"+listener.Addr().String()), partner.Options{}))
	require.Equal(t, outcome{partner.Again, job.ItemUnavailable, 0, pace.Out, false, "the partner's host refuses connections"}, of(answer))
	require.Error(t, answer.Err)

	s := settings("http://nobody.invalid") // a name that cannot be (RFC 2606), whoever is asked
	s.Timeout = 5 * time.Second
	answer = post(t, client(t, s, partner.Options{}))
	require.Equal(t, partner.Again, answer.Class)
	require.Equal(t, pace.Out, answer.Report.Verdict)
	require.False(t, answer.InDoubt)
}
