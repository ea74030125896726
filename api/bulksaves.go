package api

import (
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// BulkSaveRequest is the body of POST /v1/bulk-saves/{kind} where it is a JSON object.
type BulkSaveRequest struct {
	Tenant     string            `json:"tenant" minLength:"1" maxLength:"64" doc:"Seller code" example:"acme"`
	Upload     string            `json:"upload,omitempty" maxLength:"128" doc:"ID of an upload; either this or rows"`
	Rows       Rows              `json:"rows,omitempty"`
	Mapping    map[string]string `json:"mapping,omitempty" doc:"The kind's column that a header stands for, by header; an empty one leaves the header out. Others are matched as for the upload"`
	DryRun     bool              `json:"dry_run,omitempty" doc:"Stop after the dry run; resume carries it out"`
	Duplicates string            `json:"duplicates,omitempty" enum:"refuse,last_wins" doc:"What becomes of rows with the same key; default refuse"`
	Locale     string            `json:"locale,omitempty" enum:"ko,en" doc:"Language of the error workbook; default ko"`
}

type startBulkSaveInput struct {
	Kind string `path:"kind" maxLength:"64" example:"stock-levels"`
	Posting
	DryRun     bool   `query:"dry_run" doc:"With a file: stop after the dry run; resume carries it out"`
	Duplicates string `query:"duplicates" enum:"refuse,last_wins" doc:"With a file: what becomes of rows with the same key; default refuse"`
}

func (s *server) registerBulkSaves() {
	members := postingFields()
	members["dry_run"] = &huma.Schema{Type: huma.TypeBoolean}
	members["duplicates"] = &huma.Schema{Type: huma.TypeString, Enum: []any{contract.DuplicatesRefuse, contract.DuplicatesLastWins}}
	registerPosting(s, huma.Operation{
		OperationID: "start-bulk-save", Path: "/v1/bulk-saves/{kind}", Tags: []string{"bulk-saves"},
		Summary: "Start a bulk save",
		Description: "Of an upload, or of the file or rows in the body: a JSON object says what to save; anything else is the file itself, or a form whose part `file` comes last. " +
			"Answers as soon as the file is there and the job is recorded. Watch it at Location or its events.",
	}, s.bulkSaveSchema(), members, s.startBulkSave)
}

func (s *server) bulkSaveSchema() *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[BulkSaveRequest](), true, "BulkSaveRequest")
}

func (s *server) startBulkSave(ctx context.Context, in *startBulkSaveInput) (*startedByFileOutput, error) {
	if b := bodyOf(ctx); b.isObject() {
		return s.saveAsAsked(ctx, b, in)
	}
	return s.saveFile(ctx, bodyOf(ctx), in)
}

// saveFile saves the file that the body is, or has.
func (s *server) saveFile(ctx context.Context, b *body, in *startBulkSaveInput) (*startedByFileOutput, error) {
	p, err := s.receivePosted(ctx, b, in.Kind, &in.Posting, fields{
		"dry_run": flag(&in.DryRun), "duplicates": word(&in.Duplicates, contract.DuplicatesRefuse, contract.DuplicatesLastWins),
	})
	if err != nil {
		return nil, err
	}
	out, err := s.startSave(ctx, in, contract.BulkSaveInput{
		Kind: in.Kind, Tenant: in.Tenant, Upload: p.upload.ID, Mapping: p.mapping,
		DryRun: in.DryRun, Duplicates: in.Duplicates, Locale: in.Locale,
	}, p.upload.SameAs)
	if err != nil {
		return nil, s.wrongPosted(ctx, err, p)
	}
	return out, nil
}

// saveAsAsked saves what an object asks for: an upload, or the rows in it.
func (s *server) saveAsAsked(ctx context.Context, b *body, in *startBulkSaveInput) (*startedByFileOutput, error) {
	if err := noParameters(b, "dry_run", "duplicates"); err != nil {
		return nil, err
	}
	var request BulkSaveRequest
	if err := s.readObject(b, s.bulkSaveSchema(), &request); err != nil {
		return nil, err
	}
	switch {
	case len(request.Rows) > 0 && request.Upload != "":
		return nil, wrongField("rows", "cannot be given beside upload")
	case len(request.Rows) == 0 && request.Upload == "":
		return nil, wrongField("upload", "is required, or rows")
	}
	u, err := s.uploadGiven(ctx, b, request.Upload, request.Rows, starter.UploadRequest{
		Kind: in.Kind, Tenant: request.Tenant, Name: "rows.json", RequestedBy: string(in.RequestedBy),
	})
	if err != nil {
		return nil, s.wrongObject(ctx, err)
	}
	out, err := s.startSave(ctx, in, contract.BulkSaveInput{
		Kind: in.Kind, Tenant: request.Tenant, Upload: u.ID, Mapping: request.Mapping,
		DryRun: request.DryRun, Duplicates: request.Duplicates, Locale: request.Locale,
	}, u.SameAs)
	if err != nil {
		return nil, s.wrongObject(ctx, err)
	}
	return out, nil
}

// startSave starts the job; same is the job that has had the same file before.
func (s *server) startSave(ctx context.Context, in *startBulkSaveInput, save contract.BulkSaveInput, same *job.SameFile) (*startedByFileOutput, error) {
	save.RequestedBy = string(in.RequestedBy)
	return s.startByFile(ctx, in.IdempotencyKey, same, func(ctx context.Context) (job.Job, bool, error) {
		return s.Jobs.StartBulkSave(ctx, save, in.IdempotencyKey)
	})
}
