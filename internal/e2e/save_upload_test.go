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

// largeUpload is more than is read before the first part is stored, in bytes.
const largeUpload = 24 << 20

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

// cut is a way to end an upload before its end.
type cut int

const (
	shortOf cut = iota // fewer bytes than announced
	noLast             // chunks, without the last one
	noEnd              // a form without its closing boundary
)

// request is the beginning of a request and what comes of its body. All of an unfinished form comes, so that its
// client must not hang up: one that does has gone, and is told nothing.
func (c cut) request(path string, file []byte) (target, head string, body []byte, hangUp bool) {
	kind := "" // it is in the path
	target = path + "?tenant=" + tenantA
	if path == "/v1/uploads" {
		kind = "stock-levels"
		target += "&kind=" + kind
	}
	switch c {
	case shortOf:
		return target, "Content-Type: text/csv\r\nContent-Length: 90000000\r\n", file, true
	case noLast:
		body = append(fmt.Appendf(nil, "%x\r\n", len(file)), file...)
		return target, "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n", append(body, "\r\n"...), true
	}
	body = formOf(kind, tenantA, file)
	return path, fmt.Sprintf("Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n", boundary, len(body)), body, false
}

// cutOff sends uploads that end before their end, each in another way. The answer says so, and nothing is stored. Some of
// them are so large that their first parts are stored already.
func cutOff(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	small := b.text()[:10_000] // at this byte a row ends nowhere
	large := bytes.Repeat(b.text(), largeUpload/len(b.text())+1)
	for _, way := range []cut{shortOf, noLast, noEnd} {
		s.cutOff(way, "/v1/uploads", small)
		s.cutOff(way, "/v1/uploads", large)
		s.cutOff(way, "/v1/bulk-saves/stock-levels", small)
	}
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b) // and what comes whole is taken
}

func (s *saving) cutOff(way cut, path string, file []byte) {
	s.Helper()
	what := fmt.Sprintf("way %d, %s, %d bytes", way, path, len(file))
	target, head, body, hangUp := way.request(path, file)
	conn := s.raw(target, head)
	_, err := conn.Write(body)
	require.NoError(s, err, what)
	if hangUp {
		require.NoError(s, conn.CloseWrite())
	}
	answer := make([]byte, 64<<10)
	n, err := conn.Read(answer)
	require.NoError(s, err, what)
	require.Contains(s, string(answer[:n]), "HTTP/1.1 400 ", what)
	s.requireNothing(what)
	require.NoError(s, conn.Close())
}

// killClient breaks the connection off when some parts of the file are stored.
func killClient(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	large := bytes.Repeat(b.text(), largeUpload/len(b.text())+1)
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
}
