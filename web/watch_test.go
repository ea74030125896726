package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/longhaul/longhaul/job"
)

// row is the CSS selector of a job's row.
func row(id string) string { return fmt.Sprintf(`tr[data-job="%s"]`, id) }

func TestExportFromStartToDownload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.open(s)
	b.keys("#tenant", "acme")
	b.click("#start")
	b.until(`document.querySelector("tr[data-job]")`)
	id := s.all()[0].ID
	b.untilText(row(id), "대기 중")

	s.holdLists.Store(true) // from here on only the stream can tell
	s.move(id, func(j *job.Job) { j.State, j.Progress.Phase = job.Running, job.PhasePlanning })
	b.until(fmt.Sprintf(`document.querySelector('%s progress:indeterminate')`, row(id)))
	for _, done := range []int64{5_000, 20_000, 40_000} {
		s.move(id, running(done, 40_000))
		b.until(fmt.Sprintf(`document.querySelector('%s progress').value === %d`, row(id), done))
	}
	b.untilText(row(id), "초당 4,215행")
	b.untilText(row(id), "2분 남음")
	s.move(id, func(j *job.Job) { j.Progress.Phase = job.PhaseAssembling })
	b.untilText(row(id), "파일로 합치는 중")

	content := strings.Repeat("workbook", 1000)
	if err := s.files.Put(t.Context(), "artifacts/"+id, []byte(content)); err != nil {
		t.Fatal(err)
	}
	s.move(id, succeeded("재고부족 acme.xlsx", 40_000, int64(len(content))))
	b.untilText(row(id), "완료")
	b.untilText("#live", "완료")
	link := fmt.Sprintf(`document.querySelector('%s [data-action=download]')`, row(id))
	b.until(link)
	got := eval[[2]string](b, fmt.Sprintf(`fetch(%s.href).then(async (r) => [await r.text(), r.headers.get("Content-Disposition")])`, link))
	if got[0] != content {
		t.Errorf("downloaded %d bytes, not the file's %d", len(got[0]), len(content))
	}
	if name := eval[string](b, link+".download"); name != "재고부족 acme.xlsx" {
		t.Errorf("the file would be saved as %q", name)
	}
	eventually(t, "the stream of an ended job is closed", func() bool { return s.streams.Load() == 0 })
}

func TestControls(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.put("order-lines", "acme", running(50_000, 100_000))
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.open(s)
	state := func() job.State { return s.all()[0].State }

	b.click(row(id) + " [data-action=pause]")
	b.untilText(row(id), "일시정지")
	b.until(fmt.Sprintf(`document.querySelector('%s [data-action=resume]')`, row(id)))
	if state() != job.Paused {
		t.Fatalf("the job is %s", state())
	}
	b.click(row(id) + " [data-action=resume]")
	b.until(fmt.Sprintf(`document.querySelector('%s [data-action=pause]')`, row(id)))

	b.click(row(id) + " [data-action=cancel]")
	b.until(`document.querySelector("dialog[open]")`)
	b.picture("cancel-wide-light-ko")
	for _, found := range eval[[]string](b, faint) {
		t.Errorf("the question is hard to read: %s", found)
	}
	b.click("dialog .quiet")
	b.until(`!document.querySelector("dialog[open]")`)
	if state() != job.Running {
		t.Fatalf("the job is %s although the question was answered by no", state())
	}
	b.click(row(id) + " [data-action=cancel]")
	b.click("dialog [data-answer=yes]")
	b.untilText(row(id), "취소하는 중")
	b.until(fmt.Sprintf(`!document.querySelector('%s [data-action]')`, row(id)))
	s.move(id, broken(job.Cancelled, job.ReasonUser, "cancelled by a user", 50_000, 100_000))
	b.untilText(row(id), "취소됨")
	b.untilText(row(id), "사용자가 취소했습니다")

	b.click(row(id) + " [data-action=retry]")
	b.until(`document.querySelectorAll("tr[data-job]").length === 2`)
	if got := len(s.all()); got != 2 {
		t.Errorf("%d jobs after running it again", got)
	}
}

func TestRefusedControlSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.put("order-lines", "acme", running(50_000, 100_000))
	b := newTab(t, 1400, 900, "status of 409")
	b.open(s)
	s.holdLists.Store(true)
	b.until(fmt.Sprintf(`document.querySelector('%s [data-action=pause]')`, row(id)))
	// The page is slower than the job: the button is pressed before the end is known.
	b.run(`const button = document.querySelector(%s + " [data-action=pause]");
		window.press = () => { button.disabled = false; button.click(); }`, row(id))
	s.move(id, func(j *job.Job) { j.State = job.Cancelling })
	b.run(`press()`)
	b.untilText(".dock [role=alert]", "cannot become paused")
	b.click(".dock [role=alert] button")
	b.until(`!document.querySelector(".dock [role=alert] .notice")`)
}

func TestDetailShowsEverything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, failed, _ := busy(s)
	var partial job.Job
	for _, j := range s.all() {
		if j.State == job.PartiallySucceeded {
			partial = j
		}
	}
	b := newTab(t, 1400, 900, "status of 404")
	b.open(s)
	b.click(row(partial.ID) + " .what a")
	b.until(`document.querySelector(".hero")`)
	b.untilText(".result", "3행 차이")
	for _, want := range []string{
		partial.ID, partial.WorkflowID, partial.Artifacts[0].SHA256, partial.Artifacts[0].Name, partial.Message,
		"1,067,371 / 1,067,368", "실행 중에 행이 늘거나 줄었습니다", "81.3MB", "4 셀 한도", "17 XML", "모든 열",
	} {
		if !strings.Contains(b.text("main"), want) {
			t.Errorf("the page of the job does not say %q", want)
		}
	}
	if got := eval[string](b, `document.querySelector(".temporal").href`); !strings.HasPrefix(got, "http://temporal.test/namespaces/default/workflows/") {
		t.Errorf("Temporal's page would be %s", got)
	}
	if got := eval[bool](b, `document.activeElement.tagName === "H1"`); !got {
		t.Error("the focus does not follow to the job's page")
	}
	b.run("location.hash = '#/jobs/' + %s", failed)
	b.until(`document.querySelector(".steps .broken")`)
	b.untilText(".steps .broken", "행 읽기")
	b.untilText("#reason", "the database did not answer for 30 minutes")
	b.run("location.hash = '#/jobs/none'")
	b.untilText("main", "그런 작업이 없습니다")
	b.click(".back")
	b.until(`!document.querySelector(".home").hidden && document.querySelectorAll("tr[data-job]").length > 5`)
}

func TestDetailIsLive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.put("stock-levels", "acme", running(10_000, 100_000))
	b := newTab(t, 1400, 900, "")
	b.open(s)
	b.run("location.hash = '#/jobs/' + %s", id)
	b.untilText(".hero", "10,000 / 100,000")
	s.move(id, running(60_000, 100_000))
	b.untilText(".hero", "60,000 / 100,000")
	b.click(".hero [data-action=pause]")
	b.untilText(".hero", "일시정지")
	s.move(id, func(j *job.Job) {
		succeeded("stock.xlsx", 100_000, 5000)(j)
	})
	b.until(`document.querySelector(".hero [data-action=download]") && document.querySelectorAll(".steps .past").length === 5`)
	b.untilText(".result", "stock.xlsx")
}
