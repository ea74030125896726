package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// post is a bench with the deeds of syncs and a partner that they reach over HTTP. Orders O-1 to O-n have two lines each.
type post struct {
	*bench
	sync    *activities.Sync
	jobs    *activities.Jobs
	partner *fake.Running
	kinds   *dataset.Registry
}

// setting changes how a post is set up.
type setting struct {
	orders  int
	behave  fake.Behaviour
	limits  pace.Limits
	keyless bool
	calls   map[string]func(*dataset.Call) error
	kind    func(*dataset.Sync)
	token   string // that the partner asks for, and we do not have
}

func newPost(t *testing.T, s setting) *post {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, "sqlite://"+t.TempDir()+"/post.db", store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(ctx))
	blobs, err := blob.Open(ctx, folder(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	p := &post{bench: &bench{store: db, blobs: blobs}}
	p.fillOrders(t, max(1, s.orders))
	p.kinds = syncKinds(t, s.kind)

	p.partner, err = fake.Listen(context.WithoutCancel(ctx), "127.0.0.1:0", fake.Options{Behaviour: s.behave, Token: s.token})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.partner.Close() })
	if s.limits.Interval == 0 {
		s.limits.Interval = -1 // pace has tests of its own
	}
	settings := partner.Settings{Name: "marketplace", URL: p.partner.URL, Limits: s.limits, Timeout: 5 * time.Second, AllowPrivate: true}
	if s.keyless {
		settings.IdempotencyHeader = "-"
	}
	client, err := partner.New(settings, partner.Options{})
	require.NoError(t, err)
	gate := pace.NewGate(pace.Options{Account: "marketplace", Limits: s.limits, Book: db, Patience: time.Second})
	partners := activities.Partners{"marketplace": {Client: client, Gate: gate, Keyed: !s.keyless, Calls: s.calls}}
	t.Cleanup(partners.Close)

	p.sync = &activities.Sync{Kinds: p.kinds, Store: db, Blobs: blobs, Partners: partners}
	p.jobs = &activities.Jobs{Kinds: p.kinds, Store: db, Notify: notify.Log{}, Partners: partners}
	p.furnish(t, ctx)
	return p
}

// syncKinds are the catalogue's syncs, changed.
func syncKinds(t *testing.T, change func(*dataset.Sync)) *dataset.Registry {
	t.Helper()
	all, err := catalog.New()
	require.NoError(t, err)
	syncs := all.Syncs()
	for i := range syncs {
		if change != nil {
			change(&syncs[i])
		}
	}
	kinds, err := dataset.NewRegistry(dataset.Kinds{Syncs: syncs})
	require.NoError(t, err)
	return kinds
}

// furnish puts the deeds under a Temporal environment of their own.
func (p *post) furnish(t *testing.T, ctx context.Context) {
	t.Helper()
	p.TestActivityEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	p.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	contract.RegisterJob.Register(p, activities.Quick(p.jobs.Register))
	contract.NumberItems.Register(p, activities.Heavy(p.sync.Number))
	contract.SendStretch.Register(p, activities.Heavy(p.sync.Send))
	contract.CloseItems.Register(p, activities.Heavy(p.sync.Close))
	contract.ReportSync.Register(p, activities.Heavy(p.sync.Report))
	contract.CleanUpSync.Register(p, activities.Heavy(p.sync.CleanUp))
}

func (p *post) fillOrders(t *testing.T, n int) {
	t.Helper()
	ctx, at := t.Context(), time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	require.NoError(t, store.InsertMany(ctx, p.store, []store.Seller{{ID: 1, Code: "acme", Name: "Acme", TimeZone: "Asia/Seoul"}}))
	require.NoError(t, store.InsertMany(ctx, p.store, []store.Product{{ID: 1, SellerID: 1, SKU: "A-1", Name: "연필"}}))
	price, err := store.NewMoney("100")
	require.NoError(t, err)
	var orders []store.Order
	var shipments []store.Shipment
	var lines []store.OrderLine
	for i := range n {
		id := int64(i + 1)
		orders = append(orders, store.Order{ID: id, SellerID: 1, OrderNumber: fmt.Sprintf("O-%d", id), Status: "shipped", OrderedAt: at})
		shipments = append(shipments, store.Shipment{
			ID: id, SellerID: 1, OrderID: id, Carrier: "CJ대한통운", TrackingNumber: fmt.Sprintf("6%011d", id), Status: "shipped", ShippedAt: &at, CreatedAt: at,
		})
		for line := range 2 {
			lines = append(lines, store.OrderLine{
				ID: 2*id + int64(line), SellerID: 1, OrderID: id, LineNumber: line + 1, ProductID: 1, ShipmentID: &id,
				SKU: "A-1", ProductName: "연필", Quantity: 3, UnitPrice: price, Amount: price.Times(3), OrderedAt: at,
			})
		}
	}
	require.NoError(t, store.InsertMany(ctx, p.store, orders))
	require.NoError(t, store.InsertMany(ctx, p.store, shipments))
	require.NoError(t, store.InsertMany(ctx, p.store, lines))
}

// begin registers a job and numbers its items.
func (p *post) begin(t *testing.T, id string, in contract.SyncInput) contract.SyncPlan {
	t.Helper()
	in.Kind, in.Tenant = "dispatch-shipments", "acme"
	_, err := do(p.bench, contract.RegisterJob, contract.Registration{
		JobID: id, Type: job.TypeSync, Kind: in.Kind, Tenant: in.Tenant, WorkflowID: "w-" + id, RunID: id, Started: time.Now(), Sync: &in,
	})
	require.NoError(t, err)
	plan, err := do(p.bench, contract.NumberItems, contract.SyncRequest{JobID: id, Request: in})
	require.NoError(t, err)
	return plan
}

// send sends a stretch once.
func (p *post) send(t *testing.T, id string, stretch int) contract.StretchResult {
	t.Helper()
	got, err := do(p.bench, contract.SendStretch, contract.StretchRef{JobID: id, Stretch: stretch})
	require.NoError(t, err)
	return got
}

// items are all items of a job, in order.
func (p *post) items(t *testing.T, id string) []store.SyncItem {
	t.Helper()
	var all []store.SyncItem
	require.NoError(t, p.store.StreamSyncItems(t.Context(), id, func(i store.SyncItem) error {
		all = append(all, i)
		return nil
	}))
	return all
}

// told are the order lines that the marketplace has been told of, as the database has them.
func (p *post) told(t *testing.T) int {
	t.Helper()
	n := 0
	require.NoError(t, p.store.Stream(t.Context(), "SELECT id FROM dispatches", nil, func([][]byte) error {
		n++
		return nil
	}))
	return n
}

// poison makes one order break the partner.
func poison(order string) fake.Behaviour {
	return fake.Behaviour{Poison: []string{order}, ErrorStatus: http.StatusInternalServerError}
}
