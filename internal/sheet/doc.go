// Package sheet writes workbooks and CSV files out of fragments.
//
// A page of rows is encoded once, wherever and whenever a worker gets to it, and stored as a fragment;
// the file is put together later, from the fragments' bytes as they are:
//
//	page 0 ──Encoder──→ fragment 0 ┐
//	page 1 ──Encoder──→ fragment 1 ┼─Assemble─→ xlsx:  [parts][head + f0 + f1 + … + tail][head + …]
//	page 2 ──Encoder──→ fragment 2 ┘            csv:   BOM, header, f0, f1, …
//
// In a workbook a fragment's data is sheet XML, compressed as raw DEFLATE and ended by a sync flush: byte
// aligned and not final, so any number of them in a row are one valid DEFLATE stream. Each fragment bears
// the CRC-32 and the length of its rows before and after compression in its [Info]; from these the sheet's
// own CRC-32 and sizes are computed beforehand, without looking at a row again. Assembling a file is
// therefore copying: constant memory, and a small part of the work of encoding.
//
// Rows carry their numbers and cells their references. Both are optional in ECMA-376, but several readers
// find nothing without them. A page is therefore encoded for its first row, which follows from the planned
// numbers of rows:
//
//	planned counts ──Place──→ StartAt ──→ fragments ──Assemble──→ file
//	                                          ↑           │
//	                                       Renumber ←─ *MisplacedError
//
// When rows come or go between plan and read, the pages behind them in the sheet, and maybe in those after
// it, belong elsewhere than they were encoded for. Assemble finds that out from the infos, before it writes
// a byte, and Renumber moves a fragment without asking the database again. Mostly no row does, and no
// fragment is touched twice.
//
// The same rows in the same place and layout make the same bytes, always and everywhere: whether they were
// encoded there or renumbered.
package sheet

// Type tells what a column's cells hold and so how a value's text is written. A value that is not of its
// column's type is written as text, as it came, and counted in [Info].CellsAsText: nothing is lost or bent.
type Type uint8

// The types of cells. The text of a value is what the database hands out: see each type.
const (
	// Text is written as it is, as an inline string; it never becomes a formula, number or date.
	Text Type = iota
	// Integer is a whole number of at most 15 digits. One that is longer is written as text: a cell holds
	// it up to ±2^53, but Excel shows and edits 15 digits and puts zeros in place of the others.
	Integer
	// Decimal is an exact decimal number, e.g. 12.3400; one of more than 15 significant digits is written
	// as text, because a cell's number cannot hold it.
	Decimal
	// Date is a calendar day, YYYY-MM-DD, without a zone. Days before 1900-01-01 are written as text,
	// because workbooks have no number for them.
	Date
	// Instant is a point in time in UTC, "2006-01-02 15:04:05[.ffffff]" or RFC 3339; the cell shows it in
	// the layout's time zone. It is kept to the millisecond, and shown to the second.
	Instant
	// Flag is 0 or 1, shown as FALSE or TRUE.
	Flag
)
