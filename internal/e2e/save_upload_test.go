//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// uploadFaults cut uploads off.
func uploadFaults() []fault {
	return append(eachEngine("upload cut off", cutOff), eachEngine("upload, kill the client", killClient)...)
}

// boundary is that of the forms below.
const boundary = "longhaul-e2e"

// formOf is a form with a file, up to its closing boundary.
func formOf(kind, tenant string, file []byte) []byte {
	var form bytes.Buffer
	for _, field := range [][2]string{{"kind", kind}, {"tenant", tenant}} {
		if field[1] != "" {
			fmt.Fprintf(&form, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, field[0], field[1])
		}
	}
	fmt.Fprintf(&form, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"book.csv\"\r\nContent-Type: text/csv\r\n\r\n", boundary)
	form.Write(file)
	return form.Bytes()
}

// cutOff sends uploads that end before their end, each in another way, and then goes no further. The answer says so, and
// nothing is stored. Half of them are so large that their first parts are stored already.
func cutOff(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	small := b.text()[:10_000] // at this byte a row ends nowhere
	large := bytes.Repeat(stockBook(tenantB, 10*bookRows, false).text(), 60)
	require.Greater(t, len(large), 20<<20, "it takes several parts")
	query := "?tenant=" + tenantA
	for _, way := range []struct{ name, path, head string }{
		{"fewer bytes than announced", "/v1/uploads" + query + "&kind=stock-levels", "Content-Type: text/csv\r\nContent-Length: 90000000\r\n"},
		{"fewer bytes than announced, to be saved", "/v1/bulk-saves/stock-levels" + query, "Content-Type: text/csv\r\nContent-Length: 90000000\r\n"},
		{"no last piece", "/v1/uploads" + query + "&kind=stock-levels", "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"},
		{"no last piece, to be saved", "/v1/bulk-saves/stock-levels" + query, "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"},
		{"a form without its end", "/v1/uploads", "Content-Type: multipart/form-data; boundary=" + boundary + "\r\n"},
		{"a form without its end, to be saved", "/v1/bulk-saves/stock-levels", "Content-Type: multipart/form-data; boundary=" + boundary + "\r\n"},
	} {
		for size, file := range map[string][]byte{"small": small, "large": large} {
			what := way.name + ", " + size
			body, head, whole := file, way.head, false
			switch way.path {
			case "/v1/uploads":
				body = formOf("stock-levels", tenantA, file)
			case "/v1/bulk-saves/stock-levels":
				body = formOf("", tenantA, file)
			}
			if bytes.Contains([]byte(head), []byte("chunked")) {
				body = append(fmt.Appendf(nil, "%x\r\n", len(body)), append(body[:len(body):len(body)], "\r\n"...)...)
			} else if !bytes.Contains([]byte(head), []byte("Content-Length")) {
				head, whole = head+fmt.Sprintf("Content-Length: %d\r\n", len(body)), true // all that was announced comes
			}
			conn := s.raw(way.path, head)
			_, err := conn.Write(body)
			require.NoError(t, err, what)
			if !whole { // one that has sent its request and hangs up has gone
				require.NoError(t, conn.CloseWrite())
			}
			answer := make([]byte, 64<<10)
			n, err := conn.Read(answer)
			require.NoError(t, err, what)
			require.Contains(t, string(answer[:n]), "HTTP/1.1 400 ", what)
			s.requireNothing(what)
			require.NoError(t, conn.Close())
		}
	}
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b) // and what comes whole is taken
}

// killClient breaks the connection off when some parts of the file are stored.
func killClient(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	large := bytes.Repeat(stockBook(tenantB, 10*bookRows, false).text(), 60)
	for _, path := range []string{"/v1/uploads?kind=stock-levels&tenant=" + tenantA, "/v1/bulk-saves/stock-levels?tenant=" + tenantA} {
		conn := s.raw(path, "Content-Type: text/csv\r\nContent-Length: 90000000\r\n")
		_, err := conn.Write(large)
		require.NoError(t, err)
		eventually(t, "parts of the file are stored", func() bool { return s.files.Uploads(t) == 1 })
		require.NoError(t, conn.SetLinger(0)) // as the end of a process does it to what was not read
		require.NoError(t, conn.Close())
		eventually(t, "the parts are removed", func() bool { return s.files.Uploads(t) == 0 })
		s.requireNothing(path)
	}
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b)
}

// raw begins a request whose body is left to the test.
func (s *saving) raw(path, head string) *net.TCPConn {
	s.Helper()
	u, err := url.Parse(s.url)
	require.NoError(s, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(s, err)
	s.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", http.MethodPost, path, u.Host, head)
	require.NoError(s, err)
	return conn.(*net.TCPConn)
}

// requireNothing asserts that there is no upload and no job, and not a byte of a file.
func (s *saving) requireNothing(what string) {
	s.Helper()
	require.Empty(s, s.files.Keys(s, ""), what)
	require.Zero(s, s.files.Uploads(s), what)
	for _, table := range []string{"uploads", "jobs", "saves"} {
		var rows int
		require.NoError(s, s.store.DB(s.Context()).Raw("SELECT COUNT(*) FROM "+table).Scan(&rows).Error)
		require.Zero(s, rows, "%s: %s", what, table)
	}
	require.Empty(s, s.list(), what)
	s.requireState(s.before)
}
