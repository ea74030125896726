package dataset

import (
	"time"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// What a bulk save's limits are when its kind does not say; the others are those of an export.
const (
	// DefaultChunkRows is large because a chunk costs the Temporal server about 15 ms of CPU whatever it holds, and asks once
	// for each product that its rows share; small because its transaction locks its rows, for some 300 ms.
	DefaultChunkRows = 10_000
	// DefaultSaveWindow has one chunk written, which a database hardly does faster for several at once, while another is
	// read and a third is brought to its end.
	DefaultSaveWindow = 3
	// DefaultUndoFor is long enough to notice on Monday what was saved on Friday.
	DefaultUndoFor = 7 * 24 * time.Hour
	// DefaultHoldFor is how long a dry run waits for somebody to resume it. It keeps other saves of its kind and
	// tenant out meanwhile.
	DefaultHoldFor = 4 * time.Hour
)

// BulkSave is one kind of bulk save: one file of the catalogue. One from a [Registry] is checked and has its
// defaults filled in; it must not be changed any more.
type BulkSave struct {
	// Name is the kind's stable name in kebab case, e.g. stock-levels.
	Name string
	// Title names the kind for people, and the sheet of its template; see [Export.Title] for what it may hold.
	Title Text
	// About tells in a sentence or two what a row does.
	About Text

	Fields []Field
	// Key names the fields that tell one row from another: two rows with the same values in them are duplicates.
	// Rows that have none of them are told apart by AltKeys, the first of which they have a value for.
	Key     []string
	AltKeys [][]string
	// OneOf lists groups of fields of which each row must fill exactly one.
	OneOf [][]string
	// Together names a field whose equal values belong together (the lines of an order): such rows are kept in one
	// chunk where they follow each other. Agree names fields in which they must say the same. Count names a whole number field that, where
	// it is left out, becomes the row's place among them, from 1.
	Together string
	Agree    []string
	Count    string

	// Target is where the rows go.
	Target target.Plan

	// ChunkRows is the most rows of a chunk, which is one transaction; zero means [DefaultChunkRows].
	ChunkRows int
	// UndoFor is how long a save can be undone; zero means [DefaultUndoFor], negative never.
	UndoFor time.Duration
	// HoldFor is how long a dry run waits to be resumed; zero means [DefaultHoldFor].
	HoldFor time.Duration

	// As of [Export].
	SlowAfter, StallAfter, GiveUpAfter, MaxDuration time.Duration
	ChunksPerRun                                    int
	// Window is how many chunks may be in flight; zero means [DefaultSaveWindow].
	Window int
}

// FieldType decides how a cell is read.
type FieldType string

// The field types.
const (
	// FieldText is text: trimmed, composed (NFC), without control characters but line breaks.
	FieldText FieldType = "text"
	// FieldCode is text that names something: also without line breaks, and a number cell is written out in full.
	FieldCode FieldType = "code"
	// FieldInteger is a whole number; "1,200" is read too.
	FieldInteger FieldType = "integer"
	// FieldDecimal is an exact number with at most Decimals places; currency signs and grouping are read too.
	FieldDecimal FieldType = "decimal"
	// FieldInstant is date and time in the tenant's zone; without a time it is the begin of the day.
	FieldInstant FieldType = "instant"
	// FieldChoice is one of Choices, by value, title or synonym.
	FieldChoice FieldType = "choice"
)

// Field is one column that an upload may have.
type Field struct {
	// Name is the field's stable name in requests, and of [target.Field].
	Name   string
	Header Text
	// Synonyms are other headers it is known by, in any language. Case, space and punctuation do not matter.
	Synonyms []string
	About    Text
	Type     FieldType
	// Required fields need a column and a value in each row.
	Required bool
	// Unit is what a number counts or measures, e.g. {개, pcs}; empty for others.
	Unit Text
	// MaxLength is in characters, of texts and codes; it is no more than the database keeps.
	MaxLength int
	// Min and Max bound a number, in plain notation; empty: unbounded.
	Min, Max string
	// Decimals is the number of places kept of a decimal.
	Decimals int
	Choices  []FieldChoiceValue
	// Pattern is a regular expression that the whole value must match, and Form says it for people, e.g. "10 to 14 digits".
	Pattern string
	Form    Text
	// Example stands in the template.
	Example string
}

// FieldChoiceValue is one value of a choice.
type FieldChoiceValue struct {
	Value    string
	Title    Text
	Synonyms []string
}

// RowFault is a wrong row, as it is kept until the error workbook is written.
type RowFault struct {
	Sheet  int            `json:"s"`
	Row    int            `json:"r"`
	Key    string         `json:"k,omitempty"`
	Errors []job.RowError `json:"e"`
	// Count is what the row was counted as where it left that out, see [BulkSave.Count]: alone in a workbook of refused
	// rows it would be counted anew, and take the place of another.
	Count int64 `json:"n,omitempty"`
	// Cells are those of the row, if they have been kept: what has none has to be looked up in the upload.
	Cells []upload.Cell `json:"c,omitempty"`
}
