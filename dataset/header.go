package dataset

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormalHeader is the form in which headers are compared: compatible characters made one (full-width letters,
// parts of syllables), lower case, and nothing but letters, digits and their marks. What stands in brackets is kept:
// "Price (KRW)" becomes "pricekrw". A header without letters is compared as it is, without space around it.
//
// Where a header is not known in this form and ends in brackets, it is looked up once more without them, as a unit or
// a remark often stands there; see [Rows.Match].
func NormalHeader(s string) string {
	if normal := letters(s); normal != "" {
		return normal
	}
	return trim(norm.NFKC.String(s))
}

// letters returns only the letters and digits of a text, in lower case.
func letters(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = 'a' <= s[i] && s[i] <= 'z' || '0' <= s[i] && s[i] <= '9'
	}
	if plain {
		return s
	}
	s = norm.NFKC.String(s)
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// bareHeader is the form of a header without the brackets at its end, and whether it has any.
func bareHeader(s string) (string, bool) {
	s = trim(norm.NFKC.String(s))
	for _, pair := range []string{"()", "[]", "{}", "<>"} {
		open := strings.LastIndexByte(s, pair[0])
		if open <= 0 || !strings.HasSuffix(s, pair[1:]) {
			continue
		}
		if bare := letters(s[:open]); bare != "" {
			return bare, true
		}
	}
	return "", false
}

// trim removes what nobody sees around a text: space of every width, marks of byte order and direction.
func trim(s string) string { return strings.TrimFunc(s, invisible) }

func invisible(r rune) bool {
	if r < 0x80 {
		return r == ' ' || '\t' <= r && r <= '\r'
	}
	switch {
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2064, r == 0xFEFF:
		return true
	}
	return unicode.IsSpace(r)
}
