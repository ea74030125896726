package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
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

func TestListItemsOfSync(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(syncing("sync-1"))
	b.jobs.outcomes = []job.Item{
		{Position: 1, Outcome: "succeeded", Key: "L-1", RemoteID: "d-1", Attempts: 1, SentAt: &day, DoneAt: &day, Tries: []job.Try{{At: day, Millis: 20, Status: 201}}},
		{Position: 2, Row: 3, Outcome: "failed", Code: job.ItemRejected, Message: "unbekannte Sendung", Attempts: 2,
			Tries: []job.Try{{At: day, Code: job.ItemTimedOut, Message: "no answer", JobID: "sync-0"}, {At: day, Status: 422, Code: job.ItemRejected}}},
		{Position: 3, Outcome: "unprocessed", Code: job.ItemStopped},
		{Position: 4},
	}
	for locale, words := range map[string]string{"ko": "보내지 않았습니다", "en": "not sent"} {
		var page ItemPage
		a := b.get(t, "/v1/jobs/sync-1/items?locale="+locale)
		assert.Equal(t, locale, a.Header.Get("Content-Language"))
		a.json(t, &page)
		require.Len(t, page.Items, 4)
		sent, refused, stopped, waiting := page.Items[0], page.Items[1], page.Items[2], page.Items[3]
		assert.Equal(t, []any{"d-1", 1, "", ""}, []any{sent.RemoteID, sent.Attempts, sent.Meaning, sent.Message})
		assert.Equal(t, 201, sent.Tries[0].Status)
		assert.Equal(t, []any{ItemCode("rejected"), "unbekannte Sendung"}, []any{refused.Code, refused.Message}, "the partner's words stay")
		assert.Equal(t, dataset.ItemMessage(job.ItemRejected, locale), refused.Meaning)
		assert.Equal(t, "sync-0", refused.Tries[0].JobID)
		assert.Contains(t, stopped.Message, words, "where it has said nothing, the code does")
		assert.Equal(t, "waiting", waiting.Outcome)
	}
	for query, want := range map[string]job.ItemQuery{
		"outcome=failed&code=rejected": {Outcome: "failed", Code: job.ItemRejected}, "outcome=waiting": {Outcome: "waiting"},
		"outcome=succeeded": {Outcome: "succeeded"}, "outcome=unprocessed": {Outcome: "unprocessed"}, "code=unknown_effect": {Code: job.ItemUnknown},
	} {
		b.jobs.fakeSaves.asked = nil
		require.Equal(t, http.StatusOK, b.get(t, "/v1/jobs/sync-1/items?"+query).StatusCode)
		want.PageSize, want.Locale = 50, "ko"
		assert.Equal(t, []job.ItemQuery{want}, b.jobs.fakeSaves.asked)
	}
	p := b.get(t, "/v1/jobs/sync-1/items?code=lost").problem(t, http.StatusUnprocessableEntity)
	assert.Equal(t, "code", place(t, p)["parameter"])
}
