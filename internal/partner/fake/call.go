package fake

import (
	"crypto/subtle"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody holds some ten thousand dispatches.
const maxBody = 4 << 20

// call is a call on its way. One goroutine has it.
type call struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	start time.Time
	set   *setting
	path  []string

	number   int64    // since the setting holds, from 1
	orders   []string // that were noted as on their way
	admitted bool
	left     bool
}

func (s *Server) begin(w http.ResponseWriter, r *http.Request, start time.Time) *call {
	c := &call{Server: s, w: w, r: r, start: start, set: s.setting.Load(), path: segments(r.URL.EscapedPath())}
	s.meter.begin(start, c.route())
	c.number = c.set.calls.Add(1)
	return c
}

// leave ends the call as far as limits and records go.
func (c *call) leave() {
	if c.left {
		return
	}
	c.left = true
	if c.admitted {
		c.limiter.release()
	}
	c.ledger.depart(c.orders)
	c.meter.leave()
}

// hangUp: the client is gone. It cannot know what its call still does here, so that neither is held against it.
func (c *call) hangUp() {
	if !c.left {
		c.meter.hangUp()
	}
	c.leave()
}

// segments are those of an escaped path, which may have a slash in them.
func segments(escaped string) []string {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

// The routes.
const (
	routeDispatches = "dispatches"
	routeBulk       = "bulk"
	routeByKey      = "by-key"
	routeByLine     = "by-line"
	routeTrackings  = "trackings"
	routeOther      = "other"
)

func (c *call) route() string {
	post, get, n := c.r.Method == http.MethodPost, c.r.Method == http.MethodGet, len(c.path)
	switch is := func(i int, name string) bool { return i < n && c.path[i] == name }; {
	case post && n == 1 && is(0, "dispatches"):
		return routeDispatches
	case post && n == 2 && is(0, "dispatches") && is(1, "bulk"):
		return routeBulk
	case get && n == 3 && is(0, "dispatches") && is(1, "by-key"):
		return routeByKey
	case get && n == 4 && is(0, "dispatches") && is(1, "by-line"):
		return routeByLine
	case get && n == 3 && is(0, "trackings"):
		return routeTrackings
	}
	return routeOther
}

// answer carries the call out. The body is read before anything is decided, so that what comes of it is known even if
// it is turned away, and because a server notices only then that the client hangs up.
func (c *call) answer() answer {
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if err != nil {
		return refuse(http.StatusBadRequest, "the body cannot be read", "")
	}
	do := c.open(body)
	now := c.options.Now()
	if c.set.down(now) {
		return c.outage(now)
	}
	if a, denied := c.denied(); denied {
		return a
	}
	v := c.limiter.admit(c.start, now, &c.set.Behaviour)
	v.tell(c.w.Header(), c.set.Headers, now)
	if v.refused != "" {
		return c.limited(v, now)
	}
	c.admitted = true
	return do()
}

// open reads what the call asks for.
func (c *call) open(body []byte) func() answer {
	switch c.route() {
	case routeDispatches:
		return c.dispatch(body)
	case routeBulk:
		return c.bulk(body)
	case routeByKey:
		return func() answer { return c.ask(c.byKey) }
	case routeByLine:
		return func() answer { return c.ask(c.byLine) }
	case routeTrackings:
		return func() answer { return c.ask(c.tracking) }
	}
	return func() answer { return refuse(http.StatusNotFound, "there is nothing here", "") }
}

func (c *call) denied() (answer, bool) {
	b := &c.set.Behaviour
	if b.UnauthorisedAfter > 0 && c.number > b.UnauthorisedAfter {
		return refuse(or(b.UnauthorisedStatus, http.StatusUnauthorized), "the credentials are not accepted any more", ""), true
	}
	if c.options.Token == "" {
		return answer{}, false
	}
	given := c.r.Header.Get("Authorization")
	if given == "" {
		c.w.Header().Set("WWW-Authenticate", "Bearer")
		return refuse(http.StatusUnauthorized, "credentials are missing", ""), true
	}
	scheme, token, _ := strings.Cut(given, " ")
	if !strings.EqualFold(scheme, "bearer") || subtle.ConstantTimeCompare([]byte(token), []byte(c.options.Token)) == 0 {
		return refuse(http.StatusForbidden, "the credentials are not accepted", ""), true
	}
	return answer{}, false
}

func (c *call) limited(v verdict, now time.Time) answer {
	status := http.StatusTooManyRequests
	if v.refused == classQuota {
		status = or(c.set.QuotaStatus, status)
	}
	c.w.Header().Set("Retry-After", retryAfter(v.retry, now, c.set.RetryAfterDate))
	a := refuse(status, map[string]string{
		classRate: "too many calls", classInFlight: "too many calls at a time", classQuota: "the day's quota is used up",
	}[v.refused], "")
	a.class = v.refused
	return a
}

func (c *call) outage(now time.Time) answer {
	b := &c.set.Behaviour
	switch b.Outage {
	case OutageReset:
		return answer{class: classReset, end: endReset}
	case OutageHang:
		var over <-chan time.Time
		if !b.OutageUntil.IsZero() {
			timer := time.NewTimer(b.OutageUntil.Sub(now))
			defer timer.Stop()
			over = timer.C
		}
		select {
		case <-c.r.Context().Done():
			c.hangUp()
		case <-c.set.changed:
		case <-closing(c.r.Context()):
		case <-over:
		}
		return answer{class: classHung, end: endClosed}
	default: // OutageStatus
		a := refuse(http.StatusServiceUnavailable, "the service is down", "")
		a.class = classOutage
		return a
	}
}

// wait takes its time. It fails where the partner is closed meanwhile; a client that hangs up does not end it.
func (c *call) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	gone := c.r.Context().Done()
	for {
		select {
		case <-timer.C:
			return true
		case <-closing(c.r.Context()):
			return false
		case <-gone:
			c.hangUp()
			gone = nil
		}
	}
}

func or(status, otherwise int) int {
	if status != 0 {
		return status
	}
	return otherwise
}

// class names an answer by its status.
func class(status int) string { return strconv.Itoa(status) }
