package dataset

import (
	"fmt"
	"strconv"
	"strings"
)

// checkPointer checks a JSON pointer (RFC 6901); the empty one stands for nothing here.
func checkPointer(pointer string) error {
	if pointer != "" && pointer[0] != '/' {
		return fmt.Errorf("%q is no JSON pointer: it must begin with /", pointer)
	}
	for i := range len(pointer) {
		if pointer[i] == '~' && (i+1 == len(pointer) || pointer[i+1] != '0' && pointer[i+1] != '1') {
			return fmt.Errorf("%q is no JSON pointer: ~ is written ~0", pointer)
		}
	}
	return nil
}

// unescapePointer undoes a pointer's own escapes, in the order that RFC 6901 asks for: ~01 is ~1.
var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// valueAt returns what a pointer leads to in a decoded JSON document, and whether it is there. An index has no leading zeros.
func valueAt(doc any, pointer string) (any, bool) {
	if pointer == "" {
		return doc, true
	}
	for _, token := range strings.Split(pointer[1:], "/") {
		token = unescapePointer.Replace(token)
		switch within := doc.(type) {
		case map[string]any:
			value, ok := within[token]
			if !ok {
				return nil, false
			}
			doc = value
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(within) || strconv.Itoa(i) != token {
				return nil, false
			}
			doc = within[i]
		default:
			return nil, false
		}
	}
	return doc, true
}
