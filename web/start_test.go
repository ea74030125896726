package web_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// requestOf is what the newest job of a site was asked for.
func requestOf(t *testing.T, s *site) contract.ExportInput {
	t.Helper()
	jobs := s.all()
	var in contract.ExportInput
	if err := json.Unmarshal(jobs[len(jobs)-1].Request, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestKindsBecomeForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.open(s)
	for _, kind := range s.kinds.Exports() {
		b.click(fmt.Sprintf(`.kind input[value=%q]`, kind.Name))
		b.until(fmt.Sprintf(`document.querySelectorAll("#new-export [data-filter]").length === %d`, len(kind.Filters)))
		for _, filter := range kind.Filters {
			css := fmt.Sprintf(`#new-export [data-filter=%q]`, filter.Name)
			if got := b.text(css); got == "" {
				t.Errorf("%s: filter %s has no label", kind.Name, filter.Name)
			}
			if n := eval[int](b, fmt.Sprintf("document.querySelectorAll('%s input[type=checkbox]').length", css)); filter.Many && n != len(filter.Choices) {
				t.Errorf("%s: filter %s has %d boxes for %d choices", kind.Name, filter.Name, n, len(filter.Choices))
			}
		}
		if got := eval[int](b, `document.querySelectorAll("input[name=column]:checked").length`); got != len(kind.Columns) {
			t.Errorf("%s: %d of %d columns are chosen at first", kind.Name, got, len(kind.Columns))
		}
	}
}

func TestWhatIsEnteredIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 1000, "")
	b.open(s)
	b.click(`.kind input[value="order-lines"]`)
	b.until(`document.querySelector("#filter-unshipped")`)
	b.keys("#tenant", "acme")
	b.choose("#filter-from", "2026-10-01")
	b.choose("#filter-to", "2026-10-31")
	b.click(`[data-filter=status] label:has([value="shipped"])`)
	b.click(`[data-filter=status] label:has([value="paid"])`)
	b.keys("#filter-sku", "A-1, B 2") // a comma parts values, so does Enter; the last one is left in the field
	b.enter("#filter-sku")
	b.keys("#filter-sku", "C;3")
	b.click("#filter-unshipped")
	b.click(".columns summary")
	b.click(`[data-columns="none"]`)
	for _, column := range []string{"sku", "order_number"} { // the catalogue's order counts, not that of the clicks
		b.click(fmt.Sprintf(`input[name=column][value=%q]`, column))
	}
	b.keys("#filename", "10월 출고")
	b.click(`.go label:has([value="csv"])`)
	b.untilText(".columns .count", "2개")
	b.click("#start")
	b.until(`document.querySelector("tr[data-job]")`)

	want := contract.ExportInput{
		Kind: "order-lines", Tenant: "acme", Format: "csv", Locale: "ko", Filename: "10월 출고",
		Columns: []string{"order_number", "sku"},
		Filters: job.Filters{
			"from": {"2026-10-01"}, "to": {"2026-10-31"}, "status": {"shipped", "paid"},
			"sku": {"A-1", "B 2", "C;3"}, "unshipped": {"true"},
		},
	}
	if got := requestOf(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("asked for\n%+v, not\n%+v", got, want)
	}
	// Another kind has fields of its own, and coming back loses nothing.
	b.click(`.kind input[value="stock-levels"]`)
	b.until(`document.querySelector("#filter-at_least")`)
	b.keys("#filter-at_least", "-5")
	b.click(`.kind input[value="order-lines"]`)
	b.until(`document.querySelector("#filter-from")?.value === "2026-10-01" && document.querySelectorAll(".chip").length === 3`)
	b.click(`.kind input[value="stock-levels"]`)
	b.until(`document.querySelector("#filter-at_least")`)
	b.click("#start")
	b.until(`document.querySelectorAll("tr[data-job]").length === 2`)
	want = contract.ExportInput{Kind: "stock-levels", Tenant: "acme", Format: "csv", Locale: "ko", Filters: job.Filters{"at_least": {"-5"}}}
	if got := requestOf(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("asked for\n%+v, not\n%+v", got, want)
	}
}

func TestErrorsStandBesideTheirFields(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "status of 422")
	b.look("light")
	b.open(s)

	b.click("#start") // without a seller: known here already
	b.until(`document.querySelector("#tenant-error")?.innerText && document.activeElement.id === "tenant"`)
	if got := s.posts.Load(); got != 0 {
		t.Errorf("%d requests for what the page knows to be wrong", got)
	}

	b.keys("#tenant", "nobody")
	b.until(`!document.querySelector("#tenant-error")`)
	b.choose("#filter-from", "2026-10-31")
	b.choose("#filter-to", "2026-10-01")
	b.click("#start")
	b.until(`document.querySelector("#filter-from-error")?.innerText && document.activeElement.id === "filter-from"`)
	b.picture("field-errors-wide-light-ko")
	if got := eval[string](b, `document.querySelector("#filter-from").getAttribute("aria-describedby")`); got != "filter-from-error" {
		t.Errorf("the field is described by %q, not by its error", got)
	}
	b.choose("#filter-from", "2026-09-30") // what is corrected is no error any more
	b.until(`!document.querySelector("#filter-from-error") && !document.querySelector("#filter-from").hasAttribute("aria-invalid")`)

	if got := s.posts.Load(); got != 0 {
		t.Errorf("%d requests for what the page knows to be wrong", got)
	}

	b.choose("#filter-sku", "good,"+strings.Repeat("x", 201)) // what only the server knows
	b.click("#start")
	b.untilText("#tenant-error", "no such seller")
	b.run(`document.querySelector("#tenant").select()`)
	b.keys("#tenant", "acme")
	b.click(".columns summary")
	b.click(`[data-columns="none"]`)
	b.click("#start")
	b.until(`document.querySelector("#columns-error")?.innerText`)
	b.click(`[data-columns="all"]`)
	b.until(`!document.querySelector("#columns-error")`)
	b.click("#start")
	b.until(`document.querySelector("#filter-sku-error")?.innerText && document.activeElement.id === "filter-sku"`)
	b.click(".chip:nth-of-type(2) button")
	b.click("#start")
	b.until(`document.querySelector(".new .notice.good") && document.querySelector("tr[data-job]")`)
	if got := len(s.all()); got != 1 {
		t.Errorf("%d jobs", got)
	}
}

func TestDuplicateLeadsToTheRunningJob(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "status of 409")
	b.look("light")
	b.open(s)
	b.keys("#tenant", "acme")
	b.click("#start")
	b.until(`document.querySelector(".new .notice.good")`)
	id := s.all()[0].ID
	s.move(id, running(5_000, 50_000))
	b.click("#start")
	b.until(`document.querySelector(".new .notice.info a")`)
	b.picture("duplicate-wide-light-ko")
	b.click(".new .notice.info a")
	b.until(fmt.Sprintf(`document.querySelector('.hero[data-job="%s"]')`, id))
	b.untilText(".hero", "5,000 / 50,000")
	if got := len(s.all()); got != 1 {
		t.Errorf("%d jobs", got)
	}
}

func TestLostAnswerDoesNotStartTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "Failed to load resource")
	b.open(s)
	b.keys("#tenant", "acme")
	s.loseAnswers.Store(true)
	b.click("#start")
	b.until(`document.querySelector("[data-again]")`)
	s.loseAnswers.Store(false)
	b.click("[data-again]")
	b.until(`document.querySelector(".new .notice.good")`)
	if got := len(s.all()); got != 1 {
		t.Errorf("%d jobs were started", got)
	}
	// The browser, too, sends a request again whose connection broke, without telling the page.
	if posts, keys := s.posts.Load(), len(s.keysUsed()); posts < 2 || keys != 1 {
		t.Errorf("%d requests with %d keys", posts, keys)
	}
	// A new press is a new request, also where the form is the same.
	s.move(s.all()[0].ID, succeeded("a.xlsx", 10, 1000))
	b.click("#start")
	b.until(`document.querySelectorAll("tr[data-job]").length === 2`)
	if jobs, keys := len(s.all()), len(s.keysUsed()); jobs != 2 || keys != 2 {
		t.Errorf("%d jobs with %d keys after a second press", jobs, keys)
	}
}
