package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// checkCall returns everything that is wrong with how items become requests, and answers outcomes. Each error names the
// key of the settings that may have replaced it, e.g. body[2].from.
func (k Sync) checkCall() []error {
	c := &callChecker{kind: k}
	c.call("", k.Call)
	if k.Call.PerCall > 1 {
		c.several(k.Call)
	} else if k.Call.List != "" || k.Call.Results != "" {
		c.report("list", "list and results are for calls with several items")
	}
	if l := k.Call.LookUp; l != nil {
		c.call("look_up.", *l)
		c.lookUp(*l)
	}
	return c.wrong
}

// callChecker gathers what is wrong with a call.
type callChecker struct {
	kind  Sync
	wrong []error
}

func (c *callChecker) report(key, format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

var (
	methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	// headerName is a token of RFC 9110.
	headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")
	// ownHeaders are those that the connection, the body or the partner's credentials decide.
	ownHeaders = []string{
		"Authorization", "Connection", "Content-Length", "Content-Type", "Host", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	}
)

func (c *callChecker) call(prefix string, call Call) {
	if !slices.Contains(methods, call.Method) {
		c.report(prefix+"method", "unknown method %q; known: %s", call.Method, strings.Join(methods, ", "))
	}
	c.path(prefix+"path", call.Path)
	for _, name := range sortedKeys(call.Header) {
		key := prefix + "header." + name
		switch {
		case !headerName.MatchString(name):
			c.report(key, "this cannot be the name of a header")
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			c.report(key, "this header is set otherwise")
		}
		c.template(key, call.Header[name])
	}
	c.body(prefix+"body", call)
	for _, p := range []struct{ key, pointer string }{
		{"results", call.Results}, {"remote_id", call.RemoteID}, {"error", call.Error}, {"message", call.Message},
	} {
		if err := checkPointer(p.pointer); err != nil {
			c.report(prefix+p.key, "%v", err)
		}
	}
	for i, a := range call.Answers {
		if err := a.check(); err != nil {
			c.report(fmt.Sprintf("%sanswers[%d]", prefix, i), "%v", err)
		}
		if slices.ContainsFunc(call.Answers[:i], func(other Answer) bool { return other.Name == a.Name }) {
			c.report(fmt.Sprintf("%sanswers[%d].name", prefix, i), "%q is there twice", a.Name)
		}
	}
	if call.PerCall < 0 || call.PerCall > maxPerCall {
		c.report(prefix+"per_call", "it must be within 0 and %d", maxPerCall)
	}
}

// maxPerCall keeps a call's body and answer to what is held in memory for each call in flight.
const maxPerCall = 1000

// template checks the {names} of a path or header and returns them.
func (c *callChecker) template(key, template string) []string {
	names, err := placeholders(template)
	if err != nil {
		c.report(key, "%v", err)
	}
	for _, name := range names {
		c.field(key, name)
	}
	return names
}

func (c *callChecker) field(key, name string) {
	if known := c.kind.Rows().fieldNames(); !slices.Contains(known, name) {
		c.report(key, "there is no field %q; %s", name, oneOf(name, known))
	}
}

func (c *callChecker) path(key, path string) {
	c.template(key, path)
	plain, _ := fill(path, func(string, bool) (string, error) { return "x", nil })
	u, err := url.Parse(plain)
	switch {
	case err != nil:
		c.report(key, "%q is no path: %v", path, errors.Unwrap(err))
	case !strings.HasPrefix(path, "/") || u.Host != "" || u.Fragment != "" || strings.ContainsAny(plain, " \t\r\n\\"):
		c.report(key, "%q must begin with one / and hold neither space nor fragment", path)
	case climbs(plain):
		c.report(key, "%q leads elsewhere: it has a segment of dots", path)
	}
	before, _, _ := strings.Cut(path, "?")
	names, _ := placeholders(before)
	for _, name := range names {
		if at := c.kind.Rows().field(name); at >= 0 && !c.kind.Fields[at].Required {
			c.report(key, "field %q is not required, and without it there is no path", name)
		}
	}
}

// body checks the members: each is there once, and none is both a value and an object.
func (c *callChecker) body(key string, call Call) {
	if len(call.Body) > 0 && (call.Method == http.MethodGet || call.Method == http.MethodDelete) {
		c.report(key, "%s takes none", call.Method)
	}
	for i, f := range call.Body {
		at := fmt.Sprintf("%s[%d]", key, i)
		if slices.Contains(strings.Split(f.Name, "/"), "") {
			c.report(at+".name", "%q must be a name, or names with / between them", f.Name)
		}
		for _, other := range call.Body[:i] {
			if inside(f.Name, other.Name) || inside(other.Name, f.Name) {
				c.report(at+".name", "%q and %q cannot both be there", other.Name, f.Name)
			}
			if listAndObject(f.Name, other.Name) {
				c.report(at+".name", "%q and %q make a list and an object of one member", other.Name, f.Name)
			}
		}
		switch {
		case f.From != "" && f.Const != nil:
			c.report(at, "%q has both from and const", f.Name)
		case f.From != "":
			c.field(at+".from", f.From)
		case f.Const == nil:
			c.report(at, "%q has neither from nor const", f.Name)
		}
		if _, err := json.Marshal(f.Const); err != nil {
			c.report(at+".const", "it cannot be written as JSON")
		}
	}
}

// inside tells whether member a is b or part of it.
func inside(a, b string) bool { return a == b || strings.HasPrefix(a, b+"/") }

// listAndObject tells whether two members have their first difference in a place that is 0 in one of them.
func listAndObject(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return i > 0 && (as[i] == "0" || bs[i] == "0")
		}
	}
	return false
}

// several checks what calls with several items need.
func (c *callChecker) several(call Call) {
	if call.List == "" || strings.Contains(call.List, "/") {
		c.report("list", "several items in a call need a member to stand in")
	}
	if call.Results == "" {
		c.report("results", "several items in a call need a place of their answers")
	}
	if len(call.Body) == 0 {
		c.report("body", "several items in a call need one")
	}
	templates := []string{call.Path}
	for _, value := range call.Header {
		templates = append(templates, value)
	}
	for _, template := range templates {
		if names, _ := placeholders(template); len(names) > 0 {
			c.report("per_call", "a call with several items cannot have the %s of one in its path or headers", names[0])
		}
	}
}

// lookUp checks that asking changes nothing, and answers what saving needs.
func (c *callChecker) lookUp(l Call) {
	if l.Method != http.MethodGet {
		c.report("look_up.method", "a look-up changes nothing: it must be GET")
	}
	if l.LookUp != nil || l.PerCall > 1 || l.List != "" || l.Results != "" {
		c.report("look_up", "a look-up asks for one item, and has none of its own")
	}
	for _, a := range c.kind.Call.Answers {
		if len(l.Answers) > 0 && !slices.ContainsFunc(l.Answers, func(o Answer) bool {
			return o.Name == a.Name && o.Type == a.Type && o.MaxLength <= a.MaxLength
		}) {
			c.report("look_up.answers", "%q is missing, of type %s and no longer than the call's", a.Name, a.Type)
		}
	}
}

func (a Answer) check() error {
	switch {
	case !fieldName.MatchString(a.Name) || len(a.Name) > maxName:
		return fmt.Errorf("the name %q must be in snake case", a.Name)
	case a.At == "":
		return fmt.Errorf("%q has no place: at is missing", a.Name)
	case !slices.Contains([]FieldType{FieldText, FieldCode, FieldInstant}, a.Type):
		return fmt.Errorf("%q: type %q is none of text, code, instant", a.Name, a.Type)
	case (a.Type == FieldInstant) != (a.MaxLength == 0) || a.MaxLength < 0:
		return fmt.Errorf("%q: max_length belongs to texts and codes, and they need it", a.Name)
	}
	if err := checkPointer(a.At); err != nil {
		return fmt.Errorf("%q: at: %w", a.Name, err)
	}
	return nil
}
