package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func anUpload(id string, n int) job.Upload {
	return job.Upload{
		ID: id, Kind: "orders", Tenant: "acme", Name: "3월 주문 😀.xlsx", Size: 5 << 30, SHA256: strings.Repeat("ab", 32),
		Format: "xlsx", Sheets: []string{"1월", "2월"}, HeaderRow: 3,
		Columns: []job.UploadColumn{
			{Index: 0, Header: "주문번호", Samples: []string{"0012", "0013"}, Column: "order_number", Confidence: 1, How: job.MatchName},
			{Index: 4, Header: "비고 <&>"},
		},
		Missing: []string{"sku"}, Parent: "parent-job", Key: "uploads/" + id, CreatedAt: at(n), ExpiresAt: at(n + 100),
	}
}

func TestUploadComesBackAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		u := anUpload("a", 0)
		given := u
		given.SameAs = &job.SameFile{JobID: "of then", At: at(0)}
		require.NoError(t, s.InsertUpload(t.Context(), given))
		other := anUpload("a", 50)
		other.Name = "another.csv"
		require.NoError(t, s.InsertUpload(t.Context(), other), "a second time does nothing")
		text := anUpload("b", 1)
		text.Format, text.Encoding, text.Sheets, text.Name = "csv", "cp949", nil, ""
		require.NoError(t, s.InsertUpload(t.Context(), text))
		for _, want := range []job.Upload{u, text} {
			read, err := s.Upload(t.Context(), want.ID)
			require.NoError(t, err)
			require.Equal(t, want, read)
		}
		_, err := s.Upload(t.Context(), "A")
		requireCode(t, job.CodeNotFound, err)
	})
}

func TestUploadsOfAnySizeAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for name, tt := range map[string]struct{ given, want string }{
			"as wide as the column": {strings.Repeat("😀", 1000), strings.Repeat("😀", 1000)},
			"wider":                 {strings.Repeat("가", 1001), strings.Repeat("가", 999) + "…"},
			"not UTF-8":             {"a\xc0\xafb", "a\uFFFDb"},
		} {
			u := anUpload("upload-"+name, 0)
			u.Name = tt.given
			require.NoError(t, s.InsertUpload(t.Context(), u), name)
			read, err := s.Upload(t.Context(), u.ID)
			require.NoError(t, err, name)
			require.Equal(t, tt.want, read.Name, name)
		}
		wide := anUpload("wide", 0)
		for i := range 500 {
			wide.Columns = append(wide.Columns, job.UploadColumn{Index: i, Header: strings.Repeat("가", 255),
				Samples: []string{strings.Repeat("나", 500), strings.Repeat("😀", 500), "\x00"}})
		}
		require.NoError(t, s.InsertUpload(t.Context(), wide))
		read, err := s.Upload(t.Context(), "wide")
		require.NoError(t, err)
		require.Equal(t, wide, read)
	})
}

func TestUploadsThatDoNotFitAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for name, spoil := range map[string]func(*job.Upload){
			"id":         func(u *job.Upload) { u.ID = strings.Repeat("i", 65) },
			"tenant":     func(u *job.Upload) { u.Tenant = strings.Repeat("t", 65) },
			"kind":       func(u *job.Upload) { u.Kind = strings.Repeat("k", 65) },
			"digest":     func(u *job.Upload) { u.SHA256 = strings.Repeat("f", 65) },
			"key":        func(u *job.Upload) { u.Key = strings.Repeat("k", 501) },
			"no expiry":  func(u *job.Upload) { u.ExpiresAt = time.Time{} },
			"no created": func(u *job.Upload) { u.CreatedAt = time.Time{} },
		} {
			u := anUpload("a", 0)
			spoil(&u)
			require.ErrorContains(t, s.InsertUpload(t.Context(), u), "insert upload "+u.ID, name)
		}
		_, err := s.Upload(t.Context(), "a")
		requireCode(t, job.CodeNotFound, err)
	})
}

func TestUploadsExpire(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i, id := range []string{"c", "b", "a"} {
			require.NoError(t, s.InsertUpload(t.Context(), anUpload(id, i))) // until 100, 101 and 102
		}
		expired := func(n, limit int) (ids []string) {
			uploads, err := s.ExpiredUploads(t.Context(), at(n), limit)
			require.NoError(t, err)
			for _, u := range uploads {
				require.Equal(t, "uploads/"+u.ID, u.Key)
				ids = append(ids, u.ID)
			}
			return ids
		}
		require.Empty(t, expired(99, 10))
		require.Equal(t, []string{"c", "b"}, expired(101, 10))
		require.Equal(t, []string{"c"}, expired(102, 1))

		requireCode(t, job.CodeNotFound, s.ExtendUpload(t.Context(), "none", at(500)))
		for range 2 {
			require.NoError(t, s.ExtendUpload(t.Context(), "c", at(200)))
		}
		require.NoError(t, s.ExtendUpload(t.Context(), "c", at(150)), "does not shorten")
		read, err := s.Upload(t.Context(), "c")
		require.NoError(t, err)
		require.Equal(t, at(200), read.ExpiresAt)
		require.Equal(t, []string{"b", "a"}, expired(199, 10))

		for range 2 {
			require.NoError(t, s.DeleteUpload(t.Context(), "b"))
		}
		_, err = s.Upload(t.Context(), "b")
		requireCode(t, job.CodeNotFound, err)
		require.Equal(t, []string{"a", "c"}, expired(500, 10))
	})
}
