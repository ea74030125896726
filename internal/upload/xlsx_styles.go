package upload

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shows is what a number format shows of a moment: nothing, if it is one for numbers.
type shows uint8

const (
	showsDate shows = 1 << iota
	showsTime
)

const (
	// maxStyles is far above the 65,490 cell formats that Excel allows.
	maxStyles = 1 << 20
	// maxFormats likewise; Excel allows some 250 of one's own.
	maxFormats = 1 << 16
)

// builtInShows returns what the built-in number formats show. Ids from 27 to 36 and 50 to 58 depend on the language
// of Excel, for which Chinese, Japanese and Korean are meant; 34, 35, 55 and 56 are times in Chinese alone and dates
// in the other two. Ids from 71 to 81 are Thai.
func builtInShows(id int) shows {
	switch {
	case id == 22, id == 77:
		return showsDate | showsTime
	case id >= 18 && id <= 21, id == 32, id == 33, id >= 45 && id <= 47, id == 75, id == 76, id >= 78 && id <= 80:
		return showsTime
	case id >= 14 && id <= 17, id >= 27 && id <= 36, id >= 50 && id <= 58, id >= 71 && id <= 74, id == 81:
		return showsDate
	}
	return 0
}

// readStyles finds out which cell formats mean moments.
func (w *workbook) readStyles(ctx context.Context, e *zipEntry) error {
	if e == nil {
		return nil
	}
	own := map[int]shows{}
	var formats []int // by style: the number format
	err := w.scan(ctx, e, "styleSheet", func(x *xmlScanner) (bool, error) {
		switch string(x.name) {
		case "numFmts", "cellXfs": // not cellStyleXfs, to which no cell refers
			return true, nil
		case "numFmt":
			if id, err := strconv.Atoi(string(x.attr("numFmtId"))); err == nil {
				own[id] = formatShows(string(x.attr("formatCode")))
			}
			if len(own) > maxFormats {
				return false, flawf("it has more than %s number formats", grouped(maxFormats))
			}
		case "xf":
			id, _ := strconv.Atoi(string(x.attr("numFmtId"))) // without one it is General
			formats = append(formats, id)
			if len(formats) > maxStyles {
				return false, flawf("it has more than %s cell formats", grouped(maxStyles))
			}
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	w.moments = make([]shows, len(formats))
	for style, id := range formats {
		if s, ok := own[id]; ok {
			w.moments[style] = s // also where it takes the id of a built-in one
		} else {
			w.moments[style] = builtInShows(id)
		}
	}
	return nil
}

// formatShows reads a number format's code: letters outside quotes, brackets and escapes tell.
func formatShows(code string) shows {
	f := formatScan{code: strings.ToLower(code)}
	for f.at < len(f.code) {
		f.step()
	}
	f.month() // an m at the end is one
	return f.found
}

// formatScan goes through a format's code. An m is a minute between h and s, else a month.
type formatScan struct {
	code   string
	at     int
	found  shows
	before byte // the date letter before, 0 at the beginning of a section
	open   bool // an m is not decided yet
}

// General is one word, though it has date letters; Excel of some languages writes it so.
var (
	generalWords = []string{"general", "g/通用格式", "g/標準", "g/표준"}
	halfDayWords = []string{"am/pm", "a/p", "上午/下午", "午前/午後", "오전/오후"}
)

func (f *formatScan) step() {
	rest := f.code[f.at:]
	for _, word := range generalWords {
		if strings.HasPrefix(rest, word) {
			f.at += len(word)
			return
		}
	}
	for _, word := range halfDayWords {
		if strings.HasPrefix(rest, word) {
			f.found |= showsTime
			f.at += len(word)
			return
		}
	}
	f.at++
	switch c := rest[0]; c {
	case '"':
		_, after, _ := strings.Cut(rest[1:], `"`)
		f.at = len(f.code) - len(after)
	case '[':
		inside, after, _ := strings.Cut(rest[1:], "]")
		f.at = len(f.code) - len(after)
		f.elapsed(inside)
	case '\\', '_', '*': // the next character is text, padding or filling
		_, size := utf8.DecodeRuneInString(rest[1:])
		f.at += size
	case ';':
		f.month()
		f.before = 0
	case 'e':
		if len(rest) > 1 && (rest[1] == '+' || rest[1] == '-') {
			f.at++ // an exponent
		} else {
			f.letter('y')
		}
	default:
		f.letter(c)
	}
}

// elapsed takes [h], [mm] and the like for times; [Red], [$-412] and [>=100] are none.
func (f *formatScan) elapsed(inside string) {
	if inside == "" || strings.Trim(inside, inside[:1]) != "" {
		return
	}
	switch unit := inside[0]; unit {
	case 'h', 'm', 's':
		f.month()
		f.found |= showsTime
		f.before = unit
	}
}

func (f *formatScan) letter(c byte) {
	switch c {
	case 'm':
		if f.before == 'm' {
			return // mm
		}
		if f.before == 'h' {
			f.found |= showsTime
		} else {
			f.open = true
		}
	case 's':
		f.open = false // it was a minute
		f.found |= showsTime
	case 'h':
		f.month()
		f.found |= showsTime
	case 'y', 'd', 'g', 'b', 'a': // g is an era, b a Buddhist year, aaa a day of the week
		f.month()
		f.found |= showsDate
	default:
		return
	}
	f.before = c
}

// month decides that an open m is one.
func (f *formatScan) month() {
	if f.open {
		f.found |= showsDate
	}
	f.open = false
}
