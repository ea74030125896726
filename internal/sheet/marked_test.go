package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// texts makes cells of a row.
func texts(values ...string) []MarkedCell {
	cells := make([]MarkedCell, len(values))
	for i, v := range values {
		cells[i] = MarkedCell{Kind: MarkedText, Text: v}
	}
	return cells
}

// closeMarked completes the workbook and opens it, after a look at each part's checksum.
func closeMarked(t *testing.T, m *Marked, out *bytes.Buffer, wantRows int64) *excelize.File {
	t.Helper()
	rows, err := m.Close()
	require.NoError(t, err)
	require.Equal(t, wantRows, rows)
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Equal(t, "[Content_Types].xml", archive.File[0].Name)
	for _, entry := range archive.File {
		part, err := entry.Open()
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, part) // fails at the end if the CRC does not fit
		require.NoError(t, err, entry.Name)
		require.NoError(t, part.Close())
	}
	workbook, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = workbook.Close() })
	return workbook
}

func TestMarkedKeepsEveryKindOfCell(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	huge := strings.Repeat("9", 400)
	for name, c := range map[string]struct {
		cell   MarkedCell
		raw    string // as the part has it
		shown  string
		kind   excelize.CellType
		format int
	}{
		"text":              {MarkedCell{Kind: MarkedText, Text: "주문 <&>"}, "주문 <&>", "주문 <&>", excelize.CellTypeInlineString, 49},
		"leading zeros":     {MarkedCell{Kind: MarkedText, Text: "007"}, "007", "007", excelize.CellTypeInlineString, 49},
		"no formula":        {MarkedCell{Kind: MarkedText, Text: "=1+1"}, "=1+1", "=1+1", excelize.CellTypeInlineString, 49},
		"spaces":            {MarkedCell{Kind: MarkedText, Text: " a\n"}, " a\n", " a\n", excelize.CellTypeInlineString, 49},
		"cut":               {MarkedCell{Kind: MarkedText, Text: strings.Repeat("x", MaxCellChars+1)}, strings.Repeat("x", MaxCellChars), strings.Repeat("x", MaxCellChars), excelize.CellTypeInlineString, 49},
		"no text":           {MarkedCell{Kind: MarkedText}, "", "", excelize.CellTypeUnset, 0},
		"blank":             {MarkedCell{Text: "ignored"}, "", "", excelize.CellTypeUnset, 0},
		"number":            {MarkedCell{Kind: MarkedNumber, Text: "-12.50"}, "-12.50", "-12.5", excelize.CellTypeUnset, 0},
		"17 digits":         {MarkedCell{Kind: MarkedNumber, Text: "0.30000000000000004"}, "0.30000000000000004", "0.3", excelize.CellTypeUnset, 0},
		"scientific":        {MarkedCell{Kind: MarkedNumber, Text: "1.5E+21"}, "1.5E+21", "1.5E+21", excelize.CellTypeUnset, 0},
		"no number":         {MarkedCell{Kind: MarkedNumber, Text: "1,5"}, "1,5", "1,5", excelize.CellTypeInlineString, 49},
		"too large":         {MarkedCell{Kind: MarkedNumber, Text: huge}, huge, huge, excelize.CellTypeInlineString, 49},
		"out of range":      {MarkedCell{Kind: MarkedNumber, Text: huge[:200] + "E200"}, huge[:200] + "E200", huge[:200] + "E200", excelize.CellTypeInlineString, 49},
		"infinite":          {MarkedCell{Kind: MarkedNumber, Text: "Inf"}, "Inf", "Inf", excelize.CellTypeInlineString, 49},
		"empty number":      {MarkedCell{Kind: MarkedNumber}, "", "", excelize.CellTypeUnset, 0},
		"moment":            {MarkedCell{Kind: MarkedDateTime, Time: at}, "46056.170217465275", "2026-02-03 04:05:07", excelize.CellTypeUnset, 164},
		"beside a moment":   {MarkedCell{Kind: MarkedDateTime, Time: at.Add(-300)}, "46056.170217465275", "2026-02-03 04:05:07", excelize.CellTypeUnset, 164},
		"wall clock":        {MarkedCell{Kind: MarkedDateTime, Time: at.In(time.FixedZone("", 9*3600))}, "46056.545217465275", "2026-02-03 13:05:07", excelize.CellTypeUnset, 164},
		"before 1900":       {MarkedCell{Kind: MarkedDateTime, Time: time.Date(1899, 12, 31, 1, 2, 3, 0, time.UTC)}, "1899-12-31 01:02:03", "1899-12-31 01:02:03", excelize.CellTypeInlineString, 49},
		"day":               {MarkedCell{Kind: MarkedDate, Time: at}, "46056", "2026-02-03", excelize.CellTypeUnset, 165},
		"end of a day":      {MarkedCell{Kind: MarkedDate, Time: time.Date(2026, 2, 3, 23, 59, 59, 999_999_999, time.UTC)}, "46056", "2026-02-03", excelize.CellTypeUnset, 165},
		"day before 1900":   {MarkedCell{Kind: MarkedDate, Time: time.Date(1812, 5, 6, 0, 0, 0, 0, time.UTC)}, "1812-05-06", "1812-05-06", excelize.CellTypeInlineString, 49},
		"time of day":       {MarkedCell{Kind: MarkedTimeOfDay, Time: time.Date(1, 1, 1, 18, 30, 0, 0, time.UTC)}, "0.7708333333333334", "18:30:00", excelize.CellTypeUnset, 21},
		"midnight":          {MarkedCell{Kind: MarkedTimeOfDay}, "0", "00:00:00", excelize.CellTypeUnset, 21},
		"true":              {MarkedCell{Kind: MarkedFlag, Text: "true"}, "1", "TRUE", excelize.CellTypeBool, 0},
		"false":             {MarkedCell{Kind: MarkedFlag, Text: "false"}, "0", "FALSE", excelize.CellTypeBool, 0},
		"neither":           {MarkedCell{Kind: MarkedFlag, Text: "maybe"}, "maybe", "maybe", excelize.CellTypeInlineString, 49},
		"of an unknown day": {MarkedCell{Kind: MarkedDate, Time: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, "10000-01-01", "10000-01-01", excelize.CellTypeInlineString, 49},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			m := NewMarked(&out, MarkedOptions{})
			require.NoError(t, m.Sheet("a", texts("before", "it", "behind"), nil))
			marked := c.cell
			marked.Marked = true
			require.NoError(t, m.Row([]MarkedCell{c.cell, marked, {Kind: MarkedText, Text: "end"}}))
			workbook := closeMarked(t, m, &out, 1)
			for _, cell := range []string{"A2", "B2"} {
				raw, err := workbook.GetCellValue("a", cell, excelize.Options{RawCellValue: true})
				require.NoError(t, err)
				require.Equal(t, c.raw, raw)
				shown, err := workbook.GetCellValue("a", cell)
				require.NoError(t, err)
				require.Equal(t, c.shown, shown)
				kind, err := workbook.GetCellType("a", cell)
				require.NoError(t, err)
				require.Equal(t, c.kind, kind)
			}
			end, err := workbook.GetCellValue("a", "C2")
			require.NoError(t, err)
			require.Equal(t, "end", end)
			require.Empty(t, styleOf(t, workbook, "a", "A2").Fill.Color)
			require.Equal(t, []string{"FFC7CE"}, styleOf(t, workbook, "a", "B2").Fill.Color)
			if c.raw != "" && c.format < 164 {
				require.Equal(t, c.format, styleOf(t, workbook, "a", "A2").NumFmt)
				require.Equal(t, c.format, styleOf(t, workbook, "a", "B2").NumFmt)
			}
		})
	}
}

func TestMarkedLooksAsItShould(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	modified := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	m := NewMarked(&out, MarkedOptions{Modified: modified, Properties: map[string]string{
		"longhaul-job": "a1 <&\"'> 주문", "longhaul-kind": "orders",
	}})
	header := append(texts("Order", ""), MarkedCell{Kind: MarkedNumber, Text: "2026", Marked: true}, MarkedCell{Kind: MarkedText, Text: "Reason", Reason: true})
	require.NoError(t, m.Sheet("주문 & <Q1>", header, []float64{20.5, 0, math.NaN(), 300}))
	require.NoError(t, m.Row([]MarkedCell{{}, {Marked: true}, {}, {Kind: MarkedText, Text: "no such order", Reason: true}, {Kind: MarkedText, Text: "beyond"}}))
	require.NoError(t, m.Row(nil))
	require.NoError(t, m.Sheet("second", texts("a"), nil))
	workbook := closeMarked(t, m, &out, 2)

	const name = "주문 & <Q1>"
	require.Equal(t, []string{name, "second"}, workbook.GetSheetList())
	for cell, want := range map[string]struct {
		bold, wrap bool
		color      string
		fill       []string
	}{
		"A1": {bold: true, color: "1F2937", fill: []string{"E7ECF3"}},
		"B1": {bold: true, color: "1F2937", fill: []string{"E7ECF3"}},
		"C1": {bold: true, color: "1F2937", fill: []string{"FFC7CE"}},
		"D1": {bold: true, color: "9C0006", fill: []string{"E7ECF3"}},
		"B2": {color: "000000", fill: []string{"FFC7CE"}},
		"D2": {wrap: true, color: "9C0006"},
		"E2": {color: "000000"},
	} {
		style := styleOf(t, workbook, name, cell)
		require.Equal(t, want.bold, style.Font.Bold, cell)
		require.Equal(t, want.color, style.Font.Color, cell)
		require.Equal(t, want.fill, style.Fill.Color, cell)
		require.Equal(t, want.wrap, style.Alignment != nil && style.Alignment.WrapText, cell)
	}
	for column, want := range map[string]float64{"A": 20.5, "B": defaultWidth, "C": defaultWidth, "D": maxColumnWidth} {
		width, err := workbook.GetColWidth(name, column)
		require.NoError(t, err)
		require.InDelta(t, want, width, 0, column)
	}
	panes, err := workbook.GetPanes(name)
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	require.Equal(t, 1, panes.YSplit)
	names := workbook.GetDefinedName()
	require.Len(t, names, 2)
	require.Equal(t, "'"+name+"'!$A$1:$E$3", names[0].RefersTo, "all rows, and the column beyond the header")
	require.Equal(t, "'second'!$A$1:$A$1", names[1].RefersTo)
	require.Contains(t, partOf(t, out.Bytes(), "xl/worksheets/sheet1.xml"), `<autoFilter ref="A1:E3"/>`)

	properties, err := workbook.GetCustomProps()
	require.NoError(t, err)
	require.Equal(t, []excelize.CustomProperty{
		{Name: "longhaul-job", Value: "a1 <&\"'> 주문"}, {Name: "longhaul-kind", Value: "orders"},
	}, properties)
	core, err := workbook.GetDocProps()
	require.NoError(t, err)
	require.Equal(t, "2026-03-04T05:06:07Z", core.Modified)
}

func partOf(t *testing.T, archive []byte, name string) string {
	t.Helper()
	parts, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	part, err := readPart(parts, name)
	require.NoError(t, err)
	return string(part)
}

// The part, its relationship and its content type: without one of them programs drop the properties on saving.
func TestMarkedPropertiesAreTiedIn(t *testing.T) {
	t.Parallel()
	for custom, properties := range map[bool]map[string]string{true: {"longhaul-job": "a1"}, false: nil} {
		var out bytes.Buffer
		m := NewMarked(&out, MarkedOptions{Properties: properties})
		require.NoError(t, m.Sheet("a", nil, nil))
		closeMarked(t, m, &out, 0)
		require.Equal(t, custom, strings.Contains(partOf(t, out.Bytes(), "[Content_Types].xml"),
			`<Override PartName="/docProps/custom.xml" ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/>`))
		require.Equal(t, custom, strings.Contains(partOf(t, out.Bytes(), "_rels/.rels"),
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties" Target="docProps/custom.xml"/>`))
		if custom {
			require.Contains(t, partOf(t, out.Bytes(), "docProps/custom.xml"), `name="longhaul-job"><vt:lpwstr>a1</vt:lpwstr>`)
		}
	}
}

func TestMarkedGoesOnInTheNextSheet(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]func(*Marked){
		"rows":  func(m *Marked) { m.maxRows = 3 },
		"bytes": func(m *Marked) { m.maxBytes = chunkSize },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			m := NewMarked(&out, MarkedOptions{})
			limit(m)
			require.NoError(t, m.Sheet("Data", texts("first"), []float64{33}))
			for i := range 5 {
				require.NoError(t, m.Row(texts(fmt.Sprint(i), strings.Repeat("x", 30_000), strings.Repeat("y", 30_000))))
			}
			require.NoError(t, m.Sheet("data (2)", texts("second"), nil)) // taken by now
			require.NoError(t, m.Row(texts("5")))
			workbook := closeMarked(t, m, &out, 6)
			require.Equal(t, []string{"Data", "Data (2)", "Data (3)", "data (2) (2)"}, workbook.GetSheetList())
			var found []string
			for i, sheet := range workbook.GetSheetList() {
				rows, err := workbook.GetRows(sheet)
				require.NoError(t, err)
				header := "first"
				if i == 3 {
					header = "second"
				} else {
					width, err := workbook.GetColWidth(sheet, "A")
					require.NoError(t, err)
					require.InDelta(t, 33, width, 0)
				}
				require.Equal(t, []string{header}, rows[0])
				for _, row := range rows[1:] {
					found = append(found, row[0])
				}
			}
			require.Equal(t, []string{"0", "1", "2", "3", "4", "5"}, found)
		})
	}
}

func TestMarkedMakesTheSameBytes(t *testing.T) {
	t.Parallel()
	write := func() []byte {
		var out bytes.Buffer
		m := NewMarked(&out, MarkedOptions{Properties: map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"}})
		for sheet := range 3 {
			require.NoError(t, m.Sheet("s", texts("a", "b"), nil))
			for i := range 2_000 {
				require.NoError(t, m.Row(texts(fmt.Sprint(i*sheet), strings.Repeat("z", i%90))))
			}
		}
		closeMarked(t, m, &out, 6_000)
		return out.Bytes()
	}
	first := write()
	require.Equal(t, first, write())
}

func TestMarkedRefusesWhatIsNoWorkbook(t *testing.T) {
	t.Parallel()
	m := NewMarked(io.Discard, MarkedOptions{})
	require.ErrorContains(t, m.Row(texts("a")), "no sheet")
	require.ErrorContains(t, m.Sheet("a", make([]MarkedCell, MaxColumns+1), nil), "16385 columns")
	require.NoError(t, m.Sheet("a", make([]MarkedCell, MaxColumns), nil))
	require.ErrorContains(t, m.Row(make([]MarkedCell, MaxColumns+1)), "16385 cells")
	_, err := m.Close()
	require.NoError(t, err)
	require.ErrorContains(t, m.Row(nil), "closed")
	require.ErrorContains(t, m.Sheet("b", nil, nil), "closed")
	_, err = m.Close()
	require.ErrorContains(t, err, "closed")

	_, err = NewMarked(io.Discard, MarkedOptions{}).Close()
	require.ErrorContains(t, err, "no sheet")
}

func TestMarkedTellsOfAFailedWrite(t *testing.T) {
	t.Parallel()
	for room := 0; ; room += 500 {
		m := NewMarked(&fullDisk{left: room}, MarkedOptions{})
		err := m.Sheet("a", texts("a"), nil)
		for i := 0; i < 1_000 && err == nil; i++ {
			err = m.Row(texts(fmt.Sprint(i*i*i), fmt.Sprint(i*7919)))
		}
		_, closed := m.Close()
		if closed == nil {
			require.NoError(t, err)
			require.Greater(t, room, 5_000)
			return
		}
		require.ErrorIs(t, closed, errDiskFull, "room for %d bytes", room)
	}
}

// Not parallel: it reads how much memory the whole program has.
func TestMarkedNeedsLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := NewMarked(io.Discard, MarkedOptions{})
	require.NoError(t, m.Sheet("a", texts("a", "b", "c"), nil))
	row := append(texts("some text", strings.Repeat("t", 300)), MarkedCell{Kind: MarkedNumber, Text: "12.5", Marked: true})
	for range 100_000 {
		require.NoError(t, m.Row(row))
	}
	runtime.ReadMemStats(&after)
	rows, err := m.Close()
	require.NoError(t, err)
	require.EqualValues(t, 100_000, rows)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "bytes allocated, in use or not, for 35 MB of XML")
}

func BenchmarkMarked(b *testing.B) {
	m := NewMarked(io.Discard, MarkedOptions{})
	m.maxRows = math.MaxInt64
	require.NoError(b, m.Sheet("a", texts("a"), nil))
	row := texts("C489434", "85048", "15CM CHRISTMAS GLASS BALL 20 LIGHTS", "United Kingdom", "no such product")
	row = append(row, MarkedCell{Kind: MarkedNumber, Text: "6.95"}, MarkedCell{Kind: MarkedDateTime, Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)})
	row[1].Marked, row[4].Reason = true, true
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Row(row); err != nil {
			b.Fatal(err)
		}
	}
}
