package cli_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/testenv"
)

// A sync as a person runs it, with every part of the system real: started with a filter, watched, paused, resumed at
// another pace, cancelled, and looked through.
func TestPageRunsASync(t *testing.T) {
	t.Parallel()
	chromium := testenv.Require(t, browsers...)
	s := theStack(t)
	tab := openPage(t, chromium)

	require.NoError(t, chromedp.Do(tab, chromedp.EmulateViewport(1400, 900), chromedp.Navigate(s.url)))
	until(t, tab, `document.querySelector("#tab-sync")`)
	press(t, tab, "#tab-sync")
	until(t, tab, `document.querySelector("#start-sync") && !document.querySelector("#start-sync").disabled`)
	require.NoError(t, chromedp.Do(tab,
		chromedp.SendKeys(chromedp.CSS("#tenant"), "hanbit"),
		chromedp.Click(chromedp.CSS(`.kind input[name=sync][value="dispatch-shipments"]`)),
	))
	press(t, tab, "#start-sync")
	until(t, tab, `document.querySelector(".hero[data-job]") || document.querySelector("tr[data-job]")`)
	until(t, tab, `(() => {
		if (document.querySelector(".hero[data-job]")) return true;
		[...document.querySelectorAll("tr[data-job]")].find((row) => row.innerText.includes("hanbit") && row.querySelector("a"))?.querySelector("a").click();
		return false;
	})()`)
	const ok = `Number(document.querySelector(".tile[data-outcome=succeeded] dd")?.innerText.replaceAll(",", ""))`
	until(t, tab, ok+" > 0")
	until(t, tab, `document.querySelector(".pace")`) // the partner's account, live

	press(t, tab, ".hero [data-action=pause]")
	until(t, tab, `document.querySelector(".hero [data-action=resume]")`)
	press(t, tab, ".hero [data-action=resume]")
	until(t, tab, `document.querySelector(".hero [data-action=pause]")`)
	until(t, tab, ok+" > 20") // its counts move between the ends of stretches

	press(t, tab, ".hero [data-action=cancel]")
	until(t, tab, `document.querySelector("dialog[open]") || document.querySelector(".hero [data-action=retry]")`)
	until(t, tab, `(() => { document.querySelector("dialog[open] [data-answer=yes]")?.click(); return document.querySelector(".hero [data-action=retry]"); })()`)
	until(t, tab, `Number(document.querySelector(".tile[data-outcome=unprocessed] dd").innerText.replaceAll(",", "")) > 0`)
	until(t, tab, `document.querySelectorAll(".sync-items tr[data-position]").length > 0`)
	until(t, tab, `document.querySelector(".hero [data-action=download]")`)
}
