package upload

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// nameEnd has the bytes that end a name in a tag.
var nameEnd = byteSet(" \t\r\n/>=<\"'&?!")

// plainText has the bytes of text that stand for themselves.
var plainText = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= ' ' && c != '<' && c != '&' || c == '\t' || c == '\n'
	}
	return set
}()

func byteSet(members string) (set [256]bool) {
	for i := range len(members) {
		set[members[i]] = true
	}
	return set
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// trimSpace returns b without XML's white space around it.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// appendAttr appends an attribute's value with its references resolved.
func appendAttr(dst, value []byte) ([]byte, error) {
	for len(value) > 0 {
		switch value[0] {
		case '&':
			end := bytes.IndexByte(value, ';')
			if end < 0 {
				return dst, flawf("an & that is no reference")
			}
			var err error
			if dst, err = appendReference(dst, value[1:end]); err != nil {
				return dst, err
			}
			value = value[end+1:]
		case '\r':
			value = value[1:]
			if len(value) == 0 || value[0] != '\n' {
				dst = append(dst, '\n')
			}
		default:
			dst = append(dst, value[0])
			value = value[1:]
		}
	}
	return dst, nil
}

// appendReference appends what &name; stands for.
func appendReference(dst, name []byte) ([]byte, error) {
	switch string(name) {
	case "amp":
		return append(dst, '&'), nil
	case "lt":
		return append(dst, '<'), nil
	case "gt":
		return append(dst, '>'), nil
	case "quot":
		return append(dst, '"'), nil
	case "apos":
		return append(dst, '\''), nil
	}
	if len(name) < 2 || name[0] != '#' {
		return dst, flawf("an unknown reference &%.20s;", bytes.ToValidUTF8(name, []byte("?")))
	}
	digits, base := name[1:], rune(10)
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	r := rune(0)
	for _, c := range digits {
		digit := hexDigit(c)
		if digit >= base || r > utf8.MaxRune {
			r = -1
			break
		}
		r = r*base + digit
	}
	if len(digits) == 0 || !isXMLChar(r) {
		return dst, flawf("&%.20s; is no character", bytes.ToValidUTF8(name, []byte("?")))
	}
	return utf8.AppendRune(dst, r), nil
}

// hexDigit returns the value of a digit, 99 if it is none.
func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return 99
}

// isXMLChar tells whether XML allows the character.
func isXMLChar(r rune) bool {
	return r >= ' ' && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' || r >= 0xE000 && r <= 0xFFFD || r > 0xFFFF && r <= utf8.MaxRune
}

// appendLines appends the text of a CDATA section with XML's line ends.
func appendLines(dst, b []byte) ([]byte, error) {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\r':
			dst = append(dst, '\n')
			if i+1 < len(b) && b[i+1] == '\n' {
				i++
			}
		case !plainText[c] && c != '<' && c != '&':
			return dst, flawf("a control character (U+%04X)", c)
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

// unescape resolves _xHHHH_, in which workbooks write the UTF-16 units that XML does not allow, and the underscore
// before what only looks like that. It does so in place and returns what is left of b. Half a surrogate pair becomes
// U+FFFD.
func unescape(b []byte) []byte {
	i := bytes.Index(b, []byte("_x"))
	if i < 0 {
		return b
	}
	out := b[:i]
	for i < len(b) {
		unit, ok := escapedUnit(b[i:])
		if !ok {
			out = append(out, b[i])
			i++
			continue
		}
		i += escapeLen
		if utf16.IsSurrogate(unit) {
			low, ok := escapedUnit(b[i:])
			if r := utf16.DecodeRune(unit, low); ok && r != utf8.RuneError {
				unit = r
				i += escapeLen
			}
		}
		out = utf8.AppendRune(out, unit) // three bytes at most for seven, four for fourteen
	}
	return out
}

const escapeLen = len("_xHHHH_")

// escapedUnit reads an escape at the beginning of b.
func escapedUnit(b []byte) (rune, bool) {
	if len(b) < escapeLen || b[0] != '_' || b[1] != 'x' || b[6] != '_' {
		return 0, false
	}
	r := rune(0)
	for _, c := range b[2:6] {
		digit := hexDigit(c)
		if digit > 15 {
			return 0, false
		}
		r = r<<4 | digit
	}
	return r, true
}
