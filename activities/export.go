// Package activities does the deeds: each may be run twice with the same effect, none knows what comes
// before or after it.
package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// Export does the deeds of an export.
type Export struct {
	Kinds *dataset.Registry
	Store *store.Store
	Blobs *blob.Store
	// KeepFor is how long a finished file is offered; zero means [DefaultKeepFor].
	KeepFor time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	plans plans[planned]
}

// Plan counts the rows of an export and cuts them into pages, in one scan of the key. The plan is stored
// under a digest of its content: made twice from the same rows, it is the same plan.
func (e *Export) Plan(ctx context.Context, in contract.ExportRequest) (contract.ExportPlan, error) {
	seller, err := e.Store.Seller(ctx, in.Request.Tenant)
	if err != nil {
		return contract.ExportPlan{}, err
	}
	selection, layout, err := e.choose(in.Request, seller.Zone)
	if err != nil {
		return contract.ExportPlan{}, err
	}
	p := exportPlan{
		Request: in.Request, SellerID: seller.ID, Zone: seller.Zone.String(), Definition: definition(selection, layout),
	}
	if p.Request.Filename == "" {
		// Fixed by the plan, so that an export that runs past midnight has one name.
		p.Request.Filename = selection.Filename(in.Request.Tenant, e.now().In(seller.Zone))
	}
	if err := e.cut(ctx, &p, selection, layout); err != nil {
		return contract.ExportPlan{}, fmt.Errorf("plan %s for %s: %w", in.Request.Kind, in.Request.Tenant, err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return contract.ExportPlan{}, fmt.Errorf("write plan: %w", err)
	}
	plan := contract.ExportPlan{ID: digest(data), Rows: p.Rows, Pages: len(p.Through)}
	if plan.Pages > 0 {
		err = e.Blobs.Put(ctx, contract.PlanKey(in.JobID, plan.ID), data)
	}
	return plan, err
}

// cut walks the keys once. A page ends when it is full or when its sheet is.
func (e *Export) cut(ctx context.Context, p *exportPlan, s dataset.Selection, layout sheet.Layout) error {
	last, err := e.key(ctx, s.MaxKey(p.SellerID))
	if err != nil {
		return err
	}
	p.HighWater = last
	sheetRows := int64(0)
	if layout.Format == sheet.XLSX {
		sheetRows = sheet.MaxRows - 1 // one row is the header
	}
	statement, pageRows := s.Keys(p.SellerID, p.HighWater), int64(s.Export().PageRows)
	var key, inPage int64
	err = e.Store.Stream(ctx, statement.SQL, statement.Args, func(cells [][]byte) error {
		var err error
		if key, err = strconv.ParseInt(string(cells[0]), 10, 64); err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		p.Rows++
		inPage++
		if inPage == pageRows || (sheetRows > 0 && p.Rows%sheetRows == 0) {
			p.end(key, inPage)
			inPage = 0
		}
		return nil
	})
	if err == nil && inPage > 0 {
		p.end(key, inPage)
	}
	return err
}

// end ends a page with a key.
func (p *exportPlan) end(key, rows int64) {
	p.Through, p.PageRows = append(p.Through, key), append(p.PageRows, rows)
}

// key reads one key; none at all is zero.
func (e *Export) key(ctx context.Context, statement dataset.Statement) (int64, error) {
	var key int64
	err := e.Store.Stream(ctx, statement.SQL, statement.Args, func(cells [][]byte) error {
		if cells[0] == nil {
			return nil
		}
		var err error
		key, err = strconv.ParseInt(string(cells[0]), 10, 64)
		return err
	})
	return key, err
}

// Page reads the rows of one page and stores them as a fragment. A fragment that is there already and
// whole is left as it is, but for its row numbers where another first row is asked for.
func (e *Export) Page(ctx context.Context, ref contract.PageRef) (contract.PageResult, error) {
	plan, err := e.plan(ctx, contract.PlanRef{JobID: ref.JobID, Plan: ref.Plan})
	if err != nil {
		return contract.PageResult{}, err
	}
	if ref.Page < 0 || ref.Page >= len(plan.Through) {
		return contract.PageResult{}, fmt.Errorf("page %d is not in a plan of %d pages", ref.Page, len(plan.Through))
	}
	key := contract.FragmentKey(ref.JobID, ref.Plan, ref.Page)
	info, err := e.info(ctx, key)
	switch {
	case missing(err):
		info, err = e.makePage(ctx, plan, key, ref)
	case err == nil && ref.FirstRow > 0 && info.FirstRow != ref.FirstRow:
		err = e.renumber(ctx, key, ref.FirstRow)
	}
	if e.late(ctx) {
		err = errors.Join(err, e.takeBack(ctx, ref))
	}
	if err != nil {
		return contract.PageResult{}, fmt.Errorf("export page %d of %s: %w", ref.Page, plan.Request.Kind, err)
	}
	return contract.PageResult{Rows: info.Rows}, nil
}

func (e *Export) makePage(ctx context.Context, plan *planned, key string, ref contract.PageRef) (sheet.Info, error) {
	firstRow := plan.places[ref.Page].FirstRow
	if ref.FirstRow > 0 {
		firstRow = ref.FirstRow
	}
	encoder, err := plan.encoder()
	if err != nil {
		return sheet.Info{}, err
	}
	fragment, info, err := e.encode(ctx, encoder, plan, ref.Page, firstRow)
	if err != nil {
		return sheet.Info{}, err
	}
	defer plan.encoders.Put(encoder) // it owns the fragment; one that failed half-way is left to the collector
	return info, e.Blobs.Put(ctx, key, fragment)
}

// renumber gives the rows of a fragment other numbers, without reading them again: they might have changed
// once more.
func (e *Export) renumber(ctx context.Context, key string, firstRow int) error {
	fragment, err := e.Blobs.Get(ctx, key)
	if err != nil {
		return err
	}
	moved, err := sheet.Renumber(fragment, firstRow)
	if err != nil {
		// Made again by the next attempt: what is damaged cannot be renumbered.
		return errors.Join(err, e.Blobs.Delete(ctx, key))
	}
	return e.Blobs.Put(ctx, key, moved)
}

func (e *Export) encode(
	ctx context.Context, encoder *sheet.Encoder, plan *planned, page, firstRow int,
) ([]byte, sheet.Info, error) {
	encoder.StartAt(firstRow)
	statement := plan.selection.Page(plan.SellerID, plan.after(page), plan.Through[page])
	if err := e.Store.Stream(ctx, statement.SQL, statement.Args, encoder.Append); err != nil {
		return nil, sheet.Info{}, err
	}
	return encoder.Finish()
}

// info reads the header of a fragment.
func (e *Export) info(ctx context.Context, key string) (sheet.Info, error) {
	r, err := e.Blobs.Reader(ctx, key, 0, sheet.HeaderSize)
	if err != nil {
		return sheet.Info{}, err
	}
	defer r.Close()
	header := make([]byte, sheet.HeaderSize)
	n, err := io.ReadFull(r, header)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { //nolint:errorlint // a cut connection's error wraps io.EOF
		return sheet.Info{}, err
	}
	return sheet.ReadInfo(header[:n])
}

// missing tells that a fragment has to be made, for the first time or again.
func missing(err error) bool {
	return errors.Is(err, blob.ErrNotFound) || errors.Is(err, sheet.ErrDamaged)
}

// Assemble joins the fragments of a plan into the file. If some are missing, damaged or no longer in their
// place, it removes the damaged ones and names their pages instead.
func (e *Export) Assemble(ctx context.Context, ref contract.PlanRef) (contract.AssembleResult, error) {
	plan, err := e.plan(ctx, ref)
	if err != nil {
		return contract.AssembleResult{}, err
	}
	infos, redo, err := e.infos(ctx, ref, len(plan.Through))
	if err != nil || len(redo) > 0 {
		return contract.AssembleResult{Redo: redo}, err
	}
	file, err := e.write(ctx, plan, ref, infos)
	var damaged *sheet.DamagedError
	var misplaced *sheet.MisplacedError
	switch {
	case errors.As(err, &damaged):
		key := contract.FragmentKey(ref.JobID, ref.Plan, damaged.Fragment)
		redo := contract.PageRef{JobID: ref.JobID, Plan: ref.Plan, Page: damaged.Fragment}
		return contract.AssembleResult{Redo: []contract.PageRef{redo}}, e.Blobs.Delete(ctx, key)
	case errors.As(err, &misplaced):
		for i, page := range misplaced.Fragments {
			redo = append(redo, contract.PageRef{
				JobID: ref.JobID, Plan: ref.Plan, Page: page, FirstRow: misplaced.FirstRow[i],
			})
		}
		return contract.AssembleResult{Redo: redo}, nil
	case err != nil:
		return contract.AssembleResult{}, fmt.Errorf("assemble %s: %w", plan.Request.Kind, err)
	}
	return contract.AssembleResult{Artifact: file}, nil
}

// infos reads the headers of all fragments, a few at once: on S3 each costs a round trip.
func (e *Export) infos(ctx context.Context, ref contract.PlanRef, pages int) ([]sheet.Info, []contract.PageRef, error) {
	infos, lost := make([]sheet.Info, pages), make([]bool, pages)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for page := range pages {
		group.Go(func() error {
			key := contract.FragmentKey(ref.JobID, ref.Plan, page)
			info, err := e.info(ctx, key)
			if errors.Is(err, sheet.ErrDamaged) {
				err = errors.Join(blob.ErrNotFound, e.Blobs.Delete(ctx, key))
			}
			infos[page], lost[page] = info, errors.Is(err, blob.ErrNotFound)
			if lost[page] {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, fmt.Errorf("look through fragments: %w", err)
	}
	var redo []contract.PageRef
	for page, gone := range lost {
		if gone {
			redo = append(redo, contract.PageRef{JobID: ref.JobID, Plan: ref.Plan, Page: page})
		}
	}
	return infos, redo, nil
}

func (e *Export) write(ctx context.Context, plan *planned, ref contract.PlanRef, infos []sheet.Info) (*job.Artifact, error) {
	open := func(ctx context.Context, i int) (io.ReadCloser, error) {
		r, err := e.Blobs.Reader(ctx, contract.FragmentKey(ref.JobID, ref.Plan, i), 0, -1)
		if errors.Is(err, blob.ErrNotFound) {
			err = fs.ErrNotExist // lost since its header was read: to be made again
		}
		return r, err
	}
	var summary sheet.Summary
	file, err := storeFile(ctx, e.Blobs, ref.JobID, plan.layout.Format, e.now, e.KeepFor, func(w io.Writer) (err error) {
		summary, err = sheet.Assemble(ctx, w, plan.layout, infos, open, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	file.Name, file.Rows, file.Sheets = plan.Request.Filename, summary.Rows, summary.Sheets
	file.CellsTruncated, file.CharsEscaped = summary.CellsTruncated, summary.CharsEscaped
	return file, nil
}

// CleanUp removes the plan and the fragments of a job.
func (e *Export) CleanUp(ctx context.Context, ref contract.JobRef) (contract.Nothing, error) {
	_, err := e.Blobs.DeletePrefix(ctx, contract.JobPrefix(ref.JobID))
	return contract.Nothing{}, err
}

func (e *Export) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}
