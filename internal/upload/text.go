package upload

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"
)

// text turns the blocks of a file into UTF-8, a block at a time, and lets nothing through that is not text.
//
// A file whose head is ASCII says nothing about its encoding: it is taken for UTF-8 until something else comes, and then
// a block from there on decides, for the first character alone could be both. What came before is the same in both.
type text struct {
	in     *blocks
	enc    encoding
	held   []byte // of the last block: a character that it began, or what is to be decided on
	joined []byte // that and the block after it, where the headroom is too small
	out    []byte // decoded
	done   bool

	ascii  bool // all of it so far
	wait   bool // what is not ASCII waits for another block
	lf, cr int  // line feeds so far; carriage returns until the first of them
}

// newText reads from behind the byte order mark.
func newText(in *blocks, enc encoding) *text {
	return &text{in: in, enc: enc, ascii: true, held: make([]byte, 0, headroom)}
}

// next returns some more of the text, valid until the next call; after the last of it io.EOF.
func (t *text) next() ([]byte, error) {
	for !t.done {
		data, err := t.in.next()
		switch {
		case errors.Is(err, io.EOF):
			t.done = true
			data = t.held
		case err != nil:
			return nil, err
		case len(t.held) <= headroom:
			from := headroom - len(t.held)
			copy(data[from:], t.held)
			data = data[from:]
		default:
			t.joined = append(append(t.joined[:0], t.held...), data[headroom:]...)
			data = t.joined
		}
		out, rest, err := t.decode(data, t.done)
		if err != nil {
			return nil, err
		}
		t.held = append(t.held[:0], rest...)
		if len(out) > 0 {
			t.count(out)
			return out, nil
		}
	}
	return nil, io.EOF
}

// decode returns data as UTF-8 and the half character at its end, of which there is none at the end of the file.
func (t *text) decode(data []byte, end bool) (out, rest []byte, err error) {
	switch t.enc {
	case utf16LE:
		out, rest, err = t.fromUTF16(data, binary.LittleEndian, end)
	case utf16BE:
		out, rest, err = t.fromUTF16(data, binary.BigEndian, end)
	case cp949:
		out, rest, err = t.fromCP949(data, end)
	default:
		out, rest, err = t.fromUTF8(data, end)
	}
	if err != nil {
		return nil, nil, err
	}
	if i := bytes.IndexByte(out, 0); i >= 0 {
		return nil, nil, invalid("line %s: a NUL byte; the file is damaged or not text",
			grouped(int64(t.lineOf(out[:i]))))
	}
	return out, rest, nil
}

func (t *text) fromUTF8(data []byte, end bool) (out, rest []byte, err error) {
	if t.ascii {
		n := asciiLen(data)
		if n == len(data) {
			return data, nil, nil
		}
		if !t.wait && !end {
			t.wait = true
			return data[:n], data[n:], nil
		}
	}
	n := validUTF8(data)
	if n == len(data) || (!end && !utf8.FullRune(data[n:])) {
		t.ascii = false
		return data[:n], data[n:], nil
	}
	if !t.ascii {
		return nil, nil, neitherError(t.lineOf(data[:n]))
	}
	out, read, ok := t.decodeCP949(data, end)
	if !ok {
		if lineEnds(out) < lineEnds(data[:n]) {
			out = data[:n]
		}
		return nil, nil, neitherError(t.lineOf(out))
	}
	t.enc = cp949
	return out, data[read:], nil
}

func (t *text) fromCP949(data []byte, end bool) (out, rest []byte, err error) {
	if asciiLen(data) == len(data) {
		return data, nil, nil
	}
	out, read, ok := t.decodeCP949(data, end)
	if !ok {
		return nil, nil, neitherError(t.lineOf(out))
	}
	return out, data[read:], nil
}

// decodeCP949 returns what comes before a byte that fits nowhere if not ok.
func (t *text) decodeCP949(data []byte, end bool) (out []byte, read int, ok bool) {
	t.grow(len(data))
	n, read := decodeCP949(t.out, data, end)
	if bad := bytes.Index(t.out[:n], []byte(replacement)); bad >= 0 {
		return t.out[:bad], read, false
	}
	return t.out[:n], read, true
}

func (t *text) fromUTF16(data []byte, order binary.ByteOrder, end bool) (out, rest []byte, err error) {
	t.grow(len(data))
	n, read, ok := decodeUTF16(t.out, data, order, end)
	if !ok {
		return nil, nil, invalid("line %s: half a character of UTF-16; the file is damaged or cut off",
			grouped(int64(t.lineOf(t.out[:n]))))
	}
	return t.out[:n], data[read:], nil
}

func (t *text) grow(n int) {
	if len(t.out) < decodedSize(n) {
		t.out = make([]byte, decodedSize(n))
	}
}

func (t *text) count(p []byte) {
	t.lf += bytes.Count(p, []byte("\n"))
	if t.lf == 0 {
		t.cr += bytes.Count(p, []byte("\r"))
	}
}

// lineOf is the line behind before, which is the part of the current block that is good. It is the last that is asked.
func (t *text) lineOf(before []byte) int {
	t.count(before)
	return cmp.Or(t.lf, t.cr) + 1
}
