package partner

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

var (
	// errDropped is the cause of an exchange whose connection ended before the answer began.
	errDropped = errors.New("the connection ended before an answer came")
	// errEnded keeps a request from a connection whose other side is gone already.
	errEnded = errors.New("the connection has ended")
)

// exchange is one request on its way. It knows whether any of it was written, and sees to it that it is not written a
// second time.
//
// net/http sends a request again by itself when a kept connection ends before the answer begins and the request is a GET
// or has an Idempotency-Key (Request.isReplayable). To the partner that is a call more, close behind the first, which no
// gate knows of. It does so too when nothing at all was written, which is welcome: most servers close idle connections
// without a word. So one has to tell the two apart, and net/http does not say: its httptrace reports what was put into a
// buffer. Hence a [line] under HTTP/1, which sees the bytes. HTTP/2 repeats only on an answer of the other side's
// (REFUSED_STREAM, GOAWAY, PROTOCOL_ERROR), and asks for a connection each time: there the second one is refused.
type exchange struct {
	sent     atomic.Bool // a byte may have been written
	answered atomic.Bool // a byte of the answer has come
	reached  bool        // there was a connection
	headers  atomic.Bool // HTTP/2: the head was written
	line     *line       // HTTP/1
	cancel   context.CancelCauseFunc
}

// trace has net/http report to the exchange.
func (x *exchange) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(info httptrace.GotConnInfo) { x.got(info.Conn) },
		WroteHeaders:         func() { x.headers.Store(true) },
		GotFirstResponseByte: func() { x.answered.Store(true) },
	})
}

// got is called for each connection that is about to carry the request.
func (x *exchange) got(conn net.Conn) {
	x.reached = true
	if secured, ok := conn.(*tls.Conn); ok {
		if secured.ConnectionState().NegotiatedProtocol == "h2" {
			if x.headers.Load() {
				x.cancel(errDropped) // which HTTP/2 asks after before it writes
			}
			x.sent.Store(true) // maybe too early, never too late: a write that hangs is not reported
			return
		}
		conn = secured.NetConn()
	}
	if l, ok := conn.(*line); ok {
		l.carry(x)
		x.line = l
	}
}

// end frees the connection from the exchange, so that what happens to it later is none of its business.
func (x *exchange) end() {
	if x.line != nil {
		x.line.release(x)
	}
	x.cancel(nil)
}

// line is a connection that knows whose request it carries.
type line struct {
	net.Conn
	mu      sync.Mutex
	carries *exchange
	ended   bool // nothing more can be read
}

func (l *line) carry(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.carries = x
}

// release leaves the line alone where the next exchange has it already.
func (l *line) release(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.carries == x {
		l.carries = nil
	}
}

// Write refuses to begin on an ended connection: the system might take the bytes, and nobody could tell whether they
// arrived.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	x := l.carries
	if x != nil && l.ended {
		l.mu.Unlock()
		return 0, errEnded
	}
	first := x != nil && x.sent.CompareAndSwap(false, true)
	l.mu.Unlock()
	n, err := l.Conn.Write(p)
	if first && n == 0 && err != nil {
		x.sent.Store(false)
	}
	return n, err
}

// Read ends the exchange when the connection ends between request and answer, before net/http learns of it and sends the
// request again.
func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err == nil || n > 0 {
		return n, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if x := l.carries; x != nil && x.sent.Load() && !x.answered.Load() {
		x.cancel(errDropped)
	}
	return n, err
}
