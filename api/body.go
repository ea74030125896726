package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/longhaul/longhaul/job"
)

// errStalled is the cause of a context that ended because nobody came for more of a body.
var errStalled = errors.New("what lies behind took no more of the body")

type bodyKey struct{}

// body is a request's body on its way through; it never lies here as a whole. One goroutine reads it at a time, and
// none once the call that was given it has returned.
type body struct {
	request *http.Request
	control *http.ResponseController
	idle    time.Duration // of the client
	stall   time.Duration // of what lies behind
	watch   *time.Timer   // fires when that has lasted

	ahead    []byte // read already, by first
	left     int64  // bytes that may still come
	tooLarge *Problem
	seen     bool  // something has come
	over     bool  // nothing more comes: the end, or a broken connection
	err      error // what Read says from now on
}

// receive is the middleware of operations that take a file. huma would read a body whole, so their inputs have none:
// they find it in their context, see bodyOf. A client may take hours to send it, but not be silent for long; and what
// lies behind may not be silent either, else the context ends with errStalled.
func (s *server) receive(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	received, giveUp := context.WithCancelCause(ctx.Context())
	defer giveUp(nil)
	b := &body{
		request: c.Request, control: http.NewResponseController(c.Writer), idle: s.UploadIdle, stall: s.stall,
		watch: time.AfterFunc(s.stall, func() { giveUp(errStalled) }),
	}
	defer b.watch.Stop()
	_ = b.control.EnableFullDuplex() // else net/http would not let us read on after a refusal

	whole := &wholeWriter{ResponseWriter: c.Writer}
	c.Writer = whole
	defer func() { c.Writer = whole.ResponseWriter }() // a panic is answered there
	if encoding := c.GetHeader("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		s.refuse(ctx, blank(http.StatusUnsupportedMediaType, "the body must be sent without Content-Encoding"))
	} else {
		next(huma.WithValue(huma.WithContext(ctx, received), bodyKey{}, b))
	}
	whole.send()
	b.drain()
}

func bodyOf(ctx context.Context) *body {
	b, ok := ctx.Value(bodyKey{}).(*body)
	if !ok {
		panic("api: operation without the middleware receive") // a mistake in registering it
	}
	return b
}

// allow sets how many bytes may come from now on, and what is answered to more.
func (b *body) allow(most int64, tooLarge *Problem) {
	b.left, b.tooLarge = most-int64(len(b.ahead)), tooLarge
	if b.left < 0 {
		b.ahead, b.err = nil, tooLarge
	}
}

// size is what the client announces, -1 if it does not.
func (b *body) size() int64 { return b.request.ContentLength }

// first returns the first byte that is not white space, or 0 if none comes soon. It takes nothing away.
func (b *body) first() byte {
	buf := make([]byte, 512)
	b.allow(int64(len(buf)), nil) // never more than buf holds
	for len(b.ahead) < len(buf) && b.err == nil {
		n, _ := b.take(buf[:len(buf)-len(b.ahead)])
		b.ahead = append(b.ahead, buf[:n]...)
		if text := bytes.TrimLeft(b.ahead, " \t\r\n"); len(text) > 0 {
			return text[0]
		}
	}
	return 0
}

// Read implements io.Reader. Its errors, but for io.EOF, are *Problem.
func (b *body) Read(p []byte) (int, error) {
	if len(b.ahead) > 0 {
		n := copy(p, b.ahead)
		b.ahead = b.ahead[n:]
		return n, nil
	}
	return b.take(p)
}

func (b *body) take(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left+1] // one more, to tell the end from too much
	}
	b.watch.Stop()
	_ = b.control.SetReadDeadline(time.Now().Add(b.idle)) // not supported by a test's recorder
	n, err := b.request.Body.Read(p)
	b.watch.Reset(b.stall)
	b.seen = b.seen || n > 0
	if int64(n) > b.left {
		return int(b.left), b.fail(b.tooLarge)
	}
	b.left -= int64(n)
	switch err {
	case nil:
		return n, nil
	case io.EOF: // the bare one; a connection that was cut may wrap it
		// net/http goes on listening for a client that goes away, and cancels the handler when the deadline passes.
		_ = b.control.SetReadDeadline(time.Time{})
		b.over, b.err = true, io.EOF
		return n, io.EOF
	}
	b.over = true
	broken := blank(http.StatusBadRequest, "the body was cut off")
	if errors.Is(err, os.ErrDeadlineExceeded) {
		broken = blank(http.StatusRequestTimeout, fmt.Sprintf("nothing came for %s; send it again", b.idle))
	}
	return n, b.fail(broken)
}

// fail ends the body with what is to be answered.
func (b *body) fail(p *Problem) error {
	b.err = p
	return p
}

// orWhy prefers the reason why the body could not be read to the error that came of it.
func (b *body) orWhy(ctx context.Context, err error) error {
	var p *Problem
	switch {
	case err == nil:
		return nil
	case errors.As(b.err, &p):
		return p
	case errors.Is(context.Cause(ctx), errStalled):
		return &job.Error{Code: job.CodeUnavailable, Message: "file storage does not answer", Err: err}
	}
	return err
}

// received ends the watch over what lies behind: it has taken the file, and calls from now on have their own limits.
func (b *body) received() { b.watch.Stop() }

// drain reads on after the answer. A client that still sends when the connection is closed may lose the answer with it
// (a browser then shows a network error in place of the reason).
func (b *body) drain() {
	if b.over || (!b.seen && b.request.Header.Get("Expect") != "") { // the latter waits to be asked for its body
		return
	}
	_ = b.control.Flush()
	_ = b.control.SetReadDeadline(time.Now().Add(drainTimeout))
	_, _ = io.Copy(io.Discard, b.request.Body) // whatever it is, nobody wants it
}

// wholeWriter holds an answer back until it is whole, so that it has its length: the client must be able to tell its
// end while the connection is still being drained. Answers are at most MaxResponse.
type wholeWriter struct {
	gin.ResponseWriter
	held bytes.Buffer
}

func (w *wholeWriter) Write(p []byte) (int, error)       { return w.held.Write(p) }
func (w *wholeWriter) WriteString(s string) (int, error) { return w.held.WriteString(s) }

func (w *wholeWriter) send() {
	w.Header().Set("Content-Length", fmt.Sprint(w.held.Len()))
	_, _ = w.ResponseWriter.Write(w.held.Bytes()) // a client that has gone needs no answer
}
