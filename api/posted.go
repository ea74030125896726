package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// Posting is part of the inputs of starts that may be sent with a file; exported because huma does not look into
// embedded structs that are not.
type Posting struct {
	IdempotencyKey string    `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]+$" doc:"Visible ASCII characters. Names this request, its file included, so that it may be sent again without starting a second job"`
	RequestedBy    Requester `header:"X-Requested-By" maxLength:"200" doc:"Who asks; shown with the job"`

	// For a body that is a file; beside a JSON object, which says these itself, they are refused.
	Tenant   string   `query:"tenant" maxLength:"64" doc:"Seller code; required with a file, here or in the form" example:"acme"`
	Locale   string   `query:"locale" enum:"ko,en" doc:"With a file: language of the workbook that the job writes; default ko"`
	Filename string   `query:"filename" maxLength:"255" doc:"With a file: its name"`
	Map      []string `query:"map,explode" maxItems:"500" doc:"With a file: Header=column, the kind's column that a header stands for; an empty one leaves the header out. May be repeated"`
}

// postingFields are the members of a form that are part of every [Posting], for the document.
func postingFields() map[string]*huma.Schema {
	return map[string]*huma.Schema{
		"tenant": textSchema("As in the query"), "filename": textSchema("Default the part's own"),
		"locale": {Type: huma.TypeString, Enum: []any{"ko", "en"}},
		"map":    {Type: huma.TypeArray, Items: textSchema("Header=column"), Description: "May be repeated"},
	}
}

type startedByFileOutput struct {
	Location   string `header:"Location" format:"uri-reference" doc:"The job"`
	RetryAfter string `header:"Retry-After" doc:"Seconds until it is worth asking"`
	Replayed   string `header:"Idempotent-Replayed" enum:"true" doc:"The job was started by an earlier request with the same Idempotency-Key"`
	SameFile   string `header:"Longhaul-Same-File" format:"uri-reference" doc:"A job that has had the very same file before"`
	Body       Job
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

// posted is a file that was stored, and how the request that it came with is to be answered.
type posted struct {
	upload     job.Upload
	mapping    map[string]string
	parameters []string // those whose values are expected in path and query
	form       bool
}

// isObject tells whether a body is a JSON object, which says what to start. Anything else is a file, or has one.
func (b *body) isObject() bool {
	media, _, err := mime.ParseMediaType(b.request.Header.Get("Content-Type"))
	return err == nil && media == typeJSON && b.first() == '{'
}

// receivePosted stores the file that the body is, or has. more are fields that in is not the place for.
func (s *server) receivePosted(ctx context.Context, b *body, kind string, in *Posting, more fields) (posted, error) {
	given := b.request.URL.Query()["map"]
	known := fields{
		"tenant": text(&in.Tenant, 64), "filename": text(&in.Filename, 255), "locale": word(&in.Locale, "ko", "en"),
		"map": func(value string) error {
			given = append(given, value)
			_, err := mappingOf(given)
			return err
		},
	}
	maps.Copy(known, more)
	f, err := s.receiveFile(b, known)
	if err != nil {
		return posted{}, err
	}
	p := posted{form: f.form, parameters: append(f.parameters(b, slices.Sorted(maps.Keys(known))...), "kind")}
	if p.mapping, err = mappingOf(given); err != nil {
		return p, s.wrongPosted(ctx, job.Invalid(job.FieldError{Pointer: "/map", Message: err.Error()}), p)
	}
	p.upload, err = s.store(ctx, b, f, starter.UploadRequest{
		Kind: kind, Tenant: in.Tenant, Name: in.Filename, RequestedBy: string(in.RequestedBy),
	})
	if err != nil {
		return p, s.wrongPosted(ctx, err, p)
	}
	return p, nil
}

// wrongPosted answers to a start by file that was refused.
func (s *server) wrongPosted(ctx context.Context, err error, p posted) error {
	return s.wrongFile(ctx, mapped(err), p.parameters, p.form)
}

// wrongObject answers to a start by JSON object that was refused.
func (s *server) wrongObject(ctx context.Context, err error) error {
	return s.wrongFile(ctx, err, []string{"kind"}, false)
}

// noParameters refuses parameters that go with a file.
func noParameters(b *body, more ...string) error {
	for _, name := range append([]string{"tenant", "locale", "filename", "map"}, more...) {
		if b.request.URL.Query().Has(name) {
			p := newProblem(problems[job.CodeInvalid], "the request is not valid")
			p.Errors = []ProblemPlace{{Parameter: name, Message: "goes with a file; beside a JSON object it must be left out"}}
			return p
		}
	}
	return nil
}

// uploadGiven looks at the upload that an object names, or makes one of the rows in it. Whether that may be used, the
// start says.
func (s *server) uploadGiven(ctx context.Context, b *body, id string, rows Rows, r starter.UploadRequest) (job.Upload, error) {
	if len(rows) > 0 {
		return s.store(ctx, b, file{Reader: bytes.NewReader(rows), contentType: typeJSON, size: int64(len(rows))}, r)
	}
	b.received()
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	u, err := s.Jobs.UploadByID(call, id)
	if isNotFound(err) {
		return u, job.Invalid(job.FieldError{Pointer: "/upload", Message: "there is no such upload"})
	}
	return u, err
}

// startByFile starts a job and answers; same is the job that has had the same file before.
func (s *server) startByFile(ctx context.Context, key string, same *job.SameFile, start func(context.Context) (job.Job, bool, error)) (*startedByFileOutput, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	j, replayed, err := start(call)
	if err != nil {
		if key != "" && job.CodeOf(err) == job.CodeConflict {
			return nil, keyBelongsToOther()
		}
		return nil, err
	}
	out := &startedByFileOutput{Location: jobURL(j.ID), Body: s.shownWhole(j)}
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

// registerPosting adds an operation that starts a job of a file, or of what a JSON object asks for. members are those of a
// form besides the file.
func registerPosting[In any](
	s *server, op huma.Operation, object *huma.Schema, members map[string]*huma.Schema, start func(context.Context, *In) (*startedByFileOutput, error),
) {
	op.Method, op.DefaultStatus, op.RejectUnknownQueryParameters = http.MethodPost, http.StatusAccepted, true
	op.Middlewares = huma.Middlewares{s.receive}
	op.Responses = s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusGone,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	registerLong(s, op, start)

	body := fileBody(members)
	body.Content[typeJSON].Schema = &huma.Schema{OneOf: []*huma.Schema{object, body.Content[typeJSON].Schema}}
	s.api.OpenAPI().Paths[op.Path].Post.RequestBody = body
}
