package upload

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/job"
)

func TestSheetsOfWorkbook(t *testing.T) {
	t.Parallel()
	file := book{
		"xl/workbook.xml": `<workbook ` + mainNS + ` ` + relNS + `><workbookPr date1904="true"/><sheets>
			<sheet name="Secret" sheetId="1" state="veryHidden" r:id="rId6"/><sheet name="Zweite &amp; letzte" sheetId="4" r:id="rId5"/>
			<sheet name="Chart" sheetId="3" r:id="rId4"/><sheet name="Nothing" sheetId="7" r:id="rId7"/><sheet name="Data" sheetId="2" state="visible" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships ` + relsNS + `>
			<Relationship Id="rId1" Type="` + relURL + `worksheet" Target="/xl/worksheets/sheet1.xml"/>
			<Relationship Id="rId4" Type="` + relURL + `chartsheet" Target="chartsheets/sheet1.xml"/>
			<Relationship Id="rId5" Type="` + relURL + `worksheet" Target="..\XL\My%20Sheets\./B.xml"/>
			<Relationship Id="rId6" Type="` + relURL + `worksheet" Target="gone.xml"/>
			<Relationship Id="rId7" Type="` + relURL + `worksheet" Target="nothing.xml"/>
			<Relationship Id="rId8" Type="` + relURL + `externalLink" Target="file:///etc/passwd" TargetMode="External"/></Relationships>`,
		`xl\my sheets\b.XML`: sheetXML(`<row r="4"><c r="B4"><v>2</v></c></row>`),
		"xl/nothing.xml":     sheetXML(`<row r="1"><c r="A1" s="1"/></row>`),
	}.bytes(t)
	w, err := openBytes(t.Context(), file, Limits{})
	require.NoError(t, err)
	require.Equal(t, []Sheet{{Name: "Zweite & letzte"}, {Name: "Data"}}, w.sheets)
	require.True(t, w.from1904)
	require.Equal(t, map[string]string{"Zweite & letzte!B4": "number 2", "Data!A1": "number 1"}, requireCells(t, file))
}

// TestStrictWorkbook has the names of ISO 29500 Strict, which only their last words share with the usual ones.
func TestStrictWorkbook(t *testing.T) {
	t.Parallel()
	strict := strings.NewReplacer("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships",
		"http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
	parts := ordinary()
	for name, text := range parts {
		parts[name] = strict.Replace(text)
	}
	parts[sheetPart] = strict.Replace(sheetXML(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1" t="d"><v>2024-02-29T00:00:00.000</v></c></row>`))
	require.Equal(t, map[string]string{"Data!A1": "text zero", "Data!B1": "moment 2024-02-29"}, requireCells(t, parts.bytes(t)))
}

func TestUTF16Workbook(t *testing.T) {
	t.Parallel()
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, mark := range []string{"\uFEFF", ""} {
			encode := func(s string) string {
				var b []byte
				for _, unit := range utf16.Encode([]rune(mark + `<?xml version="1.0" encoding="UTF-16"?>` + s)) {
					b = order.AppendUint16(b, unit)
				}
				return string(b)
			}
			parts := ordinary()
			parts[sheetPart] = sheetXML(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>2.50</v></c></row>`)
			parts[sharedPath] = `<sst><si><t>가😀</t></si></sst>`
			for name, text := range parts {
				parts[name] = encode(text)
			}
			require.Equal(t, map[string]string{"Data!A1": "text 가😀", "Data!B1": "number 2.5"}, requireCells(t, parts.bytes(t)))
		}
	}
}

func TestParentJob(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	require.NoError(t, f.SetCellValue("Sheet1", "A1", 1))
	require.NoError(t, f.SetCustomProps(excelize.CustomProperty{Name: "other", Value: "x"}))
	require.NoError(t, f.SetCustomProps(excelize.CustomProperty{Name: "longhaul-job", Value: "save-42"}))
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	w, err := openBytes(t.Context(), b.Bytes(), Limits{})
	require.NoError(t, err)
	require.Equal(t, "save-42", w.parent)

	w, err = openBytes(t.Context(), book{}.bytes(t), Limits{})
	require.NoError(t, err)
	require.Empty(t, w.parent)
}

func TestNoWorkbooks(t *testing.T) {
	t.Parallel()
	root := func(target string) string {
		return `<Relationships><Relationship Id="1" Type="` + relURL + `officeDocument" Target="` + target + `"/></Relationships>`
	}
	nothing := maps.Clone(ordinary())
	for name := range nothing {
		nothing[name] = "-"
	}
	with := func(b book) book {
		all := maps.Clone(nothing)
		maps.Copy(all, b)
		return all
	}
	for name, c := range map[string]struct {
		book  book
		words []string
	}{
		"zip":          {with(book{"a.txt": "x"}), []string{"ZIP archive without a workbook"}},
		"ods":          {with(book{"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), []string{".ods"}},
		"numbers":      {with(book{"Index/Document.iwa": "x"}), []string{"Numbers"}},
		"xlsb":         {book{"_rels/.rels": root("xl/workbook.bin"), "xl/workbook.bin": "\x83\x01"}, []string{".xlsb", "save it as .xlsx"}},
		"docx":         {book{"_rels/.rels": root("word/document.xml"), "word/document.xml": "<w:document/>"}, []string{"text document"}},
		"pptx":         {book{"_rels/.rels": root("p.xml"), "p.xml": "<p:presentation></p:presentation>"}, []string{"presentation"}},
		"no main part": {book{"xl/workbook.xml": "-"}, []string{"damaged", "no workbook part"}},
		"no sheet":     {book{sheetPart: "-"}, []string{"damaged", "worksheets/sheet1.xml", "sheet Data", "missing"}},
		"no relation":  {book{"xl/_rels/workbook.xml.rels": "-"}, []string{"sheet Data has no part"}},
		"one part twice": {book{"xl/workbook.xml": `<workbook ` + relNS + `><sheets><sheet name="A" r:id="rId1"/><sheet name="B" r:id="rId1"/></sheets></workbook>`},
			[]string{"two sheets share part"}},
		"sheet name":     {book{"xl/workbook.xml": `<workbook><sheets><sheet name="` + strings.Repeat("x", 300) + `"/></sheets></workbook>`}, []string{"a name of 300 bytes"}},
		"relation twice": {book{"_rels/.rels": strings.Replace(root("a"), "</", `<Relationship Id="1"/></`, 1)}, []string{"two relations"}},
		"styles":         {book{stylesPath: "<styleSheet><cellXfs>"}, []string{"damaged", `part "xl/styles.xml": it ends too early`}},
		"document type":  {book{stylesPath: "<!DOCTYPE styleSheet><styleSheet/>"}, []string{"document type definition"}},
		"two names":      {book{"XL/styles.xml": "<styleSheet/>"}, []string{"two parts named"}},
		"shared":         {book{sharedPath: "<!DOCTYPE sst><sst/>", sheetPart: sheetXML(`<row><c t="s"><v>0</v></c></row>`)}, []string{"shared texts", "document type definition"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cellsOf(t.Context(), c.book.bytes(t), Limits{})
			requireRefused(t, err, job.CodeInvalid, c.words...)
		})
	}
}

func TestEncryptedWorkbook(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	var b bytes.Buffer
	require.NoError(t, f.Write(&b, excelize.Options{Password: "secret"}))
	requireRefused(t, describeCompound(bytes.NewReader(b.Bytes()), int64(b.Len())), job.CodeInvalid, "protected with a password")

	for size := range b.Len() {
		if size > 2_000 && size%97 != 0 {
			continue
		}
		cut := b.Bytes()[:size]
		requireRefused(t, describeCompound(bytes.NewReader(cut), int64(size)), job.CodeInvalid, "protected")
	}
	require.ErrorIs(t, describeCompound(failingReader{bytes.NewReader(b.Bytes()), 600}, int64(b.Len())), errStorage)
}

func TestWorkbookRowsFromTheBeginning(t *testing.T) {
	t.Parallel()
	file := savedWorkbook(t, 50, 3)
	w, err := openBytes(t.Context(), file, Limits{})
	require.NoError(t, err)
	first, second := w.rows(t.Context()), w.rows(t.Context())
	for {
		a, err := first.next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		b, err := second.next()
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
	_, err = second.next()
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, first.close())
	require.NoError(t, second.close())
	require.NoError(t, second.close(), "twice")
	_, err = first.next()
	require.ErrorIs(t, err, io.EOF)
}

func TestWorkbookClosedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	w, err := openBytes(t.Context(), streamedWorkbook(t, 3_000, 1), Limits{})
	require.NoError(t, err)
	rows := w.rows(t.Context())
	_, err = rows.next()
	require.NoError(t, err)
	require.NoError(t, rows.close())
	_, err = rows.next()
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestContextEndsWorkbook(t *testing.T) {
	t.Parallel()
	file := streamedWorkbook(t, 4_000, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	w, err := openBytes(ctx, file, Limits{})
	require.NoError(t, err)
	rows := w.rows(ctx)
	_, err = rows.next()
	require.NoError(t, err)
	cancel(reason)
	for err == nil {
		_, err = rows.next()
	}
	require.ErrorIs(t, err, reason)
	require.NoError(t, rows.close())
}
