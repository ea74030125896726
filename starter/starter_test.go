package starter_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
	"github.com/longhaul/longhaul/worker"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// house is a starter on real parts with a task queue of its own; work starts a worker on it.
type house struct {
	*starter.Starter
	deeds worker.Deeds
	clock time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseOn(t, testenv.SQLite(t))
}

func newHouseOn(t *testing.T, database string) *house {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, database, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(ctx))
	require.NoError(t, seed.Sample(ctx, s, seed.Options{OrderLines: 300, OneSeller: true}))
	blobs, err := blob.Open(ctx, "file://"+t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	kinds, err := catalog.New()
	require.NoError(t, err)

	temporal := testenv.Temporal(t)
	require.NoError(t, starter.EnsureSearchAttributes(ctx, temporal, client.DefaultNamespace))
	h := &house{clock: time.Now()}
	h.Starter = &starter.Starter{
		Temporal: temporal, Store: s, Kinds: kinds, TaskQueue: "starter-" + uuid.NewString(),
		PartnerSettings: map[string]partner.Settings{"marketplace": {Name: "marketplace", URL: "https://market.example/api?x=1"}},
		Now:             func() time.Time { return h.clock },
	}
	h.deeds = worker.Deeds{
		Jobs:         &activities.Jobs{Kinds: kinds, Store: s, Notify: notify.Log{}, Partners: activities.Partners{"marketplace": {}}},
		Export:       &activities.Export{Kinds: kinds, Store: s, Blobs: blobs},
		Housekeeping: &activities.Housekeeping{Store: s, Blobs: blobs, Heal: h.Heal},
	}
	return h
}

// work runs a worker until the returned function is called.
func (h *house) work(t *testing.T) (stop func()) {
	t.Helper()
	w, _ := worker.New(h.Temporal, h.deeds, worker.Options{TaskQueue: h.TaskQueue})
	require.NoError(t, w.Start())
	return w.Stop
}

// request differs from test to test by its tenant's filters, because all share one Temporal.
func request(t *testing.T) contract.ExportInput {
	return contract.ExportInput{
		Kind: "order-lines", Tenant: "acme", Format: "csv",
		Filters: job.Filters{"sku": {"none-" + t.Name()}, "status": {"new"}},
	}
}

// until asks for the job until it is as wanted.
func (h *house) until(t *testing.T, id string, wanted func(job.Job) bool) job.Job {
	t.Helper()
	var last job.Job
	require.Eventually(t, func() bool {
		j, err := h.Job(t.Context(), id)
		last = j
		return err == nil && wanted(j)
	}, 60*time.Second, 20*time.Millisecond, "job is %+v", &last)
	return last
}

func ended(j job.Job) bool { return j.State.Ended() }

func TestStartRefusesWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		in      contract.ExportInput
		code    job.Code
		pointer string
	}{
		"kind":      {contract.ExportInput{Kind: "nonesuch", Tenant: "acme"}, job.CodeNotFound, ""},
		"no tenant": {contract.ExportInput{Kind: "order-lines"}, job.CodeInvalid, "/tenant"},
		"tenant":    {contract.ExportInput{Kind: "order-lines", Tenant: "nobody"}, job.CodeInvalid, "/tenant"},
		"filter":    {contract.ExportInput{Kind: "order-lines", Tenant: "acme", Filters: job.Filters{"x": {"1"}}}, job.CodeInvalid, "/filters/x"},
		"column":    {contract.ExportInput{Kind: "order-lines", Tenant: "acme", Columns: []string{"sku", "x"}}, job.CodeInvalid, "/columns/1"},
	} {
		_, _, err := h.StartExport(t.Context(), c.in, "")
		require.Equal(t, c.code, job.CodeOf(err), name)
		var known *job.Error
		require.ErrorAs(t, err, &known, name)
		if c.pointer != "" {
			require.Equal(t, c.pointer, known.Fields[0].Pointer, name)
		}
	}
}

func TestSecondStartNamesTheRunningJob(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := request(t)
	first, replayed, err := h.StartExport(t.Context(), in, "")
	require.NoError(t, err)
	require.False(t, replayed)
	require.Equal(t, job.Queued, first.State)

	same := in
	same.Filename, same.RequestedBy, same.Locale = "another name", "somebody else", "ko"
	_, _, err = h.StartExport(t.Context(), same, "")
	var dup *job.Error
	require.ErrorAs(t, err, &dup)
	require.Equal(t, job.CodeDuplicate, dup.Code)
	require.Equal(t, first.ID, dup.JobID)

	other := in
	other.Columns = []string{"sku"}
	_, _, err = h.StartExport(t.Context(), other, "")
	require.NoError(t, err, "another request is another job")

	defer h.work(t)()
	h.until(t, first.ID, ended)
	require.Eventually(t, func() bool {
		_, _, err = h.StartExport(t.Context(), in, "")
		return err == nil
	}, 30*time.Second, 20*time.Millisecond, "an ended job makes room")
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := request(t)
	first, _, err := h.StartExport(t.Context(), in, "key")
	require.NoError(t, err)

	again, replayed, err := h.StartExport(t.Context(), in, "key")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, first.ID, again.ID)

	other := in
	other.Filename = "other.csv"
	_, _, err = h.StartExport(t.Context(), other, "key")
	require.Equal(t, job.CodeConflict, job.CodeOf(err), "same key, other request")

	// The process died after the start and before it could note the job.
	require.NoError(t, h.Store.DB(t.Context()).Exec("UPDATE idempotency_keys SET job_id = ''").Error)
	found, replayed, err := h.StartExport(t.Context(), in, "key")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, first.ID, found.ID)

	// The same, and the job has ended since.
	defer h.work(t)()
	h.until(t, first.ID, ended)
	require.NoError(t, h.Store.DB(t.Context()).Exec("UPDATE idempotency_keys SET job_id = ''").Error)
	found, replayed, err = h.StartExport(t.Context(), in, "key")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, first.ID, found.ID)
}

// The longest file name there may be, in letters of three bytes, on both engines: one of them minds lengths.
func TestIdempotencyKeyWithALongFilename(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		h := newHouseOn(t, url)
		in := request(t)
		in.Filename = strings.Repeat("가", 190)
		first, _, err := h.StartExport(t.Context(), in, "key")
		require.NoError(t, err)
		again, replayed, err := h.StartExport(t.Context(), in, "key")
		require.NoError(t, err)
		require.True(t, replayed)
		require.Equal(t, first.ID, again.ID)
	})
}

func TestStatusWithoutAWorker(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	j, _, err := h.StartExport(t.Context(), request(t), "")
	require.NoError(t, err)
	got, err := h.Job(t.Context(), j.ID)
	require.NoError(t, err)
	require.Equal(t, job.Queued, got.State)
	require.NotNil(t, got.StaleSince, "nobody answers for it")

	_, err = h.Pause(t.Context(), j.ID)
	require.Equal(t, job.CodeUnavailable, job.CodeOf(err))

	// Cancelling needs no worker; the one that comes finds the wish.
	cancelling, err := h.Cancel(t.Context(), j.ID)
	require.NoError(t, err)
	require.Equal(t, job.Cancelling, cancelling.State)
	defer h.work(t)()
	end := h.until(t, j.ID, ended)
	require.Equal(t, job.Cancelled, end.State)
	require.Equal(t, job.ReasonUser, end.Reason)
	_, err = h.Cancel(t.Context(), j.ID)
	require.Equal(t, job.CodeConflict, job.CodeOf(err))
}

func TestJobStartedByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	run, err := h.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "by-hand-" + uuid.NewString(), TaskQueue: h.TaskQueue,
	}, "Export", map[string]any{"kind": "order-lines", "tenant": "acme", "filters": map[string]any{"status": "delivered"}})
	require.NoError(t, err)
	// Without a worker there is no row, but the execution can be found.
	early := h.until(t, run.GetRunID(), func(job.Job) bool { return true })
	require.Equal(t, job.Queued, early.State)

	defer h.work(t)()
	end := h.until(t, run.GetRunID(), ended)
	require.Equal(t, job.Succeeded, end.State)
	require.Equal(t, job.TypeExport, end.Type)
	require.Len(t, end.Artifacts, 1)
	list, err := h.Jobs(t.Context(), job.Query{Kind: "order-lines"})
	require.NoError(t, err)
	require.Equal(t, end.ID, list.Jobs[0].ID)
}

func TestTerminatedAndForgottenJobsAreHealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := request(t)
	terminated, _, err := h.StartExport(t.Context(), in, "")
	require.NoError(t, err)
	require.NoError(t, h.Temporal.TerminateWorkflow(t.Context(), terminated.WorkflowID, "", "by the test"))
	got := h.until(t, terminated.ID, ended)
	require.Equal(t, job.Cancelled, got.State)
	require.Equal(t, job.ReasonOperator, got.Reason)
	row, err := h.Store.Job(t.Context(), terminated.ID)
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, row.State, "the row is put right")

	again, err := h.Retry(t.Context(), terminated.ID)
	require.NoError(t, err)
	require.NotEqual(t, terminated.ID, again.ID)

	// A row whose execution Temporal does not know.
	ghost := again
	ghost.ID, ghost.RunID, ghost.WorkflowID = uuid.NewString(), uuid.NewString(), "ghost-"+uuid.NewString()
	require.NoError(t, h.Store.InsertJob(t.Context(), ghost))
	require.NoError(t, h.Heal(t.Context(), ghost.ID))
	row, err = h.Store.Job(t.Context(), ghost.ID)
	require.NoError(t, err)
	require.Equal(t, job.Failed, row.State)
}

func TestUnknownJob(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, id := range []string{"", "x' OR '1'='1", uuid.NewString()} {
		_, err := h.Job(t.Context(), id)
		require.Equal(t, job.CodeNotFound, job.CodeOf(err), id)
	}
}

func TestArtifactExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	defer h.work(t)()
	j, _, err := h.StartExport(t.Context(), contract.ExportInput{Kind: "stock-levels", Tenant: "acme", Filename: t.Name()}, "")
	require.NoError(t, err)
	end := h.until(t, j.ID, ended)
	require.Equal(t, job.Succeeded, end.State)
	name := end.Artifacts[0].Name
	_, err = h.Artifact(t.Context(), j.ID, name)
	require.NoError(t, err)
	h.clock = h.clock.Add(8 * 24 * time.Hour)
	_, err = h.Artifact(t.Context(), j.ID, name)
	require.Equal(t, job.CodeGone, job.CodeOf(err))

	h.deeds.Housekeeping.Now = h.Now
	for range 2 { // every deed twice
		_, err = h.deeds.Housekeeping.ExpireArtifacts(t.Context(), contract.Nothing{})
		require.NoError(t, err)
	}
	_, err = h.deeds.Housekeeping.Blobs.Stat(t.Context(), end.Artifacts[0].Key)
	require.ErrorIs(t, err, blob.ErrNotFound)
	_, err = h.Artifact(t.Context(), j.ID, name)
	require.Equal(t, job.CodeGone, job.CodeOf(err))
}

func TestHousekeepingIsScheduledOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 2 {
		require.NoError(t, starter.EnsureHousekeeping(t.Context(), h.Temporal, h.TaskQueue))
	}
	handle := h.Temporal.ScheduleClient().GetHandle(t.Context(), contract.HousekeepingID)
	defer func() { require.NoError(t, handle.Delete(context.WithoutCancel(t.Context()))) }()
	require.NoError(t, handle.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	defer h.work(t)()
	require.Eventually(t, func() bool {
		d, err := handle.Describe(t.Context())
		return err == nil && len(d.Info.RecentActions) > 0 && len(d.Info.RunningWorkflows) == 0
	}, 60*time.Second, 50*time.Millisecond)
	d, err := handle.Describe(t.Context())
	require.NoError(t, err)
	result := d.Info.RecentActions[0].StartWorkflowResult
	var did contract.HousekeepingResult
	require.NoError(t, h.Temporal.GetWorkflow(t.Context(), result.WorkflowID, "").Get(t.Context(), &did))
}
