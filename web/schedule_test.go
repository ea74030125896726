package web_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/longhaul/longhaul/job"
)

func TestScheduleFromFormToEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 1000, "status of 422|status of 409")
	b.look("light")
	b.openSyncs(s, "dispatch-shipments", "acme")
	b.keys("#sync-filter-carrier", "CJ대한통운")
	b.enter("#sync-filter-carrier")
	b.choose("#sync-filter-shipped_from", "2026-11-01")
	b.click("#new-sync [data-action=schedule]")

	// The form has what was entered, and knows what is wrong.
	b.until(`location.hash === "#/schedules/new" && document.querySelector("#schedule-filter-shipped_from")?.value === "2026-11-01"`)
	if got := eval[string](b, `document.querySelector("#schedule-kind").value`); got != "sync/dispatch-shipments" {
		t.Errorf("%q would be scheduled", got)
	}
	b.untilText(".new-schedule .chip", "CJ대한통운")
	b.untilText("#dated", "함께 옮겨 가지 않습니다")
	b.click(`[data-cron="30 6 * * 1-5"]`)
	b.untilText("#schedule-cron-hint", "평일 06:30")
	b.choose("#schedule-cron", "30 6 * *")
	b.choose("#schedule-time_zone", "Mars/Olympus")
	b.picture("new-schedule-1400-light-ko")
	b.click("#make-schedule")
	b.untilText("#schedule-cron-hint", "five fields")
	b.untilText("#schedule-time_zone-hint", "IANA")
	b.until(`document.activeElement.id === "schedule-cron"`)
	b.choose("#schedule-cron", "30 6 * * mon-fri")
	b.choose("#schedule-time_zone", "America/New_York")
	b.choose("#schedule-overlap", "buffer")
	b.keys("#schedule-note", "아침 발송분")
	b.click("#make-schedule")
	const id = "sync-dispatch-shipments-acme"
	const at = "[data-schedule=" + id + "]"
	b.until(`location.hash === "#/schedules" && document.querySelector("` + at + `")`)
	made := s.scheduled()[0]
	var request struct {
		Filters job.Filters `json:"filters"`
		Tenant  string      `json:"tenant"`
	}
	if err := json.Unmarshal(made.Request, &request); err != nil {
		t.Fatal(err)
	}
	if want := (job.Filters{"carrier": {"CJ대한통운"}, "shipped_from": {"2026-11-01"}}); !reflect.DeepEqual(request.Filters, want) || request.Tenant != "" {
		t.Errorf("each job is started with %s", made.Request)
	}
	if made.ID != id || made.Type != job.TypeSync || made.Kind != "dispatch-shipments" || made.Tenant != "acme" || made.Cron != "30 6 * * mon-fri" ||
		made.Zone != "America/New_York" || made.Overlap != job.OverlapBuffer || made.Note != "아침 발송분" || made.Paused {
		t.Errorf("made %+v", made)
	}
	b.untilText(at+" .rule", "평일 06:30")
	b.untilText(at+" .rule", "America/New_York")
	b.untilText(at+" .next", "12:00") // noon there
	b.untilText(at+" .next", "여기 시각")
	b.untilText(at+" .facts-card", "CJ대한통운")

	// Run now: its job is linked; a second time it is refused while that one runs.
	b.click(at + " [data-action=run]")
	b.until(`document.querySelector("` + at + ` .recent a")`)
	if got, want := eval[string](b, `document.querySelector("`+at+` .recent a").hash`), "#/jobs/"+s.all()[0].ID; got != want {
		t.Errorf("the last job leads to %s, not %s", got, want)
	}
	b.click(at + " [data-action=run]")
	b.untilText(".dock", "still runs")
	b.click(".dock [role=alert] .bad button")

	// Paused and let go on.
	b.click(at + " [data-action=pause]")
	b.untilText(at+" h2", "멈춤")
	b.untilText(at+" .next", "멈춰 있어")
	b.untilText("#live", "멈추었습니다")
	if !s.scheduled()[0].Paused {
		t.Error("it is not paused")
	}
	b.click(at + " [data-action=pause]")
	b.untilText(at+" h2", "켜짐")

	// Another time.
	b.click(at + " [data-action=edit]")
	b.choose("#edit-"+id+"-cron", "0 9 * *")
	b.click(at + " [data-action=save]")
	b.untilText("#edit-"+id+"-cron-hint", "five fields")
	b.choose("#edit-"+id+"-cron", "0 9,18 1 * *")
	b.choose("#edit-"+id+"-overlap", "cancel")
	b.picture("edit-schedule-1400-light-ko")
	b.click(at + " [data-action=save]")
	b.untilText(at+" .rule", "매월 1일 09:00, 18:00")
	if got := s.scheduled()[0]; got.Cron != "0 9,18 1 * *" || got.Overlap != job.OverlapCancel || got.Zone != "America/New_York" {
		t.Errorf("changed to %+v", got)
	}

	// Deleted, once it is meant.
	b.click(at + " [data-action=delete]")
	b.untilText("dialog[open]", "이 예약을 지울까요")
	b.click("dialog .quiet")
	b.until(`!document.querySelector("dialog[open]")`)
	if len(s.scheduled()) != 1 {
		t.Fatal("it is gone although the question was answered by no")
	}
	b.click(at + " [data-action=delete]")
	b.click("dialog [data-answer=yes]")
	b.untilText("main", "아직 예약이 없습니다")
	if len(s.scheduled()) != 0 {
		t.Error("it is still there")
	}
}

func TestExportIsScheduledAsItStands(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 1000, "status of 409")
	b.open(s)
	b.keys("#tenant", "hanbit")
	b.click(`.kind input[value="order-lines"]`)
	b.until(`document.querySelector("#filter-unshipped")`)
	b.click("#filter-unshipped")
	b.click(`[data-filter=status] label:has([value="paid"])`)
	b.click(`.go label:has([value="csv"])`)
	b.keys("#filename", "미출고")
	b.click("#new-export [data-action=schedule]")
	b.until(`document.querySelector("#schedule-filter-unshipped")?.checked && document.querySelector(".new-schedule [value=paid]").checked`)
	b.choose("#schedule-id", "unshipped")
	b.click("#make-schedule")
	b.until(`document.querySelector("[data-schedule=unshipped]")`)
	var request map[string]any
	if err := json.Unmarshal(s.scheduled()[0].Request, &request); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"format": "csv", "locale": "ko", "filename": "미출고",
		"filters": map[string]any{"unshipped": "true", "status": []any{"paid"}},
	}
	if !reflect.DeepEqual(request, want) {
		t.Errorf("each export is started with %v, not %v", request, want)
	}
	// One of that name is there.
	b.click("[data-action=new-schedule]")
	b.until(`document.querySelector("#schedule-id") && !document.querySelector("#make-schedule").disabled`)
	b.choose("#schedule-id", "unshipped")
	b.click("#make-schedule")
	b.untilText(".new-schedule .notice", "already")
}

func TestCronInWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 800, 600, "")
	b.open(s)
	for _, test := range []struct{ cron, ko, en string }{
		{"* * * * *", "1분마다", "every minute"},
		{"*/10 * * * *", "10분마다", "every 10 minutes"},
		{"*/10 9-17 * * mon-fri", "평일 09:00–17:59 10분마다", "every 10 minutes from 09:00 to 17:59, on weekdays"},
		{"5 * * * *", "매시 05분", "every hour at minute 05"},
		{"0 */6 * * *", "6시간마다 00분", "every 6 hours at minute 00"},
		{"30 6 * * *", "매일 06:30", "every day at 06:30"},
		{"0 9,18 * * 0,6", "주말 09:00, 18:00", "at weekends at 09:00, 18:00"},
		{"0 9 * * MON", "월요일 09:00", "on Monday at 09:00"},
		{"0 9 * * fri-7", "일요일, 금요일, 토요일 09:00", "on Sunday, Friday, Saturday at 09:00"},
		{"0 0 1,15 * *", "매월 1, 15일 00:00", "on day 1, 15 of each month at 00:00"},
		{"0 0 1 * 1", "매월 1일 또는 월요일 00:00", "on day 1 or on Monday of each month at 00:00"},
		{"0 0 25 dec *", "12월 25일 00:00", "on day 25 in December at 00:00"},
		{"0 0 * jun,jul *", "6월, 7월 매일 00:00", "every day in June, July at 00:00"},
		// What words would not make plainer, and what is none.
		{"1-50/7 3,4 * * *", "", ""},
		{"*/7 1,5 * * *", "", ""},
		{"0 0 */2 * *", "", ""},
		{"@daily", "", ""},
		{"61 * * * *", "", ""},
		{"0 0 * *", "", ""},
		{"0 9-5 * * *", "", ""},
	} {
		got := eval[map[string]string](b, `Promise.all([import("/static/cron.js"), import("/static/i18n.js")]).then(([c, i]) =>
			Object.fromEntries(["ko", "en"].map((lang) => [lang, c.cronWords("`+test.cron+`", i.translator(lang), lang)])))`)
		if got["ko"] != test.ko || got["en"] != test.en {
			t.Errorf("%s is %q and %q, not %q and %q", test.cron, got["ko"], got["en"], test.ko, test.en)
		}
	}
}

// schedulesOf are some of every look.
func schedulesOf(s *site) {
	request := json.RawMessage(`{"filters":{"carrier":["CJ대한통운","한진택배"]},"locale":"ko"}`)
	s.plan(job.Schedule{
		ID: "dispatch-acme-mornings", Type: job.TypeSync, Kind: "dispatch-shipments", Tenant: "acme", Cron: "30 6 * * mon-fri", Zone: "Asia/Seoul",
		Note: "아침 집하 전에 마켓에 알립니다. 담당: 물류팀", Request: request, Skipped: 3,
		Recent: []job.ScheduledJob{{At: start, JobID: "5eed1234-7c1d-4b6e-9a51-2f0000000001"}, {At: start.Add(-24 * time.Hour)}, {At: start.Add(-48 * time.Hour), JobID: "5eed1233-7c1d-4b6e-9a51-2f0000000001"}},
	})
	s.plan(job.Schedule{
		ID: "order-lines-of-long-name-fulfillment-center-monthly", Type: job.TypeExport, Kind: "order-lines", Tenant: "long-name-fulfillment-center",
		Cron: "17 3 1,15 1-11/2 *", Zone: "America/New_York", Overlap: job.OverlapCancel, Request: json.RawMessage(`{"format":"xlsx"}`),
	})
	s.plan(job.Schedule{
		ID: "tracking", Type: job.TypeSync, Kind: "carrier-tracking", Tenant: "hanbit", Cron: "*/30 9-17 * * *", Zone: "Asia/Seoul", Paused: true, Request: json.RawMessage(`{}`),
	})
}
