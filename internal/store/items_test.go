package store_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// someItems are n items, every third refused.
func someItems(n int) []job.Item {
	items := make([]job.Item, n)
	for i := range items {
		items[i] = job.Item{
			Position: int64(i + 1), Sheet: "1월", Row: i + 2, Outcome: "updated", Key: fmt.Sprint("주문-", i, " 😀"),
			Changes: []job.Change{{Column: "orders.memo", Before: "", After: "문 앞"}},
		}
		if i%3 == 0 {
			items[i].Outcome, items[i].Changes = "refused", nil
			items[i].Errors = []job.RowError{
				{Column: "quantity", Header: "수량", Index: 4, Code: job.RowNotANumber, Value: "열 개"},
				{Index: -1, Code: job.RowDuplicate, Other: &job.RowRef{Sheet: "2월", Row: 9}},
			}
		}
	}
	return items
}

// listItems reads all pages.
func listItems(t *testing.T, s *store.Store, jobID string, q job.ItemQuery) []job.Item {
	t.Helper()
	var all []job.Item
	for {
		page, err := s.Items(t.Context(), jobID, q)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if page.NextPageToken == "" {
			return all
		}
		require.Len(t, page.Items, q.PageSize)
		q.PageToken = page.NextPageToken
	}
}

func TestItemsAreListedByPosition(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		items := someItems(120)
		backwards := make([]job.Item, 0, len(items))
		for i := range items {
			backwards = append(backwards, items[len(items)-1-i])
		}
		for range 2 {
			require.NoError(t, s.ReplaceItems(t.Context(), "a", backwards, 5000, false))
		}
		require.NoError(t, s.ReplaceItems(t.Context(), "b", items[:2], 2, true))

		for _, size := range []int{1, 50, 119, 120, 200} {
			require.Equal(t, items, listItems(t, s, "a", job.ItemQuery{PageSize: size}), "pages of %d", size)
		}
		refused := listItems(t, s, "a", job.ItemQuery{PageSize: 7, Outcome: "refused"})
		require.Len(t, refused, 40)
		for i, item := range refused {
			require.Equal(t, items[3*i], item)
		}
		page, err := s.Items(t.Context(), "a", job.ItemQuery{Outcome: "kept"})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: []job.Item{}, Total: 5000}, page)
		page, err = s.Items(t.Context(), "a", job.ItemQuery{})
		require.NoError(t, err)
		require.Len(t, page.Items, 50)
		page, err = s.Items(t.Context(), "b", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: items[:2], Total: 2, Complete: true}, page)
		page, err = s.Items(t.Context(), "none", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: []job.Item{}, Complete: true}, page)
	})
}

func TestItemsAreReplacedAllOrNone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		items := someItems(store.MaxItems + 1)
		require.ErrorContains(t, s.ReplaceItems(t.Context(), "a", items, 1001, false), "1001 are more than the 1000")
		items = items[:store.MaxItems]
		require.NoError(t, s.ReplaceItems(t.Context(), "a", items, 1001, false))
		require.Equal(t, items, listItems(t, s, "a", job.ItemQuery{PageSize: 200}))

		wide, twice := someItems(1), append(someItems(60), someItems(1)...)
		wide[0].Outcome = strings.Repeat("o", 17)
		require.Error(t, s.ReplaceItems(t.Context(), "a", wide, 1, true))
		require.ErrorIs(t, s.ReplaceItems(t.Context(), "a", twice, 61, true), store.ErrDuplicate)
		require.Equal(t, items, listItems(t, s, "a", job.ItemQuery{PageSize: 200}))
		page, err := s.Items(t.Context(), "a", job.ItemQuery{PageSize: 1})
		require.NoError(t, err)
		require.Equal(t, int64(1001), page.Total)
		require.False(t, page.Complete)

		large := someItems(3)
		large[1].Changes[0].Before = strings.Repeat("가", 65_000)
		large[1].Key = strings.Repeat("😀", 32_767)
		require.NoError(t, s.ReplaceItems(t.Context(), "a", large, 3, true))
		require.Equal(t, large, listItems(t, s, "a", job.ItemQuery{PageSize: 200}))
		require.NoError(t, s.ReplaceItems(t.Context(), "a", nil, 0, true))
		page, err = s.Items(t.Context(), "a", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: []job.Item{}, Complete: true}, page)
	})
}

// TestItemsByManyAtOnce has retried reports of several jobs write at the same time, first and again.
func TestItemsByManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for range 3 {
			var group errgroup.Group
			for n := range 10 {
				group.Go(func() error {
					items := someItems(20 + n)
					return s.ReplaceItems(t.Context(), fmt.Sprint("job-", n/2), items, int64(len(items)), true)
				})
			}
			require.NoError(t, group.Wait())
			for n := range 5 {
				page, err := s.Items(t.Context(), fmt.Sprint("job-", n), job.ItemQuery{PageSize: 200})
				require.NoError(t, err)
				require.Equal(t, someItems(int(page.Total)), page.Items, "one of both, whole")
			}
		}
	})
}

func TestItemsRefuseWhatIsNotValid(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.ReplaceItems(t.Context(), "a", someItems(9), 9, true))
		require.NoError(t, s.ReplaceItems(t.Context(), "b", someItems(9), 9, true))
		page, err := s.Items(t.Context(), "a", job.ItemQuery{PageSize: 1})
		require.NoError(t, err)
		token := page.NextPageToken
		altered := []byte(token)
		altered[len(altered)-2] ^= 1
		require.NoError(t, s.RegisterJob(t.Context(), aJob("a", 0)))
		require.NoError(t, s.RegisterJob(t.Context(), aJob("b", 0)))
		jobs, err := s.Jobs(t.Context(), job.Query{PageSize: 1})
		require.NoError(t, err)
		for name, q := range map[string]job.ItemQuery{
			"/page_size below":                 {PageSize: -1},
			"/page_size above":                 {PageSize: 201},
			"/page_token is no base64":         {PageToken: "!!"},
			"/page_token is short":             {PageToken: "AAAA"},
			"/page_token is made up":           {PageToken: base64.RawURLEncoding.EncodeToString([]byte(`12345678{"p":1}`))},
			"/page_token is altered":           {PageToken: string(altered)},
			"/page_token is of another filter": {PageToken: token, Outcome: "refused"},
			"/page_token is of the jobs":       {PageToken: jobs.NextPageToken},
		} {
			_, err := s.Items(t.Context(), "a", q)
			requireCode(t, job.CodeInvalid, err)
			var e *job.Error
			require.ErrorAs(t, err, &e)
			pointer, _, _ := strings.Cut(name, " ")
			require.Equal(t, pointer, e.Fields[0].Pointer, name)
		}
		_, err = s.Items(t.Context(), "b", job.ItemQuery{PageToken: token})
		requireCode(t, job.CodeInvalid, err)
		page, err = s.Items(t.Context(), "a", job.ItemQuery{PageToken: token, PageSize: 200, Locale: "en"})
		require.NoError(t, err, "size and language may change on the way")
		require.Equal(t, someItems(9)[1:], page.Items)
	})
}

func TestItemsArePruned(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for n := range 3 {
			require.NoError(t, s.ReplaceItems(t.Context(), fmt.Sprint("job-", n), someItems(4), 4, true))
		}
		require.NoError(t, s.ReplaceItems(t.Context(), "flawless", nil, 0, true))
		prune := func(before time.Time, limit int, want int64) {
			t.Helper()
			n, err := s.PruneSaves(t.Context(), before, limit)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		later := time.Now().Add(time.Hour)
		prune(time.Now().Add(-time.Hour), 10, 0)
		require.Len(t, listItems(t, s, "job-0", job.ItemQuery{PageSize: 10}), 4)
		prune(later, 1, 1)
		require.Equal(t, [][]string{{"8"}}, stream(t, s, "SELECT COUNT(*) FROM save_items"))
		prune(later, 10, 3)
		prune(later, 10, 0)
		require.Equal(t, [][]string{{"0"}}, stream(t, s, "SELECT COUNT(*) FROM save_items"))

		page, err := s.Items(t.Context(), "job-0", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: []job.Item{}, Total: 4}, page, "no longer complete")
		page, err = s.Items(t.Context(), "flawless", job.ItemQuery{})
		require.NoError(t, err)
		require.True(t, page.Complete)

		require.NoError(t, s.ReplaceItems(t.Context(), "job-0", someItems(5), 5, true))
		page, err = s.Items(t.Context(), "job-0", job.ItemQuery{})
		require.NoError(t, err)
		require.Equal(t, job.ItemPage{Items: someItems(5), Total: 5, Complete: true}, page)
		prune(later, 10, 1)
	})
}
