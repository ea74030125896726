package dataset

import (
	"maps"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

// Selection is a checked request: which rows and columns of a kind, and in what form.
type Selection struct {
	export     Export
	columns    []Column
	filters    job.Filters
	conditions []condition
	format     sheet.Format
	locale     string
	filename   string // without extension; empty: made from title, tenant and day
}

// Export is the kind that was selected from.
func (s Selection) Export() Export { return s.export }

// Columns are the chosen columns in the order of the file.
func (s Selection) Columns() []Column { return slices.Clone(s.columns) }

// Format is the format of the file.
func (s Selection) Format() sheet.Format { return s.format }

// Locale is [LocaleKorean] or [LocaleEnglish].
func (s Selection) Locale() string { return s.locale }

// Request is the request in its canonical form: defaults filled in, filter values in one spelling and
// order, columns empty where they are just the kind's own. Requests that mean the same have the same one.
func (s Selection) Request() Request {
	r := Request{Filters: maps.Clone(s.filters), Format: string(s.format), Locale: s.locale}
	if names := columnNames(s.columns); !slices.Equal(names, columnNames(s.export.Columns)) {
		r.Columns = names
	}
	if s.filename != "" {
		r.Filename = s.filename + s.format.Extension()
	}
	return r
}

// Filename is the name of the file: the one asked for, or title, tenant and day, such as
// 재고부족_acme_2026-11-22.xlsx. The day is read in day's own location.
func (s Selection) Filename(tenant string, day time.Time) string {
	stem := s.filename
	if stem == "" {
		stem = plain(s.export.Title.In(s.locale)) + "_" + plain(tenant) + "_" + day.Format(time.DateOnly)
	}
	return stem + s.format.Extension()
}

// Layout is how the rows are written; instants are shown in zone.
func (s Selection) Layout(zone *time.Location) sheet.Layout {
	layout := sheet.Layout{
		Format:  s.format,
		Sheet:   s.export.Title.In(s.locale),
		Columns: make([]sheet.Column, len(s.columns)),
		Zone:    zone,
	}
	for i, c := range s.columns {
		layout.Columns[i] = sheet.Column{Header: c.Header.In(s.locale), Type: c.Type, Width: c.Width, Decimals: c.Decimals}
	}
	return layout
}
