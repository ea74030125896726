package upload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// fuzzLimits are low, so that they are met.
var fuzzLimits = Limits{Columns: 40, CellChars: 30}.withDefaults()

// sheetSeeds are sheets with what is to be known about them, and shared texts for all of them.
var sheetSeeds = []string{
	sheetXML(`<row r="1" spans="1:3" s="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1"><v>1.50</v></c><c r="C1" t="str"><f>A1&amp;"x"</f><v>a_x000D_b</v></c></row>`),
	sheetXML(`<row><c><v>1</v></c><c t="inlineStr"><is><r><t>a</t></r><r><rPr/><t xml:space="preserve"> b</t></r><rPh sb="0"><t>no</t></rPh></is></c></row>`),
	`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\r\n" + `<!-- a --><x:worksheet xmlns:x="u"><x:dimension ref="A1"/><x:sheetData><x:row x:r="9" r='3'><x:c t='b' r='B3'><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
	sheetXML(`<row r="2"><c r="D2" s="1"><v>45351.5</v></c><c r="AA2" t="e"><v>#N/A</v></c></row><row r="5"/><row r="7"><c r="A7" t="d"><v>x</v></c></row>`),
	sheetXML(`<row><c r="A9" t="str"><v><![CDATA[a]]b` + "\r\n" + `]]>&#x41;&lt;<!-- c --><?p i?>` + "\r" + `z</v></c></row><row><c t="n"><v> 0012 </v></c></row>`),
	sheetXML(`<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>`),
	sheetXML(`<row r="1"><c r="A1" s="1" t="s"><v>1</v></c><c r="B1" s="1"><v>45351</v></c><c r="C1" t="inlineStr"><is><t xml:space="preserve"> 가 </t></is></c></row>` + strings.Repeat(" ", plainTag)),
	sheetXML(`<row r="2"/><row r="2"/>`),
	sheetXML(`<row r="1"><c r="AZ1"><v>1</v></c></row>`),
	sheetXML(`<row r="1"><c t="s"><v>99</v></c></row>`),
	sheetXML(`<row r="1"><c t="str"><v>` + strings.Repeat("가", 31) + `</v></c></row>`),
	`<worksheet/>`, `<worksheet><sheetData/></worksheet>`, `<chartsheet/>`,
	`<worksheet xmlns:a="&amp;&#65;"><sheetData><row a:r="1"><c r="&#65;1" t="&#115;"><v>1</v></c></row></sheetData></worksheet>`,
	sheetXML(`<row><c><v>1e-010</v></c><c><v>-0</v></c><c><v>1E+20</v></c><c><v>.5</v></c><c><v>nan</v></c><c><v>0.10000000000000001</v></c></row>`),
}

const sharedSeed = `<sst count="3"><si><t>zero</t></si><si/><si><r><t>_x005F_</t></r><r><rPr><b/></rPr><t>&amp;</t></r><rPh><t>x</t></rPh></si></sst>`

// FuzzSheet compares the scanner with the slow way, for whole reads and for reads of a byte each.
func FuzzSheet(f *testing.F) {
	for _, sheet := range sheetSeeds {
		f.Add([]byte(sheet), []byte(sharedSeed))
	}
	f.Fuzz(compareSheet)
}

func compareSheet(t *testing.T, sheet, shared []byte) {
	texts, err := referenceTexts(shared)
	if err != nil {
		shared, texts = []byte("<sst/>"), nil
	}
	want, wantErr := referenceCells(sheet, texts, fuzzLimits)
	file := book{sheetPart: string(sheet), sharedPath: string(shared), stylesPath: dateStyles}.bytes(t)
	got, gotErr := cellsOf(t.Context(), file, fuzzLimits)
	slow, slowErr := cellsByByte(sheet, texts)
	if err == nil {
		require.Equal(t, gotErr == nil, slowErr == nil, "reading byte by byte: %v, %v", gotErr, slowErr)
		if gotErr == nil {
			require.Equal(t, got, slow, "reading byte by byte")
		}
	}
	compareWithReference(t, want, wantErr, got, gotErr)
}

// TestRandomSheets puts sheets together from pieces, mostly well-formed: bytes that are changed at random are mostly
// not XML any more, and the slow way says nothing about those.
func TestRandomSheets(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		g := sheetGenerator{rng: rand.New(rand.NewPCG(seed, 1))}
		sheet := g.sheet()
		if !t.Run("", func(t *testing.T) { compareSheet(t, []byte(sheet), []byte(sharedSeed)) }) {
			t.Fatalf("seed %d: %s", seed, sheet)
		}
	}
}

// sheetGenerator writes worksheets, with something unusual every now and then.
type sheetGenerator struct {
	rng         *rand.Rand
	row, column int
}

func (g *sheetGenerator) one(of ...string) string { return of[g.rng.IntN(len(of))] }

func (g *sheetGenerator) rarely(s string) string {
	if g.rng.IntN(40) == 0 {
		return s
	}
	return ""
}

func (g *sheetGenerator) sheet() string {
	var b strings.Builder
	b.WriteString(g.one("", "\xEF\xBB\xBF", `<?xml version="1.0" encoding="UTF-8"?>`, "<!-- <row> -->") + "<worksheet>")
	b.WriteString(g.one("", `<dimension ref="A1"/>`, `<cols><col min="1" max="2"/></cols>`, "<sheetViews><sheetView><row r=\"9\"/></sheetView></sheetViews>"))
	b.WriteString("<sheetData>")
	for range g.rng.IntN(5) {
		b.WriteString(g.gap() + g.rowXML())
	}
	return b.String() + g.gap() + "</sheetData>" + g.rarely("<sheetData><row><c><v>1</v></c></row></sheetData>") +
		g.one("", `<mergeCells><mergeCell ref="A1:B2"/></mergeCells>`) + "</worksheet>" +
		g.rarely("\n<!-- end -->") + g.one("", strings.Repeat(" ", plainTag)) // cells at the end are plain only where more follows
}

func (g *sheetGenerator) gap() string {
	return g.one("", "", "", "\n", "  ", "<!-- c -- x -->", "<?pi x?>", "<ext><row><c><v>1</v></c></row></ext>", "\r\n\t", "<!---->")
}

func (g *sheetGenerator) attr(name, value string) string {
	quote := g.one(`"`, `"`, "'")
	return g.one(" ", " ", "\n ") + g.rarely("x:") + name + g.one("=", "=", " = ") + quote + value + quote
}

func (g *sheetGenerator) rowXML() string {
	g.row += g.rng.IntN(3)
	if g.rng.IntN(60) != 0 {
		g.row++
	}
	g.column = 0
	tag := "<row"
	if g.rng.IntN(4) > 0 {
		tag += g.attr("r", strconv.Itoa(g.row))
	}
	tag += g.one("", g.attr("spans", "1:4"), g.attr("hidden", "1"))
	if g.rng.IntN(6) == 0 {
		return tag + g.one("/>", "></row>", " />")
	}
	var b strings.Builder
	b.WriteString(tag + ">")
	for range g.rng.IntN(5) {
		b.WriteString(g.gap() + g.cell())
	}
	return b.String() + g.gap() + "</row>"
}

func (g *sheetGenerator) cell() string {
	g.column += 1 + g.rng.IntN(2) - g.rng.IntN(60)/59
	name := columnName(max(1, g.column))
	if g.rng.IntN(2) == 0 {
		return g.plain(name)
	}
	kind := g.one("", "n", "s", "s", "str", "inlineStr", "b", "e", "d", "odd")
	tag := "<c"
	if g.rng.IntN(5) > 0 {
		tag += g.attr("r", g.one(name, name, strings.ToLower(name))+strconv.Itoa(g.row)+g.rarely("1"))
	}
	if kind != "" {
		tag += g.attr("t", kind)
	}
	tag += g.one("", "", g.attr("s", "1"), g.attr("s", "2"), g.rarely(g.attr("s", "x")))
	if g.rng.IntN(8) == 0 {
		return tag + "/>"
	}
	inner := g.one("", "", "<f>A1+1</f>", "<f/>", "<extLst><v>9</v></extLst>")
	switch kind {
	case "inlineStr":
		inner += g.one("<is><t>"+g.text()+"</t></is>", "<is><r><rPr><t>no</t></rPr><t>"+g.text()+"</t></r><rPh><t>no</t></rPh><r/><t>"+g.text()+"</t></is>", "<is/>", "<v>"+g.text()+"</v>")
	case "s":
		inner += "<v>" + g.one("0", "1", "2", " 2 ", g.rarely("3"), g.rarely("-1")) + "</v>"
	case "str", "e", "d", "odd":
		inner += "<v>" + g.text() + "</v>"
	case "b":
		inner += "<v>" + g.one("0", "1", "true", "false", " 1", "x") + "</v>"
	default:
		inner += "<v" + g.rarely(" a='b'") + ">" + g.number() + "</v>"
	}
	return tag + ">" + inner + g.gap() + g.rarely("<v>7</v>") + "</c>"
}

// plain writes a cell as most programs do, see [plainCell], or nearly so.
func (g *sheetGenerator) plain(name string) string {
	kind := g.one("", "", "n", "s", "s", "str", "inlineStr", "b", "e")
	tag := `<c r="` + name + strconv.Itoa(g.row) + g.rarely("1") + `"` + g.one("", ` s="1"`, ` s="2"`, g.rarely(` s="x"`), g.rarely(` s=""`))
	value := g.number()
	switch kind {
	case "s":
		value = g.one("0", "1", "2", g.rarely("3"))
	case "str", "inlineStr", "e":
		value = g.text()
	case "b":
		value = g.one("0", "1", "x")
	}
	if kind != "" {
		tag += ` t="` + kind + `"`
	}
	switch {
	case g.rng.IntN(20) == 0:
		return tag + "/>"
	case kind == "inlineStr":
		return tag + "><is><t" + g.one("", ` xml:space="preserve"`) + ">" + value + "</t></is>" + g.rarely(" ") + "</c>"
	}
	return tag + ">" + g.rarely("<f>1</f>") + "<v>" + value + "</v>" + g.rarely("<v>7</v>") + "</c>"
}

func (g *sheetGenerator) number() string {
	if g.rng.IntN(3) == 0 {
		return strconv.FormatFloat(g.rng.NormFloat64()*1e5, g.one("e", "E", "f", "g")[0], g.rng.IntN(18), 64)
	}
	return g.one("0", "1", "-1", "45351", "45351.75", "1.0", "007", "0.0", "-0", "+5", ".5", "5.", ".", "", "-", "1e5", "1E-400", "1e400", "1e",
		"123456789012345678", "0.30000000000000004", "0x10", "1_000", "Infinity", "NaN", "&#49;2", "1<!-- c -->2", "\n 3\r\n", "1 2", "61", "2000001")
}

func (g *sheetGenerator) text() string {
	var b strings.Builder
	for range g.rng.IntN(6) {
		b.WriteString(g.one("a", "가나", "😀", " ", "\n", "\r\n", "\r", "&amp;", "&lt;", "&#x20AC;", "&#13;", "_x000D_", "_x005F_x0041_", "_xD83D__xDE00_",
			"_xD83D_", "_x00e9_", "_x", "_", "<![CDATA[<x>&amp;]]>", "<![CDATA[\r\n]]>", "<!-- c -->", "<b>no</b>", "<b/>", "]]", g.rarely("&nbsp;"), g.rarely("\x01"), g.rarely("\xff")))
	}
	return b.String()
}

const dateStyles = `<styleSheet><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>`

func compareWithReference(t *testing.T, want map[string]string, wantErr error, got map[string]string, gotErr error) {
	t.Helper()
	if gotErr != nil {
		var e *job.Error
		require.ErrorAs(t, gotErr, &e)
	}
	switch {
	case errors.Is(wantErr, errNotXML):
		return
	case wantErr != nil:
		require.Error(t, gotErr, "cells: %q", got)
		return
	}
	require.NoError(t, gotErr)
	for name, cell := range got {
		if strings.HasPrefix(cell, "moment") {
			got[name] = "moment " + serialDay(t, cell)
		}
	}
	for name, cell := range want {
		if strings.HasPrefix(got[name], "moment") && !strings.HasPrefix(cell, "moment") {
			delete(want, name) // a day that the slow way does not know about
			delete(got, name)
		}
	}
	require.Equal(t, want, got)
}

// serialDay is the number of the day that a date stands for.
func serialDay(t *testing.T, cell string) string {
	t.Helper()
	day, err := time.Parse("moment "+time.DateOnly, cell)
	require.NoError(t, err)
	return string(appendSerial(nil, day, false))
}

// cellsByByte reads a sheet a byte at a time.
func cellsByByte(sheet []byte, texts []string) (map[string]string, error) {
	w := &workbook{limits: fuzzLimits, moments: []shows{0, showsDate}}
	shared := newStringTable(context.Background(), w)
	shared.err = io.EOF
	for _, text := range texts {
		if err := shared.add([]byte(text)); err != nil {
			return nil, err
		}
	}
	s := newSheetScan(w, "Data", shared)
	if err := s.open(iotest.OneByteReader(bytes.NewReader(sheet)), 0); err != nil {
		return nil, err
	}
	cells := map[string]string{}
	for {
		row, err := s.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return cells, err
		}
		for i, c := range row {
			if c.Kind != Empty {
				cells["Data!"+columnName(i+1)+strconv.Itoa(s.number)] = tell(c)
			}
		}
	}
}

// FuzzWorkbook opens whatever it is given: it must not panic, and what is wrong with a file must be told as such.
func FuzzWorkbook(f *testing.F) {
	files, err := filepath.Glob("testdata/xlsx/*.xlsx")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add(book{}.bytes(f))
	f.Fuzz(func(t *testing.T, file []byte) {
		cells, err := cellsOf(t.Context(), file, Limits{Expanded: 1 << 20, Columns: 100})
		var e *job.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%d cells, then %v", len(cells), err)
		}
		if len(file) > 0 {
			require.ErrorAs(t, describeCompound(bytes.NewReader(file), int64(len(file))), &e)
		}
	})
}
