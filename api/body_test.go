package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sending is a request whose body is written by the test.
func (b *bundle) sending(t *testing.T, path, contentType string) (*io.PipeWriter, <-chan answer) {
	t.Helper()
	r, w := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, r)
	require.NoError(t, err)
	request.Header.Set("Content-Type", contentType)
	answers := make(chan answer, 1)
	go func() {
		defer close(answers)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			return
		}
		defer response.Body.Close()
		data, err := io.ReadAll(response.Body)
		if err == nil {
			answers <- answer{response, data}
		}
	}()
	return w, answers
}

// What has been sent is passed on before the rest comes.
func TestUploadStreams(t *testing.T) {
	t.Parallel()
	formType, formBody := form(t, "tenant", "acme", "file:a.csv", sheetText)
	for _, c := range []struct{ name, path, contentType, body string }{
		{"file", uploadPath, "text/csv", sheetText},
		{"form", "/v1/uploads?kind=stock-levels", formType, formBody},
		{"rows", "/v1/bulk-saves/stock-levels?tenant=acme", "application/json", ` [{"sku":"A-1"},{"sku":"A-2"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			came := make(chan int64, 100)
			b.jobs.came = func(bytes int64) { came <- bytes }
			w, answers := b.sending(t, c.path, c.contentType)
			half := strings.Index(c.body, "A-1") + 1
			_, err := io.WriteString(w, c.body[:half])
			require.NoError(t, err)
			// multipart.Reader holds back what may be the beginning of a boundary: more has to follow.
			if c.name == "form" {
				_, err = io.WriteString(w, strings.Repeat("x", 8<<10))
				require.NoError(t, err)
			}
			receiveWithin(t, came)
			assert.Zero(t, b.jobs.stored())
			_, err = io.WriteString(w, c.body[half:])
			require.NoError(t, err)
			require.NoError(t, w.Close())
			a := receiveWithin(t, answers)
			assert.Less(t, a.StatusCode, 300, "%s", a.body)
			assert.Equal(t, 1, b.jobs.stored())
		})
	}
}

func receiveWithin[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v, ok := <-from:
		require.True(t, ok, "it was closed")
		return v
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// A file costs memory for what is on the way. It is not parallel: it counts what the whole process allocates.
func TestUploadCostsNoMemory(t *testing.T) {
	const size = 64 << 20
	b := setup(t)
	formType, formBody := form(t, "file:a.csv", "")
	head, tail, _ := strings.Cut(formBody, "\r\n\r\n")
	for _, c := range []struct {
		contentType string
		body        io.Reader
	}{
		{"text/csv", io.LimitReader(zeros{}, size)},
		{formType, io.MultiReader(strings.NewReader(head+"\r\n\r\n"), io.LimitReader(zeros{}, size), strings.NewReader(tail))},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		response, err := http.Post(b.url+uploadPath, c.contentType, c.body)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusCreated, response.StatusCode)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size/16))
	}
	for id := range b.jobs.uploads {
		assert.EqualValues(t, size, b.jobs.uploads[id].Size)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// dial sends the head of a request and the begin of its body, by hand.
func (b *bundle) dial(t *testing.T, path, body string, headers ...string) *net.TCPConn {
	t.Helper()
	address, err := url.Parse(b.url)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", address.Host)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n%s", path, address.Host, strings.Join(headers, "\r\n"), body)
	require.NoError(t, err)
	return conn.(*net.TCPConn)
}

func readAnswer(t *testing.T, conn net.Conn) answer {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response, data}
}

func TestUploadCutOff(t *testing.T) {
	t.Parallel()
	formType, formBody := form(t, "file:a.csv", sheetText)
	for _, c := range []struct {
		name, body string
		headers    []string
	}{
		{"with a length", sheetText, []string{"Content-Type: text/csv", "Content-Length: 100000"}},
		{"in chunks", "5\r\nabcde\r\n", []string{"Content-Type: text/csv", "Transfer-Encoding: chunked"}},
		{"within a chunk", "5\r\nab", []string{"Content-Type: text/csv", "Transfer-Encoding: chunked"}},
		{"form", formBody[:len(formBody)/2], []string{"Content-Type: " + formType, "Content-Length: " + fmt.Sprint(len(formBody))}},
		{"object", `{"tenant":`, []string{"Content-Type: application/json", "Content-Length: 100"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			path := uploadPath
			if c.name == "object" {
				path = "/v1/bulk-saves/stock-levels"
			}
			conn := b.dial(t, path, c.body, c.headers...)
			require.NoError(t, conn.CloseWrite())
			p := readAnswer(t, conn).problem(t, http.StatusBadRequest)
			assert.Contains(t, p["detail"], "cut off")
			assert.Zero(t, b.jobs.stored())
			assert.Empty(t, b.log.String(), "no fault of ours")
		})
	}
	t.Run("client gone", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		came := make(chan int64, 10)
		b.jobs.came = func(bytes int64) { came <- bytes }
		conn := b.dial(t, uploadPath, sheetText, "Content-Type: text/csv", "Content-Length: 100000")
		receiveWithin(t, came)
		require.NoError(t, conn.SetLinger(0)) // a reset
		require.NoError(t, conn.Close())
		waitForMetric(t, b, `longhaul_http_requests_total{method="POST",route="/v1/uploads",status="400"} 1`)
		assert.Zero(t, b.jobs.stored())
		assert.Empty(t, b.log.String())
	})
}

func TestUploadOfSilentClient(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.UploadIdle = 20 * time.Millisecond })
	conn := b.dial(t, uploadPath, sheetText, "Content-Type: text/csv", "Content-Length: 100000")
	p := readAnswer(t, conn).problem(t, http.StatusRequestTimeout)
	assert.Contains(t, p["detail"], "20ms")
	assert.Zero(t, b.jobs.stored())
}

// Each piece that comes buys the next one its time, and the deadline of the last one does not hit what follows.
func TestUploadOfSlowClient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, uploadPath, io.MultiReader(
		strings.NewReader("품번,수량\n"), strings.NewReader("A-1,3\n"), strings.NewReader("A-2,3\n")))
	request.Header.Set("Content-Type", "text/csv")
	w := &readDeadlines{deadlines: deadlines{header: http.Header{}}}
	b.api.ServeHTTP(w, request)
	require.Equal(t, 1, b.jobs.stored())
	require.Len(t, w.reads, 5, "three pieces, the end, and none any more")
	for i, at := range w.reads[:4] {
		assert.False(t, at.IsZero())
		assert.False(t, i > 0 && at.Before(w.reads[i-1]))
	}
	assert.True(t, w.reads[4].IsZero())
}

type readDeadlines struct {
	deadlines
	reads []time.Time
}

func (w *readDeadlines) SetReadDeadline(at time.Time) error {
	w.reads = append(w.reads, at)
	return nil
}

// Storage that hangs is given up, though nobody knows how long a file takes.
func TestUploadToStorageThatHangs(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.stall = 20 * time.Millisecond })
	b.jobs.wait = func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	a := b.send(t, http.MethodPost, uploadPath, sheetText, "Content-Type", "text/csv")
	p := a.problem(t, http.StatusServiceUnavailable)
	assert.NotEmpty(t, a.Header.Get("Retry-After"))
	assert.Contains(t, b.log.String(), p["request_id"])
	assert.NotContains(t, string(a.body), "secret-place")
}

func TestUploadTooLarge(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	formWith := func(size int, fields ...string) (string, string) {
		return form(t, append(fields, "file:a.csv", strings.Repeat("x", size))...)
	}
	fits, fitsBody := formWith(most, "tenant", "acme")
	over, overBody := formWith(most+1, "tenant", "acme")
	wide, wideBody := formWith(1, "tenant", strings.Repeat("t", maxForm))
	const rest = "/v1/uploads?kind=stock-levels"
	for _, c := range []struct {
		name, path, contentType, body string
		status                        int
		says                          string
	}{
		{"just fits", uploadPath, "text/csv", strings.Repeat("x", most), http.StatusCreated, ""},
		{"one byte more", uploadPath, "text/csv", strings.Repeat("x", most+1), http.StatusRequestEntityTooLarge, "1 MiB"},
		{"form that just fits", rest, fits, fitsBody, http.StatusCreated, ""},
		{"form with a byte more", rest, over, overBody, http.StatusRequestEntityTooLarge, "1 MiB"},
		{"form with a huge field", rest, wide, wideBody, http.StatusRequestEntityTooLarge, "before the file"},
		{"rows", "/v1/bulk-saves/stock-levels?tenant=acme", "application/json", "[" + strings.Repeat(" ", most), http.StatusRequestEntityTooLarge, "1 MiB"},
		{"object", "/v1/bulk-saves/stock-levels", "application/json", `{"tenant":"` + strings.Repeat("x", MaxBody) + `"}`, http.StatusRequestEntityTooLarge, "object"},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, ", chunked ", chunked), func(t *testing.T) {
				t.Parallel()
				b := setup(t, func(o *Options) { o.MaxUpload = most })
				var body io.Reader = strings.NewReader(c.body)
				if chunked {
					body = io.MultiReader(body) // hides its length
				}
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+c.path, body)
				require.NoError(t, err)
				request.Header.Set("Content-Type", c.contentType)
				response, err := http.DefaultTransport.RoundTrip(request)
				require.NoError(t, err)
				defer response.Body.Close()
				data, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.Equal(t, c.status, response.StatusCode, "%s", data)
				assert.Contains(t, string(data), c.says)
			})
		}
	}
	t.Run("few bytes are enough to tell", func(t *testing.T) {
		t.Parallel()
		b := setup(t, func(o *Options) { o.MaxUpload = 100 })
		a := b.send(t, http.MethodPost, "/v1/bulk-saves/stock-levels?tenant=acme", "["+strings.Repeat(" ", 300)+"]")
		assert.Contains(t, a.problem(t, http.StatusRequestEntityTooLarge)["detail"], "100 bytes")
	})
}

// A client that sends everything before it reads anything still gets to know why its file was refused, and may send
// the next request over the same connection.
func TestRefusalReachesClientThatStillSends(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const size = 32 << 20
	conn := b.dial(t, "/v1/uploads?kind=nothing&tenant=acme", "", "Content-Type: text/csv", fmt.Sprint("Content-Length: ", size))
	_, err := io.Copy(conn, io.LimitReader(zeros{}, size))
	require.NoError(t, err)
	a := readAnswer(t, conn)
	a.problem(t, http.StatusNotFound)
	assert.EqualValues(t, len(a.body), a.ContentLength)
	_, err = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, readAnswer(t, conn).StatusCode)
}

// A client that waits to be asked for its body is told without sending it.
func TestRefusalBeforeTheBodyIsAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	conn := b.dial(t, uploadPath, "", "Content-Type: text/plain", "Content-Length: 1000000", "Expect: 100-continue")
	readAnswer(t, conn).problem(t, http.StatusUnsupportedMediaType)
}

// curl asks before it sends more than a megabyte.
func TestUploadThatIsAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	conn := b.dial(t, uploadPath, "", "Content-Type: text/csv", fmt.Sprint("Content-Length: ", len(sheetText)), "Expect: 100-continue")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = answers.ReadString('\n')
	require.NoError(t, err)
	_, err = io.WriteString(conn, sheetText)
	require.NoError(t, err)
	response, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusCreated, response.StatusCode)
}

func TestPanicDuringUpload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.came = func(int64) { panic("secret") }
	a := b.send(t, http.MethodPost, uploadPath, sheetText, "Content-Type", "text/csv")
	a.problem(t, http.StatusInternalServerError)
	assert.NotContains(t, string(a.body), "secret")
}
