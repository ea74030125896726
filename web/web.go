// Package web is the page: Preact, htm and Pico, vendored and embedded, without a build step. It knows the
// HTTP interface only, so it may be served by any program that serves /v1 on the same origin.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed static
var files embed.FS

// Options configures the page; the zero value serves what is embedded.
type Options struct {
	// Files replaces the embedded files, e.g. by os.DirFS("web") while the page is being worked on. It must
	// hold static/index.html. It is read once, by [Handler].
	Files fs.FS
}

// Handler serves the page at / and its files under /static/. It answers GET and HEAD only, anything else
// with 405, and unknown paths with 404. All files are read, hashed and compressed here, about 200 KB, so
// that a request costs no work. An error means that a file is missing or of a kind not known here.
func Handler(opts Options) (http.Handler, error) {
	root := opts.Files
	if root == nil {
		root = files
	}
	pages := map[string]*asset{}
	err := fs.WalkDir(root, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if path.Base(name) == "README.md" { // for people who read the source
			return nil
		}
		a, err := load(root, name)
		if err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
		pages["/"+name] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	index := pages["/static/index.html"]
	if index == nil {
		return nil, errors.New("read the page's files: static/index.html is missing")
	}
	policy, err := contentSecurityPolicy(index.plain)
	if err != nil {
		return nil, err
	}
	delete(pages, "/static/index.html") // one address for one page
	pages["/"] = index
	return &handler{pages: pages, policy: policy}, nil
}

type handler struct {
	pages  map[string]*asset
	policy string
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	head := w.Header()
	head.Set("Content-Security-Policy", h.policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin")
	a := h.pages[r.URL.Path]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	a.serve(w, r)
}

// asset is one file, ready to be sent.
type asset struct {
	plain       []byte
	zipped      []byte // nil where compressing does not pay
	contentType string
	cache       string
	tag         string // digest of plain, without quotes
}

// The types are listed, not asked of package mime, which reads the machine's own tables: on some of them a
// module is text/plain, and browsers refuse to run it.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".mjs":  "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".md":   "text/plain; charset=utf-8",
	"":      "text/plain; charset=utf-8", // LICENSE
}

const (
	// Our own modules name each other without a version, so a browser has to ask each time (the answer is
	// 304 mostly): a page of mixed ages would be worse than the questions.
	cacheAsk = "no-cache"
	// Vendored files carry their version in the path.
	cacheForever = "public, max-age=31536000, immutable"
)

func load(root fs.FS, name string) (*asset, error) {
	plain, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	contentType, ok := contentTypes[path.Ext(name)]
	if !ok {
		return nil, fmt.Errorf("no content type is known for %q", path.Ext(name))
	}
	sum := sha256.Sum256(plain)
	a := &asset{plain: plain, contentType: contentType, cache: cacheAsk, tag: hex.EncodeToString(sum[:12])}
	if strings.HasPrefix(name, "static/vendor/") {
		a.cache = cacheForever
	}
	var zipped bytes.Buffer
	zw, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zw.Write(plain); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	if zipped.Len() < len(plain) {
		a.zipped = zipped.Bytes()
	}
	return a, nil
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", a.contentType)
	head.Set("Cache-Control", a.cache)
	head.Set("Vary", "Accept-Encoding")
	body, tag := a.plain, a.tag
	if a.zipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		// Other bytes need another tag, or a cache could join the halves of both.
		body, tag = a.zipped, a.tag+"-gz"
		head.Set("Content-Encoding", "gzip")
	}
	head.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding as far as it matters here; a weight of 0 is a refusal.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";q=")
		if strings.EqualFold(coding, "gzip") {
			q, err := strconv.ParseFloat(weight, 64)
			return weight == "" || (err == nil && q > 0)
		}
	}
	return false
}

var importMap = regexp.MustCompile(`(?s)<script type="importmap">(.*?)</script>`)

// contentSecurityPolicy allows our own files and nothing inline but the import map, by its digest: browsers
// take import maps from the document only.
func contentSecurityPolicy(index []byte) (string, error) {
	found := importMap.FindSubmatch(index)
	if found == nil {
		return "", errors.New("make the content security policy: index.html has no import map")
	}
	sum := sha256.Sum256(found[1])
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"style-src 'self'",
		"connect-src 'self'",
		"img-src 'self' data:", // Pico draws its icons as data: images
		"font-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; "), nil
}
