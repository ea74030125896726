package upload

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

const (
	// scanBuffer is where scanning starts; it grows for longer tags only.
	scanBuffer = 64 << 10
	// maxTag is far above the tags of a workbook, of which that of <worksheet> is the longest, with some 2 KB.
	maxTag = 1 << 20
	// maxReference is far above the longest reference, &#x10FFFF;, zeros before it included.
	maxReference = 32
)

// xmlScanner finds the tags and texts of an XML part. It knows what workbooks use of XML: no document types, and so
// no entities but the five; prefixes are cut off instead of being looked up. It checks as much as is needed to read
// what is there and nothing else: names of end tags, for instance, are the caller's.
//
// Nothing recurses and nothing is kept, so that depth and length of a part cost no memory.
type xmlScanner struct {
	in       io.Reader
	buf      []byte
	pos, end int   // what is to be scanned yet is buf[pos:end]
	err      error // of in; comes after the rest

	// The last tag; valid until the next call.
	name  []byte
	attrs []xmlAttr
	empty bool // <name/>: no end tag follows

	values []byte // attributes with references in them, resolved
}

// xmlAttr is an attribute.
type xmlAttr struct {
	name, value []byte
	prefixed    bool
}

// xmlTag is what kind of tag was found.
type xmlTag uint8

const (
	startTag xmlTag = iota + 1
	endTag
)

// newXMLScanner reads the encoding's signs first: a part is UTF-8 or UTF-16.
func newXMLScanner(in io.Reader) (*xmlScanner, error) {
	x := &xmlScanner{in: in, buf: make([]byte, scanBuffer), attrs: make([]xmlAttr, 0, 16)}
	return x, x.begin()
}

func (x *xmlScanner) begin() error {
	for x.end < 4 && x.err == nil {
		_ = x.more() // an empty part fails where its first tag is missed
	}
	head := x.buf[:x.end]
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		x.pos = 3
	case bytes.HasPrefix(head, []byte("\xFE\xFF")), bytes.HasPrefix(head, []byte("\x00<")):
		x.decodeUTF16(unicode.BigEndian)
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("<\x00")):
		x.decodeUTF16(unicode.LittleEndian)
	}
	return x.declaration()
}

// decodeUTF16 starts over. Excel never writes UTF-16 but allows it.
func (x *xmlScanner) decodeUTF16(order unicode.Endianness) {
	rest := io.Reader(bytes.NewReader(bytes.Clone(x.buf[:x.end])))
	switch {
	case x.err == nil:
		rest = io.MultiReader(rest, x.in)
	case !errors.Is(x.err, io.EOF):
		return
	}
	x.in = bufio.NewReaderSize(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(rest), 4<<10)
	x.pos, x.end, x.err = 0, 0, nil
}

// declaration reads <?xml …?>, which must stand at the beginning, to refuse encodings that are not allowed.
func (x *xmlScanner) declaration() error {
	for x.end-x.pos < 5 && x.err == nil {
		_ = x.more()
	}
	if !bytes.HasPrefix(x.buf[x.pos:x.end], []byte("<?xml")) {
		return nil
	}
	for {
		stop := bytes.Index(x.buf[x.pos:x.end], []byte("?>"))
		if stop < 0 {
			if err := x.need("a declaration"); err != nil {
				return err
			}
			continue
		}
		_, encoding, named := bytes.Cut(x.buf[x.pos:x.pos+stop], []byte("encoding"))
		encoding = bytes.ToLower(bytes.Trim(encoding, "= \t\r\n\"'"))
		x.pos += stop + 2
		if i := bytes.IndexAny(encoding, "\"'"); i >= 0 {
			encoding = encoding[:i]
		}
		switch string(encoding) {
		case "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be":
		default:
			if named && len(encoding) > 0 {
				return flawf("it is written in %.40q, not in UTF-8", encoding)
			}
		}
		return nil
	}
}

// more reads on, keeping what is not scanned yet. It fails when there is no more.
func (x *xmlScanner) more() error {
	if x.err != nil {
		return x.err
	}
	if x.pos > 0 {
		x.end = copy(x.buf, x.buf[x.pos:x.end])
		x.pos = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxTag {
			return flawf("a tag is longer than %s", bytesText(maxTag))
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for tries := 0; ; tries++ {
		n, err := x.in.Read(x.buf[x.end:])
		x.end += n
		x.err = err
		switch {
		case n > 0:
			return nil
		case err != nil:
			return err
		case tries == 100:
			x.err = io.ErrNoProgress
		}
	}
}

// need is more for the inside of something, where the end must not be.
func (x *xmlScanner) need(what string) error {
	err := x.more()
	if errors.Is(err, io.EOF) {
		return flawf("it ends inside %s", what)
	}
	return err
}

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

// attr returns the value of an attribute of the last tag, nil without it. Those with a prefix are others.
func (x *xmlScanner) attr(name string) []byte {
	for i := range x.attrs {
		if a := &x.attrs[i]; !a.prefixed && string(a.name) == name {
			return a.value
		}
	}
	return nil
}

// skip goes to the end of the element whose start tag was the last tag.
func (x *xmlScanner) skip() error {
	if x.empty {
		return nil
	}
	for depth := 1; depth > 0; {
		kind, err := x.inside()
		if err != nil {
			return err
		}
		if kind == endTag {
			depth--
		} else if !x.empty {
			depth++
		}
	}
	return nil
}

// inside is tag where an element is open, so that the part must not end.
func (x *xmlScanner) inside() (xmlTag, error) {
	kind, err := x.tag()
	if errors.Is(err, io.EOF) {
		return 0, flawf("it ends too early")
	}
	return kind, err
}

// elementText appends the text of the element whose start tag was the last tag, without that of elements in it, and
// goes to its end.
func (x *xmlScanner) elementText(dst []byte) ([]byte, error) {
	if x.empty {
		return dst, nil
	}
	start := len(dst)
	for {
		var err error
		if dst, err = x.text(dst); err != nil {
			return dst, err
		}
		kind, err := x.inside()
		if err != nil {
			return dst, err
		}
		if kind == endTag {
			break
		}
		if err := x.skip(); err != nil {
			return dst, err
		}
	}
	if !utf8.Valid(dst[start:]) {
		return dst, flawf("text that is not UTF-8")
	}
	return dst, nil
}

// text appends the text up to the next tag, or to the end.
func (x *xmlScanner) text(dst []byte) ([]byte, error) {
	for {
		b := x.buf[x.pos:x.end]
		i := 0
		for i < len(b) && plainText[b[i]] {
			i++
		}
		dst = append(dst, b[:i]...)
		x.pos += i
		if i == len(b) {
			err := x.more()
			if errors.Is(err, io.EOF) {
				return dst, nil
			}
			if err != nil {
				return dst, err
			}
			continue
		}
		var err error
		switch b[i] {
		case '<':
			var again bool
			if dst, again, err = x.markupInText(dst); err != nil || !again {
				return dst, err
			}
		case '&':
			dst, err = x.reference(dst)
		case '\r':
			dst, err = x.lineEnd(dst)
		default:
			err = flawf("a control character (U+%04X)", b[i])
		}
		if err != nil {
			return dst, err
		}
		if len(dst) > maxText {
			return dst, flawf("a text longer than %s", bytesText(maxText))
		}
	}
}

// maxText bounds what is held of one text. Cells have their own limit, which is found to be exceeded afterwards.
const maxText = 8 << 20

// markupInText passes what is no tag at the beginning of the buffer; again tells that text goes on behind it.
func (x *xmlScanner) markupInText(dst []byte) (out []byte, again bool, err error) {
	for x.end-x.pos < 2 {
		if err := x.need("a tag"); err != nil {
			return dst, false, err
		}
	}
	if c := x.buf[x.pos+1]; c != '!' && c != '?' {
		return dst, false, nil
	}
	dst, err = x.markup(dst, true)
	return dst, true, err
}

// markup passes the comment, instruction or CDATA section at the beginning of the buffer. The text of the latter is
// appended where it is wanted.
func (x *xmlScanner) markup(dst []byte, wanted bool) ([]byte, error) {
	if x.buf[x.pos+1] == '?' {
		return x.until(dst, false, 2, "?>", "an instruction")
	}
	for x.end-x.pos < len(cdataStart) && x.err == nil {
		_ = x.more()
	}
	switch b := x.buf[x.pos:x.end]; {
	case bytes.HasPrefix(b, []byte("<!--")):
		return x.until(dst, false, 4, "-->", "a comment")
	case bytes.HasPrefix(b, []byte(cdataStart)):
		return x.until(dst, wanted, len(cdataStart), "]]>", "a CDATA section")
	case x.err != nil && len(b) < len(cdataStart):
		return dst, x.need("a tag")
	}
	return dst, flawf("a document type definition, which workbooks do not have")
}

const cdataStart = "<![CDATA["

// until passes what begins with opened bytes and ends with stop.
func (x *xmlScanner) until(dst []byte, wanted bool, opened int, stop, what string) ([]byte, error) {
	x.pos += opened
	for {
		b := x.buf[x.pos:x.end]
		i := bytes.Index(b, []byte(stop))
		found := i >= 0
		if !found {
			// Half of stop may be there. A carriage return waits for the line feed behind it.
			i = max(0, len(b)-len(stop))
		}
		if wanted {
			var err error
			if dst, err = appendLines(dst, b[:i]); err != nil {
				return dst, err
			}
			if len(dst) > maxText {
				return dst, flawf("a text longer than %s", bytesText(maxText))
			}
			if !found && i > 0 && b[i-1] == '\r' && b[i] == '\n' {
				i++ // appended as one line end
			}
		}
		x.pos += i
		if found {
			x.pos += len(stop)
			return dst, nil
		}
		if err := x.need(what); err != nil {
			return dst, err
		}
	}
}

// lineEnd appends the line end at the beginning of the buffer: XML makes \n of \r and of \r\n.
func (x *xmlScanner) lineEnd(dst []byte) ([]byte, error) {
	if x.end-x.pos < 2 {
		if err := x.more(); err != nil && !errors.Is(err, io.EOF) {
			return dst, err
		}
	}
	x.pos++
	if x.pos < x.end && x.buf[x.pos] == '\n' {
		x.pos++
	}
	return append(dst, '\n'), nil
}

// reference appends what the reference at the beginning of the buffer stands for.
func (x *xmlScanner) reference(dst []byte) ([]byte, error) {
	for {
		b := x.buf[x.pos:min(x.end, x.pos+maxReference)]
		if i := bytes.IndexByte(b, ';'); i >= 0 {
			x.pos += i + 1
			return appendReference(dst, b[1:i])
		}
		if len(b) == maxReference {
			return dst, flawf("an & that is no reference")
		}
		if err := x.need("a reference"); err != nil {
			return dst, err
		}
	}
}
