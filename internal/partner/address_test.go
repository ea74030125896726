package partner_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/job"
)

// TestInsideIsNotReached writes this machine's address in every form that some resolver understands.
func TestInsideIsNotReached(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", ":0") // by IPv4 and IPv6
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	var reached atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			conn.Close()
		}
	}()
	port := fmt.Sprintf(":%d", listener.Addr().(*net.TCPAddr).Port)
	for host, kind := range map[string]string{
		"127.0.0.1": "loopback", "127.8.9.1": "loopback", "localhost": "loopback", "[::1]": "loopback", "0.0.0.0": "unspecified",
		"[::]": "unspecified", "[::ffff:127.0.0.1]": "loopback", "[::ffff:7f00:1]": "loopback", "[0:0:0:0:0:ffff:127.0.0.1]": "loopback",
		"[64:ff9b::127.0.0.1]": "loopback", "10.0.0.1": "private", "169.254.169.254": "link-local", "[fe80::1%25lo]": "link-local",
		"192.168.0.1": "private", "100.64.0.1": "carrier's private", "[fd00::1]": "private", "255.255.255.255": "reserved",
		"LOCALHOST": "loopback",
		// What is read as an address here or there, and as a name elsewhere: then it is not found.
		"2130706433": "", "0x7f000001": "", "0177.0.0.1": "", "127.1": "", "127.0.1": "", "localhost.": "", "127.0.0.1.": "",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			s := settings("http://" + host + port)
			s.AllowPrivate, s.Timeout = false, 500*time.Millisecond
			answer := post(t, client(t, s, partner.Options{}))
			require.False(t, answer.InDoubt)
			require.Zero(t, answer.Status)
			require.NotEqual(t, partner.Done, answer.Class)
			if kind != "" {
				require.Equal(t, outcome{partner.Astray, job.ItemUnavailable, 0, pace.Unknown, false,
					"the partner's host has a " + kind + " address, which is not allowed (LONGHAUL_PARTNER_ALLOW_PRIVATE)"}, of(answer))
			}
		})
	}
	t.Cleanup(func() { require.Zero(t, reached.Load()) })
}

func TestInsideIsAllowed(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, host := range []string{"127.0.0.1", "localhost"} {
		s := settings(strings.Replace(url, "127.0.0.1", host, 1))
		require.Equal(t, partner.Done, post(t, client(t, s, partner.Options{})).Class, host)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed") })
	for _, c := range []struct{ to, want string }{
		{elsewhere + "/x?token=s3cr3t", "answered 307 and leads to " + elsewhere},
		{"http://user:s3cr3t@169.254.169.254/latest?key=s3cr3t#s3cr3t", "answered 307 and leads to http://169.254.169.254"},
		{"//other.example/s3cr3t", "answered 307 and leads to http://other.example"},
		{"/elsewhere?token=s3cr3t", "answered 307 and leads to another path of <host>"},
		{"https://<host>/", "answered 307 and leads to https://<host>"},
		{"http://[s3cr3t", "answered 307 and leads elsewhere"},
		{"javascript:s3cr3t", "answered 307 and leads elsewhere"},
		{"http://other.example/tok-s3cr3t", "answered 307 and leads to http://other.example"},
		{"http://tok-s3cr3t.example/", "answered 307 and leads to http://•••.example"},
		{"", "answered 307 without saying where it leads"},
	} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if c.to != "" {
				w.Header().Set("Location", strings.ReplaceAll(c.to, "<host>", r.Host))
			}
			w.WriteHeader(http.StatusTemporaryRedirect)
			_, _ = w.Write([]byte(`{"message":"go there with s3cr3t"}`))
		})
		answer := post(t, client(t, settings(url), partner.Options{}))
		require.Equal(t, outcome{partner.Astray, job.ItemUnavailable, 307, pace.Answered, false,
			strings.ReplaceAll(c.want, "<host>", strings.TrimPrefix(url, "http://"))}, of(answer), c.to)
	}
}

// TestPathsStay shows that whatever stands in a path, the call goes to the partner, and beneath its URL.
func TestPathsStay(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.RequestURI })
	c := client(t, settings(url+"/api"), partner.Options{})
	for path, want := range map[string]string{
		"": "/api", "/": "/api/", "x": "/api/x", "//other.example/x": "/api//other.example/x", "@other.example/": "/api/@other.example/",
		":80@other.example": "/api/:80@other.example", "http://other.example/": "/api/http://other.example/", "/a%2Fb%3Fc": "/api/a%2Fb%3Fc",
		"/%EA%B0%80?q=%20&r=a/../b": "/api/%EA%B0%80?q=%20&r=a/../b", "/a..b/...": "/api/a..b/...", "/a;b=c,d": "/api/a;b=c,d",
	} {
		answer := c.Do(t.Context(), partner.Request{Method: "GET", Path: path})
		require.Equal(t, partner.Done, answer.Class, "%s: %s", path, answer.Message)
		require.Equal(t, want, <-seen)
	}
	for path, want := range map[string]string{
		"/../admin": "the path has a segment that leads elsewhere", "/a/..": "the path has a segment that leads elsewhere",
		"/./a": "the path has a segment that leads elsewhere", "/%2e%2E/admin": "the path has a segment that leads elsewhere",
		"/a%2F..%2Fadmin": "the path has a segment that leads elsewhere", "/a/..%5Cadmin": "the path has a segment that leads elsewhere",
		"/a b": "the path has characters that are not escaped", "/a\r\nX: y": "the path has characters that are not escaped",
		"/a#b": "the path has characters that are not escaped", "/\\other.example": "the path has characters that are not escaped",
		"/가": "the path has characters that are not escaped", "/a?b c": "the path has characters that are not escaped",
		"/a?b=\n": "the path has characters that are not escaped", "/%zz": "the path is not escaped as a path is",
	} {
		answer := c.Do(t.Context(), partner.Request{Method: "GET", Path: path})
		require.Equal(t, outcome{partner.Refused, job.ItemInvalid, 0, pace.Unknown, false, want}, of(answer), path)
	}
	require.Empty(t, seen)
}

// TestHeadersCannotBeInjected: a field that ends a line adds none.
func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	c := client(t, settings(url), partner.Options{})
	for _, r := range []partner.Request{
		{Method: "POST", Header: http.Header{"X-Order": {"7\r\nX-Admin: 1"}}},
		{Method: "POST", Header: http.Header{"X-Order": {"7\n"}}},
		{Method: "POST", Header: http.Header{"X-Order": {"7\x00"}}},
		{Method: "POST", Header: http.Header{"X-Order: 7\r\nX-Admin": {"1"}}},
		{Method: "POST", Header: http.Header{"": {"1"}}},
		{Method: "POST", IdempotencyKey: "a\r\nX-Admin: 1"},
		{Method: "POST / HTTP/1.1\r\nX-Admin: 1\r\n\r\n"},
		{Method: "CONNECT"},
		{Method: "post"},
		{},
	} {
		answer := c.Do(t.Context(), r)
		require.Equal(t, partner.Refused, answer.Class, r)
		require.Equal(t, job.ItemInvalid, answer.Code)
		require.Equal(t, pace.Unknown, answer.Report.Verdict)
		require.False(t, answer.InDoubt)
		require.NotEmpty(t, answer.Message)
	}
}
