package dataset_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

func peek(t *testing.T, file *upload.File, remembered dataset.Mapping) (dataset.Head, dataset.Matching) {
	t.Helper()
	head, match, err := checkedSave(t, returns()).Peek(t.Context(), file, remembered)
	require.NoError(t, err)
	require.Len(t, match.Columns, len(head.Headers))
	return head, match
}

func TestPeekChoosesTheSheet(t *testing.T) {
	t.Parallel()
	guide := bookSheet{"Guide", [][]any{{"Column", "Required", "Format"}, {"SKU", "yes", "code"}, {"Carrier", "yes", "choice"}}}
	data := bookSheet{"Data", [][]any{{"of March"}, headers, entry("A-1")}}
	half := bookSheet{"Half", [][]any{{"Order number", "SKU", "Remark"}, {"A-1", "MUG", "x"}}}
	codes := bookSheet{"Codes", [][]any{{"what"}, {"1"}}}
	for name, c := range map[string]struct {
		sheets []bookSheet
		sheet  int
		row    int
		whole  bool
	}{
		"the only one":                 {[]bookSheet{data}, 0, 2, true},
		"behind a guide":               {[]bookSheet{guide, data}, 1, 2, true},
		"the first that is whole":      {[]bookSheet{data, guide, data2()}, 0, 2, true},
		"whole behind one that is not": {[]bookSheet{half, codes, data}, 2, 2, true},
		"the one that is known best":   {[]bookSheet{codes, guide, half}, 2, 1, false},
		"nothing is known":             {[]bookSheet{codes}, 0, 1, false},
		"empty ones are none":          {[]bookSheet{{"A", nil}, {"B", nil}, data}, 0, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head, match := peek(t, opened(t, "a.xlsx", workbook(t, c.sheets...)), nil)
			require.Equal(t, c.sheet, head.Sheet)
			require.Equal(t, c.row, head.Row)
			require.Equal(t, c.whole, len(match.Missing) == 0, match.Missing)
		})
	}
}

func data2() bookSheet { return bookSheet{"More", [][]any{headers, entry("B-1")}} }

func TestPeekTellsWhatIsMissingWithoutAnError(t *testing.T) {
	t.Parallel()
	file := opened(t, "a.csv", []byte("Order number,Thing,Count\nA-1,MUG,2\nA-2,RUG,\n"))

	head, match := peek(t, file, nil)
	require.Equal(t, []string{"quantity", "sent_at", "carrier", "sku|barcode"}, match.Missing)
	require.Equal(t, [][]string{{"A-1", "A-2"}, {"MUG", "RUG"}, {"2"}}, head.Samples)
	require.Equal(t, []string{"MUG", "RUG"}, match.Columns[1].Samples)

	_, match = peek(t, file, dataset.Mapping{"thing": "sku", "count": "quantity"})
	require.Equal(t, []string{"sent_at", "carrier"}, match.Missing)
	require.Equal(t, job.MatchRemembered, match.Columns[1].How)
}

// What a peek and a whole reading take for headers is the same, or a person would map other columns than are read.
func TestPeekSeesWhatIntakeReads(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]*upload.File{
		"book": opened(t, "a.xlsx", workbook(t,
			bookSheet{"Guide", [][]any{{"Column", "About"}, {"SKU", "what it is"}}}, bookSheet{"Data", [][]any{{"March"}, headers, entry("A-1")}})),
		"text": opened(t, "a.csv", []byte("March\nOrder number,SKU,Quantity,Sent at,Carrier\nA-1,MUG,2,2024-03-06,post\n")),
		"json": opened(t, "a.json", []byte(`[{"Order number":"A-1","SKU":"MUG","Quantity":2,"Sent at":"2024-03-06","Carrier":"post"}]`)),
	} {
		head, match := peek(t, file, nil)
		got := take(t, file, nil, nil)
		require.NoError(t, got.err, name)
		require.Equal(t, head, got.heads[0].Head, name)
		require.Equal(t, match.Columns, got.heads[0].Columns, name)
	}
}

// counting tells how far a file has been read.
type counting struct {
	io.ReaderAt
	furthest int64
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	c.furthest = max(c.furthest, at+int64(len(p)))
	return c.ReaderAt.ReadAt(p, at)
}

func TestPeekReadsTheBeginningOnly(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("Remark,Thing\n")
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "remark %d,%d\n", i, i)
	}
	data := &counting{ReaderAt: strings.NewReader(text.String())}
	file, err := upload.Open(t.Context(), data, int64(text.Len()), "a.csv", upload.Limits{})
	require.NoError(t, err)

	_, match := peek(t, file, nil)

	require.NotEmpty(t, match.Missing)
	require.Less(t, data.furthest, int64(text.Len()/2))
}

func TestPeekFails(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	_, _, err := k.Peek(t.Context(), opened(t, "a.xlsx", workbook(t, bookSheet{"A", nil})), nil)
	require.Equal(t, job.CodeInvalid, job.CodeOf(err))
	require.ErrorContains(t, err, "no row that could be its headers")

	_, _, err = k.Peek(t.Context(), opened(t, "a.csv", []byte("Order number,SKU\nA-1,\"MUG\n")), nil)
	require.Equal(t, job.CodeInvalid, job.CodeOf(err), "damaged among its first rows")

	away := errors.New("storage is away")
	data := []byte("Order number,SKU\nA-1,MUG\n")
	broken := &breaking{ReaderAt: bytes.NewReader(data)}
	file, err := upload.Open(t.Context(), broken, int64(len(data)), "a.csv", upload.Limits{})
	require.NoError(t, err)
	broken.err = away
	_, _, err = k.Peek(t.Context(), file, nil)
	require.ErrorIs(t, err, away)
}

// breaking is storage that stops answering.
type breaking struct {
	io.ReaderAt
	err error
}

func (b *breaking) ReadAt(p []byte, at int64) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return b.ReaderAt.ReadAt(p, at)
}
