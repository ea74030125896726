package dataset

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/longhaul/longhaul/internal/sheet"
)

var (
	kindName  = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// maxName keeps a kind's name within workflow IDs and file names.
const maxName = 64

// checkKind returns what is wrong with what every kind says of itself, whatever its type.
func checkKind(name string, title, about Text) []error {
	var wrong []error
	if !kindName.MatchString(name) || len(name) > maxName {
		wrong = append(wrong, fmt.Errorf("the name must be in kebab case and have at most %d letters", maxName))
	}
	for _, t := range []string{title.Ko, title.En} {
		if t == "" || utf8.RuneCountInString(t) > MaxTitleLength || strings.ContainsAny(t, `:\/?*[]`) {
			wrong = append(wrong, fmt.Errorf(`title %q: it must have 1 to %d characters and none of : \ / ? * [ ]`, t, MaxTitleLength))
		}
	}
	if !complete(about) {
		wrong = append(wrong, errors.New("about is missing in a language"))
	}
	return wrong
}

// checkExport returns everything that is wrong with a kind.
func checkExport(e Export) []error {
	wrong := checkKind(e.Name, e.Title, e.About)
	if e.PageRows < 0 || e.SlowAfter < 0 || e.StallAfter < 0 || e.GiveUpAfter < 0 || e.MaxDuration < 0 || e.Window < 0 {
		wrong = append(wrong, errors.New("a limit is negative"))
	}
	wrong = append(wrong, checkSource(e.Source)...)
	known := e.Source.aliases()
	wrong = append(wrong, checkColumns(e.Columns, known)...)
	wrong = append(wrong, checkFilters(e.Filters, known)...)
	return wrong
}

func complete(t Text) bool { return t.Ko != "" && t.En != "" }

// aliases lists the aliases that columns and conditions may refer to.
func (s Source) aliases() []string {
	known := []string{s.alias()}
	for _, j := range s.Joins {
		known = append(known, j.Alias)
	}
	return known
}

func checkSource(s Source) []error {
	var wrong []error
	if len(strings.Fields(s.From)) != 2 {
		wrong = append(wrong, fmt.Errorf("source: From %q must be a table and its alias", s.From))
	}
	for _, column := range []string{s.Key, s.Tenant} {
		if alias, name, _ := strings.Cut(column, "."); alias != s.alias() || !fieldName.MatchString(name) {
			wrong = append(wrong, fmt.Errorf("source: key or tenant %q must be a column of %q", column, s.From))
		}
	}
	known := []string{s.alias()}
	for _, j := range s.Joins {
		if !fieldName.MatchString(j.Alias) || slices.Contains(known, j.Alias) {
			wrong = append(wrong, fmt.Errorf("source: join alias %q is taken or no name", j.Alias))
		}
		known = append(known, j.Alias) // a join may refer to itself and to those before it
		if j.SQL == "" || !slices.Contains(splitWords(j.SQL), j.Alias) {
			wrong = append(wrong, fmt.Errorf("source: join %q: its SQL does not declare the alias", j.Alias))
		}
		wrong = append(wrong, checkClause(fmt.Sprintf("source: join %q", j.Alias), j.SQL, 0, known)...)
	}
	return append(wrong, checkClause("source: Where", s.Where, 0, known)...)
}

// checkClause checks the number of placeholders and that every alias is known.
func checkClause(what, sql string, values int, known []string) []error {
	var wrong []error
	c := readClause(sql)
	if c.values != values {
		wrong = append(wrong, fmt.Errorf("%s: %d placeholders instead of %d in %q", what, c.values, values, sql))
	}
	for _, alias := range c.refers {
		if !slices.Contains(known, alias) {
			wrong = append(wrong, fmt.Errorf("%s: alias %q is not known in %q", what, alias, sql))
		}
	}
	return wrong
}

func checkColumns(columns []Column, known []string) []error {
	if len(columns) == 0 {
		return []error{errors.New("there are no columns")}
	}
	var wrong []error
	taken := map[string]bool{}
	claim := func(what, name string) {
		if taken[what+name] {
			wrong = append(wrong, fmt.Errorf("%s %q is taken", what, name))
		}
		taken[what+name] = true
	}
	for _, c := range columns {
		what := fmt.Sprintf("column %q", c.Name)
		claim("column", c.Name)
		claim("Korean header", c.Header.Ko)
		claim("English header", c.Header.En)
		switch {
		case !fieldName.MatchString(c.Name) || len(c.Name) > maxName:
			wrong = append(wrong, fmt.Errorf("%s: the name must be in snake case", what))
		case !complete(c.Header):
			wrong = append(wrong, fmt.Errorf("%s: its header is missing in a language", what))
		case c.SQL == "":
			wrong = append(wrong, fmt.Errorf("%s: it has no SQL", what))
		case c.Type > sheet.Flag:
			wrong = append(wrong, fmt.Errorf("%s: unknown type %d", what, c.Type))
		case c.Width < 0 || c.Width > 255: // Excel's limit
			wrong = append(wrong, fmt.Errorf("%s: width %v is not within 0 and 255", what, c.Width))
		case c.Decimals < 0 || c.Decimals > 15 || c.Decimals > 0 && c.Type != sheet.Decimal:
			wrong = append(wrong, fmt.Errorf("%s: %d decimals are too many or not for this type", what, c.Decimals))
		}
		wrong = append(wrong, checkClause(what, c.SQL, 0, known)...)
	}
	return wrong
}

func checkFilters(filters []Filter, known []string) []error {
	var wrong []error
	taken := map[string]bool{}
	for _, f := range filters {
		what := fmt.Sprintf("filter %q", f.Name)
		if taken[f.Name] {
			wrong = append(wrong, fmt.Errorf("%s: the name is taken", what))
		}
		taken[f.Name] = true
		if err := checkFilter(f, filters); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", what, err))
		}
		values := 1
		if f.Type == FilterFlag {
			values = 0
		}
		wrong = append(wrong, checkClause(what, f.Where, values, known)...)
	}
	return wrong
}

func checkFilter(f Filter, all []Filter) error {
	types := []FilterType{FilterText, FilterDate, FilterInteger, FilterChoice, FilterFlag}
	switch {
	case !fieldName.MatchString(f.Name) || len(f.Name) > maxName:
		return errors.New("the name must be in snake case")
	case !complete(f.Title):
		return errors.New("its title is missing in a language")
	case !slices.Contains(types, f.Type):
		return fmt.Errorf("unknown type %q", f.Type)
	case f.Where == "":
		return errors.New("it has no condition")
	case (f.Type == FilterChoice) != (len(f.Choices) > 0):
		return errors.New("choices belong to a choice filter, and it needs them")
	case f.DayAfter && f.Type != FilterDate:
		return errors.New("DayAfter is for dates")
	case f.Many && (f.Type == FilterFlag || f.NotAfter != ""):
		return errors.New("a flag or the begin of a range takes one value")
	case f.Required && f.Type == FilterFlag:
		return errors.New("a flag cannot be required: false is the same as not given")
	}
	seen := map[string]bool{}
	for _, c := range f.Choices {
		if c.Value == "" || seen[c.Value] || !complete(c.Title) {
			return fmt.Errorf("choice %q is empty, repeated or without title", c.Value)
		}
		seen[c.Value] = true
	}
	return checkNotAfter(f, all)
}

func checkNotAfter(f Filter, all []Filter) error {
	if f.NotAfter == "" {
		return nil
	}
	i := slices.IndexFunc(all, func(other Filter) bool { return other.Name == f.NotAfter })
	switch {
	case f.Type != FilterDate && f.Type != FilterInteger:
		return errors.New("NotAfter is for dates and integers")
	case i < 0 || all[i].Type != f.Type || all[i].Many || f.NotAfter == f.Name:
		return fmt.Errorf("NotAfter %q must be another filter of the same type with one value", f.NotAfter)
	}
	return nil
}
