package upload

import "bytes"

// tag goes to the next tag, over text, comments and instructions. At the end it fails with io.EOF.
func (x *xmlScanner) tag() (xmlTag, error) {
	for {
		if x.pos == x.end || x.buf[x.pos] != '<' {
			i := bytes.IndexByte(x.buf[x.pos:x.end], '<')
			if i < 0 {
				x.pos = x.end
				if err := x.more(); err != nil {
					return 0, err
				}
				continue
			}
			x.pos += i
		}
		if x.end-x.pos < 2 {
			if err := x.need("a tag"); err != nil {
				return 0, err
			}
			continue
		}
		switch x.buf[x.pos+1] {
		case '!', '?':
			if _, err := x.markup(nil, false); err != nil {
				return 0, err
			}
		default:
			kind, ok, err := x.lex()
			if ok || err != nil {
				return kind, err
			}
			if err := x.need("a tag"); err != nil {
				return 0, err
			}
		}
	}
}

// lex reads the tag at the beginning of the buffer; ok tells that it is there whole.
func (x *xmlScanner) lex() (kind xmlTag, ok bool, err error) {
	b := x.buf[x.pos:x.end]
	i, from := 1, 1
	if b[1] == '/' {
		i, from = 2, 2
	}
	first := i
	for ; i < len(b) && !nameEnd[b[i]]; i++ {
		if b[i] == ':' {
			from = i + 1
		}
	}
	if i == len(b) {
		return 0, false, nil
	}
	x.name = b[from:i]
	if i == first || from == i || b[first] == ':' {
		return 0, false, flawf("a tag has no name")
	}
	if first == 2 {
		i = skipSpace(b, i)
		if i == len(b) {
			return 0, false, nil
		}
		if b[i] != '>' {
			return 0, false, flawf("the end tag of %.40q does not end", x.name)
		}
		x.pos += i + 1
		return endTag, true, nil
	}
	n, err := x.lexAttrs(b, i)
	if n == 0 || err != nil {
		return 0, false, err
	}
	x.pos += n
	return startTag, true, nil
}

// lexAttrs reads the attributes from i on and returns the length of the tag, 0 if it is not there whole.
func (x *xmlScanner) lexAttrs(b []byte, i int) (int, error) {
	x.attrs, x.values, x.empty = x.attrs[:0], x.values[:0], false
	for {
		if i < len(b) && isSpace(b[i]) {
			i = skipSpace(b, i)
		}
		if i == len(b) {
			return 0, nil
		}
		switch b[i] {
		case '>':
			return i + 1, nil
		case '/':
			if i+1 == len(b) {
				return 0, nil
			}
			if b[i+1] != '>' {
				return 0, flawf("a stray slash in the tag %.40q", x.name)
			}
			x.empty = true
			return i + 2, nil
		}
		next, err := x.lexAttr(b, i)
		if next == 0 || err != nil {
			return 0, err
		}
		i = next
	}
}

// lexAttr reads the attribute at i and returns where it ends, 0 if it is not there whole.
func (x *xmlScanner) lexAttr(b []byte, i int) (int, error) {
	var a xmlAttr
	from := i
	for ; i < len(b) && !nameEnd[b[i]]; i++ {
		if b[i] == ':' {
			from, a.prefixed = i+1, true
		}
	}
	a.name = b[from:i]
	i = skipSpace(b, i)
	if i == len(b) {
		return 0, nil
	}
	if b[i] != '=' || len(a.name) == 0 {
		return 0, flawf("the tag %.40q has an attribute that is none", x.name)
	}
	i = skipSpace(b, i+1)
	if i == len(b) {
		return 0, nil
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		return 0, flawf("the tag %.40q has an attribute without quotes", x.name)
	}
	i++
	from = i
	plain := true
	for ; i < len(b) && b[i] != quote; i++ {
		if b[i] == '<' {
			return 0, flawf("the tag %.40q does not end", x.name)
		}
		plain = plain && b[i] != '&' && b[i] != '\r'
	}
	if i == len(b) {
		return 0, nil
	}
	a.value = b[from:i]
	if !plain {
		start := len(x.values)
		var err error
		if x.values, err = appendAttr(x.values, a.value); err != nil {
			return 0, err
		}
		a.value = x.values[start:]
	}
	x.attrs = append(x.attrs, a)
	return i + 1, nil
}
