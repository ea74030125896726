package partner

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

const (
	// connectTimeout and handshakeTimeout are what a partner at the other end of the world needs several times over. The
	// exchange's own timeout, where it is shorter, ends them too.
	connectTimeout   = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	// idleTimeout is below the 60 s after which usual load balancers drop idle connections: who closes first sends nothing
	// into the void.
	idleTimeout = 50 * time.Second
	// pingAfter and pingTimeout find out that the other side of an HTTP/2 connection is gone, which carries all calls.
	pingAfter   = 15 * time.Second
	pingTimeout = 10 * time.Second
	// maxHead is four times the head that usual servers send at most.
	maxHead = 64 << 10
	// maxAnswer is a thousand times the answer to one item, and what a thousand in flight can take up is 1 GiB.
	maxAnswer = 1 << 20
)

// Options are what a client has besides the partner's settings.
type Options struct {
	// Version goes into the User-Agent; default dev.
	Version string
	// Timeout is asked at each call for how long it may take; nil or zero: [Settings.Timeout].
	Timeout func() time.Duration
	// Roots are the authorities whose certificates are taken; nil: the system's.
	Roots *x509.CertPool
}

// Client calls one partner. It may be used by any number of goroutines. It does not count or space calls; a gate does.
type Client struct {
	settings  Settings
	base      *url.URL
	agent     string
	keyHeader string // empty: none
	timeout   func() time.Duration
	transport *http.Transport
}

// New makes a client. It connects only when there is something to send.
func New(s Settings, o Options) (*Client, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("partner %s: %w", s.Name, err)
	}
	base, err := parseBase(s.URL)
	if err != nil {
		return nil, fmt.Errorf("partner %s: %w", s.Name, err)
	}
	c := &Client{
		settings: s, base: base, timeout: o.Timeout,
		agent:     "longhaul/" + cmp.Or(o.Version, "dev"),
		transport: newTransport(s.AllowPrivate, o.Roots),
	}
	if s.Keyed() {
		c.keyHeader = cmp.Or(s.IdempotencyHeader, defaultKeyHeader)
	}
	return c, nil
}

// newTransport states all that net/http would choose by itself.
func newTransport(allowPrivate bool, roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}
	if !allowPrivate {
		dialer.Control = guardAddress
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true) // where TLS agrees on it
	return &http.Transport{
		// None, whatever the environment says: through a proxy the guard would see the proxy's address and no other.
		Proxy: nil,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &line{Conn: conn}, nil
		},
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   handshakeTimeout,
		ResponseHeaderTimeout: 0, // the exchange's own timeout, which can change, covers it
		ExpectContinueTimeout: 0, // it is never asked for
		IdleConnTimeout:       idleTimeout,
		// The gate bounds how many are in use, by a number that can change. So the pool takes whatever was in use at once.
		MaxConnsPerHost:        0,
		MaxIdleConns:           MaxInFlight,
		MaxIdleConnsPerHost:    MaxInFlight,
		MaxResponseHeaderBytes: maxHead,
		Protocols:              protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
	}
}

// String names the partner and hides the rest.
func (c *Client) String() string { return "partner " + c.settings.Name }

// GoString hides the settings from %#v too.
func (c *Client) GoString() string { return c.String() }

// Close closes the connections that are not in use.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// limit is how long a call may take now.
func (c *Client) limit() time.Duration {
	var changed time.Duration
	if c.timeout != nil {
		changed = c.timeout()
	}
	if changed > 0 {
		return changed
	}
	return cmp.Or(c.settings.Timeout, DefaultTimeout)
}

// Do makes one call, without trying again, and says what came of it. It takes at most the partner's timeout, or until
// the deadline of ctx if that is sooner, from the connection to the last byte of the answer.
func (c *Client) Do(ctx context.Context, r Request) Answer {
	started := time.Now()
	limit := c.limit()
	f := failure{within: "within " + limit.String(), secrets: []string{c.settings.Auth.Token.Reveal()}}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(started.Add(limit)) {
		f.within = "in time"
	}
	ctx, free := context.WithTimeout(ctx, limit)
	defer free()
	ctx, cancel := context.WithCancelCause(ctx)
	x := &exchange{cancel: cancel}
	defer x.end()

	answer := c.exchange(ctx, x, r, f)
	answer.At, answer.Took = started, time.Since(started)
	return answer
}

func (c *Client) exchange(ctx context.Context, x *exchange, r Request, f failure) Answer {
	req, err := c.build(x.trace(ctx), r, time.Now())
	if err != nil {
		return Answer{Class: Refused, Code: job.ItemInvalid, Message: err.Error(), Report: pace.Report{Verdict: pace.Unknown}, Err: err}
	}
	// Not by an http.Client: it would follow redirects, keep cookies, and quote the URL in errors.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return f.answer(ctx, x, err)
	}
	defer resp.Body.Close()
	row := classify(resp.StatusCode, c.settings.Classes)
	hint := readHint(resp.Header, resp.StatusCode, time.Now())
	body, err := readBody(resp)
	if row.Class == Done && err != nil {
		// Where the status says all there is to know the body is only its words.
		answer := f.answer(ctx, x, err)
		answer.Status, answer.Report.Hint = resp.StatusCode, hint
		return answer
	}
	return c.read(req, resp, row, hint, body)
}

// readBody reads an answer to its end, so that the connection can be used again, and not much further than it may be.
func readBody(resp *http.Response) ([]byte, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, nil // what follows is another protocol
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, errTooLong
	}
	return body, nil
}
