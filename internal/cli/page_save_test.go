package cli_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/dom"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/testenv"
)

// A bulk save as a person makes it, with every part of the system real: the file comes through the browser's own
// chooser, one header is nobody's and mapped by hand, one row is wrong.
func TestPageRunsABulkSave(t *testing.T) {
	t.Parallel()
	chromium := testenv.Require(t, browsers...)
	s := theStack(t)
	file := filepath.Join(t.TempDir(), "상품 목록.csv")
	require.NoError(t, os.WriteFile(file, []byte("우리끼리 번호,상품명,판매가\nPAGE-1,양말,\"1,900\"\nPAGE-2,장갑,2900\nPAGE-3,,990\n"), 0o600))
	tab := openPage(t, chromium)

	require.NoError(t, chromedp.Do(tab, chromedp.EmulateViewport(1400, 900), chromedp.Navigate(s.url)))
	until(t, tab, `document.querySelector("#tab-bulk_save")`)
	require.NoError(t, chromedp.Do(tab, chromedp.Click(chromedp.CSS("#tab-bulk_save"))))
	until(t, tab, `document.querySelector("#file") && !document.querySelector("#file").disabled`)
	require.NoError(t, chromedp.Do(tab,
		chromedp.SendKeys(chromedp.CSS("#tenant"), "hanbit"),
		chromedp.Click(chromedp.CSS(`.kind input[name=save][value="products"]`)),
	))
	choose(t, tab, file)
	until(t, tab, `document.querySelector("#gaps")`) // the SKU is missing, and said so at once
	pick(t, tab, `tr[data-column="0"] select`, "sku")
	until(t, tab, `!document.querySelector("#gaps")`)

	press(t, tab, "#dry-run")
	until(t, tab, `document.querySelector(".hold")`)
	require.Equal(t, "2", text(t, tab, `[data-outcome=created] dd`))
	require.Equal(t, "1", text(t, tab, `[data-outcome=refused] dd`))
	until(t, tab, `document.querySelector(".items")?.innerText.includes("PAGE-3")`)
	press(t, tab, ".hold [data-action=resume]")
	until(t, tab, `document.querySelector(".hero [data-action=undo]")`)

	const download = `document.querySelector(".hero [data-action=download]")`
	until(t, tab, download)
	magic, err := chromedp.Run(tab, chromedp.Evaluate[string](
		fmt.Sprintf(`fetch(%s.href).then(async (r) => (await r.text()).slice(0, 2))`, download), chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	require.Equal(t, "PK", magic, "the refused rows are in a workbook")

	press(t, tab, ".hero [data-action=undo]")
	until(t, tab, `document.querySelector("dialog[open]")`)
	press(t, tab, "dialog [data-answer=yes]")
	until(t, tab, `document.querySelector("[data-outcome=reversed] dd")?.innerText === "2"`)
}

// choose clicks where files are dropped and answers the file chooser that the browser opens.
func choose(t *testing.T, tab context.Context, file string) {
	t.Helper()
	_, err := chromedp.Call(tab, cdppage.SetInterceptFileChooserDialog, cdppage.SetInterceptFileChooserDialogParams{Enabled: true})
	require.NoError(t, err)
	opened, err := chromedp.Run(tab, chromedp.WaitEvent(cdppage.FileChooserOpened, nil, chromedp.Click(chromedp.CSS(".drop"))))
	require.NoError(t, err)
	_, err = chromedp.Call(tab, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, BackendNodeID: opened.BackendNodeID})
	require.NoError(t, err)
}

func press(t *testing.T, tab context.Context, css string) {
	t.Helper()
	require.NoError(t, chromedp.Do(tab, chromedp.Click(chromedp.CSS(css))))
}

// pick chooses from a list, as the change event tells it.
func pick(t *testing.T, tab context.Context, css, value string) {
	t.Helper()
	_, err := chromedp.Run(tab, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
		const list = document.querySelector(%q);
		list.value = %q;
		return list.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, css, value)))
	require.NoError(t, err)
}

func text(t *testing.T, tab context.Context, css string) string {
	t.Helper()
	got, err := chromedp.Run(tab, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q).innerText`, css)))
	require.NoError(t, err)
	return got
}
