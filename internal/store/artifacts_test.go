package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func finish(t *testing.T, s *store.Store, id string, artifacts ...job.Artifact) {
	t.Helper()
	require.NoError(t, s.RegisterJob(t.Context(), aJob(id, 0)))
	end := job.Status{State: job.Succeeded, UpdatedAt: at(1), Artifacts: artifacts}
	require.NoError(t, s.RecordStatus(t.Context(), id, id, end))
}

func TestArtifactsExpire(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		finish(t, s, "a",
			job.Artifact{Name: "late.xlsx", Key: "a/late", CreatedAt: at(1), ExpiresAt: at(20)},
			job.Artifact{Name: "early.xlsx", Key: "a/early", CreatedAt: at(1), ExpiresAt: at(10)},
			job.Artifact{Name: "forever.xlsx", Key: "a/forever", CreatedAt: at(1)})
		finish(t, s, "b", job.Artifact{Name: "early.xlsx", Key: "b/early", CreatedAt: at(1), ExpiresAt: at(11)})
		expired := func(n int) []store.ArtifactRef {
			refs, err := s.ExpiredArtifacts(t.Context(), at(n), 10)
			require.NoError(t, err)
			return refs
		}
		require.Empty(t, expired(9))
		early := store.ArtifactRef{JobID: "a", Name: "early.xlsx", Key: "a/early"}
		require.Equal(t, []store.ArtifactRef{early}, expired(10))
		require.Len(t, expired(1000), 3)
		refs, err := s.ExpiredArtifacts(t.Context(), at(1000), 1)
		require.NoError(t, err)
		require.Equal(t, []store.ArtifactRef{early}, refs)

		for range 2 {
			require.NoError(t, s.MarkArtifactDeleted(t.Context(), "a", "early.xlsx", at(30)))
		}
		require.Len(t, expired(1000), 2)
		gone, err := s.Artifact(t.Context(), "a", "early.xlsx")
		require.NoError(t, err)
		require.Equal(t, at(30), *gone.DeletedAt)
		there, err := s.Artifact(t.Context(), "b", "early.xlsx")
		require.NoError(t, err)
		require.Nil(t, there.DeletedAt)
		_, err = s.Artifact(t.Context(), "b", "late.xlsx")
		requireCode(t, job.CodeNotFound, err)
	})
}

// TestArtifactsOfARerunStay resets a job whose file has expired: the file is left alone while the job runs, and
// the one that is made again does not count as removed.
func TestArtifactsOfARerunStay(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		file := job.Artifact{Name: "a.xlsx", Key: "artifacts/a.xlsx", CreatedAt: at(1), ExpiresAt: at(10)}
		finish(t, s, "a", file)
		running := job.Status{State: job.Running, UpdatedAt: at(20)}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "again", running))
		refs, err := s.ExpiredArtifacts(t.Context(), at(30), 10)
		require.NoError(t, err)
		require.Empty(t, refs)

		file.CreatedAt, file.ExpiresAt = at(40), at(100)
		end := job.Status{State: job.Succeeded, UpdatedAt: at(40), Artifacts: []job.Artifact{file}}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "again", end))
		require.NoError(t, s.MarkArtifactDeleted(t.Context(), "a", "a.xlsx", at(41)), "by housekeeping that saw the old file")
		read, err := s.Artifact(t.Context(), "a", "a.xlsx")
		require.NoError(t, err)
		require.Equal(t, file, read)
	})
}
