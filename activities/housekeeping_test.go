package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// What nobody needs is removed, each deed done twice; what somebody needs stays.
func TestSweepBlobs(t *testing.T) {
	t.Parallel()
	b := newJobs(t, testenv.SQLite(t), notify.Log{})
	clock := time.Now()
	house := &activities.Housekeeping{Store: b.store, Blobs: b.blobs, Now: func() time.Time { return clock }}
	contract.SweepBlobs.Register(b, activities.Heavy(house.SweepBlobs))

	must(t, b, contract.RegisterJob, registration("running", "r1"))
	ended := end(job.Succeeded, clock)
	ended.Artifacts[0].Key = contract.ArtifactKey("ended", ".xlsx")
	must(t, b, contract.FinishJob, contract.Ending{Registration: registration("ended", "r2"), Status: ended})
	put := func(keys ...string) {
		for _, key := range keys {
			require.NoError(t, b.blobs.Put(t.Context(), key, []byte("x")))
		}
	}
	kept := []string{
		contract.FragmentKey("running", "p", 0), contract.ArtifactKey("running", ".xlsx"), contract.ArtifactKey("ended", ".xlsx"),
	}
	left := []string{
		contract.FragmentKey("ended", "p", 0), contract.FragmentKey("unknown", "p", 0),
		contract.ArtifactKey("ended", ".csv"), contract.ArtifactKey("unknown", ".xlsx"),
	}
	put(kept...)
	put(left...)
	must(t, b, contract.SweepBlobs, contract.Nothing{})
	for _, key := range append(kept, left...) {
		_, err := b.blobs.Stat(t.Context(), key)
		require.NoError(t, err, "%s is young", key)
	}

	clock = clock.Add(72 * time.Hour)
	require.Equal(t, len(left), must(t, b, contract.SweepBlobs, contract.Nothing{}).Count)
	require.Zero(t, must(t, b, contract.SweepBlobs, contract.Nothing{}).Count)
	for _, key := range kept {
		_, err := b.blobs.Stat(t.Context(), key)
		require.NoError(t, err, key)
	}
	for _, key := range left {
		_, err := b.blobs.Stat(t.Context(), key)
		require.ErrorIs(t, err, blob.ErrNotFound, key)
	}
}
