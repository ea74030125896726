package dataset

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/job"
)

// values checks what is given for one filter and returns it in its canonical form: without empty values,
// sorted, without repeats.
func (c *checker) values(f Filter, given job.Values) job.Values {
	most := 1
	if f.Many {
		most = MaxFilterValues
	}
	var canonical job.Values
	for i, raw := range given {
		if raw == "" {
			continue
		}
		if len(canonical) > MaxFilterValues {
			break // reported below
		}
		value, err := parseValue(f, raw)
		if err != nil {
			pointer := filterPointer(f.Name)
			if len(given) > 1 {
				pointer += "/" + strconv.Itoa(i)
			}
			c.report(pointer, "%v", err)
			if len(c.wrong) > MaxFilterValues {
				return nil // an answer need not be as long as the request
			}
			continue
		}
		if value != "" {
			canonical = append(canonical, value)
		}
	}
	slices.Sort(canonical)
	canonical = slices.Compact(canonical)
	if len(canonical) > most {
		c.report(filterPointer(f.Name), "too many values: at most %d", most)
		return nil
	}
	return canonical
}

// parseValue returns the canonical form of one value; it is empty for one that changes nothing. The error
// is meant for the client.
func parseValue(f Filter, raw string) (string, error) {
	switch f.Type {
	case FilterDate:
		day, err := time.Parse(time.DateOnly, raw)
		if err != nil || day.Year() < 1900 || day.Year() > 2999 { // what both Excel and the databases hold
			return "", fmt.Errorf("%s is not a date: write YYYY-MM-DD, from 1900 to 2999", quote(raw))
		}
		return day.Format(time.DateOnly), nil
	case FilterInteger:
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil || n > maxFilterInteger || n < -maxFilterInteger {
			return "", fmt.Errorf("%s is not a whole number within ±999999999999", quote(raw))
		}
		return strconv.FormatInt(n, 10), nil
	case FilterChoice:
		return parseChoice(f.Choices, raw)
	case FilterFlag:
		switch raw {
		case "true":
			return raw, nil
		case "false":
			return "", nil
		}
		return "", fmt.Errorf("%s is neither true nor false", quote(raw))
	}
	return parseText(raw)
}

// parseText puts a text into the form in which codes are saved: composed and without space around it.
func parseText(raw string) (string, error) {
	switch {
	case !utf8.ValidString(raw):
		return "", errors.New("the text is not valid UTF-8")
	case utf8.RuneCountInString(raw) > MaxFilterText:
		return "", fmt.Errorf("the text has more than %d characters", MaxFilterText)
	case strings.ContainsFunc(raw, unicode.IsControl):
		return "", errors.New("the text holds control characters")
	}
	return norm.NFC.String(strings.TrimSpace(raw)), nil
}

func parseChoice(choices []Choice, raw string) (string, error) {
	known := make([]string, len(choices))
	for i, choice := range choices {
		if choice.Value == raw {
			return raw, nil
		}
		known[i] = choice.Value
	}
	return "", fmt.Errorf("%s is not one of the choices; %s", quote(raw), oneOf(raw, known))
}

// integer reads a canonical value of a FilterInteger.
func integer(canonical string) int64 {
	n, err := strconv.ParseInt(canonical, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("read canonical integer: %v", err)) // parseValue wrote it
	}
	return n
}

// dayStart returns the instant at which a day, counted from a canonical date, begins in a zone. That is
// not always midnight: where clocks are put forward at midnight the day begins at one o'clock, and where
// they are put back over it, midnight comes twice and the first one counts.
func dayStart(canonical string, plusDays int, zone *time.Location) time.Time {
	day, err := time.Parse(time.DateOnly, canonical)
	if err != nil {
		panic(fmt.Sprintf("read canonical date: %v", err)) // parseValue wrote it
	}
	day = day.AddDate(0, 0, plusDays)
	return beginOfDay(day.Year(), day.Month(), day.Day(), zone)
}

// beginOfDay returns the instant at which a day begins in a zone; of a day that the zone has left out, that of the
// next.
func beginOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if t.Day() != day { // midnight does not exist, and t lies before the gap
		_, t = t.ZoneBounds()
		return t.UTC()
	}
	return earliest(t).UTC()
}

// earliest returns the first of the instants at which clocks show what they show at t: where they are put back, there
// are two, and [time.Date] gives either.
func earliest(t time.Time) time.Time {
	begin, _ := t.ZoneBounds()
	if begin.IsZero() {
		return t
	}
	_, now := t.Zone()
	_, before := begin.Add(-1).Zone()
	if first := t.Add(time.Duration(now-before) * time.Second); first.Before(begin) && first.Day() == t.Day() {
		return first
	}
	return t
}
