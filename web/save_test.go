package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// counted is a stock count as somebody keeps it: a title above, headers of his own, and one that nobody knows.
const counted = `7월 재고 실사,,,,
품번,창고코드,실사수량,담당,비고
007-BK,ICN-1,120,김,
TS-BK-095,ICN-1,,이,확인
TS-BK-100,PUS-2,8,박,
`

// file writes a file to choose.
func file(t *testing.T, name, content string) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// openSaves opens the form for bulk saves of a kind, as a seller.
func (b *tab) openSaves(s *site, kind, tenant string) {
	b.t.Helper()
	b.open(s)
	b.click("#tab-bulk_save")
	b.until(`document.querySelector("#file") && !document.querySelector("#file").disabled`)
	if tenant != "" {
		b.keys("#tenant", tenant)
	}
	b.click(fmt.Sprintf(`.kind input[name=save][value=%q]`, kind))
}

// chooseFile clicks where files are dropped and answers the file chooser that the browser opens.
func (b *tab) chooseFile(path string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, cdppage.SetInterceptFileChooserDialog,
		cdppage.SetInterceptFileChooserDialogParams{Enabled: true}); err != nil {
		b.t.Fatal(err)
	}
	opened, err := chromedp.Run(b.ctx, chromedp.WaitEvent(cdppage.FileChooserOpened, nil, chromedp.Click(chromedp.CSS(".drop"))))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{
		Files: []string{path}, BackendNodeID: opened.BackendNodeID,
	}); err != nil {
		b.t.Fatal(err)
	}
}

// drop drags files from outside the browser onto an element. The page may still be moving below the hand, so it is moved
// until the element has noticed.
func (b *tab) drop(css string, paths ...string) {
	b.t.Helper()
	drag := func(kind input.DispatchDragEventType) {
		b.t.Helper()
		at := eval[[2]float64](b, fmt.Sprintf(`(() => {
			const target = document.querySelector(%q);
			target.scrollIntoView({block: "center", behavior: "instant"});
			const box = target.getBoundingClientRect();
			return [box.x + box.width / 2, box.y + box.height / 2];
		})()`, css))
		if _, err := chromedp.Call(b.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: kind, X: at[0], Y: at[1], Data: &input.DragData{Files: paths, Items: []*input.DragDataItem{}, DragOperationsMask: 1},
		}); err != nil {
			b.t.Fatal(err)
		}
	}
	drag(input.DispatchDragEventTypeDragEnter)
	drag(input.DispatchDragEventTypeDragOver)
	for tries := 0; css == ".drop" && tries < 100 && !eval[bool](b, `document.querySelector(".drop.over") !== null`); tries++ {
		drag(input.DispatchDragEventTypeDragOver)
	}
	if css == ".drop" {
		b.until(`document.querySelector(".drop.over")`)
	}
	drag(input.DispatchDragEventTypeDrop)
}

// saveRequest is what the newest job of a site was asked for.
func saveRequest(t *testing.T, s *site) contract.BulkSaveInput {
	t.Helper()
	jobs := s.all()
	var in contract.BulkSaveInput
	if err := json.Unmarshal(jobs[len(jobs)-1].Request, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

// mapped is the row of the mapping that has a header.
func mapped(place int) string { return fmt.Sprintf(`tr[data-column="%d"]`, place) }

func TestBulkSaveFromDropToUndo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.look("light")
	b.openSaves(s, "stock-levels", "acme")
	b.chooseFile(file(t, "7월 실사.csv", counted))
	b.until(`location.hash.startsWith("#/uploads/") && document.querySelector(".columns-of")`)

	// What the headers are taken for, and what nobody knows.
	for place, want := range []string{"sku", "warehouse", "on_hand", "", ""} {
		if got := eval[string](b, fmt.Sprintf(`document.querySelector('%s').dataset.chosen`, mapped(place))); got != want {
			t.Errorf("column %d is taken for %q, not %q", place, got, want)
		}
	}
	b.untilText(mapped(0)+" .samples", "007-BK")
	b.untilText(".mapping", "2행이 머리글")
	if !eval[bool](b, `document.activeElement.id === "mapping-title"`) {
		t.Error("the focus does not follow to the columns")
	}
	b.picture("mapping-1400-light-ko")

	// Corrected by hand: what was counted was added, not set. The field moves, and is not in two places.
	b.choose(mapped(2)+" select", "adjust")
	b.choose(mapped(3)+" select", "on_hand")
	b.choose(mapped(3)+" select", "adjust")
	b.untilText(mapped(2)+" .how", "다른 열로 옮김")
	b.choose(mapped(3)+" select", "")
	b.until(`document.querySelector("#gaps")`) // one of two is needed
	b.untilText("#gaps", "재고수량, 증감수량")
	b.picture("mapping-gaps-1400-light-ko")
	b.click("#dry-run")
	b.until(`document.activeElement.classList.contains("gaps")`)
	b.choose(mapped(2)+" select", "adjust")
	b.until(`!document.querySelector("#gaps")`)
	b.click(`[name=duplicates][value=last_wins]`)
	posts := s.posts.Load()
	b.click("#dry-run")
	b.until(`document.querySelector(".hero")`)
	if got := s.posts.Load() - posts; got != 1 {
		t.Errorf("%d requests for one press", got)
	}
	id := s.all()[0].ID
	want := contract.BulkSaveInput{
		Kind: "stock-levels", Tenant: "acme", Upload: "upload-1", DryRun: true, Duplicates: "last_wins", Locale: "ko",
		Mapping: map[string]string{"품번": "sku", "창고코드": "warehouse", "실사수량": "adjust", "담당": "", "비고": ""},
	}
	if got := saveRequest(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("asked for\n%+v, not\n%+v", got, want)
	}

	// The dry run, told by the stream. While no worker has it, its request tells what will come.
	b.until(`document.querySelectorAll(".steps li").length === 7`)
	s.move(id, saving(job.PhasePlanning, 0, 0, nil))
	b.untilText(".hero", "파일을 읽는 중")
	s.move(id, saving(job.PhaseChecking, 20_000, 40_000, nil))
	b.untilText(".hero", "20,000 / 40,000행")
	b.untilText(".hero", "4 / 8묶음")
	b.untilText(".steps [aria-current=step]", "미리 확인")
	s.move(id, saving(job.PhaseReporting, 40_000, 40_000, nil)) // a report of the dry run is not that of the save
	b.until(`document.querySelector(".steps [aria-current=step]").innerText.includes("미리 확인")`)
	s.sample(id, 60)
	s.move(id, holding)
	b.until(`document.querySelector(".hold")`)
	b.untilText(".hold", "39,900행을 씁니다")
	b.untilText(`[data-outcome=created] dd`, "30,000")
	b.untilText(`[data-code=not_a_number]`, "70")
	b.untilText(".items", "12행")
	b.untilText(".items", "실사수량: 숫자가 아닙니다 (열둘)")
	b.untilText(".items tr[data-outcome=updated]", "재고수량: 120")
	b.picture("held-1400-light-ko")
	items := `document.querySelectorAll(".items tbody tr").length`
	b.until(items + " === 25")
	b.click("#more-items")
	b.until(items + " === 50")
	b.choose("[name=outcome]", "refused")
	b.until(items + ` < 25 && !document.querySelector(".items tr[data-outcome=updated]")`)

	// Saved, with a workbook of what was refused.
	b.click(".hold [data-action=resume]")
	b.until(`!document.querySelector(".hold")`)
	if got := s.all()[0].State; got != job.Running {
		t.Fatalf("the job is %s after it was let go on", got)
	}
	s.move(id, saving(job.PhaseApplying, 10_000, 40_000, &job.Tally{Created: 10_000}))
	b.untilText(".hero", "저장하는 중")
	b.untilText(".tallies h2", "지금까지")
	s.move(id, saved)
	b.untilText("#reason", "거부된 행이 있습니다")
	b.untilText(".tallies", "미리 확인 30,000")
	b.untilText(".result", "거부된 행")
	b.untilText(".hero [data-action=download]", "오류 파일")
	b.untilText(".tallies", "되돌릴 수 있습니다")
	b.picture("saved-1400-light-ko")

	// Undone, by a job of its own.
	b.click(".hero [data-action=undo]")
	b.until(`document.querySelector("dialog[open]")`)
	b.picture("undo-1400-light-ko")
	b.click("dialog [data-answer=yes]")
	b.until(fmt.Sprintf(`document.querySelector(".hero") && document.querySelector(".hero").dataset.job !== %q`, id))
	undo := s.all()[1].ID
	b.untilText(".hero h1", "재고 저장 되돌리기")
	s.move(undo, undone)
	b.untilText(`[data-outcome=reversed] dd`, "39,700")
	b.untilText(`[data-outcome=kept] dd`, "200")
	b.untilText(`[data-code=changed_since]`, "200")
	b.picture("undone-1400-light-ko")
	b.click(fmt.Sprintf(`.facts-card a[href="#/jobs/%s"]`, id))
	b.until(fmt.Sprintf(`document.querySelector(".hero")?.dataset.job === %q`, id))
	b.untilText(".tallies", "이 저장은 되돌렸습니다")
	b.until(`!document.querySelector("[data-action=undo]")`)

	// The same file again, and the mended one.
	b.click(".back")
	b.until(`!document.querySelector(".home").hidden`)
	b.drop(".drop", file(t, "7월 실사 사본.csv", counted))
	b.until(fmt.Sprintf(`document.querySelector('#same a[href="#/jobs/%s"]')`, id))
	b.picture("same-1400-light-ko")
	b.click(".choices a")
	b.untilText(".new footer .notice", "7월 실사 사본.csv") // it can be taken up again
	b.drop(".drop", file(t, "오류_7월 실사.xlsx", strings.Replace(counted, "007", "008", 1)))
	b.until(fmt.Sprintf(`document.querySelector('#parent a[href="#/jobs/%s"]') && !document.querySelector("#same")`, id))
	b.click("#save-now")
	b.until(`document.querySelector(".hero")`)
	if got := saveRequest(t, s); got.DryRun || got.Upload != "upload-3" {
		t.Errorf("asked for %+v, not for a save without a dry run of the third file", got)
	}
	s.move(s.all()[2].ID, func(j *job.Job) {
		saving(job.PhaseApplying, 1, 3, &job.Tally{Created: 1})(j)
		j.Save.Parent = id
	})
	b.until(fmt.Sprintf(`document.querySelector('.facts-card a[href="#/jobs/%s"]')`, id))
}

func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "status of 422|Failed to load resource")
	b.look("light")
	b.openSaves(s, "products", "")
	good := file(t, "products.csv", "SKU,Name\nA-1,Shirt\n")

	b.chooseFile(good) // whose they are has not been said
	b.until(`document.querySelector("#tenant-error")?.innerText && document.activeElement.id === "tenant"`)
	b.keys("#tenant", "nobody")
	b.chooseFile(good)
	b.untilText("#tenant-error", "no such seller")
	b.run(`document.querySelector("#tenant").select()`)
	b.keys("#tenant", "acme")

	b.drop(".drop", good, good)
	b.untilText(".new footer .notice.bad", "하나만")
	b.chooseFile(file(t, "old.xlsx", "\xD0\xCF\x11\xE0 and so on"))
	b.untilText(".new footer .notice.bad", "Excel 97")
	b.picture("refused-file-1400-light-ko")
	b.drop(".list", good) // beside the place: nothing happens, above all the page is not replaced
	b.until(`document.querySelector(".drop") && location.hash.length < 3`)

	s.cutUploads.Store(true)
	b.chooseFile(file(t, "large.csv", strings.Repeat("SKU,Name\n", 1<<20)))
	b.until(`document.querySelector(".new [data-again]")`)
	s.cutUploads.Store(false)
	if got := len(s.uploadsKept()); got != 0 {
		t.Errorf("%d files were kept", got)
	}
	b.chooseFile(good)
	b.until(`location.hash === "#/uploads/upload-1"`)
	b.untilText(".mapping", "products.csv")

	b.run(`location.hash = "#/uploads/none"`)
	b.untilText("main", "그런 파일이 없습니다")
}

func TestUploadShowsProgressAndStops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	release := make(chan struct{})
	s.slowUploads.Store(&release)
	b := newTab(t, 1400, 900, "Failed to load resource")
	b.look("light")
	b.openSaves(s, "orders", "acme")
	b.chooseFile(file(t, "주문 전체.csv", strings.Repeat("주문번호,상품코드\n", 2<<20))) // 50 MB: more than lies in the sockets
	b.until(`document.querySelector(".sending progress")?.value > 0`)
	b.untilText(".sending", "주문 전체.csv")
	if eval[bool](b, `document.querySelector(".sending progress").matches(":indeterminate")`) {
		t.Error("the file is said to have arrived, although the server has not read it")
	}
	b.picture("sending-1400-light-ko")
	b.click("[data-action=stop]")
	b.until(`document.querySelector("#file") && !document.querySelector(".new footer .notice")`)
	b.untilText("#live", "보내지 않았습니다")
	close(release)
	// What comes next is another upload, and the only one.
	b.chooseFile(file(t, "orders.csv", "주문번호,상품코드\n1,A\n"))
	b.until(`document.querySelector(".columns-of")`)
	if got := s.uploadsKept(); len(got) != 1 || got[0].Name != "orders.csv" {
		t.Errorf("kept %+v", got)
	}
}

func TestUploadEndsWhileSomebodyLooksElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.put("order-lines", "acme", running(1_000, 2_000))
	release := make(chan struct{})
	s.slowUploads.Store(&release)
	b := newTab(t, 1400, 900, "")
	b.openSaves(s, "products", "acme")
	b.chooseFile(file(t, "products.csv", "SKU,Name\nA-1,Shirt\n"))
	b.untilText(".sending", "파일을 살펴보는 중") // it is small, and so on its way as a whole
	b.run("location.hash = '#/jobs/' + %s", id)
	b.until(`document.querySelector(".hero")`)
	close(release)
	b.untilText(".dock .notice", "products.csv")
	b.until(`document.querySelector(".hero")`)
	b.click(".dock .notice a")
	b.untilText(".mapping", "products.csv")
}

func TestSecondSaveLeadsToTheRunningOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "status of (409|422)")
	b.look("light")
	b.openSaves(s, "stock-levels", "acme")
	b.chooseFile(file(t, "count.csv", counted))
	b.until(`document.querySelector("#dry-run")`)
	first := s.putSave("stock-levels", "acme", saving(job.PhaseApplying, 10_000, 40_000, &job.Tally{}))
	b.click("#dry-run")
	b.until(fmt.Sprintf(`document.querySelector('.mapping footer .notice.info a[href="#/jobs/%s"]')`, first))
	b.picture("second-save-1400-light-ko")
	b.click(".mapping footer .notice a")
	b.until(fmt.Sprintf(`document.querySelector(".hero")?.dataset.job === %q`, first))
	if got := len(s.all()); got != 1 {
		t.Errorf("%d jobs", got)
	}
}

func TestStaleDryRunNamesItsRows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.putSave("orders", "acme", holding)
	b := newTab(t, 1400, 900, "")
	b.open(s)
	// In the list a dry run is not let go on unseen.
	b.until(fmt.Sprintf(`document.querySelector('%s [data-action=review]')`, row(id)))
	if eval[bool](b, fmt.Sprintf(`Boolean(document.querySelector('%s [data-action=resume], %s [data-action=cancel]'))`, row(id), row(id))) {
		t.Error("a dry run can be answered from the list")
	}
	b.untilText(row(id), "새로 30,000")
	b.click(row(id) + " [data-action=review]")
	b.click(".hold [data-action=resume]")
	b.until(`!document.querySelector(".hold")`)
	s.move(id, outdated)
	b.untilText("#reason", "미리 확인한 뒤 데이터가 바뀌어")
	b.untilText("#reason", "17행, 반품 3행")
	b.untilText(".steps .broken", "다시 대조")
}

func TestDiscardedDryRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.putSave("orders", "acme", holding)
	b := newTab(t, 1400, 900, "")
	b.open(s)
	b.run("location.hash = '#/jobs/' + %s", id)
	b.click(".hold [data-action=cancel]")
	b.until(`document.querySelector("dialog[open]")`)
	b.press("Escape", 27)
	b.until(`!document.querySelector("dialog[open]") && document.querySelector(".hold")`)
	b.click(".hold [data-action=cancel]")
	b.click("dialog [data-answer=yes]")
	b.untilText(".hero", "취소하는 중")
	if got := s.all()[0].State; got != job.Cancelling {
		t.Errorf("the job is %s", got)
	}
}

func TestSavesInTheList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	export := s.put("stock-levels", "acme", succeeded("a.xlsx", 10, 1000))
	stock := s.putSave("stock-levels", "acme", saved)
	orders := s.putSave("orders", "hanbit", saving(job.PhaseApplying, 10_000, 40_000, &job.Tally{Created: 10_000}))
	b := newTab(t, 1400, 900, "")
	b.open(s)
	b.untilText(row(stock)+" .what", "재고 저장") // the export of the same name has another title
	for _, count := range []string{"새로 29,900", "바뀜 9,900", "그대로 30", "거부 170"} {
		b.untilText(row(stock), count)
	}
	b.untilText(row(orders), "저장하는 중")
	shown := func(ids ...string) {
		b.t.Helper()
		var rows []string
		for _, id := range ids {
			rows = append(rows, fmt.Sprintf(`document.querySelector('%s')`, row(id)))
		}
		b.until(fmt.Sprintf(`document.querySelectorAll("tr[data-job]").length === %d && %s`, len(ids), strings.Join(rows, " && ")))
	}
	shown(export, stock, orders)
	b.choose("[name=list-kind]", "bulk_save/")
	shown(stock, orders)
	b.choose("[name=list-kind]", "bulk_save/stock-levels")
	shown(stock)
	b.choose("[name=list-kind]", "export/stock-levels")
	shown(export)
}

func TestTabsByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "")
	b.open(s)
	b.must(chromedp.Focus(chromedp.CSS("#tab-export")))
	for _, next := range []string{"bulk_save", "sync", "export"} {
		b.press("ArrowRight", 39)
		b.until(fmt.Sprintf(`document.activeElement.id === "tab-%s" && document.activeElement.ariaSelected === "true"
			&& !document.querySelector("#new-%s").hidden`, next, next))
	}
	b.press("ArrowLeft", 37) // round the other way too
	b.until(`document.activeElement.id === "tab-sync"`)
	b.click("#tab-bulk_save")
	b.must(chromedp.Reload())
	b.until(`document.querySelector("#new-bulk_save:not([hidden]) #file")`)
	// The template is for the kind that is chosen, in the language of the page.
	b.click(`.kind input[name=save][value="orders"]`)
	b.until(`document.querySelector(".template").getAttribute("href") === "/v1/kinds/bulk_save/orders/template.xlsx?locale=ko"`)
	if got := eval[string](b, `fetch(document.querySelector(".template").href).then(async (r) => r.status + " " + (await r.text()).slice(0, 2))`); got != "200 PK" {
		t.Errorf("the template is %q, not a workbook", got)
	}
	b.until(`document.querySelector(".expected")`)
	for _, field := range []string{"주문번호", "필수", "같은 번호의 행들이 한 주문이 됩니다"} {
		if !strings.Contains(eval[string](b, `document.querySelector(".expected").textContent`), field) {
			t.Errorf("the columns of a file do not say %q", field)
		}
	}
}
