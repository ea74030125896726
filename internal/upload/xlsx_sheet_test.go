package upload

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// TestCells has what the files of programs at hand do not: XML as others may write it.
func TestCells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows string
		want map[string]string
	}{
		"shared text":              {`<row r="1"><c r="A1" t="s"><v>1</v></c></row>`, map[string]string{"A1": "text one"}},
		"no references":            {`<row><c><v>1</v></c><c/><c><v>2</v></c></row><row/><row><c><v>3</v></c></row>`, map[string]string{"A1": "number 1", "C1": "number 2", "A3": "number 3"}},
		"row named by its cell":    {`<row><c r="C5"><v>1</v></c></row><row><c><v>2</v></c></row>`, map[string]string{"C5": "number 1", "A6": "number 2"}},
		"gaps":                     {`<row r="3"><c r="B3"><v>1</v></c><c r="AA3"><v>2</v></c></row><row r="1048576"><c r="A1048576"><v>3</v></c></row>`, map[string]string{"B3": "number 1", "AA3": "number 2", "A1048576": "number 3"}},
		"attributes in any order":  {`<row ht="9" r='2'><c t = 'str'  s="0" r="A2" ><v>x</v></c ></row >`, map[string]string{"A2": "text x"}},
		"attribute with reference": {`<row r="&#50;"><c r="A&#x32;"><v>1</v></c></row>`, map[string]string{"A2": "number 1"}},
		"foreign attributes":       {`<row x:r="9" r="1"><c y:t="s" z:s="1" r="A1"><v>5</v></c></row>`, map[string]string{"A1": "number 5"}},
		"foreign elements":         {`<e><row><c><v>9</v></c></row></e><row r="1"><e><c r="A1"><v>9</v></c></e><c r="B1"><f t="shared"><v>9</v></f><v>1</v><extLst><v>9</v></extLst></c></row>`, map[string]string{"B1": "number 1"}},
		"formula":                  {`<row><c><f>1+1</f><v>2</v></c><c><f>[1]Sheet1!A1</f></c><c t="str"><f>""</f><v></v></c><c t="e"><f>NA()</f><v>#N/A</v></c></row>`, map[string]string{"A1": "number 2", "D1": "fault #N/A"}},
		"rich text":                {`<row><c t="inlineStr"><is><r><rPr><b/></rPr><t>도쿄</t></r><r><t xml:space="preserve"> 都</t></r><rPh sb="0" eb="1"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></is></c></row>`, map[string]string{"A1": "text 도쿄 都"}},
		"entities and CDATA":       {`<row><c t="str"><v>&lt;&#44032;&#x1F600;<![CDATA[ <&amp;> ]]>&quot;&apos;</v></c></row>`, map[string]string{"A1": `text <가😀 <&amp;> "'`}},
		"line ends":                {"<row><c t=\"str\"><v>a\r\nb\rc&#13;d_x000D_\n</v></c></row>", map[string]string{"A1": "text a\nb\nc\rd\r\n"}},
		"escapes":                  {`<row><c t="str"><v>_x0009__x005F_x0041__xD83D__xDE00__xD83D__x00e9__xZZZZ_</v></c></row>`, map[string]string{"A1": "text \t_x0041_😀\uFFFDé_xZZZZ_"}},
		"comments":                 {`<!-- <row> --><row><!----><c><v>1<!-- 2 -->3</v></c><?pi <c>?></row>`, map[string]string{"A1": "number 13"}},
		"flags":                    {`<row><c t="b"><v>1</v></c><c t="b"><v>false</v></c><c t="b"><v>2</v></c></row>`, map[string]string{"A1": "flag true", "B1": "flag false", "C1": "text 2"}},
		"numbers":                  {`<row><c><v> 12 </v></c><c><v>0.10000000000000001</v></c><c><v>1.50</v></c><c><v>abc</v></c><c><v>1e999</v></c></row>`, map[string]string{"A1": "number 12", "B1": "number 0.1", "C1": "number 1.5", "D1": "text abc", "E1": "text 1e999"}},
		"moments":                  {`<row><c s="1"><v>45351</v></c><c s="2"><v>45351.3229166667</v></c><c s="3"><v>0.32290509259</v></c><c s="1"><v>-1</v></c><c s="1" t="str"><v>45351</v></c><c s="99"><v>1</v></c></row>`, map[string]string{"A1": "moment 2024-02-29", "B1": "moment 2024-02-29 07:45:00.000", "C1": "moment 07:44:59.000", "D1": "number -1", "E1": "text 45351", "F1": "number 1"}},
		"ISO 8601":                 {`<row><c t="d"><v>2024-02-29</v></c><c t="d"><v>2024-02-29T07:45:00Z</v></c><c t="d" s="1"><v>2024-02-29T00:00:00</v></c><c t="d"><v>07:45:00.1234</v></c><c t="d"><v>2023-02-29</v></c></row>`, map[string]string{"A1": "moment 2024-02-29", "B1": "moment 2024-02-29 07:45:00.000", "C1": "moment 2024-02-29", "D1": "moment 07:45:00.123", "E1": "text 2023-02-29"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{}
			for cell, value := range c.want {
				want["Data!"+cell] = value
			}
			require.Equal(t, want, requireCells(t, book{sheetPart: sheetXML(c.rows)}.bytes(t)))
			// The same with prefixes, as some libraries write.
			prefixed := strings.NewReplacer("<![", "<![", "<!", "<!", "<?", "<?", "</", "</x:", "<", "<x:").Replace(
				strings.ReplaceAll(sheetXML(c.rows), "<&amp;>", "\x00"))
			prefixed = strings.ReplaceAll(strings.ReplaceAll(prefixed, "\x00", "<&amp;>"), mainNS, `xmlns:x="u"`)
			require.Equal(t, want, requireCells(t, book{sheetPart: "\uFEFF" + prefixed}.bytes(t)))
		})
	}
}

func TestDamagedSheets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sheet string
		words []string
	}{
		"rows out of order":       {sheetXML(`<row r="5"><c r="A5"><v>1</v></c></row><row r="4"/>`), []string{"sheet Data, row 5", "row 4 comes next"}},
		"a row twice":             {sheetXML(`<row r="5"/><row r="5"/>`), []string{"row 5 comes next"}},
		"too many rows":           {sheetXML(`<row r="1048576"/><row/>`), []string{"row 1,048,576: row 1,048,577 comes next, more than a sheet can have"}},
		"row number too high":     {sheetXML(`<row r="1048577"/>`), []string{"row 1,048,577 comes next"}},
		"row number is none":      {sheetXML(`<row r="x"/>`), []string{`"x"`}},
		"columns out of order":    {sheetXML(`<row r="1"><c r="B1"/><c r="A1"/></row>`), []string{"sheet Data, row 1", "A1 comes after B1"}},
		"column too high":         {sheetXML(`<row r="1"><c r="XFE1"/></row>`), []string{"more columns than a sheet can have"}},
		"cell of another row":     {sheetXML(`<row r="1"><c r="A2"/></row>`), []string{"row 1", "A2"}},
		"no shared text":          {sheetXML(`<row r="7"><c r="A7" t="s"><v>2</v></c></row>`), []string{"row 7", "shared text 2, but there are 2"}},
		"shared text is no index": {sheetXML(`<row r="7"><c r="C7" t="s"><v>x</v></c></row>`), []string{"C7", `"x"`}},
		"document type":           {`<!DOCTYPE x [<!ENTITY a "b">]>` + sheetXML(``), []string{"document type definition"}},
		"entity":                  {sheetXML(`<row><c t="str"><v>&a;</v></c></row>`), []string{"unknown reference &a;"}},
		"no character":            {sheetXML(`<row><c t="str"><v>&#xD800;</v></c></row>`), []string{"is no character"}},
		"control character":       {sheetXML("<row><c t=\"str\"><v>a\x01</v></c></row>"), []string{"row 1", "U+0001"}},
		"not UTF-8":               {sheetXML("<row><c t=\"str\"><v>\xB0\xA1</v></c></row>"), []string{"not UTF-8"}},
		"other encoding":          {`<?xml version="1.0" encoding="EUC-KR"?>` + sheetXML(``), []string{`"euc-kr"`}},
		"cut off":                 {`<worksheet><sheetData><row r="3"><c r="A3"><v>1</v></c></row><row`, []string{"row 3", "ends inside a tag"}},
		"cut off between tags":    {`<worksheet><sheetData><row r="3"><c r="A3"><v>1</v></c>`, []string{"row 3", "ends too early"}},
		"cut off in a text":       {`<worksheet><sheetData><row r="3"><c r="A3"><v>1`, []string{"row 3", "ends too early"}},
		"no quotes":               {sheetXML(`<row r=1/>`), []string{"without quotes"}},
		"a tag without end":       {sheetXML(`<row r="1"><c r="A1<v>1</v></c></row>`), []string{"does not end"}},
		"no worksheet":            {`<html/>`, []string{"<html>"}},
		"empty":                   {``, []string{"sheet Data", "ends too early"}},
		"a tag without limit":     {`<worksheet a="` + strings.Repeat("x", 2*maxTag) + `"/>`, []string{"longer than 1.0 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cellsOf(t.Context(), book{sheetPart: c.sheet}.bytes(t), Limits{})
			requireRefused(t, err, job.CodeInvalid, append(c.words, "the workbook is damaged")...)
		})
	}
}

func TestLimitsOfSheets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("가", 11)
	for name, c := range map[string]struct {
		book   book
		limits Limits
		words  []string
	}{
		"cell":         {book{sheetPart: sheetXML(`<row r="2"><c r="B2" t="str"><v>` + long + `</v></c></row>`)}, Limits{CellChars: 10}, []string{"sheet Data, cell B2", "10 characters", "LONGHAUL_UPLOAD_MAX_CELL"}},
		"shared text":  {book{sheetPart: sheetXML(`<row r="2"><c r="B2" t="s"><v>0</v></c></row>`), sharedPath: "<sst><si><t>" + long + "</t></si></sst>"}, Limits{CellChars: 10}, []string{"sheet Data, cell B2", "LONGHAUL_UPLOAD_MAX_CELL"}},
		"endless cell": {book{sheetPart: sheetXML(`<row r="2"><c r="B2" t="str"><v>` + strings.Repeat("x", maxText+1) + `</v></c></row>`)}, Limits{}, []string{"sheet Data, cell B2", "LONGHAUL_UPLOAD_MAX_CELL"}},
		"endless runs": {book{sheetPart: sheetXML(`<row r="2"><c r="B2" t="s"><v>0</v></c></row>`), sharedPath: "<sst><si>" + strings.Repeat("<r><t>"+strings.Repeat("x", 1<<20)+"</t></r>", 9) + "</si></sst>"}, Limits{}, []string{"shared texts", "LONGHAUL_UPLOAD_MAX_CELL"}},
		"columns":      {book{sheetPart: sheetXML(`<row r="2"><c r="K2"><v>1</v></c></row>`)}, Limits{Columns: 10}, []string{"sheet Data", "10 columns", "LONGHAUL_UPLOAD_MAX_COLUMNS"}},
		"rows":         {book{sheetPart: sheetXML(`<row r="2"><c><v>1</v></c></row><row/><row><c><v>1</v></c></row>`)}, Limits{Rows: 1}, []string{"sheet Data, row 4", "1 rows", "LONGHAUL_UPLOAD_MAX_ROWS"}},
		"expanded":     {book{}, Limits{Expanded: 1000}, []string{"1,000 bytes", "LONGHAUL_UPLOAD_MAX_EXPANDED"}},
		"entries":      {book{}, Limits{Entries: 6}, []string{"7 parts", "6 allowed", "LONGHAUL_UPLOAD_MAX_ENTRIES"}},
		"empty beyond": {book{sheetPart: sheetXML(`<row r="2"><c r="A2"><v>1</v></c><c r="K2" s="1"/></row>`)}, Limits{Columns: 10, CellChars: 10}, nil},
		"just enough":  {book{sheetPart: sheetXML(`<row r="2"><c r="J2" t="str"><v>` + long[3:] + `</v></c></row>`)}, Limits{Columns: 10, CellChars: 10, Rows: 1, Entries: 7}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cellsOf(t.Context(), c.book.bytes(t), c.limits)
			if c.words == nil {
				require.NoError(t, err)
				return
			}
			requireRefused(t, err, job.CodeTooLarge, c.words...)
		})
	}
}

func TestTooManySharedTexts(t *testing.T) {
	t.Parallel()
	texts := "<si><t>" + strings.Repeat("x", 30_000) + "</t></si>"
	file := book{
		sheetPart:  sheetXML(`<row><c t="s"><v>0</v></c></row><row><c t="s"><v>299</v></c></row>`),
		sharedPath: "<sst>" + strings.Repeat(texts, 300) + "</sst>",
	}.bytes(t)
	cells, err := cellsOf(t.Context(), file, Limits{Expanded: 100 << 20})
	requireRefused(t, err, job.CodeTooLarge, "shared texts", "8.0 MiB", "LONGHAUL_UPLOAD_MAX_EXPANDED")
	require.Len(t, cells, 1, "the first row needs no more than the first text")

	require.Len(t, requireCells(t, file), 2)
}

// TestSharedTextsOfAllLengths meets the borders of the table's blocks.
func TestSharedTextsOfAllLengths(t *testing.T) {
	t.Parallel()
	var texts, rows strings.Builder
	want := map[string]string{}
	for i := range 10_000 {
		text := strconv.Itoa(i)
		if i%100 == 0 {
			text += strings.Repeat("가", i*i%32_000)
		}
		texts.WriteString("<si><t>" + text + "</t></si>")
		if i%7 == 0 {
			// Backwards, so that the whole table is needed at once.
			number := strconv.Itoa(len(want) + 1)
			rows.WriteString(`<row><c t="s"><v>` + strconv.Itoa(9_999-i) + `</v></c></row>`)
			want["Data!A"+number] = ""
		}
	}
	got := requireCells(t, book{sheetPart: sheetXML(rows.String()), sharedPath: "<sst>" + texts.String() + "</sst>"}.bytes(t))
	require.Len(t, got, len(want))
	for i := 0; i < 10_000; i += 7 {
		index := 9_999 - i
		text := "text " + strconv.Itoa(index)
		if index%100 == 0 {
			text += strings.Repeat("가", index*index%32_000)
		}
		require.Equal(t, text, got["Data!A"+strconv.Itoa(i/7+1)])
	}
}

func TestEmptyRowsAreSkipped(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 1_000 {
		rows.WriteString(`<row r="` + strconv.Itoa(i+1) + `" s="1" customFormat="1"><c r="A` + strconv.Itoa(i+1) + `" s="1"/><c r="B` + strconv.Itoa(i+1) + `" t="s"/><c t="inlineStr"><is><t/></is></c></row>`)
	}
	rows.WriteString(`<row r="2000"><c r="B2000"><v>1</v></c></row>`)
	cells, err := cellsOf(t.Context(), book{sheetPart: sheetXML(rows.String())}.bytes(t), Limits{Rows: 1})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Data!B2000": "number 1"}, cells)
}

// TestNoAllocations reads rows of all kinds again and again.
func TestNoAllocations(t *testing.T) {
	const batch = 500
	var rows strings.Builder
	for range 20 * batch {
		rows.WriteString(`<row><c s="2"><v>45351.5</v></c><c><v>12.5</v></c><c><v>0.10000000000000001</v></c><c t="s"><v>1</v></c><c t="b"><v>1</v></c>` +
			`<c t="inlineStr"><is><t>a &amp; 가</t></is></c><c t="str"><v>x_x000D_</v></c><c t="e"><v>#N/A</v></c></row><row><c s="1"/></row>`)
	}
	w, err := openBytes(t.Context(), book{sheetPart: sheetXML(rows.String())}.bytes(t), Limits{})
	require.NoError(t, err)
	source := w.rows(t.Context())
	read := func() {
		for range batch {
			if _, err := source.next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	require.Less(t, testing.AllocsPerRun(15, read), float64(batch)/20, "for 8 cells a row; the rest is of the inflater")
	require.NoError(t, source.close())
}
