package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

func stockLevels() dataset.BulkSave {
	text := func(ko, en string) dataset.Text { return dataset.Text{Ko: ko, En: en} }
	return dataset.BulkSave{
		Name: "stock-levels", Title: text("재고", "Stock levels"), About: text("재고를 정합니다", "Sets what there is"),
		Key: []string{"sku"},
		Fields: []dataset.Field{
			{Name: "sku", Header: text("품번", "SKU"), About: text("상품", "Product"), Type: dataset.FieldCode, Required: true, MaxLength: 64, Example: "A-1"},
			{Name: "on_hand", Header: text("수량", "On hand"), About: text("수량", "Quantity"), Type: dataset.FieldInteger, Required: true, Min: "0", Max: "1000", Example: "3"},
		},
		Target: target.Plan{
			Fields: []string{"sku", "on_hand"},
			Steps: []target.Step{{
				Name: "product", Table: "secret_products", Mode: target.Upsert,
				Key: []target.Column{{Name: "sku", From: target.Field("sku")}},
				Set: []target.Column{{Name: "on_hand", From: target.Field("on_hand")}},
			}},
		},
	}
}

// fakeSaves is the part of fakeJobs that saves: it takes files as the starter does, but keeps only their beginning.
type fakeSaves struct {
	saving   sync.Mutex
	requests []starter.UploadRequest
	uploads  map[string]job.Upload // by ID
	heads    map[string]string     // up to 64 kB of each
	savedBy  map[string]string     // jobs by SHA-256
	keyed    map[string]string     // digests by key
	saves    []contract.BulkSaveInput
	next     string // ID of the next job; default save-1
	outcomes []job.Item
	asked    []job.ItemQuery

	came func(bytes int64)           // told of each piece of a file
	wait func(context.Context) error // before a file is done
}

func (f *fakeJobs) Upload(ctx context.Context, r starter.UploadRequest, body io.Reader) (job.Upload, error) {
	if _, err := f.kinds.Rows(r.Kind); err != nil {
		return job.Upload{}, err
	}
	if r.Tenant != "acme" {
		return job.Upload{}, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "there is no such tenant"})
	}
	hash, head, size := sha256.New(), []byte{}, int64(0)
	for buf := make([]byte, 32<<10); ; {
		n, err := body.Read(buf)
		hash.Write(buf[:n])
		head = append(head, buf[:min(n, 64<<10-len(head))]...)
		size += int64(n)
		if f.came != nil && n > 0 {
			f.came(size)
		}
		if err == io.EOF { // bare, as the contract says
			break
		}
		if err != nil {
			return job.Upload{}, fmt.Errorf("store at secret-place: %w", err)
		}
	}
	if f.wait != nil {
		if err := f.wait(ctx); err != nil {
			return job.Upload{}, fmt.Errorf("store at secret-place: %w", err)
		}
	}
	if r.Size >= 0 && r.Size != size {
		return job.Upload{}, job.Errorf(job.CodeInvalid, "the file was cut off")
	}
	if strings.HasPrefix(string(head), "\xd0\xcf\x11\xe0") {
		return job.Upload{}, job.Errorf(job.CodeInvalid, "this is a workbook of Excel 97; save it as .xlsx")
	}
	f.saving.Lock()
	defer f.saving.Unlock()
	u := job.Upload{
		ID: fmt.Sprint("upload-", len(f.uploads)+1), Kind: r.Kind, Tenant: r.Tenant, Name: r.Name, Size: size,
		SHA256: hex.EncodeToString(hash.Sum(nil)), Format: "csv", Encoding: "utf-8", HeaderRow: 1,
		Columns:   []job.UploadColumn{{Header: "품번", Samples: []string{"A-1"}, Column: "sku", Confidence: 1, How: job.MatchSynonym}},
		CreatedAt: day, ExpiresAt: day.AddDate(0, 0, 7), Key: "uploads/secret-place",
	}
	if id := f.savedBy[u.SHA256]; id != "" {
		u.SameAs = &job.SameFile{JobID: id, At: day}
	}
	if f.uploads == nil {
		f.uploads, f.heads = map[string]job.Upload{}, map[string]string{}
	}
	f.uploads[u.ID], f.heads[u.ID] = u, string(head)
	f.requests = append(f.requests, r)
	return u, nil
}

func (f *fakeSaves) UploadByID(_ context.Context, id string) (job.Upload, error) {
	f.saving.Lock()
	defer f.saving.Unlock()
	u, ok := f.uploads[id]
	if !ok {
		return u, job.Errorf(job.CodeNotFound, "there is no upload %q", id)
	}
	return u, nil
}

// stored is how many files are kept.
func (f *fakeSaves) stored() int {
	f.saving.Lock()
	defer f.saving.Unlock()
	return len(f.uploads)
}

func (f *fakeJobs) StartBulkSave(ctx context.Context, in contract.BulkSaveInput, key string) (job.Job, bool, error) {
	f.saving.Lock()
	defer f.saving.Unlock()
	if _, err := f.kinds.BulkSave(in.Kind); err != nil {
		return job.Job{}, false, err
	}
	u, ok := f.uploads[in.Upload]
	if !ok {
		return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/upload", Message: "there is no such upload"})
	}
	for header, column := range in.Mapping {
		if column != "" && column != "sku" && column != "on_hand" {
			return job.Job{}, false, job.Invalid(job.FieldError{Pointer: "/mapping/" + escapePointer(header), Message: "there is no such column"})
		}
	}
	how := in
	how.Upload = u.SHA256
	digest, err := json.Marshal(how)
	if err != nil {
		return job.Job{}, false, err
	}
	if earlier, ok := f.keyed[key]; ok {
		if earlier != string(digest) {
			return job.Job{}, false, job.Errorf(job.CodeConflict, "the key belongs to another request")
		}
		j, err := f.Job(ctx, "save-1")
		return j, true, err
	}
	if j, err := f.Job(ctx, "save-1"); err == nil && !j.State.Ended() {
		return job.Job{}, false, &job.Error{Code: job.CodeDuplicate, Message: "one runs already", JobID: j.ID}
	}
	if key != "" {
		f.keyed = map[string]string{key: string(digest)}
	}
	id := cmp.Or(f.next, "save-1")
	f.savedBy = map[string]string{u.SHA256: id}
	f.saves = append(f.saves, in)
	j := saving(id)
	j.State, j.RequestedBy, j.Save.Upload, j.Save.DryRun = job.Queued, in.RequestedBy, u.Name, in.DryRun
	return f.put(j), false, nil
}

func (f *fakeJobs) Undo(ctx context.Context, id, requestedBy string) (job.Job, error) {
	j, err := f.Job(ctx, id)
	if err != nil {
		return j, err
	}
	if j.Save == nil || j.Save.UndoUntil == nil {
		return j, job.Errorf(job.CodeConflict, "this cannot be undone")
	}
	undo := saving("undo-1")
	undo.State, undo.RequestedBy, undo.Save.Undoes = job.Queued, requestedBy, id
	return f.put(undo), nil
}

func (f *fakeJobs) Items(ctx context.Context, id string, q job.ItemQuery) (job.ItemPage, error) {
	if _, err := f.Job(ctx, id); err != nil {
		return job.ItemPage{}, err
	}
	f.saving.Lock()
	defer f.saving.Unlock()
	f.fakeSaves.asked = append(f.fakeSaves.asked, q)
	if q.PageToken == "bad" {
		return job.ItemPage{}, job.Invalid(job.FieldError{Pointer: "/page_token", Message: "is not a token of this list"})
	}
	n := min(q.PageSize, len(f.outcomes))
	page := job.ItemPage{Items: f.outcomes[:n], Total: int64(len(f.outcomes)), Complete: true}
	if n < len(f.outcomes) {
		page.NextPageToken = "next"
	}
	return page, nil
}

// saving is a bulk save that runs.
func saving(id string) job.Job {
	j := running(id)
	j.Type, j.Kind, j.WorkflowID = job.TypeBulkSave, "stock-levels", contract.BulkSaveWorkflowID("stock-levels", "acme")
	j.Progress.Phase = job.PhaseApplying
	j.Save = &job.Save{Upload: "재고.csv", Saved: &job.Tally{Created: 3, Updated: 2, Refused: 1, Codes: []job.CodeCount{{Code: job.RowRequired, Count: 1}}}}
	return j
}
