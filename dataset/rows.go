package dataset

import (
	"context"
	"time"

	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// Rows is the part of a kind that reads uploads: what a row holds, and what tells one from another. Bulk saves and syncs
// have it, and everything that is done with a file before its rows are saved or sent is done by it. See [BulkSave] for what
// the fields mean.
type Rows struct {
	Title    Text
	Fields   []Field
	Key      []string
	AltKeys  [][]string
	OneOf    [][]string
	Together string
	Agree    []string
	Count    string
}

// Rows is the part of the kind that reads uploads.
func (k BulkSave) Rows() Rows {
	return Rows{
		Title: k.Title, Fields: k.Fields, Key: k.Key, AltKeys: k.AltKeys, OneOf: k.OneOf,
		Together: k.Together, Agree: k.Agree, Count: k.Count,
	}
}

// Rows is the part of the kind that reads uploads.
func (k Sync) Rows() Rows { return Rows{Title: k.Title, Fields: k.Fields, Key: k.Key} }

// Intake is [Rows.Intake].
func (k BulkSave) Intake(ctx context.Context, f *upload.File, given, remembered Mapping, zone *time.Location) *Intake {
	return k.Rows().Intake(ctx, f, given, remembered, zone)
}

// Peek is [Rows.Peek].
func (k BulkSave) Peek(ctx context.Context, f *upload.File, remembered Mapping) (Head, Matching, error) {
	return k.Rows().Peek(ctx, f, remembered)
}

// FindHead is [Rows.FindHead].
func (k BulkSave) FindHead(rows []HeadRow) (Head, error) { return k.Rows().FindHead(rows) }

// Match is [Rows.Match].
func (k BulkSave) Match(h Head, given, remembered Mapping) (Matching, error) {
	return k.Rows().Match(h, given, remembered)
}

// Reader is [Rows.Reader].
func (k BulkSave) Reader(columns []job.UploadColumn, zone *time.Location) *RowReader {
	return k.Rows().Reader(columns, zone)
}

// NewRoll is [Rows.NewRoll].
func (k BulkSave) NewRoll(lastWins bool) *Roll { return k.Rows().NewRoll(lastWins) }

// Template is [Rows.Template].
func (k BulkSave) Template(locale string) sheet.Template { return k.Rows().Template(locale) }

// Message is [Rows.Message].
func (k BulkSave) Message(e job.RowError, locale string) string { return k.Rows().Message(e, locale) }

// KeyOf is [Rows.KeyOf].
func (k BulkSave) KeyOf(values []any) string { return k.Rows().KeyOf(values) }

// KeyColumn is [Rows.KeyColumn].
func (k BulkSave) KeyColumn(values []any) string { return k.Rows().KeyColumn(values) }

// CountOf is [Rows.CountOf].
func (k BulkSave) CountOf(values []any) int64 { return k.Rows().CountOf(values) }

// HeaderOf is [Rows.HeaderOf].
func (k BulkSave) HeaderOf(field, locale string) string { return k.Rows().HeaderOf(field, locale) }
