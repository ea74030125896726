package web_test

import (
	"fmt"
	"testing"

	"github.com/longhaul/longhaul/job"
)

func TestFewStreamsManyJobs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var ids []string
	for i := range 9 {
		ids = append(ids, s.put("order-lines", "acme", running(int64(i)*1000, 100_000)))
	}
	b := newTab(t, 1400, 1000, "")
	b.open(s)
	b.until(`document.querySelectorAll("tr[data-job]").length === 9`)
	for _, id := range ids {
		s.move(id, running(77_000, 100_000))
	}
	for _, id := range ids {
		b.until(fmt.Sprintf(`document.querySelector('%s progress').value === 77000`, row(id)))
	}
	if got := s.streams.Load(); got > 3 {
		t.Errorf("%d streams are open; a browser has six connections for all its tabs", got)
	}
	// Out of sight the page asks for nothing; back in sight it goes on.
	b.run(`Object.defineProperty(document, "hidden", { value: true, configurable: true });
		document.dispatchEvent(new Event("visibilitychange"))`)
	eventually(t, "streams are closed out of sight", func() bool { return s.streams.Load() == 0 })
	s.move(ids[0], running(99_000, 100_000))
	b.run(`delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))`)
	b.until(fmt.Sprintf(`document.querySelector('%s progress').value === 99000`, row(ids[0])))
}

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 30 {
		s.put("stock-levels", sellers[i%2], succeeded("a.xlsx", int64(i), 1000))
	}
	failed := s.put("order-lines", "hanbit", broken(job.Failed, job.ReasonInternal, "a fault", 0, 0))
	b := newTab(t, 1400, 900, "")
	b.open(s)
	rows := func(n int) string { return fmt.Sprintf(`document.querySelectorAll("tr[data-job]").length === %d`, n) }
	b.until(rows(25))
	b.click("#more")
	b.until(rows(31) + ` && !document.querySelector("#more")`)
	first := s.put("stock-levels", "acme", func(*job.Job) {})
	b.until(rows(32)) // the next poll keeps what was loaded, and brings what is new
	if got := eval[string](b, `document.querySelector("tr[data-job]").dataset.job`); got != first {
		t.Errorf("%s comes first, not the newest", got)
	}
	b.choose("[name=list-state]", "failed")
	b.until(rows(1))
	b.until(fmt.Sprintf(`document.querySelector('%s')`, row(failed)))
	b.choose("[name=list-kind]", "export/stock-levels")
	b.untilText(".empty", "조건에 맞는 작업이 없습니다")
	b.click(".empty button")
	b.until(rows(25))
	b.keys("[name=list-tenant]", "hanbit")
	b.until(rows(16))
}

func TestServerGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.put("stock-levels", "acme", running(10_000, 100_000))
	b := newTab(t, 1400, 900, "Failed to load resource")
	b.look("light")
	b.open(s)
	s.down.Store(true)
	b.until(`document.querySelector("#offline")`)
	b.picture("offline-wide-light-ko")
	b.until(fmt.Sprintf(`document.querySelector('%s')`, row(id))) // what was seen stays
	s.move(id, running(90_000, 100_000))
	s.down.Store(false)
	b.until(`!document.querySelector("#offline")`)
	b.until(fmt.Sprintf(`document.querySelector('%s progress').value === 90000`, row(id)))
}

func TestTextIsNeverMarkup(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="document.title='caught'">`
	s := newSite(t)
	id := s.put("stock-levels", evil, func(j *job.Job) {
		succeeded(evil+".xlsx", 10, 1000)(j)
		j.State, j.Reason, j.Message, j.RequestedBy = job.PartiallySucceeded, job.ReasonLimit, evil, evil
		j.Kind = evil
		j.Request = []byte(`{"kind":"x","tenant":"x","filters":{"<b>a</b>":"<b>b</b>"},"filename":"<b>c</b>"}`)
	})
	b := newTab(t, 1400, 900, "status of 404") // there is no kind of that name
	b.open(s)
	b.until(fmt.Sprintf(`document.querySelector('%s')`, row(id)))
	b.run("location.hash = '#/jobs/' + %s", id)
	b.untilText(".hero", "<img")
	b.untilText("main", "<b>c</b>")
	if got := eval[int](b, `document.querySelectorAll("main img, main b").length`); got != 0 {
		t.Errorf("%d elements were made of text", got)
	}
}
