package imports

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const module = "github.com/longhaul/longhaul"

func TestTheTreeKeepsTheRules(t *testing.T) {
	t.Parallel()
	broken, seen, err := check(os.DirFS("../.."))
	require.NoError(t, err)
	for _, b := range broken {
		t.Error(b)
	}
	require.True(t, seen["job"] && seen["workflows"] && seen["internal/imports"], "looked in the wrong place: %v", seen)
}

func TestEveryRuleNamesRules(t *testing.T) {
	t.Parallel()
	for folder, r := range rules {
		for _, own := range r.own {
			_, isRule := rules[own]
			require.True(t, isRule || own == "*", "the rule of %q allows %q, which has no rule", folder, own)
		}
	}
}

// TestABrokenRuleIsSeen shows that each rule can fail.
func TestABrokenRuleIsSeen(t *testing.T) {
	t.Parallel()
	importing := func(paths ...string) string {
		source := "package p\n"
		for _, p := range paths {
			source += "import _ " + strconv.Quote(p) + "\n"
		}
		return source
	}
	for _, tt := range []struct{ name, file, source, want string }{
		{"clean", "job/a.go", importing("fmt", "net/http"), ""},
		{"the core takes no library", "job/a.go", importing("github.com/google/uuid"), "job/a.go imports the library github.com/google/uuid"},
		{"a workflow may use the SDK", "workflows/a.go", importing("go.temporal.io/sdk/workflow"), ""},
		{"and no other library", "workflows/a.go", importing("go.temporal.io/sdkother"), "workflows/a.go imports the library go.temporal.io/sdkother"},
		{"a workflow may not see the catalogue", "workflows/a.go", importing(module + "/catalog"), "workflows/a.go imports catalog"},
		{"adapters may not see each other", "internal/store/a.go", importing(module + "/internal/blob"), "internal/store/a.go imports internal/blob"},
		{"tests may import anything", "internal/store/a_test.go", importing(module+"/internal/testenv", module+"/internal/blob"), ""},
		{"the program may not import test parts", "internal/cli/a.go", importing(module + "/internal/testenv"), "internal/cli/a.go imports internal/testenv"},
		{"also in files for other systems", "internal/cli/a_windows.go", importing(module + "/internal/blob/blobtest"), "internal/cli/a_windows.go imports internal/blob/blobtest"},
		{"the root may import the CLI alone", "main.go", importing(module + "/job"), "main.go imports job"},
		{"a package needs a rule", "newcomer/a.go", importing(), "newcomer has no rule"},
		{"a package that only has tests, too", "newcomer/a_test.go", importing(), "newcomer has no rule"},
		{"a file that is too long", "job/a.go", importing() + strings.Repeat("\n", maxLines), "job/a.go has 501 lines"},
		{"the longest file", "job/a.go", importing() + strings.Repeat("\n", maxLines-1), ""},
		{"a folder whose name says nothing", "job/util/a.go", importing(), "job/util: the name util says nothing"},
		{"a file whose name says nothing", "job/helpers_test.go", importing(), "job/helpers_test.go: the name helpers says nothing"},
		{"other modules are not looked at", "tools/check/a.go", importing("example.org/any"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := fstest.MapFS{
				tt.file:              {Data: []byte(tt.source)},
				"tools/check/go.mod": {Data: []byte("module other\n")},
			}
			broken, _, err := check(tree)
			require.NoError(t, err)
			if tt.want == "" {
				require.Empty(t, broken)
				return
			}
			require.Contains(t, strings.Join(broken, "\n"), tt.want)
		})
	}
}

// check returns the broken rules of the module at the tree's root, and the folders that have Go files.
func check(tree fs.FS) (broken []string, seen map[string]bool, err error) {
	seen = map[string]bool{}
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(tree, name)
		case path.Ext(name) != ".go":
			return nil
		}
		seen[folderOf(name)] = true
		found, err := checkFile(tree, name)
		broken = append(broken, found...)
		return err
	})
	for _, folder := range slices.Sorted(maps.Keys(seen)) {
		_, isRule := rules[folder]
		_, isForTests := forTests[folder]
		if !isRule && !isForTests {
			broken = append(broken, fmt.Sprintf("%s has no rule: give it a row in internal/imports/rules_test.go", folder))
		}
		if base := path.Base(folder); namesThatSayNothing[base] {
			broken = append(broken, fmt.Sprintf("%s: the name %s says nothing", folder, base))
		}
	}
	return broken, seen, err
}

// skip leaves out what is not of this module: hidden folders, test data, and modules within.
func skip(tree fs.FS, folder string) error {
	base := path.Base(folder)
	if folder == "." {
		return nil
	}
	if _, err := fs.Stat(tree, path.Join(folder, "go.mod")); err == nil || base == "testdata" ||
		strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	return nil
}

func folderOf(name string) string {
	if folder := path.Dir(name); folder != "." {
		return folder
	}
	return ""
}

func checkFile(tree fs.FS, name string) (broken []string, err error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("parse imports: %w", err)
	}
	if lines := bytes.Count(source, []byte("\n")); lines > maxLines {
		broken = append(broken, fmt.Sprintf("%s has %d lines, over %d", name, lines, maxLines))
	}
	isTest := strings.HasSuffix(name, "_test.go")
	if base := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".go"), "_test"); namesThatSayNothing[base] {
		broken = append(broken, fmt.Sprintf("%s: the name %s says nothing", name, base))
	}
	if isTest {
		return broken, nil
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("read an import of %s: %w", name, err)
		}
		if why := forbidden(folderOf(name), imported); why != "" {
			broken = append(broken, fmt.Sprintf("%s imports %s", name, why))
		}
	}
	return broken, nil
}

// forbidden names what a package of the folder may not import, "" if it may. Without a rule everything is allowed: that
// the rule is missing is told once for the package.
func forbidden(folder, imported string) string {
	r, isRule := rules[folder]
	if !isRule {
		if r, isRule = forTests[folder]; !isRule {
			return ""
		}
	}
	own, isOwn := strings.CutPrefix(imported, module+"/")
	if isOwn {
		_, isForTests := forTests[own]
		_, fromTests := forTests[folder]
		allowed := slices.Contains(r.own, own) || slices.Contains(r.own, "*") && (!isForTests || fromTests)
		if allowed {
			return ""
		}
		return own
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	isAllowed := func(library string) bool { return imported == library || strings.HasPrefix(imported, library+"/") }
	if r.libraries == nil || slices.ContainsFunc(r.libraries, isAllowed) {
		return ""
	}
	return "the library " + imported
}
