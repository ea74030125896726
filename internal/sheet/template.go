package sheet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Template is an empty workbook for people to fill in: a sheet with headers, formats, lists of choices and one example
// row, and a second one that explains the columns.
type Template struct {
	// Sheet names the first sheet; see [Layout.Sheet].
	Sheet   string
	Columns []TemplateColumn
	// Guide names the second sheet, and GuideHeader and GuideRows are the table in it. Empty: there is none.
	Guide       string
	GuideHeader []string
	GuideRows   [][]string
}

// TemplateColumn is one column to be filled in.
type TemplateColumn struct {
	Header string
	// Note is shown beside a cell that is selected; Excel shows 255 characters.
	Note string
	Type Type
	// Decimals is the number of places shown for [Decimal], 0 to 15.
	Decimals int
	// Required columns have a header of another colour.
	Required bool
	// Choices are the only values that Excel accepts when they are typed in.
	Choices []string
	// Example is the value in the example row, as text of Type; see there. What is not of that type stays text.
	Example string
	// Width is in characters of the default font, at most 255; zero fits header and example.
	Width float64
}

const (
	maxFittedWidth = 60
	headerColor    = "E7ECF3"
	requiredColor  = "FFE699"
)

// Write writes the workbook. The same template makes the same bytes. It fails on columns that [Layout.Validate] refuses.
func (t Template) Write(w io.Writer) error {
	if err := t.validate(); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	if err := t.write(w); err != nil {
		return fmt.Errorf("write template %s: %w", t.Sheet, err)
	}
	return nil
}

func (t Template) validate() error {
	if t.Guide == "" && len(t.GuideHeader)+len(t.GuideRows) > 0 {
		return errors.New("the guide has no name")
	}
	layout := Layout{Format: XLSX}
	for _, c := range t.Columns {
		layout.Columns = append(layout.Columns, c.column())
	}
	return layout.Validate()
}

func (c TemplateColumn) column() Column {
	return Column{Header: c.Header, Type: c.Type, Width: c.Width, Decimals: c.Decimals}
}

func (t Template) write(w io.Writer) error {
	file := excelize.NewFile()
	defer file.Close()
	b := templateBook{file: file, form: sheetName(t.Sheet, 0)}
	if err := file.SetSheetName("Sheet1", b.form); err != nil {
		return err
	}
	if err := b.addStyles(); err != nil {
		return err
	}
	names := []string{b.form}
	if t.Guide != "" {
		guide := freeName(t.Guide, names)
		names = append(names, guide)
		if err := b.addGuide(guide, t.GuideHeader, t.GuideRows); err != nil {
			return fmt.Errorf("sheet %s: %w", guide, err)
		}
	}
	b.choices = freeName(choicesSheet, names)
	for i, c := range t.Columns {
		if err := b.addColumn(i, c); err != nil {
			return fmt.Errorf("column %d (%s): %w", i, c.Header, err)
		}
	}
	if err := b.finish(b.form, len(t.Columns), 2); err != nil {
		return err
	}
	if err := file.AddIgnoredErrors(b.form, "A1:"+cellName(len(t.Columns), MaxRows), excelize.IgnoredErrorsNumberStoredAsText); err != nil {
		return err
	}
	file.Pkg.Store("docProps/core.xml", []byte(coreProperties)) // its times would be those of now
	return file.Write(w)
}

// freeName returns a valid name that is none of these; to Excel, case makes no other name.
func freeName(base string, taken []string) string {
	for n := 0; ; n++ {
		name := sheetName(base, n)
		if !slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, name) }) {
			return name
		}
	}
}

// templateBook is a template being made.
type templateBook struct {
	file    *excelize.File
	form    string // the sheet to be filled in
	choices string // the hidden sheet with the long lists
	lists   int    // in that sheet

	header, required, wrapped int // styles
}

func (b *templateBook) addStyles() (err error) {
	header := excelize.Style{
		Font:      &excelize.Font{Bold: true, Family: "Calibri", Size: 11, Color: "1F2937"},
		Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{headerColor}},
		Alignment: &excelize.Alignment{Vertical: "center"},
	}
	if b.header, err = b.file.NewStyle(&header); err != nil {
		return err
	}
	header.Fill.Color = []string{requiredColor}
	if b.required, err = b.file.NewStyle(&header); err != nil {
		return err
	}
	b.wrapped, err = b.file.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	return err
}

func (b *templateBook) addColumn(i int, c TemplateColumn) error {
	letters := columnLetters(i)
	width := c.Width
	if width == 0 {
		width = fittedWidth(c.Header, c.Example)
	}
	if err := b.file.SetColWidth(b.form, letters, letters, width); err != nil {
		return err
	}
	if format := numberFormat(c.column()); format != "" {
		style, err := b.file.NewStyle(styleFor(format))
		if err != nil {
			return err
		}
		if err := b.file.SetColStyle(b.form, letters, style); err != nil {
			return err
		}
	}
	if err := b.file.SetCellStr(b.form, letters+"1", c.Header); err != nil {
		return err
	}
	look := b.header
	if c.Required {
		look = b.required
	}
	if err := b.file.SetCellStyle(b.form, letters+"1", letters+"1", look); err != nil {
		return err
	}
	if err := b.setExample(letters+"2", c); err != nil {
		return err
	}
	return b.addValidation(letters, c)
}

// setExample writes the example; the cell has the column's format.
func (b *templateBook) setExample(cell string, c TemplateColumn) error {
	value := []byte(c.Example)
	switch c.Type {
	case Integer, Decimal:
		if n, ok := scanNumber(value); ok && n.exact(c.Type) {
			return b.file.SetCellDefault(b.form, cell, c.Example)
		}
	case Date, Instant:
		if serial, ok := exampleSerial(value, c.Type); ok {
			return b.file.SetCellDefault(b.form, cell, serial)
		}
	case Flag:
		if on, ok := parseFlag(value); ok {
			return b.file.SetCellBool(b.form, cell, on)
		}
	}
	if c.Example == "" {
		return nil
	}
	return b.file.SetCellStr(b.form, cell, c.Example)
}

// exampleSerial returns the cell's number for a day, or for a moment as it stands there, in no zone.
func exampleSerial(value []byte, kind Type) (string, bool) {
	days, ok := parseDate(value)
	var milli int64
	if !ok && kind == Instant {
		var seconds int64
		seconds, milli, ok = parseInstant(value)
		days = floorDiv(seconds, secondsPerDay)
		milli += (seconds - days*secondsPerDay) * 1000
	}
	if !ok || days < firstDay || days > lastDay {
		return "", false
	}
	return string(appendSerial(nil, days, milli)), true
}

func (b *templateBook) addGuide(name string, header []string, rows [][]string) error {
	if _, err := b.file.NewSheet(name); err != nil {
		return err
	}
	columns := len(header)
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	for i := range columns {
		var texts []string
		for _, row := range slices.Concat([][]string{header}, rows) {
			if i < len(row) {
				texts = append(texts, row[i])
			}
		}
		letters := columnLetters(i)
		if err := b.file.SetColWidth(name, letters, letters, fittedWidth(texts...)); err != nil {
			return err
		}
		if err := b.file.SetColStyle(name, letters, b.wrapped); err != nil {
			return err
		}
	}
	if err := b.setTexts(name, 1, header); err != nil {
		return err
	}
	for i, row := range rows {
		if err := b.setTexts(name, i+2, row); err != nil {
			return err
		}
	}
	if len(header) > 0 {
		if err := b.file.SetCellStyle(name, "A1", cellName(len(header), 1), b.header); err != nil {
			return err
		}
	}
	return b.finish(name, max(columns, 1), len(rows)+1)
}

func (b *templateBook) setTexts(sheet string, row int, texts []string) error {
	for i, text := range texts {
		if err := b.file.SetCellStr(sheet, cellName(i+1, row), text); err != nil {
			return err
		}
	}
	return nil
}

// finish keeps the header in view, and says how far the cells reach: excelize would leave it at A1.
func (b *templateBook) finish(sheet string, columns, rows int) error {
	if err := b.file.SetSheetDimension(sheet, "A1:"+cellName(columns, rows)); err != nil {
		return err
	}
	return b.file.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// cellName names a cell by column and row, both from 1.
func cellName(column, row int) string { return fmt.Sprintf("%s%d", columnLetters(column-1), row) }

// fittedWidth is about as wide as the widest line of the texts, between the default and what still leaves room for other
// columns. A character beyond Latin script counts as two: Hangul is that wide.
func fittedWidth(texts ...string) float64 {
	width := defaultWidth
	for _, text := range texts {
		for line := range strings.Lines(text) {
			n := 2 // for the margins
			for _, r := range line {
				n++
				if r >= 0x1100 {
					n++
				}
			}
			width = max(width, n)
		}
	}
	return float64(min(width, maxFittedWidth))
}
