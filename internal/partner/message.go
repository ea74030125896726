package partner

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxMessage fits the column that keeps messages, in characters.
	maxMessage = 500
	// maxRead is how much of a text is looked at, in bytes: some partners put a page of stack traces into one.
	maxRead = 16 << 10
	// maxDepth is how deep messages lie at most: errors[0].error.message.
	maxDepth = 4
)

// words finds what an answer that is no success says to people; empty where it says nothing.
func words(h http.Header, body, asJSON []byte) string {
	if asJSON != nil {
		var value any
		if json.Unmarshal(asJSON, &value) != nil {
			return ""
		}
		return wordsIn(value, maxDepth)
	}
	text := string(body)
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if kind != "" && kind != "text/plain" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxMessage || isPage(text) {
		return ""
	}
	return text
}

// members are where partners put their words (RFC 9457 and habits), the most telling first.
var members = []string{"message", "error", "detail", "title", "error_description", "errors"}

func wordsIn(value any, depth int) string {
	if depth == 0 {
		return ""
	}
	switch v := value.(type) {
	case string:
		if isPage(v) {
			return ""
		}
		return strings.TrimSpace(v)
	case []any:
		if len(v) > 0 {
			return wordsIn(v[0], depth-1)
		}
	case map[string]any:
		return wordsOf(v, depth)
	}
	return ""
}

func wordsOf(object map[string]any, depth int) string {
	for _, name := range members {
		value, found := member(object, name)
		if !found {
			continue
		}
		text := wordsIn(value, depth-1)
		if fields, ok := value.(map[string]any); ok && name == "errors" && text == "" {
			text = firstField(fields, depth-1)
		}
		if text == "" {
			continue
		}
		if _, code := value.(string); code && name == "error" { // OAuth's pair: a code, and what it means
			if more, _ := member(object, "error_description"); wordsIn(more, 1) != "" {
				text += ": " + wordsIn(more, 1)
			}
		}
		return text
	}
	return ""
}

// member finds a member by its name, in capitals too (Message).
func member(object map[string]any, name string) (any, bool) {
	if value, found := object[name]; found {
		return value, true
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if strings.EqualFold(key, name) {
			return object[key], true
		}
	}
	return nil, false
}

// firstField reads errors by field: {"tracking_no": ["is too long"]}.
func firstField(fields map[string]any, depth int) string {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := wordsIn(fields[name], depth); text != "" {
			return name + ": " + text
		}
	}
	return ""
}

var markup = regexp.MustCompile(`(?i)^\s*<|</[a-z]|<!doctype|<(html|head|body|script|style|br)\b`)

// isPage tells markup from words.
func isPage(text string) bool { return markup.MatchString(text) }

// Clean makes a text of the partner's, out of the body of an answer, safe to show: without control characters, without
// our credentials and what looks like others, and of at most 500 characters.
func (c *Client) Clean(text string) string {
	return clean(text, []string{c.settings.Auth.Token.Reveal()})
}

func clean(text string, secrets []string) string {
	text = redact(text, secrets) // also what the next line would cut in two
	text = text[:min(len(text), maxRead)]
	if isPage(text) {
		return ""
	}
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r): // what turns the direction of writing, or cannot be seen
			return -1
		}
		return r
	}, text)
	text = redactNamed(redact(strings.Join(strings.Fields(text), " "), secrets))
	if utf8.RuneCountInString(text) > maxMessage {
		text = strings.TrimSpace(string([]rune(text)[:maxMessage-1])) + "…"
	}
	return text
}

// credential matches what partners like to repeat of a request: the value of a header or a parameter.
var credential = regexp.MustCompile(
	`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}` +
		`|\b([a-z_-]*(?:authorization|api[_-]?key|access[_-]?key|token|secret|password|passwd|signature))("?\s*[=:]\s*)((?:bearer |basic )?"[^"]*"|(?:bearer |basic )?[^\s,;&"]+)`)

// redact hides our credentials in each form in which they come back.
func redact(text string, secrets []string) string {
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))} {
			text = strings.ReplaceAll(text, form, hidden)
		}
	}
	return text
}

// redactNamed hides what is called a credential.
func redactNamed(text string) string {
	return credential.ReplaceAllStringFunc(text, func(found string) string {
		m := credential.FindStringSubmatch(found)
		if m[1] != "" {
			return m[1] + " " + hidden
		}
		return m[2] + m[3] + hidden
	})
}
