package sheet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about string
		rows  []int64
		want  []Position
	}{
		{"nothing", nil, []Position{}},
		{"one behind the other", []int64{3, 4, 5}, []Position{{0, 2}, {0, 5}, {0, 9}}},
		{"exactly full", []int64{MaxRows - 3, 2}, []Position{{0, 2}, {0, MaxRows - 1}}},
		{"one row more", []int64{MaxRows - 3, 3}, []Position{{0, 2}, {1, 2}}},
		{"full, and another", []int64{MaxRows - 1, 1, 1}, []Position{{0, 2}, {1, 2}, {1, 3}}},
		{"not divided", []int64{MaxRows - 2, 2, MaxRows - 3, 1}, []Position{{0, 2}, {1, 2}, {1, 4}, {2, 2}}},
		{"without rows", []int64{0, MaxRows - 1, 0, 1, 0}, []Position{{0, 2}, {0, 2}, {0, MaxRows + 1}, {1, 2}, {1, 3}}},
		{"too large", []int64{MaxRows, 1}, []Position{{0, 2}, {1, 2}}},
	} {
		require.Equal(t, c.want, Place(XLSX, c.rows), c.about)
	}
	require.Equal(t, []Position{{}, {}, {}}, Place(CSV, []int64{MaxRows, MaxRows, 5}))
}

// Rows that came or went since the plan: what is behind them is found misplaced, nothing is written, and
// renumbered it makes the file that pages encoded in their right places make.
func TestMisplacedFragments(t *testing.T) {
	t.Parallel()
	const maxRows = 31 // three pages of ten
	layout := benchLayout()
	data := benchData(100)
	encoder, err := NewEncoder(layout)
	require.NoError(t, err)
	planned := place(XLSX, []int64{10, 10, 10, 10, 10, 10, 10}, maxRows)
	for name, c := range map[string]struct {
		actual    []int64
		misplaced []int
		firstRow  []int
		sheets    int
	}{
		"as planned":               {[]int64{10, 10, 10, 10, 10, 10, 10}, nil, nil, 3},
		"last page of a sheet":     {[]int64{10, 10, 9, 10, 10, 10, 10}, nil, nil, 3},
		"a row less":               {[]int64{10, 9, 10, 10, 9, 10, 10}, []int{2, 5}, []int{21, 21}, 3},
		"a page without rows":      {[]int64{10, 0, 10, 10, 10, 10, 10}, []int{2, 3, 4, 5, 6}, []int{12, 22, 2, 12, 22}, 2},
		"a row more moves a page":  {[]int64{10, 10, 11, 10, 10, 10, 10}, []int{2, 3, 4, 5, 6}, []int{2, 13, 2, 12, 22}, 3},
		"a row more moves to next": {[]int64{10, 11, 10, 10, 10, 10, 10}, []int{2, 3, 4, 5, 6}, []int{2, 12, 22, 2, 12}, 3},
		"a page that got lost":     {[]int64{10, 10, 10, 0, 0, 0, 0}, nil, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			planned, right := encodeAs(t, encoder, data, c.actual, planned), encodeAs(t, encoder, data, c.actual, place(XLSX, c.actual, maxRows))
			var file bytes.Buffer
			_, err := assemble(t.Context(), &file, layout, planned.infos, planned.opener, nil, maxRows)
			if c.misplaced == nil {
				require.NoError(t, err)
			} else {
				var misplaced *MisplacedError
				require.ErrorAs(t, err, &misplaced)
				require.Equal(t, &MisplacedError{Fragments: c.misplaced, FirstRow: c.firstRow}, misplaced)
				require.ErrorContains(t, err, fmt.Sprintf("%d fragments have row numbers of another place, first of them fragment %d",
					len(c.misplaced), c.misplaced[0]))
				require.Zero(t, file.Len())
				require.Zero(t, planned.open.Load())
			}
			got, summary := assembleAll(t, layout, planned, maxRows)
			require.Equal(t, c.sheets, summary.Sheets)
			want, _ := assembleAll(t, layout, right, maxRows)
			require.True(t, bytes.Equal(want, got))
			checkReferences(t, got)
		})
	}
}

// encodeAs encodes pages of so many rows each at these places.
func encodeAs(t *testing.T, encoder *Encoder, rows [][][]byte, counts []int64, places []Position) *store {
	t.Helper()
	s := &store{}
	for i, n := range counts {
		s.add(encodePage(t, encoder, places[i].FirstRow, rows[:n]))
		rows = rows[n:]
	}
	return s
}

// checkReferences reads the first and last column of every row by reference: rows are where they claim to be.
func checkReferences(t *testing.T, file []byte) {
	t.Helper()
	workbook := openWorkbook(t, file)
	for _, name := range workbook.GetSheetList() {
		rows, err := workbook.GetRows(name)
		require.NoError(t, err)
		dimension, err := workbook.GetSheetDimension(name)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("A1:L%d", len(rows)), dimension)
		for i, row := range rows {
			for letter, want := range map[string]string{"A": row[0], "L": row[len(row)-1]} {
				got, err := workbook.GetCellValue(name, fmt.Sprint(letter, i+1))
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.NotEmpty(t, got)
			}
		}
	}
}

// Damage is told before places: a fragment that has to be encoded again has no place yet.
func TestDamageGoesBeforePlaces(t *testing.T) {
	t.Parallel()
	layout := benchLayout()
	s := encodePages(t, layout, 10, benchData(30))
	s.infos[1].FirstRow++
	s.infos[2].Layout++
	var damaged *DamagedError
	_, err := Assemble(t.Context(), io.Discard, layout, s.infos, s.opener, nil)
	require.ErrorAs(t, err, &damaged)
	require.Equal(t, 2, damaged.Fragment)

	csv := Layout{Format: CSV, Columns: layout.Columns}
	s = encodePages(t, csv, 10, benchData(30))
	require.Zero(t, s.infos[2].FirstRow)
	_, err = Assemble(t.Context(), io.Discard, csv, s.infos, s.opener, nil)
	require.NoError(t, err)
}

func TestColumnLetters(t *testing.T) {
	t.Parallel()
	for column := range MaxColumns {
		want, err := excelize.ColumnNumberToName(column + 1)
		require.NoError(t, err)
		require.Equal(t, want, columnLetters(column))
	}
}

// References of one, two and three letters, with cells left out between them.
func TestWidePage(t *testing.T) {
	t.Parallel()
	const columns = 26 + 26*26 + 3 // to AAC
	rng := rand.New(rand.NewPCG(7, 8))
	layout := Layout{Format: XLSX, Columns: make([]Column, columns)}
	rows := make([][][]byte, 12)
	for i := range rows {
		rows[i] = make([][]byte, columns)
		for j := range columns {
			layout.Columns[j].Header = columnLetters(j)
			if rng.IntN(3) > 0 || j == columns-1 {
				rows[i][j] = fmt.Appendf(nil, "%s%d", columnLetters(j), i+2)
			}
		}
	}
	file, _ := assembleAll(t, layout, encodePages(t, layout, 7, rows), MaxRows)
	workbook := openWorkbook(t, file)
	for i, row := range rows {
		for j, want := range row {
			ref, err := excelize.CoordinatesToCellName(j+1, i+2)
			require.NoError(t, err)
			got, err := workbook.GetCellValue("Sheet1", ref)
			require.NoError(t, err)
			require.Equal(t, string(want), got, ref)
		}
	}
	header, err := workbook.GetCellValue("Sheet1", "AAC1")
	require.NoError(t, err)
	require.Equal(t, "AAC", header)
}
