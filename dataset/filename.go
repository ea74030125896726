package dataset

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFilename is the most characters of a file's name without its extension.
const MaxFilename = 195

// filename checks the file name of a request; the extension is not part of the result.
func (c *checker) filename(name string) string {
	const pointer = "/filename"
	stem := strings.TrimRight(stemOf(strings.TrimSpace(name)), ". ") // Windows drops dots and spaces at the end
	switch {
	case name == "":
		return ""
	case !utf8.ValidString(name):
		c.report(pointer, "the file name is not valid UTF-8")
	case strings.ContainsFunc(name, isHidden):
		c.report(pointer, "the file name holds control characters")
	case strings.ContainsAny(name, `/\:*?"<>|`): // separators, and what Windows cannot save
		c.report(pointer, `the file name holds one of / \ : * ? " < > |`)
	case utf8.RuneCountInString(stem) > MaxFilename:
		c.report(pointer, "the file name has more than %d characters", MaxFilename)
	case strings.Trim(stem, ". ") == "":
		c.report(pointer, "the file name is empty")
	}
	return stem
}

// stemOf cuts the extension of a sheet, right or wrong; "v1.2" is no extension and stays.
func stemOf(name string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot >= 0 && slices.Contains([]string{".xlsx", ".csv", ".xls", ".xlsm"}, strings.ToLower(name[dot:])) {
		return name[:dot]
	}
	return name
}

// isHidden tells the characters that do not show: controls, and those that turn the writing direction, by
// which "gpj.exe" can be made to look like another name.
func isHidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// plain makes a part of a file name out of a text that nobody has checked as one.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if isHidden(r) || unicode.IsSpace(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
}
