package sheet

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

func openTemplate(t *testing.T, template Template) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, template.Write(&out))
	workbook, err := excelize.OpenReader(&out)
	require.NoError(t, err)
	t.Cleanup(func() { _ = workbook.Close() })
	return workbook
}

func orderTemplate() Template {
	return Template{
		Sheet: "주문", Guide: "설명",
		Columns: []TemplateColumn{
			{Header: "SKU", Type: Text, Required: true, Example: "00123", Note: "상품 코드 <&>", Width: 18.5},
			{Header: "수량", Type: Integer, Required: true, Example: "12"},
			{Header: "단가", Type: Decimal, Decimals: 2, Example: "12.50"},
			{Header: "주문일", Type: Date, Example: "2026-01-02"},
			{Header: "결제", Type: Instant, Example: "2026-01-02 18:00:00.250"},
			{Header: "선물", Type: Flag, Example: "1"},
			{Header: "상태", Type: Text, Choices: []string{"new", `say "yes"`, "<sent>"}, Example: "new"},
		},
		GuideHeader: []string{"열", "뜻"},
		GuideRows:   [][]string{{"SKU", "상품 코드"}, {"수량", strings.Repeat("길다 ", 40), "extra"}, nil},
	}
}

func TestTemplateLooksAsItShould(t *testing.T) {
	t.Parallel()
	workbook := openTemplate(t, orderTemplate())
	require.Equal(t, []string{"주문", "설명"}, workbook.GetSheetList())
	require.Equal(t, 0, workbook.GetActiveSheetIndex())

	for cell, fill := range map[string]string{"A1": requiredColor, "B1": requiredColor, "C1": headerColor, "G1": headerColor} {
		style := styleOf(t, workbook, "주문", cell)
		require.True(t, style.Font.Bold, cell)
		require.Equal(t, []string{fill}, style.Fill.Color, cell)
	}
	for sheet, all := range map[string]string{"주문": "A1:G2", "설명": "A1:C4"} {
		dimension, err := workbook.GetSheetDimension(sheet)
		require.NoError(t, err)
		require.Equal(t, all, dimension)
		panes, err := workbook.GetPanes(sheet)
		require.NoError(t, err)
		require.True(t, panes.Freeze)
		require.Equal(t, "A2", panes.TopLeftCell)
	}
	for column, want := range map[string]float64{"A": 18.5, "B": defaultWidth, "E": 25} {
		width, err := workbook.GetColWidth("주문", column)
		require.NoError(t, err)
		require.InDelta(t, want, width, 0, column)
	}
	core, err := workbook.GetDocProps()
	require.NoError(t, err)
	require.Equal(t, "1980-01-01T00:00:00Z", core.Created)
	require.Equal(t, "1980-01-01T00:00:00Z", core.Modified)

	rows, err := workbook.GetRows("설명")
	require.NoError(t, err)
	require.Equal(t, [][]string{{"열", "뜻"}, {"SKU", "상품 코드"}, {"수량", strings.Repeat("길다 ", 40), "extra"}}, rows)
	require.True(t, styleOf(t, workbook, "설명", "A1").Font.Bold)
	require.True(t, styleOf(t, workbook, "설명", "B3").Alignment.WrapText)
	width, err := workbook.GetColWidth("설명", "B")
	require.NoError(t, err)
	require.InDelta(t, maxFittedWidth, width, 0)
}

// A format holds for the whole column, also where nobody has typed anything yet.
func TestTemplateFormatsColumns(t *testing.T) {
	t.Parallel()
	workbook := openTemplate(t, orderTemplate())
	for i, want := range []struct {
		number         int
		custom         string
		example, shown string
		kind           excelize.CellType
	}{
		{number: 49, example: "00123", shown: "00123", kind: excelize.CellTypeSharedString},
		{number: 3, example: "12", shown: "12"},
		{number: 4, example: "12.50", shown: "12.50"},
		{custom: "yyyy-mm-dd", example: "46024", shown: "2026-01-02"},
		{custom: "yyyy-mm-dd hh:mm:ss", example: "46024.75000289352", shown: "2026-01-02 18:00:00"},
		{example: "1", shown: "TRUE", kind: excelize.CellTypeBool},
		{number: 49, example: "new", shown: "new", kind: excelize.CellTypeSharedString},
	} {
		letters := columnLetters(i)
		id, err := workbook.GetColStyle("주문", letters)
		require.NoError(t, err)
		style, err := workbook.GetStyle(id)
		require.NoError(t, err)
		if want.custom != "" {
			require.NotNil(t, style.CustomNumFmt, letters)
			require.Equal(t, want.custom, *style.CustomNumFmt)
		} else {
			require.Equal(t, want.number, style.NumFmt, letters)
		}
		ofExample, err := workbook.GetCellStyle("주문", letters+"2")
		require.NoError(t, err)
		require.Equal(t, id, ofExample, letters)
		raw, err := workbook.GetCellValue("주문", letters+"2", excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		require.Equal(t, want.example, raw, letters)
		shown, err := workbook.GetCellValue("주문", letters+"2")
		require.NoError(t, err)
		require.Equal(t, want.shown, shown, letters)
		kind, err := workbook.GetCellType("주문", letters+"2")
		require.NoError(t, err)
		require.Equal(t, want.kind, kind, letters)
	}
}

func TestTemplateKeepsExamplesOfAnotherType(t *testing.T) {
	t.Parallel()
	columns := []TemplateColumn{
		{Type: Integer, Example: "1.5"}, {Type: Decimal, Example: "1,5"}, {Type: Date, Example: "soon"},
		{Type: Instant, Example: "1812-01-01 00:00:00"}, {Type: Flag, Example: "maybe"}, {Type: Text, Example: "=1+1"},
		{Type: Decimal}, {Type: Instant, Example: "2026-01-02"},
	}
	workbook := openTemplate(t, Template{Columns: columns})
	for i, c := range columns[:6] {
		cell := columnLetters(i) + "2"
		value, err := workbook.GetCellValue("Sheet1", cell)
		require.NoError(t, err)
		require.Equal(t, c.Example, value)
		kind, err := workbook.GetCellType("Sheet1", cell)
		require.NoError(t, err)
		require.Equal(t, excelize.CellTypeSharedString, kind, cell)
	}
	blank, err := workbook.GetCellValue("Sheet1", "G2")
	require.NoError(t, err)
	require.Empty(t, blank)
	day, err := workbook.GetCellValue("Sheet1", "H2", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Equal(t, "46024", day)
}

func TestTemplateOffersChoicesAndNotes(t *testing.T) {
	t.Parallel()
	long := make([]string, 300)
	for i := range long {
		long[i] = fmt.Sprintf("choice %d", i+1)
	}
	template := Template{Sheet: "lists", Guide: "Lists", Columns: []TemplateColumn{
		{Header: "short", Choices: []string{"a", `"b"`, "<c>"}, Required: true},
		{Header: "long", Choices: long, Note: "pick one"},
		{Header: "comma", Choices: []string{"a, b", "c"}},
		{Header: "formula", Choices: []string{"=a", "b"}},
		{Header: strings.Repeat("제목", 20), Note: strings.Repeat("설명", 200)},
		{Header: "none"},
	}}
	var out bytes.Buffer
	require.NoError(t, template.Write(&out))
	require.Contains(t, partOf(t, out.Bytes(), "xl/worksheets/sheet1.xml"), `<formula1>"a,""b"",&lt;c&gt;"</formula1>`)
	workbook := openTemplate(t, template)
	require.Equal(t, []string{"lists", "Lists (2)", "Lists (3)"}, workbook.GetSheetList())
	visible, err := workbook.GetSheetVisible("Lists (3)")
	require.NoError(t, err)
	require.False(t, visible)

	validations, err := workbook.GetDataValidations("lists")
	require.NoError(t, err)
	require.Len(t, validations, 5)
	for i, want := range []struct{ kind, formula string }{
		{"list", `"a,"b",<c>"`}, // as excelize reads it: see below for what is written
		{"list", `'Lists (3)'!$A$1:$A$300`},
		{"list", `'Lists (3)'!$B$1:$B$2`},
		{"list", `'Lists (3)'!$C$1:$C$2`},
		{"", ""},
	} {
		v := validations[i]
		require.Equal(t, fmt.Sprintf("%s2:%[1]s1048576", columnLetters(i)), v.Sqref)
		require.Equal(t, want.kind, v.Type)
		require.Equal(t, want.formula, v.Formula1)
		require.Equal(t, want.kind == "list", v.ShowErrorMessage)
		require.Equal(t, template.Columns[i].Required, !v.AllowBlank)
		require.Equal(t, template.Columns[i].Note != "", v.ShowInputMessage)
	}
	require.Equal(t, "pick one", *validations[1].Prompt)
	require.Equal(t, strings.Repeat("제목", 16), *validations[4].PromptTitle)
	require.Equal(t, strings.Repeat("설명", 127)+"설", *validations[4].Prompt)
	for cell, want := range map[string]string{"A1": "choice 1", "A300": "choice 300", "B1": "a, b", "C1": "=a"} {
		value, err := workbook.GetCellValue("Lists (3)", cell)
		require.NoError(t, err)
		require.Equal(t, want, value)
	}
}

// 255 is Excel's limit for a list that stands in the cell.
func TestChoicesFitInCell(t *testing.T) {
	t.Parallel()
	require.True(t, fitsInCell([]string{strings.Repeat("가", 253), "b"}))
	require.False(t, fitsInCell([]string{strings.Repeat("가", 254), "b"}))
	require.False(t, fitsInCell([]string{strings.Repeat("😀", 128)}))
	require.False(t, fitsInCell([]string{"a", ""}))
	require.False(t, fitsInCell([]string{" a"}))
}

func TestTemplateMakesTheSameBytes(t *testing.T) {
	t.Parallel()
	var first bytes.Buffer
	require.NoError(t, orderTemplate().Write(&first))
	for range 10 {
		var again bytes.Buffer
		require.NoError(t, orderTemplate().Write(&again))
		require.Equal(t, first.Bytes(), again.Bytes())
	}
}

func TestTemplateRefusesWhatIsNoWorkbook(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, Template{}.Write(io.Discard), "no columns")
	column := []TemplateColumn{{Header: "a"}}
	require.ErrorContains(t, Template{Columns: column, GuideHeader: []string{"a"}}.Write(io.Discard), "no name")
	column[0].Decimals = 16
	require.ErrorContains(t, Template{Columns: column}.Write(io.Discard), "decimals")
	err := orderTemplate().Write(&fullDisk{left: 100})
	require.ErrorIs(t, err, errDiskFull)
}
