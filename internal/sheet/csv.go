package sheet

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// byteOrderMark makes Excel read the file as UTF-8; without it, Korean comes out as gibberish.
const byteOrderMark = "\uFEFF"

// A CSV file says nothing of types, so Excel computes any cell that begins like a formula, and such a cell
// may come from whoever typed it into a shop's order form. Text columns are therefore guarded: a text
// that Excel could compute gets a leading apostrophe, which shows, and is counted in Info.CellsGuarded.
//
// Guarded is text that begins with = @ TAB CR LF or a full-width = + - @, and text that begins with + or -
// unless only digits, spaces and + - . ( ) follow: that can neither call nor refer to anything, and
// +82-10-1234-5678 or -12 must come out as they went in for whoever imports the file elsewhere. (Opened in
// Excel they are computed, as ids there lose their leading zeros; texts that must look right in Excel
// belong in a workbook.) Apostrophes before such a beginning do not count, so that the guard can be taken
// off again: a text that would be guarded without its leading apostrophes loses exactly one.
//
// Numbers are written as they came, instants as local time to the second, flags as TRUE and FALSE.
// NULL and empty text are both empty.
func (e *Encoder) appendCSVRow(b []byte, cells [][]byte) []byte {
	start := len(b)
	for i, value := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		if len(value) == 0 {
			continue
		}
		form := &e.columns[i]
		if form.kind != Text {
			typed, ok := e.appendCSVValue(b, form.kind, value)
			if ok {
				b = typed
				continue
			}
			e.info.CellsAsText++
		}
		b = e.appendCSVText(b, value)
	}
	if len(b) == start {
		b = append(b, `""`...) // one column, no value: readers skip a line with nothing in it
	}
	return append(b, "\r\n"...)
}

// appendCSVValue appends a value that is not text, or reports that it is not of the column's type.
func (e *Encoder) appendCSVValue(b []byte, kind Type, value []byte) ([]byte, bool) {
	switch kind {
	case Integer, Decimal:
		n, ok := scanNumber(value)
		if !ok || kind == Integer && !n.whole {
			return b, false
		}
		return append(b, value...), true
	case Date:
		if _, ok := parseDate(value); !ok {
			return b, false
		}
		return append(b, value[:10]...), true
	case Instant:
		days, milli, ok := e.localTime(value)
		if !ok || days > lastDay {
			return b, false
		}
		return appendLocal(b, days, milli), true
	default:
		on, ok := parseFlag(value)
		if !ok {
			return b, false
		}
		if on {
			return append(b, "TRUE"...), true
		}
		return append(b, "FALSE"...), true
	}
}

// appendCSVText appends a text, guarded and quoted where that is needed.
func (e *Encoder) appendCSVText(b, v []byte) []byte {
	guarded := needsGuard(v)
	if guarded {
		e.info.CellsGuarded++
	}
	b, replaced := appendCSVField(b, v, guarded)
	e.info.CharsEscaped += replaced
	return b
}

// appendCSVField appends a field as RFC 4180 has it, always as UTF-8; it counts the bytes replaced.
func appendCSVField(b, v []byte, guarded bool) (out []byte, replaced int64) {
	first, last := v[0], v[len(v)-1]
	// White space at the ends is quoted too: some readers strip it otherwise.
	quoted := first <= ' ' || last <= ' ' || bytes.ContainsAny(v, "\",\r\n")
	if quoted {
		b = append(b, '"')
	}
	if guarded {
		b = append(b, '\'')
	}
	copied := 0
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c == '"':
			b = append(append(b, v[copied:i]...), `""`...)
			i++
			copied = i
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := decodeRune(v[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, v[copied:i]...), "\uFFFD"...)
				replaced++
				copied = i + 1
			}
			i += size
		}
	}
	b = append(b, v[copied:]...)
	if quoted {
		b = append(b, '"')
	}
	return b, replaced
}

// needsGuard tells whether Excel might compute the text.
func needsGuard(v []byte) bool {
	v = bytes.TrimLeft(v, "'")
	if len(v) == 0 {
		return false
	}
	switch v[0] {
	case '=', '@', '\t', '\r', '\n':
		return true
	case 0xEF: // the full-width ＋ － ＝ ＠ of East Asian keyboards, which Excel takes for the narrow ones
		return bytes.HasPrefix(v, []byte("＋")) || bytes.HasPrefix(v, []byte("－")) ||
			bytes.HasPrefix(v, []byte("＝")) || bytes.HasPrefix(v, []byte("＠"))
	case '+', '-':
		for _, c := range v[1:] {
			if !isDigit(c) && strings.IndexByte(" +-.()", c) < 0 {
				return true
			}
		}
	}
	return false
}

// csvHeader returns the line of headers with which a file begins, byte order mark and all.
func csvHeader(columns []Column) []byte {
	b := []byte(byteOrderMark)
	start := len(b)
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		if header := []byte(c.Header); len(header) > 0 {
			b, _ = appendCSVField(b, header, needsGuard(header))
		}
	}
	if len(b) == start {
		b = append(b, `""`...)
	}
	return append(b, "\r\n"...)
}
