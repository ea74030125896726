package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// The classes of answers besides their status.
const (
	classRate          = "rate"
	classInFlight      = "in_flight"
	classQuota         = "quota"
	classOutage        = "outage"
	classReset         = "reset"
	classHung          = "hung"
	classDropped       = "dropped"
	classDroppedBefore = "dropped_before"
	classClosed        = "closed"
)

// answer is what goes out, or what happens to the connection instead.
type answer struct {
	class  string
	status int
	body   []byte // JSON unless the header says otherwise
	length int    // that the header claims, where it is not the body's
	end    end
}

// end is what happens to the connection.
type end int

const (
	endKept end = iota
	endClosed
	endReset
)

func good(status int, body []byte) answer {
	return answer{class: class(status), status: status, body: body}
}

func goodJSON(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own structs, which marshal
	}
	return good(status, body)
}

func refuse(status int, message, field string) answer {
	return goodJSON(status, struct {
		Message string `json:"message"`
		Field   string `json:"field,omitempty"`
	}{message, field})
}

func (a answer) send(w http.ResponseWriter) {
	if a.end != endKept {
		cut(w, a.end == endReset)
		return
	}
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Content-Length", strconv.Itoa(max(a.length, len(a.body))))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone
}

// cut closes the connection without a word, by a reset if wished.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, which has streams to reset, or no connection at all
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// perform takes its time, and lets go wrong around do, which takes effect, what the behaviour wants to.
func (c *call) perform(luck chance, do func() answer) answer {
	b := &c.set.Behaviour
	if !c.wait(luck.latency(b)) {
		return answer{class: classClosed, end: endClosed}
	}
	odd := OddAnswer("")
	if b.OddShare == 0 || luck.hits("odd", b.OddShare) {
		odd = b.Odd
	}
	switch {
	case luck.hits("drop before", b.DropBeforeShare):
		return answer{class: classDroppedBefore, end: endClosed}
	case luck.hits("error", b.ErrorShare):
		return refuse(or(b.ErrorStatus, http.StatusInternalServerError), "an error happened", "")
	case odd == OddHTML:
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return answer{class: string(odd), status: b.oddStatus(), body: []byte("<!doctype html><title>Welcome</title><p>Please sign in.</p>\n")}
	case odd == OddRedirect:
		c.w.Header().Set("Location", b.RedirectTo)
		return answer{class: string(odd), status: b.oddStatus()}
	}
	a := do()
	switch {
	case luck.hits("drop", b.DropShare):
		return answer{class: classDropped, end: endClosed}
	case odd == OddGarbage:
		return answer{class: string(odd), status: b.oddStatus(), body: []byte("{\"id\": \"D-\x00\xff\xfe,,}\n")}
	case odd == OddCut:
		return answer{class: string(odd), status: b.oddStatus(), body: []byte(`{"id": "D-0`), length: 4 << 10}
	case odd == OddEndless:
		c.endless(b.oddStatus())
		return answer{class: string(odd), end: endClosed}
	}
	return a
}

// endless sends JSON until nobody wants it any more.
func (c *call) endless(status int) {
	flood := bytes.Repeat([]byte("0,"), 32<<10)
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, err := fmt.Fprint(c.w, `{"id": [`)
	for err == nil {
		select {
		case <-c.r.Context().Done():
			c.hangUp()
			return
		case <-closing(c.r.Context()):
			return
		default:
			_, err = c.w.Write(flood) // waits while the client does not read
		}
	}
	c.hangUp()
}
