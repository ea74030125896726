package bench

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// bothYears has two rows of the first year behind the begin of the second.
const bothYears = `Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,"A, B",12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
538171,21931,JUMBO BAG,2,2010-12-01 09:00:00,1.95,17530.0,United Kingdom
538172,21931,JUMBO BAG,2,2010-12-09 20:01:00,1.95,17530.0,United Kingdom
536365,85123A, HEART ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536366,0042,,-1,2010-12-02 08:26:00,0.0,,France
536367,22423,STAND,3,2011-01-01 08:26:00,10.25,12345.0,EIRE
`

func TestTheSecondYearIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(bothYears))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	lines := strings.SplitAfter(bothYears, "\n")
	for name, tt := range map[string]struct {
		text string
		rows int
		want []string // invoices
	}{
		"both years":   {bothYears, 0, []string{"536365", "536366", "536367"}},
		"gzipped":      {packed.String(), 0, []string{"536365", "536366", "536367"}},
		"two rows":     {bothYears, 2, []string{"536365", "536366"}},
		"too many":     {bothYears, 9, []string{"536365", "536366", "536367"}},
		"one year":     {lines[0] + strings.Join(lines[4:], ""), 0, []string{"536365", "536366", "536367"}},
		"from 2009 on": {lines[0] + lines[1] + strings.Join(lines[4:], ""), 0, []string{"536365", "536366", "536367"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
			rows, err := openRetail(path, tt.rows)
			require.NoError(t, err)
			require.Equal(t, len(tt.want), rows.count)
			require.Equal(t, tt.want, column(t, rows, retailInvoice))
		})
	}
	first := filepath.Join(dir, "first")
	require.NoError(t, os.WriteFile(first, []byte(lines[0]+lines[1]), 0o600))
	_, err = openRetail(first, 0)
	require.ErrorContains(t, err, "no row of the second year")
}

func TestChangedRows(t *testing.T) {
	t.Parallel()
	same, more := column(t, retailRows{count: 50}, retailQuantity), column(t, retailRows{count: 50, more: 1}, retailQuantity)
	require.Len(t, more, 50)
	for i := range same {
		require.NotEqual(t, same[i], more[i])
	}
}

// column gathers one column of some rows.
func column(t *testing.T, rows retailRows, at int) []string {
	t.Helper()
	var all []string
	require.NoError(t, rows.each(func(row *retailRow) error {
		all = append(all, row[at])
		return nil
	}))
	return all
}

// TestUploadsAreOrdinaryWorkbooks reads one back as a spreadsheet program shows it.
func TestUploadsAreOrdinaryWorkbooks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "both.csv")
	require.NoError(t, os.WriteFile(text, []byte(bothYears), 0o600))
	rows, err := openRetail(text, 0)
	require.NoError(t, err)
	path := filepath.Join(dir, "upload.xlsx")
	require.NoError(t, rows.write(path, formatXLSX))
	file, err := excelize.OpenFile(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	sheet := file.GetSheetName(0)
	got, err := file.GetRows(sheet)
	require.NoError(t, err)
	require.Equal(t, [][]string{
		retailHeader,
		{"536365", "85123A", " HEART ", "6", "12/1/10 08:26", "2.55", "17850", "United Kingdom"},
		{"536366", "0042", "", "-1", "12/2/10 08:26", "0", "", "France"},
		{"536367", "22423", "STAND", "3", "1/1/11 08:26", "10.25", "12345", "EIRE"},
	}, got)
	for cell, want := range map[string]excelize.CellType{
		"A2": excelize.CellTypeUnset, "B2": excelize.CellTypeSharedString, "B3": excelize.CellTypeSharedString, // a number has no type
		"C2": excelize.CellTypeSharedString, "E2": excelize.CellTypeUnset, "G2": excelize.CellTypeUnset,
	} {
		got, err := file.GetCellType(sheet, cell)
		require.NoError(t, err)
		require.Equal(t, want, got, cell)
	}
	raw, err := file.GetCellValue(sheet, "F2", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Equal(t, "2.5499999999999998", raw, "as Excel writes it")
}

func TestPlainRowsAreChecked(t *testing.T) {
	t.Parallel()
	good := []string{"536365", "85123A", " HEART ", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "EIRE"}
	for name, tt := range map[string]struct {
		column int
		value  string
	}{
		"no invoice":         {retailInvoice, " "},
		"a long code":        {retailCode, strings.Repeat("x", 65)},
		"no text":            {retailDescription, "\xff"},
		"a broken number":    {retailQuantity, "1.5"},
		"no such date":       {retailDate, "2010-02-30 00:00:00"},
		"a price below zero": {retailPrice, "-0.01"},
		"a tiny price":       {retailPrice, "0.00001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := plainReader{format: formatCSV, lines: map[string]int{}}
			reader.zone = mustZone(t)
			row, err := reader.read(good)
			require.NoError(t, err)
			require.Equal(t, 1, row.line)
			require.Equal(t, "HEART", row.name)
			bad := append([]string{}, good...)
			bad[tt.column] = tt.value
			_, err = reader.read(bad)
			require.Error(t, err)
		})
	}
}
