package dataset_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

func TestEveryItemCodeAndOutcomeHasWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	hangul := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
	}
	seen := map[string]bool{}
	check := func(name, korean, english string) {
		require.True(t, hangul(korean), "%s: %s", name, korean)
		require.False(t, hangul(english), "%s: %s", name, english)
		require.NotEqual(t, name, english)
		require.False(t, seen[korean] || seen[english], "%s says the same as another", name)
		seen[korean], seen[english] = true, true
	}
	for _, code := range job.ItemCodes {
		check(string(code), dataset.ItemMessage(code, "ko"), dataset.ItemMessage(code, "en"))
	}
	for _, o := range []job.ItemOutcome{job.ItemSucceeded, job.ItemFailed, job.ItemUnprocessed} {
		check(string(o), dataset.OutcomeTitle(o, "ko"), dataset.OutcomeTitle(o, "en"))
	}
	require.Equal(t, "of_later", dataset.ItemMessage("of_later", "en"))
	require.Equal(t, "of_later", dataset.OutcomeTitle("of_later", "ko"))
	require.Empty(t, dataset.OutcomeTitle("", "ko"))
}

func TestAnItemIsReported(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	sent, done := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 1, 500_000_000, time.FixedZone("KST", 9*60*60))
	fields := map[string]string{"depot": "ICN-1", "parcel": "7", "weight": "12.5", "ready_at": "2026-11-22T15:00:00Z"}

	columns := k.ReportColumns("en")
	var headers []string
	for _, c := range columns {
		headers = append(headers, c.Header)
	}
	require.Equal(t, []string{
		"No.", "Depot", "Parcel", "Weight", "Ready at", "Size", "Note",
		"Outcome", "Reason code", "Reason", "Remote ID", "Attempts", "Last sent at", "Done at",
	}, headers)
	require.Equal(t, "번호", k.ReportColumns("ko")[0].Header)
	require.Equal(t, sheet.Column{Header: "Weight", Type: sheet.Decimal, Width: 18, Decimals: 3}, columns[3])

	texts := func(item job.Item) []string {
		var out []string
		for _, cell := range k.ReportCells(item, fields, "en") {
			out = append(out, string(cell))
		}
		require.Len(t, out, len(columns))
		return out
	}
	require.Equal(t, []string{
		"3", "ICN-1", "7", "12.5", "2026-11-22T15:00:00Z", "", "", "Succeeded", "", "", "P-1", "2", "2026-11-22T15:00:00Z", "2026-11-22T15:00:01.5Z",
	}, texts(job.Item{Position: 3, Outcome: "succeeded", RemoteID: "P-1", Attempts: 2, SentAt: &sent, DoneAt: &done}))
	require.Equal(t, []string{
		"Failed", "rejected", "the partner refuses it: no car", "", "1", "", "",
	}, texts(job.Item{Outcome: "failed", Code: job.ItemRejected, Message: "no car", Attempts: 1})[7:])

	invalid := job.Item{Outcome: "failed", Code: job.ItemInvalid, Errors: []job.RowError{
		{Column: "depot", Code: job.RowRequired}, {Column: "parcel", Code: job.RowNotANumber, Value: "x7"},
	}}
	require.Equal(t, "not sent, because its values are not right: Depot is empty; Parcel: \"x7\" is not a number", texts(invalid)[9])
	require.Equal(t, "값이 올바르지 않아 보내지 않았습니다: 창고: 값이 비어 있습니다; 소포: 숫자가 아닙니다 (\"x7\")", k.Reason(invalid, "ko"))
	require.Equal(t, "not sent: the job was ended before", k.Reason(job.Item{Code: job.ItemStopped}, "en"))
}

// The result workbook, mended, is sent again: it has to be read like any other upload.
func TestAResultWorkbookIsAnUpload(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	for _, locale := range []string{"ko", "en"} {
		var head dataset.Head
		for _, c := range k.ReportColumns(locale) {
			head.Headers = append(head.Headers, c.Header)
		}
		match, err := k.Rows().Match(head, nil, nil)
		require.NoError(t, err)
		require.Empty(t, match.Missing)
		for i, c := range match.Columns {
			want := ""
			if i >= 1 && i <= len(k.Fields) {
				want = k.Fields[i-1].Name
			}
			require.Equal(t, want, c.Column, c.Header)
		}
	}
}

func TestTheResultFitsItsColumns(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	encoder, err := sheet.NewEncoder(sheet.Layout{Format: sheet.XLSX, Columns: k.ReportColumns("ko")})
	require.NoError(t, err)
	now := time.Now()
	fields := map[string]string{"depot": "=A1", "parcel": "7", "weight": "12.5", "ready_at": "2026-11-22T15:00:00.25Z", "size": "s", "note": "x"}

	require.NoError(t, encoder.Append(k.ReportCells(job.Item{Position: 1, Outcome: "succeeded", Attempts: 1, SentAt: &now, DoneAt: &now}, fields, "ko")))

	_, info, err := encoder.Finish()
	require.NoError(t, err)
	require.Zero(t, info.CellsAsText)
}
