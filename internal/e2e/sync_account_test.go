//go:build unix

package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/job"
)

// requireSent asserts that a job of these lines has succeeded, and what has to hold after every fault.
func (s *syncing) requireSent(id string, lines []shippedLine) api.Job {
	s.Helper()
	j := s.requireAccounted(id, lines)
	requireSucceeded(s.T, j)
	require.Equal(s, int64(len(lines)), j.Sync.Tally.Succeeded)
	require.Equal(s, j.Progress.PagesTotal, j.Progress.PagesDone)
	return j
}

// requireAccounted asserts what has to hold after every fault, whatever the job came to: every item has one outcome, in
// the order in which they were given, and the same in the job's counts, in the workbook, at the partner and in the
// database; the partner saw no effect twice and none out of order; and nothing is left.
func (s *syncing) requireAccounted(id string, lines []shippedLine) api.Job {
	s.Helper()
	j := s.end(id)
	items := s.items(id)
	require.Len(s, items, len(lines))
	var tally job.SyncTally
	for i, item := range items {
		require.Equal(s, int64(i+1), item.Position)
		require.Contains(s, item.Key, lines[i].order)
		tally.Count(job.ItemOutcome(item.Outcome), job.ItemCode(item.Code), 1)
		if item.Outcome == string(job.ItemSucceeded) {
			require.NotContains(s, s.told, lines[i], "it had been told before")
			s.told[lines[i]] = item.RemoteID
			delete(s.left, lines[i])
		} else {
			s.left[lines[i]] = job.ItemCode(item.Code)
		}
	}
	require.Equal(s, int64(len(lines)), tally.Items(), "items with an outcome")
	require.Equal(s, tally, tallyOfSync(j.Sync.Tally))
	require.Equal(s, int64(len(lines)), j.Progress.RowsTotal)
	require.Equal(s, int64(len(lines)), j.Progress.RowsDone)
	require.Nil(s, j.StaleSince)
	s.requireWorkbook(j, lines, items)
	s.requirePartner(lines)
	s.requireRemembered(lines)
	s.requireClean()
	s.requireSecret(j)
	s.tell(j, items)
	return j
}

// tallyOfSync is a tally as clients see it, as the program counts it.
func tallyOfSync(shown api.SyncTally) job.SyncTally {
	t := job.SyncTally{Succeeded: shown.Succeeded, Failed: shown.Failed, Unprocessed: shown.Unprocessed}
	for _, c := range shown.Codes {
		t.Codes = append(t.Codes, job.ItemCodeCount{Code: job.ItemCode(c.Code), Count: c.Count})
	}
	return t
}

// requireWorkbook asserts that the result, opened with a program that is not ours, has every item in sequence with its
// outcome.
func (s *syncing) requireWorkbook(j api.Job, lines []shippedLine, items []api.Item) {
	s.Helper()
	require.Len(s, j.Artifacts, 1)
	require.Equal(s, int64(len(lines)), j.Artifacts[0].Rows)
	s.download(j)
	rows := s.workbook(j)
	column := map[string]int{}
	for i, header := range rows[0] {
		column[header] = i
	}
	require.Len(s, rows[1:], len(lines))
	titles := map[string]job.ItemOutcome{"Succeeded": job.ItemSucceeded, "Failed": job.ItemFailed, "Not processed": job.ItemUnprocessed}
	for i, row := range rows[1:] {
		cell := func(header string) string {
			require.Contains(s, column, header)
			if at := column[header]; at < len(row) { // a row ends with its last cell that is not empty
				return row[at]
			}
			return ""
		}
		want := []string{
			strconv.Itoa(i + 1), lines[i].order, strconv.Itoa(lines[i].number), lines[i].tracking,
			items[i].Outcome, string(items[i].Code), items[i].RemoteID,
		}
		got := []string{
			cell("No."), cell("Order number"), cell("Line"), cell("Tracking number"),
			string(titles[cell("Outcome")]), cell("Reason code"), cell("Remote ID"),
		}
		require.Equal(s, want, got, "item %d", i+1)
	}
}

// workbook opens a job's result and gives the rows of its only sheet.
func (s *syncing) workbook(j api.Job) [][]string {
	s.Helper()
	got, err := s.ask(http.MethodGet, j.Artifacts[0].URL, nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, got.status)
	file, err := excelize.OpenReader(bytes.NewReader(got.body))
	require.NoError(s, err)
	defer file.Close()
	require.Len(s, file.GetSheetList(), 1)
	rows, err := file.GetRows(file.GetSheetName(0), excelize.Options{RawCellValue: true})
	require.NoError(s, err)
	return rows
}

// inDoubt are the codes of items that may have taken effect.
var inDoubt = []job.ItemCode{job.ItemUnknown, job.ItemBadAnswer, job.ItemTimedOut, job.ItemUnavailable}

// requirePartner asserts that the marketplace has of these lines just what was told, each once and those of an order in
// their order, and besides at most what is said to be in doubt.
func (s *syncing) requirePartner(lines []shippedLine) {
	s.Helper()
	seen := s.partner.Seen()
	require.Zero(s, seen.Duplicates, "effects that took place again")
	require.Zero(s, seen.Overlaps, "calls of an order beside one another")
	effects := map[shippedLine]fake.Dispatch{}
	for _, d := range seen.Dispatches {
		require.Equal(s, 1, d.Count)
		number, err := strconv.Atoi(d.LineNumber)
		require.NoError(s, err)
		effects[shippedLine{d.OrderNumber, number, d.TrackingNumber}] = d
	}
	for _, line := range lines {
		effect, took := effects[line]
		remote, told := s.told[line]
		switch {
		case told:
			require.True(s, took, "%s was told, and the partner does not have it", line)
			require.Equal(s, effect.ID, remote, line)
		case took:
			require.Contains(s, inDoubt, s.left[line], "%s took effect", line)
		}
		order := seen.Orders[line.order]
		require.True(s, slices.IsSortedFunc(order.Effects, byNumber), "effects of order %s: %v", line.order, order.Effects)
	}
}

func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// requireRemembered asserts that what was saved along with the outcomes is that of the lines that were told.
func (s *syncing) requireRemembered(lines []shippedLine) {
	s.Helper()
	var rows []struct {
		OrderNumber, TrackingNumber, RemoteID string
		LineNumber                            int
	}
	require.NoError(s, s.store.DB(s.Context()).Raw("SELECT o.order_number, l.line_number, d.tracking_number, d.remote_id"+
		" FROM dispatches d JOIN order_lines l ON l.id = d.order_line_id JOIN orders o ON o.id = l.order_id").Scan(&rows).Error)
	remembered := map[shippedLine]string{}
	for _, r := range rows {
		remembered[shippedLine{r.OrderNumber, r.LineNumber, r.TrackingNumber}] = r.RemoteID
	}
	require.Len(s, remembered, len(rows))
	for _, line := range lines {
		require.Equal(s, s.told[line], remembered[line], "%s", line)
	}
}

// requireSecret asserts that the credentials are neither in the history nor in the log of any process.
func (s *syncing) requireSecret(j api.Job) {
	s.Helper()
	for _, event := range s.history(j.WorkflowID, j.RunID) {
		require.NotContains(s, event.String(), partnerToken)
	}
	logs, err := filepath.Glob(filepath.Join(filepath.Dir(s.TempDir()), "*", "*.log"))
	require.NoError(s, err)
	require.NotEmpty(s, logs)
	for _, name := range logs {
		log, err := os.ReadFile(name)
		require.NoError(s, err)
		require.NotContains(s, string(log), partnerToken, name)
	}
}

// tell logs what docs/faults.md tells of a case.
func (s *syncing) tell(j api.Job, items []api.Item) {
	s.Helper()
	again := map[string]int{}
	for _, d := range s.stand.again(j.ID) {
		again[d.name+" "+d.why()]++
	}
	attempts := 0
	for _, item := range items {
		attempts += item.Attempts
	}
	seen := s.partner.Seen()
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(again)) {
		fmt.Fprintf(&text, "; %s: %d", key, again[key])
	}
	s.Logf("seen: %s %s after %.1f s, %d items in %d attempts: %d succeeded, %d failed, %d unprocessed %v; the partner saw %d calls, %d effects, %d replays%s",
		j.State, j.Reason, j.EndedAt.Sub(j.CreatedAt).Seconds(), len(items), attempts, j.Sync.Tally.Succeeded, j.Sync.Tally.Failed,
		j.Sync.Tally.Unprocessed, j.Sync.Tally.Codes, seen.Calls, seen.Effects, seen.Replays, text.String())
}

// requireNoneAgain asserts that no stretch was tried again: what is handed over is handed over by word.
func (s *syncing) requireNoneAgain(id string) {
	s.Helper()
	for _, d := range s.stand.again(id) {
		require.NotEqual(s, contract.SendStretch.Name, d.name, d.why())
	}
}
