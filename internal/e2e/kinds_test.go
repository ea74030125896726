//go:build unix

package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/config"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/starter"
	"github.com/longhaul/longhaul/worker"
)

// The kinds that only tests have: order-lines, differently limited.
const (
	kindSmallPages = "order-lines-by-500" // the page size of the system that Longhaul replaces
	kindShortRuns  = "order-lines-by-runs"
	kindImpatient  = "order-lines-impatient"
)

// giveUp is how long the impatient kind lets a step fail. Its pages are small, so that they are done long before
// that also on a machine that is busy, and under the race detector.
const giveUp = 30 * time.Second

// pagesPerRun divides five pages into three runs.
const pagesPerRun = 2

// testKinds is the catalogue with smaller chunks and stretches, of which only workers know, and besides it kinds whose limits make a
// test short.
func testKinds() (*dataset.Registry, error) {
	kinds := catalog.Exports()
	for _, e := range catalog.Exports() {
		if e.Name != orderLines.Kind {
			continue
		}
		small, short, impatient := e, e, e
		small.Name, small.PageRows = kindSmallPages, 500
		short.Name, short.PagesPerRun, short.Window = kindShortRuns, pagesPerRun, 1
		impatient.Name, impatient.PageRows, impatient.GiveUpAfter = kindImpatient, 5000, giveUp
		kinds = append(kinds, small, short, impatient)
	}
	saves := catalog.BulkSaves()
	for i := range saves {
		saves[i].ChunkRows = chunkRows
	}
	syncs := catalog.Syncs()
	for i := range syncs {
		syncs[i].StretchItems = stretchItems
	}
	return dataset.NewRegistry(dataset.Kinds{Exports: kinds, BulkSaves: saves, Syncs: syncs})
}

// beWorker makes this test binary a worker that knows the test kinds: a process that can be killed like the
// real one.
const beWorker = "LONGHAUL_E2E_WORKER"

// kindsWorker starts such a worker; more is added to its environment.
func (s *stand) kindsWorker(name string, more ...string) *process {
	s.Helper()
	return launch(s.T, name, append(append(s.env(name), beWorker+"=1"), more...), s.kinds)
}

func runKindsWorker() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := workKinds(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// workKinds is `longhaul worker`, but for the catalogue and the schedule of housekeeping.
func workKinds(ctx context.Context) error {
	kinds, err := testKinds()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, os.Getenv("LONGHAUL_DATABASE_URL"), store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	blobs, err := blob.Open(ctx, os.Getenv("LONGHAUL_BLOB_URL"))
	if err != nil {
		return err
	}
	defer blobs.Close()
	options, err := config.Temporal(slog.Default())
	if err != nil {
		return err
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return err
	}
	defer c.Close()
	partners, names, err := callers(st)
	if err != nil {
		return err
	}
	defer partners.Close()
	start := &starter.Starter{Temporal: c, Store: st, Kinds: kinds}
	return worker.Run(ctx, c, worker.Deeds{
		Jobs:         &activities.Jobs{Kinds: kinds, Store: st, Notify: notify.Log{Logger: slog.Default()}, Partners: partners},
		Export:       &activities.Export{Kinds: kinds, Store: st, Blobs: blobs},
		BulkSave:     &activities.BulkSave{Kinds: kinds, Store: st, Blobs: blobs},
		Sync:         &activities.Sync{Kinds: kinds, Store: st, Blobs: blobs, Partners: partners},
		Housekeeping: &activities.Housekeeping{Store: st, Blobs: blobs, Heal: start.Heal},
	}, worker.Options{Partners: names})
}

// callers are what the environment says of partners.
func callers(book pace.Book) (all activities.Partners, names []string, err error) {
	configured, err := config.Partners(os.Environ(), "")
	if err != nil {
		return nil, nil, err
	}
	all = activities.Partners{}
	for _, p := range configured {
		c, err := partner.New(p.Settings, partner.Options{})
		if err != nil {
			all.Close()
			return nil, nil, err
		}
		gate := pace.NewGate(pace.Options{Account: p.Name, Limits: p.Limits, Book: book})
		all[p.Name] = &activities.Partner{Client: c, Gate: gate, Keyed: p.Keyed()}
		names = append(names, p.Name)
	}
	return all, names, nil
}
