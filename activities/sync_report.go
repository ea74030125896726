package activities

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// reportRows is how many items one part of the result workbook holds: some megabytes while it is encoded.
const reportRows = 20_000

// Report writes the result workbook: every item in the order given, with its outcome.
func (s *Sync) Report(ctx context.Context, in contract.SyncReport) (contract.SyncReportResult, error) {
	kind, err := s.Kinds.Sync(in.Kind)
	if err != nil {
		return contract.SyncReportResult{}, err
	}
	row, err := s.Store.Sync(ctx, in.JobID)
	if err != nil {
		return contract.SyncReportResult{}, err
	}
	seller, err := s.Store.Seller(ctx, in.Tenant)
	if err != nil {
		return contract.SyncReportResult{}, err
	}
	locale := in.Locale
	if locale == "" {
		locale = dataset.LocaleKorean
	}
	r := syncReport{Sync: s, jobID: in.JobID, kind: kind, locale: locale, layout: sheet.Layout{
		Format: sheet.XLSX, Sheet: kind.Title.In(locale), Columns: kind.ReportColumns(locale), Zone: seller.Zone,
	}}
	if err := r.encode(ctx); err != nil {
		return contract.SyncReportResult{}, fmt.Errorf("encode result of job %s: %w", in.JobID, err)
	}
	file, err := r.assemble(ctx)
	if err != nil {
		return contract.SyncReportResult{}, fmt.Errorf("assemble result of job %s: %w", in.JobID, err)
	}
	file.Name = kind.ReportFilename(locale, in.Tenant, row.CreatedAt.In(seller.Zone))
	return contract.SyncReportResult{File: file}, nil
}

// syncReport is one result workbook being written, in parts, as an export's file is.
type syncReport struct {
	*Sync
	jobID  string
	kind   dataset.Sync
	locale string
	layout sheet.Layout

	encoder *sheet.Encoder
	rows    int
	infos   []sheet.Info
}

// encode writes the parts, one after the other.
func (r *syncReport) encode(ctx context.Context) (err error) {
	if r.encoder, err = sheet.NewEncoder(r.layout); err != nil {
		return err
	}
	r.begin()
	err = r.Store.StreamSyncItems(ctx, r.jobID, func(item store.SyncItem) error {
		if err := r.encoder.Append(r.kind.ReportCells(itemOf(item), item.Fields, r.locale)); err != nil {
			return err
		}
		if r.rows++; r.rows < reportRows {
			return nil
		}
		return r.end(ctx)
	})
	if err == nil && (r.rows > 0 || len(r.infos) == 0) {
		err = r.end(ctx)
	}
	return err
}

func (r *syncReport) begin() {
	rows := make([]int64, len(r.infos)+1)
	for i, info := range r.infos {
		rows[i] = info.Rows
	}
	rows[len(r.infos)] = reportRows
	places := sheet.Place(r.layout.Format, rows)
	r.encoder.StartAt(places[len(places)-1].FirstRow)
}

func (r *syncReport) end(ctx context.Context) error {
	fragment, info, err := r.encoder.Finish()
	if err != nil {
		return err
	}
	if err := r.Blobs.Put(ctx, r.part(len(r.infos)), fragment); err != nil {
		return err
	}
	r.infos, r.rows = append(r.infos, info), 0
	r.begin()
	return nil
}

// part is where a part of the workbook lies.
func (r *syncReport) part(n int) string { return contract.FragmentKey(r.jobID, "result", n) }

func (r *syncReport) assemble(ctx context.Context) (*job.Artifact, error) {
	open := func(ctx context.Context, i int) (io.ReadCloser, error) { return r.Blobs.Reader(ctx, r.part(i), 0, -1) }
	var summary sheet.Summary
	file, err := storeFile(ctx, r.Blobs, r.jobID, r.layout.Format, r.now, r.KeepFor, func(w io.Writer) (err error) {
		summary, err = sheet.Assemble(ctx, w, r.layout, r.infos, open, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	file.Rows, file.Sheets, file.CellsTruncated, file.CharsEscaped = summary.Rows, summary.Sheets, summary.CellsTruncated, summary.CharsEscaped
	return file, nil
}

// itemOf is an item as people see it.
func itemOf(i store.SyncItem) job.Item {
	return job.Item{
		Position: i.Position, Sheet: i.Sheet, Row: i.Row, Outcome: string(i.Outcome), Key: i.Key, Errors: i.Errors, Code: i.Code,
		Message: i.Message, RemoteID: i.RemoteID, Attempts: i.Attempts, Tries: i.Tries, SentAt: utc(i.SentAt), DoneAt: utc(i.DoneAt),
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}
