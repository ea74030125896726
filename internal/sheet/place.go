package sheet

import "fmt"

// Position is where a page begins.
type Position struct {
	Sheet    int // from 0
	FirstRow int // of the sheet, from 1; the header is row 1. Zero for CSV.
}

// Place puts pages of so many rows each into sheets, in their order: as many as fit into each below its
// header, and none divided between two. A page of more than MaxRows-1 rows fits nowhere and gets a sheet to
// itself; neither the encoder nor [Assemble] takes it. A CSV file is a single sheet without row numbers.
//
// It is pure: whoever knows the numbers of rows knows where the pages go.
func Place(format Format, rows []int64) []Position { return place(format, rows, MaxRows) }

// place has the number of rows of a sheet as an argument, so that tests need no million rows.
func place(format Format, rows []int64, maxRows int64) []Position {
	positions := make([]Position, len(rows))
	if format != XLSX {
		return positions
	}
	sheet, next := 0, int64(firstDataRow)
	for i, n := range rows {
		if next+n-1 > maxRows && next > firstDataRow {
			sheet, next = sheet+1, firstDataRow
		}
		positions[i] = Position{Sheet: sheet, FirstRow: int(next)}
		next += n
	}
	return positions
}

// MisplacedError tells that fragments bear row numbers of another place than theirs, because pages before
// them have more or fewer rows than was expected when they were encoded. [Renumber] puts them right.
type MisplacedError struct {
	Fragments []int // indices, from 0, ascending
	FirstRow  []int // where each of them has to begin
}

// Error tells how many there are and which is the first.
func (e *MisplacedError) Error() string {
	return fmt.Sprintf("%d fragments have row numbers of another place, first of them fragment %d", len(e.Fragments), e.Fragments[0])
}

// checkPlaces compares where the fragments are with where they were encoded to be. Where one without rows is
// shows nowhere.
func checkPlaces(fragments []Info, positions []Position) error {
	var misplaced MisplacedError
	for i, f := range fragments {
		if f.Rows > 0 && f.FirstRow != positions[i].FirstRow {
			misplaced.Fragments = append(misplaced.Fragments, i)
			misplaced.FirstRow = append(misplaced.FirstRow, positions[i].FirstRow)
		}
	}
	if len(misplaced.Fragments) > 0 {
		return &misplaced
	}
	return nil
}
