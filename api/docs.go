package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// docsFiles are a page that shows the OpenAPI document. The known viewers are 200 KB to 1 MB, and load
// parts of themselves from elsewhere or need inline styles; this one is three small files under a strict CSP.
//
//go:embed docs
var docsFiles embed.FS

// docsCSP allows the page its own script and style, and to fetch the document.
const docsCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// registerDocs serves the document and the page. Both are documented too, so that the document is whole.
func (s *server) registerDocs(engine *gin.Engine) {
	engine.GET("/openapi.json", func(c *gin.Context) {
		serveStatic(c, "application/json", s.openapi)
	})
	s.documentRoute("/openapi.json", huma.Operation{
		OperationID: "openapi", Summary: "This document", Tags: []string{"operation"},
	}, "application/json")

	for _, f := range []struct{ path, file, contentType, about string }{
		{"/docs", "docs/docs.html", "text/html; charset=utf-8", "This document for people"},
		{"/docs/docs.js", "docs/docs.js", "text/javascript; charset=utf-8", ""},
		{"/docs/docs.css", "docs/docs.css", "text/css; charset=utf-8", ""},
	} {
		data, err := docsFiles.ReadFile(f.file)
		if err != nil {
			panic(err) // embedded: the build would have failed
		}
		engine.GET(f.path, func(c *gin.Context) {
			c.Header("Content-Security-Policy", docsCSP)
			serveStatic(c, f.contentType, data)
		})
		if f.about != "" { // what belongs to the page needs no words of its own
			s.documentRoute(f.path, huma.Operation{OperationID: "docs", Summary: f.about, Tags: []string{"operation"}}, "text/html")
		}
	}
}

// serveStatic has clients ask each time; the answer is 304 mostly.
func serveStatic(c *gin.Context, contentType string, data []byte) {
	sum := sha256.Sum256(data)
	c.Header("Content-Type", contentType)
	c.Header("Cache-Control", "no-cache")
	c.Header("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(data))
}
