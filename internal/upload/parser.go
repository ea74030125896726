package upload

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// parser reads flat JSON objects, strictly as RFC 8259 and encoding/json have it, and refuses any that are not flat. It
// is our own because encoding/json makes a string of all it reads, however long.
type parser struct {
	window
	limits Limits
	lined  bool // NDJSON: an object ends where its line does

	item    int  // the object being read, from 1
	line    int  // of pos, from 1
	fresh   bool // a line has ended since this was last cleared
	inside  bool // an object
	members []member
}

// member is a key and its value, unescaped, from keep on.
type member struct {
	key, value span
	kind       Kind
}

func newParser(t *text, format Format, l Limits) parser {
	return parser{window: window{text: t}, limits: l, lined: format == NDJSON, line: 1}
}

// release gives up what was read.
func (p *parser) release() { p.keep = p.pos }

// place is where the object stands.
func (p *parser) place() string {
	line := "line " + grouped(int64(p.line))
	if p.lined {
		return line
	}
	return "object " + grouped(int64(max(p.item, 1))) + ", " + line
}

// cutOff makes the end of the file an error.
func (p *parser) cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return invalid("%s: the file ends here, but not its JSON; it may be cut off", p.place())
	}
	return err
}

// peek passes white space over and returns the byte behind it; at the end of the file io.EOF.
func (p *parser) peek() (byte, error) {
	for {
		for ; p.pos < len(p.buf); p.pos++ {
			switch c := p.buf[p.pos]; c {
			case ' ', '\t', '\r':
			case '\n':
				if p.lined && p.inside {
					return 0, p.brokenLine()
				}
				p.line++
				p.fresh = true
			default:
				return c, nil
			}
		}
		if !p.inside {
			p.release() // white space may be long
		}
		if err := p.more(); err != nil {
			return 0, err
		}
	}
}

func (p *parser) brokenLine() error {
	if p.item == 1 {
		return invalid("line %s: the file begins with an object that goes over several lines; "+
			"an array of objects is read, or one object a line", grouped(int64(p.line)))
	}
	return invalid("%s: the object does not end in this line", p.place())
}

// expect passes white space over and then c.
func (p *parser) expect(c byte, where string) error {
	got, err := p.peek()
	if err != nil {
		return p.cutOff(err)
	}
	if got != c {
		return invalid("%s: %s was expected %s, not %s", p.place(), shown([]byte{c}), where, shown([]byte{got}))
	}
	p.pos++
	return nil
}

// readObject reads an object that begins with c into members.
func (p *parser) readObject(c byte) error {
	if c != '{' {
		return invalid("%s: it is not an object; an array of objects is read, or one object a line", p.place())
	}
	p.pos++
	p.inside = true
	p.members = p.members[:0]
	c, err := p.peek()
	for ; err == nil; c, err = p.peek() {
		switch {
		case c == '}':
			p.pos++
			p.inside = false
			return nil
		case len(p.members) == 0:
		case c != ',':
			return invalid("%s: a comma or } was expected behind a value, not %s", p.place(), shown([]byte{c}))
		default:
			p.pos++
		}
		if err := p.member(); err != nil {
			return err
		}
	}
	return p.cutOff(err)
}

func (p *parser) member() error {
	if err := p.expect('"', "where a key begins"); err != nil {
		return err
	}
	if len(p.members) == p.limits.Columns {
		return p.limits.columnsError(p.place())
	}
	var m member
	var err error
	if m.key, err = p.str("a key"); err != nil {
		return err
	}
	if err := p.expect(':', "behind a key"); err != nil {
		return err
	}
	c, err := p.peek()
	if err != nil {
		return p.cutOff(err)
	}
	key := func() string { return "the value of " + shown(p.bytes(m.key)) }
	switch c {
	case '"':
		p.pos++
		m.kind = Text
		m.value, err = p.str("a value")
	case '{', '[':
		err = invalid("%s: %s is an object or array; values have to be strings, numbers, true, false or null",
			p.place(), key())
	default:
		m.value, m.kind, err = p.literal(key)
	}
	p.members = append(p.members, m)
	return err
}

func (p *parser) bytes(s span) []byte { return p.buf[p.keep+s.from : p.keep+s.to] }

// str reads a string from behind its quotation mark and unescapes it in place.
func (p *parser) str(what string) (span, error) {
	from := p.pos - p.keep
	to := from // where the unescaped part ends
	for {
		i := p.pos
		for i < len(p.buf) && p.buf[i] != '"' && p.buf[i] != '\\' && p.buf[i] >= ' ' {
			i++
		}
		if n := i - p.pos; p.keep+to == p.pos {
			to += n
		} else {
			to += copy(p.buf[p.keep+to:], p.buf[p.pos:i])
		}
		p.pos = i
		if i == len(p.buf) {
			if err := p.moreOf(from); err != nil {
				return span{}, err
			}
			continue
		}
		switch p.buf[i] {
		case '"':
			p.pos++
			s := span{from, to}
			if to-from > p.limits.CellChars && utf8.RuneCount(p.bytes(s)) > p.limits.CellChars {
				return s, p.limits.cellError(p.place())
			}
			return s, nil
		case '\\':
			n, err := p.escape(from, to)
			if err != nil {
				return span{}, err
			}
			to += n
		default:
			return span{}, invalid("%s: %s has a control character or line break that is not escaped", p.place(), what)
		}
	}
}

// moreOf gets more of a string or number that begins at from, unless it is far too long already: an escaped character
// has up to twelve bytes.
func (p *parser) moreOf(from int) error {
	if p.pos-p.keep-from > 12*p.limits.CellChars {
		return p.limits.cellError(p.place())
	}
	return p.cutOff(p.more())
}

// escape writes at to what the escape sequence at pos stands for and returns its length.
func (p *parser) escape(from, to int) (int, error) {
	for len(p.buf)-p.pos < 2 {
		if err := p.moreOf(from); err != nil {
			return 0, err
		}
	}
	c := p.buf[p.pos+1]
	if c != 'u' {
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return 0, invalid("%s: the escape sequence \\%s does not exist", p.place(), string(rune(c)))
		}
		p.pos += 2
		p.buf[p.keep+to] = "\"\\/\b\f\n\r\t"[i]
		return 1, nil
	}
	r, err := p.unit(from)
	if err != nil {
		return 0, err
	}
	if utf16.IsSurrogate(r) {
		if r, err = p.pair(from, r); err != nil {
			return 0, err
		}
	}
	return utf8.EncodeRune(p.buf[p.keep+to:], r), nil
}

// unit reads \uXXXX.
func (p *parser) unit(from int) (rune, error) {
	for len(p.buf)-p.pos < 6 {
		if err := p.moreOf(from); err != nil {
			return 0, err
		}
	}
	var r rune
	for _, c := range p.buf[p.pos+2 : p.pos+6] {
		digit := hexValue(c)
		if digit < 0 {
			return 0, invalid("%s: the escape sequence \\u%s does not exist", p.place(),
				bytes.ToValidUTF8(p.buf[p.pos+2:p.pos+6], []byte(replacement)))
		}
		r = r<<4 | digit
	}
	p.pos += 6
	return r, nil
}

func hexValue(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// pair reads the other half of a surrogate pair. Half a pair becomes U+FFFD, as in encoding/json: programs that cut
// texts write it, and the row can be refused for it.
func (p *parser) pair(from int, high rune) (rune, error) {
	for len(p.buf)-p.pos < 2 {
		if err := p.moreOf(from); err != nil {
			return 0, err
		}
	}
	if p.buf[p.pos] != '\\' || p.buf[p.pos+1] != 'u' {
		return utf8.RuneError, nil
	}
	at := p.pos - p.keep
	low, err := p.unit(from)
	if err != nil {
		return 0, err
	}
	r := utf16.DecodeRune(high, low)
	if r == utf8.RuneError {
		p.pos = p.keep + at // it may be the first of another pair
	}
	return r, nil
}

// literal reads a number, true, false or null.
func (p *parser) literal(key func() string) (span, Kind, error) {
	from := p.pos - p.keep
	for {
		for p.pos < len(p.buf) && isLiteral(p.buf[p.pos]) {
			p.pos++
		}
		if p.pos < len(p.buf) {
			break
		}
		if err := p.moreOf(from); err != nil {
			return span{}, Empty, err
		}
	}
	s := span{from, p.pos - p.keep}
	word := p.bytes(s)
	switch {
	case len(word) > p.limits.CellChars:
		return s, Empty, p.limits.cellError(p.place())
	case string(word) == "null":
		return s, Empty, nil
	case string(word) == "true", string(word) == "false":
		return s, Flag, nil
	case isNumber(word):
		return s, Number, nil
	case len(word) == 0:
		word = p.buf[p.pos : p.pos+1]
	}
	return s, Empty, invalid("%s: %s is %s, which is no JSON", p.place(), key(), strconv.Quote(string(word)))
}

// isLiteral tells what numbers and names are made of; anything else ends them.
func isLiteral(c byte) bool {
	return c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isNumber is the grammar of RFC 8259: -? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?
func isNumber(p []byte) bool {
	if len(p) > 0 && p[0] == '-' {
		p = p[1:]
	}
	n := digits(p)
	if n == 0 || (n > 1 && p[0] == '0') {
		return false
	}
	p = p[n:]
	if len(p) > 0 && p[0] == '.' {
		if n = digits(p[1:]); n == 0 {
			return false
		}
		p = p[1+n:]
	}
	if len(p) > 0 && (p[0] == 'e' || p[0] == 'E') {
		p = p[1:]
		if len(p) > 0 && (p[0] == '+' || p[0] == '-') {
			p = p[1:]
		}
		if n = digits(p); n == 0 {
			return false
		}
		p = p[n:]
	}
	return len(p) == 0
}

func digits(p []byte) int {
	n := 0
	for n < len(p) && p[n] >= '0' && p[n] <= '9' {
		n++
	}
	return n
}
