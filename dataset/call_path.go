package dataset

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// fill replaces each {name} of a template by its value. query tells that it stands behind a question mark.
func fill(template string, value func(name string, query bool) (string, error)) (string, error) {
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return "", fmt.Errorf("%q has a } without its {", template)
		}
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed || name == "" || strings.Contains(name, "{") {
			return "", fmt.Errorf("%q has a { without a name and its }", template)
		}
		v, err := value(name, strings.Contains(template[:len(template)-len(rest)+len(before)], "?"))
		if err != nil {
			return "", err
		}
		b.WriteString(v)
		rest = behind
	}
}

// placeholders are the names in a template.
func placeholders(template string) ([]string, error) {
	var names []string
	_, err := fill(template, func(name string, _ bool) (string, error) {
		names = append(names, name)
		return "", nil
	})
	return names, err
}

// climbs tells whether a path has a segment that names another place than itself. No escape helps: RFC 3986 has %2E mean
// the dot that it stands for, and servers on the way resolve it.
func climbs(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return slices.ContainsFunc(strings.Split(path, "/"), func(segment string) bool {
		plain, err := url.PathUnescape(segment)
		return err != nil || plain == "." || plain == ".."
	})
}
