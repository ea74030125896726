package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// PlanUndo finds what a job has changed.
func (b *BulkSave) PlanUndo(ctx context.Context, in contract.SaveRequest) (contract.UndoPlan, error) {
	done, err := b.Store.Save(ctx, in.Request.Undo)
	if err != nil {
		return contract.UndoPlan{}, err
	}
	switch {
	case done.Tenant != in.Request.Tenant || done.Kind != in.Request.Kind:
		return contract.UndoPlan{}, job.Errorf(job.CodeInvalid, "the job to undo is of another kind or tenant")
	case done.UndoneBy != "" && done.UndoneBy != in.JobID:
		return contract.UndoPlan{}, job.Errorf(job.CodeInvalid, "the job has been undone by %s", done.UndoneBy)
	case done.UndoUntil == nil || b.now().After(*done.UndoUntil):
		return contract.UndoPlan{}, job.Errorf(job.CodeGone, "this save cannot be undone, or no longer")
	}
	list, err := b.Store.UndoPlan(ctx, in.Request.Undo)
	if err != nil {
		return contract.UndoPlan{}, err
	}
	if len(list.Chunks) == 0 {
		return contract.UndoPlan{}, job.Errorf(job.CodeGone, "what this save has changed is no longer known")
	}
	plan, err := b.undonePlan(ctx, in, done)
	if err != nil {
		return contract.UndoPlan{}, err
	}
	doc, err := json.Marshal(plan)
	if err != nil {
		return contract.UndoPlan{}, fmt.Errorf("write plan: %w", err)
	}
	out := contract.UndoPlan{
		Rows: list.Rows, Chunks: list.Chunks, Passes: list.Passes, Plan: list.Plan, Upload: plan.File.Name,
	}
	return out, b.Blobs.Put(ctx, contract.PlanKey(in.JobID, list.Plan), doc)
}

// undonePlan is what the account of an undo needs to know of the save: its upload, and how that was read.
func (b *BulkSave) undonePlan(ctx context.Context, in contract.SaveRequest, done store.SaveRow) (*savePlan, error) {
	seller, err := b.Store.Seller(ctx, in.Request.Tenant)
	if err != nil {
		return nil, err
	}
	j, err := b.Store.Job(ctx, done.JobID)
	if err != nil {
		return nil, err
	}
	plan := &savePlan{SellerID: seller.ID, Zone: seller.Zone.String()}
	if err := json.Unmarshal(j.Request, &plan.Request); err != nil {
		return nil, fmt.Errorf("read request of job %s: %w", done.JobID, err)
	}
	plan.Request.Locale = in.Request.Locale
	if plan.Remembered, err = b.Store.Mapping(ctx, in.Request.Tenant, in.Request.Kind); err != nil {
		return nil, err
	}
	sent, err := b.Store.Upload(ctx, done.UploadID)
	if err != nil {
		return nil, err // it is kept for as long as the save can be undone
	}
	plan.File = savedFile{Key: sent.Key, Name: sent.Name, Size: sent.Size, SHA256: sent.SHA256, Sheets: sent.Sheets}
	return plan, nil
}

// Undo restores the rows of one chunk and table. Rows that have been changed since, or that others refer to, stay.
func (b *BulkSave) Undo(ctx context.Context, ref contract.ChunkRef) (contract.ChunkResult, error) {
	plan, _, err := b.plan(ctx, ref.JobID, ref.Plan)
	if err != nil {
		return contract.ChunkResult{}, err
	}
	entry, err := b.Store.UndoChunk(ctx, store.UndoWork{
		Key:    store.ChunkKey{JobID: ref.JobID, Plan: ref.Plan, Chunk: ref.Chunk},
		Undoes: store.ChunkKey{JobID: ref.Undoes, Plan: ref.Plan, Chunk: ref.Chunk},
		Pass:   ref.Pass, SellerID: plan.SellerID, Now: b.now(),
		Keep: func(rows []store.UndoneRow) error { return b.keepUndone(ctx, ref, rows) },
	})
	if err != nil {
		return contract.ChunkResult{}, fmt.Errorf("undo chunk %d: %w", ref.Chunk, err)
	}
	return contract.ChunkResult{Tally: entry.Tally}, nil
}

// keepUndone stores the rows that stay as they are, for the report. Each pass has files of its own, which are
// in the order of the upload.
func (b *BulkSave) keepUndone(ctx context.Context, ref contract.ChunkRef, rows []store.UndoneRow) error {
	var kept []dataset.RowFault
	for _, row := range rows {
		if row.Verdict == target.Kept {
			kept = append(kept, dataset.RowFault{
				Sheet: row.Sheet, Row: row.Number, Errors: []job.RowError{{Index: -1, Code: row.Code}},
			})
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return b.putFaults(ctx, key(ref.JobID, ref.Plan, undoneFile(ref.Pass), ref.Chunk), kept)
}
