package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// Matching says what each column of an upload is taken for.
type Matching struct {
	Columns []job.UploadColumn
	// Missing names required fields without a column. Of a group of which one must be there it names all, with | between
	// them.
	Missing []string
	// Unknown are headers that stand for no field, and the second of two columns with the same header or field.
	Unknown []string

	kind Rows
	row  int
}

// Match matches the headers of an upload to the kind's fields. Both given and remembered say by header (compared by
// [NormalHeader]) which field a column is, and nothing for one that is to be left out. What is given comes first,
// then what is remembered, a field's own name or header, its synonyms, the same without brackets at the end, and guesses
// by near spelling or the look of values; each field gets one column, the surest.
//
// A missing column is not an error here, see [Matching.Err]. The error is a [*job.Error] with [job.CodeInvalid] that names
// wrong entries of given by /mapping/<header>.
func (k Rows) Match(h Head, given, remembered map[string]string) (Matching, error) {
	m := newMatcher(k, h)
	m.give(given)
	if len(m.wrong) > 0 {
		return Matching{}, job.Invalid(m.wrong...)
	}
	m.remember(remembered)
	m.find()
	m.guess()
	return m.matching(), nil
}

// matcher holds the columns that have been matched so far.
type matcher struct {
	kind    Rows
	head    Head
	columns []job.UploadColumn
	settled []bool // by column: nothing further is tried
	taken   []int  // by field: its column, -1 without one
	wrong   []job.FieldError
	byName  map[string]int // column by normal header, the first of those with the same
}

func newMatcher(k Rows, h Head) *matcher {
	m := &matcher{
		kind: k, head: h, byName: map[string]int{},
		columns: make([]job.UploadColumn, len(h.Headers)), settled: make([]bool, len(h.Headers)),
		taken: slices.Repeat([]int{-1}, len(k.Fields)),
	}
	for i, header := range h.Headers {
		m.columns[i] = job.UploadColumn{Index: i, Header: header}
		if i < len(h.Samples) {
			m.columns[i].Samples = h.Samples[i]
		}
		normal := NormalHeader(header)
		_, again := m.byName[normal]
		m.settled[i] = again || normal == "" || isReason(header)
		if !again {
			m.byName[normal] = i
		}
	}
	return m
}

// take gives a column to a field.
func (m *matcher) take(column int, e entry) {
	c := &m.columns[column]
	c.Column, c.Confidence, c.How = m.kind.Fields[e.field].Name, e.confidence, e.how
	m.taken[e.field], m.settled[column] = column, true
}

// leaveOut keeps a column from being matched.
func (m *matcher) leaveOut(column int, how job.Match) {
	m.columns[column].Confidence, m.columns[column].How = sure, how
	m.settled[column] = true
}

// give carries out what a request says.
func (m *matcher) give(given map[string]string) {
	seen := map[int]bool{}
	for _, header := range sortedKeys(given) {
		column, ok := m.byName[NormalHeader(header)]
		field := m.kind.field(given[header])
		switch {
		case !ok || NormalHeader(header) == "":
			m.report(header, "the file has no header %s; %s", quote(header), oneOf(header, m.headers()))
		case seen[column]:
			m.report(header, "this header is given twice")
		case given[header] == "":
			m.leaveOut(column, job.MatchGiven)
		case field < 0:
			m.report(header, "unknown column %s; %s", quote(given[header]), oneOf(given[header], m.kind.fieldNames()))
		case m.taken[field] >= 0:
			m.report(header, "column %s is given to header %s already", given[header], quote(m.head.Headers[m.taken[field]]))
		default:
			m.take(column, entry{field, sure, job.MatchGiven})
		}
		seen[column] = seen[column] || ok
	}
}

func (m *matcher) report(header, format string, args ...any) {
	const most = 60 // letters of a header that is not ours
	if runes := []rune(header); len(runes) > most {
		header = string(runes[:most]) + "…"
	}
	pointer := "/mapping/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(header)
	m.wrong = append(m.wrong, job.FieldError{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// headers are the headers of the file that may be given.
func (m *matcher) headers() []string {
	return slices.DeleteFunc(slices.Clone(m.head.Headers), func(h string) bool { return h == "" })
}

// remember carries out what is known from earlier uploads, as far as it still makes sense.
func (m *matcher) remember(remembered map[string]string) {
	for _, header := range sortedKeys(remembered) {
		column, ok := m.byName[NormalHeader(header)]
		if !ok || m.settled[column] {
			continue
		}
		if remembered[header] == "" {
			m.leaveOut(column, job.MatchRemembered)
			continue
		}
		if field := m.kind.field(remembered[header]); field >= 0 && m.taken[field] < 0 {
			m.take(column, entry{field, sure, job.MatchRemembered})
		}
	}
}

// find looks the headers up.
func (m *matcher) find() {
	dictionary := m.kind.dictionary()
	var found []candidate
	for i, header := range m.head.Headers {
		if e, ok := dictionary.find(header); ok {
			found = append(found, candidate{column: i, entry: e})
		}
	}
	m.takeSurest(found)
}

// candidate is a column that a field may have.
type candidate struct {
	column int
	entry
}

// takeSurest gives each field the surest of its columns, the first of those that are as sure.
func (m *matcher) takeSurest(all []candidate) {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.confidence, a.confidence), cmp.Compare(a.column, b.column), cmp.Compare(a.field, b.field))
	})
	for _, c := range all {
		if !m.settled[c.column] && m.taken[c.field] < 0 {
			m.take(c.column, c.entry)
		}
	}
}

func (m *matcher) matching() Matching {
	result := Matching{Columns: m.columns, kind: m.kind, row: m.head.Row}
	for _, c := range m.columns {
		if c.Column == "" && c.How == "" && c.Header != "" && !isReason(c.Header) {
			result.Unknown = append(result.Unknown, c.Header)
		}
	}
	has := func(name string) bool { return m.taken[m.kind.field(name)] >= 0 }
	for _, f := range m.kind.Fields {
		if f.Required && !has(f.Name) {
			result.Missing = append(result.Missing, f.Name)
		}
	}
	for _, group := range m.kind.neededGroups() {
		if !slices.ContainsFunc(group, has) {
			result.Missing = append(result.Missing, strings.Join(group, "|"))
		}
	}
	return result
}

// neededGroups lists groups of fields, none of them required, of which a file must have a column at least.
func (k Rows) neededGroups() [][]string {
	groups := slices.Clone(k.OneOf)
	keys := slices.Concat(append([][]string{k.Key}, k.AltKeys...)...)
	keys = slices.DeleteFunc(keys, func(name string) bool { return name == k.Count })
	covered := func(name string) bool {
		return k.Fields[k.field(name)].Required ||
			slices.ContainsFunc(k.OneOf, func(g []string) bool { return slices.Contains(g, name) })
	}
	if !slices.ContainsFunc(keys, covered) {
		groups = append(groups, keys)
	}
	return groups
}

// Err returns a [*job.Error] with [job.CodeInvalid] that names the missing columns; nil when there are none.
func (m Matching) Err() error {
	if len(m.Missing) == 0 {
		return nil
	}
	var missing []string
	for _, names := range m.Missing {
		missing = append(missing, m.kind.titles(strings.Split(names, "|"), LocaleEnglish, " or "))
	}
	var headers []string
	for _, c := range m.Columns {
		if c.Header != "" {
			headers = append(headers, quote(c.Header))
		}
	}
	const most = 50 // headers, so that a message stays one
	if len(headers) > most {
		headers = append(headers[:most], "…")
	}
	what := "the column " + missing[0] + " is missing"
	if len(missing) > 1 {
		what = "the columns " + strings.Join(missing, ", ") + " are missing"
	}
	where := fmt.Sprintf("the headers of row %d are", m.row)
	if m.row < 1 { // the keys of JSON
		where = "the headers are"
	}
	return job.Errorf(job.CodeInvalid, "%s; %s: %s", what, where, strings.Join(headers, ", "))
}

// titles words the titles of some fields. English ones are followed by the Korean, as a file may have either.
func (k Rows) titles(names []string, locale, between string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = name
		if at := k.field(name); at >= 0 {
			f := k.Fields[at]
			words[i] = f.Header.In(locale)
			if locale == LocaleEnglish && f.Header.Ko != f.Header.En {
				words[i] += " (" + f.Header.Ko + ")"
			}
		}
	}
	return strings.Join(words, between)
}

// field returns the index of a field by name, -1 when there is none.
func (k Rows) field(name string) int {
	return slices.IndexFunc(k.Fields, func(f Field) bool { return f.Name == name })
}

func (k Rows) fieldNames() []string {
	names := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		names[i] = f.Name
	}
	return names
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// ReasonHeader is the header of the column that an error workbook has besides those of its upload.
func ReasonHeader(locale string) string { return reasonHeader.In(locale) }

var reasonHeader = Text{Ko: "오류", En: "Error"}

func isReason(header string) bool {
	normal := NormalHeader(header)
	return normal == NormalHeader(reasonHeader.Ko) || normal == NormalHeader(reasonHeader.En)
}
