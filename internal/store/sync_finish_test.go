package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func TestMarksAndWhatIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		numbered(t, s, "a", 5)
		numbered(t, s, "b", 5)
		require.NoError(t, s.MarkSent(t.Context(), nil, at(9)))
		finishItems(t, s, succeeded("a", 2))
		require.NoError(t, s.MarkSent(t.Context(), slices.Concat(refs("b", 5, 1), refs("a", 3, 2, 1), refs("b", 1)), at(10)))
		stand := func() string {
			return fmt.Sprint(stream(t, s, "SELECT job_id, position, attempts, sent_at FROM sync_items WHERE sent = TRUE OR attempts > 0 ORDER BY 1, 2"))
		}
		const ten, twenty = " 2026-03-01 09:00:10.000000", " 2026-03-01 09:00:20.000000"
		require.Equal(t, "[[a 1 1"+ten+"] [a 3 1"+ten+"] [b 1 1"+ten+"] [b 5 1"+ten+"]]", stand(), "each once, none with an outcome")

		// One was not sent; of another the earlier sending may have taken effect; a third has been marked again since.
		require.NoError(t, s.MarkSent(t.Context(), refs("b", 1, 5), at(20)))
		left := []store.SyncLeft{
			{SyncRef: refs("b", 1)[0], Unsent: true, InDoubt: true, MarkedAt: at(20)},
			{SyncRef: refs("b", 5)[0], Unsent: true, MarkedAt: at(10)},
			{SyncRef: refs("a", 1)[0], Unsent: true},
			{SyncRef: refs("a", 2)[0], Unsent: true, Tries: []job.Try{{At: at(1)}}},
		}
		for range 2 {
			require.NoError(t, s.Leave(t.Context(), left))
			require.Equal(t, "[[a 3 1"+ten+"] [b 1 1 NULL] [b 5 2"+twenty+"]]", stand())
		}
		require.True(t, itemOf(t, s, "b", 1).Sent)
		require.True(t, itemOf(t, s, "b", 5).Sent)
		require.False(t, itemOf(t, s, "a", 1).Sent)
		require.Empty(t, itemOf(t, s, "a", 2).Tries, "it has an outcome")

		// The partner said: later.
		tries := []job.Try{{At: at(10), Millis: 5, Status: 503, Code: job.ItemUnavailable}}
		for range 2 {
			require.NoError(t, s.Leave(t.Context(), []store.SyncLeft{{SyncRef: refs("a", 3)[0], Tries: tries}}))
			read := itemOf(t, s, "a", 3)
			require.Equal(t, tries, read.Tries)
			require.Equal(t, 1, read.Attempts)
			require.False(t, read.Sent)
			require.Equal(t, at(10), *read.SentAt)
		}
		require.NoError(t, s.Leave(t.Context(), nil))
	})
}

func TestOutcomesAreFinal(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		numbered(t, s, "a", 5)
		numbered(t, s, "b", 5)
		require.Empty(t, finishItems(t, s))
		require.NoError(t, s.MarkSent(t.Context(), refs("a", 1, 2, 3), at(10)))
		first := succeeded("a", 1)
		first.Tries = []job.Try{{At: at(10), Millis: 7, Status: 201}}
		tallies := finishItems(t, s, failed("b", 4, job.ItemUnknown), first, failed("a", 2, job.ItemConflict), failed("a", 1, job.ItemRejected))
		conflict := []job.ItemCodeCount{{Code: job.ItemConflict, Count: 1}}
		want := map[string]job.SyncTally{
			"a": {Succeeded: 1, Failed: 1, Codes: conflict},
			"b": {Failed: 1, Codes: []job.ItemCodeCount{{Code: job.ItemUnknown, Count: 1}}},
		}
		require.Equal(t, want, tallies, "of two outcomes of one item the first counts")
		require.Equal(t, want, finishItems(t, s, succeeded("a", 2), succeeded("b", 4), succeeded("a", 6)), "there is no item 6")
		require.Equal(t, map[string]job.SyncTally{"a": {Succeeded: 2, Failed: 1, Codes: conflict}}, finishItems(t, s, succeeded("a", 1), succeeded("a", 3)))

		sent, done := at(10), at(50)
		item := syncItems("a", 1)[0]
		item.Outcome, item.RemoteID, item.Tries, item.Attempts = job.ItemSucceeded, "remote-1", first.Tries, 1
		item.SentAt, item.DoneAt = &sent, &done
		require.Equal(t, item, itemOf(t, s, "a", 1))
		require.True(t, itemOf(t, s, "b", 4).Sent, "its effect is not known")

		_, err := s.FinishItems(t.Context(), []store.SyncOutcome{succeeded("a", 4), succeeded("none", 1)})
		requireCode(t, job.CodeNotFound, err)
		require.Empty(t, itemOf(t, s, "a", 4).Outcome, "all or none")
	})
}

const dispatch = "INSERT INTO dispatches (seller_id, order_line_id, carrier, tracking_number, remote_id, told_at) VALUES (1, ?, 'cj', ?, ?, ?)"

func dispatched(jobID string, position, line int64, tracking string) store.SyncOutcome {
	o := succeeded(jobID, position)
	o.Save = []store.Statement{
		{SQL: "UPDATE shipment_states SET at = ? WHERE shipment_id = ?", Args: []any{nil, line}},
		{SQL: dispatch, Args: []any{line, tracking, o.RemoteID, o.At.In(time.FixedZone("KST", 9*3600))}},
	}
	return o
}

func TestAnswersAreSavedWithTheirOutcome(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		numbered(t, s, "a", 9)
		finishItems(t, s, dispatched("a", 1, 11, "T1"))
		finishItems(t, s, dispatched("a", 1, 12, "T1"), failed("a", 2, job.ItemRejected))
		long := succeeded("a", 5)
		long.RemoteID = strings.Repeat("r", 301)
		long.Save = dispatched("a", 5, 15, "T5").Save
		// Of item 6 the first statement does something that has to be undone.
		twice := dispatched("a", 6, 16, "T6")
		twice.Save = append(twice.Save, twice.Save[1])
		tallies := finishItems(t, s, dispatched("a", 3, 13, "T3"), dispatched("a", 4, 14, strings.Repeat("x", 65)), long, twice,
			dispatched("a", 7, 11, "T7"), dispatched("a", 8, 18, "T8"))
		require.Equal(t, job.SyncTally{Succeeded: 3, Failed: 5, Codes: []job.ItemCodeCount{
			{Code: job.ItemNotSaved, Count: 4}, {Code: job.ItemRejected, Count: 1}}}, tallies["a"])
		require.Equal(t, [][]string{
			{"11", "T1", "remote-1", "2026-03-01 09:00:50.000000"},
			{"13", "T3", "remote-3", "2026-03-01 09:00:50.000000"},
			{"18", "T8", "remote-8", "2026-03-01 09:00:50.000000"},
		}, stream(t, s, "SELECT order_line_id, tracking_number, remote_id, told_at FROM dispatches ORDER BY 1"))
		for position, why := range map[int64]string{4: "too long", 5: "remote ID", 6: "unique", 7: "unique"} {
			item := itemOf(t, s, "a", position)
			require.Equal(t, job.ItemFailed, item.Outcome)
			require.Equal(t, job.ItemNotSaved, item.Code)
			require.Contains(t, item.Message, why)
			require.NotEmpty(t, item.RemoteID)
		}

		// What is wrong with a statement is no item's fault.
		wrong := succeeded("a", 9)
		wrong.Save = []store.Statement{{SQL: "UPDATE nothing SET x = 1"}}
		_, err := s.FinishItems(t.Context(), []store.SyncOutcome{wrong})
		require.ErrorContains(t, err, "save answer of item 9 of sync a: statement 1: ")
		require.Empty(t, itemOf(t, s, "a", 9).Outcome)
	})
}

func TestClosingLeavesNoItemWithoutOutcome(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		_, err := s.CloseSync(t.Context(), "a", job.ItemStopped)
		requireCode(t, job.CodeNotFound, err)
		const items = 5000 // some pieces
		numbered(t, s, "a", items)
		numbered(t, s, "b", 3)
		require.NoError(t, s.MarkSent(t.Context(), refs("a", 2, 3, 2100, items), at(10)))
		finishItems(t, s, succeeded("a", 3), failed("a", 7, job.ItemStopped))
		want := job.SyncTally{Succeeded: 1, Failed: 1, Unprocessed: items - 2, Codes: []job.ItemCodeCount{
			{Code: job.ItemStopped, Count: items - 4}, {Code: job.ItemUnknown, Count: 3}}}
		for range 2 {
			tally, err := s.CloseSync(t.Context(), "a", job.ItemStopped)
			require.NoError(t, err)
			require.Equal(t, want, tally)
		}
		require.Equal(t, [][]string{{"failed", "stopped", "1"}, {"succeeded", "", "1"}, {"unprocessed", "stopped", "4995"}, {"unprocessed", "unknown_effect", "3"}},
			stream(t, s, "SELECT outcome, code, COUNT(*) FROM sync_items WHERE job_id = 'a' GROUP BY outcome, code ORDER BY 1, 2"))
		require.NotNil(t, itemOf(t, s, "a", 1).DoneAt)
		require.Empty(t, itemOf(t, s, "b", 1).Outcome)
		require.Equal(t, want, finishItems(t, s, succeeded("a", 2))["a"], "too late")

		require.NoError(t, s.RegisterSync(t.Context(), aSync("c", 0)))
		require.NoError(t, s.AddSyncItems(t.Context(), syncItems("c", 3)))
		tally, err := s.CloseSync(t.Context(), "c", job.ItemStopped)
		require.NoError(t, err)
		require.Zero(t, tally)
		require.Empty(t, streamItems(t, s, "c"), "they were not numbered to the end")
	})
}

// TestSyncsByManyAtOnce has several processes' worth of goroutines finish overlapping items of two jobs in any order,
// while the jobs are closed.
func TestSyncsByManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		const items, workers = 120, 6
		numbered(t, s, "a", items)
		numbered(t, s, "b", items)
		var group errgroup.Group
		for w := range workers {
			group.Go(func() error {
				for from := 1; from <= items; from += 12 {
					var outcomes []store.SyncOutcome
					var marked []store.SyncRef
					for i := range 18 {
						position := int64((from+i*(w+1))%items + 1)
						id := []string{"a", "b"}[(i+w)%2]
						marked = append(marked, store.SyncRef{JobID: id, Position: position})
						o := dispatched(id, position, 10*position, fmt.Sprint("T", w))
						if i%5 == 4 {
							o = failed(id, position, job.ItemCodes[(i+w)%len(job.ItemCodes)])
						}
						outcomes = append(outcomes, o)
					}
					if err := s.MarkSent(t.Context(), marked, at(w)); err != nil {
						return err
					}
					if _, err := s.FinishItems(t.Context(), outcomes); err != nil {
						return err
					}
				}
				return nil
			})
		}
		group.Go(func() error {
			_, err := s.CloseSync(t.Context(), "b", job.ItemStopped)
			return err
		})
		require.NoError(t, group.Wait())
		for _, id := range []string{"a", "b"} {
			_, err := s.CloseSync(t.Context(), id, job.ItemStopped)
			require.NoError(t, err)
			requireTally(t, s, id, items)
		}
		require.Equal(t, stream(t, s, "SELECT COUNT(*) FROM sync_items WHERE outcome = 'succeeded'"), stream(t, s, "SELECT COUNT(*) FROM dispatches"))
	})
}

// requireTally compares a tally with its items, of which so many have an outcome.
func requireTally(t *testing.T, s *store.Store, jobID string, outcomes int64) {
	t.Helper()
	var counted job.SyncTally
	for _, item := range streamItems(t, s, jobID) {
		if item.Outcome != "" {
			counted.Count(item.Outcome, item.Code, 1)
		}
	}
	row, err := s.Sync(t.Context(), jobID)
	require.NoError(t, err)
	require.Equal(t, counted, row.Tally)
	require.Equal(t, outcomes, row.Tally.Items())
}
