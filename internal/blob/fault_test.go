package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
)

// sizeLimitDir tells a child of the test binary to write there under a limit of file size.
const sizeLimitDir = "BLOB_TEST_SIZE_LIMIT_DIR"

// TestFolderThatIsFull writes more than fits. A limit of file size stops a write half-way just as a full disk
// does, for any user and without one; it holds for a whole process, hence the child.
func TestFolderThatIsFull(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(sizeLimitDir); dir != "" {
		writeIntoFullFolder(t, dir)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFolderThatIsFull$")
	dir := t.TempDir()
	child.Env = append(os.Environ(), sizeLimitDir+"="+dir)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, map[string]int64{"jobs/1/old": 3}, files(t, dir), "half a file was kept")
}

func writeIntoFullFolder(t *testing.T, dir string) {
	const limit = 1 << 20
	signal.Ignore(syscall.SIGXFSZ) // which would end the process
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}))
	s := open(t, "file://"+dir)
	require.NoError(t, s.Put(t.Context(), "jobs/1/old", []byte("old")))
	for _, key := range []string{"jobs/1/old", "jobs/1/new"} {
		err := s.Put(t.Context(), key, make([]byte, 2*limit))
		require.ErrorIs(t, err, syscall.EFBIG)
		require.ErrorContains(t, err, "write "+key)
		require.True(t, blob.Transient(err))
	}
	w, err := s.Writer(t.Context(), "jobs/1/streamed", "")
	require.NoError(t, err)
	for err == nil {
		_, err = w.Write(make([]byte, 300_000))
	}
	require.ErrorIs(t, err, syscall.EFBIG)
	require.Equal(t, err, w.Close(), "Close must not store what has arrived")
	require.Equal(t, "old", get(t, s, "jobs/1/old"))
}

func TestFolderLeavesNoLitter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	require.NoError(t, s.Put(t.Context(), "jobs/1/fragments/00000001", []byte("x")))
	require.NoError(t, s.Put(t.Context(), "artifacts/1.xlsx", []byte("y")))
	// As a kill -9 in the middle of a write and just before one leaves them.
	strand := filepath.Join(dir, "jobs/1/fragments/00000002.18c2a0b1c2d3e4f5.tmp")
	require.NoError(t, os.WriteFile(strand, []byte("half"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "jobs/2/fragments"), 0o750))

	require.Equal(t, []string{"artifacts/1.xlsx", "jobs/1/fragments/00000001"}, list(t, s, ""))
	dirs, err := s.ListDirs(t.Context(), "jobs/")
	require.NoError(t, err)
	require.Equal(t, []string{"jobs/1/", "jobs/2/"}, dirs, "housekeeping must see folders without files")
	for prefix, want := range map[string]int{"jobs/1/": 1, "jobs/2/": 0} {
		n, err := s.DeletePrefix(t.Context(), prefix)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.Equal(t, map[string]int64{"artifacts/1.xlsx": 1}, files(t, dir))
	for _, gone := range []string{"jobs/1", "jobs/2"} {
		require.NoDirExists(t, filepath.Join(dir, gone))
	}
}

func TestFolderOutOfOrder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	s := open(t, "file://"+dir)
	require.NoError(t, os.Remove(dir))
	require.Error(t, s.Check(t.Context()), "the folder is gone")
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	err := s.Put(t.Context(), "a", nil)
	require.Error(t, err)
	require.True(t, blob.Transient(err), "somebody may put it right")
}

func TestCancelledWrites(t *testing.T) {
	t.Parallel()
	s3 := blobtest.Server(t)
	for name, url := range map[string]string{"folder": "file://" + t.TempDir(), "memory": "mem://", "s3": s3.URL} {
		t.Run(name, func(t *testing.T) {
			s := open(t, url)
			for _, size := range []int{10, 21 << 20} {
				ctx, cancel := context.WithCancel(t.Context())
				w, err := s.Writer(ctx, "f", "")
				require.NoError(t, err)
				_, err = w.Write(make([]byte, size))
				require.NoError(t, err)
				cancel()
				require.ErrorIs(t, w.Close(), context.Canceled)
				require.ErrorIs(t, s.Put(ctx, "f", []byte("x")), context.Canceled)
			}
			require.Empty(t, list(t, s, ""))
		})
	}
	require.Zero(t, s3.Uploads(t), "parts of a cancelled upload are left")
}

// TestAbortedUploadsLeaveNoParts looks at what no listing of keys shows.
func TestAbortedUploadsLeaveNoParts(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	s := open(t, server.URL)
	w, err := s.Writer(t.Context(), "big", "")
	require.NoError(t, err)
	_, err = w.Write(make([]byte, 40<<20))
	require.NoError(t, err)
	require.Equal(t, 1, server.Uploads(t), "the test needs an upload in parts")
	w.Abort()
	require.Zero(t, server.Uploads(t))
	require.Empty(t, server.Keys(t, ""))
}

func TestS3Faults(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]blobtest.Fault{
		"refuses writes": blobtest.RefuseWrites, "full": blobtest.Full, "busy": blobtest.Busy, "down": blobtest.Down,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := blobtest.Server(t)
			s := open(t, server.URL)
			require.NoError(t, s.Put(t.Context(), "jobs/1/a", []byte("old")))
			server.Set(fault)
			writesOnly := fault == blobtest.RefuseWrites || fault == blobtest.Full
			sizes := []int{10}
			if writesOnly {
				sizes = append(sizes, 40<<20) // not for the others: the SDK tries those again for seconds
			}
			for _, size := range sizes {
				err := s.Put(t.Context(), "jobs/1/a", make([]byte, size))
				require.Error(t, err)
				require.True(t, blob.Transient(err), "%v", err)
				require.NotErrorIs(t, err, blob.ErrNotFound)
				require.ErrorContains(t, err, "write jobs/1/a")
			}
			require.Positive(t, server.Refused())
			require.Equal(t, writesOnly, s.Check(t.Context()) == nil)

			server.Set(blobtest.None)
			require.NoError(t, s.Check(t.Context()))
			require.Equal(t, "old", get(t, s, "jobs/1/a"))
			require.NoError(t, s.Put(t.Context(), "jobs/1/b", []byte("new")))
			require.Equal(t, map[string]int{"jobs/1/a": 1, "jobs/1/b": 1}, server.Writes())
			require.Equal(t, []string{"jobs/1/a", "jobs/1/b"}, server.Keys(t, "jobs/"))
		})
	}
}

// TestS3FaultInMidUpload lets the server turn bad when some parts have arrived.
func TestS3FaultInMidUpload(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	s := open(t, server.URL)
	w, err := s.Writer(t.Context(), "artifacts/1.xlsx", "")
	require.NoError(t, err)
	_, err = w.Write(make([]byte, 40<<20))
	require.NoError(t, err)
	server.SetUnder("artifacts/", blobtest.Full)
	for piece := make([]byte, 1<<20); err == nil; {
		_, err = w.Write(piece)
	}
	require.ErrorContains(t, err, "XMinioStorageFull")
	require.Equal(t, err, w.Close())
	require.NoError(t, s.Put(t.Context(), "jobs/1/a", nil), "the fault is for artifacts only")
	require.Equal(t, []string{"jobs/1/a"}, server.Keys(t, ""))
	require.Zero(t, server.Uploads(t), "deleting works, so the parts must be gone")
}

func TestS3ThatHangs(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	s := open(t, server.URL)
	require.NoError(t, s.Put(t.Context(), "f", []byte("old")))
	server.Set(blobtest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := s.Get(ctx, "f")
		failed <- err
	}()
	require.Eventually(t, func() bool { return server.Refused() > 0 }, 10*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)

	// A write that has been sent is let go after a grace, and the fault may end within it.
	ctx, cancel = context.WithCancel(t.Context())
	before := server.Refused()
	go func() { failed <- s.Put(ctx, "f", []byte("new")) }()
	require.Eventually(t, func() bool { return server.Refused() > before }, 10*time.Second, time.Millisecond)
	cancel()
	require.Error(t, <-failed)
	server.Set(blobtest.None)
	require.Equal(t, "old", get(t, s, "f"))
}

func TestMissingBucketIsNoMissingFile(t *testing.T) {
	t.Parallel()
	s := open(t, strings.Replace(blobtest.Server(t).URL, "s3://longhaul", "s3://misspelt", 1))
	_, err := s.Get(t.Context(), "f")
	require.ErrorContains(t, err, "NoSuchBucket")
	require.NotErrorIs(t, err, blob.ErrNotFound)
	require.True(t, blob.Transient(err))
	require.ErrorContains(t, s.Check(t.Context()), "NoSuchBucket")
}

// TestUploadMemory holds an upload of any size to a fixed amount of memory. It does not run beside others,
// because it counts the heap of the whole process.
func TestUploadMemory(t *testing.T) {
	s := open(t, discardingServer(t))
	w, err := s.Writer(t.Context(), "big", "")
	require.NoError(t, err)
	defer w.Abort()
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before, peak := stats.HeapAlloc, uint64(0)
	piece := make([]byte, 1<<20)
	for range 200 {
		_, err := w.Write(piece)
		require.NoError(t, err)
		runtime.GC()
		runtime.ReadMemStats(&stats)
		peak = max(peak, stats.HeapAlloc-min(before, stats.HeapAlloc))
	}
	require.NoError(t, w.Close())
	t.Logf("peak %d MB for 200 MB", peak>>20)
	require.Less(t, peak, uint64(60<<20))
}

// discardingServer takes an upload in parts and keeps nothing.
func discardingServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case r.URL.Query().Has("uploads"):
			fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
		case r.Method == http.MethodPost:
			fmt.Fprint(w, "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>")
		default:
			w.Header().Set("ETag", "1")
		}
	}))
	t.Cleanup(server.Close)
	return "s3://b?anonymous=true&use_path_style=true&endpoint=" + url.QueryEscape(server.URL)
}

func TestOpenRefusals(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                              "scheme",
		"gs://bucket":                   "scheme",
		"file://data/files":             "file:///data/files or file://./data/files",
		"file://":                       "file:///folder",
		"file:///tmp?metadata=skip":     "without parameters",
		"s3://key:s3cr3t@bucket":        "credentials",
		"s3://bucket?colour=red":        "colour",
		"s3://%zz:s3cr3t@bucket":        "cannot be parsed",
		"file://" + notADirectory(t):    "not a directory",
		"s3://?endpoint=http://x.local": "bucketName",
	} {
		_, err := blob.Open(t.Context(), url)
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
}

func TestRelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	s := open(t, "file://./files")
	require.NoError(t, s.Put(t.Context(), "a", nil))
	require.FileExists(t, "files/a")
}

func TestTransient(t *testing.T) {
	t.Parallel()
	require.False(t, blob.Transient(nil))
	require.True(t, blob.Transient(fmt.Errorf("page: %w", &blob.Error{Deed: "write", Key: "a", Err: iotest.ErrTimeout})))
	require.False(t, blob.Transient(&blob.Error{Deed: "read", Key: "a", Err: blob.ErrNotFound}))
	require.False(t, blob.Transient(iotest.ErrTimeout), "it does not come from a store")
	s, err := blob.Open(t.Context(), "mem://")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = s.Get(t.Context(), "a")
	require.Error(t, err)
	require.False(t, blob.Transient(err), "the store was closed")
}

func TestConcurrentWritesOfOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	var done atomic.Int32
	for i := range 8 { // as two workers that both believe they own a page
		go func() {
			defer done.Add(1)
			data := []byte(strings.Repeat(string(rune('a'+i)), 100_000))
			if err := s.Put(t.Context(), "f", data); err != nil {
				t.Error(err)
			}
		}()
	}
	require.Eventually(t, func() bool { return done.Load() == 8 }, 30*time.Second, time.Millisecond)
	got := get(t, s, "f")
	require.Equal(t, strings.Repeat(got[:1], 100_000), got, "a mixture of two files")
	require.Len(t, files(t, dir), 1)
}

func notADirectory(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}

// files lists all files below dir with their sizes, past the store.
func files(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, nameErr := filepath.Rel(dir, path)
		info, err := entry.Info()
		if err = errors.Join(nameErr, err); err == nil {
			found[filepath.ToSlash(name)] = info.Size()
		}
		return err
	}))
	return found
}
