package sheet

import (
	"bytes"
	"encoding/xml"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

func TestWorkbookLooksAsItShould(t *testing.T) {
	t.Parallel()
	layout := Layout{Format: XLSX, Sheet: "주문", Columns: []Column{
		{Header: "SKU", Width: 18.5}, {Header: "Qty", Type: Integer}, {Header: "Price", Type: Decimal, Decimals: 4},
		{Header: "Day", Type: Date}, {Header: "At", Type: Instant}, {Header: "Paid", Type: Flag},
	}}
	workbook, _ := workbookOf(t, layout, cells("007", "1", "2.5", "2026-01-02", "2026-01-02 03:04:05", "1"))

	panes, err := workbook.GetPanes("주문")
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	require.Equal(t, "A2", panes.TopLeftCell)
	width, err := workbook.GetColWidth("주문", "A")
	require.NoError(t, err)
	require.InDelta(t, 18.5, width, 0)
	width, err = workbook.GetColWidth("주문", "B")
	require.NoError(t, err)
	require.InDelta(t, defaultWidth, width, 0)

	header := styleOf(t, workbook, "주문", "A1")
	require.True(t, header.Font.Bold)
	require.Equal(t, "pattern", header.Fill.Type)
	for cell, format := range map[string]int{"A2": 49, "B2": 3} {
		require.Equal(t, format, styleOf(t, workbook, "주문", cell).NumFmt, cell)
	}
	for cell, format := range map[string]string{"C2": "#,##0.0000", "D2": "yyyy-mm-dd", "E2": "yyyy-mm-dd hh:mm:ss"} {
		style := styleOf(t, workbook, "주문", cell)
		require.NotNil(t, style.CustomNumFmt, cell)
		require.Equal(t, format, *style.CustomNumFmt, cell)
		column, err := workbook.GetColStyle("주문", cell[:1]) // for what is typed in below
		require.NoError(t, err)
		cellStyle, err := workbook.GetCellStyle("주문", cell)
		require.NoError(t, err)
		require.Equal(t, cellStyle, column, cell)
	}
	names := workbook.GetDefinedName()
	require.Len(t, names, 1)
	require.Equal(t, "'주문'!$A$1:$F$2", names[0].RefersTo)
}

func styleOf(t *testing.T, workbook *excelize.File, sheet, cell string) *excelize.Style {
	t.Helper()
	id, err := workbook.GetCellStyle(sheet, cell)
	require.NoError(t, err)
	style, err := workbook.GetStyle(id)
	require.NoError(t, err)
	return style
}

// Excel repairs a sheet whose elements come in another order than the schema's.
func TestElementsOfASheetAreInOrder(t *testing.T) {
	t.Parallel()
	order := []string{
		"sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter", "ignoredErrors",
	}
	layout := benchLayout()
	file, _ := assembleAll(t, layout, encodePages(t, layout, 10, benchData(30)), 21)
	for _, name := range []string{"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} {
		decoder := xml.NewDecoder(bytes.NewReader(entryOf(t, file, name)))
		depth, last := 0, -1
		for {
			token, err := decoder.Token()
			if token == nil {
				break
			}
			require.NoError(t, err)
			switch element := token.(type) {
			case xml.StartElement:
				if depth++; depth == 2 {
					at := slices.Index(order, element.Name.Local)
					require.Greater(t, at, last, element.Name.Local)
					last = at
				}
			case xml.EndElement:
				depth--
			}
		}
		require.Equal(t, len(order)-1, last)
	}
	require.Contains(t, string(entryOf(t, file, "xl/worksheets/sheet1.xml")),
		`<ignoredError sqref="A1:L21" numberStoredAsText="true">`)
}

func TestSheetNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("재고", 20)
	for base, want := range map[string][2]string{
		"Order lines":           {"Order lines", "Order lines (2)"},
		"":                      {"Sheet1", "Sheet1 (2)"},
		" \t ":                  {"Sheet1", "Sheet1 (2)"},
		"a[b]c:d*e?f/g\\h":      {"a-b-c-d-e-f-g-h", "a-b-c-d-e-f-g-h (2)"},
		"'quoted'":              {"’quoted’", "’quoted’ (2)"},
		"history":               {"history_", "history_ (2)"},
		"\xffa\x00b":            {"a b", "a b (2)"},
		long:                    {string([]rune(long)[:31]), string([]rune(long)[:27]) + " (2)"},
		strings.Repeat("😀", 20): {strings.Repeat("😀", 15), strings.Repeat("😀", 13) + " (2)"},
		"<&\"> 1":               {"<&\"> 1", "<&\"> 1 (2)"},
	} {
		layout := Layout{Format: XLSX, Sheet: base, Columns: []Column{{Type: Integer}}}
		file, _ := assembleAll(t, layout, encodePages(t, layout, 1, numbered(2)), 2)
		require.Equal(t, want[:], openWorkbook(t, file).GetSheetList(), "%q", base)
		for _, name := range want {
			require.LessOrEqual(t, len(utf16.Encode([]rune(name))), maxNameChars)
		}
	}
	require.Equal(t, string([]rune(long)[:24])+" (1000)", sheetName(long, 999))
}

func TestLayoutIsChecked(t *testing.T) {
	t.Parallel()
	one := []Column{{}}
	for want, layout := range map[string]Layout{
		"unknown format":  {Format: "pdf", Columns: one},
		"no columns":      {Format: CSV},
		"a sheet holds":   {Format: XLSX, Columns: make([]Column, MaxColumns+1)},
		"unknown type":    {Format: XLSX, Columns: []Column{{Type: Flag + 1}}},
		"width -1":        {Format: XLSX, Columns: []Column{{Width: -1}}},
		"width NaN":       {Format: XLSX, Columns: []Column{{Width: math.NaN()}}},
		"width 256":       {Format: XLSX, Columns: []Column{{Width: 256}}},
		"-1 decimals":     {Format: XLSX, Columns: []Column{{Decimals: -1}}},
		"16 decimals are": {Format: XLSX, Columns: []Column{{Decimals: 16}}},
	} {
		_, err := NewEncoder(layout)
		require.ErrorContains(t, err, want)
		_, err = Assemble(t.Context(), nil, layout, nil, nil, nil)
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, ".csv", CSV.Extension())
	require.Equal(t, ".xlsx", XLSX.Extension())
	require.Contains(t, CSV.ContentType(), "text/csv")
	require.Contains(t, XLSX.ContentType(), "spreadsheetml.sheet")
}
