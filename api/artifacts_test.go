package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/job"
)

const (
	koreanName = "부족 재고 2026-11-22.xlsx"
	xlsxType   = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// store puts a file under a job and returns its path in the API.
func (b *bundle) store(t *testing.T, name string, data []byte) (path, etag string) {
	t.Helper()
	require.NoError(t, b.files.Put(t.Context(), "artifacts/job-1.xlsx", data))
	sum := sha256.Sum256(data)
	j := b.jobs.put(ended("job-1", job.Succeeded, job.Artifact{
		Name: name, Key: "artifacts/job-1.xlsx", ContentType: xlsxType,
		Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]), CreatedAt: day, ExpiresAt: day.AddDate(0, 0, 7),
	}))
	return "/v1/jobs/job-1/artifacts/" + url.PathEscape(name), `"` + j.Artifacts[0].SHA256 + `"`
}

func TestDownload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	path, etag := b.store(t, koreanName, data)

	for _, method := range []string{http.MethodGet, http.MethodHead} {
		a := b.send(t, method, path, "")
		require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
		if method == http.MethodGet {
			assert.True(t, bytes.Equal(data, a.body))
		} else {
			assert.Empty(t, a.body)
		}
		assert.Equal(t, xlsxType, a.Header.Get("Content-Type"))
		assert.EqualValues(t, len(data), a.ContentLength)
		assert.Equal(t, etag, a.Header.Get("ETag"))
		assert.Equal(t, "bytes", a.Header.Get("Accept-Ranges"))
		assert.Equal(t, "private, no-cache", a.Header.Get("Cache-Control"))
		_, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		assert.Equal(t, koreanName, params["filename"], "the UTF-8 name wins")
	}
	assert.Equal(t, http.StatusNotModified, b.get(t, path, "If-None-Match", etag).StatusCode)
}

func TestDownloadRanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	data := make([]byte, 300_000)
	for i := range data {
		data[i] = byte(i / 251)
	}
	path, etag := b.store(t, "a.xlsx", data)
	for _, c := range []struct {
		name, header, ifRange string
		status, from, to      int
	}{
		{"first bytes", "bytes=0-99", "", http.StatusPartialContent, 0, 100},
		{"middle", "bytes=150000-150009", "", http.StatusPartialContent, 150_000, 150_010},
		{"rest", "bytes=299000-", "", http.StatusPartialContent, 299_000, 300_000},
		{"suffix", "bytes=-5", "", http.StatusPartialContent, 299_995, 300_000},
		{"beyond the end", "bytes=299990-400000", "", http.StatusPartialContent, 299_990, 300_000},
		{"resumed, same file", "bytes=100-", etag, http.StatusPartialContent, 100, 300_000},
		{"resumed, other file", "bytes=100-", `"other"`, http.StatusOK, 0, 300_000},
		{"too many", "bytes=" + strings.Repeat("0-1,", maxRanges) + "5-6", "", http.StatusOK, 0, 300_000},
		{"other unit", "lines=1-2", "", http.StatusOK, 0, 300_000},
		{"not a range", "bytes=2-1", "", http.StatusRequestedRangeNotSatisfiable, 0, 0},
		{"behind the end", "bytes=300000-", etag, http.StatusRequestedRangeNotSatisfiable, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			headers := []string{"Range", c.header}
			if c.ifRange != "" {
				headers = append(headers, "If-Range", c.ifRange)
			}
			a := b.get(t, path, headers...)
			require.Equal(t, c.status, a.StatusCode)
			switch c.status {
			case http.StatusPartialContent:
				assert.Equal(t, fmt.Sprintf("bytes %d-%d/%d", c.from, c.to-1, len(data)), a.Header.Get("Content-Range"))
				fallthrough
			case http.StatusOK:
				assert.True(t, bytes.Equal(data[c.from:c.to], a.body))
			default:
				a.problem(t, c.status)
				if c.ifRange != "" { // it is well formed
					assert.Equal(t, "bytes */300000", a.Header.Get("Content-Range"))
				}
				assert.Empty(t, a.Header.Get("Content-Disposition"))
				assert.Empty(t, a.Header.Get("ETag"))
			}
		})
	}
	t.Run("several", func(t *testing.T) {
		t.Parallel()
		a := b.get(t, path, "Range", "bytes=0-9,200000-200009")
		require.Equal(t, http.StatusPartialContent, a.StatusCode)
		_, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
		require.NoError(t, err)
		parts := multipart.NewReader(bytes.NewReader(a.body), params["boundary"])
		for _, from := range []int{0, 200_000} {
			part, err := parts.NextPart()
			require.NoError(t, err)
			got, err := io.ReadAll(part)
			require.NoError(t, err)
			assert.Equal(t, data[from:from+10], got)
		}
	})
}

func TestDownloadRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path, _ := b.store(t, "a.xlsx", []byte("data"))
	b.get(t, "/v1/jobs/job-1/artifacts/b.xlsx").problem(t, http.StatusNotFound)
	b.get(t, "/v1/jobs/nothing/artifacts/a.xlsx").problem(t, http.StatusNotFound)

	j := b.jobs.jobs["job-1"]
	j.Artifacts[0].Size++
	b.jobs.put(j)
	a := b.get(t, path)
	a.problem(t, http.StatusInternalServerError)
	assert.NotContains(t, string(a.body), "artifacts/job-1.xlsx", "the place in storage is internal")
	j.Artifacts[0].Size--

	require.NoError(t, b.files.Delete(t.Context(), "artifacts/job-1.xlsx"))
	assert.Equal(t, string(problemGone), b.get(t, path).problem(t, http.StatusGone)["type"])

	j.Artifacts[0].DeletedAt = &day
	b.jobs.put(j)
	p := b.get(t, path).problem(t, http.StatusGone)
	assert.Contains(t, p["detail"], "2026-11-29", "when it expired")
}

// A download costs memory for what is on the way, not for the file. It is not parallel: it counts what the
// whole process allocates.
func TestDownloadStreams(t *testing.T) {
	const size = 256 << 20
	folder := t.TempDir()
	files, err := blob.Open(t.Context(), "file://"+folder)
	require.NoError(t, err)
	t.Cleanup(func() { files.Close() })
	b := setup(t, func(o *Options) { o.Files = files })
	w, err := files.Writer(t.Context(), "artifacts/job-1.xlsx", "")
	require.NoError(t, err)
	chunk := make([]byte, 1<<20)
	for range size / len(chunk) {
		_, err := w.Write(chunk)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	b.jobs.put(ended("job-1", job.Succeeded, job.Artifact{Name: "a.xlsx", Key: "artifacts/job-1.xlsx", Size: size, ContentType: xlsxType, SHA256: "00"}))

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	response, err := http.Get(b.url + "/v1/jobs/job-1/artifacts/a.xlsx")
	require.NoError(t, err)
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	assert.EqualValues(t, size, n)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size/16))
}

// Storage that fails is told apart from the end of the file: before the first byte by a problem, after it
// by a broken connection.
func TestDownloadFromFailingStorage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	files, err := blob.Open(t.Context(), "file://"+folder)
	require.NoError(t, err)
	t.Cleanup(func() { files.Close() })
	b := setup(t, func(o *Options) { o.Files = files })
	b.files = files
	path, _ := b.store(t, "a.xlsx", make([]byte, 32<<20))
	response, err := http.Get(b.url + path)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.CopyN(io.Discard, response.Body, 1000)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(filepath.Join(folder, "artifacts", "job-1.xlsx"), 1000))
	_, err = io.Copy(io.Discard, response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Eventually(t, func() bool { return strings.Contains(b.log.String(), "job-1.xlsx") }, patience, time.Millisecond)
}

func TestDownloadFromStorageThatIsDown(t *testing.T) {
	t.Parallel()
	s3 := blobtest.Server(t)
	files, err := blob.Open(t.Context(), s3.URL)
	require.NoError(t, err)
	t.Cleanup(func() { files.Close() })
	b := setup(t, func(o *Options) { o.Files = files })
	b.files = files
	path, _ := b.store(t, "a.xlsx", make([]byte, 1000))
	assert.Len(t, b.get(t, path).body, 1000)

	s3.Set(blobtest.Down)
	a := b.get(t, path)
	p := a.problem(t, http.StatusServiceUnavailable)
	assert.NotEmpty(t, a.Header.Get("Retry-After"))
	assert.NotEmpty(t, p["request_id"])
	assert.Contains(t, b.log.String(), p["request_id"])
	assert.NotContains(t, string(a.body), s3.URL)

	// Hanging, it is given up.
	s3.Set(blobtest.Hang)
	p = b.get(t, path).problem(t, http.StatusServiceUnavailable)
	assert.Contains(t, b.log.String(), p["request_id"])

	// Down between finding the file and reading it.
	s3.Set(blobtest.None)
	file, err := files.Open(t.Context(), "artifacts/job-1.xlsx")
	require.NoError(t, err)
	s3.Set(blobtest.Down)
	recorder := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(recorder)
	c.Request = httptest.NewRequest(http.MethodGet, path, nil)
	s := &server{Options: Options{Logger: slog.New(slog.DiscardHandler)}}
	s.serveFile(c, b.jobs.jobs["job-1"].Artifacts[0], file)
	assert.Equal(t, http.StatusServiceUnavailable, recorder.Code)
	assert.Equal(t, "application/problem+json", recorder.Header().Get("Content-Type"))
	assert.Empty(t, recorder.Header().Get("Content-Disposition"))
	assert.Empty(t, recorder.Header().Get("Content-Length"))
}

// A client that goes away ends the download, and with it the connection to storage.
func TestDownloadEndsWithItsClient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path, _ := b.store(t, "a.xlsx", make([]byte, 32<<20))
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+path, nil)
	require.NoError(t, err)
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.CopyN(io.Discard, response.Body, 1000)
	require.NoError(t, err)
	waitForMetric(t, b, `longhaul_http_requests_in_flight{route="/v1/jobs/:id/artifacts/:name"} 1`)
	cancel()
	waitForMetric(t, b, `longhaul_http_requests_in_flight{route="/v1/jobs/:id/artifacts/:name"} 0`)
}

func TestDisposition(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"orders.xlsx":     `attachment; filename="orders.xlsx"; filename*=UTF-8''orders.xlsx`,
		"부족재고.xlsx":       `attachment; filename="download.xlsx"; filename*=UTF-8''%EB%B6%80%EC%A1%B1%EC%9E%AC%EA%B3%A0.xlsx`,
		"acme 재고.csv":     `attachment; filename="acme __.csv"; filename*=UTF-8''acme%20%EC%9E%AC%EA%B3%A0.csv`,
		`a"b\c%41;d'.csv`: `attachment; filename="a_b_c_41;d'.csv"; filename*=UTF-8''a%22b%5Cc%2541%3Bd%27.csv`,
		"no extension":    `attachment; filename="no extension"; filename*=UTF-8''no%20extension`,
		"a\r\nX: y.csv":   `attachment; filename="a__X: y.csv"; filename*=UTF-8''a%0D%0AX%3A%20y.csv`,
	} {
		assert.Equal(t, want, disposition(name))
		_, params, err := mime.ParseMediaType(disposition(name))
		require.NoError(t, err, name)
		assert.Equal(t, name, params["filename"])
	}
}

// A deadline for one write must not hit the connection's next request.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path, _ := b.store(t, "a.xlsx", []byte("data"))
	w := &deadlines{}
	for _, p := range []string{path, "/v1/jobs/job-1/events"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p, nil)
		require.NoError(t, err)
		w.header, w.set = http.Header{}, nil
		b.api.ServeHTTP(w, request)
		require.NotEmpty(t, w.set, p)
		assert.False(t, w.set[0].IsZero(), p)
		assert.True(t, w.set[len(w.set)-1].IsZero(), p)
	}
}

// deadlines is a ResponseWriter that remembers the deadlines set on it.
type deadlines struct {
	header http.Header
	set    []time.Time
}

func (w *deadlines) Header() http.Header         { return w.header }
func (w *deadlines) Write(p []byte) (int, error) { return len(p), nil }
func (w *deadlines) WriteHeader(int)             {}
func (w *deadlines) Flush()                      {}
func (w *deadlines) SetWriteDeadline(at time.Time) error {
	w.set = append(w.set, at)
	return nil
}
