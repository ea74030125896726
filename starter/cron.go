package starter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cron is a checked cron expression of five fields, with the meaning it has in a crontab.
type cron struct {
	text   string // as given, with single spaces
	fields [5]cronField
}

// cronField is the set of times of one field.
type cronField struct {
	star   bool // it begins with *, which counts as "not restricted" between day and weekday
	all    bool // it is just *
	values []int
}

// The fields, by their place.
const (
	cronDay     = 2
	cronMonth   = 3
	cronWeekday = 4
)

// cronFields says what each field takes.
var cronFields = [5]struct {
	name     string
	min, max int
	names    []string // of the values from min on
}{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day", min: 1, max: 31},
	{name: "month", min: 1, max: 12,
		names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{name: "weekday", max: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// maxCron is far longer than any expression a person writes.
const maxCron = 200

// parseCron reads an expression: numbers, names of months and weekdays, ranges, lists and steps. Whatever else there
// is in the world (seconds, years, @daily, L, W, #, ?) is refused, because programs differ over it. Its errors are for
// the user.
func parseCron(text string) (cron, error) {
	c := cron{text: strings.TrimSpace(text)}
	switch {
	case c.text == "":
		return c, fmt.Errorf("five fields are required: minute hour day month weekday, e.g. 30 6 * * mon-fri")
	case len(c.text) > maxCron:
		return c, fmt.Errorf("it is longer than %d characters", maxCron)
	case strings.HasPrefix(c.text, "@"):
		return c, fmt.Errorf("shorthands such as @daily and @every are not read; write five fields: minute hour day month weekday, e.g. 0 0 * * *")
	case strings.Contains(c.text, "TZ="):
		return c, fmt.Errorf("the time zone is a field of its own: time_zone")
	}
	parts := strings.Fields(c.text)
	if len(parts) != len(c.fields) {
		return c, fmt.Errorf("it has %d fields, not five: minute hour day month weekday, e.g. 30 6 * * mon-fri", len(parts))
	}
	c.text = strings.Join(parts, " ")
	for i, part := range parts {
		var err error
		if c.fields[i], err = parseCronField(i, part); err != nil {
			return c, err
		}
	}
	if !c.happens() {
		return c, fmt.Errorf("it never happens: none of these months has such a day")
	}
	return c, nil
}

func parseCronField(i int, text string) (cronField, error) {
	f := cronField{star: strings.HasPrefix(text, "*"), all: text == "*"}
	var taken [60]bool
	for _, item := range strings.Split(text, ",") {
		from, to, step, err := parseCronItem(i, item)
		if err != nil {
			return f, fmt.Errorf("%s: %w", cronFields[i].name, err)
		}
		for v := from; v <= to; v += step {
			if i == cronWeekday {
				taken[v%7] = true // 7 is Sunday too
			} else {
				taken[v] = true
			}
		}
	}
	for v, yes := range taken {
		if yes {
			f.values = append(f.values, v)
		}
	}
	return f, nil
}

// parseCronItem reads *, 5, 5-9, each but the single value perhaps with a step behind it: */10, 5-9/2.
func parseCronItem(i int, item string) (from, to, step int, err error) {
	span, stepText, stepped := strings.Cut(item, "/")
	from, to, step = cronFields[i].min, cronFields[i].max, 1
	if i == cronWeekday {
		to = 6 // the star's; else a step would meet Sunday twice
	}
	first, last, ranged := strings.Cut(span, "-")
	if span != "*" {
		if from, err = cronValue(i, first); err != nil {
			return 0, 0, 0, err
		}
		to = from
		if ranged {
			if to, err = cronValue(i, last); err != nil {
				return 0, 0, 0, err
			}
		}
		if i == cronWeekday && ranged && to == 0 && from > 0 {
			to = 7 // fri-sun
		}
		if to < from {
			return 0, 0, 0, fmt.Errorf("the range %s runs backwards", span)
		}
	}
	if !stepped {
		return from, to, step, nil
	}
	if span != "*" && !ranged {
		return 0, 0, 0, fmt.Errorf("a step needs a range or *: %s-%d/%s", span, cronFields[i].max, stepText)
	}
	if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
		return 0, 0, 0, fmt.Errorf("the step %q is not a number from 1", stepText)
	}
	return from, to, min(step, 60), nil // more would only run over
}

func cronValue(i int, text string) (int, error) {
	field := cronFields[i]
	if at := slices.Index(field.names, strings.ToLower(text)); at >= 0 {
		return field.min + at, nil
	}
	v, err := strconv.ParseUint(text, 10, 8) // no sign
	if err != nil || int(v) < field.min || int(v) > field.max {
		named := ""
		if field.names != nil {
			named = fmt.Sprintf(" or a name such as %s", field.names[1])
		}
		return 0, fmt.Errorf("%q is not a number from %d to %d%s", text, field.min, field.max, named)
	}
	return int(v), nil
}

// either tells that day and weekday are both restricted: then, as in any crontab, one of them suffices.
func (c cron) either() bool { return !c.fields[cronDay].star && !c.fields[cronWeekday].star }

// happens tells whether there is ever such a day; 29 February is one.
func (c cron) happens() bool {
	longest := [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} // months count from 1
	if c.either() {
		return true
	}
	return slices.ContainsFunc(c.fields[cronMonth].values, func(m int) bool {
		return c.fields[cronDay].values[0] <= longest[m]
	})
}

// expressions says the same to Temporal, which takes the union of several. It wants both day and weekday to match
// where both are restricted, so that such an expression becomes two. Sets are written out, so that nothing is left to
// be read in another way; the comment shows what was given, in Temporal's own UI too, and is where it is read from.
func (c cron) expressions() []string {
	if !c.either() {
		return []string{c.expression(-1)}
	}
	return []string{c.expression(cronWeekday), c.expression(cronDay)}
}

// expression writes the fields, one of them as if it were not restricted.
func (c cron) expression(without int) string {
	parts := make([]string, len(c.fields))
	for i, f := range c.fields {
		if f.all || i == without {
			parts[i] = "*"
			continue
		}
		numbers := make([]string, len(f.values))
		for j, v := range f.values {
			numbers[j] = strconv.Itoa(v)
		}
		parts[i] = strings.Join(numbers, ",")
	}
	return strings.Join(parts, " ") + " # " + c.text
}
