package main_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/config"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

// TestReadmeQuotesTheExample holds the kind in the README equal to the one that is compiled and run.
func TestReadmeQuotesTheExample(t *testing.T) {
	t.Parallel()
	source := read(t, "dataset/example_test.go")
	start := strings.Index(source, "// A kind is a value")
	require.Positive(t, start)
	end := strings.Index(source[start:], "\n}\n")
	require.Positive(t, end)

	require.Contains(t, read(t, "README.md"), "```go\n"+source[start:start+end]+"\n}\n```\n")
}

// TestReadmeListsTheConfiguration holds the table of variables to the configuration, one row each.
func TestReadmeListsTheConfiguration(t *testing.T) {
	t.Parallel()
	readme := read(t, "README.md")
	fields := reflect.TypeFor[config.Config]()
	for i := range fields.NumField() {
		tag := fields.Field(i).Tag
		row := regexp.MustCompile("(?m)^\\| `" + tag.Get("env") + "` \\| `--" + tag.Get("name") + "` \\| (.+?) \\| (.+) \\|$")
		found := row.FindStringSubmatch(readme)
		require.NotNil(t, found, "the README lacks a row for %s and --%s", tag.Get("env"), tag.Get("name"))
		_, byDefault, _ := strings.Cut(tag.Get("help"), "Default: ")
		require.Equal(t, strings.TrimSuffix(byDefault, "."), strings.ReplaceAll(found[1], "`", ""),
			"the default of %s", tag.Get("env"))
	}
	rows := regexp.MustCompile("(?m)^\\| `LONGHAUL_").FindAllString(readme, -1)
	require.Len(t, rows, fields.NumField(), "the README lists a variable that does not exist")
}

var links = regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)

// TestDocumentsLinkToWhatIsThere follows every relative link of the documents.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	documents := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, pattern := range []string{"docs/*.md", "docs/decisions/*.md"} {
		more, err := filepath.Glob(pattern)
		require.NoError(t, err)
		documents = append(documents, more...)
	}
	require.Greater(t, len(documents), 10)
	followed := 0
	for _, document := range documents {
		for _, link := range links.FindAllStringSubmatch(read(t, document), -1) {
			target, _, _ := strings.Cut(link[1]+link[2], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			followed++
			_, err := os.Stat(filepath.Join(filepath.Dir(document), target))
			require.NoError(t, err, "%s links to %s", document, target)
		}
	}
	require.Greater(t, followed, 20)
}
