package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// Jobs does the deeds that every type of job needs: it keeps the job's row and speaks to people.
type Jobs struct {
	Kinds  *dataset.Registry
	Store  *store.Store
	Notify notify.Notifier
	// Partners are those that syncs may call.
	Partners Partners
	// PublicURL is the base of links to the page, without a slash at the end.
	PublicURL string
}

// Register makes the job's row, whoever started the execution, and returns what its kind allows. A request
// that cannot be carried out has its row all the same, and ends as bad input.
func (j *Jobs) Register(ctx context.Context, r contract.Registration) (contract.Limits, error) {
	row, err := row(r)
	if err != nil {
		return contract.Limits{}, err
	}
	if err := j.Store.RegisterJob(ctx, row); err != nil {
		return contract.Limits{}, fmt.Errorf("register job %s: %w", r.JobID, err)
	}
	switch {
	case r.BulkSave != nil:
		return j.registerSave(ctx, r)
	case r.Sync != nil:
		return j.registerSync(ctx, r)
	}
	kind, err := j.Kinds.Export(r.Kind)
	if err != nil {
		return contract.Limits{}, err
	}
	return contract.Limits{
		Window: kind.Window, SlowAfter: kind.SlowAfter, StallAfter: kind.StallAfter,
		GiveUpAfter: kind.GiveUpAfter, MaxDuration: kind.MaxDuration, StepsPerRun: kind.PagesPerRun,
	}, nil
}

// registerSave notes which file a bulk save is of, and returns what its kind allows.
func (j *Jobs) registerSave(ctx context.Context, r contract.Registration) (contract.Limits, error) {
	kind, err := j.Kinds.BulkSave(r.Kind)
	if err != nil {
		return contract.Limits{}, err
	}
	save := store.SaveRow{
		JobID: r.JobID, Tenant: r.Tenant, Kind: r.Kind, UploadID: r.BulkSave.Upload, Undoes: r.BulkSave.Undo, CreatedAt: r.Started,
	}
	if save.UploadID != "" {
		sent, err := j.keepUpload(ctx, r, save.UploadID, kind.MaxDuration)
		if err != nil {
			return contract.Limits{}, err
		}
		save.SHA256 = sent.SHA256
	}
	if err := j.Store.RegisterSave(ctx, save); err != nil {
		return contract.Limits{}, fmt.Errorf("register save of job %s: %w", r.JobID, err)
	}
	return contract.Limits{
		Window: kind.Window, SlowAfter: kind.SlowAfter, StallAfter: kind.StallAfter,
		GiveUpAfter: kind.GiveUpAfter, MaxDuration: kind.MaxDuration, StepsPerRun: kind.ChunksPerRun, HoldFor: kind.HoldFor,
	}, nil
}

// registerSync notes where the items of a sync come from, and returns what its kind allows.
func (j *Jobs) registerSync(ctx context.Context, r contract.Registration) (contract.Limits, error) {
	kind, err := j.Kinds.Sync(r.Kind)
	if err != nil {
		return contract.Limits{}, err
	}
	if _, _, err := j.Partners.of(kind); err != nil {
		return contract.Limits{}, err
	}
	row := store.SyncRow{
		JobID: r.JobID, Tenant: r.Tenant, Kind: r.Kind, Partner: kind.Partner, UploadID: r.Sync.Upload, CreatedAt: r.Started,
	}
	if r.Sync.Retry != nil {
		row.RetryOf = r.Sync.Retry.JobID
	}
	if row.UploadID != "" {
		if _, err := j.keepUpload(ctx, r, row.UploadID, kind.MaxDuration); err != nil {
			return contract.Limits{}, err
		}
	}
	if err := j.Store.RegisterSync(ctx, row); err != nil {
		return contract.Limits{}, fmt.Errorf("register sync of job %s: %w", r.JobID, err)
	}
	return contract.Limits{
		Window: kind.Window, SlowAfter: kind.SlowAfter, StallAfter: kind.StallAfter, GiveUpAfter: kind.GiveUpAfter,
		MaxDuration: kind.MaxDuration, StepsPerRun: kind.StretchesPerRun, OutageFor: kind.OutageFor,
	}, nil
}

// keepUpload keeps a job's upload until the job has ended, however long it runs, and for some time to retry it.
func (j *Jobs) keepUpload(ctx context.Context, r contract.Registration, id string, longest time.Duration) (job.Upload, error) {
	sent, err := j.Store.Upload(ctx, id)
	if err != nil {
		return sent, err
	}
	if err := j.Store.ExtendUpload(ctx, sent.ID, r.Started.Add(longest+leftFor)); err != nil {
		return sent, fmt.Errorf("keep upload of job %s: %w", r.JobID, err)
	}
	return sent, nil
}

func row(r contract.Registration) (job.Job, error) {
	var asked any = r.Export
	switch {
	case r.BulkSave != nil:
		asked = r.BulkSave
	case r.Sync != nil:
		asked = r.Sync
	}
	request, err := json.Marshal(asked)
	if err != nil {
		return job.Job{}, fmt.Errorf("write request: %w", err)
	}
	return job.Job{
		ID: r.JobID, Type: r.Type, Kind: r.Kind, Tenant: r.Tenant, RequestedBy: r.RequestedBy, Request: request,
		WorkflowID: r.WorkflowID, RunID: r.RunID, CreatedAt: r.Started,
		Status: job.Status{
			State: job.Running, Progress: job.Progress{Phase: job.PhasePlanning}, UpdatedAt: r.Started,
		},
	}, nil
}

// Record writes how far a job has come to its row.
func (j *Jobs) Record(ctx context.Context, r contract.Record) (contract.Nothing, error) {
	return contract.Nothing{}, j.Store.RecordStatus(ctx, r.JobID, r.RunID, r.Status)
}

// Finish writes the end of a job, and its row if that was never made.
func (j *Jobs) Finish(ctx context.Context, end contract.Ending) (contract.Nothing, error) {
	r := end.Registration
	err := j.Store.RecordStatus(ctx, r.JobID, r.RunID, end.Status)
	if job.CodeOf(err) == job.CodeNotFound {
		var made job.Job
		if made, err = row(r); err == nil {
			err = j.Store.RegisterJob(ctx, made)
		}
		if err == nil {
			err = j.Store.RecordStatus(ctx, r.JobID, r.RunID, end.Status)
		}
	}
	if err != nil {
		return contract.Nothing{}, fmt.Errorf("record the end of job %s: %w", r.JobID, err)
	}
	return contract.Nothing{}, nil
}

// Alert tells people about a job.
func (j *Jobs) Alert(ctx context.Context, a contract.Alert) (contract.Nothing, error) {
	return contract.Nothing{}, j.Notify.Send(ctx, notify.Message{
		About: notify.About(a.About), Type: a.Type, Kind: a.Kind, Tenant: a.Tenant, JobID: a.JobID,
		State: a.Status.State, Reason: a.Status.Reason, Text: a.Status.Message,
		RowsDone: a.Status.Progress.RowsDone, RowsTotal: a.Status.Progress.RowsTotal, Since: a.Since,
		Link: strings.TrimSuffix(j.PublicURL, "/") + "/#/jobs/" + a.JobID,
	})
}
