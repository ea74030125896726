package sheet

import (
	"slices"
	"strconv"
)

// cellForm is the XML around the values of one column, made once so that a cell is a few appends: ref, the
// row's number, what opens a cell of its kind, the value, what closes it.
type cellForm struct {
	kind     Type
	ref      string // begins any cell and its reference, up to the row's number
	text     string // opens a text cell
	keepText string // opens a text cell whose white space is significant
	number   string // opens a number cell
	flag     string // opens a flag cell
	empty    string // ends a cell without a value
}

const (
	rowStart  = `<row r="` // up to the row's number
	cellStart = `<c r="`   // up to the column's letters
	rowEnd    = `</row>`
	textEnd   = `</t></is></c>`
	numberEnd = `</v></c>`
)

func cellForms(columns []Column) []cellForm {
	forms := make([]cellForm, len(columns))
	styles := stylesOf(columns)
	for i, c := range columns {
		forms[i] = formOf(c.Type, i, styles.of[i])
	}
	return forms
}

// formOf returns the form of the column with this index, from 0.
func formOf(kind Type, column, style int) cellForm {
	c := `"`
	if style != styleDefault { // every cell names its style: a column's holds only where there is no cell
		c += ` s="` + strconv.Itoa(style) + `"`
	}
	return cellForm{
		kind:     kind,
		ref:      cellStart + columnLetters(column),
		text:     c + ` t="inlineStr"><is><t>`,
		keepText: c + ` t="inlineStr"><is><t xml:space="preserve">`,
		number:   c + `><v>`,
		flag:     c + ` t="b"><v>`,
		empty:    c + `/>`,
	}
}

// columnLetters names the column with this index, from 0: A to Z, AA to ZZ, AAA to XFD.
func columnLetters(column int) string {
	var letters []byte
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = append(letters, 'A'+byte((n-1)%26))
	}
	slices.Reverse(letters)
	return string(letters)
}

// appendXMLRow appends a row. An empty value needs no cell: the ones behind it say where they belong.
func (e *Encoder) appendXMLRow(b []byte, cells [][]byte) []byte {
	e.row = strconv.AppendInt(e.row[:0], int64(e.info.FirstRow)+e.info.Rows, 10)
	b = append(b, rowStart...)
	b = append(b, e.row...)
	b = append(b, `">`...)
	for i, value := range cells {
		if len(value) == 0 {
			continue
		}
		form := &e.columns[i]
		if form.kind != Text {
			typed, ok := e.appendXMLValue(b, form, value)
			if ok {
				b = typed
				continue
			}
			e.info.CellsAsText++
		}
		b = e.appendXMLText(b, form, value)
	}
	return append(b, rowEnd...)
}

// appendRef begins a cell, up to and including the number of the row.
func (e *Encoder) appendRef(b []byte, form *cellForm) []byte {
	return append(append(b, form.ref...), e.row...)
}

// appendXMLValue appends a cell that is not text, or reports that value is not of the column's type.
func (e *Encoder) appendXMLValue(b []byte, form *cellForm, value []byte) ([]byte, bool) {
	switch form.kind {
	case Integer, Decimal:
		n, ok := scanNumber(value)
		if !ok || !n.exact(form.kind) {
			return b, false
		}
		b = append(e.appendRef(b, form), form.number...)
		b = append(b, value...)
	case Date:
		days, ok := parseDate(value)
		if !ok || days < firstDay {
			return b, false
		}
		b = append(e.appendRef(b, form), form.number...)
		b = appendSerial(b, days, 0)
	case Instant:
		days, milli, ok := e.localTime(value)
		if !ok || days < firstDay || days > lastDay {
			return b, false
		}
		b = append(e.appendRef(b, form), form.number...)
		b = appendSerial(b, days, milli)
	default:
		on, ok := parseFlag(value)
		if !ok {
			return b, false
		}
		b = append(e.appendRef(b, form), form.flag...)
		if on {
			b = append(b, '1')
		} else {
			b = append(b, '0')
		}
	}
	return append(b, numberEnd...), true
}

// localTime parses an instant and returns its day and time of day in the layout's zone.
func (e *Encoder) localTime(value []byte) (days, milli int64, ok bool) {
	seconds, milli, ok := parseInstant(value)
	if !ok {
		return 0, 0, false
	}
	seconds += e.zone.at(seconds)
	days = floorDiv(seconds, secondsPerDay)
	return days, (seconds-days*secondsPerDay)*1000 + milli, true
}

// parseFlag knows 0 and 1, MySQL's BIT(1), and the words that drivers make of booleans.
func parseFlag(value []byte) (on, ok bool) {
	switch string(value) {
	case "1", "\x01", "true", "TRUE":
		return true, true
	case "0", "\x00", "false", "FALSE":
		return false, true
	}
	return false, false
}
