package starter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// StartBulkSave starts to save an upload. Errors are those of [Starter.StartExport]; CodeDuplicate where a save of
// this kind runs for this tenant, whatever its file.
func (s *Starter) StartBulkSave(ctx context.Context, in contract.BulkSaveInput, key string) (job.Job, bool, error) {
	checked, sent, err := s.checkBulkSave(ctx, in)
	if err != nil {
		return job.Job{}, false, err
	}
	s.remember(ctx, in.Tenant, in.Kind, in.Mapping)
	return s.startKeyed(ctx, s.bulkSave(checked, sent.SHA256, sent.Name), key)
}

// saveAgain starts the request of an earlier job. Its mapping names every header, guesses included, and is none that
// somebody has said himself.
func (s *Starter) saveAgain(ctx context.Context, in contract.BulkSaveInput) (job.Job, error) {
	in, sent, err := s.checkBulkSave(ctx, in)
	if err != nil {
		return job.Job{}, err
	}
	return s.start(ctx, s.bulkSave(in, sent.SHA256, sent.Name), "")
}

func (s *Starter) bulkSave(in contract.BulkSaveInput, sha256, name string) execution {
	how := in
	how.Upload, how.RequestedBy = sha256, "" // the same file, sent again and by whom ever, is the same request
	doc, err := json.Marshal(how)
	if err != nil {
		panic(fmt.Sprintf("marshal bulk save: %v", err)) // plain values only: cannot fail
	}
	summary := fmt.Sprintf("bulk save %s for %s: %s", in.Kind, in.Tenant, name)
	if in.Undo != "" {
		summary = fmt.Sprintf("undo of bulk save %s for %s: %s", in.Kind, in.Tenant, in.Undo)
	}
	return execution{
		typ: job.TypeBulkSave, kind: in.Kind, tenant: in.Tenant, requestedBy: in.RequestedBy,
		workflowID: contract.BulkSaveWorkflowID(in.Kind, in.Tenant),
		digest:     digest(string(doc)),
		summary:    summary,
		running:    "a bulk save of this kind is already running for this tenant",
		request:    in,
		start: func(ctx context.Context, opts client.StartWorkflowOptions) (client.WorkflowRun, error) {
			return contract.BulkSave.Start(ctx, s.Temporal, opts, in)
		},
	}
}

// checkBulkSave validates a request. The mapping that comes out names every header, so that the job does not depend on
// what is remembered when it runs.
func (s *Starter) checkBulkSave(ctx context.Context, in contract.BulkSaveInput) (contract.BulkSaveInput, job.Upload, error) {
	kind, err := s.Kinds.BulkSave(in.Kind)
	if err != nil {
		return in, job.Upload{}, err
	}
	if _, err := s.tenant(ctx, in.Tenant); err != nil {
		return in, job.Upload{}, err
	}
	in.Carried, in.Undo = nil, ""
	if err := settle(&in); err != nil {
		return in, job.Upload{}, err
	}
	sent, mapping, err := s.sent(ctx, kind.Rows(), in.Kind, in.Tenant, in.Upload, in.Mapping)
	in.Mapping = mapping
	return in, sent, err
}

// settle fills in what a request leaves out.
func settle(in *contract.BulkSaveInput) error {
	switch in.Duplicates {
	case "":
		in.Duplicates = contract.DuplicatesRefuse
	case contract.DuplicatesRefuse, contract.DuplicatesLastWins:
	default:
		return job.Invalid(job.FieldError{Pointer: "/duplicates", Message: "known: refuse, last_wins"})
	}
	var err error
	in.Locale, err = checkLocale(in.Locale)
	return err
}

// Undo starts to undo what a bulk save has changed, as a job of its own. It is CodeConflict where that is not on
// offer.
func (s *Starter) Undo(ctx context.Context, id, requestedBy string) (job.Job, error) {
	j, err := s.Job(ctx, id)
	if err != nil {
		return j, err
	}
	var in contract.BulkSaveInput
	switch {
	case j.Type != job.TypeBulkSave:
		return j, job.Errorf(job.CodeConflict, "only a bulk save can be undone")
	case !j.State.Ended():
		return j, job.Errorf(job.CodeConflict, "the job is %s; only one that has ended can be undone", j.State)
	case j.Save == nil:
		return j, job.Errorf(job.CodeConflict, "there is nothing to undo")
	case j.Save.UndoneBy != "":
		return j, job.Errorf(job.CodeConflict, "the save has been undone by job %s", j.Save.UndoneBy)
	case j.Save.UndoUntil == nil:
		return j, job.Errorf(job.CodeConflict, "there is nothing to undo")
	case !s.now().Before(*j.Save.UndoUntil):
		return j, job.Errorf(job.CodeConflict, "it could be undone until %s", j.Save.UndoUntil.UTC().Format(time.RFC3339))
	}
	if err := json.Unmarshal(j.Request, &in); err != nil {
		return j, job.Errorf(job.CodeConflict, "the request of this job is not known, so it cannot be undone")
	}
	undo := contract.BulkSaveInput{Kind: j.Kind, Tenant: j.Tenant, Locale: in.Locale, RequestedBy: requestedBy, Undo: id}
	return s.start(ctx, s.bulkSave(undo, "", ""), "")
}
