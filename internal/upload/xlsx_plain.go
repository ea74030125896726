package upload

import (
	"bytes"
	"unicode/utf8"
)

// plainTag is more than a plain cell takes up to its value.
const plainTag = 96

// plainCell is a cell as nearly all programs write nearly all of them:
//
//	<c r="B7" s="3" t="s"><v>12</v></c>
//	<c r="B7" s="3" t="inlineStr"><is><t>red</t></is></c>
type plainCell struct {
	column, row, style int
	kind               cellType
	value              []byte // valid until the scanner reads on
	size               int    // of the element, in bytes
}

// plainCell looks at the cell that comes next. What is written otherwise (other attributes or another order, white space,
// prefixes, references, formulas), wrong, or not there whole yet, is not ok: it takes the long way, from tag to tag.
func (x *xmlScanner) plainCell() (c plainCell, ok bool) {
	b := x.buf[x.pos:x.end]
	if len(b) < plainTag || string(b[:6]) != `<c r="` {
		return c, false
	}
	i := 6
	for ; i < 9 && b[i]-'A' < 26; i++ {
		c.column = c.column*26 + int(b[i]-'A') + 1
	}
	from := i
	c.row, i = plainNumber(b, i)
	if c.column == 0 || i == from || b[i] != '"' {
		return c, false
	}
	i++
	if string(b[i:i+4]) == ` s="` {
		from = i + 4
		if c.style, i = plainNumber(b, from); i == from || b[i] != '"' {
			return c, false
		}
		i++
	}
	if string(b[i:i+4]) == ` t="` {
		var size int
		if c.kind, size = plainType(b[i+4:]); size == 0 {
			return c, false
		}
		i += 4 + size
	}
	if string(b[i:i+2]) == "/>" {
		c.size = i + 2
		return c, true
	}
	before, after := "><v>", "</v></c>"
	if c.kind == inlineCell {
		before, after = "><is><t>", "</t></is></c>"
		if preserved := `><is><t xml:space="preserve">`; string(b[i:i+len(preserved)]) == preserved {
			before = preserved
		}
	}
	if string(b[i:i+len(before)]) != before {
		return c, false
	}
	if c.value, ok = plainValue(b[i+len(before):], after); !ok {
		return c, false
	}
	c.size = i + len(before) + len(c.value) + len(after)
	return c, true
}

// plainValue reads text without references, and what comes after it.
func plainValue(b []byte, after string) (text []byte, ok bool) {
	i, letters := 0, byte(0)
	for i < len(b) && plainText[b[i]] {
		letters |= b[i]
		i++
	}
	if !bytes.HasPrefix(b[i:], []byte(after)) || letters >= utf8.RuneSelf && !utf8.Valid(b[:i]) {
		return nil, false
	}
	return b[:i], true
}

// plainNumber reads up to seven digits, as many as the number of a row has, and tells where they end.
func plainNumber(b []byte, i int) (n, end int) {
	for most := i + 7; i < most && b[i]-'0' <= 9; i++ {
		n = n*10 + int(b[i]-'0')
	}
	return n, i
}

// plainType reads the value of t, of letters only, and the quote behind it; size is 0 for what is not plain.
func plainType(b []byte) (kind cellType, size int) {
	end := 0
	for end < len("inlineStr") && b[end]|0x20-'a' < 26 {
		end++
	}
	if b[end] != '"' {
		return 0, 0
	}
	return parseCellType(b[:end]), end + 1
}

// readPlain reads the next cell if it is a plain one and stands where it may.
func (s *sheetScan) readPlain() (done bool, err error) {
	c, ok := s.x.plainCell()
	if !ok || c.row != s.number || c.column <= s.column || c.column > maxSheetColumn {
		return false, nil
	}
	s.x.pos += c.size
	s.column = c.column
	start := len(s.text)
	s.text = append(s.text, c.value...)
	if c.kind == textCell || c.kind == inlineCell {
		s.text = s.text[:start+len(unescape(s.text[start:]))]
	}
	if len(s.text) == start {
		return true, nil
	}
	return true, s.put(c.kind, c.style, start)
}
