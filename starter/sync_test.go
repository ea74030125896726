package starter_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
	"github.com/longhaul/longhaul/workflows"
)

// standIn takes the place of the workflow Sync: it registers and says that it has sent one item, until it is told how to
// end.
func standIn(ctx workflow.Context, in contract.SyncInput) (job.Status, error) {
	status := job.Status{State: job.Running,
		Progress: job.Progress{Phase: job.PhaseSending, RowsDone: 1, RowsTotal: 3},
		Sync:     &job.Sync{Partner: "marketplace", Tally: job.SyncTally{Succeeded: 1}, Upload: in.Upload}}
	if err := contract.Status.Handle(ctx, func() (job.Status, error) { return status, nil }); err != nil {
		return status, err
	}
	info := workflow.GetInfo(ctx)
	_, err := contract.RegisterJob.Run(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute}), contract.Registration{
		JobID: info.FirstRunID, Type: job.TypeSync, Kind: in.Kind, Tenant: in.Tenant, RequestedBy: in.RequestedBy,
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Started: workflow.Now(ctx), Sync: &in,
	})
	if err != nil {
		return status, err
	}
	told := false
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, &status.State)
		told = true
	})
	err = workflow.Await(ctx, func() bool { return told })
	now := workflow.Now(ctx)
	status.EndedAt, status.Progress.Phase = &now, job.PhaseDone
	return status, err
}

// sending runs a worker on which syncs are stood in for.
func (s *shop) sending(t *testing.T) {
	t.Helper()
	w := sdkworker.New(s.Temporal, s.TaskQueue, sdkworker.Options{})
	contract.Sync.Register(w, standIn)
	contract.Scheduled.Register(w, workflows.Scheduled)
	contract.RegisterJob.Register(w, s.deeds.Jobs.Register)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func (s *shop) startSync(t *testing.T, in contract.SyncInput) job.Job {
	t.Helper()
	j, replayed, err := s.StartSync(t.Context(), in, "")
	require.NoError(t, err)
	require.False(t, replayed)
	return j
}

// end lets a sync end.
func (s *shop) end(t *testing.T, j job.Job, as job.State) job.Job {
	t.Helper()
	require.NoError(t, s.Temporal.SignalWorkflow(t.Context(), j.WorkflowID, "", "end", as))
	return s.until(t, j.ID, ended)
}

// dispatches asks for a sync of what filters choose.
func (s *shop) dispatches() contract.SyncInput {
	return contract.SyncInput{Kind: "dispatch-shipments", Tenant: s.tenant, RequestedBy: "kim"}
}

const threeItems = `[{"order_number":"O-1","line_number":1,"carrier":"CJ","tracking_number":"T-1"},
	{"order_number":"O-1","line_number":2,"carrier":"CJ","tracking_number":"T-1"},
	{"order_number":"O-2","line_number":1,"carrier":"CJ","tracking_number":"T-2"}]`

// post uploads items.
func (s *shop) post(t *testing.T, items string) job.Upload {
	t.Helper()
	u, err := s.Upload(t.Context(), starter.UploadRequest{Kind: "dispatch-shipments", Tenant: s.tenant, Name: "items.json", Size: -1}, strings.NewReader(items))
	require.NoError(t, err)
	return u
}

func TestSyncFromFilters(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		in := s.dispatches()
		in.Filters = job.Filters{"channel": {"b", "a", "b"}}
		j, replayed, err := s.StartSync(t.Context(), in, "key")
		require.NoError(t, err)
		require.False(t, replayed)
		require.Equal(t, job.TypeSync, j.Type)
		require.Equal(t, "sync/dispatch-shipments/"+s.tenant, j.WorkflowID)
		var request contract.SyncInput
		require.NoError(t, json.Unmarshal(j.Request, &request))
		in.Filters, in.Locale = job.Filters{"channel": {"a", "b"}}, "ko"
		require.Equal(t, in, request, "in canonical form")

		same := in
		same.RequestedBy, same.Filters = "lee", job.Filters{"channel": {"b", "a"}}
		again, replayed, err := s.StartSync(t.Context(), same, "key")
		require.NoError(t, err)
		require.True(t, replayed)
		require.Equal(t, j.ID, again.ID)
		other := in
		other.Locale = "en"
		_, _, err = s.StartSync(t.Context(), other, "key")
		require.Equal(t, job.CodeConflict, job.CodeOf(err), "same key, other request")

		_, _, err = s.StartSync(t.Context(), other, "")
		var dup *job.Error
		require.ErrorAs(t, err, &dup)
		require.Equal(t, job.CodeDuplicate, dup.Code, "one at a time, whatever its items")
		require.Equal(t, j.ID, dup.JobID)
	})
}

func TestSyncFromUpload(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	s.sending(t)
	u := s.post(t, threeItems)
	require.Equal(t, "json", u.Format)
	require.Empty(t, u.Missing)
	in := s.dispatches()
	in.Upload = u.ID
	j, _, err := s.StartSync(t.Context(), in, "key")
	require.NoError(t, err)
	var request contract.SyncInput
	require.NoError(t, json.Unmarshal(j.Request, &request))
	require.Equal(t, map[string]string{
		"order_number": "order_number", "line_number": "line_number", "carrier": "carrier", "tracking_number": "tracking_number",
	}, request.Mapping, "names every header")

	in.Upload = s.post(t, threeItems).ID
	again, replayed, err := s.StartSync(t.Context(), in, "key")
	require.NoError(t, err, "the same items, posted again, are the same request")
	require.True(t, replayed)
	require.Equal(t, j.ID, again.ID)
	s.end(t, j, job.Succeeded)

	// Headers that somebody has explained are known the next time.
	odd := strings.ReplaceAll(threeItems, "tracking_number", "the number")
	in.Upload, in.Mapping = s.post(t, odd).ID, map[string]string{"the number": "tracking_number"}
	j = s.startSync(t, in)
	s.end(t, j, job.Succeeded)
	require.Empty(t, s.post(t, odd).Missing)
}

func TestSyncRefusesWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	stock := s.send(t, goodCount)
	good := s.post(t, threeItems)
	incomplete := s.post(t, `[{"order_number":"O-1"}]`)
	for name, c := range map[string]struct {
		change  func(*contract.SyncInput)
		code    job.Code
		pointer string
	}{
		"kind":               {func(in *contract.SyncInput) { in.Kind = "order-lines" }, job.CodeNotFound, ""},
		"no tenant":          {func(in *contract.SyncInput) { in.Tenant = "" }, job.CodeInvalid, "/tenant"},
		"tenant":             {func(in *contract.SyncInput) { in.Tenant = "nobody" }, job.CodeInvalid, "/tenant"},
		"filter":             {func(in *contract.SyncInput) { in.Filters = job.Filters{"x": {"1"}} }, job.CodeInvalid, "/filters/x"},
		"locale":             {func(in *contract.SyncInput) { in.Locale = "fr" }, job.CodeInvalid, "/locale"},
		"no upload":          {func(in *contract.SyncInput) { in.Upload = "nonesuch" }, job.CodeInvalid, "/upload"},
		"upload of another":  {func(in *contract.SyncInput) { in.Upload = stock.ID }, job.CodeInvalid, "/upload"},
		"mapping":            {func(in *contract.SyncInput) { in.Upload, in.Mapping = good.ID, map[string]string{"x": "carrier"} }, job.CodeInvalid, "/mapping/x"},
		"column is missing":  {func(in *contract.SyncInput) { in.Upload = incomplete.ID }, job.CodeInvalid, ""},
		"two sources":        {func(in *contract.SyncInput) { in.Upload, in.Filters = good.ID, job.Filters{"channel": {"a"}} }, job.CodeInvalid, "/filters"},
		"mapping of nothing": {func(in *contract.SyncInput) { in.Mapping = map[string]string{"a": "b"} }, job.CodeInvalid, "/mapping"},
		"retry and upload":   {func(in *contract.SyncInput) { in.Upload, in.Retry = good.ID, &contract.SyncRetry{JobID: "x"} }, job.CodeInvalid, "/retry"},
		"retry of nothing":   {func(in *contract.SyncInput) { in.Retry = &contract.SyncRetry{JobID: uuid.NewString()} }, job.CodeInvalid, "/retry/job"},
	} {
		in := s.dispatches()
		c.change(&in)
		_, _, err := s.StartSync(t.Context(), in, "")
		var known *job.Error
		require.ErrorAs(t, err, &known, name)
		require.Equal(t, c.code, known.Code, name)
		if c.pointer != "" {
			require.Equal(t, c.pointer, known.Fields[0].Pointer, name)
		}
	}
	in := s.dispatches()
	in.Upload = good.ID
	s.clock = s.clock.Add(73 * time.Hour)
	_, _, err := s.StartSync(t.Context(), in, "")
	require.ErrorContains(t, err, "/upload: there is no such upload for this kind and tenant, or no longer")

	s.PartnerSettings = map[string]partner.Settings{"carrier": {}}
	_, _, err = s.StartSync(t.Context(), s.dispatches(), "")
	require.Equal(t, job.CodeUnavailable, job.CodeOf(err))
	require.ErrorContains(t, err, "the partner marketplace is not configured: set LONGHAUL_PARTNER_MARKETPLACE_URL")
}

// items are the rows of a sync's items, in one stretch; outcomes are recorded for them from the first on.
func (s *shop) items(t *testing.T, j job.Job, n int, outcomes ...store.SyncOutcome) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.Store.RegisterSync(ctx, store.SyncRow{
		JobID: j.ID, Tenant: s.tenant, Kind: j.Kind, Partner: "marketplace", CreatedAt: s.clock}))
	var all []store.SyncItem
	for i := range n {
		all = append(all, store.SyncItem{JobID: j.ID, Position: int64(i + 1), Key: "O-" + string(rune('1'+i)),
			IdempotencyKey: uuid.NewString(), Fields: map[string]string{"order_number": "O"}})
	}
	require.NoError(t, s.Store.AddSyncItems(ctx, all))
	require.NoError(t, s.Store.SealSync(ctx, j.ID, int64(n), 1, job.SyncTally{}))
	s.finish(t, j, outcomes...)
}

func (s *shop) finish(t *testing.T, j job.Job, outcomes ...store.SyncOutcome) {
	t.Helper()
	for i := range outcomes {
		outcomes[i].JobID, outcomes[i].At = j.ID, s.clock
	}
	_, err := s.Store.FinishItems(t.Context(), outcomes)
	require.NoError(t, err)
}

func succeeded(position int64) store.SyncOutcome {
	return store.SyncOutcome{SyncRef: store.SyncRef{Position: position}, Outcome: job.ItemSucceeded}
}

func failed(position int64, code job.ItemCode) store.SyncOutcome {
	return store.SyncOutcome{SyncRef: store.SyncRef{Position: position}, Outcome: job.ItemFailed, Code: code, Message: "no"}
}

// The execution knows of a stretch when it ends, the database of every item.
func TestSyncCountsAreExact(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		j := s.startSync(t, s.dispatches())
		s.items(t, j, 3)

		early, err := s.Job(t.Context(), j.ID)
		require.NoError(t, err)
		require.NotNil(t, early.StaleSince, "nobody answers for it")
		require.Equal(t, "marketplace", early.Sync.Partner)
		require.Equal(t, "marketplace", early.Sync.Account.Partner)

		s.sending(t)
		got := s.until(t, j.ID, func(j job.Job) bool { return j.State == job.Running })
		require.Equal(t, job.SyncTally{Succeeded: 1}, got.Sync.Tally, "the execution knows more")

		s.finish(t, j, succeeded(1), failed(2, job.ItemRejected))
		want := job.SyncTally{Succeeded: 1, Failed: 1, Codes: []job.ItemCodeCount{{Code: job.ItemRejected, Count: 1}}}
		got, err = s.Job(t.Context(), j.ID)
		require.NoError(t, err)
		require.Equal(t, want, got.Sync.Tally)
		require.Equal(t, []int64{2, 3}, []int64{got.Progress.RowsDone, got.Progress.RowsTotal})
		require.NotNil(t, got.Sync.Account)

		list, err := s.Jobs(t.Context(), job.Query{Kind: "dispatch-shipments"})
		require.NoError(t, err)
		require.Equal(t, want, list.Jobs[0].Sync.Tally)
		require.Equal(t, int64(2), list.Jobs[0].Progress.RowsDone)

		end := s.end(t, j, job.Succeeded)
		require.Nil(t, end.Sync.Account, "how the account stands is no part of what has ended")
	})
}

func TestRetryOfItems(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		s.sending(t)
		in := s.dispatches()
		in.Locale = "en"
		j := s.startSync(t, in)
		s.items(t, j, 4, succeeded(1), failed(2, job.ItemRejected), failed(3, job.ItemTimedOut))
		_, err := s.RetryItems(t.Context(), j.ID, contract.SyncRetry{}, "lee")
		require.Equal(t, job.CodeConflict, job.CodeOf(err), "it runs")
		s.end(t, j, job.PartiallySucceeded)
		_, err = s.Store.CloseSync(t.Context(), j.ID, job.ItemStopped)
		require.NoError(t, err)

		for pointer, sel := range map[string]contract.SyncRetry{
			"/outcome": {Outcome: job.ItemSucceeded}, "/codes/1": {Codes: []job.ItemCode{job.ItemRejected, "odd"}},
			"/positions/1": {Positions: []int64{1, 0}}, "/positions": {Positions: make([]int64, 1001)},
		} {
			_, err := s.RetryItems(t.Context(), j.ID, sel, "lee")
			var known *job.Error
			require.ErrorAs(t, err, &known, pointer)
			require.Equal(t, pointer, known.Fields[0].Pointer)
		}
		for name, sel := range map[string]contract.SyncRetry{
			"code": {Codes: []job.ItemCode{job.ItemNotFound}}, "succeeded": {Positions: []int64{1}},
			"both": {Outcome: job.ItemUnprocessed, Codes: []job.ItemCode{job.ItemRejected}},
		} {
			_, err := s.RetryItems(t.Context(), j.ID, sel, "lee")
			require.Equal(t, job.CodeConflict, job.CodeOf(err), name)
			require.ErrorContains(t, err, "there is nothing to retry", name)
		}

		again, err := s.RetryItems(t.Context(), j.ID, contract.SyncRetry{Positions: []int64{4, 2, 4}, JobID: "not looked at"}, "lee")
		require.NoError(t, err)
		var request contract.SyncInput
		require.NoError(t, json.Unmarshal(again.Request, &request))
		require.Equal(t, contract.SyncInput{Kind: "dispatch-shipments", Tenant: s.tenant, Locale: "en", RequestedBy: "lee",
			Retry: &contract.SyncRetry{JobID: j.ID, Positions: []int64{2, 4}}}, request)
		require.Equal(t, "lee", again.RequestedBy)
		_, err = s.Retry(t.Context(), j.ID)
		require.Equal(t, job.CodeDuplicate, job.CodeOf(err), "one at a time")

		// A job that ended before it came to items is started once more, with its request.
		s.end(t, again, job.Failed)
		third, err := s.Retry(t.Context(), again.ID)
		require.NoError(t, err)
		require.JSONEq(t, string(again.Request), string(third.Request))
		s.end(t, third, job.Failed)

		all, err := s.Retry(t.Context(), j.ID)
		require.NoError(t, err)
		request = contract.SyncInput{}
		require.NoError(t, json.Unmarshal(all.Request, &request))
		require.Equal(t, &contract.SyncRetry{JobID: j.ID}, request.Retry)
		s.items(t, all, 1, succeeded(1))
		s.end(t, all, job.Succeeded)
		_, err = s.Retry(t.Context(), all.ID)
		require.Equal(t, job.CodeConflict, job.CodeOf(err))
		require.ErrorContains(t, err, "there is nothing to retry")

		_, err = s.Store.PruneSyncs(t.Context(), s.clock.Add(time.Hour), 100)
		require.NoError(t, err)
		_, err = s.RetryItems(t.Context(), j.ID, contract.SyncRetry{}, "lee")
		require.Equal(t, job.CodeGone, job.CodeOf(err))
	})
}

func TestRetryOfItemsIsForSyncs(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	j, _, err := s.StartExport(t.Context(), contract.ExportInput{Kind: "stock-levels", Tenant: s.tenant}, "")
	require.NoError(t, err)
	_, err = s.RetryItems(t.Context(), j.ID, contract.SyncRetry{}, "")
	require.Equal(t, job.CodeConflict, job.CodeOf(err))
	_, err = s.RetryItems(t.Context(), uuid.NewString(), contract.SyncRetry{}, "")
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
}

// Without a worker there is no row, but the execution can be found.
func TestSaveAndSyncStartedByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, want := range map[string]job.Job{
		"BulkSave": {Type: job.TypeBulkSave, Kind: "stock-levels", Tenant: "acme", RequestedBy: "kim"},
		"Sync":     {Type: job.TypeSync, Kind: "dispatch-shipments", Tenant: "acme"},
	} {
		run, err := h.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: "by-hand-" + uuid.NewString(), TaskQueue: h.TaskQueue,
		}, name, map[string]any{"kind": want.Kind, "tenant": want.Tenant, "requested_by": want.RequestedBy})
		require.NoError(t, err)
		early := h.until(t, run.GetRunID(), func(job.Job) bool { return true })
		require.Equal(t, job.Queued, early.State)
		require.Equal(t, want, job.Job{Type: early.Type, Kind: early.Kind, Tenant: early.Tenant, RequestedBy: early.RequestedBy})

		require.NoError(t, h.Temporal.TerminateWorkflow(t.Context(), run.GetID(), "", "by the test"))
		end := h.until(t, run.GetRunID(), ended)
		require.Equal(t, job.Cancelled, end.State)
		row, err := h.Store.Job(t.Context(), run.GetRunID())
		require.NoError(t, err)
		require.Equal(t, want.Type, row.Type)
	}

	continued, err := h.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "by-hand-" + uuid.NewString(), TaskQueue: h.TaskQueue,
	}, "Sync", map[string]any{"kind": "dispatch-shipments", "tenant": "acme", "carried": map[string]any{"next": 1}})
	require.NoError(t, err)
	_, err = h.Job(t.Context(), continued.GetRunID())
	require.Equal(t, job.CodeNotFound, job.CodeOf(err), "a later run is not named by its own ID")
}
