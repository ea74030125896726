package activities_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func newJobs(t *testing.T, url string, tell notify.Notifier) *bench {
	t.Helper()
	b := newBench(t, url)
	kinds, err := catalog.New()
	require.NoError(t, err)
	jobs := &activities.Jobs{Kinds: kinds, Store: b.store, Notify: tell, PublicURL: "https://longhaul.example/"}
	contract.RegisterJob.Register(b, activities.Quick(jobs.Register))
	contract.RecordProgress.Register(b, activities.Quick(jobs.Record))
	contract.FinishJob.Register(b, activities.Quick(jobs.Finish))
	contract.SendAlert.Register(b, activities.Quick(jobs.Alert))
	return b
}

var began = time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)

func registration(id, run string) contract.Registration {
	return contract.Registration{
		JobID: id, Type: job.TypeExport, Kind: "order-lines", Tenant: "acme", RequestedBy: "kim",
		WorkflowID: "export/order-lines/acme/x", RunID: run, Started: began,
		Export: &contract.ExportInput{Kind: "order-lines", Tenant: "acme"},
	}
}

func end(state job.State, at time.Time) job.Status {
	return job.Status{
		State: state, UpdatedAt: at, EndedAt: &at, Progress: job.Progress{Phase: job.PhaseDone, RowsDone: 5, RowsTotal: 5},
		Artifacts: []job.Artifact{{Name: "a.xlsx", Key: "artifacts/1.xlsx", Size: 9, SHA256: "ab", Rows: 5, Sheets: 1, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}},
	}
}

func TestRowOfAJobTwice(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		b := newJobs(t, url, notify.Log{})
		limits := must(t, b, contract.RegisterJob, registration("j1", "r1"))
		require.Equal(t, limits, must(t, b, contract.RegisterJob, registration("j1", "r1")))
		require.Positive(t, limits.Window)
		require.Positive(t, limits.GiveUpAfter)

		progress := contract.Record{JobID: "j1", RunID: "r1", Status: job.Status{
			State: job.Running, UpdatedAt: began.Add(time.Second), Progress: job.Progress{Phase: job.PhasePages, RowsDone: 3, RowsTotal: 5},
		}}
		for range 2 {
			must(t, b, contract.RecordProgress, progress)
		}
		row, err := b.store.Job(t.Context(), "j1")
		require.NoError(t, err)
		require.EqualValues(t, 3, row.Progress.RowsDone)
		require.Equal(t, "kim", row.RequestedBy)

		ending := contract.Ending{Registration: registration("j1", "r1"), Status: end(job.Succeeded, began.Add(time.Minute))}
		for range 2 {
			must(t, b, contract.FinishJob, ending)
		}
		must(t, b, contract.RecordProgress, progress) // a late one changes nothing
		row, err = b.store.Job(t.Context(), "j1")
		require.NoError(t, err)
		require.Equal(t, job.Succeeded, row.State)
		require.Len(t, row.Artifacts, 1)
		require.Equal(t, "artifacts/1.xlsx", row.Artifacts[0].Key)
	})
}

// The end of a job makes its row if that was never made.
func TestFinishWithoutARow(t *testing.T) {
	t.Parallel()
	b := newJobs(t, testenv.SQLite(t), notify.Log{})
	must(t, b, contract.FinishJob, contract.Ending{Registration: registration("j2", "r1"), Status: end(job.Failed, began.Add(time.Minute))})
	row, err := b.store.Job(t.Context(), "j2")
	require.NoError(t, err)
	require.Equal(t, job.Failed, row.State)
}

// An unknown kind ends as bad input, and has its row all the same.
func TestRegisterUnknownKind(t *testing.T) {
	t.Parallel()
	b := newJobs(t, testenv.SQLite(t), notify.Log{})
	r := registration("j3", "r1")
	r.Kind = "nonesuch"
	_, err := do(b, contract.RegisterJob, r)
	requireType(t, err, contract.FailureType(job.ReasonBadInput))
	row, err := b.store.Job(t.Context(), "j3")
	require.NoError(t, err)
	require.Equal(t, "nonesuch", row.Kind)
}

func TestAlertReachesSlack(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	status := http.StatusOK
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != http.StatusOK {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			return
		}
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
		_, _ = w.Write([]byte("ok"))
	}))
	defer slack.Close()
	tell, err := notify.NewSlack(slack.URL+"/services/T0/B0/secret", nil)
	require.NoError(t, err)
	b := newJobs(t, testenv.SQLite(t), tell)
	alert := contract.Alert{
		JobID: "j4", Type: job.TypeExport, Kind: "order-lines", Tenant: "acme", About: contract.AlertStalled, Since: began,
		Status: job.Status{State: job.Running, Progress: job.Progress{RowsDone: 1200, RowsTotal: 5000}},
	}
	must(t, b, contract.SendAlert, alert)
	body := <-got
	require.True(t, json.Valid([]byte(body)))
	for _, word := range []string{"order-lines", "acme", "1,200", "https://longhaul.example/#/jobs/j4"} {
		require.Contains(t, body, word)
	}

	status = http.StatusTooManyRequests
	_, err = do(b, contract.SendAlert, alert)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable())
	require.Equal(t, 7*time.Second, app.NextRetryDelay())
	require.NotContains(t, err.Error(), "secret")

	status = http.StatusNotFound
	_, err = do(b, contract.SendAlert, alert)
	require.ErrorAs(t, err, &app)
	require.True(t, app.NonRetryable(), "a webhook that is gone stays gone")
	require.NotContains(t, err.Error(), "secret")
}

// What a deed says goes nowhere after the worker was told to stop; the next attempt begins at once.
func TestHeavyHandsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	stop := make(chan struct{})
	b.SetWorkerStopChannel(stop)
	wait := contract.Activity[contract.Nothing, contract.Nothing]{Name: "Wait"}
	wait.Register(b, activities.Heavy(func(ctx context.Context, _ contract.Nothing) (contract.Nothing, error) {
		close(stop)
		<-ctx.Done()
		return contract.Nothing{}, ctx.Err()
	}))
	_, err := do(b, wait, contract.Nothing{})
	requireType(t, err, contract.FailureStopping)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Positive(t, app.NextRetryDelay())
	require.Less(t, app.NextRetryDelay(), time.Second)
}
