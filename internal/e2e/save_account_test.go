//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// requireSaved asserts what has to hold after every fault: the job has ended with the truth, the database holds exactly
// what the accepted rows say, the ledger has every chunk once, the counts of all three agree, every refused row is
// told with its reason, and nothing is left.
func (s *saving) requireSaved(id string, b *book) api.Job {
	s.Helper()
	j := s.end(id)
	require.Equal(s, job.PartiallySucceeded, j.State, "%s: %s", j.Reason, j.Message)
	require.Equal(s, job.ReasonRefused, j.Reason)
	require.Nil(s, j.StaleSince)
	lines := b.all()
	require.Equal(s, int64(len(lines)), j.Progress.RowsTotal)
	require.Equal(s, int64(len(lines)), j.Progress.RowsDone)
	require.Equal(s, j.Progress.PagesTotal, j.Progress.PagesDone)
	s.requireTally(j, b, lines, s.requireState(s.before.after(lines)))
	require.Equal(s, numbers(j.Progress.PagesTotal), s.chunksOf(j.ID))
	s.requireRefused(j, b, lines)
	s.requireClean()
	require.Len(s, s.files.Keys(s, contract.ArtifactsPrefix), 1)
	s.tell(id)
	return j
}

// requireState asserts what the database holds, and returns it. It names the first differences: thousands of entries
// that are the same tell nothing.
func (s *saving) requireState(want state) state {
	s.Helper()
	got := s.state()
	var wrong []string
	for key, value := range want {
		if has, ok := got[key]; !ok || has != value {
			wrong = append(wrong, key+": want "+value+", has "+has)
		}
	}
	for key, value := range got {
		if _, ok := want[key]; !ok {
			wrong = append(wrong, key+": "+value+" should not be there")
		}
	}
	slices.Sort(wrong)
	require.Empty(s, wrong[:min(len(wrong), 10)], "%d entries differ", len(wrong))
	return got
}

// requireTally asserts that the job's counts are those of the lines, of the ledger and of the database.
func (s *saving) requireTally(j api.Job, b *book, lines []numbered, database state) {
	s.Helper()
	require.NotNil(s, j.Save)
	require.NotNil(s, j.Save.Saved)
	got, want := *j.Save.Saved, tallyOf(lines)
	require.Equal(s, [4]int64{want.Created, want.Updated, want.Unchanged, want.Refused},
		[4]int64{got.Created, got.Updated, got.Unchanged, got.Refused}, "created, updated, unchanged, refused")
	require.Zero(s, got.Superseded+got.Reversed+got.Kept)
	codes := map[job.RowCode]int64{}
	for _, c := range want.Codes {
		codes[c.Code] = c.Count
	}
	for _, c := range got.Codes {
		require.Equal(s, codes[c.Code], c.Count, c.Code)
	}
	require.Len(s, got.Codes, len(codes))

	var ledger job.Tally
	for _, entry := range s.ledger(j.ID) {
		ledger.Add(job.Tally{Created: entry.Created, Updated: entry.Updated, Unchanged: entry.Unchanged, Refused: entry.Refused})
	}
	outside := int64(0) // refused before any chunk
	for _, l := range lines {
		if l.outside() {
			outside++
		}
	}
	require.Equal(s, [4]int64{want.Created, want.Updated, want.Unchanged, want.Refused - outside},
		[4]int64{ledger.Created, ledger.Updated, ledger.Unchanged, ledger.Refused}, "the ledger")

	created, updated := int64(0), int64(0)
	for key, value := range database {
		was, there := s.before[key]
		switch {
		case !strings.HasPrefix(key, b.main+b.tenant+"/"):
		case !there:
			created++
		case was != value:
			updated++
		}
	}
	require.Equal(s, [2]int64{want.Created, want.Updated}, [2]int64{created, updated}, "the database")
}

// ledgerEntry is a row of the ledger.
type ledgerEntry struct {
	Plan                                                 string
	Chunk, Pass                                          int
	Created, Updated, Unchanged, Refused, Reversed, Kept int64
}

func (s *saving) ledger(jobID string) (entries []ledgerEntry) {
	s.Helper()
	require.NoError(s, s.store.DB(s.Context()).Raw("SELECT plan, chunk, pass, created, updated, unchanged, refused, reversed, kept"+
		" FROM save_chunks WHERE job_id = ? ORDER BY pass, chunk", jobID).Scan(&entries).Error)
	return entries
}

// chunksOf lists the chunks that the ledger has of a save, each as often as it has it, whatever the plan.
func (s *saving) chunksOf(jobID string) []int {
	s.Helper()
	var chunks []int
	for _, entry := range s.ledger(jobID) {
		require.Zero(s, entry.Pass)
		chunks = append(chunks, entry.Chunk)
	}
	return chunks
}

// requireRefused asserts that the error workbook has every refused row of some lines as it stood in the upload, in its
// order, with its reason; and that the API tells the same of them.
func (s *saving) requireRefused(j api.Job, b *book, lines []numbered) {
	s.Helper()
	want := refusedOf(lines)
	require.Len(s, j.Artifacts, 1)
	require.Equal(s, int64(len(want)), j.Artifacts[0].Rows)
	s.download(j)
	rows := s.workbook(j)
	require.Equal(s, append(slices.Clone(b.header), "Error"), rows[0])
	require.Len(s, rows[1:], len(want))
	for i, l := range want {
		row := rows[i+1]
		require.Len(s, row, len(b.header)+1, "row %d of the file: %q", l.row, row)
		require.Equal(s, l.cells, row[:len(b.header)], "row %d of the file", l.row)
		require.Contains(s, row[len(b.header)], l.reason, "row %d of the file", l.row)
	}
	items, complete := s.items(j.ID)
	require.Equal(s, len(want) <= len(items), complete)
	require.NotEmpty(s, items)
	for i, item := range items {
		require.Equal(s, want[i].row, item.Row)
		require.Equal(s, "refused", item.Outcome)
		require.Equal(s, want[i].code, item.Errors[0].Code, "row %d of the file", item.Row)
		require.Equal(s, rows[i+1][len(b.header)], item.Errors[0].Message, "row %d of the file", item.Row)
	}
}

// workbook opens a job's error workbook with a program that is not ours, and gives the rows of its only sheet.
func (s *saving) workbook(j api.Job) [][]string {
	s.Helper()
	got, err := s.ask(http.MethodGet, j.Artifacts[0].URL, nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, got.status)
	file, err := excelize.OpenReader(bytes.NewReader(got.body))
	require.NoError(s, err)
	defer file.Close()
	require.Len(s, file.GetSheetList(), 1)
	rows, err := file.GetRows(file.GetSheetName(0))
	require.NoError(s, err)
	return rows
}

// items lists the refused rows that the API has of a job.
func (s *saving) items(jobID string) (items []api.Item, complete bool) {
	s.Helper()
	for token := ""; ; {
		got, err := s.ask(http.MethodGet, "/v1/jobs/"+jobID+"/items?outcome=refused&page_size=200&page_token="+url.QueryEscape(token), nil, "Accept-Language", "en")
		require.NoError(s, err)
		require.Equal(s, http.StatusOK, got.status, "%s", got.body)
		var page api.ItemPage
		require.NoError(s, json.Unmarshal(got.body, &page))
		items, complete = append(items, page.Items...), page.Complete
		if token = page.NextPageToken; token == "" {
			return items, complete
		}
	}
}

// requireUndone asserts that an undo has put everything back, or all but kept rows, and took every chunk once.
func (s *saving) requireUndone(undo, save string, want state, kept int64) {
	s.Helper()
	j := s.end(undo)
	require.Equal(s, save, j.Save.Undoes)
	if kept == 0 {
		requireSucceeded(s.T, j)
		require.Empty(s, j.Artifacts)
	} else {
		require.Equal(s, job.PartiallySucceeded, j.State, "%s: %s", j.Reason, j.Message)
		require.Equal(s, job.ReasonKept, j.Reason)
	}
	s.requireState(want)

	var saved, undone job.Tally
	chunks := map[int]bool{}
	for _, entry := range s.ledger(save) {
		saved.Add(job.Tally{Created: entry.Created, Updated: entry.Updated})
		chunks[entry.Chunk] = true
	}
	var taken []string
	for _, entry := range s.ledger(undo) {
		undone.Add(job.Tally{Reversed: entry.Reversed, Kept: entry.Kept})
		require.Contains(s, chunks, entry.Chunk)
		taken = append(taken, strconv.Itoa(entry.Pass)+" of "+strconv.Itoa(entry.Chunk))
	}
	require.Len(s, slices.Compact(slices.Sorted(slices.Values(taken))), len(taken), "a chunk was undone twice")
	require.Len(s, taken, j.Progress.PagesTotal)
	require.Equal(s, kept, undone.Kept)
	require.Equal(s, saved.Created+saved.Updated, undone.Reversed+undone.Kept)
	require.Equal(s, [2]int64{undone.Reversed, undone.Kept}, [2]int64{j.Save.Saved.Reversed, j.Save.Saved.Kept})
	require.Equal(s, undo, s.job(save).Save.UndoneBy)
	require.Empty(s, s.job(save).Links.Undo)
	s.requireClean()
	s.tell(undo)
}

// tell logs what docs/faults.md tells of a case.
func (s *saving) tell(id string) {
	s.Helper()
	j := s.job(id)
	var text strings.Builder
	chunks := map[string]int{}
	for _, d := range s.again(id) {
		switch d.name {
		case contract.CheckChunk.Name, contract.ApplyChunk.Name, contract.UndoChunk.Name:
			chunks[d.why()]++
		default:
			fmt.Fprintf(&text, "; %s %d attempts (%s)", d.name, d.attempts, d.why())
		}
	}
	s.Logf("seen: %s after %.1f s, chunks tried again of %d: %v%s",
		j.State, j.EndedAt.Sub(j.CreatedAt).Seconds(), j.Progress.PagesTotal, chunks, text.String())
}
