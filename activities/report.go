package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

const (
	// refusedShown is how many refused rows the database keeps to show; the error workbook has them all.
	refusedShown = 900
	// changesShown is how many rows that would be updated a dry run shows.
	changesShown = 50
)

// Report writes the account of a stage: the error workbook, and the first refused rows for the page. Where rows have been
// saved it also offers to undo that.
func (b *BulkSave) Report(ctx context.Context, in contract.ReportRequest) (contract.ReportResult, error) {
	var out contract.ReportResult
	plan, kind, err := b.plan(ctx, in.JobID, in.Plan)
	if err != nil {
		return out, err
	}
	files, lost, err := b.faultFiles(ctx, in, plan)
	if err != nil {
		return out, err
	}
	if lost {
		out.File, err = b.earlierFile(ctx, in.JobID)
	} else {
		account := account{BulkSave: b, in: in, plan: plan, kind: kind}
		out.File, err = account.tell(ctx, files)
	}
	if err != nil {
		return out, err
	}
	if in.Stage == contract.StageCheck {
		return out, nil
	}
	written, err := b.Store.SavedTally(ctx, in.JobID)
	if err != nil {
		return out, err
	}
	out.Written = &written
	if in.Stage == contract.StageUndo {
		return out, b.markUndone(ctx, in)
	}
	// A worker that was killed may have created records for a chunk that nobody saves any more.
	left, err := b.Store.ReleaseEarly(ctx, in.JobID, b.now())
	if err != nil {
		return out, err
	}
	if (written.Created+written.Updated > 0 || left) && kind.UndoFor > 0 {
		out.UndoUntil, err = b.offerUndo(ctx, in.JobID, plan.Request.Upload, kind.UndoFor)
	}
	return out, err
}

// markUndone notes that a save has been undone, unless the undo was ended half-way: the rest can still be.
func (b *BulkSave) markUndone(ctx context.Context, in contract.ReportRequest) error {
	all, err := b.Store.UndoPlan(ctx, in.Undoes)
	if err != nil {
		return err
	}
	done, err := b.Store.Ledger(ctx, in.JobID, in.Plan)
	if err != nil || len(done) < len(all.Chunks)*all.Passes {
		return err
	}
	return b.Store.MarkUndone(ctx, in.Undoes, in.JobID)
}

// offerUndo keeps the upload as long as its rows can be undone: the account of an undo is written from it.
func (b *BulkSave) offerUndo(ctx context.Context, jobID, upload string, last time.Duration) (*time.Time, error) {
	until := b.now().UTC().Add(last)
	if err := b.Store.OfferUndo(ctx, jobID, until); err != nil {
		return nil, err
	}
	return &until, b.Store.ExtendUpload(ctx, upload, until.Add(leftFor))
}

// faultFiles lists the files of refused rows, as series that are each in the order of the upload: what reading has
// refused, what repeats, and what the chunks of the stage have; an undo has one of these for each pass.
//
// Of a stage that writes, only chunks count that have been committed: a file is stored shortly before. Where a chunk has
// refused rows and its file is gone (lost), an earlier run of this execution has removed it after its account.
func (b *BulkSave) faultFiles(ctx context.Context, in contract.ReportRequest, plan *savePlan) (all [][]string, lost bool, err error) {
	add := func(name string, chunks int) {
		var series []string
		for n := range chunks {
			series = append(series, key(in.JobID, in.Plan, name, n))
		}
		if series != nil {
			all = append(all, series)
		}
	}
	add(readFaultsFile, plan.ReadFaults)
	add(repeatFaultsFile, plan.RepeatFaults)
	var stored []string
	err = b.Blobs.List(ctx, contract.PlanPrefix(in.JobID, in.Plan)+faultsFile(in.Stage)+"-", func(key string, _ blob.Info) error {
		stored = append(stored, key) // in the order of chunks: their numbers have leading zeros
		return nil
	})
	if err != nil || in.Stage == contract.StageCheck {
		return append(all, stored), false, err
	}
	entries, err := b.Store.Ledger(ctx, in.JobID, in.Plan)
	pass := -1
	for _, e := range entries {
		if e.Refused+e.Kept == 0 {
			continue
		}
		file := key(in.JobID, in.Plan, faultsFile(in.Stage), e.Chunk)
		if in.Stage == contract.StageUndo {
			file = key(in.JobID, in.Plan, undoneFile(e.Pass), e.Chunk)
		}
		if _, found := slices.BinarySearch(stored, file); !found {
			return nil, true, nil
		}
		if e.Pass != pass {
			all, pass = append(all, nil), e.Pass
		}
		all[len(all)-1] = append(all[len(all)-1], file)
	}
	return all, false, err
}

// earlierFile is the error workbook that an earlier run of the execution has made.
func (b *BulkSave) earlierFile(ctx context.Context, jobID string) (*job.Artifact, error) {
	j, err := b.Store.Job(ctx, jobID)
	if err != nil || len(j.Artifacts) == 0 {
		return nil, err
	}
	return &j.Artifacts[0], nil
}

// account is one report in the making.
type account struct {
	*BulkSave
	in   contract.ReportRequest
	plan *savePlan
	kind dataset.BulkSave

	items   []job.Item
	refused int64
}

// tell writes the workbook and keeps the rows to show.
func (a *account) tell(ctx context.Context, files [][]string) (*job.Artifact, error) {
	file, err := a.write(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("write error workbook: %w", err)
	}
	return file, a.show(ctx)
}

// next notes a refused row for the page.
func (a *account) next(f dataset.RowFault) {
	a.refused++
	if a.refused > refusedShown {
		return
	}
	ref := a.plan.refTo(f.Sheet, f.Row)
	outcome := "refused"
	if a.in.Stage == contract.StageUndo {
		outcome = "kept"
	}
	a.items = append(a.items, job.Item{Sheet: ref.Sheet, Row: ref.Row, Outcome: outcome, Key: f.Key, Errors: f.Errors})
}

// write writes the error workbook; nil when no row was refused.
func (a *account) write(ctx context.Context, files [][]string) (*job.Artifact, error) {
	if !slices.ContainsFunc(files, func(series []string) bool { return len(series) > 0 }) {
		return nil, nil
	}
	var rows int64
	var sheets int
	file, err := storeFile(ctx, a.Blobs, a.in.JobID, sheet.XLSX, a.now, a.KeepFor, func(w io.Writer) (err error) {
		rows, sheets, err = a.copyRows(ctx, w, files)
		return err
	})
	if err != nil {
		return nil, err
	}
	file.Name, file.Rows, file.Sheets = errorsName(a.plan.File.Name, a.plan.Request.Locale), rows, sheets
	return file, nil
}

// errorsName is the upload's name with a word behind it.
func errorsName(upload, locale string) string {
	stem := strings.TrimSuffix(upload, path.Ext(upload))
	if stem == "" {
		stem = "upload"
	}
	word := "오류"
	if locale == dataset.LocaleEnglish {
		word = "errors"
	}
	return stem + "-" + word + ".xlsx"
}

// show keeps the rows that the page shows.
func (a *account) show(ctx context.Context) error {
	complete := a.refused <= refusedShown
	if a.in.Stage == contract.StageCheck {
		changes, err := a.sample(ctx)
		if err != nil {
			return err
		}
		a.items = append(a.items, changes...)
	}
	order := map[string]int{}
	for i, name := range a.plan.File.Sheets {
		order[name] = i
	}
	slices.SortStableFunc(a.items, func(x, y job.Item) int {
		if order[x.Sheet] != order[y.Sheet] {
			return order[x.Sheet] - order[y.Sheet]
		}
		return x.Row - y.Row
	})
	for i := range a.items {
		a.items[i].Position = int64(i + 1)
	}
	shown := min(a.refused, refusedShown)
	return a.Store.ReplaceItems(ctx, a.in.JobID, a.items, a.refused+int64(len(a.items))-shown, complete)
}

// sample reads some of the rows that would be updated, from chunks all over the file.
func (a *account) sample(ctx context.Context) ([]job.Item, error) {
	var keys []string
	under := contract.PlanPrefix(a.in.JobID, a.in.Plan) + changesFile + "-"
	if err := a.Blobs.List(ctx, under, func(key string, _ blob.Info) error {
		keys = append(keys, key)
		return nil
	}); err != nil {
		return nil, err
	}
	var items []job.Item
	step := max(1, len(keys)*target.MaxChanges/changesShown)
	for i := 0; i < len(keys) && len(items) < changesShown; i += step {
		data, err := a.get(ctx, keys[i])
		if err != nil {
			return nil, err
		}
		var some []job.Item
		if err := json.Unmarshal(data, &some); err != nil {
			return nil, filesLost(err)
		}
		items = append(items, some...)
	}
	return items[:min(len(items), changesShown)], nil
}
