package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/longhaul/longhaul/web"
)

func handler(t *testing.T) http.Handler {
	t.Helper()
	h, err := web.Handler(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends a request; headers are pairs of name and value.
func ask(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPolicyNamesTheImportMap(t *testing.T) {
	t.Parallel()
	resp := ask(handler(t), "GET", "/")
	index := body(t, resp)
	_, rest, _ := strings.Cut(index, `<script type="importmap">`)
	content, _, found := strings.Cut(rest, "</script>")
	if !found {
		t.Fatal("index.html has no import map")
	}
	sum := sha256.Sum256([]byte(content))
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"style-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'",
	} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q allows something unsafe", policy)
	}
	if got := strings.Count(index, "<script"); got != 3 {
		t.Errorf("index.html has %d scripts, not theme, import map and main", got)
	}
}

func TestFilesAreServed(t *testing.T) {
	t.Parallel()
	h := handler(t)
	for target, want := range map[string]struct{ contentType, cache string }{
		"/":                {"text/html; charset=utf-8", "no-cache"},
		"/static/main.js":  {"text/javascript; charset=utf-8", "no-cache"},
		"/static/app.css":  {"text/css; charset=utf-8", "no-cache"},
		"/static/icon.svg": {"image/svg+xml", "no-cache"},
		"/static/vendor/preact-11.2.0/preact.mjs": {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/static/vendor/htm-3.1.1/LICENSE":        {"text/plain; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		resp := ask(h, "GET", target)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != want.contentType || resp.Header.Get("Cache-Control") != want.cache {
			t.Errorf("GET %s: %d, %q, %q", target, resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Cache-Control"))
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: types may be guessed", target)
		}
	}
	for _, target := range []string{"/static/", "/static/none.js", "/static/index.html", "/static/../web.go", "/v1/jobs", "/index.html"} {
		if resp := ask(h, "GET", "http://x"+target); resp.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %d, not 404", target, resp.StatusCode)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	t.Parallel()
	h := handler(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		resp := ask(h, method, "/")
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s /: %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
	resp := ask(h, "HEAD", "/static/app.css")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Length") == "0" || body(t, resp) != "" {
		t.Errorf("HEAD: %d, Content-Length %q", resp.StatusCode, resp.Header.Get("Content-Length"))
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	h := handler(t)
	plain := ask(h, "GET", "/static/app.css")
	zipped := ask(h, "GET", "/static/app.css", "Accept-Encoding", "br, gzip;q=0.8")
	if plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Error("two representations have the same ETag")
	}
	reader, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unzipped, []byte(body(t, plain))) {
		t.Error("the compressed file is another one")
	}
	if resp := ask(h, "GET", "/static/app.css", "If-None-Match", plain.Header.Get("ETag")); resp.StatusCode != http.StatusNotModified {
		t.Errorf("with the file's ETag: %d, not 304", resp.StatusCode)
	}
	if resp := ask(h, "GET", "/static/app.css", "If-None-Match", `"other"`); resp.StatusCode != http.StatusOK {
		t.Errorf("with another ETag: %d, not 200", resp.StatusCode)
	}
	if resp := ask(h, "GET", "/static/app.css", "Accept-Encoding", "gzip;q=0"); resp.Header.Get("Content-Encoding") != "" {
		t.Error("compressed for a client that refuses it")
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	index := &fstest.MapFile{Data: []byte(`<script type="importmap">{}</script>`)}
	for name, files := range map[string]fstest.MapFS{
		"no folder":     {},
		"no index":      {"static/main.js": index},
		"no import map": {"static/index.html": {Data: []byte("<p>")}},
		"unknown type":  {"static/index.html": index, "static/a.wasm": index},
	} {
		if _, err := web.Handler(web.Options{Files: files}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := web.Handler(web.Options{Files: fstest.MapFS{"static/index.html": index}}); err != nil {
		t.Errorf("a page of one file: %v", err)
	}
}

var imports = regexp.MustCompile(`(?m)^import .*?from "([^"]+)";$`)

// TestModulesFitTogether looks into every module of ours: what it imports is there, it is short enough to be
// read, and it leaves the ways in which text becomes markup or code alone.
func TestModulesFitTogether(t *testing.T) {
	t.Parallel()
	h := handler(t)
	index := body(t, ask(h, "GET", "/"))
	source := os.DirFS(".")
	err := fs.WalkDir(source, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".js" || strings.HasPrefix(name, "static/vendor/") {
			return err
		}
		data, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		for _, found := range imports.FindAllStringSubmatch(string(data), -1) {
			target := found[1]
			if !strings.HasPrefix(target, ".") {
				if !strings.Contains(index, `"`+target+`": "/static/`) {
					t.Errorf("%s imports %s, which the import map does not name", name, target)
				}
				continue
			}
			if resp := ask(h, "GET", "/"+path.Join(path.Dir(name), target)); resp.StatusCode != http.StatusOK {
				t.Errorf("%s imports %s: %d", name, target, resp.StatusCode)
			}
		}
		if lines := bytes.Count(data, []byte("\n")); lines > 300 && !strings.HasPrefix(name, "static/words/") { // lists, not texts
			t.Errorf("%s has %d lines", name, lines)
		}
		for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML", "document.write", "eval(", "new Function", "style="} {
			if bytes.Contains(data, []byte(forbidden)) {
				t.Errorf("%s uses %s", name, forbidden)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
