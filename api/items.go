package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

// itemWaiting is the outcome shown of an item that has none yet.
const itemWaiting = "waiting"

// Item is [job.Item] with its documentation.
type Item struct {
	Position int64      `json:"position" doc:"Its place among the rows or items of the job, from 1"`
	Sheet    string     `json:"sheet,omitempty" doc:"Left out where the file has one sheet"`
	Row      int        `json:"row,omitempty" doc:"As the spreadsheet program counts, from 1"`
	Outcome  string     `json:"outcome" enum:"created,updated,unchanged,refused,reversed,kept,succeeded,failed,unprocessed,waiting" doc:"From succeeded on those of syncs; waiting: it has none yet"`
	Key      string     `json:"key,omitempty" doc:"What the row or item is about"`
	Errors   []RowError `json:"errors,omitempty" nullable:"false"`
	Changes  []Change   `json:"changes,omitempty" nullable:"false" doc:"What an update changes; for a sample of the rows"`

	Code     ItemCode   `json:"code,omitempty"`
	Meaning  string     `json:"meaning,omitempty" doc:"The code in words, in the language asked for"`
	Message  string     `json:"message,omitempty" doc:"The partner's own words, or what went wrong on the way to it; without either, the code in words"`
	RemoteID string     `json:"remote_id,omitempty" doc:"How the partner calls it"`
	Attempts int        `json:"attempts,omitempty" doc:"How often it was sent, by the jobs that this one retries too"`
	Tries    []Try      `json:"tries,omitempty" nullable:"false" doc:"The last ten attempts"`
	SentAt   *time.Time `json:"sent_at,omitempty" nullable:"false" doc:"When it was sent last"`
	DoneAt   *time.Time `json:"done_at,omitempty" nullable:"false"`
	_        struct{}   `json:"-" additionalProperties:"true"`
}

// RowError is [job.RowError] with its documentation.
type RowError struct {
	Column  string      `json:"column,omitempty" doc:"The kind's column; left out where the whole row is meant"`
	Header  string      `json:"header,omitempty" doc:"How the file calls it"`
	Index   int         `json:"index" doc:"Its place in the file, from 0; -1 without one"`
	Code    job.RowCode `json:"code" doc:"From a closed list"`
	Value   string      `json:"value,omitempty" doc:"What stands there, cut to 100 characters"`
	Limit   string      `json:"limit,omitempty" doc:"The limit, form or list that the code speaks of"`
	Other   *RowRef     `json:"other,omitempty" doc:"The other row that the code speaks of"`
	Message string      `json:"message,omitempty" doc:"In words"`
	_       struct{}    `json:"-" additionalProperties:"true"`
}

// Change is [job.Change] with its documentation.
type Change struct {
	Column string   `json:"column"`
	Before string   `json:"before"`
	After  string   `json:"after"`
	_      struct{} `json:"-" additionalProperties:"true"`
}

// ItemPage is one page of the rows or items of a job.
type ItemPage struct {
	Items         []Item   `json:"items" nullable:"false"`
	Total         int64    `json:"total" doc:"How many rows or items there are of this outcome and code"`
	Complete      bool     `json:"complete" doc:"Whether all of them can be had here; else the rest stands in the workbook"`
	NextPageToken string   `json:"next_page_token,omitempty" doc:"Left out on the last page"`
	_             struct{} `json:"-" additionalProperties:"true"`
}

type (
	listItemsInput struct {
		JobPath
		Language
		Outcome   string   `query:"outcome" enum:"created,updated,unchanged,refused,reversed,kept,succeeded,failed,unprocessed,waiting" doc:"From succeeded on those of syncs"`
		Code      ItemCode `query:"code" doc:"Of syncs"`
		PageSize  int      `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"At most so many; fewer where the answer would be larger than 256 KB"`
		PageToken string   `query:"page_token" maxLength:"1000" doc:"next_page_token of the page before"`
	}
	listItemsOutput struct {
		Language string `header:"Content-Language"`
		Vary     string `header:"Vary"`
		Body     ItemPage
	}
)

func (s *server) registerItems() {
	register(s, huma.Operation{
		OperationID: "list-items", Method: http.MethodGet, Path: "/v1/jobs/{id}/items", Tags: []string{"jobs"},
		Summary:                      "What became of single rows or items",
		Description:                  "In the order in which they were given. Of a bulk save up to 1,000 are kept, and the error workbook has all that were refused; of a sync all are, and change while it runs.",
		RejectUnknownQueryParameters: true,
		Responses:                    s.answers(http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.listItems)
}

// listItems halves the page until the answer is within MaxResponse, as listJobs does.
func (s *server) listItems(ctx context.Context, in *listItemsInput) (*listItemsOutput, error) {
	q := job.ItemQuery{Outcome: in.Outcome, Code: job.ItemCode(in.Code), PageSize: in.PageSize, PageToken: in.PageToken, Locale: in.locale()}
	for {
		page, err := s.Jobs.Items(ctx, in.ID, q)
		if err != nil {
			return nil, problemOf(err, requestIDOf(ctx)).asParameters("outcome", "code", "page_size", "page_token", "locale")
		}
		out := shownItems(page, q.Locale)
		if fits(out) || q.PageSize == 1 {
			return &listItemsOutput{Language: q.Locale, Vary: "Accept-Language", Body: out}, nil
		}
		q.PageSize /= 2
	}
}

func shownItems(page job.ItemPage, locale string) ItemPage {
	out := ItemPage{
		Items: make([]Item, 0, len(page.Items)), Total: page.Total, Complete: page.Complete, NextPageToken: page.NextPageToken,
	}
	for _, i := range page.Items {
		out.Items = append(out.Items, shownItem(i, locale))
	}
	return out
}

func shownItem(i job.Item, locale string) Item {
	out := Item{
		Position: i.Position, Sheet: i.Sheet, Row: i.Row, Outcome: cmp.Or(i.Outcome, itemWaiting), Key: i.Key,
		Code: ItemCode(i.Code), Message: i.Message, RemoteID: i.RemoteID, Attempts: i.Attempts, Tries: shownTries(i.Tries),
		SentAt: i.SentAt, DoneAt: i.DoneAt,
	}
	if i.Code != "" {
		out.Meaning = dataset.ItemMessage(i.Code, locale)
		out.Message = cmp.Or(i.Message, out.Meaning)
	}
	for _, e := range i.Errors {
		out.Errors = append(out.Errors, RowError{
			Column: e.Column, Header: e.Header, Index: e.Index, Code: e.Code, Value: e.Value, Limit: e.Limit,
			Other: shownRow(e.Other), Message: e.Message,
		})
	}
	for _, c := range i.Changes {
		out.Changes = append(out.Changes, Change{Column: c.Column, Before: c.Before, After: c.After})
	}
	return out
}
