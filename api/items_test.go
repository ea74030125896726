package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func refusedRow(position int64, message string) job.Item {
	return job.Item{Position: position, Row: int(position) + 1, Outcome: "refused", Errors: []job.RowError{{
		Column: "on_hand", Header: "수량", Index: 1, Code: job.RowNotANumber, Value: "많음", Message: message,
		Other: &job.RowRef{Row: 1},
	}}}
}

func TestListItems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(saving("save-1"))
	b.jobs.outcomes = []job.Item{
		refusedRow(1, "숫자가 아닙니다"),
		{Position: 2, Row: 3, Outcome: "updated", Key: "A-1", Changes: []job.Change{{Column: "on_hand", Before: "1", After: "2"}}},
		refusedRow(3, ""),
	}
	var page ItemPage
	a := b.get(t, "/v1/jobs/save-1/items?outcome=refused&page_size=2&page_token=t&locale=en")
	a.json(t, &page)
	require.Len(t, page.Items, 2)
	assert.Equal(t, "많음", page.Items[0].Errors[0].Value)
	assert.Equal(t, "2", page.Items[1].Changes[0].After)
	assert.Equal(t, []any{int64(3), true, "next"}, []any{page.Total, page.Complete, page.NextPageToken})
	assert.Equal(t, job.ItemQuery{Outcome: "refused", PageSize: 2, PageToken: "t", Locale: "en"}, b.jobs.fakeSaves.asked[0])
	assert.Equal(t, "en", a.Header.Get("Content-Language"))

	page = ItemPage{}
	b.get(t, "/v1/jobs/save-1/items").json(t, &page)
	assert.Len(t, page.Items, 3)
	assert.Empty(t, page.NextPageToken)
	assert.Equal(t, job.ItemQuery{PageSize: 50, Locale: "ko"}, b.jobs.fakeSaves.asked[1], "defaults")

	b.jobs.outcomes = nil
	assert.JSONEq(t, `{"items":[],"total":0,"complete":true}`, string(b.get(t, "/v1/jobs/save-1/items").body))
	b.get(t, "/v1/jobs/nothing/items").problem(t, http.StatusNotFound)
}

func TestListItemsNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(saving("save-1"))
	for query, parameter := range map[string]string{
		"page_size=0": "page_size", "page_size=201": "page_size", "outcome=lost": "outcome", "locale=jp": "locale",
		"page_token=bad": "page_token", "colour=red": "colour",
	} {
		p := b.get(t, "/v1/jobs/save-1/items?"+query).problem(t, http.StatusUnprocessableEntity)
		assert.Equal(t, parameter, place(t, p)["parameter"], "%v", p)
	}
}

// However much the rows hold, an answer stays within the limit: it holds fewer of them.
func TestListItemsIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(saving("save-1"))
	for i := range int64(300) {
		b.jobs.outcomes = append(b.jobs.outcomes, refusedRow(i+1, strings.Repeat("가", 1500))) // 4.5 kB
	}
	a := b.get(t, "/v1/jobs/save-1/items?page_size=200")
	require.Equal(t, http.StatusOK, a.StatusCode)
	assert.LessOrEqual(t, len(a.body), MaxResponse)
	var page ItemPage
	a.json(t, &page)
	assert.Len(t, page.Items, 50)
	assert.Equal(t, "next", page.NextPageToken)
}
