package bench

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/longhaul/longhaul/contract"
)

func TestAComparisonIsNoDryRun(t *testing.T) {
	t.Parallel()
	for want, ref := range map[string]contract.ChunkRef{
		contract.CheckChunk.Name: {JobID: "j", Chunk: 3},
		comparing:                {JobID: "j", Chunk: 3, Compare: true},
	} {
		input, err := converter.GetDefaultDataConverter().ToPayloads(ref)
		require.NoError(t, err)
		got, err := phaseOf(contract.CheckChunk.Name, input)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := phaseOf(contract.ApplyChunk.Name, nil)
	require.NoError(t, err)
	require.Equal(t, contract.ApplyChunk.Name, got)
}

// TestCellsThatDifferAreFound compares two sheets of different length, and two of which one has its numbers elsewhere.
func TestCellsThatDifferAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sheet, longer := filepath.Join(dir, "sheet.xlsx"), filepath.Join(dir, "longer.xlsx")
	require.NoError(t, writeSheet(sheet, 20, false))
	require.NoError(t, writeSheet(longer, 21, true))
	_, err := compareReaders(t.Context(), sheet, longer)
	require.ErrorContains(t, err, "one ends after 21 rows")
	upload := filepath.Join(dir, "upload.xlsx")
	require.NoError(t, retailRows{count: 20}.write(upload, formatXLSX))
	_, err = compareReaders(t.Context(), sheet, upload)
	require.ErrorContains(t, err, "row 1: 10 and 8 cells")
	changed := filepath.Join(dir, "changed.xlsx")
	require.NoError(t, retailRows{count: 20, more: 1}.write(changed, formatXLSX))
	_, err = compareReaders(t.Context(), upload, changed)
	require.ErrorContains(t, err, "row 2, column 4")
}
