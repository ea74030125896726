package web_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

const itemRows = `document.querySelectorAll(".sync-items tbody tr[data-position]").length`

func TestFailedItemsAreToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	all := tally(40, 31, 3)
	id := s.putSync("dispatch-shipments", "acme", sent(all))
	s.fill(id, all)
	b := newTab(t, 1400, 1000, "status of 409")
	b.look("light")
	b.open(s)
	b.shows(id)

	// What failed comes first, with the partner's words and each attempt.
	b.until(itemRows + " === 25")
	b.untilText(`tr[data-position="1"]`, "연동사가 거절함")
	b.untilText(`tr[data-position="1"]`, "already used by another order")
	if got := eval[bool](b, `document.querySelector('tr[data-position="2"] .tries').open`); got {
		t.Error("the attempts are open from the start")
	}
	b.click(`tr[data-position="2"] summary`)
	b.untilText(`tr[data-position="2"] .tries`, "HTTP 503")
	b.untilText(`tr[data-position="2"] .tries`, "upstream is busy")
	b.untilText(`tr[data-position="2"] .tries`, "응답 없음")
	b.untilText(`tr[data-position="2"] .tries`, "마지막 3번")
	b.untilText(`tr[data-position="2"] .tries`, "181ms")
	b.picture("sync-items-1400-light-ko")
	b.click("#more-items")
	b.until(itemRows + " === 31 && !document.querySelector('#more-items')")

	// Sifted by outcome and by code, each with its count.
	for _, step := range []struct {
		value string
		rows  int
		text  string
	}{{"timed_out", 15, "15"}, {"unprocessed", 3, "3"}, {"succeeded", 25, "40"}, {"rejected", 16, "16"}} {
		b.click(fmt.Sprintf(`.sift label:has([value=%s])`, step.value))
		b.until(fmt.Sprintf("%s === %d", itemRows, step.rows))
		b.untilText(fmt.Sprintf(`.sift label:has([value=%s])`, step.value), step.text)
	}
	if got := eval[int](b, `[...document.querySelectorAll(".sync-items tr[data-position]")].filter((tr) => tr.dataset.code !== "rejected").length`); got != 0 {
		t.Errorf("%d items of other codes are among those that were refused", got)
	}

	b.must(chromedp.Focus(chromedp.CSS(`.sift [value=rejected]`))) // by keyboard, as radio buttons have it
	b.press("ArrowRight", 39)
	b.until(itemRows + ` === 15 && document.activeElement.value === "timed_out"`)
	b.press("ArrowLeft", 37)
	b.until(itemRows + " === 16")

	// Tried again: what the filter shows, one, and all the rest.
	retried := func(want contract.SyncRetry, items int) string {
		t.Helper()
		want.JobID = id
		in := syncRequest(t, s)
		if in.Retry == nil || !reflect.DeepEqual(*in.Retry, want) {
			t.Errorf("asked for %+v, not %+v", in.Retry, want)
		}
		jobs := s.all()
		again := jobs[len(jobs)-1].ID
		if got := len(s.items[again]); got != items {
			t.Errorf("%d items are tried again, not %d", got, items)
		}
		return again
	}
	count := func(n int) {
		b.t.Helper()
		eventually(t, fmt.Sprintf("%d jobs", n), func() bool { return len(s.all()) == n })
	}
	b.untilText("[data-action=retry-these]", "16건")
	b.click("[data-action=retry-these]")
	count(2)
	second := retried(contract.SyncRetry{Codes: []job.ItemCode{job.ItemRejected}}, 16)
	b.untilText(".dock", "동기화를 시작했습니다")
	b.click(".dock [role=alert] button")
	b.untilText("[data-tie=retries]", second[:8])

	b.click(`tr[data-position="3"] [data-action=retry-one]`) // while that one runs, no other can start
	b.untilText(".dock", "이미 실행 중")
	b.click(".dock [role=alert] button")
	s.move(second, func(j *job.Job) {
		sent(tally(10, 6, 0))(j)
		j.Sync.RetryOf = id
	})
	b.click(`tr[data-position="3"] [data-action=retry-one]`)
	count(3)
	third := retried(contract.SyncRetry{Positions: []int64{3}}, 1)
	s.move(third, func(j *job.Job) {
		sent(tally(1, 0, 0))(j)
		j.Sync.RetryOf = id
	})
	b.run("scrollTo(0, 0)") // from under the header, which stays in sight
	b.click(".hero [data-action=retry]")
	count(4)
	fourth := retried(contract.SyncRetry{}, 34)
	b.until(fmt.Sprintf(`document.querySelectorAll("[data-tie=retries] a").length === 3 && document.querySelector('[data-tie=retries] a[href="#/jobs/%s"]')`, fourth))

	// From a retry back to what it retries.
	b.shows(second)
	b.until(fmt.Sprintf(`document.querySelector('[data-tie=retry-of] a[href="#/jobs/%s"]')`, id))
	b.untilText(".cards", "연동사가 거절함")
}

func TestItemsOfARunningSyncMove(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, then := tally(40, 2, 0), tally(44, 8, 0)
	id := s.putSync("dispatch-shipments", "acme", sending(first, 900))
	s.fill(id, first)
	b := newTab(t, 1400, 1000, "")
	b.open(s)
	b.shows(id)
	b.until(itemRows + " === 2")
	if eval[bool](b, `document.querySelector("[data-action=retry-one], [data-action=retry-these], .hero [data-action=retry]") !== null`) {
		t.Error("items of a running sync are offered to be tried again")
	}
	s.mu.Lock()
	delete(s.items, id)
	s.mu.Unlock()
	s.fill(id, then)
	s.move(id, sending(then, 900))
	b.until(itemRows + " === 8")
	b.click(`.sift label:has([value=waiting])`)
	b.until(itemRows + " === 1")
	b.untilText(`.sync-items .outcome`, "대기")
}

func TestDeniedSyncSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.putSync("carrier-tracking", "acme", func(j *job.Job) {
		var all job.SyncTally
		all.Count(job.ItemUnprocessed, job.ItemUnauthorised, 900)
		sent(all)(j)
		j.State, j.Reason, j.Message = job.Failed, job.ReasonAuth, "carrier answered 401 to the first call: check LONGHAUL_PARTNER_CARRIER_TOKEN"
	})
	s.items[id] = []job.Item{{Position: 1, Key: "CJ · 1", Outcome: "unprocessed", Code: job.ItemUnauthorised, Attempts: 1}}
	b := newTab(t, 1400, 1000, "")
	b.open(s)
	b.untilText(row(id), "인증을 받아들이지 않습니다")
	b.shows(id)
	b.untilText("#reason", "인증을 받아들이지 않습니다")
	b.untilText("#reason", "LONGHAUL_PARTNER_CARRIER_TOKEN")
	b.untilText(".sync-items", "연동사 인증이 거부됨")
}
