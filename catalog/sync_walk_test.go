package catalog_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// TestEverySyncOnEveryEngine walks the catalogue on sample data. A new kind needs no line here but in answers.
func TestEverySyncOnEveryEngine(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 2000}))
		acme, err := st.Seller(t.Context(), "acme")
		require.NoError(t, err)
		for _, kind := range syncs(t) {
			w := syncWalk{st: st, seller: acme, kind: kind}
			t.Run(kind.Name, func(t *testing.T) {
				t.Run("pages hold all items once", w.pages)
				t.Run("every item can be sent", w.calls)
				t.Run("every filter", w.filters)
				t.Run("nobody else's items", w.tenants)
				t.Run("what has been done is not done again", w.saved)
			})
		}
	})
}

// answers are what a partner says to an item of a kind, after which it is no item any more.
var answers = map[string]string{
	"dispatch-shipments": `{"id": "D-1"}`,
	"carrier-tracking":   `{"status": "delivered", "at": "2026-11-20T09:00:00+09:00"}`,
}

type syncWalk struct {
	st     *store.Store
	seller store.Seller
	kind   dataset.Sync
}

// items reads all items that filters choose, a page of so many after the other.
func (w syncWalk) items(t *testing.T, filters job.Filters, perPage int) []dataset.SyncItem {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a query that has lost its index
	defer cancel()
	sel, err := w.kind.Select(filters, w.seller.Zone)
	require.NoError(t, err)
	highest := keysOf(t, read(t, w.st, sel.MaxKey(w.seller.ID)))[0]
	var all []dataset.SyncItem
	last := int64(0)
	for {
		rows := 0
		page := sel.Page(w.seller.ID, last, highest, perPage)
		require.NoError(t, w.st.Stream(ctx, page.SQL, page.Args, func(cells [][]byte) error {
			key, item, err := sel.Item(cells)
			require.NoError(t, err)
			require.Greater(t, key, last)
			last = key
			rows++
			all = append(all, item)
			return nil
		}), page.SQL)
		if rows < perPage {
			return all
		}
	}
}

func keysOfItems(items []dataset.SyncItem) []string {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	return keys
}

func (w syncWalk) pages(t *testing.T) {
	all := w.items(t, nil, 100_000)
	require.NotEmpty(t, all, "the sample data must show something of every kind")
	require.Equal(t, all, w.items(t, nil, 37))
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(keysOfItems(all)))), len(all), "an item is there twice")
}

func (w syncWalk) calls(t *testing.T) {
	filled := map[string]bool{}
	for _, item := range w.items(t, nil, 1000) {
		require.Empty(t, item.Errors)
		call, err := w.kind.Request([]dataset.SyncItem{item})
		require.NoError(t, err)
		require.Equal(t, len(w.kind.Call.Body) > 0, json.Valid(call.Body))
		for name := range item.Fields {
			filled[name] = true
		}
	}
	for _, c := range w.kind.Columns {
		require.True(t, filled[c.Name], "column %s is empty in every row", c.Name)
	}
}

func (w syncWalk) filters(t *testing.T) {
	all := keysOfItems(w.items(t, nil, 1000))
	every := job.Filters{}
	for _, f := range w.kind.Filters {
		every[f.Name] = values(f)
		for _, key := range keysOfItems(w.items(t, job.Filters{f.Name: values(f)}, 1000)) {
			require.Contains(t, all, key, f.Name)
		}
	}
	for _, f := range w.kind.Filters {
		if f.NotAfter != "" {
			every[f.Name] = every[f.NotAfter]
		}
	}
	w.items(t, every, 1000)
}

func (w syncWalk) tenants(t *testing.T) {
	sel, err := w.kind.Select(nil, w.seller.Zone)
	require.NoError(t, err)
	require.Empty(t, read(t, w.st, sel.Page(-1, 0, 1<<60, 10)))
	require.Equal(t, [][]string{{"0"}}, read(t, w.st, sel.MaxKey(-1)))
}

func (w syncWalk) saved(t *testing.T) {
	items := w.items(t, nil, 1000)
	first := items[:min(len(items), 50)]
	finish(t, w.st, w.seller, w.kind, first, answers[w.kind.Name])
	require.Equal(t, keysOfItems(items[len(first):]), keysOfItems(w.items(t, nil, 1000)))
}

// finish records that items have succeeded with an answer, in the way of a worker.
func finish(t *testing.T, st *store.Store, seller store.Seller, kind dataset.Sync, items []dataset.SyncItem, answer string) {
	t.Helper()
	ctx, id, now := t.Context(), strings.ReplaceAll(t.Name(), "/", "-"), day(21)
	id = id[max(0, len(id)-64):]
	require.NoError(t, st.RegisterSync(ctx, store.SyncRow{JobID: id, Tenant: seller.Code, Kind: kind.Name, Partner: kind.Partner, CreatedAt: now}))
	require.NoError(t, st.ClearSync(ctx, id))
	var rows []store.SyncItem
	var outcomes []store.SyncOutcome
	for i, item := range items {
		said, err := kind.Read([]byte(answer), 1)
		require.NoError(t, err)
		require.NoError(t, said[0].Err)
		out := store.SyncOutcome{
			SyncRef: store.SyncRef{JobID: id, Position: int64(i + 1)}, Outcome: job.ItemSucceeded, RemoteID: said[0].RemoteID, At: now,
		}
		for _, s := range kind.Effects(item, said[0], seller.ID, now) {
			out.Save = append(out.Save, store.Statement{SQL: s.SQL, Args: s.Args})
		}
		rows = append(rows, store.SyncItem{JobID: id, Position: int64(i + 1), Key: item.Key, Order: item.Order, Fields: item.Fields})
		outcomes = append(outcomes, out)
	}
	require.NoError(t, st.AddSyncItems(ctx, rows))
	tallies, err := st.FinishItems(ctx, outcomes)
	require.NoError(t, err)
	require.Equal(t, job.SyncTally{Succeeded: int64(len(items))}, tallies[id])
}
