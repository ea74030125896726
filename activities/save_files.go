package activities

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// The files of a plan, see [BulkSave].
const (
	chunkFile        = "chunk"
	repeatsFile      = "repeats"
	verdictsFile     = "verdicts"
	changesFile      = "changes"
	readFaultsFile   = "faults-read"
	repeatFaultsFile = "faults-repeat"
)

// faultsFile holds the refused rows of a chunk.
func faultsFile(s contract.Stage) string { return "faults-" + string(s) }

// undoneFile holds the rows of a chunk that a pass of an undo has left as they are.
func undoneFile(pass int) string { return fmt.Sprintf("%s-%02d", faultsFile(contract.StageUndo), pass) }

// key is where the n-th file of a name lies.
func key(jobID, plan, name string, n int) string {
	return fmt.Sprintf("%s%s-%08d", contract.PlanPrefix(jobID, plan), name, n)
}

// plan reads a plan, which does not change once it is stored, and its kind.
func (b *BulkSave) plan(ctx context.Context, jobID, id string) (*savePlan, dataset.BulkSave, error) {
	ref := contract.PlanRef{JobID: jobID, Plan: id}
	plan := b.plans.get(ref)
	if plan == nil {
		data, err := b.get(ctx, contract.PlanKey(jobID, id))
		if err != nil {
			return nil, dataset.BulkSave{}, err
		}
		plan = &savePlan{}
		if err := json.Unmarshal(data, plan); err != nil {
			return nil, dataset.BulkSave{}, filesLost(err)
		}
		b.plans.put(ref, plan)
	}
	kind, err := b.Kinds.BulkSave(plan.Request.Kind)
	return plan, kind, err
}

// get reads a file of the plan. One that is gone means that the plan is: the execution was reset after its end.
func (b *BulkSave) get(ctx context.Context, key string) ([]byte, error) {
	data, err := b.Blobs.Get(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, filesLost(err)
	}
	return data, err
}

func filesLost(cause error) error {
	return temporal.NewNonRetryableApplicationError("the plan's files are gone or damaged", contract.FailurePlanLost, cause)
}

// open opens the file of a plan.
func (b *BulkSave) open(ctx context.Context, f savedFile) (*upload.File, io.Closer, error) {
	return openUpload(ctx, b.Blobs, b.Limits, f.Key, f.Name, f.Size)
}

// openUpload opens an uploaded file for reading, wherever in it: nothing of it is held in memory.
func openUpload(ctx context.Context, blobs *blob.Store, limits upload.Limits, key, name string, size int64) (*upload.File, io.Closer, error) {
	at := upload.ReaderAt(func(offset int64) (io.ReadCloser, error) {
		return blobs.Reader(ctx, key, offset, -1)
	}, size)
	file, err := upload.Open(ctx, at, size, name, limits)
	if errors.Is(err, blob.ErrNotFound) {
		err = &job.Error{Code: job.CodeGone, Message: "the uploaded file is no longer in storage: send it again", Err: err}
	}
	if err != nil {
		at.Close()
		return nil, nil, err
	}
	return file, at, nil
}

// refTo names a row for people.
func (p *savePlan) refTo(sheet, row int) job.RowRef {
	ref := job.RowRef{Row: row}
	if len(p.File.Sheets) > 1 && sheet < len(p.File.Sheets) {
		ref.Sheet = p.File.Sheets[sheet]
	}
	return ref
}

// zone is that of the tenant when the file was read.
func (p *savePlan) zone() (*time.Location, error) { return time.LoadLocation(p.Zone) }

// keeper stores what a chunk's outcome tells about single rows, for the report.
func (b *BulkSave) keeper(
	ctx context.Context, ref contract.ChunkRef, plan *savePlan, kind dataset.BulkSave, stage contract.Stage, rows []target.Row,
) func(target.Outcome) error {
	return func(o target.Outcome) error {
		if len(o.Faults) > 0 {
			err := b.putFaults(ctx, key(ref.JobID, ref.Plan, faultsFile(stage), ref.Chunk), plan.faults(kind, rows, o.Faults))
			if err != nil {
				return err
			}
		}
		if stage != contract.StageCheck || len(o.Changes) == 0 {
			return nil
		}
		doc, err := json.Marshal(plan.changes(kind, rows, o.Changes))
		if err != nil {
			return fmt.Errorf("write changes: %w", err)
		}
		return b.Blobs.Put(ctx, key(ref.JobID, ref.Plan, changesFile, ref.Chunk), doc)
	}
}

// faults words what the database had against rows in the form that reading has.
func (p *savePlan) faults(kind dataset.BulkSave, rows []target.Row, faults []target.Fault) []dataset.RowFault {
	var out []dataset.RowFault
	for _, f := range faults {
		row := rows[f.Row]
		if n := len(out); n == 0 || out[n-1].Sheet != row.Sheet || out[n-1].Row != row.Number {
			out = append(out, dataset.RowFault{
				Sheet: row.Sheet, Row: row.Number, Key: kind.KeyOf(row.Values), Count: kind.CountOf(row.Values),
			})
		}
		e := job.RowError{Column: f.Field, Index: -1, Code: f.Code, Limit: f.Limit}
		p.place(kind, row, &e)
		if f.Other >= 0 && f.Other < len(rows) {
			other := p.refTo(rows[f.Other].Sheet, rows[f.Other].Number)
			e.Other = &other
		}
		last := &out[len(out)-1]
		last.Errors = append(last.Errors, e)
	}
	return out
}

// columns are those of a sheet of the upload; nil where it has not been read.
func (p *savePlan) columns(sheet int) []job.UploadColumn {
	for _, head := range p.Heads {
		if head.Sheet == sheet {
			return head.Columns
		}
	}
	return nil
}

// place adds to an error where its column is in the upload, and what stands there.
func (p *savePlan) place(kind dataset.BulkSave, row target.Row, e *job.RowError) {
	for _, c := range p.columns(row.Sheet) {
		if c.Column == e.Column && e.Column != "" {
			e.Header, e.Index = c.Header, c.Index
		}
	}
	if i := slices.Index(kind.Target.Fields, e.Column); i >= 0 && row.Values[i] != nil {
		e.Value = cutValue(fmt.Sprint(row.Values[i]))
	}
}

func cutValue(s string) string {
	if runes := []rune(s); len(runes) > job.MaxErrorValue {
		return string(runes[:job.MaxErrorValue])
	}
	return s
}

// changes are a sample of rows that would be updated.
func (p *savePlan) changes(kind dataset.BulkSave, rows []target.Row, changes []target.RowChange) []job.Item {
	items := make([]job.Item, len(changes))
	for i, c := range changes {
		row := rows[c.Row]
		ref := p.refTo(row.Sheet, row.Number)
		items[i] = job.Item{
			Sheet: ref.Sheet, Row: ref.Row, Outcome: target.Updated.String(), Key: kind.KeyOf(row.Values),
			Changes: inFields(kind.Target, c.Changes),
		}
	}
	return items
}

// inFields names changes by the kind's fields instead of its tables; what follows from others (an amount, a
// reference) is left out, unless nothing else has changed.
func inFields(p target.Plan, changes []job.Change) []job.Change {
	fields := map[string]string{}
	for _, step := range p.Steps {
		for _, c := range step.Set {
			if c.From.Kind == target.FromField || c.From.Kind == target.FromSum {
				fields[step.Table+"."+c.Name] = c.From.Field
			}
		}
	}
	var out []job.Change
	for _, c := range changes {
		if field, ok := fields[c.Column]; ok {
			c.Column = field
			out = append(out, c)
		}
	}
	if out == nil {
		return changes
	}
	return out
}

// putFaults stores refused rows, one JSON document a line.
func (b *BulkSave) putFaults(ctx context.Context, key string, faults []dataset.RowFault) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, f := range faults {
		if err := encoder.Encode(f); err != nil {
			return fmt.Errorf("write refused row: %w", err)
		}
	}
	return b.Blobs.Put(ctx, key, text.Bytes())
}

// errEnough ends a reading that nobody wants the rest of.
var errEnough = errors.New("enough")

// eachFault reads files of refused rows one after the other.
func (b *BulkSave) eachFault(ctx context.Context, keys []string, fn func(dataset.RowFault) error) error {
	for _, key := range keys {
		data, err := b.get(ctx, key)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, len(data)+1)
		for lines.Scan() {
			var f dataset.RowFault
			if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
				return filesLost(err)
			}
			if err := fn(f); err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("read %s: %w", key, err)
		}
	}
	return nil
}
