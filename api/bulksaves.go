package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

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

// Rows are rows as they were sent.
type Rows []byte

// UnmarshalJSON keeps the bytes: numbers are read later, exactly. A null is as good as nothing.
func (r *Rows) UnmarshalJSON(data []byte) error {
	if string(data) != "null" {
		*r = bytes.Clone(data)
	}
	return nil
}

// Schema implements huma.SchemaProvider. What a row must have is left to the kind.
func (Rows) Schema(huma.Registry) *huma.Schema {
	least := 1
	return &huma.Schema{
		Type: huma.TypeArray, MinItems: &least, Items: &huma.Schema{Type: huma.TypeObject},
		Description: "A few rows, each an object of values by column; the whole body is at most 1 MiB. More go as a file",
	}
}

type startBulkSaveInput struct {
	Kind           string    `path:"kind" maxLength:"64" example:"stock-levels"`
	IdempotencyKey string    `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]+$" doc:"Visible ASCII characters. Names this request, its file included, so that it may be sent again without starting a second job"`
	RequestedBy    Requester `header:"X-Requested-By" maxLength:"200" doc:"Who asks; shown with the job"`

	// For a body that is a file, see BulkSaveRequest.
	Tenant     string   `query:"tenant" maxLength:"64" doc:"Seller code; required with a file, here or in the form" example:"acme"`
	DryRun     bool     `query:"dry_run" doc:"With a file: stop after the dry run; resume carries it out"`
	Duplicates string   `query:"duplicates" enum:"refuse,last_wins" doc:"With a file: what becomes of rows with the same key; default refuse"`
	Locale     string   `query:"locale" enum:"ko,en" doc:"With a file: language of the error workbook; default ko"`
	Filename   string   `query:"filename" maxLength:"255" doc:"With a file: its name"`
	Map        []string `query:"map,explode" maxItems:"500" doc:"With a file: Header=column, the kind's column that a header stands for; an empty one leaves the header out. May be repeated"`
}

// saveParameters are the parts of the request that a query may hold.
var saveParameters = []string{"tenant", "dry_run", "duplicates", "locale", "filename", "map"}

type startedSaveOutput struct {
	Location   string `header:"Location" format:"uri-reference" doc:"The job"`
	RetryAfter string `header:"Retry-After" doc:"Seconds until it is worth asking"`
	Replayed   string `header:"Idempotent-Replayed" enum:"true" doc:"The job was started by an earlier request with the same Idempotency-Key"`
	SameFile   string `header:"Longhaul-Same-File" format:"uri-reference" doc:"A job that has had the very same file before"`
	Body       Job
}

func (s *server) registerBulkSaves() {
	const path = "/v1/bulk-saves/{kind}"
	registerLong(s, huma.Operation{
		OperationID: "start-bulk-save", Method: http.MethodPost, Path: path, Tags: []string{"bulk-saves"},
		Summary: "Start a bulk save",
		Description: "Of an upload, or of the file or rows in the body: a JSON object says what to save; anything else is the file itself, or a form whose part `file` comes last. " +
			"Answers as soon as the file is there and the job is recorded. Watch it at Location or its events.",
		DefaultStatus: http.StatusAccepted, RejectUnknownQueryParameters: true,
		Middlewares: huma.Middlewares{s.receive},
		Responses: s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusGone,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.startBulkSave)

	body := fileBody(map[string]*huma.Schema{
		"tenant": textSchema("As in the query"), "filename": textSchema("Default the part's own"),
		"dry_run":    {Type: huma.TypeBoolean},
		"duplicates": {Type: huma.TypeString, Enum: []any{contract.DuplicatesRefuse, contract.DuplicatesLastWins}},
		"locale":     {Type: huma.TypeString, Enum: []any{"ko", "en"}},
		"map":        {Type: huma.TypeArray, Items: textSchema("Header=column"), Description: "May be repeated"},
	})
	body.Content[typeJSON].Schema = &huma.Schema{OneOf: []*huma.Schema{s.bulkSaveSchema(), body.Content[typeJSON].Schema}}
	s.api.OpenAPI().Paths[path].Post.RequestBody = body
}

func (s *server) bulkSaveSchema() *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[BulkSaveRequest](), true, "BulkSaveRequest")
}

func (s *server) startBulkSave(ctx context.Context, in *startBulkSaveInput) (*startedSaveOutput, error) {
	b := bodyOf(ctx)
	media, _, err := mime.ParseMediaType(b.request.Header.Get("Content-Type"))
	if err == nil && media == typeJSON && b.first() == '{' {
		return s.saveAsAsked(ctx, b, in)
	}
	return s.saveFile(ctx, b, in)
}

// saveFile saves the file that the body is, or has.
func (s *server) saveFile(ctx context.Context, b *body, in *startBulkSaveInput) (*startedSaveOutput, error) {
	given := b.request.URL.Query()["map"]
	f, err := s.receiveFile(b, fields{
		"tenant": text(&in.Tenant, 64), "filename": text(&in.Filename, 255), "dry_run": flag(&in.DryRun),
		"duplicates": word(&in.Duplicates, contract.DuplicatesRefuse, contract.DuplicatesLastWins),
		"locale":     word(&in.Locale, "ko", "en"),
		"map": func(value string) error {
			given = append(given, value)
			_, err := mappingOf(given)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	parameters := append([]string{"kind"}, f.parameters(b, saveParameters...)...)
	mapping, err := mappingOf(given)
	if err != nil {
		return nil, s.wrongFile(ctx, job.Invalid(job.FieldError{Pointer: "/map", Message: err.Error()}), parameters, f.form)
	}
	u, err := s.store(ctx, b, f, starter.UploadRequest{
		Kind: in.Kind, Tenant: in.Tenant, Name: in.Filename, RequestedBy: string(in.RequestedBy),
	})
	if err != nil {
		return nil, s.wrongFile(ctx, err, parameters, f.form)
	}
	out, err := s.startSave(ctx, in, contract.BulkSaveInput{
		Kind: in.Kind, Tenant: in.Tenant, Upload: u.ID, Mapping: mapping,
		DryRun: in.DryRun, Duplicates: in.Duplicates, Locale: in.Locale,
	}, u.SameAs)
	if err != nil {
		return nil, s.wrongFile(ctx, mapped(err), parameters, f.form)
	}
	return out, nil
}

// saveAsAsked saves what an object asks for: an upload, or the rows in it.
func (s *server) saveAsAsked(ctx context.Context, b *body, in *startBulkSaveInput) (*startedSaveOutput, error) {
	for _, name := range saveParameters {
		if b.request.URL.Query().Has(name) {
			p := newProblem(problems[job.CodeInvalid], "the request is not valid")
			p.Errors = []ProblemPlace{{Parameter: name, Message: "goes with a file; beside a JSON object it must be left out"}}
			return nil, p
		}
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
	save := contract.BulkSaveInput{
		Kind: in.Kind, Tenant: request.Tenant, Upload: request.Upload, Mapping: request.Mapping,
		DryRun: request.DryRun, Duplicates: request.Duplicates, Locale: request.Locale,
	}
	same, err := s.uploadToSave(ctx, b, in, &save, request.Rows)
	if err != nil {
		return nil, s.wrongFile(ctx, err, []string{"kind"}, false)
	}
	out, err := s.startSave(ctx, in, save, same)
	if err != nil {
		return nil, s.wrongFile(ctx, err, []string{"kind"}, false)
	}
	return out, nil
}

// uploadToSave makes an upload of rows, or looks at the one that is named. Whether that may be saved, the start says.
func (s *server) uploadToSave(ctx context.Context, b *body, in *startBulkSaveInput, save *contract.BulkSaveInput, rows Rows) (*job.SameFile, error) {
	if len(rows) == 0 {
		b.received()
		call, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		u, err := s.Jobs.UploadByID(call, save.Upload)
		if isNotFound(err) {
			return nil, job.Invalid(job.FieldError{Pointer: "/upload", Message: "there is no such upload"})
		}
		return u.SameAs, err
	}
	f := file{Reader: bytes.NewReader(rows), name: "rows.json", contentType: typeJSON, size: int64(len(rows))}
	u, err := s.store(ctx, b, f, starter.UploadRequest{Kind: in.Kind, Tenant: save.Tenant, RequestedBy: string(in.RequestedBy)})
	save.Upload = u.ID
	return u.SameAs, err
}

// startSave starts the job; same is the job that has had the same file before.
func (s *server) startSave(ctx context.Context, in *startBulkSaveInput, save contract.BulkSaveInput, same *job.SameFile) (*startedSaveOutput, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	save.RequestedBy = string(in.RequestedBy)
	j, replayed, err := s.Jobs.StartBulkSave(call, save, in.IdempotencyKey)
	if err != nil {
		if in.IdempotencyKey != "" && job.CodeOf(err) == job.CodeConflict {
			return nil, keyBelongsToOther()
		}
		return nil, err
	}
	out := &startedSaveOutput{Location: jobURL(j.ID), Body: s.shownWhole(j)}
	if !j.State.Ended() {
		out.RetryAfter = retryAfter(s.Poll)
	}
	if replayed {
		out.Replayed = "true"
	}
	if same != nil && same.JobID != j.ID { // a replay finds itself
		out.SameFile = jobURL(same.JobID)
	}
	return out, nil
}

// readObject reads a JSON object as huma would, checked by its schema.
func (s *server) readObject(b *body, schema *huma.Schema, into any) error {
	b.allow(MaxBody, newProblem(problems[job.CodeTooLarge], "a JSON object may have at most "+sizeOf(MaxBody)+"; send more rows as a file"))
	data, err := io.ReadAll(b)
	if err != nil {
		return err
	}
	var members any
	if err := json.Unmarshal(data, &members); err != nil {
		return blank(http.StatusBadRequest, "the body is not valid JSON")
	}
	at := huma.NewPathBuffer(make([]byte, 0, 128), 0)
	at.Push("body")
	var result huma.ValidateResult
	huma.Validate(s.api.OpenAPI().Components.Schemas, schema, at, huma.ModeWriteToServer, members, &result)
	if len(result.Errors) == 0 {
		return json.Unmarshal(data, into)
	}
	p := newProblem(problems[job.CodeInvalid], "the request is not valid")
	for _, err := range result.Errors {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			p.Errors = append(p.Errors, placeOf(detail.Location, detail.Message))
		}
	}
	p.bound()
	return p
}

// mappingOf reads Header=column. Headers may hold the sign themselves, names of columns do not.
func mappingOf(list []string) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > maxMapped {
		return nil, errors.New("too many")
	}
	mapping := make(map[string]string, len(list))
	for _, item := range list {
		at := strings.LastIndexByte(item, '=')
		if at < 1 {
			return nil, errors.New("must be Header=column")
		}
		header, column := item[:at], item[at+1:]
		if other, ok := mapping[header]; ok && other != column {
			return nil, errors.New("the header stands for two columns")
		}
		mapping[header] = column
	}
	return mapping, nil
}

// mapped turns pointers into the mapping to the parameter or field that it was made of.
func mapped(err error) error {
	var e *job.Error
	if !errors.As(err, &e) {
		return err
	}
	changed := *e
	changed.Fields = slices.Clone(e.Fields)
	for i, f := range changed.Fields {
		if header, ok := strings.CutPrefix(f.Pointer, "/mapping/"); ok {
			changed.Fields[i] = job.FieldError{Pointer: "/map", Message: strings.NewReplacer("~1", "/", "~0", "~").Replace(header) + ": " + f.Message}
		}
	}
	return &changed
}
