package activities

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/job"
)

// Partner is an outside system as this process calls it.
type Partner struct {
	Client *partner.Client
	Gate   *pace.Gate
	// Keyed tells that it takes idempotency keys, so that what is sent twice takes effect once.
	Keyed bool
	// Calls are its own protocols, by kind; of others that of the kind holds.
	Calls map[string]func(*dataset.Call) error

	// answered is when it last did its part of a call, in nanoseconds: an item that fails while others succeed is to blame
	// itself.
	answered atomic.Int64
}

// answeredSince tells whether the partner has done its part of a call since a time.
func (p *Partner) answeredSince(t time.Time) bool { return p.answered.Load() > t.UnixNano() }

// Partners are the outside systems that are configured, by name.
type Partners map[string]*Partner

// Close gives back what the gates hold.
func (p Partners) Close() {
	for _, each := range p {
		each.Gate.Close()
	}
}

// of returns the kind in its partner's protocol, and the partner.
func (p Partners) of(kind dataset.Sync) (dataset.Sync, *Partner, error) {
	found := p[kind.Partner]
	if found == nil {
		return kind, nil, job.Errorf(job.CodeInvalid, "the partner %s is not configured: set %s", kind.Partner, partner.URLVariable(kind.Partner))
	}
	decode := found.Calls[kind.Name]
	if decode == nil {
		return kind, found, nil
	}
	kind, err := kind.WithCall(decode)
	if err != nil {
		return kind, nil, fmt.Errorf("read the protocol of %s for %s: %w", kind.Partner, kind.Name, err)
	}
	return kind, found, nil
}
