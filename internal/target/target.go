// Package target is the language in which a kind of bulk save says where its rows go: which tables, found by
// which key, with which values. It holds no SQL and runs nothing; the store carries it out, and a kind's file
// in the catalogue reads like the sentence it stands for.
//
// A [Plan] is a list of steps in the order of the references between them: an order comes before its lines.
// For each row a step finds at most one record by its key, within the tenant, and creates, updates or leaves it.
package target

import "github.com/longhaul/longhaul/job"

// Plan is where the rows of a kind go.
type Plan struct {
	// Fields are the names of the values of a [Row], in their order.
	Fields []string
	Steps  []Step
}

// Mode says what a step may do.
type Mode uint8

// The modes.
const (
	// Upsert creates the record or brings it up to date.
	Upsert Mode = iota
	// Update brings a record up to date that must be there; else the row has the step's Missing error.
	Update
	// Ensure creates the record if it is not there, and never changes it.
	Ensure
	// Find needs the record to be there and writes nothing. It is locked like any other.
	Find
)

// Step is one table.
type Step struct {
	// Name is what later steps call it by, see [ID] and [Of].
	Name  string
	Table string
	Mode  Mode
	// Key finds the record within the tenant. Records are read by its first column, so that one (or seller_id and
	// it) must have an index and few records to a value.
	Key []Column
	// Set is written when a record is created or updated, and compared to tell whether it has to be. A value that
	// the row leaves out keeps what is there; in a new record it is the column's Else.
	Set []Column
	// Create is written when a record is created, and neither compared nor written later.
	Create []Column
	// Missing is the error of a row whose record must be there and is not.
	Missing Missing
	// When names fields of which one must have a value for the row to take part; empty: every row does.
	When []string
	// Unless names fields: a row that has one of them does not take part.
	Unless []string
	// Every says that the key may name several records, all of which are meant.
	Every bool
	// KeptBy lists references to the table. Undo leaves a record that was created while one of them holds it.
	KeptBy []Reference
}

// Missing is an error at a field.
type Missing struct {
	Code  job.RowCode
	Field string
}

// Reference is a column of another table that holds this table's id.
type Reference struct{ Table, Column string }

// Column is a column of a table and where its value comes from.
type Column struct {
	Name string
	From Value
	// Else is the value in a new record where From has none; nil means the type's zero (empty, 0).
	Else any
	// Needed says that a new record must be given a value: else the row has [job.RowRequired] at From's field.
	Needed bool
	// Min is the least that a [Sum] may come to; below it the row has [job.RowBelowMinimum].
	Min *int64
}

// Value is where a value comes from: one of [Field], [Sum], [ID], [Of], [Product], [Const] and [Now].
type Value struct {
	Kind   ValueKind
	Field  string // Field, Sum; the first factor of Product
	Factor string // the second factor of Product
	Step   string // ID, Of
	Column string // Of
	Const  any    // Const: string, int64, bool
}

// ValueKind tells the kinds of [Value] apart.
type ValueKind uint8

// The kinds of value.
const (
	FromField ValueKind = iota
	FromSum
	FromID
	FromOf
	FromProduct
	FromConst
	FromNow
)

// Field is the row's own value.
func Field(name string) Value { return Value{Kind: FromField, Field: name} }

// Sum is what the record has plus the row's whole number. A row without it takes no part in the column.
func Sum(field string) Value { return Value{Kind: FromSum, Field: field} }

// ID is the id of the record that an earlier step found or created for the row; none where the step took no part.
func ID(step string) Value { return Value{Kind: FromID, Step: step} }

// Of is a value of the record that an earlier step found or created.
func Of(step, column string) Value { return Value{Kind: FromOf, Step: step, Column: column} }

// Product is one field times another, exactly.
func Product(amount, factor string) Value {
	return Value{Kind: FromProduct, Field: amount, Factor: factor}
}

// Const is the same for every row.
func Const(v any) Value { return Value{Kind: FromConst, Const: v} }

// Now is the time of writing. It is never a reason to write.
func Now() Value { return Value{Kind: FromNow} }

// Row is one checked row of an upload.
type Row struct {
	Sheet  int // index of the sheet, from 0
	Number int // row of the sheet, from 1
	// Values are those of the plan's fields. A value is nil (left out), a string, an int64, a bool, a time.Time in
	// UTC or a [Decimal].
	Values []any
}

// Decimal is an exact number in plain notation without superfluous zeros: -12.5, 0, 1000.
type Decimal string

// Verdict is what becomes of a row.
type Verdict uint8

// The verdicts.
const (
	Refused Verdict = iota
	Unchanged
	Updated
	Created
	// Reversed and Kept are those of an undo.
	Reversed
	Kept
	// Superseded rows gave way to a later one with their key.
	Superseded
)

// String is the outcome's name in the interface.
func (v Verdict) String() string {
	return [...]string{"refused", "unchanged", "updated", "created", "reversed", "kept", "superseded"}[v]
}

// Fault is one thing that is wrong with a row, found by looking at the data.
type Fault struct {
	Row   int // index among the rows given
	Field string
	Code  job.RowCode
	Limit string
	// Other is the index of another row that the code speaks of; -1 without one.
	Other int
}

// Outcome is what became, or would become, of some rows.
type Outcome struct {
	Verdicts []Verdict // by index of the rows given
	Faults   []Fault   // of the refused ones, by row
	// Changes are those of the first few rows that were or would be updated.
	Changes []RowChange
}

// Tally counts the outcome: each row once, and each fault by its code.
func (o Outcome) Tally() job.Tally {
	var t job.Tally
	for _, v := range o.Verdicts {
		switch v {
		case Refused:
			t.Refused++
		case Unchanged:
			t.Unchanged++
		case Updated:
			t.Updated++
		case Created:
			t.Created++
		case Reversed:
			t.Reversed++
		case Kept:
			t.Kept++
		case Superseded:
			t.Superseded++
		}
	}
	codes := make(map[job.RowCode]int64)
	for _, f := range o.Faults {
		codes[f.Code]++
	}
	for code, n := range codes {
		t.Add(job.Tally{Codes: []job.CodeCount{{Code: code, Count: n}}})
	}
	return t
}

// MaxChanges is how many rows of an outcome come with their changes: a sample.
const MaxChanges = 5

// RowChange is what would change in a row.
type RowChange struct {
	Row     int
	Changes []job.Change // Column is table.column
}
