// Package sheet writes workbooks and CSV files out of fragments.
package sheet

// Type tells what a column's cells hold and so how a value's text is written.
type Type uint8

// The types of cells. The text of a value is what the database hands out: see each type.
const (
	// Text is written as it is, as an inline string; it never becomes a formula, number or date.
	Text Type = iota
	// Integer is a whole number within ±2^53; one that is larger is written as text, so that no digit is lost.
	Integer
	// Decimal is an exact decimal number, e.g. 12.3400; one of more than 15 significant digits is written
	// as text, because a cell's number cannot hold it.
	Decimal
	// Date is a calendar day, YYYY-MM-DD, without a zone.
	Date
	// Instant is a point in time in UTC, "2006-01-02 15:04:05[.ffffff]" or RFC 3339; the cell shows it in
	// the layout's time zone.
	Instant
	// Flag is 0 or 1, shown as FALSE or TRUE.
	Flag
)
