package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// SyncCall is one call to a partner.
type SyncCall struct {
	Method string
	// Path goes behind the partner's URL; it is escaped and may have a query.
	Path   string
	Header map[string]string
	Body   []byte // JSON; nil: none
}

// Request is the call that sends items: one, or up to [Call.PerCall]. The same items make the same call, to the byte. An
// error tells what is wrong with the item; it is safe to show, and no call will make it good.
func (k Sync) Request(items []SyncItem) (SyncCall, error) {
	if most := max(1, k.Call.PerCall); len(items) < 1 || len(items) > most {
		return SyncCall{}, fmt.Errorf("a call takes 1 to %d items, not %d", most, len(items))
	}
	call, err := k.head(k.Call, items[0])
	if err != nil || len(k.Call.Body) == 0 {
		return call, err
	}
	if k.Call.PerCall <= 1 {
		call.Body, err = k.object(nil, k.Call.Body, items[0])
		return call, err
	}
	call.Body = append(appendJSON([]byte("{"), k.Call.List), ":["...)
	for i, item := range items {
		if i > 0 {
			call.Body = append(call.Body, ',')
		}
		if call.Body, err = k.object(call.Body, k.Call.Body, item); err != nil {
			return SyncCall{}, err
		}
	}
	call.Body = append(call.Body, "]}"...)
	return call, nil
}

// LookUp is the call that asks whether an item took effect; false where the partner has none.
func (k Sync) LookUp(item SyncItem) (SyncCall, bool, error) {
	if k.Call.LookUp == nil {
		return SyncCall{}, false, nil
	}
	call, err := k.head(*k.Call.LookUp, item)
	return call, err == nil, err
}

// head is a call without its body.
func (k Sync) head(c Call, item SyncItem) (SyncCall, error) {
	path, err := fill(c.Path, func(name string, query bool) (string, error) {
		value := item.Fields[name]
		switch {
		case query:
			return url.QueryEscape(value), nil
		case value == "":
			return "", fmt.Errorf("%s is empty", name)
		}
		return url.PathEscape(value), nil // a slash in it begins no other segment
	})
	if err == nil && climbs(path) {
		err = errors.New("a path cannot have a segment of dots")
	}
	if err != nil {
		return SyncCall{}, err
	}
	call := SyncCall{Method: c.Method, Path: path, Header: make(map[string]string, len(c.Header))}
	for name, template := range c.Header {
		value, err := fill(template, func(name string, _ bool) (string, error) { return item.Fields[name], nil })
		if err != nil {
			return SyncCall{}, err
		}
		call.Header[name] = headerValue(value)
	}
	return call, nil
}

// headerValue is one line: what would end it, and begin a header of the item's own making, becomes space.
func headerValue(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}

// object appends the members of an item in the order in which they are declared; members of one inner object stand where
// its first one does.
func (k Sync) object(b []byte, body []BodyField, item SyncItem) ([]byte, error) {
	b = append(b, '{')
	empty := len(b)
	for i, f := range body {
		outer, _, nested := strings.Cut(f.Name, "/")
		if f.From != "" && f.Omit && item.Fields[f.From] == "" && !nested {
			continue
		}
		before := len(b)
		if before > empty {
			b = append(b, ',')
		}
		b = append(appendJSON(b, outer), ':')
		var err error
		if !nested {
			b, err = k.value(b, f, item)
		} else {
			inner := membersOf(outer, body)
			if body[i].Name != outer+"/"+inner[0].Name { // written with the first
				b = b[:before]
				continue
			}
			if isList(inner) {
				b, err = k.list(b, inner, item)
			} else {
				b, err = k.object(b, inner, item)
			}
			if bytes.HasSuffix(b, []byte(":{}")) || bytes.HasSuffix(b, []byte(":[{}]")) {
				b = b[:before] // all were left out
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// isList tells whether members are those of a list's only element: 0, or 0/a and 0/b.
func isList(inner []BodyField) bool { return inside(inner[0].Name, "0") }

// list appends a list of one element.
func (k Sync) list(b []byte, inner []BodyField, item SyncItem) ([]byte, error) {
	b = append(b, '[')
	var err error
	if inner[0].Name == "0" {
		b, err = k.value(b, inner[0], item)
	} else {
		b, err = k.object(b, membersOf("0", inner), item)
	}
	return append(b, ']'), err
}

// membersOf are the members of one inner object, by their names within it.
func membersOf(outer string, body []BodyField) []BodyField {
	var inner []BodyField
	for _, f := range body {
		if rest, ok := strings.CutPrefix(f.Name, outer+"/"); ok {
			f.Name = rest
			inner = append(inner, f)
		}
	}
	return inner
}

// value appends a member's value.
func (k Sync) value(b []byte, f BodyField, item SyncItem) ([]byte, error) {
	if f.From == "" {
		return appendJSON(b, f.Const), nil
	}
	plain := item.Fields[f.From]
	if plain == "" {
		return append(b, "null"...), nil
	}
	switch k.Fields[k.Rows().field(f.From)].Type {
	case FieldInteger, FieldDecimal:
		n, ok := splitNumber([]byte(plain))
		if !ok {
			return nil, fmt.Errorf("%s is not a number", f.From)
		}
		return append(b, n.String()...), nil
	}
	return appendJSON(b, plain), nil
}

// appendJSON appends what the kind's check has seen to be a JSON value. It leaves <, > and & as they are: the body is no
// page.
func appendJSON(b []byte, v any) []byte {
	out := bytes.NewBuffer(b)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("write checked value as JSON: %v", err))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
