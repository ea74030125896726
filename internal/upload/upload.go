// Package upload reads the files that people send: workbooks, delimited text and JSON, of any size, row by row and in
// bounded memory. It refuses what is damaged, disguised or larger than it looks before it costs anything.
//
//	xlsx   Office Open XML, transitional and strict; our own streaming reader
//	csv    RFC 4180 with , ; or | between the fields, found in the file or told by its first line, sep=;
//	tsv    the same with tabs
//	json   an array of flat objects
//	ndjson a flat object a line
//
// Texts are UTF-8 with or without byte order mark, UTF-16 with one, or CP949. Which format a file is, [Open] sees from
// what it holds. Rows without anything in them are passed over, of all formats. The keys of objects come as a row before the
// others, so that it has headers as a sheet has.
//
// What a cell holds is told as the file has it; what it means for a column is for others to say.
package upload

import (
	"slices"
	"time"
)

// Format is the kind of file.
type Format string

// The formats.
const (
	XLSX   Format = "xlsx"
	CSV    Format = "csv"
	TSV    Format = "tsv"
	JSON   Format = "json"
	NDJSON Format = "ndjson"
)

// Limits keep a file from being larger than it looks. Zero means the default.
type Limits struct {
	Size      int64 // bytes of the file; default 512 MiB
	Expanded  int64 // bytes of a workbook's parts, uncompressed; default 8 GiB
	Entries   int   // parts of a workbook; default 2,000
	Rows      int64 // rows with something in them, of all sheets; default 5,000,000
	Columns   int   // columns of a sheet; default 500
	CellChars int   // characters of a cell; default 32,767, Excel's own
}

// Kind is what a cell holds.
type Kind uint8

// The kinds.
const (
	Empty  Kind = iota
	Text        // Text
	Number      // Text is the number, plain or scientific: of JSON as written, else the shortest that reads back to the same float64
	Moment      // a date or time of day or both: Text is the number, Time what it shows
	Flag        // Text is "true" or "false"
	Fault       // Text is the error: #N/A, #REF! …
)

// Cell is one cell. Text is valid until the next row is read. Cells may be stored as JSON.
type Cell struct {
	Kind Kind `json:"k,omitempty"`
	// Text is UTF-8, as it stands in the cell, space around it included.
	Text []byte `json:"t,omitempty"`
	// Time is that of a Moment: wall clock, in UTC by name only. HasDate and HasTime tell what its format shows.
	Time    time.Time `json:"m,omitzero"`
	HasDate bool      `json:"d,omitempty"`
	HasTime bool      `json:"h,omitempty"`
}

// Row is a row with something in it. It is valid until the next one is read.
type Row struct {
	Sheet int // index in Sheets, from 0
	// Number is the row as a spreadsheet program counts, from 1. Of CSV it is the record's first line, of NDJSON
	// the line, of JSON the object's place in the array, from 1. The keys of JSON and NDJSON are row 0.
	Number int
	// Cells are by column, from 0. Trailing empty ones may be missing.
	Cells []Cell
}

// Clone copies a row that is to outlive the reading.
func (r *Row) Clone() Row {
	out := *r
	out.Cells = slices.Clone(r.Cells)
	for i := range out.Cells {
		out.Cells[i].Text = slices.Clone(out.Cells[i].Text)
	}
	return out
}

// Sheet is one sheet of a file; a text has one without a name.
type Sheet struct {
	Name string
}
