package dataset

import (
	"slices"

	"github.com/longhaul/longhaul/internal/sheet"
)

// Description tells clients what a kind offers; it holds no SQL.
type Description struct {
	Name    string              `json:"name"`
	Title   Text                `json:"title"`
	About   Text                `json:"about"`
	Columns []ColumnDescription `json:"columns"`
	Filters []FilterDescription `json:"filters"`
	Formats []string            `json:"formats"`
	Locales []string            `json:"locales"`
	// Default is what a request that says nothing gets, besides all columns.
	Default Default `json:"default"`
}

// Default holds the format and language of a request that does not say.
type Default struct {
	Format string `json:"format"`
	Locale string `json:"locale"`
}

// ColumnDescription describes a column.
type ColumnDescription struct {
	Name   string `json:"name"`
	Header Text   `json:"header"`
	// Type is text, integer, decimal, date, instant or flag.
	Type string `json:"type"`
}

// FilterDescription describes a filter.
type FilterDescription struct {
	Name      string     `json:"name"`
	Title     Text       `json:"title"`
	Type      FilterType `json:"type"`
	Many      bool       `json:"many"`
	MaxValues int        `json:"max_values"`
	Required  bool       `json:"required"`
	// NotAfter names the filter whose value this one's must not exceed.
	NotAfter string   `json:"not_after,omitempty"`
	Choices  []Choice `json:"choices,omitempty"`
}

// Describe returns the kind's description.
func (e Export) Describe() Description {
	d := Description{
		Name: e.Name, Title: e.Title, About: e.About,
		Columns: []ColumnDescription{}, Filters: describeFilters(e.Filters),
		Formats: slices.Clone(formats),
		Locales: slices.Clone(locales),
		Default: Default{Format: formats[0], Locale: locales[0]},
	}
	for _, c := range e.Columns {
		d.Columns = append(d.Columns, ColumnDescription{Name: c.Name, Header: c.Header, Type: typeName(c.Type)})
	}
	return d
}

func describeFilters(filters []Filter) []FilterDescription {
	all := make([]FilterDescription, len(filters))
	for i, f := range filters {
		most := 1
		if f.Many {
			most = MaxFilterValues
		}
		all[i] = FilterDescription{
			Name: f.Name, Title: f.Title, Type: f.Type, Many: f.Many, MaxValues: most,
			Required: f.Required, NotAfter: f.NotAfter, Choices: f.Choices,
		}
	}
	return all
}

func typeName(t sheet.Type) string {
	switch t {
	case sheet.Integer:
		return "integer"
	case sheet.Decimal:
		return "decimal"
	case sheet.Date:
		return "date"
	case sheet.Instant:
		return "instant"
	case sheet.Flag:
		return "flag"
	}
	return "text"
}
