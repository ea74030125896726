package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/longhaul/longhaul/job"
)

// busy fills a site with jobs in every state, and returns three of them.
func busy(s *site) (runningID, failedID, doneID string) {
	s.put("order-lines", "acme", broken(job.Cancelled, job.ReasonUser, "cancelled by a user", 120_000, 1_067_371))
	s.put("stock-levels", "hanbit", broken(job.TimedOut, job.ReasonTimeout, "it took longer than 24 h", 9_000, 10_000))
	s.put("stock-shortages", "acme", broken(job.Failed, job.ReasonNoData, "no rows match the filters", 0, 0))
	failedID = s.put("order-lines", "hanbit", broken(job.Failed, job.ReasonDownstream, "the database did not answer for 30 minutes", 415_000, 1_067_371))
	s.put("order-lines", "acme", func(j *job.Job) {
		succeeded("주문상세_acme_20261122.xlsx", 1_067_371, 81_304_220)(j)
		j.State, j.Reason, j.Message = job.PartiallySucceeded, job.ReasonRowsMoved, "1,067,371 rows were promised and 1,067,368 written: 3 were deleted meanwhile"
		j.Artifacts[0].Rows -= 3
		j.Artifacts[0].Sheets, j.Artifacts[0].CellsTruncated, j.Artifacts[0].CharsEscaped = 2, 4, 17
	})
	doneID = s.put("stock-shortages", "acme", func(j *job.Job) {
		succeeded("재고부족_acme_20261122.xlsx", 12_408, 912_044)(j)
		j.Request = []byte(`{"kind":"stock-shortages","tenant":"acme","format":"xlsx","locale":"ko","filters":{"from":"2026-10-01","to":"2026-10-31","status":["new","paid"]},"columns":["order_number","sku","product_name","wanted","missing"]}`)
	})
	s.put("stock-levels", "long-name-fulfillment-center", func(j *job.Job) {
		running(250_000, 640_000)(j)
		j.State, j.Progress.ETA, j.Progress.Rate = job.Paused, nil, 0
	})
	s.put("order-lines", "long-name-fulfillment-center", func(j *job.Job) {
		running(85_000, 300_000)(j)
		since := time.Now().Add(-6 * time.Minute)
		j.Progress.StalledSince, j.StaleSince, j.Progress.ETA = &since, &since, nil
	})
	s.put("stock-levels", "acme", func(j *job.Job) {
		j.State, j.Progress.Phase = job.Running, job.PhasePlanning
	})
	runningID = s.put("order-lines", "acme", running(431_000, 1_067_371))
	s.put("stock-shortages", "hanbit", func(*job.Job) {})
	return runningID, failedID, doneID
}

func TestThemeIsRemembered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.open(s)
	ground := func() string { return eval[string](b, "getComputedStyle(document.documentElement).backgroundColor") }
	light := ground()
	b.choose(".theme", "dark")
	b.until(`document.documentElement.dataset.theme === "dark"`)
	dark := ground()
	if light == dark {
		t.Fatalf("dark looks like light: %s", dark)
	}
	b.must(chromedp.Reload())
	b.until(`document.documentElement.dataset.theme === "dark"`) // set before the first paint
	if got := ground(); got != dark {
		t.Errorf("after loading anew the ground is %s, not %s", got, dark)
	}
	b.until(`document.querySelector(".theme")`)
	b.choose(".theme", "auto")
	b.until(`!document.documentElement.dataset.theme`)
	b.look("dark")
	if got := ground(); got != dark {
		t.Errorf("following a dark system the ground is %s, not %s", got, dark)
	}
}

// faint lists the texts in sight whose contrast is below what WCAG 2 asks for at level AA. Disabled controls
// are exempt there.
const faint = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const over = ([r, g, b, a], [R, G, B]) => [r, g, b].map((c, i) => c * a / 255 + [R, G, B][i] * (1 - a / 255));
	const ground = (e) => {
		const layers = [];
		for (; e; e = e.parentElement) {
			const color = rgba(getComputedStyle(e).backgroundColor);
			if (color[3]) layers.push(color);
			if (color[3] === 255) break;
		}
		return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
	};
	const light = (rgb) => {
		const [r, g, b] = rgb.map((c) => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const found = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, words = walk.currentNode.data.trim();
		if (!words || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || e.closest(":disabled, .unseen, noscript, option")) continue;
		const under = ground(e), style = getComputedStyle(e);
		let opacity = 1;
		for (let up = e; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
		const ink = rgba(style.color);
		ink[3] *= opacity;
		const [dim, bright] = [light(over(ink, under)), light(under)].sort((a, b) => a - b);
		const ratio = (bright + .05) / (dim + .05);
		if (ratio < 4.5) found.push(words.slice(0, 30) + " " + ratio.toFixed(2) + " " + style.color + " on " + under.map(Math.round));
	}
	return found;
})()`

// wide lists what reaches beyond the right edge of the window, but for texts that end in an ellipsis.
const wide = `(() => {
	const edge = document.documentElement.clientWidth;
	const cut = (e) => e && (getComputedStyle(e).textOverflow === "ellipsis" || cut(e.parentElement));
	const found = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.closest(".unseen, thead, .switch input, svg")
		&& !cut(e.parentElement) && e.getBoundingClientRect().right > edge + 1);
	return [document.documentElement.scrollWidth > edge ? "the page scrolls sideways" : "",
		...found.slice(0, 3).map((e) => e.outerHTML.slice(0, 120))].filter(Boolean);
})()`

// scene is a state of the page: where it is, and when it is ready.
type scene struct{ name, address, ready string }

// TestItFitsAndCanBeRead walks through the page.
func TestItFitsAndCanBeRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	runningID, failedID, doneID := busy(s)
	fits(t, s, "export", []scene{
		{"list", "#/", `document.querySelectorAll("tr[data-job]").length > 10`},
		{"running", "#/jobs/" + runningID, fmt.Sprintf(`document.querySelector('.hero[data-job="%s"]')`, runningID)},
		{"failed", "#/jobs/" + failedID, fmt.Sprintf(`document.querySelector('.hero[data-job="%s"]')`, failedID)},
		{"done", "#/jobs/" + doneID, fmt.Sprintf(`document.querySelector('.hero[data-job="%s"]') && document.querySelector(".facts-card")?.innerText.length > 40`, doneID)},
	})
}

// fits looks at scenes at the widths that the page is made for, light and dark, in both languages, and takes the
// pictures. The form is that of a type of job.
func fits(t *testing.T, s *site, form string, scenes []scene) {
	t.Helper()
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			t.Parallel()
			lang := map[string]string{"light": "ko", "dark": "en"}[theme]
			b := newTab(t, 1400, 900, "")
			b.look(theme)
			b.open(s)
			b.click(fmt.Sprintf(".switch button[lang=%s]", lang))
			b.click("#tab-" + form)
			b.keys("#tenant", "acme")
			for _, scene := range scenes {
				b.run("location.hash = %s", scene.address)
				b.until(scene.ready)
				b.fit(scene.name, theme+"-"+lang)
				b.run(`for (const fold of document.querySelectorAll(".fold[aria-expanded=false], details:not([open]) > summary")) fold.click()`)
				for _, found := range eval[[]string](b, faint) {
					t.Errorf("%s is hard to read: %s", scene.name, found)
				}
			}
		})
	}
}

// fit narrows and widens the window.
func (b *tab) fit(name, look string) {
	b.t.Helper()
	for _, width := range []int64{360, 390, 600, 820, 900, 1000, 1181, 1400, 1600} {
		height := int64(900)
		if width < 500 {
			height = 844
		}
		b.must(chromedp.EmulateViewport(width, height))
		b.run("scrollTo(0, 0)")
		for _, found := range eval[[]string](b, wide) {
			b.t.Errorf("%s at %d px: %s", name, width, found)
		}
		if width == 390 || width == 1000 || width == 1400 {
			b.picture(fmt.Sprintf("%s-%d-%s", name, width, look))
		}
		if width == 390 && eval[bool](b, `document.documentElement.scrollHeight > innerHeight`) {
			b.run(`scrollTo(0, innerHeight - 60)`)
			b.picture(fmt.Sprintf("%s-%d-%s-scrolled", name, width, look))
		}
	}
}

func TestEmptyListInvites(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.open(s)
	b.untilText(".empty", "아직 작업이 없습니다")
	b.picture("empty-1400-light-ko")
}

// TestRowsKeepTheirPlace moves a job through its life and holds its row to one height, so that nobody's
// finger lands on another button.
func TestRowsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.put("order-lines", "acme", func(*job.Job) {})
	b := newTab(t, 1400, 900, "")
	b.open(s)
	height := func() float64 {
		return eval[float64](b, fmt.Sprintf(`document.querySelector('%s').getBoundingClientRect().height`, row(id)))
	}
	b.untilText(row(id), "대기 중")
	want := height()
	for _, step := range []struct {
		change func(*job.Job)
		text   string
	}{
		{func(j *job.Job) { j.State, j.Progress.Phase = job.Running, job.PhasePlanning }, "행 수를 세는 중"},
		{running(1_000, 12_345_678), "1,000 / 12,345,678"},
		{running(12_345_678, 12_345_678), "12,345,678 / 12,345,678"},
		{func(j *job.Job) { j.State = job.Paused }, "일시정지"},
		{broken(job.Failed, job.ReasonDownstream, "the database did not answer", 1_000, 12_345_678), "데이터베이스나 저장소가 응답하지 않습니다"},
		{succeeded("a.xlsx", 12_345_678, 1000), "12,345,678행"},
	} {
		s.move(id, step.change)
		b.untilText(row(id), step.text)
		if got := height(); got != want {
			t.Errorf("with %q the row is %v high, not %v", step.text, got, want)
		}
		// After an end there is no stream any more; the poll finds what the test does next.
	}
}
