package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

const (
	// sendTimeout: Slack answers within a second as a rule. A message that is late by ten is better tried
	// anew than waited for.
	sendTimeout = 10 * time.Second
	// longestRetryAfter bounds what the other side can make us wait; an alert older than that is no alert.
	longestRetryAfter = time.Hour
)

// Slack posts messages to an incoming webhook. The webhook's URL is a secret: whoever knows it can post. It
// is in no error and no log, and printing a *Slack does not show it.
type Slack struct {
	webhook string
	client  *http.Client
}

// NewSlack makes a Slack that posts to webhook. A nil client means one of its own. Redirects are never
// followed, because a message must not go where nobody sent it.
func NewSlack(webhook string, client *http.Client) (*Slack, error) {
	u, err := url.Parse(webhook)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("the Slack webhook is not an http(s) URL") // must not be quoted
	}
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Slack{webhook: webhook, client: &own}, nil
}

// String hides the URL.
func (s *Slack) String() string { return "Slack webhook" }

// GoString hides the URL from %#v too.
func (s *Slack) GoString() string { return s.String() }

// Error is a delivery that failed.
type Error struct {
	// Permanent says that the same message will fail again: the webhook is gone, or Slack rejects its form.
	Permanent bool
	// RetryAfter is how long the receiver asks to wait, at most an hour; zero when it does not say.
	RetryAfter time.Duration
	// Status is the HTTP status; zero when there was no answer.
	Status int

	detail string
	err    error
}

// Error implements error. It never holds the webhook's URL.
func (e *Error) Error() string {
	switch {
	case e.Status == 0:
		return fmt.Sprintf("post to Slack: %v", e.err)
	case e.detail != "":
		return fmt.Sprintf("post to Slack: status %d: %s", e.Status, e.detail)
	}
	return fmt.Sprintf("post to Slack: status %d", e.Status)
}

// Unwrap returns the network's error, if it was one.
func (e *Error) Unwrap() error { return e.err }

// Send implements [Notifier]. It takes at most ten seconds and does not try again by itself.
func (s *Slack) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(render(m))
	if err != nil {
		return fmt.Errorf("encode Slack message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.webhook, bytes.NewReader(body))
	if err != nil {
		return &Error{Permanent: true, err: withoutURL(err)}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := s.client.Do(req)
	if err != nil {
		return &Error{err: withoutURL(err)}
	}
	defer resp.Body.Close()
	return judge(resp)
}

// withoutURL takes off the layer in which net/http quotes the URL.
func withoutURL(err error) error {
	var quoted *url.Error
	if errors.As(err, &quoted) {
		return quoted.Err
	}
	return err
}

// slackCode is the form of Slack's answers, such as no_service or invalid_payload. Anything else, a proxy's
// page for example, may quote the URL and is not repeated.
var slackCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func judge(resp *http.Response) error {
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // read out, so that the connection is kept
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	e := &Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header, time.Now())}
	if text := string(bytes.TrimSpace(answer)); slackCode.MatchString(text) {
		e.detail = text
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
	case resp.StatusCode < 500: // also a redirect
		e.Permanent = true
	}
	return e
}

// retryAfter reads the header in both of its forms, seconds and a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return clamp(time.Duration(seconds) * time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return clamp(at.Sub(now))
	}
	return 0
}

func clamp(d time.Duration) time.Duration { return min(max(d, 0), longestRetryAfter) }
