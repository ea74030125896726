package dataset

import (
	"errors"
	"fmt"
	"slices"
)

// WithCall returns a copy of the kind that speaks a partner's own protocol: decode (of settings) changes the kind's [Call].
// What it leaves as it is stays; a list or table that it sets replaces the kind's whole, an empty one too. Answers are
// the exception: one of the kind's name takes what it leaves out from the kind, and must have its type, because
// [Sync.Save] relies on it.
//
// The kind is checked again. The error joins everything that is wrong, each with the key of the settings, e.g.
// body[2].from; an error of decode is returned as it is.
func (k Sync) WithCall(decode func(*Call) error) (Sync, error) {
	own := k.Call
	c := own
	// A decoder that finds a list writes over its elements, which are the kind's.
	c.Body, c.Header, c.Answers, c.LookUp = nil, nil, nil, nil
	if err := decode(&c); err != nil {
		return Sync{}, err
	}
	if c.Body == nil {
		c.Body = own.Body
	}
	if c.Header == nil {
		c.Header = own.Header
	}
	if c.LookUp == nil {
		c.LookUp = own.LookUp
	}
	var wrong []error
	if c.Answers == nil {
		c.Answers = own.Answers
	} else {
		c.Answers, wrong = overlay(c.Answers, own.Answers)
	}
	k.Call = c
	wrong = append(wrong, k.checkCall()...)
	if len(wrong) == 0 { // what is saved may name an answer that is gone
		wrong = k.checkEffects()
	}
	return k, errors.Join(wrong...)
}

// overlay completes the answers of settings by those of the kind.
func overlay(answers, own []Answer) ([]Answer, []error) {
	var wrong []error
	answers = slices.Clone(answers)
	for i := range answers {
		a := &answers[i]
		at := slices.IndexFunc(own, func(o Answer) bool { return o.Name == a.Name })
		if at < 0 {
			continue
		}
		o := own[at]
		if a.At == "" {
			a.At = o.At
		}
		if a.Map == nil {
			a.Map = o.Map
		}
		if a.Type == "" {
			a.Type = o.Type
		}
		if a.Type != o.Type {
			wrong = append(wrong, fmt.Errorf("answers[%d].type: %q is of type %s, which is saved", i, a.Name, o.Type))
		}
		if a.MaxLength == 0 {
			a.MaxLength = o.MaxLength
		}
		if a.MaxLength > o.MaxLength {
			wrong = append(wrong, fmt.Errorf("answers[%d].max_length: no more than %d characters of %q can be saved", i, o.MaxLength, a.Name))
		}
		a.Required = a.Required || o.Required
	}
	return answers, wrong
}
