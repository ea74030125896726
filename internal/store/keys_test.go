package store_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// TestOneOfManyClaimsIsNew has 200 requests with one key at once: exactly one may start the job.
func TestOneOfManyClaimsIsNew(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		var group errgroup.Group
		var fresh atomic.Int64
		claims := make([]store.Claim, 200)
		for i := range claims {
			group.Go(func() (err error) {
				claims[i], err = s.ClaimKey(t.Context(), "key", fmt.Sprint("body-", i), fmt.Sprint("workflow-", i), at(i))
				if claims[i].New {
					fresh.Add(1)
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, int64(1), fresh.Load())
		for _, c := range claims {
			require.Equal(t, claims[0].Fingerprint, c.Fingerprint, "all are told the same")
			require.Equal(t, strings.TrimPrefix(c.Fingerprint, "body-"), strings.TrimPrefix(c.WorkflowID, "workflow-"))
		}
	})
}

func TestKeysAreTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		long := strings.Repeat("k", 5000)
		for _, key := range []string{"k", "K", "k ", "", "키", long, long + "k"} {
			claim, err := s.ClaimKey(t.Context(), key, "f", "w", at(0))
			require.NoError(t, err)
			require.True(t, claim.New, "%.10q is a key of its own", key)
		}
		claim, err := s.ClaimKey(t.Context(), "k", "other", "other", at(1))
		require.NoError(t, err)
		require.Equal(t, store.Claim{Fingerprint: "f", WorkflowID: "w"}, claim)

		requireCode(t, job.CodeNotFound, s.BindKey(t.Context(), "none", "a"))
		for range 2 {
			require.NoError(t, s.BindKey(t.Context(), "k", "a"))
		}
		requireCode(t, job.CodeConflict, s.BindKey(t.Context(), "k", "b"))
		claim, err = s.ClaimKey(t.Context(), "k", "f", "w", at(1))
		require.NoError(t, err)
		require.Equal(t, store.Claim{Fingerprint: "f", WorkflowID: "w", JobID: "a"}, claim)
	})
}

func TestKeysArePruned(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i := range 10 {
			_, err := s.ClaimKey(t.Context(), fmt.Sprint(i), "f", "w", at(i))
			require.NoError(t, err)
		}
		for _, want := range []int64{3, 2, 0} {
			n, err := s.PruneKeys(t.Context(), at(5), 3)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		for i := range 10 {
			claim, err := s.ClaimKey(t.Context(), fmt.Sprint(i), "f", "w", at(20))
			require.NoError(t, err)
			require.Equal(t, i < 5, claim.New, "key %d", i)
		}
	})
}
