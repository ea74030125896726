package activities_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// lines is the number of order lines of the bench's seller.
const lines = 1234

// bench is one database and one blob store with the deeds on top, run under Temporal's activity test
// environment.
type bench struct {
	*testsuite.TestActivityEnvironment
	store  *store.Store
	blobs  *blob.Store
	files  string // folder of the blob store
	export *activities.Export
	seller store.Seller
}

func newBench(t *testing.T, url string) *bench {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(ctx))

	files := t.TempDir()
	blobs, err := blob.Open(ctx, "file://"+files)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	kinds, err := catalog.New()
	require.NoError(t, err)

	b := &bench{store: s, blobs: blobs, files: files, export: &activities.Export{Kinds: kinds, Store: s, Blobs: blobs}}
	b.fill(t)
	b.TestActivityEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	b.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	contract.PlanExport.Register(b, activities.Heavy(b.export.Plan))
	contract.ExportPage.Register(b, activities.Heavy(b.export.Page))
	contract.AssembleExport.Register(b, activities.Heavy(b.export.Assemble))
	contract.CleanUpExport.Register(b, activities.Heavy(b.export.CleanUp))
	return b
}

func (b *bench) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	require.NoError(t, store.InsertMany(ctx, b.store, []store.Seller{{ID: 1, Code: "acme", Name: "Acme", TimeZone: "Asia/Seoul"}}))
	seller, err := b.store.Seller(ctx, "acme")
	require.NoError(t, err)
	b.seller = seller
	require.NoError(t, store.InsertMany(ctx, b.store, []store.Product{{ID: 1, SellerID: seller.ID, SKU: "A-1", Name: "연필", Barcode: "0012"}}))
	require.NoError(t, store.InsertMany(ctx, b.store, []store.Order{{ID: 1, SellerID: seller.ID, OrderNumber: "O-1", Status: "paid", OrderedAt: at}}))
	price, err := store.NewMoney("12.5")
	require.NoError(t, err)
	rows := make([]store.OrderLine, lines)
	for i := range rows {
		rows[i] = store.OrderLine{
			ID: int64(i + 1), SellerID: seller.ID, OrderID: 1, LineNumber: i + 1, ProductID: 1, SKU: fmt.Sprintf("%05d", i),
			ProductName: "=1+1", Quantity: int64(i), UnitPrice: price, Amount: price.Times(int64(i)), OrderedAt: at,
		}
	}
	require.NoError(t, store.InsertMany(ctx, b.store, rows))
}

func do[In, Out any](b *bench, ref contract.Activity[In, Out], in In) (Out, error) {
	var out Out
	value, err := b.ExecuteActivity(ref.Name, in)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

func must[In, Out any](t *testing.T, b *bench, ref contract.Activity[In, Out], in In) Out {
	t.Helper()
	out, err := do(b, ref, in)
	require.NoError(t, err)
	return out
}

func (b *bench) left(t *testing.T) []string {
	t.Helper()
	var keys []string
	require.NoError(t, b.blobs.List(t.Context(), contract.JobsPrefix, func(key string, _ blob.Info) error {
		keys = append(keys, key)
		return nil
	}))
	return keys
}

var request = contract.ExportRequest{JobID: "job-1", Request: contract.ExportInput{
	Kind: "order-lines", Tenant: "acme", Locale: "en", Columns: []string{"sku", "product_name", "quantity", "amount"},
}}

// Every deed may be done twice with the same effect: a worker may die after the deed and before its word.
func TestEveryDeedTwice(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		plan := must(t, b, contract.PlanExport, request)
		require.Equal(t, plan, must(t, b, contract.PlanExport, request), "same rows, same plan")
		require.EqualValues(t, lines, plan.Rows)

		ref := contract.PlanRef{JobID: request.JobID, Plan: plan.ID}
		for page := range plan.Pages {
			p := contract.PageRef{JobID: request.JobID, Plan: plan.ID, Page: page}
			first := must(t, b, contract.ExportPage, p)
			require.Equal(t, first, must(t, b, contract.ExportPage, p))
		}
		file := must(t, b, contract.AssembleExport, ref).Artifact
		require.NotNil(t, file)
		again := must(t, b, contract.AssembleExport, ref).Artifact
		require.Equal(t, file.SHA256, again.SHA256, "same rows, same bytes")
		require.EqualValues(t, lines, file.Rows)
		b.readBack(t, *file)

		for range 2 {
			must(t, b, contract.CleanUpExport, contract.JobRef{JobID: request.JobID})
			require.Empty(t, b.left(t), "no fragment is left")
		}
		_, err := b.blobs.Stat(t.Context(), file.Key)
		require.NoError(t, err, "the file stays")
	})
}

func (b *bench) readBack(t *testing.T, file job.Artifact) {
	t.Helper()
	rows := b.rows(t, file)
	require.Len(t, rows, lines+1)
	require.Equal(t, []string{"SKU", "Product", "Quantity", "Amount"}, rows[0])
	require.Equal(t, "00041", rows[42][0], "rows are in key order, zeros stay")
	require.Equal(t, "=1+1", rows[42][1])
}

// The pages that are stored already are not made again.
func TestPageThatIsStoredIsNotRedone(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	plan := must(t, b, contract.PlanExport, request)
	page := contract.PageRef{JobID: request.JobID, Plan: plan.ID}
	must(t, b, contract.ExportPage, page)
	key := filepath.Join(b.files, contract.FragmentKey(page.JobID, page.Plan, 0))
	before, err := os.Stat(key)
	require.NoError(t, err)
	must(t, b, contract.ExportPage, page)
	after, err := os.Stat(key)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "an atomic write would have made another file")
}

func TestDamagedAndMissingFragmentsAreNamed(t *testing.T) {
	t.Parallel()
	damage := map[string]func(t *testing.T, file string){
		"missing":   func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"truncated": func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 20)) },
		"short":     func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 500)) },
		"header":    func(t *testing.T, file string) { flip(t, file, 3) },
		"data":      func(t *testing.T, file string) { flip(t, file, 400) },
	}
	for name, harm := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, testenv.SQLite(t))
			plan := must(t, b, contract.PlanExport, request)
			page := contract.PageRef{JobID: request.JobID, Plan: plan.ID}
			ref := contract.PlanRef{JobID: request.JobID, Plan: plan.ID}
			must(t, b, contract.ExportPage, page)
			good := must(t, b, contract.AssembleExport, ref).Artifact
			require.NotNil(t, good)

			harm(t, filepath.Join(b.files, contract.FragmentKey(page.JobID, page.Plan, 0)))
			got := must(t, b, contract.AssembleExport, ref)
			require.Nil(t, got.Artifact)
			require.Equal(t, []contract.PageRef{page}, got.Redo)
			must(t, b, contract.ExportPage, got.Redo[0])
			mended := must(t, b, contract.AssembleExport, ref).Artifact
			require.NotNil(t, mended)
			require.Equal(t, good.SHA256, mended.SHA256)
		})
	}
}

func flip(t *testing.T, file string, at int) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	data[at] ^= 0x10
	require.NoError(t, os.WriteFile(file, data, 0o600))
}

func TestPlanThatIsGoneOrChangedIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	plan := must(t, b, contract.PlanExport, request)
	file := filepath.Join(b.files, contract.PlanKey(request.JobID, plan.ID))

	for name, harm := range map[string]func(){
		"damaged": func() { flip(t, file, 30) },
		"gone":    func() { require.NoError(t, os.Remove(file)) },
	} {
		must(t, b, contract.PlanExport, request)
		harm()
		// Another worker, which does not hold the plan in memory.
		other := newOther(t, b)
		_, err := do(other, contract.ExportPage, contract.PageRef{JobID: request.JobID, Plan: plan.ID})
		requireType(t, err, contract.FailurePlanLost, name)
	}
}

func newOther(t *testing.T, b *bench) *bench {
	t.Helper()
	o := *b
	o.export = &activities.Export{Kinds: b.export.Kinds, Store: b.store, Blobs: b.blobs}
	o.TestActivityEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	contract.ExportPage.Register(o, activities.Heavy(o.export.Page))
	return &o
}

func requireType(t *testing.T, err error, want string, about ...any) {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app, about...)
	require.Equal(t, want, app.Type(), about...)
}

// Rows that come and go after the plan are counted as they are; none is written twice or in another's place.
func TestRowsThatMoveAfterThePlan(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	plan := must(t, b, contract.PlanExport, request)
	ctx := t.Context()
	require.NoError(t, b.store.DB(ctx).Where("id <= 10").Delete(&store.OrderLine{}).Error)
	late := store.OrderLine{ID: 99_999, SellerID: b.seller.ID, OrderID: 1, LineNumber: 99_999, ProductID: 1, SKU: "late"}
	require.NoError(t, store.InsertMany(ctx, b.store, []store.OrderLine{late}))

	got := must(t, b, contract.ExportPage, contract.PageRef{JobID: request.JobID, Plan: plan.ID})
	require.EqualValues(t, lines-10, got.Rows, "what is above the high-water mark does not belong to the export")
	file := must(t, b, contract.AssembleExport, contract.PlanRef{JobID: request.JobID, Plan: plan.ID}).Artifact
	require.EqualValues(t, lines-10, file.Rows)
}

// When a page comes to fewer rows than planned, those after it move up: their numbers are written anew, and
// the file holds the same as if the plan had known.
func TestPagesMoveUpWhenRowsAreGone(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	b.smallPages(t, 100)
	plan := must(t, b, contract.PlanExport, request)
	require.Equal(t, (lines+99)/100, plan.Pages)
	require.NoError(t, b.store.DB(t.Context()).Where("id IN (5, 150, 151)").Delete(&store.OrderLine{}).Error)
	file := b.finish(t, plan, request.JobID)
	require.EqualValues(t, lines-3, file.Rows)

	known := request
	known.JobID = "job-2"
	same := b.finish(t, must(t, b, contract.PlanExport, known), known.JobID)
	require.Equal(t, b.rows(t, same), b.rows(t, file))
}

// rows reads all rows of a workbook's first sheet by their cell references.
func (b *bench) rows(t *testing.T, file job.Artifact) [][]string {
	t.Helper()
	data, err := b.blobs.Get(t.Context(), file.Key)
	require.NoError(t, err)
	require.EqualValues(t, len(data), file.Size)
	book, err := excelize.OpenReader(bytes.NewReader(data))
	require.NoError(t, err)
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	require.NoError(t, err)
	return rows
}

// smallPages cuts the kind's pages to a size, so that a few rows make many.
func (b *bench) smallPages(t *testing.T, rows int) {
	t.Helper()
	kind, err := b.export.Kinds.Export(request.Request.Kind)
	require.NoError(t, err)
	kind.PageRows = rows
	b.export.Kinds, err = dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{kind}})
	require.NoError(t, err)
}

// finish makes all pages of a plan, sees to those that are named, and assembles.
func (b *bench) finish(t *testing.T, plan contract.ExportPlan, jobID string) job.Artifact {
	t.Helper()
	for page := range plan.Pages {
		must(t, b, contract.ExportPage, contract.PageRef{JobID: jobID, Plan: plan.ID, Page: page})
	}
	for {
		got := must(t, b, contract.AssembleExport, contract.PlanRef{JobID: jobID, Plan: plan.ID})
		if got.Artifact != nil {
			return *got.Artifact
		}
		for range 2 {
			for _, ref := range got.Redo {
				must(t, b, contract.ExportPage, ref)
			}
		}
	}
}

func TestBadRequestsAreFinal(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	for name, in := range map[string]contract.ExportInput{
		"kind":   {Kind: "nonesuch", Tenant: "acme"},
		"tenant": {Kind: "order-lines", Tenant: "nobody"},
		"column": {Kind: "order-lines", Tenant: "acme", Columns: []string{"nonesuch"}},
		"filter": {Kind: "order-lines", Tenant: "acme", Filters: job.Filters{"nonesuch": {"1"}}},
	} {
		_, err := do(b, contract.PlanExport, contract.ExportRequest{JobID: "job-2", Request: in})
		requireType(t, err, contract.FailureType(job.ReasonBadInput), name)
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.True(t, app.NonRetryable(), name)
	}
	require.Empty(t, b.left(t))
}

func TestDatabaseThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := testenv.PrivateMariaDB(t)
	b := newBench(t, server.URL("longhaul"))
	plan := must(t, b, contract.PlanExport, request)
	server.Kill()
	_, err := do(b, contract.ExportPage, contract.PageRef{JobID: request.JobID, Plan: plan.ID})
	requireType(t, err, contract.FailureType(job.ReasonDownstream))
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable())
	require.NoError(t, server.Restart(t.Context()))
	must(t, b, contract.ExportPage, contract.PageRef{JobID: request.JobID, Plan: plan.ID})
}

func TestPlanSurvivesJSON(t *testing.T) {
	t.Parallel()
	in := contract.ExportInput{Kind: "k", Tenant: "t", Filters: job.Filters{"sku": {"a", "b"}, "from": {"2026-01-01"}}}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	var back contract.ExportInput
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, in, back)
}
