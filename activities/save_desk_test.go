package activities_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// desk is a bench with the deeds of bulk saves. Its clock stands still.
type desk struct {
	*bench
	save  *activities.BulkSave
	jobs  *activities.Jobs
	house *activities.Housekeeping
	clock time.Time
}

// newDesk has the catalogue's kinds with chunks of a few rows, and the seller acme in Seoul with the products P-1 to P-9.
func newDesk(t *testing.T, database, files string, chunkRows int) *desk {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, database, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(ctx))
	blobs, err := blob.Open(ctx, files)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })

	d := &desk{bench: &bench{store: s, blobs: blobs, files: strings.TrimPrefix(files, "file://")}, clock: began}
	now := func() time.Time { return d.clock }
	kinds := cutKinds(t, chunkRows)
	d.save = &activities.BulkSave{Kinds: kinds, Store: s, Blobs: blobs, Now: now}
	d.jobs = &activities.Jobs{Kinds: kinds, Store: s, Notify: notify.Log{}}
	d.house = &activities.Housekeeping{Store: s, Blobs: blobs, Now: now}
	d.furnish(t)
	d.stock(t)
	return d
}

// folder is a fresh blob store.
func folder(t *testing.T) string { return "file://" + t.TempDir() }

// cutKinds are the catalogue's bulk saves with chunks of so many rows.
func cutKinds(t *testing.T, chunkRows int) *dataset.Registry {
	t.Helper()
	all, err := catalog.New()
	require.NoError(t, err)
	saves := all.BulkSaves()
	for i := range saves {
		saves[i].ChunkRows = chunkRows
	}
	return only(t, saves...)
}

// only are kinds without any others.
func only(t *testing.T, saves ...dataset.BulkSave) *dataset.Registry {
	t.Helper()
	kinds, err := dataset.NewRegistry(dataset.Kinds{BulkSaves: saves})
	require.NoError(t, err)
	return kinds
}

// furnish puts the deeds under a Temporal environment of their own.
func (d *desk) furnish(t *testing.T) {
	t.Helper()
	d.TestActivityEnvironment = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	d.SetWorkerOptions(worker.Options{BackgroundActivityContext: t.Context()})
	contract.RegisterJob.Register(d, activities.Quick(d.jobs.Register))
	contract.FinishJob.Register(d, activities.Quick(d.jobs.Finish))
	contract.InspectUpload.Register(d, activities.Heavy(d.save.Inspect))
	contract.CheckChunk.Register(d, activities.Heavy(d.save.Check))
	contract.ApplyChunk.Register(d, activities.Heavy(d.save.Apply))
	contract.ReportSave.Register(d, activities.Heavy(d.save.Report))
	contract.PlanUndo.Register(d, activities.Heavy(d.save.PlanUndo))
	contract.UndoChunk.Register(d, activities.Heavy(d.save.Undo))
	contract.CleanUpBulkSave.Register(d, activities.Heavy(d.save.CleanUp))
	contract.PruneUploads.Register(d, activities.Heavy(d.house.PruneUploads))
	contract.PruneSaves.Register(d, activities.Heavy(d.house.PruneSaves))
}

// forget lets another worker do the deeds that follow: one that holds nothing in memory.
func (d *desk) forget(t *testing.T) {
	t.Helper()
	s := d.save
	d.save = &activities.BulkSave{Kinds: s.Kinds, Store: s.Store, Blobs: s.Blobs, Limits: s.Limits, Now: s.Now}
	d.furnish(t)
}

func (d *desk) stock(t *testing.T) {
	t.Helper()
	require.NoError(t, store.InsertMany(t.Context(), d.store, []store.Seller{{ID: 1, Code: "acme", Name: "Acme", TimeZone: "Asia/Seoul"}, {ID: 2, Code: "other", Name: "Other"}}))
	var products []store.Product
	for i := range 9 {
		products = append(products, store.Product{ID: int64(i + 1), SellerID: 1, SKU: fmt.Sprintf("P-%d", i+1), Name: "상품"})
	}
	require.NoError(t, store.InsertMany(t.Context(), d.store, products))
}

// send stores an upload as the starter does.
func (d *desk) send(t *testing.T, kind, name string, data []byte) job.Upload {
	t.Helper()
	sum := sha256.Sum256(data)
	id := "u-" + kind + "-" + hex.EncodeToString(sum[:4])
	u := job.Upload{
		ID: id, Kind: kind, Tenant: "acme", Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
		Key: contract.UploadKey(id), CreatedAt: d.clock, ExpiresAt: d.clock.Add(72 * time.Hour),
	}
	if file, err := upload.Open(t.Context(), bytes.NewReader(data), u.Size, name, upload.Limits{}); err == nil {
		for _, sheet := range file.Sheets {
			u.Sheets = append(u.Sheets, sheet.Name)
		}
	}
	require.NoError(t, d.blobs.Put(t.Context(), u.Key, data))
	require.NoError(t, d.store.InsertUpload(t.Context(), u))
	return u
}

// course is a bulk save under way, done deed by deed.
type course struct {
	*desk
	t    *testing.T
	id   string
	in   contract.BulkSaveInput
	plan contract.SavePlan
}

// begin registers and inspects a save; edit may change its request.
func (d *desk) begin(t *testing.T, kind, name string, data []byte, edit ...func(*contract.BulkSaveInput)) *course {
	t.Helper()
	c := d.ask(t, kind, name, data, edit...)
	c.plan = must(t, d.bench, contract.InspectUpload, contract.SaveRequest{JobID: c.id, Request: c.in})
	return c
}

// ask registers a save.
func (d *desk) ask(t *testing.T, kind, name string, data []byte, edit ...func(*contract.BulkSaveInput)) *course {
	t.Helper()
	u := d.send(t, kind, name, data)
	c := &course{desk: d, t: t, id: "job-" + u.ID, in: contract.BulkSaveInput{Kind: kind, Tenant: "acme", Upload: u.ID, Locale: "en"}}
	for _, change := range edit {
		change(&c.in)
	}
	must(t, d.bench, contract.RegisterJob, c.registration())
	return c
}

func (c *course) registration() contract.Registration {
	return contract.Registration{
		JobID: c.id, Type: job.TypeBulkSave, Kind: c.in.Kind, Tenant: c.in.Tenant, RequestedBy: "kim",
		WorkflowID: contract.BulkSaveWorkflowID(c.in.Kind, c.in.Tenant), RunID: c.id, Started: c.clock, BulkSave: &c.in,
	}
}

func (c *course) ref(chunk int) contract.ChunkRef {
	return contract.ChunkRef{JobID: c.id, Plan: c.plan.ID, Chunk: chunk, Checked: c.in.DryRun}
}

// check makes the dry run of every chunk.
func (c *course) check() (sum job.Tally) {
	c.t.Helper()
	for chunk := range c.plan.Chunks {
		sum.Add(must(c.t, c.bench, contract.CheckChunk, c.ref(chunk)).Tally)
	}
	return sum
}

// compare makes it once more and returns the rows for which it no longer holds.
func (c *course) compare() (stale []job.RowRef, rows int64) {
	c.t.Helper()
	for chunk := range c.plan.Chunks {
		ref := c.ref(chunk)
		ref.Compare = true
		got := must(c.t, c.bench, contract.CheckChunk, ref)
		stale, rows = append(stale, got.Stale...), rows+got.StaleRows
	}
	return stale, rows
}

// apply saves every chunk.
func (c *course) apply() (sum job.Tally) {
	c.t.Helper()
	for chunk := range c.plan.Chunks {
		sum.Add(must(c.t, c.bench, contract.ApplyChunk, c.ref(chunk)).Tally)
	}
	return sum
}

func (c *course) report(stage contract.Stage) contract.ReportResult {
	c.t.Helper()
	return must(c.t, c.bench, contract.ReportSave, contract.ReportRequest{JobID: c.id, Plan: c.plan.ID, Stage: stage, Undoes: c.in.Undo})
}

// items are all that are shown of the job.
func (c *course) items(outcome string) []job.Item {
	c.t.Helper()
	var all []job.Item
	q := job.ItemQuery{Outcome: outcome, PageSize: 200}
	for {
		page, err := c.store.Items(c.t.Context(), c.id, q)
		require.NoError(c.t, err)
		all = append(all, page.Items...)
		if q.PageToken = page.NextPageToken; q.PageToken == "" {
			return all
		}
	}
}

// kept are the files of the job, by name.
func (c *course) kept() map[string]string {
	c.t.Helper()
	files := map[string]string{}
	require.NoError(c.t, c.blobs.List(c.t.Context(), contract.JobPrefix(c.id), func(key string, _ blob.Info) error {
		data, err := c.blobs.Get(c.t.Context(), key)
		files[strings.TrimPrefix(key, contract.PlanPrefix(c.id, c.plan.ID))] = string(data)
		return err
	}))
	return files
}

// chunks are the rows of each chunk as they are stored, as row:key.
func (c *course) chunks() [][]string {
	c.t.Helper()
	kind, err := c.save.Kinds.BulkSave(c.in.Kind)
	require.NoError(c.t, err)
	var all [][]string
	for i := range c.plan.Chunks {
		var texts []string
		for _, row := range c.chunk(i) {
			texts = append(texts, fmt.Sprintf("%d:%s", row.Number, kind.KeyOf(row.Values)))
		}
		all = append(all, texts)
	}
	return all
}

func (c *course) chunk(n int) []target.Row {
	c.t.Helper()
	rows, err := target.DecodeRows([]byte(c.kept()[fmt.Sprintf("chunk-%08d", n)]))
	require.NoError(c.t, err)
	return rows
}

// faults are the refused rows that are stored under names with a prefix, in their order.
func (c *course) faults(prefix string) []dataset.RowFault {
	c.t.Helper()
	var all []dataset.RowFault
	require.NoError(c.t, c.blobs.List(c.t.Context(), contract.PlanPrefix(c.id, c.plan.ID)+prefix, func(key string, _ blob.Info) error {
		data, err := c.blobs.Get(c.t.Context(), key)
		require.NoError(c.t, err)
		for line := range bytes.Lines(data) {
			var f dataset.RowFault
			require.NoError(c.t, json.Unmarshal(line, &f), path.Base(key))
			all = append(all, f)
		}
		return nil
	}))
	return all
}

// told are the faults in short: row code[@other row], a row for each error.
func told(faults []dataset.RowFault) []string {
	var all []string
	for _, f := range faults {
		for _, e := range f.Errors {
			text := fmt.Sprintf("%d %s", f.Row, e.Code)
			if e.Other != nil {
				text += fmt.Sprintf("@%d", e.Other.Row)
			}
			all = append(all, text)
		}
	}
	return all
}

// rowsOf reads what a query gives.
func (d *desk) rowsOf(t *testing.T, query string, args ...any) [][]string {
	t.Helper()
	var rows [][]string
	require.NoError(t, d.store.Stream(t.Context(), query, args, func(cells [][]byte) error {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = string(cell)
		}
		rows = append(rows, row)
		return nil
	}))
	return rows
}

// levels is the stock, as sku warehouse on_hand.
func (d *desk) levels(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, row := range d.rowsOf(t, "SELECT p.sku, l.warehouse, l.on_hand FROM stock_levels l JOIN products p ON p.id = l.product_id ORDER BY p.sku, l.warehouse") {
		all = append(all, strings.Join(row, " "))
	}
	return all
}

// bookSheet is one sheet of a workbook: its rows from the first on, nil for an empty one.
type bookSheet struct {
	name string
	rows [][]any
}

func workbook(t *testing.T, sheets ...bookSheet) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, s := range sheets {
		if i == 0 {
			require.NoError(t, book.SetSheetName("Sheet1", s.name))
		} else {
			_, err := book.NewSheet(s.name)
			require.NoError(t, err)
		}
		for n, row := range s.rows {
			require.NoError(t, book.SetSheetRow(s.name, fmt.Sprintf("A%d", n+1), &row))
		}
	}
	data, err := book.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, book.Close())
	return data.Bytes()
}

// styled gives a cell of the first sheet a format.
func styled(t *testing.T, data []byte, cell, format string) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	require.NoError(t, err)
	style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	require.NoError(t, err)
	require.NoError(t, book.SetCellStyle(book.GetSheetName(0), cell, cell, style))
	out, err := book.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, book.Close())
	return out.Bytes()
}

// count is a CSV of stock, a line for each row: sku,warehouse,on_hand,adjust.
func count(rows ...string) []byte {
	return []byte("sku,warehouse,on_hand,adjust\n" + strings.Join(rows, "\n") + "\n")
}
