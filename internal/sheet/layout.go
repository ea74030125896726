package sheet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the workbook format, as Excel states them.
const (
	// MaxRows is the number of rows a sheet holds, its header row included.
	MaxRows = 1_048_576
	// MaxColumns is the number of columns a sheet holds.
	MaxColumns = 16_384
	// MaxCellChars is the length of a cell's text in UTF-16 code units; longer ones are cut.
	MaxCellChars = 32_767

	maxNameChars    = 31  // of a sheet's name, UTF-16 code units
	maxColumnWidth  = 255 // characters
	maxDecimals     = 15  // a number has no more significant digits than that
	defaultWidth    = 12
	defaultSheet    = "Sheet1"
	forbiddenInName = `[]:*?/\`
)

// Format is the kind of file.
type Format string

// The formats.
const (
	XLSX Format = "xlsx" // a workbook
	CSV  Format = "csv"  // RFC 4180, UTF-8 with byte order mark
)

// Valid tells whether f is a known format.
func (f Format) Valid() bool { return f == XLSX || f == CSV }

// Extension returns the file name extension with its dot.
func (f Format) Extension() string { return "." + string(f) }

// ContentType returns the media type of a finished file.
func (f Format) ContentType() string {
	if f == CSV {
		return "text/csv; charset=utf-8"
	}
	return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
}

// Column is one column of a sheet.
type Column struct {
	Header string
	Type   Type
	// Width is the column's width in characters of the default font, at most 255; zero means 12.
	Width float64
	// Decimals is the number of places shown for [Decimal], 0 to 15. The value itself is kept exact.
	Decimals int
}

// Layout is all that decides how rows become bytes.
type Layout struct {
	Format Format
	// Sheet names the sheet; the second one is called "Sheet (2)" and so on. What Excel does not allow in
	// a name is replaced, what is too long is cut; empty means Sheet1. CSV has no use for it.
	Sheet   string
	Columns []Column
	// Zone is where instants are shown; nil means UTC.
	Zone *time.Location
}

// Validate checks the layout against the limits of its format.
func (l Layout) Validate() error {
	if !l.Format.Valid() {
		return fmt.Errorf("check layout: unknown format %q", l.Format)
	}
	if len(l.Columns) == 0 {
		return errors.New("check layout: no columns")
	}
	if l.Format == XLSX && len(l.Columns) > MaxColumns {
		return fmt.Errorf("check layout: %d columns, a sheet holds %d", len(l.Columns), MaxColumns)
	}
	for i, c := range l.Columns {
		switch {
		case c.Type > Flag:
			return fmt.Errorf("check layout: column %d (%s): unknown type %d", i, c.Header, c.Type)
		case !(c.Width >= 0 && c.Width <= maxColumnWidth): // also refuses NaN
			return fmt.Errorf("check layout: column %d (%s): width %g is not within 0 to %d", i, c.Header, c.Width, maxColumnWidth)
		case c.Decimals < 0 || c.Decimals > maxDecimals:
			return fmt.Errorf("check layout: column %d (%s): %d decimals are not within 0 to %d", i, c.Header, c.Decimals, maxDecimals)
		}
	}
	return nil
}

func (l Layout) zone() *time.Location {
	if l.Zone == nil {
		return time.UTC
	}
	return l.Zone
}

// fingerprint is the same for layouts whose fragments may be joined. Headers, widths and the sheet's name
// belong to the file's frame and do not enter a fragment, so they are left out.
func (l Layout) fingerprint() uint64 {
	h := fnv.New64a()
	write := func(n uint64) { _ = binary.Write(h, binary.LittleEndian, n) } // a hash's Write never fails
	write(uint64(len(l.Format)))
	h.Write([]byte(l.Format))
	h.Write([]byte(l.zone().String()))
	write(uint64(len(l.Columns)))
	styles := stylesOf(l.Columns)
	for i, c := range l.Columns {
		write(uint64(c.Type))
		write(uint64(styles.of[i]))
	}
	return h.Sum64()
}

// Cell styles by number. The encoder writes these numbers into fragments and the skeleton defines them, in
// another process and maybe another week: they depend on nothing but the columns.
const (
	styleDefault = iota
	styleHeader
	styleFirst // of the number formats below
)

// styles lists the number formats that the columns need, in the order of their first use.
type styles struct {
	formats []string // of style styleFirst, styleFirst+1, …
	of      []int    // style of each column
}

func stylesOf(columns []Column) styles {
	s := styles{of: make([]int, len(columns))}
	known := map[string]int{}
	for i, c := range columns {
		format := numberFormat(c)
		if format == "" {
			continue // styleDefault
		}
		id, ok := known[format]
		if !ok {
			id = styleFirst + len(s.formats)
			known[format] = id
			s.formats = append(s.formats, format)
		}
		s.of[i] = id
	}
	return s
}

func numberFormat(c Column) string {
	switch c.Type {
	case Integer:
		return "#,##0"
	case Decimal:
		if c.Decimals > 0 {
			return "#,##0." + strings.Repeat("0", c.Decimals)
		}
		return "#,##0"
	case Date:
		return "yyyy-mm-dd"
	case Instant:
		return "yyyy-mm-dd hh:mm:ss"
	case Flag:
		return ""
	default:
		return "@" // also for what somebody types in later: leading zeros stay
	}
}

// sheetName returns the valid name of sheet n, counted from 0.
func sheetName(base string, n int) string {
	var b strings.Builder
	for _, r := range base {
		switch {
		case r < 0x20 || r == 0x7F || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF:
			b.WriteByte(' ')
		case strings.ContainsRune(forbiddenInName, r):
			b.WriteByte('-')
		case r == '\'':
			b.WriteRune('’') // allowed inside a name, but then every reference to it must double it
		default:
			b.WriteRune(r)
		}
	}
	name, suffix := strings.TrimSpace(b.String()), ""
	if strings.EqualFold(name, "History") {
		name += "_" // Excel keeps that name for itself
	}
	if n > 0 {
		suffix = fmt.Sprintf(" (%d)", n+1)
	}
	name = strings.TrimSpace(cutUTF16(name, maxNameChars-len(suffix)))
	if name == "" {
		name = defaultSheet
	}
	return name + suffix
}

// cutUTF16 returns the longest start of valid UTF-8 s that has at most limit UTF-16 code units.
func cutUTF16(s string, limit int) string {
	units := 0
	for i, r := range s {
		units++
		if r > 0xFFFF {
			units++
		}
		if units > limit {
			return s[:i]
		}
	}
	return s
}
