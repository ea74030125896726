package dataset

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SyncAnswer is what an answer says of one item.
type SyncAnswer struct {
	// RemoteID is how the partner calls the item, at most [MaxRemoteID] characters; empty where it does not say.
	RemoteID string
	// Refused tells that the answer refuses the item, though the call succeeded; Message says why.
	Refused bool
	Message string
	// Values are those of [Call.Answers] by name; instants as RFC 3339 in UTC. One that the answer does not have is empty.
	Values map[string]string
	// Err tells why the answer cannot be understood, in words that may be shown: [job.ItemBadAnswer].
	Err error
}

const (
	// MaxRemoteID is in characters; what is longer is no name.
	MaxRemoteID = 200
	// MaxPartnerMessage is how much of a partner's words is kept, in characters.
	MaxPartnerMessage = 500
)

// Read reads the answer, of a status that means success, to a call with n items: an answer for each, in their order. The
// error, which may be shown, says that none of them can be known: [job.ItemBadAnswer] for all.
func (k Sync) Read(body []byte, n int) ([]SyncAnswer, error) {
	doc, err := decode(body)
	if err != nil {
		return nil, err
	}
	if k.Call.PerCall <= 1 {
		if n != 1 {
			return nil, fmt.Errorf("a call has one item, not %d", n)
		}
		return []SyncAnswer{k.Call.read(doc)}, nil
	}
	found, _ := valueAt(doc, k.Call.Results)
	results, ok := found.([]any)
	switch {
	case !ok:
		return nil, fmt.Errorf("the answer has no list at %s", k.Call.Results)
	case len(results) != n:
		return nil, fmt.Errorf("the answer has %d results for %d items", len(results), n)
	}
	answers := make([]SyncAnswer, n)
	for i, result := range results {
		answers[i] = k.Call.read(result)
	}
	return answers, nil
}

// ReadLookUp reads the answer to a look-up that found the item. Where the look-up does not say itself where something
// stands (remote ID, error, message, answers), it is where the call's answer has it.
func (k Sync) ReadLookUp(body []byte) (SyncAnswer, error) {
	doc, err := decode(body)
	if err != nil || k.Call.LookUp == nil {
		return SyncAnswer{}, err
	}
	c := *k.Call.LookUp
	c.RemoteID = cmp.Or(c.RemoteID, k.Call.RemoteID)
	c.Error = cmp.Or(c.Error, k.Call.Error)
	c.Message = cmp.Or(c.Message, k.Call.Message)
	if len(c.Answers) == 0 {
		c.Answers = k.Call.Answers
	}
	return c.read(doc), nil
}

// decode reads a JSON document; an empty body is none, in which nothing is found.
func decode(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // an id of 18 digits is not rounded
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, errors.New("the answer is not JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the answer is more than one JSON document")
	}
	return doc, nil
}

// read reads the answer to one item.
func (c Call) read(doc any) SyncAnswer {
	if c.Error != "" {
		if said, ok := valueAt(doc, c.Error); ok && said != nil && said != false && said != "" {
			return SyncAnswer{Refused: true, Message: cmp.Or(c.message(doc), words(said, wordsWithin))}
		}
	}
	a := SyncAnswer{Values: make(map[string]string, len(c.Answers))}
	if c.RemoteID != "" {
		a.RemoteID, a.Err = textAt(doc, c.RemoteID, MaxRemoteID)
	}
	for _, answer := range c.Answers {
		value, err := answer.read(doc)
		if err != nil {
			a.Err = cmp.Or(a.Err, err)
		}
		a.Values[answer.Name] = value
	}
	return a
}

// textAt is the text, number or truth at a place; empty where there is none.
func textAt(doc any, pointer string, most int) (string, error) {
	found, _ := valueAt(doc, pointer)
	var text string
	switch v := found.(type) {
	case nil:
		return "", nil
	case string:
		text = trim(v)
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		return "", fmt.Errorf("what the answer has at %s is no single value", pointer)
	}
	switch {
	case utf8.RuneCountInString(text) > most:
		return "", fmt.Errorf("what the answer has at %s is longer than %d characters", pointer, most)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", fmt.Errorf("what the answer has at %s holds control characters", pointer)
	}
	return text, nil
}

// maxInstantText is more than any instant takes.
const maxInstantText = 64

func (a Answer) read(doc any) (string, error) {
	most := a.MaxLength
	if a.Type == FieldInstant {
		most = maxInstantText
	}
	text, err := textAt(doc, a.At, max(most, a.longest()))
	switch {
	case err != nil:
		return "", err
	case text == "" && a.Required:
		return "", fmt.Errorf("the answer has no %s", a.At)
	case text == "":
		return "", nil
	}
	if mapped, ok := a.Map[text]; ok {
		text = mapped
	}
	if utf8.RuneCountInString(text) > most {
		return "", fmt.Errorf("what the answer has at %s is longer than %d characters", a.At, most)
	}
	if a.Type != FieldInstant {
		return text, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UTC().Year() < minYear || t.UTC().Year() > maxYear {
		return "", fmt.Errorf("what the answer has at %s is no time of RFC 3339", a.At)
	}
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), nil // as the databases keep it
}

// longest is the length of the longest value that is replaced by another.
func (a Answer) longest() int {
	n := 0
	for from := range a.Map {
		n = max(n, utf8.RuneCountInString(from))
	}
	return n
}

// Message is what an answer that refuses says to people, at most [MaxPartnerMessage] characters; empty where it says
// nothing.
func (k Sync) Message(body []byte) string {
	doc, err := decode(body)
	if err != nil {
		return ""
	}
	return k.Call.message(doc)
}

func (c Call) message(doc any) string {
	if c.Message != "" {
		said, _ := valueAt(doc, c.Message)
		if text := words(said, wordsWithin); text != "" {
			return text
		}
	}
	return words(doc, wordsWithin)
}

// wordsWithin is how deep words are looked for: {"errors": [{"detail": "…"}]} has them three levels down.
const wordsWithin = 3

// words looks for a sentence in what a partner says of a failure.
func words(said any, within int) string {
	switch v := said.(type) {
	case string:
		return oneLine(v)
	case json.Number:
		return v.String()
	case []any:
		if within > 0 && len(v) > 0 {
			return words(v[0], within-1)
		}
	case map[string]any:
		if within <= 0 {
			return ""
		}
		for _, name := range []string{"message", "error", "detail", "title", "errors"} {
			if text := words(v[name], within-1); text != "" {
				return text
			}
		}
	}
	return ""
}

// oneLine is a text without line breaks and control characters, cut to [MaxPartnerMessage].
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	return cut(s, MaxPartnerMessage)
}
