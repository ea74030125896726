package activities

import (
	"context"
	"time"

	"github.com/longhaul/longhaul/job"
)

const (
	// strayAfter is how long a process may not have run before its stretches may be another's: Temporal gives them away
	// after ten seconds of silence, and the last beat that it heard may be three seconds old.
	strayAfter = 6 * time.Second
	// strayLook is how often one looks, so that a stretch that waits for its partner does not look astray.
	strayLook = time.Second
)

// errStray ends a stretch that another worker may have taken over. Should it not have, the stretch is tried again.
var errStray = &job.Error{Code: job.CodeUnavailable, Message: "the process stood still for too long"}

// watch looks from time to time until ctx ends.
func (r *stretch) watch(ctx context.Context) {
	tick := time.NewTicker(strayLook)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.astray()
		case <-ctx.Done():
			return
		}
	}
}

// astray tells whether this process has been stopped, swapped out or put to sleep for so long that the stretch may be
// another's, and ends it then. It is asked before every mark and every call: what the other one has sent must not be sent
// again, and word from Temporal comes only some calls later.
func (r *stretch) astray() bool {
	now := time.Now().Round(0) // the wall clock, which goes on while a machine sleeps
	r.mu.Lock()
	stray := r.stray || now.Sub(r.seen) > strayAfter
	r.seen, r.stray = now, stray
	r.mu.Unlock()
	if stray {
		r.fail(errStray)
	}
	return stray
}
