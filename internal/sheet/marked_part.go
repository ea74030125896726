package sheet

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// The parts of a [Marked] workbook besides its rows. They are written out, because those that excelize makes are for
// sheets that are known beforehand.

const (
	xmlStart = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

	packageNamespace  = "http://schemas.openxmlformats.org/package/2006"
	officeNamespace   = "http://schemas.openxmlformats.org/officeDocument/2006"
	sheetNamespace    = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	officeContentType = "application/vnd.openxmlformats-officedocument."
	sheetContentType  = officeContentType + "spreadsheetml."
)

// markedContentTypes makes "worksheet" the type of any XML that is not listed, so that it can be written first.
func markedContentTypes(custom bool) []byte {
	var b strings.Builder
	b.WriteString(xmlStart + `<Types xmlns="` + packageNamespace + `/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="` + sheetContentType + `worksheet+xml"/>`)
	override := func(part, contentType string) {
		b.WriteString(`<Override PartName="` + part + `" ContentType="` + contentType + `"/>`)
	}
	override("/xl/workbook.xml", sheetContentType+"sheet.main+xml")
	override("/xl/styles.xml", sheetContentType+"styles+xml")
	override("/xl/theme/theme1.xml", officeContentType+"theme+xml")
	override("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml")
	if custom {
		override("/docProps/custom.xml", officeContentType+"custom-properties+xml")
	}
	b.WriteString(`</Types>`)
	return []byte(b.String())
}

func markedRelations(custom bool) []byte {
	var b strings.Builder
	b.WriteString(xmlStart + `<Relationships xmlns="` + packageNamespace + `/relationships">`)
	writeRelation(&b, 1, officeNamespace+"/relationships/officeDocument", "xl/workbook.xml")
	writeRelation(&b, 2, packageNamespace+"/relationships/metadata/core-properties", "docProps/core.xml")
	if custom {
		writeRelation(&b, 3, officeNamespace+"/relationships/custom-properties", "docProps/custom.xml")
	}
	b.WriteString(`</Relationships>`)
	return []byte(b.String())
}

func writeRelation(b *strings.Builder, id int, kind, target string) {
	fmt.Fprintf(b, `<Relationship Id="rId%d" Type="%s" Target="%s"/>`, id, kind, target)
}

func markedCore(modified time.Time) []byte {
	return []byte(strings.ReplaceAll(coreProperties, "1980-01-01T00:00:00Z", modified.Format(time.RFC3339)))
}

// markedProperties writes docProps/custom.xml. The format id is the one of all properties that users define; their
// numbers begin at 2.
func markedProperties(properties map[string]string) []byte {
	var b strings.Builder
	b.WriteString(xmlStart + `<Properties xmlns="` + officeNamespace + `/custom-properties" xmlns:vt="` + officeNamespace + `/docPropsVTypes">`)
	for i, name := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&b, `<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="%d" name="%s"><vt:lpwstr>%s</vt:lpwstr></property>`,
			i+2, escapeAll(name), escapeAll(properties[name]))
	}
	b.WriteString(`</Properties>`)
	return []byte(b.String())
}

// escapeAll makes s fit for attributes, too. What XML forbids becomes U+FFFD.
func escapeAll(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer's Write never fails
	return b.String()
}

// markedStyles defines a style for each look and format, by their numbers.
func markedStyles() []byte {
	const ( // places in the lists below
		normal, bold, red, boldRed = 0, 1, 2, 3
		unfilled, headed, marked   = 0, 2, 3
	)
	formats := [markedFormats]int{
		formatNumber: 0, formatText: 49, formatDateTime: 164, formatDate: 165, formatTime: 21, formatFlag: 0, // those below 164 are built in
	}
	looks := [markedLooks]struct {
		font, fill int
		alignment  string
	}{
		lookPlain:        {normal, unfilled, ""},
		lookMarked:       {normal, marked, ""},
		lookReason:       {red, unfilled, `<alignment vertical="top" wrapText="1"/>`},
		lookHeader:       {bold, headed, `<alignment vertical="center"/>`},
		lookMarkedHeader: {bold, marked, `<alignment vertical="center"/>`},
		lookReasonHeader: {boldRed, headed, `<alignment vertical="center"/>`},
	}
	var b strings.Builder
	b.WriteString(xmlStart + `<styleSheet xmlns="` + sheetNamespace + `">` +
		`<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy-mm-dd"/></numFmts>` +
		`<fonts count="4">` + fontXML("", "000000") + fontXML("<b/>", "1F2937") + fontXML("", "9C0006") + fontXML("<b/>", "9C0006") + `</fonts>` +
		`<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
		fillXML("E7ECF3") + fillXML("FFC7CE") + `</fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>`)
	fmt.Fprintf(&b, `<cellXfs count="%d">`, styleOfMarked(markedLooks, 0))
	for _, look := range looks {
		for _, format := range formats {
			fmt.Fprintf(&b, `<xf numFmtId="%d" fontId="%d" fillId="%d" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1">%s</xf>`,
				format, look.font, look.fill, look.alignment)
		}
	}
	b.WriteString(`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`)
	return []byte(b.String())
}

// markedTheme is excelize's: a workbook may do without, but then excelize itself reads no colours.
func markedTheme() []byte {
	file := excelize.NewFile()
	defer file.Close()
	theme, _ := file.Pkg.Load("xl/theme/theme1.xml")
	xml, _ := theme.([]byte)
	return xml
}

func fontXML(bold, color string) string {
	return `<font>` + bold + `<sz val="11"/><color rgb="FF` + color + `"/><name val="Calibri"/><family val="2"/></font>`
}

func fillXML(color string) string {
	return `<fill><patternFill patternType="solid"><fgColor rgb="FF` + color + `"/></patternFill></fill>`
}

// appendMarkedHead appends what stands before the rows of a sheet.
func appendMarkedHead(b []byte, widths []float64, first bool) []byte {
	b = append(b, xmlStart+`<worksheet xmlns="`+sheetNamespace+`"><sheetViews><sheetView`...)
	if first {
		b = append(b, ` tabSelected="1"`...)
	}
	b = append(b, ` workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`+
		`<sheetFormatPr defaultColWidth="`+strconv.Itoa(defaultWidth)+`" defaultRowHeight="15"/>`...)
	if len(widths) > 0 {
		b = append(b, `<cols>`...)
		for i, width := range widths {
			switch {
			case width > maxColumnWidth:
				width = maxColumnWidth
			case !(width > 0): // NaN, too
				width = defaultWidth
			}
			b = fmt.Appendf(b, `<col min="%d" max="%d" width="%s" customWidth="1"/>`, i+1, i+1, strconv.FormatFloat(width, 'f', -1, 64))
		}
		b = append(b, `</cols>`...)
	}
	return append(b, `<sheetData>`...)
}

// appendMarkedTail appends what stands behind the rows. Numbers stored as text are meant: no green corner at each.
func appendMarkedTail(b []byte, s markedSheet) []byte {
	column, row := s.corner()
	all := fmt.Sprintf("A1:%s%d", column, row)
	return append(b, `</sheetData><autoFilter ref="`+all+`"/>`+
		`<ignoredErrors><ignoredError sqref="`+all+`" numberStoredAsText="1"/></ignoredErrors></worksheet>`...)
}

func markedWorkbook(sheets []markedSheet) []byte {
	var b strings.Builder
	b.WriteString(xmlStart + `<workbook xmlns="` + sheetNamespace + `" xmlns:r="` + officeNamespace + `/relationships">` +
		`<bookViews><workbookView/></bookViews><sheets>`)
	for i, s := range sheets {
		fmt.Fprintf(&b, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escapeAll(s.name), i+1, i+1)
	}
	b.WriteString(`</sheets><definedNames>`)
	for i, s := range sheets { // Excel finds a filter by this name
		column, row := s.corner()
		fmt.Fprintf(&b, `<definedName name="_xlnm._FilterDatabase" localSheetId="%d" hidden="1">'%s'!$A$1:$%s$%d</definedName>`,
			i, escapeAll(s.name), column, row)
	}
	b.WriteString(`</definedNames></workbook>`)
	return []byte(b.String())
}

func markedWorkbookRelations(sheets int) []byte {
	var b strings.Builder
	b.WriteString(xmlStart + `<Relationships xmlns="` + packageNamespace + `/relationships">`)
	for i := range sheets {
		writeRelation(&b, i+1, officeNamespace+"/relationships/worksheet", fmt.Sprintf("worksheets/sheet%d.xml", i+1))
	}
	writeRelation(&b, sheets+1, officeNamespace+"/relationships/styles", "styles.xml")
	writeRelation(&b, sheets+2, officeNamespace+"/relationships/theme", "theme/theme1.xml")
	b.WriteString(`</Relationships>`)
	return []byte(b.String())
}
