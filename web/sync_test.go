package web_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// syncRequest is what the newest job of a site was asked for.
func syncRequest(t *testing.T, s *site) contract.SyncInput {
	t.Helper()
	jobs := s.all()
	var in contract.SyncInput
	if err := json.Unmarshal(jobs[len(jobs)-1].Request, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

// openSyncs opens the form for syncs of a kind, as a seller.
func (b *tab) openSyncs(s *site, kind, tenant string) {
	b.t.Helper()
	b.open(s)
	b.click("#tab-sync")
	b.until(`document.querySelector("#start-sync") && !document.querySelector("#start-sync").disabled`)
	if tenant != "" {
		b.keys("#tenant", tenant)
	}
	b.click(fmt.Sprintf(`.kind input[name=sync][value=%q]`, kind))
}

// shows opens the page of a job.
func (b *tab) shows(id string) {
	b.t.Helper()
	b.run("location.hash = '#/jobs/' + %s", id)
	b.until(fmt.Sprintf(`document.querySelector(".hero")?.dataset.job === %q`, id))
}

func TestSyncFromFiltersToResult(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.openSyncs(s, "dispatch-shipments", "acme")
	b.untilText(".traits", "marketplace")
	b.untilText(".traits", "주문번호별로 차례대로")
	b.choose("#sync-filter-shipped_from", "2026-11-30")
	b.choose("#sync-filter-shipped_to", "2026-11-01")
	b.click("#start-sync") // known here to be wrong
	b.until(`document.querySelector("#sync-filter-shipped_from-error")?.innerText && document.activeElement.id === "sync-filter-shipped_from"`)
	b.choose("#sync-filter-shipped_from", "2026-11-01")
	b.choose("#sync-filter-shipped_to", "2026-11-30")
	b.keys("#sync-filter-carrier", "CJ대한통운, 한진택배")
	b.enter("#sync-filter-carrier")
	b.picture("sync-form-1400-light-ko")
	b.click("#start-sync")
	b.until(`document.querySelector("tr[data-job]")`)
	want := contract.SyncInput{
		Kind: "dispatch-shipments", Tenant: "acme", Locale: "ko",
		Filters: job.Filters{"shipped_from": {"2026-11-01"}, "shipped_to": {"2026-11-30"}, "carrier": {"CJ대한통운", "한진택배"}},
	}
	if got := syncRequest(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("asked for\n%+v, not\n%+v", got, want)
	}
	id := s.all()[0].ID

	// In the list, told by the stream alone.
	s.holdLists.Store(true)
	s.move(id, func(j *job.Job) { j.State, j.Progress.Phase = job.Running, job.PhasePlanning })
	b.untilText(row(id), "보낼 항목을 매기는 중")
	s.move(id, sending(tally(300, 4, 0), 6_000))
	b.untilText(row(id), "304 / 6,000건")
	b.untilText(row(id), "실패 4")
	b.untilText(row(id), "초당 9.6건")
	s.holdLists.Store(false)

	// On its own page.
	b.shows(id)
	s.fill(id, tally(300, 4, 0))
	for _, step := range []struct{ succeeded, failed int64 }{{900, 4}, {2_400, 60}} {
		s.move(id, sending(tally(step.succeeded, step.failed, 0), 6_000))
		for outcome, n := range map[string]int64{"succeeded": step.succeeded, "failed": step.failed, "waiting": 6_000 - step.succeeded - step.failed} {
			b.until(fmt.Sprintf(`document.querySelector(".tile[data-outcome=%s] dd").innerText.replace(",", "") === "%d"`, outcome, n))
		}
		b.until(fmt.Sprintf(`document.querySelector(".hero .parts").getAttribute("aria-valuenow") === "%d"`, step.succeeded+step.failed))
	}
	b.untilText(".hero", "12분 남음")
	b.untilText(".pace [data-fact=in-flight]", "7 / 10")
	b.untilText(".pace [data-fact=interval]", "100ms마다 한 번")
	b.untilText(".steps [aria-current=step]", "보내기")
	b.picture("sending-1400-light-ko")

	s.move(id, sent(tally(5_940, 60, 0)))
	b.untilText("#reason", "실패한 항목이 있습니다")
	b.untilText(".result", "발송처리_acme_결과.xlsx")
	b.until(`document.querySelector(".hero [data-action=download]") && !document.querySelector(".pace") && !document.querySelector(".tile[data-outcome=waiting]")`)
	eventually(t, "the stream of an ended job is closed", func() bool { return s.streams.Load() == 0 })
}

func TestSyncOfAFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.openSyncs(s, "dispatch-shipments", "acme")
	b.click(`[name=source][value=file]`)
	b.until(`document.querySelector("#sync-file") && !document.querySelector("#start-sync")`)
	b.picture("sync-file-1400-light-ko")
	b.drop("#new-sync .drop", file(t, "송장.csv", "주문번호,상품순번,택배사,송장번호,비고\n20261118-000001,1,CJ대한통운,612345678901,\n"))
	b.until(`location.hash.startsWith("#/uploads/") && document.querySelector(".columns-of")`)
	for place, want := range []string{"order_number", "line_number", "carrier", "tracking_number", ""} {
		if got := eval[string](b, fmt.Sprintf(`document.querySelector('%s').dataset.chosen`, mapped(place))); got != want {
			t.Errorf("column %d is taken for %q, not %q", place, got, want)
		}
	}
	if eval[bool](b, `document.querySelector("#dry-run, .duplicates") !== null`) {
		t.Error("a sync is offered what bulk saves have")
	}
	b.untilText(".mapping footer", "marketplace")
	b.picture("sync-mapping-1400-light-ko")
	b.click("#send-now")
	b.until(`document.querySelector(".hero")`)
	want := contract.SyncInput{
		Kind: "dispatch-shipments", Tenant: "acme", Locale: "ko", Upload: "upload-1",
		Mapping: map[string]string{"주문번호": "order_number", "상품순번": "line_number", "택배사": "carrier", "송장번호": "tracking_number", "비고": ""},
	}
	if got := syncRequest(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("asked for\n%+v, not\n%+v", got, want)
	}
	// By its address alone, the file still is one of a sync.
	b.run("location.hash = '#/uploads/upload-1'")
	b.until(`document.querySelector("#send-now")`)
}

func TestRunningSyncIsLedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.putSync("dispatch-shipments", "acme", sending(tally(300, 0, 0), 6_000))
	b := newTab(t, 1400, 900, "status of 409")
	b.openSyncs(s, "dispatch-shipments", "acme")
	b.click("#start-sync")
	b.untilText("#new-sync .notice.info", "이미 실행 중")
	b.click("#new-sync .notice.info a")
	b.until(fmt.Sprintf(`document.querySelector(".hero")?.dataset.job === %q`, id))
	if got := len(s.all()); got != 1 {
		t.Errorf("%d jobs", got)
	}
}

func TestSyncWaitsAndGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.putSync("dispatch-shipments", "acme", sending(tally(300, 4, 0), 6_000))
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.open(s)
	b.shows(id)
	seconds := `(([m, s]) => m * 60 + +s)(document.querySelector("#wait .clock").innerText.split(":"))`

	s.move(id, held(job.WaitCooling, 4*time.Minute, tally(300, 4, 0), 6_000))
	b.untilText("#wait", "쉬어 달라고")
	b.untilText(".hero .pill", "외부 대기")
	b.until(seconds + " > 0")
	first := eval[float64](b, seconds)
	b.until(fmt.Sprintf("%s < %v", seconds, first)) // it runs down
	if first > 245 || first < 200 {                 // the page knows the server's clock to two seconds
		t.Errorf("the countdown begins with %v s, not with four minutes", first)
	}
	b.untilText(".pace [data-fact=cooling] .clock", ":")
	b.untilText(".pace [data-fact=interval]", "천천히")
	if got := eval[string](b, `document.querySelector("#wait .clock").getAttribute("aria-live")`); got != "off" {
		t.Errorf("each second of the countdown is announced: aria-live is %q", got)
	}
	b.picture("cooling-1400-light-ko")

	s.move(id, held(job.WaitOutage, 30*time.Second, tally(300, 4, 0), 6_000))
	b.untilText("#wait", "응답이 없습니다")
	b.untilText(".pace [data-fact=open]", "다음 확인")
	s.move(id, held(job.WaitQuota, 9*time.Hour, tally(300, 4, 0), 6_000))
	b.untilText("#wait", "하루 한도")
	b.untilText("#wait .clock", "8:59:")
	b.untilText(".pace [data-fact=quota]", "20,000 / 20,000")

	s.move(id, sending(tally(301, 4, 0), 6_000))
	b.until(`!document.querySelector("#wait")`)
	b.untilText("#live", "발송처리 acme: 실행 중")

	// Paused, let go on, and cancelled: what was sent stays.
	b.click(".hero [data-action=pause]")
	b.untilText(".hero .pill", "일시정지")
	if got := s.all()[0].State; got != job.Paused {
		t.Fatalf("the job is %s", got)
	}
	b.click(".hero [data-action=resume]")
	b.untilText(".hero .pill", "실행 중")
	b.click(".hero [data-action=cancel]")
	b.untilText("dialog[open]", "이미 보낸 항목은 그대로")
	b.click("dialog [data-answer=yes]")
	b.untilText(".hero .pill", "취소하는 중")
	s.fill(id, tally(301, 4, 20))
	s.move(id, func(j *job.Job) {
		sent(tally(301, 4, 5_695))(j)
		j.State, j.Reason, j.Message = job.Cancelled, job.ReasonUser, "cancelled by a user"
	})
	b.untilText(".tile[data-outcome=unprocessed]", "5,695")
	b.until(`document.querySelector(".hero [data-action=retry]")`)
}
