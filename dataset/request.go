package dataset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

// The languages of headers and file names.
const (
	LocaleKorean  = "ko" // the default
	LocaleEnglish = "en"
)

var (
	formats = []string{string(sheet.XLSX), string(sheet.CSV)} // the first is the default
	locales = []string{LocaleKorean, LocaleEnglish}
)

// Request is what a client asks of a kind. Every field may be left out.
type Request struct {
	Filters  job.Filters
	Columns  []string // default: all, in the kind's order
	Format   string   // default: [sheet.XLSX]
	Locale   string   // default: [LocaleKorean]
	Filename string   // default: see [Selection.Filename]; the extension is added or put right
}

// Select checks a request and returns what it selects; zone is the tenant's, in which dates are meant.
// Its error is a [*job.Error] with [job.CodeInvalid] that names every wrong field by its JSON pointer.
func (e Export) Select(req Request, zone *time.Location) (Selection, error) {
	c := &checker{}
	s := Selection{
		export:   e,
		format:   sheet.Format(c.option("/format", "format", req.Format, formats)),
		locale:   c.option("/locale", "locale", req.Locale, locales),
		filename: c.filename(req.Filename),
		columns:  c.columns(e.Columns, req.Columns),
	}
	s.filters, s.conditions = c.filters(e.Filters, req.Filters, zone)
	if len(c.wrong) > 0 {
		return Selection{}, job.Invalid(c.wrong...)
	}
	return s, nil
}

// checker gathers what is wrong with a request.
type checker struct{ wrong []job.FieldError }

func (c *checker) report(pointer, format string, args ...any) {
	c.wrong = append(c.wrong, job.FieldError{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// option checks a value that must be one of a few, the first of which is the default.
func (c *checker) option(pointer, what, value string, allowed []string) string {
	if value == "" {
		return allowed[0]
	}
	if !slices.Contains(allowed, value) {
		c.report(pointer, "unknown %s %s; known: %s", what, quote(value), strings.Join(allowed, ", "))
	}
	return value
}

// columns returns the chosen columns in the order of the request.
func (c *checker) columns(all []Column, names []string) []Column {
	if len(names) == 0 {
		return all
	}
	if len(names) > len(all) {
		c.report("/columns", "%d columns are more than the %d there are", len(names), len(all))
		return nil // one error, not one for each of a million
	}
	chosen := make([]Column, 0, len(names))
	for i, name := range names {
		pointer := fmt.Sprintf("/columns/%d", i)
		at := slices.IndexFunc(all, func(col Column) bool { return col.Name == name })
		switch {
		case at < 0:
			c.report(pointer, "unknown column %s; %s", quote(name), oneOf(name, columnNames(all)))
		case slices.Contains(names[:i], name):
			c.report(pointer, "column %s is chosen twice", name)
		default:
			chosen = append(chosen, all[at])
		}
	}
	return chosen
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// filters returns the filters in their canonical form, and the conditions they make in the kind's order.
func (c *checker) filters(all []Filter, given job.Filters, zone *time.Location) (job.Filters, []condition) {
	c.unknownFilters(all, given)
	canonical := job.Filters{}
	var conditions []condition
	for _, f := range all {
		reported := len(c.wrong)
		values := c.values(f, given[f.Name])
		if len(values) == 0 {
			if f.Required && len(c.wrong) == reported {
				c.report(filterPointer(f.Name), "this filter is required")
			}
			continue
		}
		canonical[f.Name] = values
		conditions = append(conditions, newCondition(f, values, zone))
	}
	for _, f := range all {
		c.order(f, canonical)
	}
	return canonical, conditions
}

func (c *checker) unknownFilters(all []Filter, given job.Filters) {
	known := make([]string, len(all))
	for i, f := range all {
		known[i] = f.Name
	}
	const most = 20 // reported, so that an answer stays small
	var unknown []string
	for name := range given {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown[:min(most, len(unknown))] {
		c.report(filterPointer(name), "unknown filter %s; %s", quote(name), oneOf(name, known))
	}
}

// order checks that the begin of a range is not after its end. Dates are in their canonical form, which
// sorts as text does.
func (c *checker) order(f Filter, canonical job.Filters) {
	from, to := canonical[f.Name], canonical[f.NotAfter]
	if len(from) == 0 || len(to) == 0 {
		return
	}
	after := from[0] > to[0]
	if f.Type == FilterInteger {
		after = integer(from[0]) > integer(to[0])
	}
	if after {
		c.report(filterPointer(f.Name), "%s is after %s, the value of %s", from[0], to[0], f.NotAfter)
	}
}

// filterPointer is the JSON pointer (RFC 6901) to a filter in the body of a request.
func filterPointer(name string) string {
	const most = 60 // letters of a name that is not ours
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	return "/filters/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
