package dataset

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// guess matches what is left: first by near spelling, then by the look of values.
func (m *matcher) guess() {
	var near []candidate
	for column := range m.columns {
		if m.settled[column] {
			continue
		}
		for field := range m.kind.Fields {
			if c := nearness(m.head.Headers[column], m.kind.Fields[field]); c > 0 && m.taken[field] < 0 {
				near = append(near, candidate{column, entry{field, c, job.MatchGuess}})
			}
		}
	}
	m.takeSurest(near)
	m.look()
}

// nearness is how sure one may be that a header is a slip for a field's name, header or synonym; 0: it is not.
func nearness(header string, f Field) float64 {
	const (
		fewest      = 4   // letters: 수량 and 수령 are one apart, and neither is a slip for the other
		fewestLatin = 5   // so are line and time
		most        = 100 // letters: the distance takes time quadratic in the length
	)
	from := NormalHeader(header)
	best := 0.0
	for _, form := range f.forms() {
		to := NormalHeader(form)
		length := max(utf8.RuneCountInString(from), utf8.RuneCountInString(to))
		latin := len(to) == utf8.RuneCountInString(to)
		if length < fewest || latin && length < fewestLatin || length > most || digits(from) != digits(to) { // option1 is no slip for option2
			continue
		}
		if n := edits(from, to); n <= length/4 {
			best = max(best, confidentGuess*(1-float64(n)/float64(length)))
		}
	}
	return best
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// look gives a required field the one column whose values look like its own, if there is only one and it looks like
// no other field. Other fields must be named: what a wrong guess would write there, nobody might miss.
func (m *matcher) look() {
	like := map[int][]int{} // fields by column
	of := map[int]int{}     // columns by field
	for field, f := range m.kind.Fields {
		if m.taken[field] >= 0 || !f.Required || f.Type != FieldChoice && f.Type != FieldInstant && f.Pattern == "" {
			continue
		}
		for column, c := range m.columns {
			if !m.settled[column] && looksLike(f, c.Samples) {
				like[column] = append(like[column], field)
				of[field]++
			}
		}
	}
	for column, fields := range like {
		if len(fields) == 1 && of[fields[0]] == 1 {
			m.take(column, entry{fields[0], confidentLook, job.MatchGuess})
		}
	}
}

// looksLike tells whether all of some samples are values of a field.
func looksLike(f Field, samples []string) bool {
	r := newFieldReader(f, time.UTC)
	bad := func(sample string) bool {
		_, fault := r.read(&upload.Cell{Kind: upload.Text, Text: []byte(sample)})
		return fault.code != ""
	}
	return len(samples) > 0 && !slices.ContainsFunc(samples, bad)
}
