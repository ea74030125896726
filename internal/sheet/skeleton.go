package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// skeleton is a workbook without rows: compressed and ready to be written.
type skeleton struct {
	parts  []piece // all but the sheets
	frames []frame // one for each sheet
}

// frame is what stands around the rows of one sheet. Its head ends with a sync flush, so that fragments can
// follow it, and its tail ends the DEFLATE stream.
type frame struct {
	name       string
	head, tail piece
}

// piece is a compressed run of bytes.
type piece struct {
	name  string
	data  []byte
	crc32 uint32 // of the uncompressed bytes
	raw   int64  // uncompressed
}

// newSkeleton makes a workbook with a sheet for each number of rows, header rows not counted. excelize knows
// all that is needed around the rows; it writes an empty workbook and this takes it apart.
func newSkeleton(layout Layout, rows []int64) (skeleton, error) {
	var archive bytes.Buffer
	if err := writeEmpty(&archive, layout, rows); err != nil {
		return skeleton{}, fmt.Errorf("make empty workbook: %w", err)
	}
	parts, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		return skeleton{}, fmt.Errorf("take workbook apart: %w", err)
	}
	c, err := newCompressor()
	if err != nil {
		return skeleton{}, err
	}
	s := skeleton{frames: make([]frame, len(rows))}
	header := headerRow(layout.Columns)
	for i := range rows {
		if s.frames[i], err = newFrame(c, parts, i, header); err != nil {
			return skeleton{}, err
		}
	}
	for _, name := range partNames {
		part, err := readPart(parts, name)
		if err != nil {
			return skeleton{}, err
		}
		compressed, err := c.compress(name, part, true)
		if err != nil {
			return skeleton{}, err
		}
		s.parts = append(s.parts, compressed)
	}
	if want, got := len(s.parts)+len(s.frames), len(parts.File); want != got {
		return skeleton{}, fmt.Errorf("take workbook apart: %d parts, expected %d", got, want)
	}
	return s, nil
}

// partNames lists every part but the sheets, in the order in which they are written.
var partNames = []string{
	"[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/core.xml",
	"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/theme/theme1.xml",
}

func newFrame(c *compressor, parts *zip.Reader, i int, header []byte) (frame, error) {
	name := fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)
	xml, err := readPart(parts, name)
	if err != nil {
		return frame{}, err
	}
	before, after, err := splitAtRows(xml)
	if err != nil {
		return frame{}, fmt.Errorf("take %s apart: %w", name, err)
	}
	// excelize says that rows are being filtered out as soon as there is a filter; Excel would show it.
	before = bytes.Replace(before, []byte(` filterMode="true"`), nil, 1)
	head := append(append(bytes.Clone(before), "<sheetData>"...), header...)
	tail := append([]byte("</sheetData>"), after...)
	f := frame{name: name}
	if f.head, err = c.compress(name, head, false); err != nil {
		return frame{}, err
	}
	f.tail, err = c.compress(name, tail, true)
	return f, err
}

func splitAtRows(xml []byte) (before, after []byte, err error) {
	for _, empty := range []string{"<sheetData></sheetData>", "<sheetData/>"} {
		if before, after, ok := bytes.Cut(xml, []byte(empty)); ok {
			return before, after, nil
		}
	}
	return nil, nil, errors.New("no empty sheetData element in it")
}

func readPart(parts *zip.Reader, name string) ([]byte, error) {
	file, err := parts.Open(name)
	if err != nil {
		return nil, fmt.Errorf("take workbook apart: %w", err)
	}
	defer file.Close()
	part, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("take workbook apart: %w", err)
	}
	return part, nil
}

// compressor makes pieces, one after another with the same tables: those take a megabyte.
type compressor struct {
	deflate *flate.Writer
	out     bytes.Buffer
}

func newCompressor() (*compressor, error) {
	c := &compressor{}
	deflate, err := flate.NewWriter(&c.out, partsLevel)
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	c.deflate = deflate
	return c, nil
}

// compress ends the stream if final is set and otherwise leaves it open at a whole byte.
func (c *compressor) compress(name string, raw []byte, final bool) (piece, error) {
	c.out.Reset()
	c.deflate.Reset(&c.out)
	_, err := c.deflate.Write(raw)
	if err == nil && final {
		err = c.deflate.Close()
	} else if err == nil {
		err = c.deflate.Flush()
	}
	if err != nil {
		return piece{}, fmt.Errorf("compress %s: %w", name, err)
	}
	data := bytes.Clone(c.out.Bytes())
	return piece{name: name, data: data, crc32: crc32.ChecksumIEEE(raw), raw: int64(len(raw))}, nil
}

// headerRow is the first row of each sheet.
func headerRow(columns []Column) []byte {
	e := Encoder{row: []byte("1")} // for its cells only; what it counts about headers is nobody's data
	b := []byte(rowStart + `1">`)
	for i, c := range columns {
		form := formOf(Text, i, styleHeader)
		if c.Header == "" { // a cell all the same, for the header's looks
			b = append(e.appendRef(b, &form), form.empty...)
		} else {
			b = e.appendXMLText(b, &form, []byte(c.Header))
		}
	}
	return append(b, rowEnd...)
}

// writeEmpty writes the workbook without rows.
func writeEmpty(w io.Writer, layout Layout, rows []int64) error {
	file := excelize.NewFile()
	defer file.Close()
	styles, err := addStyles(file, layout.Columns)
	if err != nil {
		return err
	}
	for i, count := range rows {
		name := sheetName(layout.Sheet, i)
		if i == 0 {
			err = file.SetSheetName("Sheet1", name)
		} else {
			_, err = file.NewSheet(name)
		}
		if err != nil {
			return err
		}
		if err := setUpSheet(file, name, layout.Columns, styles, count); err != nil {
			return err
		}
	}
	file.Pkg.Store("docProps/core.xml", []byte(coreProperties))
	file.Pkg.Delete("xl/sharedStrings.xml") // all texts are inline
	return file.Write(w)
}

// coreProperties is written by hand: excelize leaves out the prefixes, which some readers insist on. The dates
// are fixed, because the same rows shall make the same bytes; the file system knows the real ones.
const coreProperties = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
` + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"` +
	` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"` +
	` xmlns:dcmitype="http://purl.org/dc/dcmitype/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
	`<dc:creator>Longhaul</dc:creator><cp:lastModifiedBy>Longhaul</cp:lastModifiedBy>` +
	`<dcterms:created xsi:type="dcterms:W3CDTF">1980-01-01T00:00:00Z</dcterms:created>` +
	`<dcterms:modified xsi:type="dcterms:W3CDTF">1980-01-01T00:00:00Z</dcterms:modified></cp:coreProperties>`

func setUpSheet(file *excelize.File, name string, columns []Column, styles []int, rows int64) error {
	last, err := excelize.ColumnNumberToName(len(columns))
	if err != nil {
		return err
	}
	all := fmt.Sprintf("A1:%s%d", last, rows+1)
	for i, c := range columns {
		letter, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		width := c.Width
		if width == 0 {
			width = defaultWidth
		}
		if err := file.SetColWidth(name, letter, letter, width); err != nil {
			return err
		}
		if err := file.SetColStyle(name, letter, styles[i]); err != nil {
			return err
		}
	}
	if err := file.SetSheetDimension(name, all); err != nil {
		return err
	}
	if err := file.SetPanes(name, &excelize.Panes{
		Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft",
	}); err != nil {
		return err
	}
	if err := file.AutoFilter(name, all, nil); err != nil {
		return err
	}
	// Ids are text on purpose, and so are numbers too long for a cell: no green corner at each of them.
	return file.AddIgnoredErrors(name, all, excelize.IgnoredErrorsNumberStoredAsText)
}

// addStyles defines the styles under the numbers that the fragments use, and returns each column's.
func addStyles(file *excelize.File, columns []Column) ([]int, error) {
	header, err := file.NewStyle(&excelize.Style{
		Font:      &excelize.Font{Bold: true, Family: "Calibri", Size: 11, Color: "1F2937"},
		Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7ECF3"}},
		Alignment: &excelize.Alignment{Vertical: "center"},
	})
	if err != nil {
		return nil, err
	}
	if header != styleHeader {
		return nil, fmt.Errorf("header style got number %d, fragments use %d", header, styleHeader)
	}
	styles := stylesOf(columns)
	for i, format := range styles.formats {
		id, err := file.NewStyle(styleFor(format))
		if err != nil {
			return nil, err
		}
		if id != styleFirst+i {
			return nil, fmt.Errorf("style %q got number %d, fragments use %d", format, id, styleFirst+i)
		}
	}
	return styles.of, nil
}

// styleFor prefers the formats that every reader knows by number: some show only those as they should.
func styleFor(format string) *excelize.Style {
	switch format {
	case "#,##0":
		return &excelize.Style{NumFmt: 3}
	case "#,##0.00":
		return &excelize.Style{NumFmt: 4}
	case "@":
		return &excelize.Style{NumFmt: 49}
	}
	return &excelize.Style{CustomNumFmt: &format}
}
