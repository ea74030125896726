package upload

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// excelizeCells reads all visible worksheets with excelize, raw: the values by "Sheet!A1", empty ones left out.
func excelizeCells(t testing.TB, file []byte) map[string]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	cells := map[string]string{}
	for _, sheet := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(sheet); err != nil || !visible {
			continue
		}
		rows, err := f.Rows(sheet)
		require.NoError(t, err)
		for number := 1; rows.Next(); number++ {
			columns, err := rows.Columns()
			require.NoError(t, err)
			for i, value := range columns {
				if value != "" {
					cells[sheet+"!"+columnName(i+1)+strconv.Itoa(number)] = value
				}
			}
		}
		require.NoError(t, rows.Close())
	}
	return cells
}

// requireSameAsExcelize compares all cells. What differs by intent: excelize has 1 and 0 for TRUE and FALSE, leaves
// numbers as they are written, ISO 8601 where we have the number of the day, and escapes (_xHHHH_) in texts of formulas.
func requireSameAsExcelize(t testing.TB, file []byte) {
	t.Helper()
	want := excelizeCells(t, file)
	w, err := openBytes(t.Context(), file, Limits{})
	require.NoError(t, err)
	rows := w.rows(t.Context())
	defer func() { require.NoError(t, rows.close()) }()
	seen := 0
	for {
		row, err := rows.next()
		if err != nil {
			require.EqualError(t, err, "EOF")
			require.Len(t, want, seen)
			return
		}
		for i, c := range row.Cells {
			if c.Kind == Empty {
				continue
			}
			seen++
			name := w.sheets[row.Sheet].Name + "!" + columnName(i+1) + strconv.Itoa(row.Number)
			require.NoError(t, sameAsExcelize(c, want[name]), name)
		}
	}
}

func sameAsExcelize(c Cell, value string) error {
	var same bool
	switch c.Kind {
	case Flag:
		same = map[string]string{"1": "true", "0": "false"}[value] == string(c.Text)
	case Number, Moment:
		if when, _, iso := parseISO([]byte(value)); iso {
			same = when.Equal(c.Time) || !c.HasDate
			break
		}
		mine, err1 := strconv.ParseFloat(string(c.Text), 64)
		theirs, err2 := strconv.ParseFloat(value, 64)
		same = err1 == nil && err2 == nil && mine == theirs
	default:
		same = string(c.Text) == value || string(c.Text) == string(unescape([]byte(value)))
	}
	if !same {
		return fmt.Errorf("%s, where excelize has %q", tell(c), value)
	}
	return nil
}

func TestSameAsExcelizeOnManyPrograms(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/xlsx/*.xlsx")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		requireSameAsExcelize(t, data)
	}
}

func TestSameAsExcelize(t *testing.T) {
	t.Parallel()
	requireSameAsExcelize(t, savedWorkbook(t, 300, 1))
	requireSameAsExcelize(t, streamedWorkbook(t, 300, 2))
}

// randomValue is anything that a cell can hold.
func randomValue(rng *rand.Rand) any {
	texts := []string{"SKU-", "무선 이어폰 ", "a < b & c", " padded ", "line\nbreak", "😀", "_x0041_", "tab\there", "00123", "é"}
	switch rng.IntN(9) {
	case 0:
		return rng.IntN(1_000_000)
	case 1:
		return rng.NormFloat64() * 1e4
	case 2:
		return float64(rng.IntN(1_000_000)) / 100
	case 3:
		return rng.IntN(2) == 0
	case 4:
		return time.Date(2024, 1, rng.IntN(400), rng.IntN(24), rng.IntN(60), 0, 0, time.UTC)
	case 5:
		return nil
	}
	return texts[rng.IntN(len(texts))] + strconv.Itoa(rng.IntN(500))
}

// savedWorkbook has its texts shared, as Excel saves them, two sheets, gaps and formulas.
func savedWorkbook(t testing.TB, rows int, seed uint64) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	f := excelize.NewFile()
	_, err := f.NewSheet("둘째")
	require.NoError(t, err)
	for _, sheet := range f.GetSheetList() {
		for row := 1; row <= rows; row += 1 + rng.IntN(8)/7 {
			for column := range 8 {
				name := columnName(column+1) + strconv.Itoa(row)
				if value := randomValue(rng); value != nil {
					require.NoError(t, f.SetCellValue(sheet, name, value))
				}
			}
		}
		require.NoError(t, f.SetCellRichText(sheet, "J2", []excelize.RichTextRun{{Text: "rich "}, {Text: "text", Font: &excelize.Font{Bold: true}}}))
		require.NoError(t, f.SetCellFormula(sheet, "K2", "1+1"))
	}
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	require.NoError(t, f.Close())
	return b.Bytes()
}

// streamedWorkbook has its texts inline, of 10 columns in the proportions of an export.
func streamedWorkbook(t testing.TB, rows int, seed uint64) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	require.NoError(t, err)
	for row := 1; row <= rows; row++ {
		values := []any{"2026-" + strconv.Itoa(1_000_000+row), "SKU-" + strconv.Itoa(rng.IntN(20_000)), strings.Repeat("무선 이어폰 ", 1+row%2),
			"paid", "블랙 / L", "buyer " + strconv.Itoa(rng.IntN(1_000_000)), rng.IntN(20), float64(rng.IntN(100_000)) / 100, rng.NormFloat64(), randomValue(rng)}
		require.NoError(t, w.SetRow("A"+strconv.Itoa(row), values))
	}
	require.NoError(t, w.Flush())
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	require.NoError(t, f.Close())
	return b.Bytes()
}
