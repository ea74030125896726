package web_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// Upload reads a CSV as a person would, and lets the kind match its headers.
func (d *desk) Upload(_ context.Context, r starter.UploadRequest, body io.Reader) (job.Upload, error) {
	rows, err := d.rowsOf(r.Kind)
	if err != nil {
		return job.Upload{}, err
	}
	if !slices.Contains(sellers, r.Tenant) {
		return job.Upload{}, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "there is no such seller"})
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return job.Upload{}, err
	}
	if bytes.HasPrefix(content, []byte("\xD0\xCF\x11\xE0")) {
		return job.Upload{}, job.Errorf(job.CodeInvalid, "this is a workbook of Excel 97 (.xls) or an encrypted one; save it as .xlsx without a password")
	}
	head, err := headOf(rows, content)
	if err != nil {
		return job.Upload{}, err
	}
	matching, err := rows.Match(head, nil, nil)
	if err != nil {
		return job.Upload{}, err
	}
	sum := sha256.Sum256(content)
	u := job.Upload{
		Kind: r.Kind, Tenant: r.Tenant, Name: r.Name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
		Format: strings.TrimPrefix(path.Ext(r.Name), "."), Encoding: "utf-8", HeaderRow: head.Row, Columns: matching.Columns, Missing: matching.Missing,
		CreatedAt: time.Now().UTC(), ExpiresAt: time.Now().UTC().Add(24 * time.Hour),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.link(&u)
	u.ID = fmt.Sprintf("upload-%d", len(d.uploads)+1)
	d.uploads[u.ID] = u
	return u, nil
}

// rowsOf is the part that reads files of a kind of bulk save or sync.
func (d *desk) rowsOf(name string) (dataset.Rows, error) {
	if sync, err := d.kinds.Sync(name); err == nil {
		return sync.Rows(), nil
	}
	save, err := d.kinds.BulkSave(name)
	return save.Rows(), err
}

// headOf finds the headers of a CSV.
func headOf(rows dataset.Rows, content []byte) (dataset.Head, error) {
	reader := csv.NewReader(bytes.NewReader(content))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		return dataset.Head{}, job.Errorf(job.CodeInvalid, "this is no CSV: %v", err)
	}
	var first []dataset.HeadRow
	for i, record := range records {
		first = append(first, dataset.HeadRow{Row: i + 1, Cells: record})
	}
	return rows.FindHead(first)
}

// link notes what an upload has to do with earlier jobs: the same file, or an error workbook, which is known here by
// its name. d.mu is held.
func (d *desk) link(u *job.Upload) {
	for _, j := range d.jobs {
		for _, a := range j.Artifacts {
			if a.Name == u.Name {
				u.Parent = j.ID
			}
		}
		for _, other := range d.uploads {
			if other.SHA256 == u.SHA256 && strings.Contains(string(j.Request), `"upload":"`+other.ID+`"`) {
				u.SameAs = &job.SameFile{JobID: j.ID, At: j.CreatedAt}
			}
		}
	}
}

func (d *desk) UploadByID(_ context.Context, id string) (job.Upload, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u, ok := d.uploads[id]
	if !ok {
		return job.Upload{}, job.Errorf(job.CodeNotFound, "there is no upload %q", id)
	}
	return u, nil
}

// StartBulkSave allows one save of a kind and tenant at a time.
func (d *desk) StartBulkSave(_ context.Context, in contract.BulkSaveInput, key string) (job.Job, bool, error) {
	kind, err := d.kinds.BulkSave(in.Kind)
	if err != nil {
		return job.Job{}, false, err
	}
	if err := d.checkUpload(in.Upload, kind.Rows(), in.Mapping); err != nil {
		return job.Job{}, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id := d.keys[key]; id != "" {
		return d.jobs[d.index(id)], true, nil
	}
	workflowID := contract.BulkSaveWorkflowID(in.Kind, in.Tenant)
	for _, j := range d.jobs {
		if j.WorkflowID == workflowID && !j.State.Ended() {
			return job.Job{}, false, &job.Error{Code: job.CodeDuplicate, Message: "a save of this kind is already running", JobID: j.ID}
		}
	}
	j := d.add(job.TypeBulkSave, in.Kind, in.Tenant, in, workflowID)
	d.keys[key] = j.ID
	return j, false, nil
}

func (d *desk) Undo(_ context.Context, id, _ string) (job.Job, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.index(id)
	if at < 0 {
		return job.Job{}, job.Errorf(job.CodeNotFound, "there is no job %q", id)
	}
	kind, tenant := d.jobs[at].Kind, d.jobs[at].Tenant
	j := d.add(job.TypeBulkSave, kind, tenant, contract.BulkSaveInput{Kind: kind, Tenant: tenant, Undo: id}, contract.BulkSaveWorkflowID(kind, tenant))
	save := *d.jobs[at].Save // a copy: an answer may be written just now
	save.UndoneBy = j.ID
	d.jobs[at].Save = &save
	return j, nil
}

// Items pages by the number of items already shown.
func (d *desk) Items(_ context.Context, id string, q job.ItemQuery) (job.ItemPage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []job.Item
	for _, item := range d.items[id] {
		outcome := cmp.Or(item.Outcome, "waiting") // of syncs, while there is none
		if (q.Outcome == "" || q.Outcome == outcome) && (q.Code == "" || q.Code == item.Code) {
			found = append(found, item)
		}
	}
	var skip int
	if q.PageToken != "" {
		if _, err := fmt.Sscanf(q.PageToken, "after-%d", &skip); err != nil {
			return job.ItemPage{}, job.Invalid(job.FieldError{Pointer: "/page_token", Message: "is not one of ours"})
		}
	}
	page := job.ItemPage{Items: found[min(skip, len(found)):], Total: int64(len(found)), Complete: true}
	if len(page.Items) > q.PageSize {
		page.Items, page.NextPageToken = page.Items[:q.PageSize], fmt.Sprintf("after-%d", skip+q.PageSize)
	}
	return page, nil
}
