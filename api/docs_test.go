package api

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/testenv"
)

// The page shows every operation, in a real browser under its own policy.
func TestDocsInBrowser(t *testing.T) {
	t.Parallel()
	path := testenv.Require(t, "chromium", "chromium-browser", "google-chrome", "chrome")
	b := setup(t)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)

	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(b.url+"/docs#duplicate"),
		chromedp.WaitVisible(chromedp.CSS("#start-export"))))
	operations, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.querySelectorAll("details .method").length`))
	require.NoError(t, err)
	want := 0
	for _, item := range loadDocument(t, b).Paths.Map() {
		want += len(item.Operations())
	}
	assert.Equal(t, want, operations)
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("tr:has(.here)").innerText`))
	require.NoError(t, err)
	assert.Contains(t, text, "409", "a problem's type leads to its explanation")
	broken, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href^='#']")].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id))`))
	require.NoError(t, err)
	assert.Empty(t, broken, "links that lead nowhere")
}
