package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// syncTenants are the sellers of the sample data. The first one has twelve of fourteen orders, the others one each.
var syncTenants = []string{"acme", "hanbit", "blue-bottle"}

// standOptions are what a stand is made with.
type standOptions struct {
	pacing
	items    int // of each tenant
	tenants  int
	workers  int
	accounts int // of the partner; the system has the first
}

// stand is all that one run needs: a database with items, a partner, an API and workers, the processes fresh.
type stand struct {
	*syncBench
	standOptions
	store    *store.Store // to look into the database; all that is written is the system's
	partner  *child
	accounts []string // where they are
	system   *system
	files    map[string]string // of items, by tenant
	uploads  map[string]string
}

// openStand makes a database whose items can be sent, and the processes. The items are uploaded.
func (b *syncBench) openStand(ctx context.Context, o standOptions) (_ *stand, err error) {
	b.made++
	dir := filepath.Join(b.dir, fmt.Sprint("stand-", b.made))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s := &stand{syncBench: b, standOptions: o, files: map[string]string{}, uploads: map[string]string{}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	url := "sqlite://" + filepath.Join(dir, "longhaul.db")
	if s.store, err = store.Open(ctx, url, store.Options{}); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, dir); err != nil {
		return nil, err
	}
	if err := s.startPartner(ctx); err != nil {
		return nil, err
	}
	if s.system, err = b.startSystem(ctx, sample{url: url}, o.env(s.accounts[0])...); err != nil {
		return nil, err
	}
	if err := s.awaitWorkers(ctx); err != nil {
		return nil, err
	}
	for tenant, file := range s.files {
		if s.uploads[tenant], err = (caller{url: s.system.url}).upload(ctx, syncKind, tenant, file); err != nil {
			return nil, fmt.Errorf("upload items: %w", err)
		}
	}
	return s, nil
}

func (s *stand) close() {
	if s.system != nil {
		s.system.stop()
	}
	if s.partner != nil {
		s.partner.stop()
	}
	if err := s.store.Close(); err != nil {
		s.logf("clean up: %v", err)
	}
}

// fill fills the database, and writes each tenant's items to a file: what the kind chooses, as many as asked for.
func (s *stand) fill(ctx context.Context, dir string) error {
	if err := s.store.Migrate(ctx); err != nil {
		return err
	}
	// Nine of ten lines have been shipped and not cancelled; of the small tenants' each is one in fourteen.
	lines := s.items*5/4 + 1_000
	if s.tenants > 1 {
		lines *= 14
	}
	if err := seed.Sample(ctx, s.store, seed.Options{OrderLines: lines, OneSeller: s.tenants == 1}); err != nil {
		return err
	}
	kinds, err := catalog.New()
	if err != nil {
		return err
	}
	kind, err := kinds.Sync(syncKind)
	if err != nil {
		return err
	}
	for _, tenant := range syncTenants[:s.tenants] {
		s.files[tenant] = filepath.Join(dir, tenant+".ndjson")
		if err := s.writeItems(ctx, kind, tenant, s.files[tenant]); err != nil {
			return fmt.Errorf("write items of %s: %w", tenant, err)
		}
	}
	return nil
}

func (s *stand) writeItems(ctx context.Context, kind dataset.Sync, tenant, path string) (err error) {
	seller, err := s.store.Seller(ctx, tenant)
	if err != nil {
		return err
	}
	selection, err := kind.Select(nil, seller.Zone)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	lines := json.NewEncoder(out)
	written := 0
	all := selection.Page(seller.ID, 0, 1<<62, s.items)
	err = s.store.Stream(ctx, all.SQL, all.Args, func(cells [][]byte) error {
		_, item, err := selection.Item(cells)
		if err != nil {
			return err
		}
		written++
		return lines.Encode(item.Fields)
	})
	if err == nil && written != s.items {
		err = fmt.Errorf("there are %d of %d", written, s.items)
	}
	return errors.Join(err, out.Flush())
}

func (s *stand) startPartner(ctx context.Context) (err error) {
	spec := Spec{Latency: s.latency, Accounts: s.standOptions.accounts}
	if s.partner, err = spawn(s.Options, s.dir, RolePartner, spec); err != nil {
		return err
	}
	for range spec.Accounts {
		account, err := s.partner.next(ctx)
		if err != nil {
			return err
		}
		s.accounts = append(s.accounts, account)
	}
	return nil
}

// awaitWorkers starts those that are missing, and waits until all take stretches.
func (s *stand) awaitWorkers(ctx context.Context) error {
	for len(s.system.more) < s.workers-1 {
		worker, err := s.system.startWorker()
		if err != nil {
			return err
		}
		s.system.more = append(s.system.more, worker)
	}
	for _, worker := range s.allWorkers() {
		err := await(ctx, worker, func(ctx context.Context) error { return s.polled(ctx, contract.PartnerQueue(syncPartner), worker) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stand) allWorkers() []*child { return append([]*child{s.system.worker}, s.system.more...) }

// meter reads all processes of the stand.
func (s *stand) meter() *meter {
	pids := map[string]int{partTemporal: s.temporal.Pid(), partServer: s.system.api.pid(), partPartner: s.partner.pid(), partBench: os.Getpid()}
	for i, worker := range s.allWorkers() {
		pids[fmt.Sprint(partMain, i)] = worker.pid()
	}
	return newMeter(pids)
}

// The parts whose use is told apart besides those of [rig.processes].
const (
	partPartner = "partner"
	partBench   = "bench" // this process
)

// start starts the sync of a tenant's items.
func (s *stand) start(ctx context.Context, tenant string) (answer, error) {
	body, err := json.Marshal(map[string]string{"tenant": tenant, "upload": s.uploads[tenant]})
	if err != nil {
		return answer{}, err
	}
	return (caller{url: s.system.url}).ask(ctx, http.MethodPost, "/v1/syncs/"+syncKind, bytes.NewReader(body))
}

// follow waits until the sync has ended.
func (s *stand) follow(ctx context.Context, j answer) (answer, error) {
	return (caller{url: s.system.url, every: lookEvery}).wait(ctx, j, nil)
}

// complete fails unless each item has succeeded, by what the job says and by what the database has of each. It tells when
// the last outcome was recorded.
func (s *stand) complete(ctx context.Context, j answer) (last time.Time, err error) {
	if j.State != job.Succeeded || j.Sync == nil || j.Sync.Tally.Succeeded != int64(s.items) {
		return last, fmt.Errorf("job %s ended %s with %+v instead of %d items that succeeded: %s", j.ID, j.State, j.Sync, s.items, j.Message)
	}
	items := 0
	err = s.store.StreamSyncItems(ctx, j.ID, func(item store.SyncItem) error {
		if item.Outcome != job.ItemSucceeded || item.DoneAt == nil || item.Attempts != 1 {
			return fmt.Errorf("item %d of job %s has the outcome %q after %d attempts", item.Position, j.ID, item.Outcome, item.Attempts)
		}
		items++
		last = slices.MaxFunc([]time.Time{last, *item.DoneAt}, time.Time.Compare)
		return nil
	})
	if err == nil && items != s.items {
		err = fmt.Errorf("job %s has %d items instead of %d", j.ID, items, s.items)
	}
	return last, err
}
