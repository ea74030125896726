package upload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// readCells returns the texts of a workbook's cells by sheet and name.
func readCells(t testing.TB, file []byte) map[string]map[string]Cell {
	t.Helper()
	w, err := openWorkbook(t.Context(), bytes.NewReader(file), int64(len(file)), Limits{}.withDefaults())
	require.NoError(t, err)
	return cellsOf(t, w)
}

func cellsOf(t testing.TB, w *workbook) map[string]map[string]Cell {
	t.Helper()
	cells := map[string]map[string]Cell{}
	for _, s := range w.sheets {
		cells[s.Name] = map[string]Cell{}
	}
	rows := w.rows(context.WithoutCancel(t.Context()))
	defer func() { require.NoError(t, rows.close()) }()
	for {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			return cells
		}
		require.NoError(t, err)
		for i, c := range row.Cells {
			if c.Kind == Empty {
				continue
			}
			c.Text = bytes.Clone(c.Text)
			cells[w.sheets[row.Sheet].Name][columnName(i+1)+itoa(row.Number)] = c
		}
	}
}

func TestSmoke(t *testing.T) {
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"a", 1, 2.5, true, "가나다"}))
	require.NoError(t, f.SetSheetRow("Sheet1", "B7", &[]any{"a", 1, 2.5, true, " x "}))
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	for k, v := range readCells(t, b.Bytes())["Sheet1"] {
		t.Logf("%s %d %q", k, v.Kind, v.Text)
	}
}
func itoa(n int) string { return strconv.Itoa(n) }
