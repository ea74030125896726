// Package dataset is the kit that a kind of the catalogue is written with: its columns, its filters and
// where its rows come from. It turns a request into checked parameters and SQL; it runs nothing.
package dataset

import "github.com/longhaul/longhaul/internal/sheet"

// Text is a text in the languages of the product.
type Text struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

// In returns the text in a locale: "en", or Korean for anything else.
func (t Text) In(locale string) string {
	if locale == "en" {
		return t.En
	}
	return t.Ko
}

// Column is one column of an export.
type Column struct {
	// Name is the column's stable name in requests.
	Name string
	// Header is what the sheet shows.
	Header Text
	// SQL is the expression that yields the value. Money and decimals must come from DECIMAL columns as
	// they are: SQLite computes them in floating point.
	SQL string
	// Type decides how the value is written into a cell.
	Type sheet.Type
	// Width is the column's width in characters of the default font; zero means 12.
	Width float64
	// Decimals is the number of places shown for [sheet.Decimal]; the value itself is exact.
	Decimals int
}
