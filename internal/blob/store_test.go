package blob_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
)

func open(t *testing.T, url string) *blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestConformance holds every store to the same behaviour.
func TestConformance(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) string{
		"folder": func(t *testing.T) string { return "file://" + filepath.Join(t.TempDir(), "made", "by open") },
		"memory": func(*testing.T) string { return "mem://" },
		"s3":     func(t *testing.T) string { return blobtest.Server(t).URL },
		"s3 below a prefix": func(t *testing.T) string {
			return strings.Replace(blobtest.Server(t).URL, "?", "/team/운송/?", 1)
		},
	}
	for name, url := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, test := range conformance {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, open(t, url(t)))
				})
			}
		})
	}
}

var conformance = map[string]func(t *testing.T, s *blob.Store){
	"put, get, stat, replace": func(t *testing.T, s *blob.Store) {
		before := time.Now().Add(-2 * time.Second) // S3's times are whole seconds
		require.NoError(t, s.Put(t.Context(), "a/b", []byte("one")))
		require.NoError(t, s.Put(t.Context(), "a/b", []byte("second")))
		got, err := s.Get(t.Context(), "a/b")
		require.NoError(t, err)
		require.Equal(t, "second", string(got))
		info, err := s.Stat(t.Context(), "a/b")
		require.NoError(t, err)
		require.Equal(t, int64(6), info.Size)
		require.True(t, info.ModTime.After(before), "mod time %s is before %s", info.ModTime, before)
	},

	"an empty file is a file": func(t *testing.T, s *blob.Store) {
		require.NoError(t, s.Put(t.Context(), "empty", nil))
		got, err := s.Get(t.Context(), "empty")
		require.NoError(t, err)
		require.Empty(t, got)
	},

	"missing": func(t *testing.T, s *blob.Store) {
		_, err := s.Get(t.Context(), "jobs/1/plan.json")
		require.ErrorIs(t, err, blob.ErrNotFound)
		require.ErrorContains(t, err, "jobs/1/plan.json")
		require.False(t, blob.Transient(err))
		_, err = s.Stat(t.Context(), "nothing")
		require.ErrorIs(t, err, blob.ErrNotFound)
		_, err = s.Open(t.Context(), "nothing")
		require.ErrorIs(t, err, blob.ErrNotFound)
		_, err = s.Reader(t.Context(), "nothing", 5, 10)
		require.ErrorIs(t, err, blob.ErrNotFound)
		require.NoError(t, s.Delete(t.Context(), "nothing"))
		// A "directory" is no file.
		require.NoError(t, s.Put(t.Context(), "dir/file", nil))
		_, err = s.Stat(t.Context(), "dir")
		require.ErrorIs(t, err, blob.ErrNotFound)
	},

	"ranges": func(t *testing.T, s *blob.Store) {
		require.NoError(t, s.Put(t.Context(), "digits", []byte("0123456789")))
		for _, c := range []struct {
			offset, length int64
			want           string
		}{
			{0, -1, "0123456789"}, {0, 4, "0123"}, {3, 4, "3456"}, {3, -1, "3456789"}, {8, 10, "89"},
			{4, 0, ""}, {10, -1, ""}, {10, 1, ""}, {99, 5, ""},
		} {
			r, err := s.Reader(t.Context(), "digits", c.offset, c.length)
			require.NoError(t, err, "%+v", c)
			got, err := io.ReadAll(r)
			require.NoError(t, err, "%+v", c)
			require.NoError(t, r.Close())
			require.Equal(t, c.want, string(got), "%+v", c)
		}
	},

	"seeking": func(t *testing.T, s *blob.Store) {
		require.NoError(t, s.Put(t.Context(), "digits", []byte("0123456789")))
		f, err := s.Open(t.Context(), "digits")
		require.NoError(t, err)
		defer f.Close()
		require.Equal(t, int64(10), f.Size)
		read := func(n int64) string {
			got, err := io.ReadAll(io.LimitReader(f, n))
			require.NoError(t, err)
			return string(got)
		}
		seek := func(offset int64, whence int) int64 {
			at, err := f.Seek(offset, whence)
			require.NoError(t, err)
			return at
		}
		require.Equal(t, int64(10), seek(0, io.SeekEnd))
		require.Empty(t, read(1))
		require.Equal(t, int64(0), seek(0, io.SeekStart))
		require.Equal(t, "012", read(3))
		require.Equal(t, int64(5), seek(2, io.SeekCurrent))
		require.Equal(t, "56", read(2))
		require.Equal(t, int64(8), seek(-2, io.SeekEnd))
		require.Equal(t, "89", read(5))
		_, err = f.Seek(-1, io.SeekStart)
		require.Error(t, err)
	},

	"keys of every script": func(t *testing.T, s *blob.Store) {
		keys := []string{
			"artifacts/재고 부족 2026-11.xlsx", "artifacts/주문 +100% & 'quote' \"x\" #1?.csv", "artifacts/😀", "a..b/c.tmp", "x=1",
			strings.Repeat("가", 70), "<>:|*", "~/.hidden",
		}
		for _, key := range keys {
			require.NoError(t, s.Put(t.Context(), key, []byte(key)), key)
			got, err := s.Get(t.Context(), key)
			require.NoError(t, err, key)
			require.Equal(t, key, string(got))
		}
		slices.Sort(keys)
		require.Equal(t, keys, list(t, s, ""))
	},

	"keys that not every store could keep": func(t *testing.T, s *blob.Store) {
		for _, key := range []string{
			"", "/a", "a/", "a//b", ".", "a/../b", "..", "../../etc/passwd", "a/./b", "nul\x00", "line\n", `a\b`, "\xff",
			"a.attrs", "a__0x2f__b", "a.18c2a0b1c2d3e4f5.tmp", strings.Repeat("a", 221), strings.Repeat("abc/", 230) + "a",
		} {
			err := s.Put(t.Context(), key, []byte("x"))
			require.ErrorIs(t, err, blob.ErrKey, "%q", key)
			require.False(t, blob.Transient(err))
			_, err = s.Get(t.Context(), key)
			require.ErrorIs(t, err, blob.ErrKey, "%q", key)
			require.ErrorIs(t, s.Delete(t.Context(), key), blob.ErrKey, "%q", key)
		}
		require.Empty(t, list(t, s, ""))
	},

	"list": func(t *testing.T, s *blob.Store) {
		for _, key := range []string{"jobs/b/1", "jobs/a/2", "jobs/a/1", "jobs/a/deep/1", "jobs/ab/1", "other"} {
			require.NoError(t, s.Put(t.Context(), key, []byte("12345")))
		}
		require.Equal(t, []string{"jobs/a/1", "jobs/a/2", "jobs/a/deep/1"}, list(t, s, "jobs/a/"))
		require.Equal(t, []string{"jobs/a/1", "jobs/a/2", "jobs/a/deep/1", "jobs/ab/1"}, list(t, s, "jobs/a"))
		require.Empty(t, list(t, s, "jobs/c/"))

		stop := errors.New("enough")
		err := s.List(t.Context(), "jobs/", func(key string, info blob.Info) error {
			require.Equal(t, int64(5), info.Size)
			require.False(t, info.ModTime.IsZero())
			return stop
		})
		require.Equal(t, stop, err)

		dirs, err := s.ListDirs(t.Context(), "jobs/")
		require.NoError(t, err)
		require.Equal(t, []string{"jobs/a/", "jobs/ab/", "jobs/b/"}, dirs)
		dirs, err = s.ListDirs(t.Context(), "nowhere/")
		require.NoError(t, err)
		require.Empty(t, dirs)
	},

	"delete prefix": func(t *testing.T, s *blob.Store) {
		for i := range 30 {
			require.NoError(t, s.Put(t.Context(), fmt.Sprintf("jobs/1/fragments/%08d", i), []byte("x")))
		}
		require.NoError(t, s.Put(t.Context(), "jobs/1/plan.json", []byte("x")))
		require.NoError(t, s.Put(t.Context(), "jobs/12/plan.json", []byte("x")))
		n, err := s.DeletePrefix(t.Context(), "jobs/1/")
		require.NoError(t, err)
		require.Equal(t, 31, n)
		require.Equal(t, []string{"jobs/12/plan.json"}, list(t, s, ""))
		n, err = s.DeletePrefix(t.Context(), "jobs/1/")
		require.NoError(t, err)
		require.Zero(t, n)
		dirs, err := s.ListDirs(t.Context(), "jobs/")
		require.NoError(t, err)
		require.Equal(t, []string{"jobs/12/"}, dirs)

		for _, prefix := range []string{"", "/", "jobs", "jobs/1", "../", "jobs/../"} {
			_, err := s.DeletePrefix(t.Context(), prefix)
			require.ErrorIs(t, err, blob.ErrKey, "%q", prefix)
		}
		require.Len(t, list(t, s, ""), 1)
	},

	"more than a page of keys": func(t *testing.T, s *blob.Store) {
		var want []string
		for i := range 1_050 { // stores list 1,000 at a time
			want = append(want, fmt.Sprintf("many/%05d", i))
			require.NoError(t, s.Put(t.Context(), want[i], nil))
		}
		require.Equal(t, want, list(t, s, "many/"))
		n, err := s.DeletePrefix(t.Context(), "many/")
		require.NoError(t, err)
		require.Equal(t, len(want), n)
		require.Empty(t, list(t, s, ""))
	},

	"a file appears when it is closed": func(t *testing.T, s *blob.Store) {
		require.NoError(t, s.Put(t.Context(), "f", []byte("old")))
		w, err := s.Writer(t.Context(), "f", "text/csv; charset=utf-8")
		require.NoError(t, err)
		defer w.Abort()
		_, err = w.Write([]byte("new "))
		require.NoError(t, err)
		require.Equal(t, "old", get(t, s, "f"))
		_, err = w.Write([]byte("content"))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.Equal(t, "new content", get(t, s, "f"))
		require.NoError(t, w.Close(), "a second Close says what the first said")
		w.Abort()
		require.Equal(t, "new content", get(t, s, "f"))
	},

	"a writer without a write makes an empty file": func(t *testing.T, s *blob.Store) {
		w, err := s.Writer(t.Context(), "f", "")
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.Empty(t, get(t, s, "f"))
	},

	"an aborted file leaves what was there": func(t *testing.T, s *blob.Store) {
		require.NoError(t, s.Put(t.Context(), "f", []byte("old")))
		for _, size := range []int{0, 10, 21 << 20} { // nothing sent, one piece, several parts
			w, err := s.Writer(t.Context(), "f", "")
			require.NoError(t, err)
			_, err = w.Write(make([]byte, size))
			require.NoError(t, err)
			w.Abort()
			_, err = w.Write([]byte("x"))
			require.ErrorIs(t, err, blob.ErrAborted)
			require.ErrorIs(t, w.Close(), blob.ErrAborted)
		}
		require.Equal(t, "old", get(t, s, "f"))
		require.Equal(t, []string{"f"}, list(t, s, ""))
	},

	"big": func(t *testing.T, s *blob.Store) {
		want := noise(30 << 20)
		w, err := s.Writer(t.Context(), "big", "")
		require.NoError(t, err)
		for piece := range slices.Chunk(want, 100_003) {
			_, err := w.Write(piece)
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		got, err := s.Get(t.Context(), "big")
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), "content differs")
		info, err := s.Stat(t.Context(), "big")
		require.NoError(t, err)
		require.Equal(t, int64(len(want)), info.Size)
	},

	"check": func(t *testing.T, s *blob.Store) {
		require.NoError(t, s.Check(t.Context()))
		require.Empty(t, list(t, s, ""))
	},
}

func noise(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(p)
	return p
}

func list(t *testing.T, s *blob.Store, prefix string) []string {
	t.Helper()
	var keys []string
	require.NoError(t, s.List(t.Context(), prefix, func(key string, _ blob.Info) error {
		keys = append(keys, key)
		return nil
	}))
	return keys
}

func get(t *testing.T, s *blob.Store, key string) string {
	t.Helper()
	data, err := s.Get(t.Context(), key)
	require.NoError(t, err)
	return string(data)
}
