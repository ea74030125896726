package partner

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
)

// The bounds of settings.
const (
	// MaxInFlight is also the size of the pool of connections.
	MaxInFlight = 1000
	// MaxInterval is a start in an hour.
	MaxInterval = time.Hour
	// MinTimeout is what a round trip to another continent takes.
	MinTimeout = 100 * time.Millisecond
	// MaxTimeout is less than what an activity waits for a heartbeat's cause to end.
	MaxTimeout = 10 * time.Minute
)

// The schemes of [Auth].
const (
	AuthBearer = "bearer"
	AuthHeader = "header"
	AuthHMAC   = "hmac"
)

const (
	defaultKeyHeader       = "Idempotency-Key"
	defaultSignatureHeader = "X-Signature"
	noKeyHeader            = "-"
)

// URLVariable is the environment variable that says where a partner is. Without it the partner is not configured.
func URLVariable(name string) string {
	return "LONGHAUL_PARTNER_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_URL"
}

// SettingError tells which setting is wrong, never a value that may be secret.
type SettingError struct {
	// Key is the setting's name in a file, e.g. max_in_flight or classes.409.
	Key string
	Err error
}

func (e *SettingError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *SettingError) Unwrap() error { return e.Err }

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate tells everything that is wrong, as joined [SettingError] values.
func (s Settings) Validate() error {
	var all []error
	check := func(key string, err error) {
		if err != nil {
			all = append(all, &SettingError{key, err})
		}
	}
	if !nameForm.MatchString(s.Name) || len(s.Name) > 64 {
		check("name", errors.New("must be lower-case letters and digits, with hyphens between, at most 64"))
	}
	_, err := parseBase(s.URL)
	check("url", err)
	check("auth", s.Auth.checkScheme())
	check("token", s.Auth.checkToken())
	if !validValue(s.Auth.KeyID) {
		check("key_id", errors.New("has characters that a header cannot have"))
	}
	if h := s.IdempotencyHeader; h != "" && h != noKeyHeader {
		check("idempotency_header", checkHeaderName(h))
	}
	if s.Timeout != 0 && (s.Timeout < MinTimeout || s.Timeout > MaxTimeout) {
		check("timeout", fmt.Errorf("%s is not between %s and %s", s.Timeout, MinTimeout, MaxTimeout))
	}
	checkLimits(s.Limits, check)
	for status, class := range s.Classes {
		key := fmt.Sprintf("classes.%d", status)
		if status < 200 || status > 599 {
			check(key, errors.New("is no status between 200 and 599"))
		}
		if !slices.Contains(Classes, class) {
			check(key, fmt.Errorf("%q is not one of %v", string(class), Classes))
		}
	}
	slices.SortStableFunc(all, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) }) // maps have no order
	return errors.Join(all...)
}

func checkLimits(l pace.Limits, check func(string, error)) {
	if l.MaxInFlight < 0 || l.MaxInFlight > MaxInFlight {
		check("max_in_flight", fmt.Errorf("%d is not between 1 and %d", l.MaxInFlight, MaxInFlight))
	}
	if l.Interval > MaxInterval {
		check("interval", fmt.Errorf("%s is longer than %s", l.Interval, MaxInterval))
	}
	if l.Rate.Count < 0 || l.Rate.Per < 0 || (l.Rate.Count > 0) != (l.Rate.Per > 0) {
		check("rate", errors.New("must be a number in a time, e.g. 600/1m"))
	}
	if l.DailyQuota < 0 {
		check("daily_quota", fmt.Errorf("%d is below zero", l.DailyQuota))
	}
	if l.QuotaReset < 0 || l.QuotaReset >= 24*time.Hour {
		check("quota_reset", errors.New("is no time of day"))
	}
}

// Host is where the partner is, for display; empty where the URL is none.
func (s Settings) Host() string {
	base, err := parseBase(s.URL)
	if err != nil {
		return ""
	}
	return base.Host
}

// Keyed tells whether the partner takes idempotency keys.
func (s Settings) Keyed() bool { return s.IdempotencyHeader != noKeyHeader }

// parseBase never quotes the URL: who writes a password into it should not find it in a log.
func parseBase(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("is missing")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return nil, errors.New("is not a URL")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with http:// or https://")
	case u.User != nil:
		return nil, errors.New("must not hold a user or password; credentials have settings of their own")
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("must not have ? and #")
	}
	return u, checkPath(u.EscapedPath())
}

func (a Auth) checkScheme() error {
	switch a.Scheme {
	case "", AuthBearer:
		if a.Header != "" {
			return errors.New("takes no header name: write header:Name or hmac:Name")
		}
		return nil
	case AuthHeader:
		if a.Header == "" {
			return errors.New("header needs the name of the header: header:Name")
		}
		return checkHeaderName(a.Header)
	case AuthHMAC:
		if a.Header == "" {
			return nil
		}
		return checkHeaderName(a.Header)
	}
	return errors.New("must be bearer, header:Name, hmac or hmac:Name")
}

func (a Auth) checkToken() error {
	switch {
	case a.Scheme == "" && !a.Token.IsZero():
		return errors.New("is given, but auth does not say how it is used")
	case a.Scheme != "" && a.Token.IsZero():
		return fmt.Errorf("is missing, and %s needs it", a.Scheme)
	case a.Scheme != AuthHMAC && !validValue(a.Token.Reveal()):
		return errors.New("has characters that a header cannot have, a line's end perhaps")
	}
	return nil
}

func checkHeaderName(name string) error {
	if !validName(name) {
		return errors.New("is no name of a header")
	}
	if ours[http.CanonicalHeaderKey(name)] {
		return fmt.Errorf("%s is a header that the connection or the body needs", http.CanonicalHeaderKey(name))
	}
	return nil
}

// validName tells whether s is a token of RFC 9110.
func validName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}

// validValue allows what is printable and in ASCII. HTTP would allow more, but not every server takes it for the same.
func validValue(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0 && strings.TrimSpace(s) == s
}
