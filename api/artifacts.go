package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/job"
)

type artifactInput struct {
	JobPath
	Name        string `path:"name" maxLength:"1000" doc:"The file's name, as artifacts[].name says"`
	Range       string `header:"Range" doc:"Byte ranges; more than 16 are answered with the whole file" example:"bytes=1048576-"`
	IfRange     string `header:"If-Range" doc:"ETag: send the range only if the file is still the same"`
	IfNoneMatch string `header:"If-None-Match"`
}

// registerArtifacts adds the download. Its Go side is http.ServeContent over a file that fetches what is
// read and no more, so any number of resumed and partial downloads cost no memory.
func (s *server) registerArtifacts() {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		op := s.documented(huma.Operation{
			OperationID: map[string]string{http.MethodGet: "download", http.MethodHead: "probe-download"}[method],
			Method:      method, Path: "/v1/jobs/{id}/artifacts/{name}", Tags: []string{"jobs"},
			Summary:     "Download a file",
			Description: "Resumable: send Range with If-Range. The ETag is the file's SHA-256.",
			Responses:   s.downloadAnswers(method),
		})
		huma.Register(s.api, op, s.download)
	}
}

func (s *server) download(ctx context.Context, in *artifactInput) (*huma.StreamResponse, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	artifact, err := s.Jobs.Artifact(call, in.ID, in.Name)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if artifact.DeletedAt != nil {
		return nil, s.problem(ctx, job.Errorf(job.CodeGone, "this file expired on %s and was removed", artifact.ExpiresAt.UTC().Format(time.DateOnly)))
	}
	// The file lives as long as its context does: that is the download's, which only finding it may end early.
	reading, giveUp := context.WithCancel(ctx)
	patience := time.AfterFunc(callTimeout, giveUp)
	file, err := s.Files.Open(reading, artifact.Key)
	patience.Stop()
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil, s.problem(ctx, &job.Error{Code: job.CodeGone, Message: "this file is no longer in storage", Err: err})
	case err != nil:
		return nil, s.problem(ctx, &job.Error{Code: job.CodeUnavailable, Message: "file storage does not answer", Err: err})
	case file.Size != artifact.Size:
		return nil, s.problem(ctx, fmt.Errorf("open %s: %d bytes lie there, %d were written", artifact.Key, file.Size, artifact.Size))
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer giveUp()
		defer file.Close()
		s.serveFile(humagin.Unwrap(hctx), artifact, file)
	}}, nil
}

func (s *server) serveFile(c *gin.Context, artifact job.Artifact, file *blob.File) {
	h := c.Writer.Header()
	h.Set("Content-Type", artifact.ContentType)
	h.Set("Content-Disposition", disposition(artifact.Name))
	h.Set("ETag", `"`+artifact.SHA256+`"`)
	h.Set("Cache-Control", "private, no-cache") // may be kept, but has to be asked for: it expires here
	if ranges := c.GetHeader("Range"); !strings.HasPrefix(ranges, "bytes=") || strings.Count(ranges, ",") >= maxRanges {
		c.Request.Header.Del("Range") // other units are to be ignored, and ServeContent would refuse them
	}
	source := &source{File: file}
	w := &patientWriter{ResponseWriter: c.Writer, control: http.NewResponseController(c.Writer)}
	defer func() { _ = w.control.SetWriteDeadline(time.Time{}) }() // else it would hit the connection's next request
	http.ServeContent(w, c.Request, "", artifact.CreatedAt, source)

	// ServeContent keeps such errors to itself.
	if source.err == nil || c.Request.Context().Err() != nil {
		return
	}
	p := s.problem(c.Request.Context(), &job.Error{Code: job.CodeUnavailable, Message: "file storage does not answer", Err: source.err})
	if c.Writer.Written() {
		panic(http.ErrAbortHandler) // a broken connection, so that the client resumes; never a short file that looks whole
	}
	w.replaceBy(p)
}

// source remembers why reading failed.
type source struct {
	*blob.File
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.File.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a connection that was cut wraps io.EOF; only the bare one is the end
		s.err = err
	}
	return n, err
}

// patientWriter gives each write its own deadline, so that a slow client may take hours, but one that takes
// nothing does not hold a connection to storage for ever. It hides ReadFrom, by which a whole file would
// be a single write.
type patientWriter struct {
	http.ResponseWriter
	control  *http.ResponseController
	replaced bool
}

func (w *patientWriter) Write(p []byte) (int, error) {
	if w.replaced {
		return len(p), nil
	}
	_ = w.control.SetWriteDeadline(time.Now().Add(idleWrite)) // not supported by a test's recorder
	return w.ResponseWriter.Write(p)
}

// WriteHeader replaces the plain text of ServeContent's refusals.
func (w *patientWriter) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable {
		w.replaceBy(blank(status, "the range is malformed or lies beyond the end of the file"))
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// replaceBy sends a problem in place of the file.
func (w *patientWriter) replaceBy(p *Problem) {
	w.replaced = true
	for _, name := range []string{"Content-Disposition", "Content-Length", "ETag", "Last-Modified", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeProblem(w.ResponseWriter, p)
}

// disposition names the file in both ways of RFC 6266: ASCII for the oldest clients, UTF-8 for all others.
func disposition(name string) string {
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, asciiName(name), extValue(name))
}

// asciiName replaces what a quoted ASCII name cannot hold. A name of which nothing but the extension would
// remain becomes download.
func asciiName(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' { // some browsers decode % here
			return '_'
		}
		return r
	}, name)
	stem, extension := ascii, ""
	if dot := strings.LastIndexByte(ascii, '.'); dot >= 0 {
		stem, extension = ascii[:dot], ascii[dot:]
	}
	if strings.Trim(stem, "_-. ") == "" {
		stem = "download"
	}
	return stem + extension
}

// extValue is the value-chars of RFC 8187: url.PathEscape but for the characters that it leaves alone and
// the header's grammar does not allow.
func extValue(name string) string {
	return strings.NewReplacer(":", "%3A", "@", "%40", "=", "%3D", "'", "%27", "(", "%28", ")", "%29", "*", "%2A", ",", "%2C", ";", "%3B").
		Replace(url.PathEscape(name))
}

func (s *server) downloadAnswers(method string) map[string]*huma.Response {
	answers := s.answers(http.StatusNotFound, http.StatusGone, http.StatusRequestedRangeNotSatisfiable,
		http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	header := func(about string) *huma.Param {
		return &huma.Param{Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	file := func(about string) *huma.Response {
		r := &huma.Response{Description: about, Headers: map[string]*huma.Param{
			"ETag":                header("The file's SHA-256"),
			"Accept-Ranges":       header("bytes"),
			"Content-Disposition": header("attachment, with the file's name in ASCII and in UTF-8"),
		}}
		if method == http.MethodGet {
			r.Content = map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		}
		return r
	}
	answers[statusKey(http.StatusOK)] = file("The file")
	answers[statusKey(http.StatusPartialContent)] = file("The part asked for; multipart/byteranges for several")
	answers[statusKey(http.StatusNotModified)] = &huma.Response{Description: "Still as If-None-Match says"}
	return answers
}
