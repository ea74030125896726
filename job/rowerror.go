package job

import (
	"cmp"
	"slices"
)

// RowCode says what is wrong with a row. The list is closed: clients switch on it.
type RowCode string

// The codes. Those up to RowDuplicate are found by reading the upload, the others by looking at the data.
const (
	RowRequired       RowCode = "required"          // the cell is empty
	RowNotANumber     RowCode = "not_a_number"      //
	RowNotWhole       RowCode = "not_whole"         // a number with a fraction
	RowTooPrecise     RowCode = "too_precise"       // more decimal places than are kept, or a number that lost digits
	RowNotADate       RowCode = "not_a_date"        // also one that does not exist
	RowAmbiguousDate  RowCode = "ambiguous_date"    // 03/04/2024: day and month can be swapped
	RowNotAChoice     RowCode = "not_a_choice"      // not one of the allowed values
	RowTooLong        RowCode = "too_long"          // more characters than are kept; Limit
	RowBelowMinimum   RowCode = "below_minimum"     // Limit
	RowAboveMaximum   RowCode = "above_maximum"     // Limit
	RowBadCharacters  RowCode = "bad_characters"    // control characters, bytes that are not text
	RowBadFormat      RowCode = "bad_format"        // does not look as such a value does; Limit has the form
	RowCellError      RowCode = "cell_error"        // #N/A, #REF! …
	RowOneOf          RowCode = "one_of"            // exactly one of several cells must be filled; Limit names them
	RowDisagree       RowCode = "rows_disagree"     // rows of one record (an order) say different things; Other
	RowDuplicate      RowCode = "duplicate_in_file" // Other has the same key
	RowUnknownProduct RowCode = "unknown_product"   //
	RowUnknownOrder   RowCode = "unknown_order"     //
	RowUnknownLine    RowCode = "unknown_line"      //
	RowUnknownParcel  RowCode = "unknown_shipment"  //
	RowConstraint     RowCode = "constraint"        // the database refuses it: a unique or foreign key, a check
	RowStale          RowCode = "stale"             // the data has changed since the dry run
	RowChangedSince   RowCode = "changed_since"     // undo: somebody has changed it meanwhile
	RowInUse          RowCode = "in_use"            // undo: others refer to what was created
)

// RowCodes lists every code.
var RowCodes = []RowCode{
	RowRequired, RowNotANumber, RowNotWhole, RowTooPrecise, RowNotADate, RowAmbiguousDate, RowNotAChoice, RowTooLong,
	RowBelowMinimum, RowAboveMaximum, RowBadCharacters, RowBadFormat, RowCellError, RowOneOf,
	RowDisagree, RowDuplicate, RowUnknownProduct, RowUnknownOrder, RowUnknownLine, RowUnknownParcel, RowConstraint,
	RowStale, RowChangedSince, RowInUse,
}

// RowError is one thing that is wrong with a row.
type RowError struct {
	// Column is the kind's column; empty where the whole row is meant.
	Column string `json:"column,omitempty"`
	// Header is how the upload calls that column, and Index its place there, from 0; -1 without one.
	Header string  `json:"header,omitempty"`
	Index  int     `json:"index"`
	Code   RowCode `json:"code"`
	// Value is what stands there, cut to [MaxErrorValue] characters.
	Value string `json:"value,omitempty"`
	// Limit is the limit, form or list that the code speaks of.
	Limit string `json:"limit,omitempty"`
	// Other is the other row that the code speaks of.
	Other *RowRef `json:"other,omitempty"`
	// Message explains it to a person; it is made when the error is shown, in the reader's language.
	Message string `json:"message,omitempty"`
}

// MaxErrorValue is the length of a value in an error, in characters.
const MaxErrorValue = 100

// addCodes merges counts, the most frequent first.
func addCodes(a, b []CodeCount) []CodeCount {
	if len(b) == 0 {
		return a
	}
	sum := slices.Clone(a)
	for _, c := range b {
		i := slices.IndexFunc(sum, func(o CodeCount) bool { return o.Code == c.Code })
		if i < 0 {
			sum = append(sum, c)
			continue
		}
		sum[i].Count += c.Count
	}
	slices.SortFunc(sum, func(a, b CodeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return sum
}
