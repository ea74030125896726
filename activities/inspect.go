package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

const (
	// chunkBytes bounds a chunk whose rows are long: it is held in memory by each worker that saves it, a few times
	// over, and its before-images have to fit into one packet of the database (16 MB).
	chunkBytes = 4 << 20
	// faultsPerFile bounds what is held of refused rows while reading.
	faultsPerFile = 2_000
	// keptCells bounds the refused rows whose cells are kept for the report, bytes: some thousand rows. An upload with more
	// that is wrong is read a second time, which is little beside the rest.
	keptCells = 1 << 20
	cellSize  = 64 // bytes, about, without the text
)

// Inspect reads an upload once: it checks and normalises each row, and stores the good ones in chunks and the others with
// their errors. The plan is named by what it is made from, so that the same file leads to the same plan.
func (b *BulkSave) Inspect(ctx context.Context, in contract.SaveRequest) (contract.SavePlan, error) {
	kind, err := b.Kinds.BulkSave(in.Request.Kind)
	if err != nil {
		return contract.SavePlan{}, err
	}
	seller, err := b.Store.Seller(ctx, in.Request.Tenant)
	if err != nil {
		return contract.SavePlan{}, err
	}
	sent, err := b.Store.Upload(ctx, in.Request.Upload)
	if err != nil {
		return contract.SavePlan{}, err
	}
	if sent.Tenant != in.Request.Tenant || sent.Kind != in.Request.Kind {
		return contract.SavePlan{}, job.Errorf(job.CodeInvalid, "the upload is for %s of another kind or tenant", sent.Kind)
	}
	remembered, err := b.Store.Mapping(ctx, in.Request.Tenant, in.Request.Kind)
	if err != nil {
		return contract.SavePlan{}, err
	}
	plan := &savePlan{
		Request: in.Request, SellerID: seller.ID, Zone: seller.Zone.String(), Remembered: remembered,
		File: savedFile{Key: sent.Key, Name: sent.Name, Size: sent.Size, SHA256: sent.SHA256},
	}
	plan.Request.Carried = nil
	file, closer, err := b.open(ctx, plan.File)
	if err != nil {
		return contract.SavePlan{}, err
	}
	defer closer.Close()
	for _, s := range file.Sheets {
		plan.File.Sheets = append(plan.File.Sheets, s.Name)
	}
	id := digestOf([]any{plan.Request, plan.File, plan.Zone, plan.SellerID, remembered, kind.Describe(), kind.ChunkRows})
	if err := b.sameAsApplied(ctx, in.JobID, id); err != nil {
		return contract.SavePlan{}, err
	}
	r := inspection{
		BulkSave: b, jobID: in.JobID, id: id, plan: plan, kind: kind, lastWins: in.Request.Duplicates == contract.DuplicatesLastWins,
		field:  slices.Index(kind.Target.Fields, kind.Together),
		intake: kind.Intake(ctx, file, in.Request.Mapping, remembered, seller.Zone),
	}
	defer r.intake.Close()
	if err := r.run(ctx); err != nil {
		return contract.SavePlan{}, fmt.Errorf("inspect %s: %w", sent.Name, err)
	}
	return contract.SavePlan{
		ID: id, Chunks: len(plan.Chunks), Rows: plan.Rows, Refused: plan.Refused, Upload: sent.Name,
		Parent: b.parentOf(ctx, in.Request, file), Skipped: r.intake.Skipped(), Example: r.intake.Example(),
	}, nil
}

// sameAsApplied refuses to go on with a job, reset after its end, whose kind has changed since: chunks that another
// plan has saved would be saved again, and goods that were added be added twice.
func (b *BulkSave) sameAsApplied(ctx context.Context, jobID, plan string) error {
	list, err := b.Store.UndoPlan(ctx, jobID)
	if err != nil {
		return err
	}
	if list.Plan != "" && list.Plan != plan {
		return job.Errorf(job.CodeInvalid, "this job has saved rows by another version of its kind, and cannot be taken up again: start a new one")
	}
	return nil
}

// parentOf is the job whose error workbook the file is, if it is one of the same kind and tenant.
func (b *BulkSave) parentOf(ctx context.Context, in contract.BulkSaveInput, file *upload.File) string {
	if file.Parent == "" {
		return ""
	}
	parent, err := b.Store.Save(ctx, file.Parent)
	if err != nil || parent.Tenant != in.Tenant || parent.Kind != in.Kind {
		return ""
	}
	return file.Parent
}

// inspection is one reading of an upload.
type inspection struct {
	*BulkSave
	jobID, id string
	plan      *savePlan
	kind      dataset.BulkSave
	intake    *dataset.Intake
	lastWins  bool

	roll     *dataset.Roll
	rows     []target.Row // of the chunk at hand
	bytes    int
	good     int64 // rows that could be saved
	faults   []dataset.RowFault
	kept     int // bytes, see keptCells
	field    int // that keeps rows in one chunk; -1 for none
	together any // its value in the last row
	storing  *errgroup.Group
}

func (r *inspection) run(ctx context.Context) error {
	var storeCtx context.Context
	r.storing, storeCtx = errgroup.WithContext(ctx)
	r.storing.SetLimit(max(2, runtime.GOMAXPROCS(0))) // encoding goes on beside reading
	r.roll = r.kind.NewRoll(r.lastWins)
	err := r.read(storeCtx)
	if stored := r.storing.Wait(); stored != nil {
		err = stored // a failed write also ends the reading: name the cause
	}
	for _, head := range r.intake.Heads() {
		r.plan.Heads = append(r.plan.Heads, savedHead{Sheet: head.Sheet, Row: head.Row, Columns: head.Columns})
	}
	if err == nil {
		err = r.repeats(ctx)
	}
	if err != nil {
		return err
	}
	doc, err := json.Marshal(r.plan)
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	r.plans.put(contract.PlanRef{JobID: r.jobID, Plan: r.id}, r.plan)
	return r.Blobs.Put(ctx, contract.PlanKey(r.jobID, r.id), doc)
}

// read goes through the rows in the order of the file.
func (r *inspection) read(ctx context.Context) error {
	for r.intake.Next() {
		if r.plan.Rows++; r.plan.Rows%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		row := r.intake.Row()
		values, errs := r.intake.Read()
		if ref := r.intake.Ref(row.Sheet, row.Number); len(errs) > 0 {
			r.roll.Pass(ref, values)
		} else {
			errs = r.roll.Add(ref, values)
			r.intake.Locate(errs)
		}
		if len(errs) > 0 {
			r.refuse(dataset.RowFault{
				Sheet: row.Sheet, Row: row.Number, Key: r.kind.KeyOf(values), Errors: errs, Count: r.kind.CountOf(values),
				Cells: r.keep(row),
			})
			if len(r.faults) == faultsPerFile {
				r.storeFaults(ctx, readFaultsFile, &r.plan.ReadFaults)
			}
			continue
		}
		r.add(ctx, target.Row{Sheet: row.Sheet, Number: row.Number, Values: values})
	}
	if err := r.intake.Err(); err != nil {
		return err
	}
	r.storeChunk(ctx)
	r.storeFaults(ctx, readFaultsFile, &r.plan.ReadFaults)
	return nil
}

// keep gives the cells of a refused row, unless enough have been kept.
func (r *inspection) keep(row *upload.Row) []upload.Cell {
	for i := range row.Cells {
		r.kept += cellSize + len(row.Cells[i].Text)
	}
	if r.kept > keptCells {
		return nil
	}
	return row.Clone().Cells
}

// add puts a row into the chunk at hand, or begins the next one. Rows that belong together stay so, unless there
// are as many of them as fill a chunk.
func (r *inspection) add(ctx context.Context, row target.Row) {
	var together any
	if r.field >= 0 {
		together = row.Values[r.field]
	}
	full := len(r.rows) >= r.kind.ChunkRows || r.bytes >= chunkBytes
	if full && (together == nil || together != r.together || len(r.rows) >= 2*r.kind.ChunkRows || r.bytes >= 2*chunkBytes) {
		r.storeChunk(ctx)
	}
	r.together = together
	r.rows = append(r.rows, row)
	r.bytes += sizeOf(row)
	r.good++
}

// sizeOf is about what a row takes.
func sizeOf(row target.Row) int {
	size := 16 * len(row.Values)
	for _, v := range row.Values {
		switch v := v.(type) {
		case string:
			size += len(v)
		case target.Decimal:
			size += len(v)
		}
	}
	return size
}

func (r *inspection) storeChunk(ctx context.Context) {
	if len(r.rows) == 0 {
		return
	}
	rows, n := r.rows, len(r.plan.Chunks)
	r.plan.Chunks = append(r.plan.Chunks, savedChunk{Rows: len(rows), first: r.good - int64(len(rows))})
	r.rows, r.bytes = make([]target.Row, 0, r.kind.ChunkRows), 0
	r.storing.Go(func() error {
		return r.Blobs.Put(ctx, key(r.jobID, r.id, chunkFile, n), target.EncodeRows(rows))
	})
}

func (r *inspection) refuse(f dataset.RowFault) {
	r.faults = append(r.faults, f)
	t := job.Tally{Refused: 1}
	for _, e := range f.Errors {
		t.Add(job.Tally{Codes: []job.CodeCount{{Code: e.Code, Count: 1}}})
	}
	r.plan.Refused.Add(t)
}

func (r *inspection) storeFaults(ctx context.Context, name string, files *int) {
	if len(r.faults) == 0 {
		return
	}
	faults, n := r.faults, *files
	*files++
	r.faults = nil
	r.storing.Go(func() error { return r.putFaults(ctx, key(r.jobID, r.id, name, n), faults) })
}

// repeats finds the rows that share their key with another, and takes them out of their chunks.
func (r *inspection) repeats(ctx context.Context) error {
	r.storing, ctx = errgroup.WithContext(ctx)
	r.storing.SetLimit(2)
	at := repeatsOf{inspection: r, chunk: -1}
	err := r.roll.Repeated(func(row, other int64) error { return at.take(ctx, row, other) })
	if err == nil {
		err = at.close(ctx)
	}
	r.storeFaults(ctx, repeatFaultsFile, &r.plan.RepeatFaults)
	if stored := r.storing.Wait(); stored != nil {
		err = stored
	}
	return err
}

// repeatsOf gathers the repeated rows of one chunk after the other.
type repeatsOf struct {
	*inspection
	chunk   int
	rows    []target.Row
	indexes []int

	// other is the chunk that the last other row was found in: repeats tend to lie side by side.
	other     int
	otherRows []target.Row
}

func (r *repeatsOf) take(ctx context.Context, place, other int64) error {
	chunk, index := r.find(place)
	if chunk != r.chunk {
		if err := r.close(ctx); err != nil {
			return err
		}
		rows, err := r.load(ctx, chunk)
		if err != nil {
			return err
		}
		r.chunk, r.rows, r.indexes = chunk, rows, nil
	}
	r.indexes = append(r.indexes, index)
	if r.lastWins {
		r.plan.Refused.Add(job.Tally{Superseded: 1})
		return nil
	}
	otherChunk, otherIndex := r.find(other)
	if r.otherRows == nil || otherChunk != r.other {
		rows, err := r.load(ctx, otherChunk)
		if err != nil {
			return err
		}
		r.other, r.otherRows = otherChunk, rows
	}
	row, against := r.rows[index], r.intake.Ref(r.otherRows[otherIndex].Sheet, r.otherRows[otherIndex].Number)
	e := job.RowError{Column: r.kind.KeyColumn(row.Values), Index: -1, Code: job.RowDuplicate, Other: &against}
	r.plan.place(r.kind, row, &e)
	e.Value = cutValue(r.kind.KeyOf(row.Values))
	r.refuse(dataset.RowFault{
		Sheet: row.Sheet, Row: row.Number, Key: r.kind.KeyOf(row.Values), Count: r.kind.CountOf(row.Values), Errors: []job.RowError{e},
	})
	if len(r.faults) == faultsPerFile {
		r.storeFaults(ctx, repeatFaultsFile, &r.plan.RepeatFaults)
	}
	return nil
}

// find tells in which chunk, and at which place of it, a row of the roll is: both know the rows that could be saved.
func (r *repeatsOf) find(row int64) (chunk, index int) {
	chunks := r.plan.Chunks
	chunk = sort.Search(len(chunks), func(i int) bool { return chunks[i].first > row }) - 1
	return chunk, int(row - chunks[chunk].first)
}

func (r *repeatsOf) load(ctx context.Context, chunk int) ([]target.Row, error) {
	data, err := r.Blobs.Get(ctx, key(r.jobID, r.id, chunkFile, chunk))
	if err != nil {
		return nil, err
	}
	return target.DecodeRows(data)
}

// close stores which rows of the chunk are not to be saved.
func (r *repeatsOf) close(ctx context.Context) error {
	if r.chunk < 0 || len(r.indexes) == 0 {
		return nil
	}
	r.plan.Chunks[r.chunk].Repeated = len(r.indexes)
	doc, err := json.Marshal(r.indexes)
	if err != nil {
		return fmt.Errorf("write repeats: %w", err)
	}
	return r.Blobs.Put(ctx, key(r.jobID, r.id, repeatsFile, r.chunk), doc)
}
