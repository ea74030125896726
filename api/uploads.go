package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// Upload is [job.Upload] with its documentation and without its place in blob storage.
type Upload struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind" doc:"Kind of bulk save or sync that it is for"`
	Tenant    string         `json:"tenant" doc:"Seller code"`
	Name      string         `json:"name" doc:"The file's name"`
	Size      int64          `json:"size" doc:"Bytes"`
	SHA256    string         `json:"sha256"`
	Format    string         `json:"format" enum:"xlsx,csv,tsv,json,ndjson" doc:"As its content says"`
	Encoding  string         `json:"encoding,omitempty" enum:"utf-8,cp949" doc:"Of texts"`
	Sheets    []string       `json:"sheets,omitempty" nullable:"false" doc:"The sheets that are read, in order; left out for texts"`
	HeaderRow int            `json:"header_row" doc:"The row that the headers stand in, from 1"`
	Columns   []UploadColumn `json:"columns" nullable:"false"`
	Missing   []string       `json:"missing,omitempty" nullable:"false" doc:"Required columns of the kind for which no header was found"`
	Parent    string         `json:"parent,omitempty" doc:"The job whose error workbook, mended, this is"`
	SameAs    *SameFile      `json:"same_as,omitempty" doc:"The newest job that has had the very same file"`
	CreatedAt time.Time      `json:"created_at"`
	ExpiresAt time.Time      `json:"expires_at"`
	_         struct{}       `json:"-" additionalProperties:"true"`
}

// UploadColumn is [job.UploadColumn] with its documentation.
type UploadColumn struct {
	Index      int       `json:"index" doc:"From 0"`
	Header     string    `json:"header"`
	Samples    []string  `json:"samples,omitempty" nullable:"false" doc:"Of the first rows, cut to 100 characters; left out where the answer would be larger than 256 KB"`
	Column     string    `json:"column,omitempty" doc:"The kind's column that it is taken for; without one it is left out"`
	Confidence float64   `json:"confidence" minimum:"0" maximum:"1"`
	How        job.Match `json:"how,omitempty" enum:"given,remembered,name,synonym,guess" doc:"Where that comes from: the request, an earlier one, the header itself, a synonym, or a guess"`
	_          struct{}  `json:"-" additionalProperties:"true"`
}

// SameFile is [job.SameFile] with its documentation.
type SameFile struct {
	JobID string    `json:"job_id"`
	At    time.Time `json:"at"`
	_     struct{}  `json:"-" additionalProperties:"true"`
}

type (
	uploadInput struct {
		Kind        string    `query:"kind" maxLength:"64" doc:"Kind of bulk save or sync that it is for; required, here or in the form" example:"stock-levels"`
		Tenant      string    `query:"tenant" maxLength:"64" doc:"Seller code; required, here or in the form" example:"acme"`
		Filename    string    `query:"filename" maxLength:"255" doc:"The file's name, where the body is the file itself"`
		RequestedBy Requester `header:"X-Requested-By" maxLength:"200" doc:"Who asks"`
	}
	uploadOutput struct {
		Location string `header:"Location" format:"uri-reference" doc:"The upload"`
		Body     Upload
	}
	getUploadInput struct {
		ID string `path:"id" maxLength:"128" doc:"The upload's ID"`
	}
	getUploadOutput struct{ Body Upload }
)

func (s *server) registerUploads() {
	const path = "/v1/uploads"
	registerLong(s, huma.Operation{
		OperationID: "upload", Method: http.MethodPost, Path: path, Tags: []string{"uploads"},
		Summary: "Upload a file to be saved or sent",
		Description: "Stores the file while it comes, and answers with what its columns are taken for. Nothing is saved or sent yet: that is what POST /v1/bulk-saves/{kind} and POST /v1/syncs/{kind} are for. " +
			"The body is the file itself, or a form whose part `file` comes last. At most " + sizeOf(s.MaxUpload) + ".",
		DefaultStatus: http.StatusCreated, RejectUnknownQueryParameters: true,
		Middlewares: huma.Middlewares{s.receive},
		Responses: s.answers(http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, s.upload)
	s.api.OpenAPI().Paths[path].Post.RequestBody = fileBody(map[string]*huma.Schema{
		"kind": textSchema("As in the query"), "tenant": textSchema("As in the query"), "filename": textSchema("Default the part's own"),
	})

	register(s, huma.Operation{
		OperationID: "get-upload", Method: http.MethodGet, Path: path + "/{id}", Tags: []string{"uploads"},
		Summary:   "One upload",
		Responses: s.answers(http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
	}, func(ctx context.Context, in *getUploadInput) (*getUploadOutput, error) {
		u, err := s.Jobs.UploadByID(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &getUploadOutput{Body: shownUpload(u)}, nil
	})
}

func (s *server) upload(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	b := bodyOf(ctx)
	f, err := s.receiveFile(b, fields{
		"kind": text(&in.Kind, 64), "tenant": text(&in.Tenant, 64), "filename": text(&in.Filename, 255),
	})
	if err != nil {
		return nil, err
	}
	u, err := s.store(ctx, b, f, starter.UploadRequest{
		Kind: in.Kind, Tenant: in.Tenant, Name: in.Filename, RequestedBy: string(in.RequestedBy),
	})
	if err != nil {
		return nil, s.wrongFile(ctx, err, f.parameters(b, "kind", "tenant", "filename"), f.form)
	}
	return &uploadOutput{Location: uploadURL(u.ID), Body: shownUpload(u)}, nil
}

// store passes a file on; r says what it is for.
func (s *server) store(ctx context.Context, b *body, f file, r starter.UploadRequest) (job.Upload, error) {
	var missing []job.FieldError
	for _, must := range []struct{ name, value string }{{"kind", r.Kind}, {"tenant", r.Tenant}} {
		if must.value == "" {
			missing = append(missing, job.FieldError{Pointer: "/" + must.name, Message: "is required"})
		}
	}
	if len(missing) > 0 {
		return job.Upload{}, job.Invalid(missing...)
	}
	if r.Name == "" {
		r.Name = f.name
	}
	// macOS sends Hangul taken apart, which Windows shows so.
	r.Name, r.ContentType, r.Size = norm.NFC.String(r.Name), f.contentType, f.size
	u, err := s.Jobs.Upload(ctx, r, f)
	b.received()
	return u, b.orWhy(ctx, err)
}

// wrongFile answers to a file that was refused: each place is a parameter or a member of the form.
func (s *server) wrongFile(ctx context.Context, err error, parameters []string, form bool) error {
	p := problemOf(err, requestIDOf(ctx))
	if len(p.Errors) == 0 {
		switch at := ""; p.Type {
		case problemNotFound:
			at = "/kind"
			p.Errors = []ProblemPlace{{Pointer: &at, Message: p.Detail}}
		case problemInvalid:
			if form {
				at = "/" + filePart
			}
			p.Errors = []ProblemPlace{{Pointer: &at, Message: p.Detail}}
		}
	}
	return p.asParameters(parameters...)
}

func shownUpload(u job.Upload) Upload {
	out := Upload{
		ID: u.ID, Kind: u.Kind, Tenant: u.Tenant, Name: u.Name, Size: u.Size, SHA256: u.SHA256,
		Format: u.Format, Encoding: u.Encoding, Sheets: u.Sheets, HeaderRow: u.HeaderRow,
		Columns: make([]UploadColumn, 0, len(u.Columns)), Missing: u.Missing, Parent: u.Parent,
		CreatedAt: u.CreatedAt, ExpiresAt: u.ExpiresAt,
	}
	size := 0
	for _, c := range u.Columns {
		shown := UploadColumn{Index: c.Index, Header: c.Header, Column: c.Column, Confidence: c.Confidence, How: c.How}
		for _, sample := range c.Samples {
			shown.Samples = append(shown.Samples, cutTo(sample, maxCell))
		}
		size += len(shown.Header) + maxCell*len(shown.Samples)
		out.Columns = append(out.Columns, shown)
	}
	if u.SameAs != nil {
		out.SameAs = &SameFile{JobID: u.SameAs.JobID, At: u.SameAs.At}
	}
	if size >= MaxResponse || !fits(out) {
		for i := range out.Columns { // cells hold 32,767 characters each, headers too
			out.Columns[i].Samples, out.Columns[i].Header = nil, cutTo(out.Columns[i].Header, maxCell)
		}
	}
	return out
}

func uploadURL(id string) string { return "/v1/uploads/" + url.PathEscape(id) }

// fileBody documents a body that huma does not read. It is added after the operation: huma would take one that is
// there before for its own to parse.
func fileBody(members map[string]*huma.Schema) *huma.RequestBody {
	binary := func() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }
	members[filePart] = binary()
	members[filePart].Description = "The file; the last part"
	content := map[string]*huma.MediaType{typeForm: {Schema: &huma.Schema{
		Type: huma.TypeObject, Properties: members, Required: []string{filePart},
	}}}
	for media := range fileTypes {
		content[media] = &huma.MediaType{Schema: binary()}
	}
	content[typeJSON].Schema = &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject}, Description: "Rows"}
	return &huma.RequestBody{Required: true, Content: content}
}

func textSchema(about string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: about}
}
