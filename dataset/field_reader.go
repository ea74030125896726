package dataset

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// fault is what is wrong with a cell; without a code nothing is.
type fault struct {
	code  job.RowCode
	limit string
}

// fieldReader reads the cells of one field.
type fieldReader struct {
	Field
	zone    *time.Location
	pattern *regexp.Regexp
	choices map[string]any // by NormalHeader of values, titles and synonyms
	signs   []string       // what may stand at either end of a number
	least   number         // where Min is set
	most    number         // where Max is set
	last    lastCell
}

func newFieldReader(f Field, zone *time.Location) *fieldReader {
	r := &fieldReader{Field: f, zone: zone, least: plainNumber(f.Min), most: plainNumber(f.Max)}
	if f.Pattern != "" {
		r.pattern = wholePattern(f.Pattern)
	}
	if f.Type == FieldChoice {
		r.choices = f.choiceForms()
	}
	if f.Type == FieldDecimal {
		r.signs = currencies
	}
	if f.Unit != (Text{}) {
		r.signs = append(r.signs[:len(r.signs):len(r.signs)], f.Unit.Ko, f.Unit.En)
	}
	return r
}

func wholePattern(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`\A(?:` + pattern + `)\z`) // the registry has seen that it compiles
}

// choiceForms are the values by everything that they are called.
func (f Field) choiceForms() map[string]any {
	all := map[string]any{}
	for _, c := range f.Choices {
		value := any(c.Value)
		for _, form := range c.forms() {
			all[NormalHeader(form)] = value
		}
	}
	return all
}

func (c FieldChoiceValue) forms() []string {
	return append([]string{c.Value, c.Title.Ko, c.Title.En}, c.Synonyms...)
}

// lastCell is the cell that was read last and what came of it: columns repeat themselves.
type lastCell struct {
	kind             upload.Kind
	text             []byte
	time             time.Time
	hasDate, hasTime bool
	value            any
	bad              fault
}

func (l *lastCell) is(c *upload.Cell) bool {
	return c.Kind == l.kind && bytes.Equal(c.Text, l.text) &&
		c.HasDate == l.hasDate && c.HasTime == l.hasTime && c.Time.Equal(l.time)
}

// maxLastText is the longest text worth comparing: codes, names, dates.
const maxLastText = 64

// read returns the value of a cell, nil for an empty one.
func (f *fieldReader) read(c *upload.Cell) (any, fault) {
	if c.Kind == upload.Empty {
		return nil, fault{}
	}
	l := &f.last
	if l.is(c) {
		return l.value, l.bad
	}
	value, bad := f.parse(c)
	if len(c.Text) <= maxLastText {
		l.kind, l.text, l.value, l.bad = c.Kind, append(l.text[:0], c.Text...), value, bad
		l.time, l.hasDate, l.hasTime = c.Time, c.HasDate, c.HasTime
	}
	return value, bad
}

// cellErrors are what a sheet shows in place of a value that it cannot compute. Saved as CSV they are texts, and nobody
// means them as one.
var cellErrors = map[string]bool{
	"#N/A": true, "#REF!": true, "#VALUE!": true, "#DIV/0!": true, "#NAME?": true, "#NULL!": true, "#NUM!": true,
}

func (f *fieldReader) parse(c *upload.Cell) (any, fault) {
	raw := trimBytes(c.Text)
	if len(raw) == 0 && c.Kind != upload.Moment {
		return nil, fault{}
	}
	if c.Kind == upload.Fault || (len(raw) > 0 && raw[0] == '#' && cellErrors[string(raw)]) {
		return nil, fault{code: job.RowCellError}
	}
	switch f.Type {
	case FieldInteger:
		return f.integer(c.Kind, raw)
	case FieldDecimal:
		return f.decimal(c.Kind, raw)
	case FieldInstant:
		return f.instant(c, raw)
	case FieldChoice:
		return f.choice(c.Kind, raw)
	}
	return f.text(c, raw)
}

// text reads texts and codes.
func (f *fieldReader) text(c *upload.Cell, raw []byte) (any, fault) {
	var s string
	var bad fault
	switch {
	case c.Kind == upload.Text && f.Type == FieldCode && isScientific(raw):
		return nil, fault{job.RowTooPrecise, lostDigits} // 4.90123E+12: what a spreadsheet program leaves of a code in CSV
	case c.Kind == upload.Number:
		s, bad = writtenOut(raw)
	case c.Kind == upload.Moment && f.Type == FieldCode:
		return nil, fault{job.RowBadFormat, f.form()} // the program took a code for a date: MAR1, 3-4
	case c.Kind == upload.Moment:
		s = momentText(c)
	case c.Kind == upload.Flag:
		s = strings.ToUpper(string(raw)) // as it is shown
	default:
		s, bad = cleanText(raw, f.Type == FieldText)
	}
	switch {
	case bad.code != "":
		return nil, bad
	case len(s) > f.MaxLength && utf8.RuneCountInString(s) > f.MaxLength:
		return nil, fault{job.RowTooLong, strconv.Itoa(f.MaxLength)}
	case f.pattern != nil && !f.pattern.MatchString(s):
		return nil, fault{job.RowBadFormat, f.form()}
	}
	return s, fault{}
}

// form is what a value must look like, in the language of programs.
func (f Field) form() string {
	if f.Form.En == "" {
		return "text"
	}
	return f.Form.En
}

// cleanText composes a text and refuses what is none.
func cleanText(raw []byte, breaks bool) (string, fault) {
	plain := true
	for _, b := range raw {
		if b < 0x20 || b >= 0x7F {
			plain = false
			break
		}
	}
	if plain {
		return string(raw), fault{}
	}
	if !utf8.Valid(raw) {
		return "", fault{code: job.RowBadCharacters}
	}
	s := norm.NFC.String(string(raw))
	if breaks && strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	bad := func(r rune) bool {
		switch r {
		case '\n', '\u2028', '\u2029': // the last two separate lines and paragraphs
			return !breaks
		}
		return unicode.IsControl(r) || r == utf8.RuneError
	}
	if strings.ContainsFunc(s, bad) {
		return "", fault{code: job.RowBadCharacters}
	}
	return s, fault{}
}

// choice looks a value up by what it is called.
func (f *fieldReader) choice(kind upload.Kind, raw []byte) (any, fault) {
	no := fault{job.RowNotAChoice, f.choiceList()}
	text := string(raw)
	switch kind {
	case upload.Number:
		text, _ = writtenOut(raw)
	case upload.Moment:
		return nil, no
	}
	value, ok := f.choices[text] // most are written as they are, which saves the rest
	if !ok {
		value, ok = f.choices[NormalHeader(text)]
	}
	if !ok {
		return nil, no
	}
	return value, fault{}
}

// choiceList lists the allowed values.
func (f Field) choiceList() string {
	var values []string
	for _, c := range f.Choices {
		values = append(values, c.Value)
	}
	return strings.Join(values, ", ")
}

// trimBytes is [trim] for the bytes of a cell.
func trimBytes(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || '\t' <= b[0] && b[0] <= '\r') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || '\t' <= b[len(b)-1] && b[len(b)-1] <= '\r') {
		b = b[:len(b)-1]
	}
	if len(b) > 0 && (b[0] >= utf8.RuneSelf || b[len(b)-1] >= utf8.RuneSelf) {
		return bytes.TrimFunc(b, invisible)
	}
	return b
}
