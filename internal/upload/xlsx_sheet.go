package upload

import (
	"errors"
	"fmt"
	"io"
)

// What Excel allows, so that more is damage.
const (
	maxSheetRow    = 1_048_576
	maxSheetColumn = 16_384
)

// sheetScan reads the rows of one worksheet.
type sheetScan struct {
	book    *workbook
	name    string
	strings *stringTable // nil to find out whether there is any content: texts are not looked up then
	x       *xmlScanner
	number  int // of the row that was read last
	inside  bool

	cells  []Cell
	text   []byte // what the cells' texts point into, unless shared
	filled int    // cells up to the last that is not empty
	column int    // of the cell that was read last, from 1
}

func newSheetScan(w *workbook, name string, strings *stringTable) *sheetScan {
	return &sheetScan{book: w, name: name, strings: strings}
}

// open goes to the rows of a part of size bytes.
func (s *sheetScan) open(in io.Reader, size int64) error {
	x, err := newXMLScanner(in, size)
	if err != nil {
		return err
	}
	s.x = x
	if _, err := x.inside(); err != nil {
		return err
	}
	if string(x.name) != "worksheet" {
		return flawf("its part begins with <%.40s>", x.name)
	}
	if x.empty {
		return nil
	}
	for {
		kind, err := x.inside()
		if err != nil {
			return err
		}
		if kind == endTag {
			return x.drain()
		}
		if string(x.name) == "sheetData" {
			s.inside = !x.empty
			return nil
		}
		if err := x.skip(); err != nil {
			return err
		}
	}
}

// next returns the cells of the next row with something in it, valid until the next call; io.EOF after the last.
func (s *sheetScan) next() ([]Cell, error) {
	for s.inside {
		kind, err := s.x.inside()
		if err != nil {
			return nil, s.refuse(err)
		}
		if kind == endTag {
			s.inside = false
			break
		}
		if string(s.x.name) != "row" {
			err = s.x.skip()
		} else {
			err = s.readRow()
		}
		if err != nil {
			return nil, s.refuse(err)
		}
		if s.filled > 0 {
			cells := s.cells[:s.filled]
			s.filled = 0
			return cells, nil
		}
	}
	if err := s.x.drain(); err != nil {
		return nil, s.refuse(err)
	}
	return nil, io.EOF
}

// refuse says where a flaw is.
func (s *sheetScan) refuse(err error) error { return refuse(s.rowPlace(), err) }

// rowPlace names the current row.
func (s *sheetScan) rowPlace() string {
	if s.number == 0 {
		return "sheet " + s.name
	}
	return "sheet " + s.name + ", row " + grouped(int64(s.number))
}

// place names the current cell.
func (s *sheetScan) place() string {
	return fmt.Sprintf("sheet %s, cell %s%d", s.name, columnName(s.column), s.number)
}

// readRow reads the row whose start tag was the last tag.
func (s *sheetScan) readRow() error {
	before, number := s.number, s.number+1
	explicit := s.x.attr("r")
	if explicit != nil {
		var ok bool
		if number, ok = parseIndex(trimSpace(explicit)); !ok {
			return flawf("the next row is numbered %.20q", explicit)
		}
	}
	if number <= before {
		return flawf("row %s comes next, out of order", grouped(int64(number)))
	}
	if number > maxSheetRow {
		return flawf("row %s comes next, more than a sheet can have", grouped(int64(number)))
	}
	s.number = number
	s.text, s.column = s.text[:0], 0
	if s.x.empty {
		return nil
	}
	for {
		done, err := s.readPlain()
		if err != nil {
			return err
		}
		if done {
			continue
		}
		kind, err := s.x.inside()
		if err != nil {
			return err
		}
		if kind == endTag {
			return nil
		}
		if len(s.x.name) == 1 && s.x.name[0] == 'c' {
			err = s.readCell(explicit == nil && s.column == 0, before)
		} else {
			err = s.x.skip()
		}
		if err != nil {
			return err
		}
	}
}

// cellType is the t of a cell.
type cellType uint8

const (
	numberCell cellType = iota
	sharedCell
	inlineCell
	textCell // of a formula
	flagCell
	faultCell
	dateCell // ISO 8601
)

func parseCellType(v []byte) cellType {
	switch string(v) {
	case "s":
		return sharedCell
	case "str":
		return textCell
	case "inlineStr":
		return inlineCell
	case "b":
		return flagCell
	case "e":
		return faultCell
	case "d":
		return dateCell
	}
	return numberCell
}

// readCell reads the cell whose start tag was the last tag. Where the row has no number of its own, its first cell
// may give it one, above before.
func (s *sheetScan) readCell(mayNumber bool, before int) error {
	var kind cellType
	style, column := 0, s.column+1
	for i := range s.x.attrs {
		a := &s.x.attrs[i]
		if len(a.name) != 1 || a.prefixed {
			continue
		}
		switch a.name[0] {
		case 'r':
			at, row, ok := parseReference(a.value)
			if !ok {
				return flawf("a cell is named %.20q", a.value)
			}
			if mayNumber && row > before {
				s.number = row
			}
			if row != s.number {
				return flawf("cell %.20s stands in it", a.value)
			}
			if at <= s.column {
				return flawf("cell %.20s comes after %s%d", a.value, columnName(s.column), s.number)
			}
			column = at
		case 's':
			style, _ = parseIndex(a.value)
		case 't':
			kind = parseCellType(a.value)
		}
	}
	if column > maxSheetColumn {
		return flawf("it has more columns than a sheet can have")
	}
	s.column = column
	if s.x.empty {
		return nil
	}
	return s.readValue(kind, style)
}

// readValue reads the elements of a cell. Of a formula only its value counts.
func (s *sheetScan) readValue(kind cellType, style int) error {
	start := len(s.text)
	for {
		tag, err := s.x.inside()
		if err != nil {
			return err
		}
		if tag == endTag {
			break
		}
		switch name := s.x.name; {
		case len(name) == 1 && name[0] == 'v':
			s.text, err = s.x.elementText(s.text[:start])
			if kind == textCell || kind == inlineCell {
				s.text = s.text[:start+len(unescape(s.text[start:]))]
			}
		case kind == inlineCell && string(name) == "is":
			s.text, err = s.x.richText(s.text[:start])
		default:
			err = s.x.skip()
		}
		if errors.Is(err, errTooLong) {
			return s.book.limits.cellError(s.place())
		}
		if err != nil {
			return err
		}
	}
	if len(s.text) == start {
		return nil
	}
	return s.put(kind, style, start)
}

// put makes a cell of the text from start on.
func (s *sheetScan) put(kind cellType, style, start int) error {
	c := Cell{Kind: Text, Text: s.text[start:]}
	switch kind {
	case sharedCell:
		s.text = s.text[:start]
		if s.strings == nil {
			break
		}
		var err error
		if c.Text, err = s.shared(c.Text); err != nil {
			return err
		}
	case inlineCell, textCell:
	case flagCell:
		c = s.flag(start)
	case faultCell:
		c.Kind, c.Text = Fault, trimSpace(c.Text)
	case dateCell:
		c = s.date(style, start)
	default:
		c = s.numeric(style, start)
	}
	if longerThan(c.Text, s.book.limits.CellChars) {
		return s.book.limits.cellError(s.place())
	}
	if len(c.Text) == 0 {
		return nil
	}
	return s.store(c)
}

// store puts c into its column, and empty cells into those before that were not given.
func (s *sheetScan) store(c Cell) error {
	if s.column > s.book.limits.Columns {
		return s.book.limits.columnsError("sheet " + s.name)
	}
	if s.column > len(s.cells) {
		s.cells = append(s.cells, make([]Cell, s.column-len(s.cells))...)
	}
	clear(s.cells[s.filled : s.column-1])
	s.cells[s.column-1] = c
	s.filled = s.column
	return nil
}

func (s *sheetScan) shared(index []byte) ([]byte, error) {
	i, ok := parseIndex(trimSpace(index))
	if !ok {
		return nil, flawf("cell %s%d refers to shared text %.20q", columnName(s.column), s.number, index)
	}
	text, err := s.strings.get(i)
	if errors.Is(err, errTooLong) {
		return nil, s.book.limits.cellError(s.place())
	}
	return text, err
}

func (s *sheetScan) flag(start int) Cell {
	switch value := trimSpace(s.text[start:]); string(value) {
	case "1", "true":
		s.text = append(s.text[:start], "true"...)
	case "0", "false":
		s.text = append(s.text[:start], "false"...)
	default:
		return Cell{Kind: Text, Text: value}
	}
	return Cell{Kind: Flag, Text: s.text[start:]}
}

// numeric makes a number or a moment of the text; what is no number stays text.
func (s *sheetScan) numeric(style, start int) Cell {
	var ok bool
	if s.text, ok = tidyNumber(s.text, start); !ok {
		return Cell{Kind: Text, Text: s.text[start:]}
	}
	c := Cell{Kind: Number, Text: s.text[start:]}
	if style >= len(s.book.moments) {
		return c
	}
	if shown := s.book.moments[style]; shown != 0 {
		c.moment(shown, s.book.from1904)
	}
	return c
}

// date makes a moment of ISO 8601. What it shows is for the format to say, if that is one of moments.
func (s *sheetScan) date(style, start int) Cell {
	value := trimSpace(s.text[start:])
	when, shown, ok := parseISO(value)
	if !ok {
		return Cell{Kind: Text, Text: value}
	}
	if style < len(s.book.moments) && s.book.moments[style] != 0 {
		shown = s.book.moments[style]
	}
	s.text = appendSerial(s.text[:start], when, s.book.from1904)
	return Cell{Kind: Moment, Text: s.text[start:], Time: when, HasDate: shown&showsDate != 0, HasTime: shown&showsTime != 0}
}

// parseIndex reads a whole number without sign.
func parseIndex(v []byte) (int, bool) {
	if len(v) == 0 || len(v) > 10 {
		return 0, false
	}
	n := 0
	for _, c := range v {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// parseReference reads the name of a cell as column and row, from 1.
func parseReference(v []byte) (column, row int, ok bool) {
	i := 0
	for ; i < len(v) && i < 4; i++ {
		letter := v[i]&^0x20 - 'A' // a is A
		if letter >= 26 {
			break
		}
		column = column*26 + int(letter) + 1
	}
	row, ok = parseIndex(v[i:])
	return column, row, ok && column > 0 && row > 0
}

// columnName returns the letters of a column, from 1.
func columnName(column int) string {
	var b [4]byte
	i := len(b)
	for ; column > 0; column = (column - 1) / 26 {
		i--
		b[i] = byte('A' + (column-1)%26)
	}
	return string(b[i:])
}
