package cli_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/testenv"
)

// The page, the API, the worker, Temporal and the database together: what a person does who has just started
// it. How the page behaves in every other case is tested in its own folder.
func TestPageRunsAnExport(t *testing.T) {
	t.Parallel()
	chromium := testenv.Require(t, browsers...)
	s := theStack(t)
	tab := openPage(t, chromium)

	// Narrower, the form is folded away.
	require.NoError(t, chromedp.Do(tab, chromedp.EmulateViewport(1400, 900), chromedp.Navigate(s.url)))
	until(t, tab, `document.querySelector("#start") && !document.querySelector("#start").disabled`)
	require.NoError(t, chromedp.Do(tab,
		chromedp.SendKeys(chromedp.CSS("#tenant"), "hanbit"),
		chromedp.Click(chromedp.CSS(`.kind input[value="stock-levels"]`)),
	))
	until(t, tab, `document.querySelector("[data-filter=warehouse]")`)
	require.NoError(t, chromedp.Do(tab, chromedp.Click(chromedp.CSS("#start"))))
	// The jobs of other tests are on the same page; this is the only one of its seller.
	const link = `[...document.querySelectorAll("tr[data-job]")].find((row) => row.innerText.includes("hanbit"))?.querySelector("[data-action=download]")`
	until(t, tab, link)

	magic, err := chromedp.Run(tab, chromedp.Evaluate[string](
		fmt.Sprintf(`fetch(%s.href).then(async (r) => (await r.text()).slice(0, 2))`, link), chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	require.Equal(t, "PK", magic, "the link leads to a workbook")
}

// browsers are the names that Chromium goes by.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "chrome"}

// openPage opens a page of a browser of its own, for as long as the test takes, and three minutes at most.
func openPage(t *testing.T, chromium string) context.Context {
	t.Helper()
	allocated, freed := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium))...)
	t.Cleanup(freed)
	window, closed := chromedp.NewContext(allocated)
	t.Cleanup(closed)
	require.NoError(t, chromedp.Do(window)) // the browser lives as long as the context of its first use
	tab, stop := context.WithTimeout(window, 3*time.Minute)
	t.Cleanup(stop)
	return tab
}

// until waits for an expression to become true.
func until(t *testing.T, tab context.Context, expression string) {
	t.Helper()
	require.Eventually(t, func() bool {
		got, err := chromedp.Run(tab, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && got
	}, time.Minute, 20*time.Millisecond, expression)
}
