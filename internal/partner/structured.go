package partner

import (
	"net/http"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
)

// structured reads the RateLimit fields of the IETF's drafts:
//
//	RateLimit-Policy: "burst";q=100;w=60, "day";q=5000;w=86400
//	RateLimit: "burst";r=50;t=30, "day";r=4000
//	RateLimit: limit=100, remaining=50, reset=30   (an older draft)
func structured(h http.Header, _ time.Time) []pace.Hint {
	type policy struct {
		quota  int64
		window time.Duration
	}
	policies := make(map[string]policy)
	for _, item := range listed(h, "Ratelimit-Policy") {
		quota, _ := count(item.parameters["q"])
		window, _ := number(item.parameters["w"])
		policies[item.name] = policy{quota, bounded(window)}
	}
	var all []pace.Hint
	old := make(map[string]string)
	for _, item := range listed(h, "Ratelimit") {
		if name, value, found := strings.Cut(item.name, "="); found && !item.quoted {
			old[name] = value
			continue
		}
		remaining, ok := count(item.parameters["r"])
		if !ok {
			continue
		}
		window := policies[item.name].window // where it says nothing of its own
		if t, ok := number(item.parameters["t"]); ok {
			window = bounded(t)
		}
		all = append(all, pace.Hint{Remaining: remaining, Limit: policies[item.name].quota, Window: window})
	}
	if remaining, ok := count(old["remaining"]); ok {
		limit, _ := count(old["limit"])
		seconds, _ := number(old["reset"])
		all = append(all, pace.Hint{Remaining: remaining, Limit: limit, Window: bounded(seconds)})
	}
	return all
}

// listItem is one item of a structured field (RFC 9651).
type listItem struct {
	name       string
	quoted     bool
	parameters map[string]string
}

// maxListed is more limits than any partner has.
const maxListed = 16

func listed(h http.Header, name string) []listItem {
	var items []listItem
	for _, item := range split(strings.Join(h[name], ","), ',') {
		if len(items) == maxListed {
			break
		}
		parts := split(item, ';')
		found := listItem{name: strings.Trim(parts[0], `"`), quoted: strings.HasPrefix(parts[0], `"`), parameters: make(map[string]string, len(parts))}
		for _, p := range parts[1:] {
			key, value, _ := strings.Cut(p, "=")
			found.parameters[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
		items = append(items, found)
	}
	return items
}

// split splits outside of quotes.
func split(s string, separator rune) []string {
	var parts []string
	quoted, begin := false, 0
	for i, r := range s {
		if r == '"' {
			quoted = !quoted
		}
		if r == separator && !quoted {
			parts = append(parts, strings.TrimSpace(s[begin:i]))
			begin = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[begin:]))
}
