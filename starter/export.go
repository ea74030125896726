package starter

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

// StartExport starts an export, or returns the job that the same key has started before (replayed).
//
// Errors are [*job.Error]: CodeInvalid with the fields that are wrong; CodeNotFound for an unknown kind;
// CodeDuplicate with the running job's ID; CodeConflict for a key that stands for another request;
// CodeUnavailable when Temporal or the database does not answer.
func (s *Starter) StartExport(ctx context.Context, in contract.ExportInput, key string) (j job.Job, replayed bool, err error) {
	in, err = s.checkExport(ctx, in)
	if err != nil {
		return job.Job{}, false, err
	}
	id := contract.ExportWorkflowID(in)
	return s.startKeyed(ctx, execution{
		typ: job.TypeExport, kind: in.Kind, tenant: in.Tenant, requestedBy: in.RequestedBy, workflowID: id,
		digest:  digest(id, in.Filename), // unlike the workflow ID it minds the file name
		summary: fmt.Sprintf("export %s for %s as %s", in.Kind, in.Tenant, in.Format),
		running: "the same export is already running",
		request: in,
		start: func(ctx context.Context, opts client.StartWorkflowOptions) (client.WorkflowRun, error) {
			return contract.Export.Start(ctx, s.Temporal, opts, in)
		},
	}, key)
}

// checkExport validates a request and returns it in canonical form, so that requests for the same file have the
// same workflow ID.
func (s *Starter) checkExport(ctx context.Context, in contract.ExportInput) (contract.ExportInput, error) {
	kind, err := s.Kinds.Export(in.Kind)
	if err != nil {
		return in, err
	}
	in.Carried = nil
	seller, err := s.tenant(ctx, in.Tenant)
	if err != nil {
		return in, err
	}
	selection, err := kind.Select(dataset.Request{
		Filters: in.Filters, Columns: in.Columns, Format: in.Format, Locale: in.Locale, Filename: in.Filename,
	}, seller.Zone)
	if err != nil {
		return in, err
	}
	canonical := selection.Request()
	in.Filters, in.Format, in.Locale, in.Columns = canonical.Filters, canonical.Format, canonical.Locale, canonical.Columns
	in.Filename = canonical.Filename
	return in, nil
}
