package bench

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// book writes a workbook of one sheet the way that Excel does: the same parts in the same order, texts in a table of
// shared strings, numbers with 17 digits, dates as numbers with a style. Excelize is no help here: what it streams has
// its texts inline, and what has them shared it does not stream.
type book struct {
	zip     *zip.Writer
	sheet   *bufio.Writer
	inline  bool // texts stand in their cells instead, as many programs write them
	shared  map[string]int
	strings []string
	uses    int // of shared strings
	line    []byte
	row     int
	column  int
}

const (
	bookTypes = xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`
	bookRoot = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookMain = xml.Header + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<workbookPr defaultThemeVersion="124226"/><sheets><sheet name="Year 2010-2011" sheetId="1" r:id="rId1"/></sheets></workbook>`
	bookParts = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	// Style 1 is number format 22, date and time.
	bookStyles = xml.Header + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="22" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`
	bookSheet = xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews><sheetFormatPr defaultRowHeight="15"/><sheetData>`
	bookSheetEnd = `</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>`
)

func newBook(out io.Writer, inline bool) (*book, error) {
	b := &book{zip: zip.NewWriter(out), inline: inline, shared: map[string]int{}}
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", bookTypes}, {"_rels/.rels", bookRoot}, {"xl/workbook.xml", bookMain},
		{"xl/_rels/workbook.xml.rels", bookParts}, {"xl/worksheets/sheet1.xml", bookSheet},
	} {
		w, err := b.zip.Create(part.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, part.text); err != nil {
			return nil, err
		}
		b.sheet = bufio.NewWriterSize(w, 1<<16) // the sheet's, at the end
	}
	return b, nil
}

// begin begins a row of so many columns.
func (b *book) begin(columns int) {
	b.row++
	b.column = 0
	b.line = fmt.Appendf(b.line[:0], `<row r="%d" spans="1:%d">`, b.row, columns)
}

// cell begins a cell; attributes begin with a space.
func (b *book) cell(attributes string) {
	b.line = append(b.line, `<c r="`...)
	b.line = append(b.line, byte('A'+b.column))
	b.line = strconv.AppendInt(b.line, int64(b.row), 10)
	b.line = append(append(b.line, '"'), attributes...)
	b.line = append(b.line, '>')
	b.column++
}

func (b *book) blank() { b.column++ }

func (b *book) text(s string) {
	if b.inline {
		b.cell(` t="inlineStr"`)
		b.line = append(appendText(append(b.line, "<is>"...), s), "</is></c>"...)
		return
	}
	n, ok := b.shared[s]
	if !ok {
		n = len(b.strings)
		b.shared[s] = n
		b.strings = append(b.strings, s)
	}
	b.uses++
	b.cell(` t="s"`)
	b.value(strconv.AppendInt(nil, int64(n), 10))
}

func (b *book) number(v float64) {
	b.cell("")
	b.value(strconv.AppendFloat(nil, v, 'g', 17, 64))
}

// moment is a date and time: days since the last day of 1899, as Excel counts them.
func (b *book) moment(t time.Time) {
	const epoch = 25_569 // 1970-01-01
	b.cell(` s="1"`)
	b.value(strconv.AppendFloat(nil, float64(t.Unix())/(24*60*60)+epoch, 'g', 17, 64))
}

func (b *book) value(text []byte) {
	b.line = append(append(append(b.line, "<v>"...), text...), "</v></c>"...)
}

func (b *book) end() error {
	_, err := b.sheet.Write(append(b.line, "</row>"...))
	return err
}

// close writes what stands after the rows.
func (b *book) close() error {
	_, _ = b.sheet.WriteString(bookSheetEnd) // its error is kept for Flush
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		text []byte
	}{{"xl/styles.xml", []byte(bookStyles)}, {"xl/sharedStrings.xml", b.stringTable()}} {
		w, err := b.zip.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := w.Write(part.text); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

func (b *book) stringTable() []byte {
	table := fmt.Appendf(nil, `%s<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="%d" uniqueCount="%d">`,
		xml.Header, b.uses, len(b.strings))
	for _, s := range b.strings {
		table = append(appendText(append(table, "<si>"...), s), "</si>"...)
	}
	return append(table, "</sst>"...)
}

func appendText(line []byte, s string) []byte {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(s)) // into a buffer: cannot fail
	line = append(line, "<t"...)
	if s != "" && (s[0] == ' ' || s[len(s)-1] == ' ') {
		line = append(line, ` xml:space="preserve"`...)
	}
	return append(append(append(line, '>'), escaped.Bytes()...), "</t>"...)
}
