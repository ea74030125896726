package job

import (
	"errors"
	"fmt"
	"strings"
)

// Code classes an error by what the caller can do about it. Each edge (HTTP, CLI, activity) maps it once.
type Code string

// The codes.
const (
	CodeInvalid     Code = "invalid"     // the request is wrong; Fields say where
	CodeNotFound    Code = "not_found"   // no such job, kind, artifact …
	CodeDuplicate   Code = "duplicate"   // the same job runs already; JobID names it
	CodeConflict    Code = "conflict"    // not in this state, or another body under the same key
	CodeGone        Code = "gone"        // it was there and has been removed
	CodeTooLarge    Code = "too_large"   // a stated limit of size was met
	CodeUnavailable Code = "unavailable" // a part that is needed does not answer; try again
	CodeInternal    Code = "internal"    // anything else; its text stays inside
)

// Error is an error that may be shown to the user: its Message and Fields hold no internals.
// What caused it stays in Err, for logs.
type Error struct {
	Code    Code
	Message string
	Fields  []FieldError
	JobID   string // CodeDuplicate: the running job
	Err     error  // cause, never shown to clients
}

// FieldError names one wrong place in a request.
type FieldError struct {
	// Pointer is a JSON pointer into the request body (RFC 6901), e.g. /filters/from.
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

// Error joins message, fields and cause; it is meant for logs and the CLI, not for HTTP clients.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Pointer, f.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [*Error] in err's chain, else CodeInternal; "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Errorf makes an error with a code and a message for the user.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes a CodeInvalid error that names its fields.
func Invalid(fields ...FieldError) *Error {
	return &Error{Code: CodeInvalid, Message: "the request is not valid", Fields: fields}
}
