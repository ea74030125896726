package api

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2/validation"
)

// placeOf turns huma's location ("body.filters.from", "query.page_size") and message into a place.
func placeOf(location, message string) ProblemPlace {
	where, rest, _ := strings.Cut(location, ".")
	switch where {
	case "query", "path":
		return ProblemPlace{Parameter: rest, Message: message}
	case "header":
		return ProblemPlace{Header: rest, Message: message}
	}
	pointer := pointerTo(rest)

	// A missing property is reported at its parent; the one who has to fill it in looks for its own name.
	var missing string
	if n, _ := fmt.Sscanf(message, validation.MsgExpectedRequiredProperty, &missing); n == 1 {
		pointer, message = pointer+"/"+escapePointer(missing), "is required"
	}
	switch {
	case message == validation.MsgExpectedMatchExactlyOneSchema && rest == "": // of several bodies, told apart by their type
		pointer, message = "/type", "is none of those there are"
	case message == validation.MsgExpectedPropertyNameInObject:
		message = "is required"
	case message == validation.MsgUnexpectedProperty:
		message = "is not known here"
	case message == validation.MsgExpectedMatchExactlyOneSchema && strings.HasPrefix(strings.TrimPrefix(rest, requestPath), filtersPath):
		message = "must be a string, a number, a boolean, or an array of those"
	case strings.HasPrefix(message, "json: "): // names Go types, which tell the client nothing
		message = "holds a value of the wrong type or beyond what can be read"
	}
	return ProblemPlace{Pointer: &pointer, Message: message}
}

// The objects in a body whose names are the client's; they may hold dots, and huma does not escape them.
const (
	filtersPath = "filters."
	mappingPath = "mapping."
	requestPath = "request." // of a schedule; has filters
)

// pointerTo turns "columns[2]" or "filters.from" into a JSON pointer.
func pointerTo(path string) string {
	if path == "" {
		return ""
	}
	for _, object := range []string{filtersPath, mappingPath, requestPath + filtersPath} {
		if name, ok := strings.CutPrefix(path, object); ok {
			return "/" + strings.ReplaceAll(object, ".", "/") + escapePointer(name)
		}
	}
	var b strings.Builder
	for part := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(part, "[")
		b.WriteString("/" + escapePointer(name))
		if indexed {
			b.WriteString("/" + strings.ReplaceAll(strings.TrimSuffix(index, "]"), "][", "/"))
		}
	}
	return b.String()
}

func escapePointer(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}
