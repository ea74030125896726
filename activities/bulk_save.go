package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// BulkSave does the deeds of a bulk save. What it keeps in blob storage while a job runs lies under the job's plan:
//
//	plan.json            the request, the file, its headers, and how many chunks there are
//	chunk-00000003       rows to save
//	repeats-00000003     those of them that another row of the file stands against
//	faults-read-…        rows that reading has refused, faults-repeat-… and the chunks' faults-check-…, -apply-…, -undo-…
//	verdicts-00000003    what the dry run found
//	changes-00000003     a few rows of it, before and after
type BulkSave struct {
	Kinds *dataset.Registry
	Store *store.Store
	Blobs *blob.Store
	// Limits guard against files that are larger than they look.
	Limits upload.Limits
	// KeepFor is how long an error workbook is offered; zero means [DefaultKeepFor].
	KeepFor time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	plans plans[savePlan]
}

// savePlan is the result of inspecting an upload, as it is stored.
type savePlan struct {
	Request  contract.BulkSaveInput `json:"request"`
	File     savedFile              `json:"file"`
	SellerID int64                  `json:"seller_id"`
	Zone     string                 `json:"zone"`
	// Remembered is what the tenant's headers were taken for before, when the file was first read.
	Remembered map[string]string `json:"remembered,omitempty"`
	// Heads are those of the sheets that are read.
	Heads  []savedHead  `json:"heads"`
	Chunks []savedChunk `json:"chunks"`
	Rows   int64        `json:"rows"`
	// Faults tells how many files of refused rows there are of reading and of repeats.
	ReadFaults   int       `json:"read_faults"`
	RepeatFaults int       `json:"repeat_faults"`
	Refused      job.Tally `json:"refused"`
}

// savedFile is the upload.
type savedFile struct {
	Key    string   `json:"key"`
	Name   string   `json:"name"`
	Size   int64    `json:"size"`
	SHA256 string   `json:"sha256"`
	Sheets []string `json:"sheets"`
}

// savedHead is the head of one sheet.
type savedHead struct {
	Sheet   int                `json:"sheet"`
	Row     int                `json:"row"` // of the headers
	Columns []job.UploadColumn `json:"columns"`
}

// savedChunk tells where a chunk is.
type savedChunk struct {
	Rows     int   `json:"rows"`
	Repeated int   `json:"repeated,omitempty"` // rows of it that are not to be saved
	first    int64 // place of its first row among all that could be saved
}

// Check is the dry run of a chunk, or the comparison with the one before.
func (b *BulkSave) Check(ctx context.Context, ref contract.ChunkRef) (contract.ChunkResult, error) {
	plan, kind, err := b.plan(ctx, ref.JobID, ref.Plan)
	if err != nil {
		return contract.ChunkResult{}, err
	}
	rows, err := b.rows(ctx, plan, ref)
	if err != nil {
		return contract.ChunkResult{}, err
	}
	outcome, err := b.Store.CheckRows(ctx, plan.SellerID, kind.Target, rows)
	if err != nil {
		return contract.ChunkResult{}, fmt.Errorf("check chunk %d: %w", ref.Chunk, err)
	}
	if ref.Compare {
		return b.compare(ctx, ref, plan, rows, outcome)
	}
	keep := b.keeper(ctx, ref, plan, kind, contract.StageCheck, rows)
	if err := keep(outcome); err != nil {
		return contract.ChunkResult{}, err
	}
	err = b.Blobs.Put(ctx, key(ref.JobID, ref.Plan, verdictsFile, ref.Chunk), target.EncodeVerdicts(outcome.Verdicts))
	return contract.ChunkResult{Tally: outcome.Tally()}, err
}

// compare names the rows for which the dry run no longer holds.
func (b *BulkSave) compare(
	ctx context.Context, ref contract.ChunkRef, plan *savePlan, rows []target.Row, now target.Outcome,
) (contract.ChunkResult, error) {
	before, err := b.verdicts(ctx, ref)
	if err != nil {
		return contract.ChunkResult{}, err
	}
	if len(before) != len(now.Verdicts) {
		return contract.ChunkResult{}, fmt.Errorf("compare chunk %d: %d rows were checked, there are %d", ref.Chunk, len(before), len(now.Verdicts))
	}
	out := contract.ChunkResult{Tally: now.Tally()}
	for i, verdict := range now.Verdicts {
		if verdict == before[i] {
			continue
		}
		if out.StaleRows++; len(out.Stale) < job.MaxStale {
			out.Stale = append(out.Stale, plan.refTo(rows[i].Sheet, rows[i].Number))
		}
	}
	return out, nil
}

// Apply saves a chunk, once: a chunk that the ledger has is not saved again.
func (b *BulkSave) Apply(ctx context.Context, ref contract.ChunkRef) (contract.ChunkResult, error) {
	plan, kind, err := b.plan(ctx, ref.JobID, ref.Plan)
	if err != nil {
		return contract.ChunkResult{}, err
	}
	rows, err := b.rows(ctx, plan, ref)
	if err != nil {
		return contract.ChunkResult{}, err
	}
	var expect []target.Verdict
	if ref.Checked {
		if expect, err = b.verdicts(ctx, ref); err != nil {
			return contract.ChunkResult{}, err
		}
	}
	entry, err := b.Store.ApplyChunk(ctx, store.ChunkWork{
		Key:      store.ChunkKey{JobID: ref.JobID, Plan: ref.Plan, Chunk: ref.Chunk},
		SellerID: plan.SellerID, Target: kind.Target, Rows: rows, Expect: expect, Now: b.now(),
		Keep: b.keeper(ctx, ref, plan, kind, contract.StageApply, rows),
	})
	if err != nil {
		return contract.ChunkResult{}, fmt.Errorf("apply chunk %d: %w", ref.Chunk, err)
	}
	return contract.ChunkResult{Tally: entry.Tally}, nil
}

// CleanUp removes what a job has kept.
func (b *BulkSave) CleanUp(ctx context.Context, ref contract.JobRef) (contract.Nothing, error) {
	_, err := b.Blobs.DeletePrefix(ctx, contract.JobPrefix(ref.JobID))
	return contract.Nothing{}, err
}

// rows reads the rows of a chunk that are to be saved.
func (b *BulkSave) rows(ctx context.Context, plan *savePlan, ref contract.ChunkRef) ([]target.Row, error) {
	if ref.Chunk < 0 || ref.Chunk >= len(plan.Chunks) {
		return nil, fmt.Errorf("chunk %d is not in a plan of %d chunks", ref.Chunk, len(plan.Chunks))
	}
	data, err := b.get(ctx, key(ref.JobID, ref.Plan, chunkFile, ref.Chunk))
	if err != nil {
		return nil, err
	}
	rows, err := target.DecodeRows(data)
	if err != nil {
		return nil, filesLost(err)
	}
	if plan.Chunks[ref.Chunk].Repeated == 0 {
		return rows, nil
	}
	data, err = b.get(ctx, key(ref.JobID, ref.Plan, repeatsFile, ref.Chunk))
	if err != nil {
		return nil, err
	}
	var repeats []int
	if err := json.Unmarshal(data, &repeats); err != nil {
		return nil, filesLost(err)
	}
	return without(rows, repeats), nil
}

// without leaves out the rows of some indexes, which are in order.
func without(rows []target.Row, left []int) []target.Row {
	kept := make([]target.Row, 0, len(rows))
	for i, row := range rows {
		if len(left) > 0 && left[0] == i {
			left = left[1:]
			continue
		}
		kept = append(kept, row)
	}
	return kept
}

func (b *BulkSave) verdicts(ctx context.Context, ref contract.ChunkRef) ([]target.Verdict, error) {
	data, err := b.get(ctx, key(ref.JobID, ref.Plan, verdictsFile, ref.Chunk))
	if err != nil {
		return nil, err
	}
	verdicts, err := target.DecodeVerdicts(data)
	if err != nil {
		return nil, filesLost(err)
	}
	return verdicts, nil
}

func (b *BulkSave) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

func digestOf(v any) string {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal: %v", err)) // plain values only: cannot fail
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:12])
}
