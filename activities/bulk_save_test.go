package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// twice does a deed two times, the second by another worker, and requires the same result.
func twice[In, Out any](t *testing.T, d *desk, ref contract.Activity[In, Out], in In) Out {
	t.Helper()
	first := must(t, d.bench, ref, in)
	d.forget(t)
	require.Equal(t, first, must(t, d.bench, ref, in), "%s", ref.Name)
	return first
}

// Every deed of a bulk save may be done twice with the same effect, also by a worker that knows nothing of the first.
func TestEverySaveDeedTwice(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) { saveTwice(t, newDesk(t, url, folder(t), 3)) })
	t.Run("s3", func(t *testing.T) {
		t.Parallel()
		saveTwice(t, newDesk(t, testenv.SQLite(t), blobtest.Server(t).URL, 3))
	})
}

func saveTwice(t *testing.T, d *desk) {
	// What is there before, so that rows are created, updated, left alone and added to.
	before := d.begin(t, "stock-levels", "before.csv", count("P-2,W1,10,", "P-5,W1,1,", "P-6,W1,7,"))
	before.apply()
	was := d.levels(t)

	c := d.ask(t, "stock-levels", "count.csv", messy, func(in *contract.BulkSaveInput) { in.DryRun = true })
	limits := twice(t, d, contract.RegisterJob, c.registration())
	require.Positive(t, limits.HoldFor)
	row, err := d.store.Save(t.Context(), c.id)
	require.NoError(t, err)
	require.Equal(t, c.in.Upload, row.UploadID)
	require.Len(t, row.SHA256, 64)
	c.plan = twice(t, d, contract.InspectUpload, contract.SaveRequest{JobID: c.id, Request: c.in})

	var checked job.Tally
	for chunk := range c.plan.Chunks {
		checked.Add(twice(t, d, contract.CheckChunk, c.ref(chunk)).Tally)
	}
	want := job.Tally{Created: 2, Updated: 2, Unchanged: 1, Refused: 1, Codes: []job.CodeCount{{Code: job.RowUnknownProduct, Count: 1}}}
	require.Equal(t, want, checked)
	require.Equal(t, was, d.levels(t), "a dry run writes nothing")
	dry := twice(t, d, contract.ReportSave, contract.ReportRequest{JobID: c.id, Plan: c.plan.ID, Stage: contract.StageCheck})
	require.EqualValues(t, 5, dry.File.Rows)
	require.Nil(t, dry.Written)
	require.Nil(t, dry.UndoUntil)
	for chunk := range c.plan.Chunks {
		ref := c.ref(chunk)
		ref.Compare = true
		require.Zero(t, twice(t, d, contract.CheckChunk, ref).StaleRows)
	}

	var applied job.Tally
	for chunk := range c.plan.Chunks {
		applied.Add(twice(t, d, contract.ApplyChunk, c.ref(chunk)).Tally)
	}
	require.Equal(t, checked, applied, "what was foreseen has happened")
	is := []string{"P-1 W1 5", "P-2 W1 13", "P-5 W1 1", "P-6 W1 1", "P-7 W1 1"}
	require.Equal(t, is, d.levels(t), "goods are added once")
	done := twice(t, d, contract.ReportSave, contract.ReportRequest{JobID: c.id, Plan: c.plan.ID, Stage: contract.StageApply})
	require.Equal(t, &applied, done.Written)
	require.Equal(t, d.clock.Add(7*24*time.Hour), *done.UndoUntil)
	require.Equal(t, dry.File.SHA256, done.File.SHA256, "the same rows were refused for the same reasons")
	c.finish(job.PartiallySucceeded)
	for range 2 {
		must(t, d.bench, contract.CleanUpBulkSave, contract.JobRef{JobID: c.id})
		require.Empty(t, c.kept())
	}
	_, err = d.blobs.Stat(t.Context(), done.File.Key)
	require.NoError(t, err, "the error workbook stays")

	undoTwice(t, c)
	require.Equal(t, was, d.levels(t))
}

// undoTwice undoes a save, each deed twice.
func undoTwice(t *testing.T, c *course) {
	u := c.undo()
	twice(t, u.desk, contract.RegisterJob, u.registration())
	plan := twice(t, u.desk, contract.PlanUndo, contract.SaveRequest{JobID: u.id, Request: u.in})
	require.Equal(t, c.plan.ID, plan.Plan)
	require.Equal(t, "count.csv", plan.Upload)
	require.EqualValues(t, 4, plan.Rows, "those that have changed something")
	var sum job.Tally
	for pass := range plan.Passes {
		for _, chunk := range plan.Chunks {
			sum.Add(twice(t, u.desk, contract.UndoChunk, u.undoRef(plan, pass, chunk)).Tally)
		}
	}
	require.Equal(t, job.Tally{Reversed: 4}, sum)
	report := twice(t, u.desk, contract.ReportSave, contract.ReportRequest{JobID: u.id, Plan: plan.Plan, Stage: contract.StageUndo, Undoes: c.id})
	require.Equal(t, contract.ReportResult{Written: &sum}, report)
	row, err := u.store.Save(t.Context(), c.id)
	require.NoError(t, err)
	require.Equal(t, u.id, row.UndoneBy)
	for range 2 {
		must(t, u.bench, contract.CleanUpBulkSave, contract.JobRef{JobID: u.id})
	}
	require.Empty(t, u.kept())
}

// finish ends the job.
func (c *course) finish(state job.State) {
	c.t.Helper()
	must(c.t, c.bench, contract.FinishJob, contract.Ending{Registration: c.registration(), Status: job.Status{
		State: state, UpdatedAt: c.clock, EndedAt: &c.clock, Progress: job.Progress{Phase: job.PhaseDone}, Save: &job.Save{},
	}})
}

// undo is the course of undoing this one.
func (c *course) undo() *course {
	return &course{desk: c.desk, t: c.t, id: "undo-of-" + c.id, in: contract.BulkSaveInput{
		Kind: c.in.Kind, Tenant: c.in.Tenant, Locale: c.in.Locale, Undo: c.id,
	}}
}

func (c *course) undoRef(plan contract.UndoPlan, pass, chunk int) contract.ChunkRef {
	return contract.ChunkRef{JobID: c.id, Plan: plan.Plan, Chunk: chunk, Undoes: c.in.Undo, Pass: pass + 1}
}

// The dry run no longer holds: the rows are named, and one that changes even later is refused and not saved.
func TestDryRunThatNoLongerHolds(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 2)
		d.begin(t, "stock-levels", "before.csv", count("P-1,W1,1,", "P-2,W1,2,")).apply()
		c := d.begin(t, "stock-levels", "a.csv", count("P-1,W1,9,", "P-2,W1,2,", "P-3,W1,3,", "P-4,W1,x,", "P-5,W1,5,"),
			func(in *contract.BulkSaveInput) { in.DryRun = true })
		require.Equal(t, job.Tally{Created: 2, Updated: 1, Unchanged: 1}, c.check())
		stale, rows := c.compare()
		require.Empty(t, stale)
		require.Zero(t, rows)

		require.NoError(t, d.store.DB(t.Context()).Exec("UPDATE stock_levels SET on_hand = 3 WHERE product_id = 2").Error) // unchanged → updated
		require.NoError(t, d.store.DB(t.Context()).Exec("DELETE FROM products WHERE id = 5").Error)                        // created → refused
		stale, rows = c.compare()
		require.Equal(t, []job.RowRef{{Row: 3}, {Row: 6}}, stale)
		require.EqualValues(t, 2, rows)

		got := c.apply()
		require.Equal(t, job.Tally{Created: 1, Updated: 1, Refused: 2, Codes: []job.CodeCount{{Code: job.RowStale, Count: 2}}}, got)
		require.Equal(t, []string{"3 stale", "6 stale"}, told(c.faults("faults-apply")))
		require.Equal(t, []string{"P-1 W1 9", "P-2 W1 3", "P-3 W1 3"}, d.levels(t), "nobody gets what he has not seen")
	})
}

// Of a file in which every row is stale a bounded number is named, and all are counted.
func TestStaleRowsAreNamedUpToALimit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 100)
	headers := []any{"sku", "warehouse", "on_hand"}
	var east, west [][]any
	for i := range 30 {
		east, west = append(east, []any{"P-1", fmt.Sprintf("E%d", i), 1}), append(west, []any{"P-1", fmt.Sprintf("W%d", i), 1})
	}
	c := d.begin(t, "stock-levels", "a.xlsx", workbook(t,
		bookSheet{"East", append([][]any{headers}, east...)}, bookSheet{"West", append([][]any{headers}, west...)}))
	require.EqualValues(t, 60, c.check().Created)
	require.NoError(t, d.store.DB(t.Context()).Exec("DELETE FROM products").Error)
	stale, rows := c.compare()
	require.EqualValues(t, 60, rows)
	require.Len(t, stale, job.MaxStale)
	require.Equal(t, job.RowRef{Sheet: "East", Row: 2}, stale[0])
}

func TestChecksOfAChunkMustFitTogether(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 100)
	c := d.begin(t, "stock-levels", "a.csv", count("P-1,W1,1,", "P-2,W1,1,"), func(in *contract.BulkSaveInput) { in.DryRun = true })
	ref := c.ref(0)
	_, err := do(d.bench, contract.ApplyChunk, ref)
	requireType(t, err, contract.FailurePlanLost, "the dry run was never made, or its verdicts are gone")
	c.check()
	key := contract.PlanPrefix(c.id, c.plan.ID) + "verdicts-00000000"
	require.NoError(t, d.blobs.Put(t.Context(), key, []byte("no verdicts")))
	ref.Compare = true
	_, err = do(d.bench, contract.CheckChunk, ref)
	requireType(t, err, contract.FailurePlanLost)
	require.Empty(t, d.levels(t))
}

// A chunk whose account cannot be stored is not saved: no row is refused without a reason.
func TestChunkIsSavedWithItsAccountOrNotAtAll(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	d := newDesk(t, testenv.SQLite(t), server.URL, 10)
	c := d.begin(t, "stock-levels", "a.csv", count("P-1,W1,1,", "NONE,W1,1,"))
	server.SetUnder(contract.JobsPrefix, blobtest.RefuseWrites)
	_, err := do(d.bench, contract.ApplyChunk, c.ref(0))
	require.Error(t, err)
	require.Empty(t, d.levels(t))
	written, err := d.store.SavedTally(t.Context(), c.id)
	require.NoError(t, err)
	require.Zero(t, written.Rows())

	server.Set(blobtest.None)
	require.EqualValues(t, 1, c.apply().Created)
	require.Equal(t, []string{"3 unknown_product"}, told(c.faults("faults-apply")))
}

func TestSaveDatabaseThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := testenv.PrivateMariaDB(t)
	d := newDesk(t, server.URL("longhaul"), folder(t), 10)
	c := d.begin(t, "stock-levels", "a.csv", count("P-1,W1,1,", "NONE,W1,1,"))
	server.Kill()
	for _, ref := range []contract.Activity[contract.ChunkRef, contract.ChunkResult]{contract.CheckChunk, contract.ApplyChunk} {
		_, err := do(d.bench, ref, c.ref(0))
		requireType(t, err, contract.FailureType(job.ReasonDownstream), ref.Name)
	}
	require.NoError(t, server.Restart(t.Context()))
	require.EqualValues(t, 1, c.apply().Created)
}

// A file that was sent for one kind and tenant is saved for no other, and a job that is unknown has its row all the same.
func TestRegisterSave(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 10)
		c := d.ask(t, "stock-levels", "a.csv", messy)
		r := c.registration()
		r.JobID, r.Kind = "other kind", "nonesuch"
		_, err := do(d.bench, contract.RegisterJob, r)
		requireType(t, err, contract.FailureType(job.ReasonBadInput))
		r = c.registration()
		r.JobID, r.BulkSave = "no upload", &contract.BulkSaveInput{Kind: c.in.Kind, Tenant: "acme", Upload: "nonesuch"}
		_, err = do(d.bench, contract.RegisterJob, r)
		requireType(t, err, contract.FailureType(job.ReasonBadInput))
		require.ErrorContains(t, err, "nonesuch")
		for _, id := range []string{c.id, "other kind", "no upload"} {
			j, err := d.store.Job(t.Context(), id)
			require.NoError(t, err, id)
			require.Equal(t, job.TypeBulkSave, j.Type)
			require.Contains(t, string(j.Request), `"upload"`, "its request is kept for a retry")
		}
		_, err = d.store.Save(t.Context(), "no upload")
		require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	})
}

func TestPruneUploadsAndSaves(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 10)
		left := d.send(t, "stock-levels", "left.csv", count("P-1,W1,1,"))
		c := d.begin(t, "stock-levels", "a.csv", messy)
		c.apply()
		c.report(contract.StageApply)
		require.NotEmpty(t, c.items("refused"))
		sent, err := d.store.Upload(t.Context(), c.in.Upload)
		require.NoError(t, err)
		require.True(t, sent.ExpiresAt.After(c.clock.Add(7*24*time.Hour)), "kept for as long as its rows can be undone")
		require.Zero(t, twice(t, d, contract.PruneUploads, contract.Nothing{}).Count)
		require.Zero(t, twice(t, d, contract.PruneSaves, contract.Nothing{}).Count)

		d.clock = left.ExpiresAt
		require.Equal(t, 1, must(t, d.bench, contract.PruneUploads, contract.Nothing{}).Count)
		require.Zero(t, must(t, d.bench, contract.PruneUploads, contract.Nothing{}).Count)
		_, err = d.blobs.Stat(t.Context(), left.Key)
		require.ErrorIs(t, err, blob.ErrNotFound)
		_, err = d.store.Upload(t.Context(), left.ID)
		require.Equal(t, job.CodeNotFound, job.CodeOf(err))
		_, err = d.blobs.Stat(t.Context(), sent.Key)
		require.NoError(t, err)

		d.clock = time.Now().Add(36 * 24 * time.Hour) // shown rows have the database's own time
		require.Positive(t, must(t, d.bench, contract.PruneSaves, contract.Nothing{}).Count)
		require.Zero(t, must(t, d.bench, contract.PruneSaves, contract.Nothing{}).Count)
		require.Empty(t, c.items(""))
		list, err := d.store.UndoPlan(t.Context(), c.id)
		require.NoError(t, err)
		require.Empty(t, list.Chunks, "nothing is left to undo with")
		require.Equal(t, 1, must(t, d.bench, contract.PruneUploads, contract.Nothing{}).Count)
		written, err := d.store.SavedTally(t.Context(), c.id)
		require.NoError(t, err)
		require.EqualValues(t, 5, written.Created, "what was saved stays told")
	})
}

// An upload whose row was never made is found by nobody: it is swept.
func TestSweepUploads(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 10)
		contract.SweepBlobs.Register(d, activities.Heavy(d.house.SweepBlobs))
		known := d.send(t, "stock-levels", "a.csv", messy)
		orphan := contract.UploadKey("nobodys")
		require.NoError(t, d.blobs.Put(t.Context(), orphan, []byte("x")))
		d.clock = time.Now()
		require.Zero(t, must(t, d.bench, contract.SweepBlobs, contract.Nothing{}).Count, "it is young: its row may be about to come")
		d.clock = d.clock.Add(49 * time.Hour)
		require.Equal(t, 1, must(t, d.bench, contract.SweepBlobs, contract.Nothing{}).Count)
		require.Zero(t, must(t, d.bench, contract.SweepBlobs, contract.Nothing{}).Count)
		_, err := d.blobs.Stat(t.Context(), orphan)
		require.ErrorIs(t, err, blob.ErrNotFound)
		_, err = d.blobs.Stat(t.Context(), known.Key)
		require.NoError(t, err)
	})
}
