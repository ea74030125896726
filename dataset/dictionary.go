package dataset

import (
	"github.com/longhaul/longhaul/job"
)

// How sure a match is. What was given, and a field's own name and header, are certain; a guess is below confidentGuess.
const (
	sure             = 1.0
	confidentSynonym = 0.95
	confidentBare    = 0.9 // without the brackets at its end
	confidentGuess   = 0.85
	confidentLook    = 0.5 // by the look of its values
)

// entry is a field that a header stands for.
type entry struct {
	field      int
	confidence float64
	how        job.Match
}

// dictionary knows the headers of a kind.
type dictionary struct {
	whole map[string]entry // by NormalHeader; the registry has seen to it that they do not overlap
	bare  map[string]entry // by bareHeader; what two fields share is left out
}

func (k Rows) dictionary() dictionary {
	d := dictionary{whole: map[string]entry{}, bare: map[string]entry{}}
	shared := map[string]bool{}
	for i, f := range k.Fields {
		for j, form := range f.forms() {
			e := entry{field: i, confidence: sure, how: job.MatchName}
			if j >= ownForms {
				e.confidence, e.how = confidentSynonym, job.MatchSynonym
			}
			if _, taken := d.whole[NormalHeader(form)]; !taken {
				d.whole[NormalHeader(form)] = e
			}
			bare, ok := bareHeader(form)
			if !ok {
				continue
			}
			if other, taken := d.bare[bare]; taken && other.field != i {
				shared[bare] = true
			}
			d.bare[bare] = entry{field: i, confidence: confidentBare, how: e.how}
		}
	}
	for bare := range shared {
		delete(d.bare, bare)
	}
	return d
}

// ownForms is how many of a field's forms are its own name and headers.
const ownForms = 3

// forms are all that a field is called: its name, its headers, its synonyms.
func (f Field) forms() []string {
	return append([]string{f.Name, f.Header.Ko, f.Header.En}, f.Synonyms...)
}

// find returns the field that a header stands for.
func (d dictionary) find(header string) (entry, bool) {
	normal := NormalHeader(header)
	if normal == "" {
		return entry{}, false
	}
	if e, ok := d.whole[normal]; ok {
		return e, true
	}
	if bare, ok := bareHeader(header); ok {
		if e, ok := d.whole[bare]; ok {
			e.confidence = confidentBare
			return e, true
		}
		normal = bare
	}
	e, ok := d.bare[normal]
	return e, ok
}

// count is how many fields a row of headers names.
func (d dictionary) count(headers []string) int {
	fields := map[int]bool{}
	for _, header := range headers {
		if e, ok := d.find(header); ok {
			fields[e.field] = true
		}
	}
	return len(fields)
}
