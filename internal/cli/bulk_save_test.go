package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/job"
)

// written is a file of the test's own directory.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// save starts a bulk save of products as soon as the one before it has made room, whose row ends a moment before its
// execution does.
func (s stack) save(t *testing.T, tenant, file string, args ...string) result {
	t.Helper()
	var got result
	require.Eventually(t, func() bool {
		got = s.run(t, append([]string{"start", "bulk-save", "products", file, "--tenant", tenant}, args...)...)
		return got.code != 4
	}, time.Minute, 50*time.Millisecond)
	return got
}

// jobOf reads the job that a command has printed.
func jobOf(t *testing.T, got result) job.Job {
	t.Helper()
	var j job.Job
	require.NoError(t, json.Unmarshal([]byte(got.out), &j), "one JSON document: %s %s", got.out, got.err)
	require.NotEmpty(t, j.ID)
	return j
}

func TestBulkSaveFromTheShell(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	good := written(t, "good.csv", "sku,name,price\nCLI-1,one,1\nCLI-2,two,2\n")
	got := s.save(t, "acme", good, "--wait", "--json")
	require.Zero(t, got.code, got.err)
	first := jobOf(t, got)
	require.Equal(t, job.Succeeded, first.State)
	require.Equal(t, &job.Tally{Created: 2}, first.Save.Saved)
	require.Equal(t, "good.csv", first.Save.Upload)
	require.NotContains(t, got.err, "same file")

	got = s.save(t, "acme", good, "--wait")
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.err, "note: the same file was saved at ")
	require.Contains(t, got.err, first.ID)
	require.Contains(t, got.out, "2 unchanged")

	bad := written(t, "bad.csv", "sku,name,price\nCLI-3,three,3\nCLI-4,,4\nCLI-5,five,x\n")
	errs := filepath.Join(t.TempDir(), "errors.xlsx")
	got = s.save(t, "acme", bad, "--errors", errs, "--locale", "en")
	require.Equal(t, 3, got.code, got.err)
	require.Contains(t, got.out, "1 created, 2 refused")
	require.Contains(t, got.out, "required: 1")
	require.Contains(t, got.err, "refused rows written to "+errs)
	book, err := excelize.OpenFile(errs)
	require.NoError(t, err)
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"sku", "name", "price", "Error"}, {"CLI-4", "", "4", "Product name is empty"}, {"CLI-5", "five", "x", `Price: "x" is not a number`},
	}, rows)

	got = s.save(t, "acme", written(t, "worse.csv", "sku,name,price\nCLI-9,nine,x\n"), "--wait")
	require.Equal(t, 1, got.code, "nothing was saved")
	require.Contains(t, got.err, "all 1 rows were refused")

	last := s.run(t, "jobs", "items", jobIn(t, got.out), "--outcome", "refused")
	require.Zero(t, last.code, last.err)
	require.Contains(t, last.out, "CLI-9")
	require.Contains(t, last.out, `Price: "x" is not a number`)
	last = s.run(t, "jobs", "items", jobIn(t, got.out), "--locale", "ko", "--json")
	var page job.ItemPage
	require.NoError(t, json.Unmarshal([]byte(last.out), &page))
	require.Equal(t, `판매가: 숫자가 아닙니다 ("x")`, page.Items[0].Errors[0].Message)
	require.EqualValues(t, 1, page.Total)

	s.undo(t, first.ID)
}

// jobIn finds the ID that a text tells.
func jobIn(t *testing.T, out string) string {
	t.Helper()
	for line := range strings.Lines(out) {
		if id, ok := strings.CutPrefix(line, "job "); ok {
			return strings.TrimSpace(id)
		}
	}
	t.Fatalf("no job in %s", out)
	return ""
}

// undo undoes a save; then it cannot be undone again.
func (s stack) undo(t *testing.T, id string) {
	t.Helper()
	var got result
	require.Eventually(t, func() bool {
		got = s.run(t, "jobs", "undo", id, "--wait", "--json")
		return got.code != 4
	}, time.Minute, 50*time.Millisecond)
	require.Zero(t, got.code, got.err)
	undone := jobOf(t, got)
	require.Equal(t, id, undone.Save.Undoes)
	require.EqualValues(t, 2, undone.Save.Saved.Reversed)
	shown := s.run(t, "jobs", "show", id)
	require.Contains(t, shown.out, "undone by")
	require.Contains(t, shown.out, undone.ID)
	again := s.run(t, "jobs", "undo", id)
	require.Equal(t, 1, again.code)
	require.Contains(t, again.err, "has been undone by job "+undone.ID)
}

func TestDryRunFromTheShell(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	file := "Thing,Label,Worth\nDRY-1,one,1\nDRY-2,two,2\n"
	maps := []string{"--map", "Thing=sku", "--map", "Label=name", "--map", "Worth=price"}
	got := s.save(t, "blue-bottle", written(t, "a.csv", file), append(maps, "--dry-run", "--wait", "--json")...)
	require.Zero(t, got.code, got.err)
	held := jobOf(t, got)
	require.Equal(t, job.Paused, held.State)
	require.Equal(t, &job.Tally{Created: 2}, held.Save.Checked)
	require.Contains(t, got.err, "nothing is saved yet; to save: longhaul jobs resume "+held.ID)
	require.Zero(t, s.run(t, "jobs", "watch", held.ID).code, "it waits for somebody, and nothing is wrong")

	// It keeps others out meanwhile.
	other := written(t, "other.csv", "sku,name\nDRY-9,nine\n")
	start := []string{"start", "bulk-save", "products", other, "--tenant", "blue-bottle"}
	refused := s.run(t, start...)
	require.Equal(t, 4, refused.code, refused.err)
	require.Contains(t, refused.err, "running job: "+held.ID)
	refused = s.run(t, append(start, "--json")...)
	require.Equal(t, 4, refused.code)
	require.Contains(t, refused.out, `"job_id": "`+held.ID+`"`)

	resumed := s.run(t, "jobs", "resume", held.ID)
	require.Zero(t, resumed.code, resumed.err)
	require.Zero(t, s.run(t, "jobs", "watch", held.ID).code)
	require.Contains(t, s.run(t, "jobs", "show", held.ID).out, "2 created")

	// The headers are known from now on. To the shell a dry run ends as the save would.
	more := written(t, "b.csv", "Thing,Label,Worth\nDRY-1,another,1\nDRY-3,,x\n")
	got = s.save(t, "blue-bottle", more, "--dry-run", "--wait", "--last-wins", "--locale", "en")
	require.Equal(t, 3, got.code, got.err)
	require.Contains(t, got.out, "1 updated, 1 refused")
	id := jobIn(t, got.out)
	items := s.run(t, "jobs", "items", id)
	require.Contains(t, items.out, `"one" → "another"`)
	require.Contains(t, items.out, "row 3")
	require.Zero(t, s.run(t, "jobs", "cancel", id).code)
	ended := s.run(t, "jobs", "watch", id)
	require.Equal(t, 1, ended.code)
	require.Contains(t, ended.out, "cancelled")
	s.keys(t)
}

// keys starts under an Idempotency-Key: the same file is the same job, another is a mistake.
func (s stack) keys(t *testing.T) {
	t.Helper()
	text := "sku,name\nKEY-1,one\n"
	first := jobOf(t, s.save(t, "blue-bottle", written(t, "a.csv", text), "--idempotency-key", "k", "--json"))
	again := s.run(t, "start", "bulk-save", "products", written(t, "a.csv", text), "--tenant", "blue-bottle", "--idempotency-key", "k", "--json")
	require.Zero(t, again.code, again.err)
	require.Equal(t, first.ID, jobOf(t, again).ID)
	other := s.run(t, "start", "bulk-save", "products", written(t, "a.csv", text+"KEY-2,two\n"), "--tenant", "blue-bottle", "--idempotency-key", "k")
	require.Equal(t, 1, other.code)
	require.Contains(t, other.err, "Idempotency-Key")
	require.Zero(t, s.run(t, "jobs", "watch", first.ID).code)
}

func TestBulkSaveMistakes(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	good := written(t, "good.csv", "sku,name\nCLI-1,one\n")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"kind":     {[]string{"nonesuch", good, "--tenant", "acme"}, 1, "stock-levels"},
		"file":     {[]string{"products", filepath.Join(t.TempDir(), "none.csv"), "--tenant", "acme"}, 2, "none.csv"},
		"tenant":   {[]string{"products", good}, 2, "--tenant"},
		"nobody":   {[]string{"products", good, "--tenant", "nobody"}, 2, "/tenant"},
		"map":      {[]string{"products", good, "--tenant", "acme", "--map", "sku"}, 2, "HEADER=COLUMN"},
		"no head":  {[]string{"products", good, "--tenant", "acme", "--map", "=sku"}, 2, "HEADER=COLUMN"},
		"column":   {[]string{"products", good, "--tenant", "acme", "--map", "name=nonesuch"}, 2, "/mapping/name"},
		"header":   {[]string{"products", good, "--tenant", "acme", "--map", "a=b=sku"}, 2, "/mapping/a=b"},
		"missing":  {[]string{"products", written(t, "a.csv", "name,price\none,1\n"), "--tenant", "acme"}, 2, "the column SKU (상품코드(SKU)) is missing"},
		"picture":  {[]string{"products", written(t, "a.png", "\x89PNG\r\n\x1a\n"), "--tenant", "acme"}, 2, "a picture (PNG)"},
		"locale":   {[]string{"products", good, "--tenant", "acme", "--locale", "de"}, 2, "/locale"},
		"no words": {[]string{"products"}, 2, "<file>"},
	} {
		got := s.run(t, append([]string{"start", "bulk-save"}, c.args...)...)
		require.Equal(t, c.code, got.code, "%s: %s", name, got.err)
		require.Contains(t, got.err, c.says, name)
		require.Empty(t, got.out, name)
	}
	for _, args := range [][]string{{"jobs", "undo", "nonesuch"}, {"jobs", "items", "nonesuch"}, {"jobs", "items", "nonesuch", "--page-size", "1000"}} {
		got := s.run(t, args...)
		require.Equal(t, 1, got.code, args)
		require.Contains(t, got.err, "nonesuch")
	}
}
