package upload

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/korean"
)

func inCP949(t testing.TB, s string) string {
	t.Helper()
	b, err := korean.EUCKR.NewEncoder().String(s)
	require.NoError(t, err)
	return b
}

func inUTF16(s string, bigEndian bool) string {
	var b bytes.Buffer
	for _, u := range append([]uint16{0xFEFF}, utf16.Encode([]rune(s))...) {
		if bigEndian {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func readText(t testing.TB, data string, enc encoding, mark, step int) (string, error) {
	t.Helper()
	in := newBlocks(t.Context(), strings.NewReader(data), int64(mark), int64(len(data)), step)
	defer in.close()
	text := newText(in, enc)
	var b strings.Builder
	for {
		part, err := text.next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		require.True(t, utf8.Valid(part))
		b.Write(part)
	}
}

// The encodings are recognised and read, wherever a block ends.
func TestEncodings(t *testing.T) {
	t.Parallel()
	const plain = "품목,수량\r\n무선 이어폰,3\r\n뷁똠방각하,é\n"
	wide := plain + "이모지 🎉,1\n"
	for name, test := range map[string]struct {
		file, want string
		enc        string
	}{
		"utf-8":            {wide, wide, "utf-8"},
		"utf-8 with mark":  {"\uFEFF" + wide, wide, "utf-8"},
		"utf-16le":         {inUTF16(wide, false), wide, "utf-16"},
		"utf-16be":         {inUTF16(wide, true), wide, "utf-16"},
		"cp949":            {inCP949(t, strings.ReplaceAll(plain, "é", "e")), strings.ReplaceAll(plain, "é", "e"), "cp949"},
		"ascii":            {"a,b\n", "a,b\n", "utf-8"},
		"one korean sign":  {"가", "가", "utf-8"},
		"one sign, cp949":  {inCP949(t, "가"), "가", "cp949"},
		"ends in utf-8":    {"a,가", "a,가", "utf-8"},
		"only a mark":      {"\uFEFF", "", "utf-8"},
		"replacement sign": {"a\uFFFDb", "a\uFFFDb", "utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enc, mark, err := detectEncoding([]byte(test.file), true)
			require.NoError(t, err)
			require.Equal(t, test.enc, enc.name())
			for _, step := range []int{1, 2, 3, 4, 5, 7, blockSize} {
				got, err := readText(t, test.file, enc, mark, step)
				require.NoError(t, err)
				require.Equal(t, test.want, got, step)
			}
		})
	}
}

// The head may end within a character.
func TestEncodingOfHead(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"a,품", "a,품목", "a,🎉"} {
		enc, _, err := detectEncoding([]byte(head[:len(head)-1]), false)
		require.NoError(t, err)
		require.Equal(t, utf8Text, enc)
	}
	korean := inCP949(t, "a,품목을")
	enc, _, err := detectEncoding([]byte(korean[:len(korean)-1]), false)
	require.NoError(t, err)
	require.Equal(t, cp949, enc)
	_, _, err = detectEncoding([]byte(korean[:len(korean)-1]), true)
	require.EqualError(t, err, "line 1: the text is neither UTF-8 nor CP949; "+
		"save the file as UTF-8 (Excel: CSV UTF-8) or as a workbook")
}

// A head of ASCII leaves the encoding open.
func TestEncodingFoundLate(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("a,b\n", 1000)
	for _, step := range []int{3, 64, 4001, 4002, 4003, blockSize} {
		for name, tail := range map[string]string{"utf-8": "품목,é\n", "cp949": inCP949(t, "품목,을\n")} {
			got, err := readText(t, head+tail, utf8Text, 0, step)
			require.NoError(t, err, "%s %d", name, step)
			want := map[string]string{"utf-8": tail, "cp949": "품목,을\n"}[name]
			require.Equal(t, head+want, got)
		}
	}
}

func TestTextFaults(t *testing.T) {
	t.Parallel()
	lines := "품목\n이어폰\n"
	for name, test := range map[string]struct {
		file, message string
		enc           encoding
	}{
		"neither, after utf-8":  {lines + "caf\xe9,\n", "line 3: the text is neither UTF-8 nor CP949", utf8Text},
		"neither, after cp949":  {inCP949(t, lines) + "caf\xe9,\n", "line 3: the text is neither UTF-8 nor CP949", cp949},
		"neither, after ascii":  {"a\r\nb\r\ncaf\xe9,\n", "line 3: the text is neither UTF-8 nor CP949", utf8Text},
		"cp949 after utf-8":     {lines + inCP949(t, "한글"), "line 3: the text is neither", utf8Text},
		"cut within utf-8":      {lines + "\xed\x95", "line 3: the text is neither", utf8Text},
		"cut within cp949":      {inCP949(t, lines) + "\xc7", "line 3: the text is neither", cp949},
		"carriage returns":      {"품\r이\rcaf\xe9,", "line 3: the text is neither", utf8Text},
		"nul":                   {lines + "a\x00b", "line 3: a NUL byte", utf8Text},
		"nul in utf-16":         {inUTF16("a\nb\x00", false), "line 2: a NUL byte", utf16LE},
		"half a unit":           {inUTF16("a\nb", false) + "x", "line 2: half a character of UTF-16", utf16LE},
		"half a pair":           {inUTF16("a\nb", true) + "\xd8\x3c", "line 2: half a character of UTF-16", utf16BE},
		"low half alone":        {inUTF16("a\nb", true) + "\xdc\x3c\x00a", "line 2: half a character of UTF-16", utf16BE},
		"high half before text": {inUTF16("a\nb", true) + "\xd8\x3c\x00a", "line 2: half a character of UTF-16", utf16BE},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mark := 0
			if test.enc == utf16LE || test.enc == utf16BE {
				mark = 2
			}
			for _, step := range []int{16, blockSize} {
				_, err := readText(t, test.file, test.enc, mark, step)
				require.ErrorContains(t, err, test.message, step)
			}
		})
	}
}

// validUTF8 finds the first bad byte wherever it is.
func TestValidUTF8(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 5))
	pieces := []string{"a", "é", "품", "🎉", "\xff", "\xed\x95", "\xf0\x9f", "\x80", "\xed\xa0\x80", "abcdefgh"}
	for range 20_000 {
		var p []byte
		for range rng.IntN(6) {
			p = append(p, pieces[min(rng.IntN(30), len(pieces)-1)]...)
			p = append(p, pieces[rng.IntN(4)]...)
		}
		want := 0
		for want < len(p) {
			r, n := utf8.DecodeRune(p[want:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			want += n
		}
		require.Equal(t, want, validUTF8(p), "%q", p)
		ascii := 0
		for ascii < len(p) && p[ascii] < utf8.RuneSelf {
			ascii++
		}
		require.Equal(t, ascii, asciiLen(p), "%q", p)
	}
}

// What the storage says is not about the file.
func TestReadErrorIsNotTheFilesFault(t *testing.T) {
	t.Parallel()
	broken := errors.New("storage is gone")
	in := newBlocks(t.Context(), brokenAt{strings.NewReader("0123456789"), 8, broken}, 0, 10, 4)
	defer in.close()
	text := newText(in, utf8Text)
	for range 2 {
		_, err := text.next()
		require.NoError(t, err)
	}
	for range 2 { // it stays
		_, err := text.next()
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "read upload at byte 8")
	}
	short := newBlocks(t.Context(), strings.NewReader("0123"), 0, 10, 8)
	defer short.close()
	_, err := short.next()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

type brokenAt struct {
	io.ReaderAt
	at  int64
	err error
}

func (b brokenAt) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.at {
		n, _ := b.ReaderAt.ReadAt(p[:max(0, b.at-at)], at)
		return n, b.err
	}
	return b.ReaderAt.ReadAt(p, at)
}
