package upload

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/longhaul/longhaul/job"
)

// The limits where none are set.
const (
	// DefaultSize is some ten times the largest workbook that Excel can save in a reasonable time, and is read in
	// a minute or so; it also bounds what a client can make us store.
	DefaultSize = 512 << 20
	// DefaultExpanded is 16 times DefaultSize, as worksheets shrink to a tenth or less. Parts are never held
	// whole, so that this bounds time and not memory.
	DefaultExpanded = 8 << 30
	// DefaultEntries is far above what programs write: a dozen parts, and a few for each sheet and picture.
	DefaultEntries = 2_000
	// DefaultRows is about five full sheets, which one job saves within the hour.
	DefaultRows = 5_000_000
	// DefaultColumns is ten times the widest kind; a sheet could have 16,384.
	DefaultColumns = 500
	// DefaultCellChars is the most that Excel lets a cell hold.
	DefaultCellChars = 32_767
)

// The settings that the limits come from, as messages name them.
const (
	settingSize      = "LONGHAUL_UPLOAD_MAX_SIZE"
	settingExpanded  = "LONGHAUL_UPLOAD_MAX_EXPANDED"
	settingEntries   = "LONGHAUL_UPLOAD_MAX_ENTRIES"
	settingRows      = "LONGHAUL_UPLOAD_MAX_ROWS"
	settingColumns   = "LONGHAUL_UPLOAD_MAX_COLUMNS"
	settingCellChars = "LONGHAUL_UPLOAD_MAX_CELL"
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Size:      cmp.Or(l.Size, DefaultSize),
		Expanded:  cmp.Or(l.Expanded, DefaultExpanded),
		Entries:   cmp.Or(l.Entries, DefaultEntries),
		Rows:      cmp.Or(l.Rows, DefaultRows),
		Columns:   cmp.Or(l.Columns, DefaultColumns),
		CellChars: cmp.Or(l.CellChars, DefaultCellChars),
	}
}

// The errors of the limits. place is where in the file, as people find it: "line 7", "sheet Stock, row 7".

func (l Limits) sizeError(size int64) error {
	return job.Errorf(job.CodeTooLarge, "the file has %s, more than the %s allowed (%s)",
		bytesText(size), bytesText(l.Size), settingSize)
}

func (l Limits) expandedError() error {
	return job.Errorf(job.CodeTooLarge, "the workbook unpacks to more than the %s allowed (%s)",
		bytesText(l.Expanded), settingExpanded)
}

func (l Limits) entriesError(entries int) error {
	return job.Errorf(job.CodeTooLarge, "the workbook has %s parts, more than the %s allowed (%s)",
		grouped(int64(entries)), grouped(int64(l.Entries)), settingEntries)
}

func (l Limits) rowsError(place string) error {
	return job.Errorf(job.CodeTooLarge, "%s: the file has more than the %s rows allowed (%s)",
		place, grouped(l.Rows), settingRows)
}

func (l Limits) columnsError(place string) error {
	return job.Errorf(job.CodeTooLarge, "%s has more than the %s columns allowed (%s)",
		place, grouped(int64(l.Columns)), settingColumns)
}

func (l Limits) cellError(place string) error {
	return job.Errorf(job.CodeTooLarge, "%s: the cell has more than the %s characters allowed (%s)",
		place, grouped(int64(l.CellChars)), settingCellChars)
}

// bytesText tells a number of bytes to people.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return grouped(n) + " bytes"
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
