package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/longhaul/longhaul/job"
)

// SyncPart is a part of what is measured of syncs.
type SyncPart string

// The parts.
const (
	// SyncPeer sends items at a pace, side by side with npm's async-await-queue.
	SyncPeer SyncPart = "peer"
	// SyncSpacing has the partner measure the pace of one worker, and of three that share it.
	SyncSpacing SyncPart = "spacing"
	// SyncThroughput sends without an interval to a partner that answers at once.
	SyncThroughput SyncPart = "throughput"
	// SyncMany looks for what an item costs from the first to the last of many.
	SyncMany SyncPart = "many"
)

// SyncParts are all of them, in the order of the report.
var SyncParts = []SyncPart{SyncPeer, SyncSpacing, SyncThroughput, SyncMany}

// SyncOptions of [RunSync]. The zero value measures everything.
type SyncOptions struct {
	// Items is how many items each part sends; zero means 1,000, 600, 20,000 and 100,000 in the order of the parts.
	Items int
	// Repeat is how often the parts peer and throughput run, for medians; zero means 3.
	Repeat int
	// Only are the parts to measure; none means all.
	Only []SyncPart

	// As of [Options].
	Program, Version, TemporalCLI, Profile string
	Log                                    io.Writer
}

// What the parts send.
var syncItems = map[SyncPart]int{SyncPeer: 1_000, SyncSpacing: 600, SyncThroughput: 20_000, SyncMany: 100_000}

const (
	syncKind    = "dispatch-shipments"
	syncPartner = "marketplace"

	// The pace is that of the queue which Longhaul replaces; these are the numbers of its peer, too.
	paceInFlight = 10
	paceInterval = 100 * time.Millisecond
	paceLatency  = 200 * time.Millisecond
	// paceLeast is the distance that two starts should keep, as the partner measures it.
	paceLeast = 95 * time.Millisecond

	speedInFlight = 50
	speedLatency  = time.Millisecond
)

func (o SyncOptions) withDefaults() (SyncOptions, Options, error) {
	o.Repeat = cmp.Or(o.Repeat, defaultRepeat)
	if len(o.Only) == 0 {
		o.Only = SyncParts
	}
	if o.Items < 0 {
		return o, Options{}, job.Errorf(job.CodeInvalid, "send %d items: their number must be positive", o.Items)
	}
	for _, part := range o.Only {
		if !slices.Contains(SyncParts, part) {
			return o, Options{}, job.Errorf(job.CodeInvalid, "measure %q: known parts are %v", part, SyncParts)
		}
	}
	ground, err := Options{
		Repeat: o.Repeat, Program: o.Program, Version: o.Version, TemporalCLI: o.TemporalCLI, Profile: o.Profile, Log: o.Log,
	}.withDefaults()
	return o, ground, err
}

// RunSync measures syncs, and returns what it found. With all parts and items it takes some ten minutes.
func RunSync(ctx context.Context, options SyncOptions) (*SyncReport, error) {
	options, ground, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &syncBench{options: options, report: &SyncReport{Machine: machine(options.Version)}}
	if b.rig, err = newRig(ground); err != nil {
		return nil, err
	}
	defer b.rig.close()
	if err := b.startTemporal(ctx); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name    SyncPart
		measure func(context.Context, int) error
	}{
		{SyncPeer, b.peer}, {SyncSpacing, b.spacing}, {SyncThroughput, b.throughput}, {SyncMany, b.many},
	} {
		if !slices.Contains(options.Only, part.name) {
			continue
		}
		if err := part.measure(ctx, cmp.Or(options.Items, syncItems[part.name])); err != nil {
			return nil, fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	return b.report, nil
}

// syncBench is one run.
type syncBench struct {
	*rig
	options SyncOptions
	report  *SyncReport
	made    int // stands
}
