package upload

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
)

const (
	// scanBuffer is where scanning starts, less for small parts; it grows for longer tags only.
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

// newXMLScanner reads the encoding's signs first: a part is UTF-8 or UTF-16. It has size bytes.
func newXMLScanner(in io.Reader, size int64) (*xmlScanner, error) {
	x := &xmlScanner{in: in, buf: make([]byte, min(scanBuffer, max(size+1, 64))), attrs: make([]xmlAttr, 0, 16)}
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

// drain reads to the end without looking, for the checksum's sake.
func (x *xmlScanner) drain() error {
	for {
		x.pos = x.end
		if err := x.more(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
