package upload

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

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
			return dst, errTooLong
		}
	}
}

// maxText bounds what is held of one text, in bytes. Cells have a limit of their own, which is looked at afterwards.
const maxText = 8 << 20

// errTooLong is for a text longer than maxText or, of shared ones, than a cell may be.
var errTooLong = errors.New("text is too long")

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
				return dst, errTooLong
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
