package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// Sync does the deeds of syncs.
type Sync struct {
	Kinds    *dataset.Registry
	Store    *store.Store
	Blobs    *blob.Store
	Partners Partners
	// Limits guard against uploads that are larger than they look.
	Limits upload.Limits
	// KeepFor is how long result workbooks are kept; zero means [DefaultKeepFor].
	KeepFor time.Duration
	// ComeBack is how long a stretch goes on before it tells its workflow how far it is; zero means [comeBackAfter].
	ComeBack time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	once     sync.Once
	marks    gather[store.SyncRef, time.Time]
	outcomes gather[store.SyncOutcome, map[string]job.SyncTally]
}

const (
	// comeBackAfter keeps a status that no database was asked for less than a minute old, and costs six events a time.
	comeBackAfter = 30 * time.Second
	// writeWithin outlasts a lock that is waited for.
	writeWithin = 20 * time.Second
	// recordWithin outlasts the failover of a database. An outcome that is not recorded by then is asked for again.
	recordWithin = 2 * time.Minute
	// mostTogether bounds a transaction of outcomes to some milliseconds.
	mostTogether = 200
	// outcomesApart is short against a call, and saves a worker a tenth of its work where thousands of items are sent a
	// second: a transaction of one outcome costs half of one of ten. Marks do not wait: each holds a place at the partner.
	outcomesApart = 4 * time.Millisecond
)

// ready makes what gathers writes: the calls of all stretches of a process write together, so that fifty calls that end
// within a millisecond cost one transaction, not fifty.
func (s *Sync) ready() {
	s.once.Do(func() {
		s.marks = gather[store.SyncRef, time.Time]{most: mostTogether, do: func(refs []store.SyncRef) (time.Time, error) {
			ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
			defer cancel()
			at := s.now()
			return at, s.Store.MarkSent(ctx, refs, at)
		}}
		s.outcomes = gather[store.SyncOutcome, map[string]job.SyncTally]{most: mostTogether, apart: outcomesApart, do: s.record}
	})
}

// record writes outcomes. What a partner has done is not to be forgotten because the database restarts just then.
func (s *Sync) record(outcomes []store.SyncOutcome) (map[string]job.SyncTally, error) {
	ctx, cancel := context.WithTimeout(context.Background(), recordWithin)
	defer cancel()
	for wait := firstBackoff; ; wait = min(2*wait, writeWithin/4) {
		tallies, err := s.Store.FinishItems(ctx, outcomes)
		if err == nil || !store.Transient(err) {
			return tallies, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// Close gives every item that has none the outcome of a job that ended early.
func (s *Sync) Close(ctx context.Context, in contract.CloseRequest) (contract.CloseResult, error) {
	tally, err := s.Store.CloseSync(ctx, in.JobID, in.Code)
	if err != nil {
		return contract.CloseResult{}, fmt.Errorf("close items of job %s: %w", in.JobID, err)
	}
	return contract.CloseResult{Tally: tally}, nil
}

// CleanUp removes what a job kept for its result.
func (s *Sync) CleanUp(ctx context.Context, ref contract.JobRef) (contract.Nothing, error) {
	_, err := s.Blobs.DeletePrefix(ctx, contract.JobPrefix(ref.JobID))
	return contract.Nothing{}, err
}

func (s *Sync) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
