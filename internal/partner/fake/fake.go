// Package fake is a partner to run against, over real HTTP: it takes dispatches to effect once by idempotency key, knows
// the state of parcels, has the limits and the bad days of real ones, and records what it saw of its clients.
//
//	POST   /dispatches                           one dispatch: 201 with its id; 200 with Idempotent-Replayed for a key seen before
//	POST   /dispatches/bulk                      {"dispatches": […]}: {"results": [{"id"} or {"error"}, …]}
//	GET    /dispatches/by-key/{key}              the dispatch that took effect under a key, or 404
//	GET    /dispatches/by-line/{order}/{line}    that of an order line, or 404; ?tracking_number= asks for that one alone
//	GET    /trackings/{carrier}/{number}         {"status", "at"}, the same for a number at any time
//
//	GET    /_behaviour, PUT (all of it), PATCH (some of it)   see [Behaviour]
//	GET    /_seen, ?closer_than=95ms, ?lists=no               see [Seen]
//	DELETE /_seen                                             forgets everything, as a new partner would
//
// What goes wrong by chance does so for an item, not in an order: the decision depends on the seed, the item (order line
// and tracking number, or the path of what is asked for) and on how often it has been tried. So two runs with one seed go
// wrong at the same items, however their calls are ordered and whatever their keys are. Attempts that a limit, an outage,
// the credentials or a call under the same key turn away depend on the time, and do not count.
package fake

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a partner is made with. The zero value is a well-behaved quick one without a token.
type Options struct {
	Behaviour Behaviour
	// Token is asked for as Authorization: Bearer; empty: none is. What begins with /_ asks for none.
	Token string
	// Logger gets a line for each call at level debug; nil: none.
	Logger *slog.Logger
	// Now is the wall clock of quotas, outages and dates; nil: time.Now. Spacing and rate go by the monotonic clock.
	Now func() time.Time
}

// Server is a partner, as an [http.Handler]. What it knows outlasts a listener: it may be served again.
type Server struct {
	options Options
	setting atomic.Pointer[setting]
	change  sync.Mutex // of setting; readers take none

	meter   meter
	limiter limiter
	ledger  ledger
}

// New returns a partner. It fails where the behaviour is not valid.
func New(options Options) (*Server, error) {
	if err := options.Behaviour.Validate(); err != nil {
		return nil, err
	}
	options.Logger = cmp.Or(options.Logger, slog.New(slog.DiscardHandler))
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{options: options}
	s.setting.Store(newSetting(options.Behaviour))
	s.Reset()
	return s, nil
}

// setting is a behaviour while it holds.
type setting struct {
	Behaviour
	calls   atomic.Int64 // since it holds
	changed chan struct{}
}

func newSetting(b Behaviour) *setting {
	return &setting{Behaviour: b.clone(), changed: make(chan struct{})}
}

// Behaviour returns how the partner behaves now.
func (s *Server) Behaviour() Behaviour { return s.setting.Load().Behaviour.clone() }

// Behave changes the behaviour. It holds for calls that come from now on; what hangs is let go.
func (s *Server) Behave(b Behaviour) error {
	return s.alter(func(Behaviour) (Behaviour, error) { return b, nil })
}

func (s *Server) alter(do func(Behaviour) (Behaviour, error)) error {
	s.change.Lock()
	defer s.change.Unlock()
	b, err := do(s.Behaviour())
	if err != nil {
		return err
	}
	if err := b.Validate(); err != nil {
		return err
	}
	close(s.setting.Swap(newSetting(b)).changed)
	s.options.Logger.Info("behave", "behaviour", b)
	return nil
}

// Reset forgets all calls, keys and dispatches, and what was used of limits. Calls on their way stay so.
func (s *Server) Reset() {
	s.meter.reset(s.options.Now())
	s.limiter.reset()
	s.ledger.reset()
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now() // before anything else: it is what clients are judged by
	if strings.HasPrefix(r.URL.Path, "/_") {
		s.control(w, r)
		return
	}
	c := s.begin(w, r, start)
	defer c.leave()
	a := c.answer()
	s.meter.count(a.class)
	// Before the answer goes out: who starts a call upon it must not be seen to have two on their way.
	c.leave()
	s.options.Logger.Debug("answer", "method", r.Method, "path", r.URL.Path, "class", a.class, "took", time.Since(start))
	a.send(w)
}
