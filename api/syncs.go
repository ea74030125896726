package api

import (
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// SyncRequest is the body of POST /v1/syncs/{kind} where it is a JSON object.
type SyncRequest struct {
	Tenant  string            `json:"tenant" minLength:"1" maxLength:"64" doc:"Seller code" example:"acme"`
	Filters Filters           `json:"filters,omitempty"`
	Items   Items             `json:"items,omitempty"`
	Upload  string            `json:"upload,omitempty" maxLength:"128" doc:"ID of an upload whose rows are the items; of filters, items and upload at most one is given, and none means filters that leave nothing out"`
	Mapping map[string]string `json:"mapping,omitempty" doc:"With items or upload: the kind's field that a header stands for, by header; an empty one leaves the header out. Others are matched as for the upload"`
	Locale  string            `json:"locale,omitempty" enum:"ko,en" doc:"Language of the result workbook; default ko"`
}

// Items are items as they were sent.
type Items []byte

// UnmarshalJSON is that of [Rows].
func (i *Items) UnmarshalJSON(data []byte) error { return (*Rows)(i).UnmarshalJSON(data) }

// Schema implements huma.SchemaProvider.
func (Items) Schema(r huma.Registry) *huma.Schema {
	s := Rows{}.Schema(r)
	s.Description = "A few items, each an object of values by the kind's fields, in the order wanted; the whole body is at most 1 MiB. More go as a file"
	return s
}

type startSyncInput struct {
	Kind string `path:"kind" maxLength:"64" example:"dispatch-shipments"`
	Posting
}

func (s *server) registerSyncs() {
	registerPosting(s, huma.Operation{
		OperationID: "start-sync", Path: "/v1/syncs/{kind}", Tags: []string{"syncs"},
		Summary: "Start a sync",
		Description: "Of the items that filters choose from the database, of an upload, or of the file or items in the body: a JSON object says which; anything else is the file itself, or a form whose part `file` comes last. " +
			"One sync of a kind and tenant runs at a time. Answers as soon as the file is there and the job is recorded. Watch it at Location or its events.",
	}, s.syncSchema(), postingFields(), s.startSync)
}

func (s *server) syncSchema() *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[SyncRequest](), true, "SyncRequest")
}

func (s *server) startSync(ctx context.Context, in *startSyncInput) (*startedByFileOutput, error) {
	if b := bodyOf(ctx); b.isObject() {
		return s.syncAsAsked(ctx, b, in)
	}
	return s.syncFile(ctx, bodyOf(ctx), in)
}

// syncFile sends the items of the file that the body is, or has.
func (s *server) syncFile(ctx context.Context, b *body, in *startSyncInput) (*startedByFileOutput, error) {
	p, err := s.receivePosted(ctx, b, in.Kind, &in.Posting, nil)
	if err != nil {
		return nil, err
	}
	out, err := s.beginSync(ctx, in, contract.SyncInput{
		Kind: in.Kind, Tenant: in.Tenant, Upload: p.upload.ID, Mapping: p.mapping, Locale: in.Locale,
	}, p.upload.SameAs)
	if err != nil {
		return nil, s.wrongPosted(ctx, err, p)
	}
	return out, nil
}

// syncAsAsked sends what an object asks for: what filters choose, an upload, or the items in it.
func (s *server) syncAsAsked(ctx context.Context, b *body, in *startSyncInput) (*startedByFileOutput, error) {
	if err := noParameters(b); err != nil {
		return nil, err
	}
	var request SyncRequest
	if err := s.readObject(b, s.syncSchema(), &request); err != nil {
		return nil, err
	}
	if err := oneSource(request); err != nil {
		return nil, err
	}
	var u job.Upload
	if request.Upload != "" || len(request.Items) > 0 {
		var err error
		u, err = s.uploadGiven(ctx, b, request.Upload, Rows(request.Items), starter.UploadRequest{
			Kind: in.Kind, Tenant: request.Tenant, Name: "items.json", RequestedBy: string(in.RequestedBy),
		})
		if err != nil {
			return nil, s.wrongObject(ctx, err)
		}
	}
	b.received()
	out, err := s.beginSync(ctx, in, contract.SyncInput{
		Kind: in.Kind, Tenant: request.Tenant, Filters: job.Filters(request.Filters), Upload: u.ID, Mapping: request.Mapping, Locale: request.Locale,
	}, u.SameAs)
	if err != nil {
		return nil, s.wrongObject(ctx, err)
	}
	return out, nil
}

// oneSource tells that items come from one place.
func oneSource(r SyncRequest) error {
	switch {
	case len(r.Items) > 0 && r.Upload != "":
		return wrongField("items", "cannot be given beside upload")
	case r.Filters != nil && len(r.Items) > 0:
		return wrongField("filters", "cannot be given beside items")
	case r.Filters != nil && r.Upload != "":
		return wrongField("filters", "cannot be given beside upload")
	case len(r.Mapping) > 0 && len(r.Items) == 0 && r.Upload == "":
		return wrongField("mapping", "goes with items or upload")
	}
	return nil
}

// beginSync starts the job; same is the job that has had the same file before.
func (s *server) beginSync(ctx context.Context, in *startSyncInput, sync contract.SyncInput, same *job.SameFile) (*startedByFileOutput, error) {
	sync.RequestedBy = string(in.RequestedBy)
	return s.startByFile(ctx, in.IdempotencyKey, same, func(ctx context.Context) (job.Job, bool, error) {
		return s.Jobs.StartSync(ctx, sync, in.IdempotencyKey)
	})
}
