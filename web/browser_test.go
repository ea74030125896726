package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/longhaul/longhaul/internal/testenv"
)

// patience is how long a test waits for the page to become as expected before it fails.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// shared is the one browser of this test process; each test has a tab and a profile of its own in it.
var shared browser

type browser struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func (b *browser) start(path string) (context.Context, error) {
	b.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("accept-lang", "ko-KR"))
		allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stopBrowser := chromedp.NewContext(allocator)
		b.ctx, b.err = ctx, chromedp.Do(ctx)
		b.stop = func() { stopBrowser(); stopAllocator() }
	})
	return b.ctx, b.err
}

// tab is a page in the browser, driven by CSS selectors and JavaScript expressions.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string // errors and warnings of the console
	drained  chan struct{}
}

// drain is written to the console last, to know that all before it has been read.
const drain = "the test has ended"

// watchPolicy makes breaches of the Content-Security-Policy errors of the console. They are reported there
// by the browser too, but not for every directive.
const watchPolicy = `addEventListener("securitypolicyviolation", (e) =>
	console.error("policy violation: " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));`

// newTab opens an empty tab with a viewport. Whatever the page writes to its console as an error fails the
// test at its end, unless it matches allowed ("" for nothing).
func newTab(t *testing.T, width, height int64, allowed string) *tab {
	t.Helper()
	parent, err := shared.start(testenv.Require(t, "chromium", "chromium-browser", "google-chrome", "chrome"))
	if err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	b := &tab{t: t, ctx: ctx, drained: make(chan struct{})}
	console := chromedp.Console(ctx)
	go b.listen(console)
	t.Cleanup(func() {
		defer cancel()
		b.finish(allowed)
	})
	b.must(chromedp.EmulateViewport(width, height))
	if _, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watchPolicy}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) listen(console func(func(chromedp.ConsoleMessage, error) bool)) {
	defer close(b.drained)
	for m, err := range console {
		if err != nil || m.Text == drain {
			return
		}
		if m.IsException() || m.Type == "error" || m.Type == "warning" {
			b.mu.Lock()
			b.messages = append(b.messages, strings.TrimSpace(m.Source+" "+m.Text))
			b.mu.Unlock()
		}
	}
}

func (b *tab) finish(allowed string) {
	if err := chromedp.Do(b.ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("console.log(%q)", drain))); err != nil {
		b.t.Errorf("ask for the end of the console: %v", err)
		return
	}
	select {
	case <-b.drained:
	case <-time.After(patience):
		b.t.Error("the console never ended")
	}
	for _, message := range b.messages {
		if allowed == "" || !regexp.MustCompile(allowed).MatchString(message) {
			b.t.Errorf("console: %s", message)
		}
	}
}

func (b *tab) must(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\nthe page says:\n%s", err, b.words())
	}
}

// look tells the page which theme the system has: "light" or "dark".
func (b *tab) look(theme string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// open loads the site's page and waits until kinds and jobs are there.
func (b *tab) open(s *site) {
	b.t.Helper()
	b.must(chromedp.Navigate(s.url))
	b.until(`document.querySelector("#start") && !document.querySelector("#start").disabled && !document.querySelector(".skeleton")`)
}

func (b *tab) click(css string) {
	b.t.Helper()
	b.must(chromedp.Click(chromedp.CSS(css)))
}

// enter presses Enter as a keyboard does: chromedp's own "\n" sends the character even where the page has
// refused the key.
func (b *tab) enter(css string) {
	b.t.Helper()
	b.must(chromedp.Focus(chromedp.CSS(css)))
	b.press("Enter", 13)
}

// press presses a key that has no character, by its name and its code on Windows.
func (b *tab) press(key string, code int64) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: key, Code: key, WindowsVirtualKeyCode: code, NativeVirtualKeyCode: code,
		}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *tab) keys(css, text string) {
	b.t.Helper()
	b.must(chromedp.SendKeys(chromedp.CSS(css), text))
}

// choose picks an option of a select, or sets an input's value, as a user's change.
func (b *tab) choose(css, value string) {
	b.t.Helper()
	b.run(`const e = document.querySelector(%s); e.value = %s;
		for (const type of ["input", "change"]) e.dispatchEvent(new Event(type, { bubbles: true }));`, css, value)
}

// run evaluates statements; each %s stands for an argument as a JavaScript string.
func (b *tab) run(script string, args ...string) {
	b.t.Helper()
	quoted := make([]any, len(args))
	for i, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			b.t.Fatal(err)
		}
		quoted[i] = string(text)
	}
	b.must(chromedp.Evaluate[chromedp.Void]("{" + fmt.Sprintf(script, quoted...) + "}"))
}

// eval gives the value of an expression; a promise is waited for.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

func (b *tab) text(css string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("(document.querySelector(%q)?.innerText ?? '')", css))
}

func (b *tab) words() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// until waits for an expression to become true. (chromedp's own Poll builds a function from text in the
// page, which the Content-Security-Policy forbids.)
func (b *tab) until(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		value, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && value {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("this did not become true: %s (%v)\nthe page says:\n%s", expression, err, b.words())
		}
	}
}

// eventually waits for something beyond the page to become true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this did not come true: %s", what)
		}
	}
}

// untilText waits until an element's text holds a piece.
func (b *tab) untilText(css, piece string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", css, piece))
}

// picture saves a screenshot into the folder that LONGHAUL_WEB_PICTURES names, for people to look at;
// without it, nothing is done.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("LONGHAUL_WEB_PICTURES")
	if dir == "" {
		return
	}
	image, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
