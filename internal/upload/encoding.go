package upload

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/transform"
)

// encoding is how a text is written.
type encoding string

// The encodings. CP949 is what Korean Excel saves as CSV; it contains EUC-KR.
const (
	utf8Text encoding = "utf-8"
	utf16LE  encoding = "utf-16le"
	utf16BE  encoding = "utf-16be"
	cp949    encoding = "cp949"
)

// name is how a [File] calls it: which byte of UTF-16 comes first is nobody's concern.
func (e encoding) name() string {
	if e == utf16LE || e == utf16BE {
		return "utf-16"
	}
	return string(e)
}

// replacement is what x/text has for bytes that are no CP949; CP949 itself cannot say it.
const replacement = "\uFFFD"

// headSize is how much of a file its encoding is decided on.
const headSize = 1 << 20

// detectEncoding decides by the head of a file, which is all of it if whole. mark is the length of the byte order mark.
func detectEncoding(head []byte, whole bool) (e encoding, mark int, err error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return utf8Text, 3, nil
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return utf16LE, 2, nil
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return utf16BE, 2, nil
	case bytes.IndexByte(head, 0) >= 0:
		return "", 0, invalid("the file is not text: it has NUL bytes; " +
			"upload a workbook (.xlsx), delimited text (.csv, .tsv) or JSON. UTF-16 needs its byte order mark")
	}
	asUTF8 := validUTF8(head)
	if asUTF8 == len(head) || (!whole && !utf8.FullRune(head[asUTF8:])) {
		return utf8Text, 0, nil
	}
	out := make([]byte, decodedSize(len(head)))
	n, read := decodeCP949(out, head, whole)
	if bad := bytes.Index(out[:n], []byte(replacement)); bad >= 0 {
		// It is taken for the one that it is longer: a single stray byte is told where it stands.
		return "", 0, neitherError(1 + max(lineEnds(out[:bad]), lineEnds(head[:asUTF8])))
	}
	if whole && read < len(head) {
		return "", 0, neitherError(1 + lineEnds(head))
	}
	return cp949, 0, nil
}

func neitherError(line int) error {
	return invalid("line %s: the text is neither UTF-8 nor CP949; "+
		"save the file as UTF-8 (Excel: CSV UTF-8) or as a workbook", grouped(int64(line)))
}

// validUTF8 returns the length of the beginning of p that is UTF-8.
func validUTF8(p []byte) int {
	whole := len(p)
	for whole > 0 && len(p)-whole < utf8.UTFMax && p[whole-1] >= utf8.RuneSelf {
		whole-- // behind these a character may be missing its end, as at the end of most blocks
		if utf8.RuneStart(p[whole]) {
			break
		}
	}
	i := 0
	if utf8.Valid(p[:whole]) {
		i = whole
	}
	for i < len(p) {
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// decodedSize is how much n bytes of CP949 or UTF-16 can become: two bytes three, and a stray one three as well.
func decodedSize(n int) int { return 3*n + 3 }

// decodeCP949 decodes src into dst, which is large enough, and returns how much it wrote and read: all but half a
// character at the end, unless that is the file's.
func decodeCP949(dst, src []byte, end bool) (wrote, read int) {
	wrote, read, err := korean.EUCKR.NewDecoder().Transform(dst, src, end)
	if err != nil && err != transform.ErrShortSrc { //nolint:errorlint // an io.EOF of its kind
		panic("upload: " + err.Error()) // the decoder has no other: dst is large enough
	}
	return wrote, read
}

// decodeUTF16 is the same for UTF-16. ok is false for half a surrogate pair and for half a unit at the end of the
// file; then the rest of src is what is wrong.
func decodeUTF16(dst, src []byte, order binary.ByteOrder, end bool) (wrote, read int, ok bool) {
	for len(src)-read >= 2 {
		unit, size := rune(order.Uint16(src[read:])), 2
		if unit >= 0xD800 && unit < 0xE000 {
			if unit >= 0xDC00 {
				return wrote, read, false
			}
			if len(src)-read < 4 {
				return wrote, read, !end
			}
			low := rune(order.Uint16(src[read+2:]))
			if low < 0xDC00 || low >= 0xE000 {
				return wrote, read, false
			}
			unit, size = 0x10000+(unit-0xD800)<<10+(low-0xDC00), 4
		}
		read += size
		if unit < utf8.RuneSelf {
			dst[wrote] = byte(unit)
			wrote++
			continue
		}
		wrote += utf8.EncodeRune(dst[wrote:], unit)
	}
	return wrote, read, read == len(src) || !end
}

// asciiLen returns the length of the beginning of p that is ASCII. It looks at eight bytes at once.
func asciiLen(p []byte) int {
	const high = 0x8080808080808080
	i := 0
	for len(p)-i >= 8 && binary.LittleEndian.Uint64(p[i:])&high == 0 {
		i += 8
	}
	for i < len(p) && p[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// lineEnds counts the line ends of p; a text without line feeds may have carriage returns alone.
func lineEnds(p []byte) int {
	if n := bytes.Count(p, []byte("\n")); n > 0 {
		return n
	}
	return bytes.Count(p, []byte("\r"))
}
