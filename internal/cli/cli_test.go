package cli_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/internal/cli"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// shared is the one stack that the tests run their commands against: each has a Temporal server of its own,
// and two cores carry one of those, not five.
var shared struct {
	sync.Mutex
	stack
	users int
	stop  func(*testing.T)
}

// theStack is the shared stack; it ends with the last test that uses it.
func theStack(t *testing.T) stack {
	t.Helper()
	testenv.TemporalAddress(t) // skips by name where there is no Temporal CLI
	shared.Lock()
	defer shared.Unlock()
	if shared.users++; shared.users == 1 {
		shared.stack, shared.stop = dev(t)
	}
	t.Cleanup(func() {
		shared.Lock()
		defer shared.Unlock()
		if shared.users--; shared.users == 0 {
			shared.stop(t)
		}
	})
	return shared.stack
}

// result is what a command left behind.
type result struct {
	code     int
	out, err string
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := cli.Run(t.Context(), "test", args, &out, &err)
	return result{code, out.String(), err.String()}
}

// stack is a `longhaul dev` that runs on a directory of its own.
type stack struct {
	dir string
	url string
}

// dev runs `longhaul dev` until it is stopped.
func dev(t *testing.T) (stack, func(*testing.T)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "longhaul-cli-") //nolint:usetesting // outlives the test that happens to start it
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	announced, out := announcement()
	var errs lockedBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "test", []string{"dev", "--json", "--data-dir", dir, "--http-addr", "127.0.0.1:0"}, out, &errs)
	}()
	end := func(t *testing.T) {
		stop()
		require.Equal(t, 0, <-ended, errs.String())
		require.NoError(t, os.RemoveAll(dir))
	}
	select {
	case said := <-announced:
		require.NotEmpty(t, said["http_url"], "%v", said)
		return stack{dir: dir, url: said["http_url"]}, end
	case code := <-ended:
		ended <- code
		t.Fatalf("dev ended with %d: %s", code, errs.String())
	}
	return stack{}, nil
}

// announcement hands over the first JSON document that is written.
func announcement() (<-chan map[string]string, io.Writer) {
	r, w := io.Pipe()
	said := make(chan map[string]string, 1)
	go func() {
		var doc map[string]string
		if json.NewDecoder(r).Decode(&doc) == nil {
			said <- doc
		}
		_, _ = io.Copy(io.Discard, r)
	}()
	return said, w
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (s stack) run(t *testing.T, args ...string) result {
	t.Helper()
	return run(t, append([]string{"--data-dir", s.dir}, args...)...)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	help := run(t, "--help")
	require.Zero(t, help.code)
	for _, word := range []string{"demo", "dev", "worker", "api", "migrate", "seed", "start", "jobs", "replay", "bench", "LONGHAUL_DATABASE_URL"} {
		require.Contains(t, help.out, word)
	}
	require.Equal(t, help.out, run(t).out, "no arguments ask for help")
	require.Contains(t, run(t, "--version").out, "test")

	for _, args := range [][]string{
		{"nonesuch"}, {"start"}, {"start", "export"}, {"jobs", "show"},
		{"migrate", "--database-url", "postgres://x"}, {"migrate", "--http-addr", "nowhere"},
	} {
		got := run(t, append([]string{"--data-dir", t.TempDir()}, args...)...)
		require.Equal(t, 2, got.code, "%v: %s", args, got.err)
		require.NotEmpty(t, got.err)
	}
}

func TestMigrateAndSeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		require.Zero(t, run(t, "--data-dir", dir, "migrate").code)
		got := run(t, "--data-dir", dir, "seed", "--order-lines", "500", "--json")
		require.Zero(t, got.code, got.err)
		require.JSONEq(t, `{"order_lines": 500}`, got.out)
	}
	file := filepath.Join(dir, "retail.csv")
	require.NoError(t, os.WriteFile(file, []byte("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"+
		"489434,85048,\"LIGHTS, 15CM\",12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"), 0o600))
	got := run(t, "--data-dir", dir, "seed", "--from", file)
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, "1 order lines")

	require.NoError(t, os.WriteFile(file, []byte("Invoice,Oops\n1,2\n"), 0o600))
	got = run(t, "--data-dir", dir, "seed", "--from", file)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.err, "line 1")
}

func TestDemoEndsWithTwoWorkbooks(t *testing.T) {
	t.Parallel()
	testenv.TemporalAddress(t)
	dir := t.TempDir()
	got := run(t, "--data-dir", dir, "--http-addr", "127.0.0.1:0", "demo", "--once", "--order-lines", "3000", "--json")
	require.Zero(t, got.code, got.err)
	var jobs []job.Job
	require.NoError(t, json.Unmarshal([]byte(got.out), &jobs), "one JSON document: %s", got.out)
	require.Equal(t, []job.State{job.Succeeded, job.PartiallySucceeded}, []job.State{jobs[0].State, jobs[1].State})
	require.Equal(t, int64(3), jobs[1].Save.Saved.Refused)

	rows := make([][][]string, len(jobs))
	for i, j := range jobs {
		file := filepath.Join(dir, "downloads", j.Artifacts[0].Name)
		require.Contains(t, got.err, file)
		book, err := excelize.OpenFile(file)
		require.NoError(t, err)
		defer book.Close()
		rows[i], err = book.GetRows(book.GetSheetName(0))
		require.NoError(t, err)
	}
	require.Greater(t, len(rows[0]), 2000)
	require.Len(t, rows[1], 1+3)
	require.Equal(t, []string{"SKU", "Warehouse", "On hand", "Error"}, rows[1][0])
	require.Equal(t, "NO-SUCH-SKU", rows[1][1][0])
	require.Contains(t, rows[1][1][3], "no product")
}

func TestStartWatchAndList(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	file := filepath.Join(t.TempDir(), "out.csv")
	got := s.run(t, "start", "export", "stock-levels", "--tenant", "acme", "--format", "csv", "-o", file, "--json")
	require.Zero(t, got.code, got.err)
	var j job.Job
	require.NoError(t, json.Unmarshal([]byte(got.out), &j), "one JSON document: %s", got.out)
	require.Equal(t, job.Succeeded, j.State)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Len(t, data, int(j.Artifacts[0].Size))
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	require.EqualValues(t, j.Artifacts[0].Rows, len(rows)-1)

	shown := s.run(t, "jobs", "show", j.ID)
	require.Zero(t, shown.code)
	require.Contains(t, shown.out, "succeeded")
	require.Contains(t, s.run(t, "jobs", "list", "--kind", "stock-levels").out, j.ID)
	require.Zero(t, s.run(t, "jobs", "watch", j.ID).code)
	require.Equal(t, 1, s.run(t, "jobs", "cancel", j.ID).code, "it has ended")
	require.Zero(t, s.run(t, "jobs", "retry", j.ID).code)
	replayed := s.run(t, "replay", "--workflow-id", j.WorkflowID)
	require.Zero(t, replayed.code, replayed.err)

	// Nothing matches: failed, and the exit code says so.
	none := s.run(t, "start", "export", "order-lines", "--tenant", "acme", "--filter", "sku=nonesuch", "--wait")
	require.Equal(t, 1, none.code)
	require.Contains(t, none.err, "no_data")

	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"start", "export", "nonesuch", "--tenant", "acme"}, "stock-shortages"},
		{[]string{"start", "export", "order-lines"}, "--tenant"},
		{[]string{"start", "export", "order-lines", "--tenant", "nobody"}, "nobody"},
		{[]string{"start", "export", "order-lines", "--tenant", "acme", "--filter", "x"}, "NAME=VALUE"},
		{[]string{"start", "export", "order-lines", "--tenant", "acme", "--filter", "from=yesterday"}, "/filters/from"},
		{[]string{"jobs", "show", "nonesuch"}, "nonesuch"},
		{[]string{"jobs", "list", "--page-token", "x"}, "page_token"},
	} {
		got := s.run(t, c.args...)
		require.NotZero(t, got.code, "%v", c.args)
		require.Contains(t, got.err, c.says, "%v", c.args)
	}
}

// A second start while the first is held up is refused with the exit code for duplicates.
func TestDuplicateStart(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	first := make(chan result, 2)
	args := []string{"start", "export", "order-lines", "--tenant", "acme", "--wait"}
	for range 2 {
		go func() {
			var out, errs bytes.Buffer
			code := cli.Run(t.Context(), "test", append([]string{"--data-dir", s.dir}, args...), &out, &errs)
			first <- result{code, out.String(), errs.String()}
		}()
	}
	one, two := <-first, <-first
	// Either they met, or the first was done before the second began.
	require.Contains(t, [][]int{{0, 4}, {4, 0}, {0, 0}}, []int{one.code, two.code}, "%+v %+v", one, two)
}

func TestSecondDevOnADirectoryIsRefused(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	got := run(t, "--data-dir", s.dir, "dev", "--http-addr", "127.0.0.1:0")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, filepath.Base(s.dir))

	port := strings.TrimPrefix(s.url, "http://")
	got = run(t, "--data-dir", t.TempDir(), "--http-addr", port, "dev")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "--http-addr")
}

func TestDevServesPageAndAPI(t *testing.T) {
	t.Parallel()
	s := theStack(t)
	for path, want := range map[string]string{"/": "<!doctype html", "/readyz": `"ok"`, "/v1/kinds": "stock-shortages", "/metrics": "longhaul_db_pool_open", "/openapi.json": `"3.1`} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		cancel()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.Contains(t, strings.ToLower(string(body)), strings.ToLower(want), path)
	}
}
