package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// mixedSync is a sync of which items have all kinds of outcomes, by chance.
func mixedSync(t *testing.T, s *store.Store, jobID string, n int) []store.SyncItem {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(n)))
	items := syncItems(jobID, n)
	var tally job.SyncTally
	codes := []job.ItemCode{job.ItemRejected, job.ItemTimedOut, job.ItemUnknown}
	for i := range items {
		item := &items[i]
		item.Message, item.RemoteID = "message", fmt.Sprint("remote ", i)
		switch random.IntN(4) {
		case 0:
			item.Outcome = job.ItemSucceeded
		case 1:
			item.Outcome, item.Code = job.ItemFailed, codes[random.IntN(3)]
		case 2:
			item.Outcome, item.Code = job.ItemUnprocessed, codes[random.IntN(3)]
		}
		if item.Outcome != "" {
			tally.Count(item.Outcome, item.Code, 1)
		}
	}
	require.NoError(t, s.RegisterSync(t.Context(), aSync(jobID, 0)))
	require.NoError(t, s.AddSyncItems(t.Context(), items))
	require.NoError(t, s.SealSync(t.Context(), jobID, int64(n), (n+9)/10, tally))
	return items
}

// TestSyncItemsAreListed compares every filter, page by page, with a search by hand.
func TestSyncItemsAreListed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		items := mixedSync(t, s, "a", 150)
		mixedSync(t, s, "b", 30)
		for _, outcome := range []string{"", "waiting", "succeeded", "failed", "unprocessed", "refused"} {
			for _, code := range []job.ItemCode{"", job.ItemRejected, job.ItemUnknown, job.ItemStopped, "none"} {
				var want, got []string
				for _, i := range items {
					has := string(i.Outcome)
					if has == "" {
						has = "waiting"
					}
					if (outcome == "" || outcome == has) && (code == "" || code == i.Code) {
						want = append(want, fmt.Sprint(i.Position, i.Outcome, i.Code, i.Key, i.Message, i.RemoteID))
					}
				}
				q := job.ItemQuery{Outcome: outcome, Code: code, PageSize: 7}
				for {
					page, err := s.Items(t.Context(), "a", q)
					require.NoError(t, err)
					require.NotNil(t, page.Items)
					require.Equal(t, int64(150), page.Total)
					require.True(t, page.Complete)
					for _, i := range page.Items {
						got = append(got, fmt.Sprint(i.Position, i.Outcome, i.Code, i.Key, i.Message, i.RemoteID))
					}
					if q.PageToken = page.NextPageToken; q.PageToken == "" {
						break
					}
					require.Len(t, page.Items, 7)
				}
				require.Equal(t, want, got, "%q %q", outcome, code)
			}
		}

		page, err := s.Items(t.Context(), "a", job.ItemQuery{Outcome: "failed", PageSize: 1})
		require.NoError(t, err)
		for name, q := range map[string]job.ItemQuery{
			"page_size": {PageSize: 201}, "page_token": {PageToken: "AAAA"}, "of another filter": {PageToken: page.NextPageToken},
			"of another code": {PageToken: page.NextPageToken, Outcome: "failed", Code: job.ItemUnknown},
		} {
			_, err := s.Items(t.Context(), "a", q)
			requireCode(t, job.CodeInvalid, err)
			require.NotEmpty(t, name)
		}
		_, err = s.SyncItems(t.Context(), "none", job.ItemQuery{})
		requireCode(t, job.CodeNotFound, err)
		page, err = s.Items(t.Context(), "none", job.ItemQuery{})
		require.NoError(t, err)
		require.True(t, page.Complete)
	})
}

func TestSyncItemsAreStreamedInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		const items = 1200 // some pieces
		numbered(t, s, "a", items)
		numbered(t, s, "b", 3)
		var next int64
		require.NoError(t, s.StreamSyncItems(t.Context(), "a", func(i store.SyncItem) error {
			next++
			require.Equal(t, "a", i.JobID)
			require.Equal(t, next, i.Position)
			// Whoever reads may write.
			if next%400 == 0 {
				finishItems(t, s, succeeded("a", next))
			}
			return nil
		}))
		require.Equal(t, int64(items), next)
		stop := errors.New("stop")
		require.Equal(t, stop, s.StreamSyncItems(t.Context(), "a", func(store.SyncItem) error { return stop }))
	})
}

func retried(t *testing.T, s *store.Store, jobID string, sel store.SyncSelection) (positions []int64) {
	t.Helper()
	require.NoError(t, s.RetryItems(t.Context(), jobID, sel, func(i store.SyncItem) error {
		positions = append(positions, i.Position)
		return nil
	}))
	return positions
}

func TestItemsToRetryAreSelected(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		all := func(store.SyncItem) error { return nil }
		requireCode(t, job.CodeNotFound, s.RetryItems(t.Context(), "a", store.SyncSelection{}, all))
		j := aJob("a", 0)
		j.Type = job.TypeSync
		require.NoError(t, s.RegisterJob(t.Context(), j))
		items := mixedSync(t, s, "a", 1500)
		requireCode(t, job.CodeConflict, s.RetryItems(t.Context(), "a", store.SyncSelection{}, all))

		// The job was terminated: nobody has closed what was left.
		ended := at(90)
		require.NoError(t, s.RecordStatus(t.Context(), "a", "a", job.Status{State: job.Failed, UpdatedAt: ended, EndedAt: &ended}))
		for i := range items {
			if items[i].Outcome == "" {
				items[i].Outcome, items[i].Code = job.ItemUnprocessed, job.ItemStopped
			}
		}
		positions := []int64{900, 17, 18, 3, 3, 19, 20, 21, 22, 23, 24, 9999}
		for _, sel := range []store.SyncSelection{
			{},
			{Outcome: job.ItemFailed},
			{Outcome: job.ItemUnprocessed, Codes: []job.ItemCode{job.ItemStopped, job.ItemUnknown}},
			{Codes: []job.ItemCode{job.ItemTimedOut}},
			{Codes: []job.ItemCode{job.ItemInvalid}},
			{Outcome: job.ItemSucceeded},
			{Positions: positions},
			{Positions: positions, Outcome: job.ItemFailed, Codes: []job.ItemCode{job.ItemRejected}},
		} {
			var want []int64
			for _, i := range items {
				if i.Outcome != job.ItemSucceeded && (sel.Outcome == "" || sel.Outcome == i.Outcome) &&
					(sel.Codes == nil || slices.Contains(sel.Codes, i.Code)) && (sel.Positions == nil || slices.Contains(sel.Positions, i.Position)) {
					want = append(want, i.Position)
				}
			}
			require.Equal(t, want, retried(t, s, "a", sel), "%+v", sel)
		}
		requireTally(t, s, "a", 1500)

		first := true
		require.NoError(t, s.RetryItems(t.Context(), "a", store.SyncSelection{Outcome: job.ItemFailed}, func(i store.SyncItem) error {
			if first {
				require.Equal(t, items[i.Position-1], i, "with all their data")
				first = false
			}
			return nil
		}))
		require.False(t, first)
		stop := errors.New("stop")
		require.Equal(t, stop, s.RetryItems(t.Context(), "a", store.SyncSelection{}, func(store.SyncItem) error { return stop }))
		require.Equal(t, stop, s.RetryItems(t.Context(), "a", store.SyncSelection{Positions: positions}, func(store.SyncItem) error { return stop }))
		// Pruned while it is read.
		requireCode(t, job.CodeGone, s.RetryItems(t.Context(), "a", store.SyncSelection{}, func(store.SyncItem) error {
			_, err := s.PruneSyncs(t.Context(), at(100), 1)
			return err
		}))
	})
}

func TestSyncsArePrunedAfterTheirJob(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i, id := range []string{"runs", "late", "old", "older", "jobless"} {
			j := aJob(id, i)
			j.Type = job.TypeSync
			if id != "jobless" {
				require.NoError(t, s.RegisterJob(t.Context(), j))
			}
			numbered(t, s, id, 4100)
			finishItems(t, s, succeeded(id, 1))
		}
		for id, n := range map[string]int{"late": 60, "old": 20, "older": 10} {
			ended := at(n)
			require.NoError(t, s.RecordStatus(t.Context(), id, id, job.Status{State: job.Succeeded, UpdatedAt: ended, EndedAt: &ended}))
		}
		prune := func(limit int) int64 {
			n, err := s.PruneSyncs(t.Context(), at(50), limit)
			require.NoError(t, err)
			return n
		}
		require.Equal(t, int64(1), prune(1))
		require.Equal(t, int64(1), prune(10))
		require.Zero(t, prune(10))
		require.Equal(t, [][]string{{"jobless", "4100"}, {"late", "4100"}, {"runs", "4100"}},
			stream(t, s, "SELECT job_id, COUNT(*) FROM sync_items GROUP BY job_id ORDER BY job_id"))
		page, err := s.Items(t.Context(), "old", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: []job.Item{}, Total: 4100}, page)
		row, err := s.Sync(t.Context(), "old")
		require.NoError(t, err)
		require.Equal(t, job.SyncTally{Succeeded: 1}, row.Tally)
		require.NotNil(t, row.PrunedAt)
		requireCode(t, job.CodeGone, s.RetryItems(t.Context(), "old", store.SyncSelection{}, func(store.SyncItem) error { return nil }))
	})
}
