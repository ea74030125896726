package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Behaviour is how a partner behaves. The zero value is well-behaved and quick. A share is of 1: 0.05 is one in twenty.
// In JSON durations are texts such as "200ms". The tags are those of flags, should a command want it for them.
type Behaviour struct {
	Seed uint64 `json:"seed,omitempty" placeholder:"N" help:"Decides what happens by chance: the same seed, the same mishaps."`

	// Answers within limits take Latency, or evenly between both where LatencyMax is greater. A dispatch takes effect at
	// the end of it, whether its client still waits or not. What a limit or an outage turns away takes no time.
	Latency    time.Duration `json:"-" placeholder:"DURATION" help:"How long an answer takes."`
	LatencyMax time.Duration `json:"-" placeholder:"DURATION" help:"With it, answers take between the latency and this."`
	SlowShare  float64       `json:"slow_share,omitempty" placeholder:"SHARE" help:"Share of calls that take as long as --slow instead."`
	Slow       time.Duration `json:"-" placeholder:"DURATION" help:"How long slow answers take."`

	// Rate is kept in a sliding window over the calls that it let through; the others get a 429.
	Rate Rate `json:"rate,omitzero" placeholder:"N/TIME" help:"Most calls in a time, e.g. 10/1s; more get a 429."`
	// Headers tell of Rate, and of nothing without one.
	Headers        HeaderStyle `json:"headers,omitempty" placeholder:"STYLE" help:"How answers tell of the rate: ietf, ietf-fields, x-ratelimit or shopify. Default: not at all."`
	RetryAfterDate bool        `json:"retry_after_date,omitempty" help:"Give Retry-After as a date instead of seconds."`
	MaxInFlight    int         `json:"max_in_flight,omitempty" placeholder:"N" help:"Most calls at a time; more get a 429."`
	DailyQuota     int64       `json:"daily_quota,omitempty" placeholder:"N" help:"Most calls a day; more are turned away until it resets."`
	QuotaReset     time.Time   `json:"quota_reset,omitzero" placeholder:"TIME" help:"When the quota resets, and every 24 hours from then. Default: midnight, UTC."`
	QuotaStatus    int         `json:"quota_status,omitempty" placeholder:"STATUS" help:"Status of what the quota turns away. Default: 429."`

	ErrorShare  float64 `json:"error_share,omitempty" placeholder:"SHARE" help:"Share of calls that fail without effect."`
	ErrorStatus int     `json:"error_status,omitempty" placeholder:"STATUS" help:"Status of those. Default: 500."`
	// Outage holds between its times; without any, as long as it is set.
	Outage      OutageMode `json:"outage,omitempty" placeholder:"MODE" help:"No call gets through: status (503), reset (the connection is) or hang."`
	OutageFrom  time.Time  `json:"outage_from,omitzero" placeholder:"TIME" help:"When the outage begins. Default: at once."`
	OutageUntil time.Time  `json:"outage_until,omitzero" placeholder:"TIME" help:"When it ends. Default: when the behaviour is changed."`

	DropShare       float64 `json:"drop_share,omitempty" placeholder:"SHARE" help:"Share of calls whose connection is closed after they took effect."`
	DropBeforeShare float64 `json:"drop_before_share,omitempty" placeholder:"SHARE" help:"Share of calls whose connection is closed before."`

	// Odd answers take the place of good ones. Garbage, an endless and a cut body come from the partner itself, when the
	// call has taken effect; HTML and redirects from something in front of it, so that it has not.
	Odd        OddAnswer `json:"odd,omitempty" placeholder:"ANSWER" help:"Odd answers: garbage, html, endless, cut or redirect."`
	OddShare   float64   `json:"odd_share,omitempty" placeholder:"SHARE" help:"Share of them. Default: all."`
	OddStatus  int       `json:"odd_status,omitempty" placeholder:"STATUS" help:"Status of them. Default: 200, and 307 of redirects."`
	RedirectTo string    `json:"redirect_to,omitempty" placeholder:"URL" help:"Where redirects lead."`

	UnauthorisedAfter  int64 `json:"unauthorised_after,omitempty" placeholder:"N" help:"After so many calls, counted from when this is set, the credentials are not accepted any more."`
	UnauthorisedStatus int   `json:"unauthorised_status,omitempty" placeholder:"STATUS" help:"Status of those calls. Default: 401."`

	RefuseShare  float64  `json:"refuse_share,omitempty" placeholder:"SHARE" help:"Share of dispatches that are refused for good (422)."`
	Refuse       []string `json:"refuse,omitempty" placeholder:"ORDER" help:"Order numbers that are always refused."`
	Poison       []string `json:"poison,omitempty" placeholder:"ORDER" help:"Order numbers that always end in a 500."`
	UnknownShare float64  `json:"unknown_share,omitempty" placeholder:"SHARE" help:"Share of tracking numbers that are not known; those that begin with 404 never are."`
}

// HeaderStyle is how answers tell of the rate.
type HeaderStyle string

// The styles.
const (
	HeadersIETF       HeaderStyle = "ietf"        // RateLimit-Policy and RateLimit, as structured fields
	HeadersIETFFields HeaderStyle = "ietf-fields" // RateLimit-Limit, -Remaining and -Reset in seconds, of earlier drafts
	HeadersX          HeaderStyle = "x-ratelimit" // X-RateLimit-Limit, -Remaining and -Reset in Unix time
	HeadersShopify    HeaderStyle = "shopify"     // X-Shopify-Shop-Api-Call-Limit: used/limit
)

// OutageMode is what an outage looks like.
type OutageMode string

// The modes. A connection that is refused outright is [Running.Down].
const (
	OutageStatus OutageMode = "status" // 503
	OutageReset  OutageMode = "reset"  // the connection is reset
	OutageHang   OutageMode = "hang"   // no answer; the connection is closed when the outage ends
)

// OddAnswer is an answer that is none.
type OddAnswer string

// The odd answers.
const (
	OddGarbage  OddAnswer = "garbage"  // says it is JSON, and is not
	OddHTML     OddAnswer = "html"     // a page
	OddEndless  OddAnswer = "endless"  // JSON that never ends
	OddCut      OddAnswer = "cut"      // the connection is closed amid the body
	OddRedirect OddAnswer = "redirect" // to RedirectTo
)

// Validate tells what is wrong with a behaviour, if anything.
func (b Behaviour) Validate() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for name, share := range map[string]float64{
		"slow_share": b.SlowShare, "error_share": b.ErrorShare, "drop_share": b.DropShare, "refuse_share": b.RefuseShare,
		"drop_before_share": b.DropBeforeShare, "odd_share": b.OddShare, "unknown_share": b.UnknownShare,
	} {
		wrong(!(share >= 0 && share <= 1), "%s must be from 0 to 1, not %v", name, share)
	}
	for name, status := range map[string]int{
		"quota_status": b.QuotaStatus, "error_status": b.ErrorStatus, "odd_status": b.OddStatus, "unauthorised_status": b.UnauthorisedStatus,
	} {
		wrong(status != 0 && (status < 200 || status > 599), "%s must be from 200 to 599, not %d", name, status)
	}
	wrong(b.Latency < 0 || b.LatencyMax < 0 || b.Slow < 0, "a duration must not be negative")
	wrong(b.LatencyMax != 0 && b.LatencyMax < b.Latency, "latency_max must not be less than latency")
	wrong(b.MaxInFlight < 0 || b.DailyQuota < 0 || b.UnauthorisedAfter < 0, "a count must not be negative")
	wrong(b.Rate.Count < 0 || b.Rate.Count > 0 && b.Rate.Per <= 0, "rate must be so many in a time")
	wrong(!slices.Contains([]HeaderStyle{"", HeadersIETF, HeadersIETFFields, HeadersX, HeadersShopify}, b.Headers), "headers: unknown style %q", b.Headers)
	wrong(!slices.Contains([]OutageMode{"", OutageStatus, OutageReset, OutageHang}, b.Outage), "outage: unknown mode %q", b.Outage)
	wrong(!slices.Contains([]OddAnswer{"", OddGarbage, OddHTML, OddEndless, OddCut, OddRedirect}, b.Odd), "odd: unknown answer %q", b.Odd)
	wrong(b.Odd == OddRedirect && b.RedirectTo == "", "redirect_to must say where redirects lead")
	if len(errs) > 0 {
		return fmt.Errorf("check behaviour: %w", errors.Join(errs...))
	}
	return nil
}

func (b Behaviour) clone() Behaviour {
	b.Refuse, b.Poison = slices.Clone(b.Refuse), slices.Clone(b.Poison)
	return b
}

// wire is a behaviour in JSON.
type wire struct {
	*plain
	Latency    span `json:"latency,omitzero"`
	LatencyMax span `json:"latency_max,omitzero"`
	Slow       span `json:"slow,omitzero"`
}

type plain Behaviour // without its methods

// span is a duration as text.
type span time.Duration

func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// MarshalJSON implements [json.Marshaler].
func (b Behaviour) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{plain: (*plain)(&b), Latency: span(b.Latency), LatencyMax: span(b.LatencyMax), Slow: span(b.Slow)})
}

// UnmarshalJSON implements [json.Unmarshaler]. Members that are left out stay as they are, unknown ones are refused.
func (b *Behaviour) UnmarshalJSON(data []byte) error {
	c := b.clone() // lists are decoded in place
	in := wire{plain: (*plain)(&c), Latency: span(b.Latency), LatencyMax: span(b.LatencyMax), Slow: span(b.Slow)}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return err
	}
	c.Latency, c.LatencyMax, c.Slow = time.Duration(in.Latency), time.Duration(in.LatencyMax), time.Duration(in.Slow)
	*b = c
	return nil
}

// down tells whether the outage holds.
func (b *Behaviour) down(now time.Time) bool {
	return b.Outage != "" && !now.Before(b.OutageFrom) && (b.OutageUntil.IsZero() || now.Before(b.OutageUntil))
}

// nextReset is when the quota resets next, after now.
func (b *Behaviour) nextReset(now time.Time) time.Time {
	const day = 24 * time.Hour
	if b.QuotaReset.IsZero() {
		return now.UTC().Truncate(day).Add(day)
	}
	if since := now.Sub(b.QuotaReset); since >= 0 {
		return b.QuotaReset.Add(since.Truncate(day) + day)
	}
	return b.QuotaReset
}

func (b *Behaviour) oddStatus() int {
	switch {
	case b.OddStatus != 0:
		return b.OddStatus
	case b.Odd == OddRedirect:
		return http.StatusTemporaryRedirect // that keeps method and body
	}
	return http.StatusOK
}

// Rate is so many in a time, as text 10/1s.
type Rate struct {
	Count int
	Per   time.Duration
}

// MarshalText implements [encoding.TextMarshaler].
func (r Rate) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d/%s", r.Count, r.Per), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; "0" and "" are none.
func (r *Rate) UnmarshalText(text []byte) error {
	if s := string(text); s == "" || s == "0" {
		*r = Rate{}
		return nil
	}
	count, per, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	if err != nil {
		return fmt.Errorf("read rate %q: want so many in a time, e.g. 10/1s", text)
	}
	d, err := time.ParseDuration(per)
	if err != nil {
		return fmt.Errorf("read rate %q: want so many in a time, e.g. 10/1s", text)
	}
	*r = Rate{n, d}
	return nil
}
