package dataset

import (
	"strconv"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// The years that both spreadsheets and databases hold.
const minYear, maxYear = 1900, 2999

// wall is what a clock and a calendar on a wall show.
type wall struct {
	year, month, day     int
	hour, minute, second int
	nanos                int
	timed                bool // has a time of day
	zoned                bool // has an offset of its own, in seconds
	offset               int
}

func (f *fieldReader) instant(c *upload.Cell, raw []byte) (any, fault) {
	switch {
	case c.Kind == upload.Moment && c.HasDate:
		t := c.Time
		return f.at(wall{
			year: t.Year(), month: int(t.Month()), day: t.Day(), timed: c.HasTime,
			hour: t.Hour(), minute: t.Minute(), second: t.Second(), nanos: t.Nanosecond(),
		})
	case c.Kind == upload.Number && len(raw) != 8 && len(raw) != 14: // those of 20240305 and 20240305143000
		return nil, fault{job.RowNotADate, serialDate(raw)}
	case c.Kind == upload.Text || c.Kind == upload.Number:
		w, bad := readWall(string(raw))
		if bad.code != "" {
			return nil, bad
		}
		return f.at(w)
	}
	return nil, fault{code: job.RowNotADate}
}

// serialDate is the date that a number without date format may be meant to be; empty for none that is likely.
func serialDate(raw []byte) string {
	const first, last = 20_000, 80_000 // 1954 to 2119
	days, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || days < first || days > last {
		return ""
	}
	return time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// at returns the instant at which a wall clock in the zone shows w. Of two it is the first one; where there is none,
// because clocks were put forward, it is no date.
func (f *fieldReader) at(w wall) (any, fault) {
	if !w.valid() {
		return nil, fault{code: job.RowNotADate}
	}
	if w.zoned {
		t := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.micros(), time.UTC)
		return t.Add(-time.Duration(w.offset) * time.Second), fault{}
	}
	if !w.timed {
		t := beginOfDay(w.year, time.Month(w.month), w.day, f.zone)
		if t.In(f.zone).Day() != w.day { // a day that a country left out when it crossed the date line
			return nil, fault{code: job.RowNotADate}
		}
		return t, fault{}
	}
	t := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.micros(), f.zone)
	if t.Hour() != w.hour || t.Minute() != w.minute || t.Day() != w.day {
		return nil, fault{code: job.RowNotADate}
	}
	return earliest(t).UTC(), fault{}
}

// micros leaves out what a database does not keep.
func (w wall) micros() int { return w.nanos / 1000 * 1000 }

func (w wall) valid() bool {
	if w.year < minYear || w.year > maxYear || w.month < 1 || w.month > 12 || w.day < 1 {
		return false
	}
	lastDay := time.Date(w.year, time.Month(w.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return w.day <= lastDay && w.hour < 24 && w.minute < 60 && w.second < 60
}

// momentText is what the cell of a moment shows.
func momentText(c *upload.Cell) string {
	switch {
	case !c.HasDate:
		return c.Time.Format(time.TimeOnly)
	case !c.HasTime:
		return c.Time.Format(time.DateOnly)
	}
	return c.Time.Format(time.DateTime)
}

// readWall reads a date, with or without a time of day, as people and programs write it. Day and month of 3/4/2024
// could be swapped: such a date is refused, and so are years of two digits.
func readWall(s string) (wall, fault) {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			s = trim(norm.NFKC.String(s))
			break
		}
	}
	p := &scanner{rest: s}
	var w wall
	if !p.date(&w) || !p.timeOfDay(&w) || p.rest != "" {
		return wall{}, fault{code: job.RowNotADate}
	}
	if p.swapped {
		other := w
		other.month, other.day = w.day, w.month
		if w.valid() && other.valid() {
			return wall{}, fault{job.RowAmbiguousDate, w.date() + ", " + other.date()}
		}
		if !w.valid() {
			w = other
		}
	}
	if !w.valid() {
		return wall{}, fault{code: job.RowNotADate}
	}
	return w, fault{}
}

func (w wall) date() string {
	return time.Date(w.year, time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
