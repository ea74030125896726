package starter

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// UploadRequest says what an upload is for.
type UploadRequest struct {
	Kind   string
	Tenant string
	// Name is the file's name as the user sees it; its extension is a hint, no more.
	Name        string
	ContentType string // as the client says; may be empty
	RequestedBy string
	// Size is the number of bytes to come, -1 when unknown. A file that ends before it is refused as cut off.
	Size int64
}

const (
	// uploadTTL is how long an upload waits to be saved or sent, and stays to be retried: over a weekend. Jobs that need
	// it for longer keep it.
	uploadTTL = 72 * time.Hour
	// maxFileName is the length of a file name that file systems take, in bytes.
	maxFileName = 255
)

// Upload stores a file and looks at its beginning: where its headers are, and which columns they are taken for. The
// file is streamed; at no time is it whole in memory. A file that cannot be read is not kept.
//
// Errors are [*job.Error]: CodeInvalid for a file that is damaged, cut off or none of the formats; CodeTooLarge;
// CodeNotFound for an unknown kind; CodeUnavailable when storage or database do not answer. An error of body is
// returned as it is.
func (s *Starter) Upload(ctx context.Context, r UploadRequest, body io.Reader) (job.Upload, error) {
	kind, err := s.Kinds.Rows(r.Kind)
	if err != nil {
		return job.Upload{}, err
	}
	if _, err := s.tenant(ctx, r.Tenant); err != nil {
		return job.Upload{}, err
	}
	id, now := strings.ToLower(rand.Text()), s.now().UTC()
	u := job.Upload{
		ID: id, Kind: r.Kind, Tenant: r.Tenant, Name: fileName(r.Name), Key: contract.UploadKey(id),
		CreatedAt: now, ExpiresAt: now.Add(uploadTTL),
	}
	if err := s.keep(ctx, &u, r, body); err != nil {
		return job.Upload{}, err
	}
	if err := s.look(ctx, kind, &u); err != nil {
		s.drop(ctx, u)
		return job.Upload{}, err
	}
	if err := s.Store.InsertUpload(ctx, u); err != nil {
		s.drop(ctx, u)
		return job.Upload{}, unavailable("the database does not answer", err)
	}
	return u, nil
}

// UploadByID returns an upload that came before.
func (s *Starter) UploadByID(ctx context.Context, id string) (job.Upload, error) {
	u, err := s.Store.Upload(ctx, id)
	if err == nil {
		u.SameAs, err = s.Store.SameFile(ctx, u.Tenant, u.Kind, u.SHA256)
	}
	return u, known(err, "the database does not answer")
}

// keep streams the file into storage while it is hashed.
func (s *Starter) keep(ctx context.Context, u *job.Upload, r UploadRequest, body io.Reader) error {
	out, err := s.Blobs.Writer(ctx, u.Key, "application/octet-stream") // never shown by a browser as what it claims to be
	if err != nil {
		return unavailable("file storage does not answer", err)
	}
	limit := s.Limits.MaxSize()
	in, sum := &incoming{from: io.LimitReader(body, limit+1)}, sha256.New()
	u.Size, err = io.CopyBuffer(io.MultiWriter(out, sum), in, make([]byte, 256<<10))
	switch {
	case in.err != nil:
		err = in.err
	case err != nil:
		err = unavailable("file storage does not answer", err)
	case u.Size > limit:
		err = s.Limits.SizeError(u.Size)
	case r.Size >= 0 && u.Size != r.Size:
		err = job.Errorf(job.CodeInvalid, "the upload was cut off: %d of %d bytes came", u.Size, r.Size)
	}
	if err != nil {
		out.Abort()
		return err
	}
	u.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err := out.Close(); err != nil {
		return unavailable("file storage does not answer", err)
	}
	return nil
}

// incoming remembers why reading failed, to tell the sender's fault from storage's.
type incoming struct {
	from io.Reader
	err  error
}

func (in *incoming) Read(p []byte) (int, error) {
	n, err := in.from.Read(p)
	if err != nil && err != io.EOF { // a cut connection may wrap io.EOF; only the bare one is the end
		in.err = err
	}
	return n, err
}

// look reads the beginning of the stored file.
func (s *Starter) look(ctx context.Context, kind dataset.Rows, u *job.Upload) error {
	at := upload.ReaderAt(func(offset int64) (io.ReadCloser, error) { return s.Blobs.Reader(ctx, u.Key, offset, -1) }, u.Size)
	defer at.Close()
	file, err := upload.Open(ctx, at, u.Size, u.Name, s.Limits)
	if err != nil {
		return known(err, "file storage does not answer")
	}
	u.Format, u.Encoding, u.Parent = string(file.Format), file.Encoding, file.Parent
	for _, sheet := range file.Sheets {
		if sheet.Name != "" { // a text has one without
			u.Sheets = append(u.Sheets, sheet.Name)
		}
	}
	remembered, err := s.Store.Mapping(ctx, u.Tenant, u.Kind)
	if err != nil {
		return unavailable("the database does not answer", err)
	}
	head, match, err := kind.Peek(ctx, file, remembered)
	if err != nil {
		return known(err, "file storage does not answer")
	}
	u.HeaderRow, u.Columns, u.Missing = head.Row, match.Columns, match.Missing
	if u.SameAs, err = s.Store.SameFile(ctx, u.Tenant, u.Kind, u.SHA256); err != nil {
		return unavailable("the database does not answer", err)
	}
	return nil
}

// drop removes a file that is not kept; should that fail, it is swept later.
func (s *Starter) drop(ctx context.Context, u job.Upload) {
	if err := s.Blobs.Delete(context.WithoutCancel(ctx), u.Key); err != nil {
		s.log().Warn("remove refused upload", "upload", u.ID, "error", err)
	}
}

// fileName keeps the name's last part, without what no file system takes, and composed: macOS sends Hangul taken apart.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, "/\\")+1:]
	name = norm.NFC.String(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))))
	for len(name) > maxFileName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if name == "" {
		return "upload"
	}
	return name
}
