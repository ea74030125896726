package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func aSync(jobID string, n int) store.SyncRow {
	return store.SyncRow{
		JobID: jobID, Tenant: "acme", Kind: "dispatch-shipments", Partner: "marketplace", UploadID: "upload-" + jobID, CreatedAt: at(n),
	}
}

// syncItems are n items of a job in stretches of ten.
func syncItems(jobID string, n int) []store.SyncItem {
	items := make([]store.SyncItem, n)
	for i := range items {
		items[i] = store.SyncItem{
			JobID: jobID, Position: int64(i + 1), Stretch: i / 10, Key: fmt.Sprintf("line-%d", i+1), Order: fmt.Sprintf("O-%d", i/3),
			IdempotencyKey: fmt.Sprintf("%s-%d", jobID, i+1), Fields: map[string]string{"carrier": "대한통운", "tracking_number": fmt.Sprint(i)},
		}
	}
	return items
}

// numbered is a sync with n items that wait.
func numbered(t testing.TB, s *store.Store, jobID string, n int) {
	t.Helper()
	require.NoError(t, s.RegisterSync(t.Context(), aSync(jobID, 0)))
	require.NoError(t, s.AddSyncItems(t.Context(), syncItems(jobID, n)))
	require.NoError(t, s.SealSync(t.Context(), jobID, int64(n), (n+9)/10, job.SyncTally{}))
}

func refs(jobID string, positions ...int64) []store.SyncRef {
	refs := make([]store.SyncRef, len(positions))
	for i, p := range positions {
		refs[i] = store.SyncRef{JobID: jobID, Position: p}
	}
	return refs
}

func succeeded(jobID string, position int64) store.SyncOutcome {
	return store.SyncOutcome{SyncRef: store.SyncRef{JobID: jobID, Position: position}, Outcome: job.ItemSucceeded,
		RemoteID: fmt.Sprint("remote-", position), At: at(50)}
}

func failed(jobID string, position int64, code job.ItemCode) store.SyncOutcome {
	return store.SyncOutcome{SyncRef: store.SyncRef{JobID: jobID, Position: position}, Outcome: job.ItemFailed, Code: code, At: at(50)}
}

func finishItems(t *testing.T, s *store.Store, outcomes ...store.SyncOutcome) map[string]job.SyncTally {
	t.Helper()
	tallies, err := s.FinishItems(t.Context(), outcomes)
	require.NoError(t, err)
	return tallies
}

func itemOf(t *testing.T, s *store.Store, jobID string, position int64) store.SyncItem {
	t.Helper()
	items := streamItems(t, s, jobID)
	i := slices.IndexFunc(items, func(i store.SyncItem) bool { return i.Position == position })
	require.GreaterOrEqual(t, i, 0)
	return items[i]
}

func streamItems(t *testing.T, s *store.Store, jobID string) (items []store.SyncItem) {
	t.Helper()
	require.NoError(t, s.StreamSyncItems(t.Context(), jobID, func(i store.SyncItem) error {
		items = append(items, i)
		return nil
	}))
	return items
}

func TestSyncIsRegisteredAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		_, err := s.Sync(t.Context(), "a")
		requireCode(t, job.CodeNotFound, err)
		numbered(t, s, "a", 5)
		finishItems(t, s, failed("a", 2, job.ItemRejected))
		again := aSync("a", 7)
		again.Partner, again.UploadID, again.RetryOf = "another", "", "before"
		require.NoError(t, s.RegisterSync(t.Context(), again))

		want := again
		want.CreatedAt, want.Items, want.Stretches, want.Numbered = at(0), 5, 1, true
		want.Tally = job.SyncTally{Failed: 1, Codes: []job.ItemCodeCount{{Code: job.ItemRejected, Count: 1}}}
		read, err := s.Sync(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, want, read)

		numbered(t, s, "b", 1)
		tallies, err := s.SyncTallies(t.Context(), []string{"a", "b", "none"})
		require.NoError(t, err)
		require.Equal(t, map[string]job.SyncTally{"a": want.Tally, "b": {}}, tallies)
		tallies, err = s.SyncTallies(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, tallies)

		require.ErrorContains(t, s.RegisterSync(t.Context(), store.SyncRow{JobID: "c"}), "time of creation")
		require.Error(t, s.RegisterSync(t.Context(), aSync(strings.Repeat("j", 65), 0)))
	})
}

func TestJobsShowTheTallyOfTheirSync(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i, id := range []string{"recorded", "fresh", "export", "unregistered"} {
			j := aJob(id, i)
			if id != "export" {
				j.Type = job.TypeSync
			}
			require.NoError(t, s.RegisterJob(t.Context(), j))
		}
		wait := &job.Wait{Why: job.WaitQuota, Until: at(900), Since: at(10)}
		require.NoError(t, s.RecordStatus(t.Context(), "recorded", "recorded", job.Status{State: job.Waiting, UpdatedAt: at(20), Sync: &job.Sync{
			Partner: "marketplace", Upload: "송장.xlsx", Wait: wait, Account: &job.Account{Partner: "marketplace", InFlight: 3}}}))
		for _, id := range []string{"recorded", "fresh", "export"} {
			numbered(t, s, id, 3)
			finishItems(t, s, succeeded(id, 1), failed(id, 3, job.ItemNotFound))
		}
		tally := job.SyncTally{Succeeded: 1, Failed: 1, Codes: []job.ItemCodeCount{{Code: job.ItemNotFound, Count: 1}}}
		page, err := s.Jobs(t.Context(), job.Query{})
		require.NoError(t, err)
		got := make(map[string]*job.Sync)
		for _, j := range page.Jobs {
			got[j.ID] = j.Sync
		}
		require.Equal(t, map[string]*job.Sync{
			"recorded":     {Partner: "marketplace", Upload: "송장.xlsx", Wait: wait, Tally: tally},
			"fresh":        {Partner: "marketplace", Tally: tally},
			"export":       nil,
			"unregistered": nil,
		}, got)
		one, err := s.Job(t.Context(), "fresh")
		require.NoError(t, err)
		require.Equal(t, tally, one.Sync.Tally)
	})
}

func TestNumberingBeginsAgainUntilItIsSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		requireCode(t, job.CodeNotFound, s.ClearSync(t.Context(), "a"))
		requireCode(t, job.CodeNotFound, s.AddSyncItems(t.Context(), syncItems("a", 1)))
		requireCode(t, job.CodeNotFound, s.SealSync(t.Context(), "a", 0, 0, job.SyncTally{}))
		require.NoError(t, s.RegisterSync(t.Context(), aSync("a", 0)))
		require.NoError(t, s.AddSyncItems(t.Context(), nil))
		require.NoError(t, s.AddSyncItems(t.Context(), syncItems("a", 4500)))
		require.ErrorContains(t, s.AddSyncItems(t.Context(), syncItems("a", 1)), "add items 1 to 1 of sync a")
		require.NoError(t, s.ClearSync(t.Context(), "a"))
		require.Empty(t, streamItems(t, s, "a"))
		require.NoError(t, s.ClearSync(t.Context(), "a"))

		items := syncItems("a", 25)
		sent, done := at(3), at(4).Add(time.Microsecond)
		items[7].Outcome, items[7].Code, items[7].DoneAt = job.ItemFailed, job.ItemInvalid, &done
		items[7].Errors = []job.RowError{{Column: "carrier", Index: -1, Code: job.RowRequired}}
		items[8].Attempts, items[8].Sent, items[8].SentAt, items[8].Sheet, items[8].Row = 3, true, &sent, "시트", 9
		items[8].Tries = []job.Try{{At: at(1), Millis: 30, Status: 503, Code: job.ItemUnavailable, Message: "busy", JobID: "before"}}
		require.NoError(t, s.AddSyncItems(t.Context(), items[:10]))
		require.NoError(t, s.AddSyncItems(t.Context(), items[10:]))
		invalid := job.SyncTally{Failed: 1, Codes: []job.ItemCodeCount{{Code: job.ItemInvalid, Count: 1}}}
		requireCode(t, job.CodeConflict, s.SealSync(t.Context(), "a", 24, 3, invalid))
		requireCode(t, job.CodeConflict, s.SealSync(t.Context(), "a", 25, 3, job.SyncTally{}))
		page, err := s.Items(t.Context(), "a", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: []job.Item{}, Complete: true}, page, "what lies there may be numbered again")

		require.NoError(t, s.SealSync(t.Context(), "a", 25, 3, invalid))
		finishItems(t, s, succeeded("a", 1))
		require.NoError(t, s.SealSync(t.Context(), "a", 25, 3, invalid), "again, also later")
		requireCode(t, job.CodeConflict, s.SealSync(t.Context(), "a", 26, 3, invalid))
		requireCode(t, job.CodeConflict, s.ClearSync(t.Context(), "a"))
		requireCode(t, job.CodeConflict, s.AddSyncItems(t.Context(), syncItems("a", 30)[26:]))
		row, err := s.Sync(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, job.SyncTally{Succeeded: 1, Failed: 1, Codes: invalid.Codes}, row.Tally)

		read := streamItems(t, s, "a")
		require.Equal(t, items[1:], read[1:])
		stretch, err := s.Stretch(t.Context(), "a", 0)
		require.NoError(t, err)
		require.Equal(t, slices.Concat(items[1:7], items[8:10]), stretch, "but those with an outcome")
		stretch, err = s.Stretch(t.Context(), "a", 2)
		require.NoError(t, err)
		require.Equal(t, items[20:], stretch)
	})
}

// TestItemsKeepWhatTheirColumnsHold has texts of others that are too long, or none.
func TestItemsKeepWhatTheirColumnsHold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.RegisterSync(t.Context(), aSync("a", 0)))
		item := syncItems("a", 1)[0]
		item.Key, item.Order, item.Sheet = strings.Repeat("가", 301), strings.Repeat("😀", 201), "\xff"
		item.Fields = map[string]string{"memo": strings.Repeat("가", 30_000)}
		require.NoError(t, s.AddSyncItems(t.Context(), []store.SyncItem{item}))
		require.NoError(t, s.SealSync(t.Context(), "a", 1, 1, job.SyncTally{}))
		outcome := failed("a", 1, job.ItemRejected)
		outcome.Message, outcome.RemoteID = strings.Repeat("나", 1001)+"\xff", strings.Repeat("x", 301)
		for n := range 12 {
			outcome.Tries = append(outcome.Tries, job.Try{At: at(n), Message: strings.Repeat("<", 1000)})
		}
		finishItems(t, s, outcome)
		read := itemOf(t, s, "a", 1)
		require.Equal(t, strings.Repeat("가", 299)+"…", read.Key)
		require.Equal(t, strings.Repeat("😀", 199)+"…", read.Order)
		require.Equal(t, "�", read.Sheet)
		require.Equal(t, item.Fields, read.Fields)
		require.Equal(t, strings.Repeat("나", 999)+"…", read.Message)
		require.Len(t, read.RemoteID, 299+len("…"))
		require.Equal(t, outcome.Tries[2:], read.Tries)
	})
}
