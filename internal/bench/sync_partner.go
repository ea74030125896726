package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

// servePartner is the made-up partner, in a process of its own so that what it measures is not its callers' doing. Each of
// its accounts is a server with records of its own; it says where they are, a line each.
func servePartner(ctx context.Context, spec Spec, out io.Writer) (err error) {
	for range spec.Accounts {
		account, listenErr := fake.Listen(ctx, "127.0.0.1:0", fake.Options{Behaviour: fake.Behaviour{Latency: spec.Latency}})
		if listenErr != nil {
			return errors.Join(err, listenErr)
		}
		defer func() { err = errors.Join(err, account.Close()) }()
		fmt.Fprintln(out, account.URL)
	}
	<-ctx.Done()
	return nil
}

// Seen is what the partner measured of the calls of one account.
type Seen struct {
	Calls int64 `json:"calls"`
	// MinSpacing and MeanSpacing are between two starts, in milliseconds; Closer counts those below 95 ms.
	MinSpacing   float64 `json:"min_spacing_ms"`
	MeanSpacing  float64 `json:"mean_spacing_ms"`
	P99Spacing   float64 `json:"p99_spacing_ms"`
	Closer       int64   `json:"closer"`
	MostInFlight int     `json:"most_in_flight"`
	// Seconds is from the first start to the last.
	Seconds float64 `json:"seconds"`
}

// seen asks an account what it has seen. It fails unless so many items have taken effect, each once.
func seen(ctx context.Context, account string, items int) (Seen, error) {
	var s fake.Seen
	ask := fmt.Sprintf("/_seen?lists=no&closer_than=%s", paceLeast)
	if err := (caller{url: account}).send(ctx, http.MethodGet, ask, "", nil, &s); err != nil {
		return Seen{}, err
	}
	if s.Effects != int64(items) || s.Duplicates != 0 {
		return Seen{}, fmt.Errorf("the partner saw %d effects and %d duplicates of %d items", s.Effects, s.Duplicates, items)
	}
	return Seen{
		Calls: s.Calls, MinSpacing: s.Spacing.Min, MeanSpacing: s.Spacing.Mean, P99Spacing: s.Spacing.P99, Closer: s.Spacing.Closer,
		MostInFlight: s.MostInFlight, Seconds: s.Last.Sub(s.First).Seconds(),
	}, nil
}

// inOrder fails where the items of an order did not come one after the other.
func inOrder(ctx context.Context, account string) error {
	var s fake.Seen
	if err := (caller{url: account}).send(ctx, http.MethodGet, "/_seen?lists=no", "", nil, &s); err != nil {
		return err
	}
	if s.Overlaps != 0 || s.Backward != 0 {
		return fmt.Errorf("of items of one order the partner saw %d at once and %d out of order", s.Overlaps, s.Backward)
	}
	return nil
}

// pacing is how an account is to be called.
type pacing struct {
	inFlight int
	interval time.Duration // 0: none
	latency  time.Duration // of the partner
}

var (
	atPace  = pacing{paceInFlight, paceInterval, paceLatency}
	atSpeed = pacing{speedInFlight, 0, speedLatency}
)

// env are the partner's settings for a system that calls one of its accounts.
func (p pacing) env(account string) []string {
	return []string{
		"LONGHAUL_PARTNER_MARKETPLACE_URL=" + account,
		fmt.Sprint("LONGHAUL_PARTNER_MARKETPLACE_MAX_IN_FLIGHT=", p.inFlight),
		fmt.Sprint("LONGHAUL_PARTNER_MARKETPLACE_INTERVAL=", p.interval),
		"LONGHAUL_PARTNER_ALLOW_PRIVATE=1",
	}
}
