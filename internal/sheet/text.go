package sheet

import (
	"bytes"
	"unicode/utf8"
)

// byteClass tells how a byte of text is to be treated, so that ordinary text is scanned by one look-up a
// byte and copied at once.
type byteClass uint8

const (
	plain   byteClass = iota
	markup            // & < >
	blank             // tab and newline: kept, if the reader is told so
	control           // what XML forbids, and CR, which XML would turn into a newline
	mark              // _, which may look like the beginning of an escape
	wide              // the bytes of characters beyond ASCII
)

var byteClasses = func() (classes [256]byteClass) {
	for c := range classes {
		switch {
		case c == '\t' || c == '\n':
			classes[c] = blank
		case c < 0x20:
			classes[c] = control
		case c == '&' || c == '<' || c == '>':
			classes[c] = markup
		case c == '_':
			classes[c] = mark
		case c >= 0x80:
			classes[c] = wide
		}
	}
	return classes
}()

// appendXMLText appends a text cell. Text longer than a cell holds is cut.
func (e *Encoder) appendXMLText(b []byte, form *cellForm, v []byte) []byte {
	// No text has more UTF-16 code units than bytes, so only these need counting.
	if len(v) > MaxCellChars {
		if cut := cutText(v, MaxCellChars); len(cut) < len(v) {
			v = cut
			e.info.CellsTruncated++
		}
	}
	first, last := v[0], v[len(v)-1]
	// Without xml:space, readers may strip white space at the ends; Excel itself sets it for newlines too.
	if first <= ' ' || last <= ' ' || bytes.IndexByte(v, '\n') >= 0 || bytes.IndexByte(v, '\t') >= 0 {
		b = append(e.appendRef(b, form), form.keepText...)
	} else {
		b = append(e.appendRef(b, form), form.text...)
	}
	b, escaped := escapeXML(b, v)
	e.info.CharsEscaped += escaped
	return append(b, textEnd...)
}

// escapeXML appends v as the content of a <t> element, and counts the characters that XML cannot hold. As
// Excel does it, those are written _xHHHH_, and a text that happens to look like that gets its first
// underscore written as _x005F_, so that it is read as it was. Bytes that are not UTF-8 become U+FFFD.
func escapeXML(b, v []byte) (out []byte, escaped int64) {
	copied := 0 // v[:copied] is in b
	for i := 0; i < len(v); {
		switch byteClasses[v[i]] {
		case plain, blank:
			i++
			continue
		case mark:
			if !looksEscaped(v[i:]) {
				i++
				continue
			}
			b = append(append(b, v[copied:i]...), "_x005F_"...)
			i++
		case markup:
			b = appendEntity(append(b, v[copied:i]...), v[i])
			i++
		case control:
			b = appendEscape(append(b, v[copied:i]...), rune(v[i]))
			if v[i] != '\r' { // XML allows it, so nobody needs to hear of it
				escaped++
			}
			i++
		case wide:
			r, size := decodeRune(v[i:])
			if r != utf8.RuneError && r != 0xFFFE && r != 0xFFFF || size == 3 && r == utf8.RuneError {
				i += size
				continue
			}
			b = append(b, v[copied:i]...)
			if r == utf8.RuneError {
				b = append(b, "\uFFFD"...)
			} else {
				b = appendEscape(b, r)
			}
			escaped++
			i += size
		}
		copied = i
	}
	return append(b, v[copied:]...), escaped
}

// decodeRune is utf8.DecodeRune with a short way for the three-byte characters that Hangul consists of.
func decodeRune(v []byte) (rune, int) {
	if len(v) >= 3 && v[0] > 0xE0 && v[0] < 0xED && v[1]&0xC0 == 0x80 && v[2]&0xC0 == 0x80 {
		return rune(v[0]&0x0F)<<12 | rune(v[1]&0x3F)<<6 | rune(v[2]&0x3F), 3
	}
	return utf8.DecodeRune(v)
}

// looksEscaped tells whether v, which begins with an underscore, would be read as _xHHHH_ once the
// character after it has been written: that may become an escape, which begins with an underscore, too.
func looksEscaped(v []byte) bool {
	if len(v) < 7 || v[1] != 'x' {
		return false
	}
	for _, c := range v[2:6] {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	next := byteClasses[v[6]]
	return next == mark || next == control || next == wide
}

func appendEntity(b []byte, c byte) []byte {
	switch c {
	case '&':
		return append(b, "&amp;"...)
	case '<':
		return append(b, "&lt;"...)
	default:
		return append(b, "&gt;"...) // needed in ]]> only, and harmless elsewhere
	}
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789ABCDEF"
	return append(b, '_', 'x', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15], '_')
}

// cutText returns the longest start of v that has at most limit UTF-16 code units once it is decoded; a
// byte that is not UTF-8 counts as one.
func cutText(v []byte, limit int) []byte {
	units := 0
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		units++
		if r > 0xFFFF {
			units++
		}
		if units > limit {
			return v[:i]
		}
		i += size
	}
	return v
}
