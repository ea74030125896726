package web_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/longhaul/longhaul/job"
)

func TestLanguageIsRemembered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	busy(s)
	b := newTab(t, 1400, 900, "")
	b.open(s) // the browser says that it likes Korean
	b.untilText("h2", "새 작업")
	b.click(`.switch button[lang=en]`)
	b.untilText("h2", "New job")
	b.untilText(".jobs", "Rows came or went while it ran")
	b.untilText(".kinds", "Stock shortages")
	b.must(chromedp.Reload())
	b.untilText("h2", "New job")
	if got := eval[string](b, "document.documentElement.lang"); got != "en" {
		t.Errorf("the document's language is %q", got)
	}
	b.click(`.switch button[lang=ko]`)
	b.untilText("h2", "새 작업")
}

// TestDictionariesAgree compares the languages with each other and with what the modules use.
func TestDictionariesAgree(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 800, 600, "")
	b.open(s)
	words := eval[map[string]map[string]string](b, `import("/static/i18n.js").then((m) => m.dictionaries)`)
	parameter := regexp.MustCompile(`\{\w+\}`)
	parameters := func(text string) string {
		found := parameter.FindAllString(text, -1)
		slices.Sort(found)
		return strings.Join(found, " ")
	}
	for key, ko := range words["ko"] {
		en, ok := words["en"][key]
		if !ok || ko == "" || en == "" {
			t.Errorf("%q is missing or empty in one language", key)
		}
		if parameters(ko) != parameters(en) {
			t.Errorf("%q has other parameters in Korean (%s) than in English (%s)", key, parameters(ko), parameters(en))
		}
	}
	for key := range words["en"] {
		if _, ok := words["ko"][key]; !ok {
			t.Errorf("%q has no Korean", key)
		}
	}

	text := modules(t)
	for _, found := range regexp.MustCompile(`\bt\("([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if _, ok := words["ko"][found[1]]; !ok {
			t.Errorf("t(%q) has no words", found[1])
		}
	}
	// Keys that are put together name their prefix, e.g. t(`state.${state}`).
	var prefixes []string
	for _, found := range regexp.MustCompile("`([a-z.]+\\.)\\$\\{").FindAllStringSubmatch(text, -1) {
		prefixes = append(prefixes, found[1])
	}
	for key := range words["ko"] {
		built := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
		if !built && !strings.Contains(text, `"`+key+`"`) {
			t.Errorf("%q is never used", key)
		}
	}
	for _, state := range job.States {
		if words["ko"]["state."+string(state)] == "" {
			t.Errorf("state %s has no words", state)
		}
	}
	for _, reason := range job.Reasons {
		if words["ko"]["reason."+string(reason)] == "" {
			t.Errorf("reason %s has no words", reason)
		}
	}
	for _, code := range job.RowCodes {
		if words["ko"]["code."+string(code)] == "" {
			t.Errorf("code %s has no words", code)
		}
	}
	for _, code := range job.ItemCodes {
		if words["ko"]["sync.code."+string(code)] == "" {
			t.Errorf("item code %s has no words", code)
		}
	}
	for _, why := range []job.WaitWhy{job.WaitCooling, job.WaitQuota, job.WaitOutage} {
		for _, form := range []string{"", ".short", ".until"} {
			if words["ko"]["sync.wait."+string(why)+form] == "" {
				t.Errorf("a wait for %s has no words%s", why, form)
			}
		}
	}
	for _, overlap := range job.Overlaps {
		if words["ko"]["schedule.overlap."+string(overlap)] == "" {
			t.Errorf("overlap policy %s has no words", overlap)
		}
	}
}

// modules is the text of all our modules but the dictionaries.
func modules(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	source := os.DirFS("static")
	err := fs.WalkDir(source, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".js" || strings.HasPrefix(name, "words/") || strings.HasPrefix(name, "vendor/") {
			return err
		}
		data, err := fs.ReadFile(source, name)
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
