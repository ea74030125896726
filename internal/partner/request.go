package partner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ours are headers that the connection sets. One of a kind or of settings would break it, or not be sent.
var ours = map[string]bool{
	"Accept-Encoding": true, "Connection": true, "Content-Encoding": true, "Content-Length": true, "Expect": true, "Host": true,
	"Keep-Alive": true, "Proxy-Authorization": true, "Proxy-Connection": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true,
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// build makes the request, or tells what is wrong with it: then it must not be sent.
func (c *Client) build(ctx context.Context, r Request, now time.Time) (*http.Request, error) {
	if !slices.Contains(methods, r.Method) {
		return nil, errors.New("the method is none that is sent")
	}
	target, err := join(c.base, r.Path)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body) // of a type from which net/http knows the length
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.settings.URL, body)
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	req.URL = target
	if err := copyHeader(req.Header, r.Header); err != nil {
		return nil, err
	}
	setDefault(req.Header, "Accept", "application/json")
	setDefault(req.Header, "User-Agent", c.agent)
	if r.Body != nil {
		setDefault(req.Header, "Content-Type", "application/json")
	}
	if c.keyHeader != "" && r.IdempotencyKey != "" {
		if !validValue(r.IdempotencyKey) {
			return nil, errors.New("the idempotency key has characters that a header cannot have")
		}
		req.Header.Set(c.keyHeader, r.IdempotencyKey)
	}
	c.settings.Auth.sign(req, r.Body, now) // last, so that nothing replaces it
	return req, nil
}

func setDefault(h http.Header, name, value string) {
	if len(h[name]) == 0 {
		h.Set(name, value)
	}
}

func copyHeader(to, from http.Header) error {
	for name, values := range from {
		if !validName(name) {
			return errors.New("a header has no valid name")
		}
		canonical := http.CanonicalHeaderKey(name)
		if ours[canonical] {
			continue
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return fmt.Errorf("the header %s has a control character in it", canonical)
			}
			to.Add(canonical, v)
		}
	}
	return nil
}

// join puts a path behind the partner's URL. Whatever the path holds, it leads to the same host and never above the URL's
// own path.
func join(base *url.URL, path string) (*url.URL, error) {
	path, query, _ := strings.Cut(path, "?")
	if strings.ContainsFunc(path+query, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' || r == '\\' }) {
		return nil, errors.New("the path has characters that are not escaped")
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if err := checkPath(path); err != nil {
		return nil, fmt.Errorf("the path %w", err)
	}
	target := *base
	escaped := strings.TrimRight(base.EscapedPath(), "/") + path
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, errors.New("the path is not escaped as a path is")
	}
	target.Path, target.RawPath, target.RawQuery = plain, escaped, query
	return &target, nil
}

// checkPath refuses segments that lead upwards, also escaped ones: many servers resolve them, so that a field with "../"
// in it would reach another call than the kind's.
func checkPath(escaped string) error {
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return errors.New("is not escaped as a path is")
	}
	for segment := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return errors.New("has a segment that leads elsewhere")
		}
	}
	return nil
}
