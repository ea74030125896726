package dataset

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// withDefaults returns a copy of k in which every limit is set.
func (k Sync) withDefaults() Sync {
	orElse(&k.StretchItems, DefaultStretchItems)
	orElse(&k.MaxAttempts, DefaultMaxAttempts)
	orElse(&k.OutageFor, DefaultOutageFor)
	orElse(&k.SlowAfter, DefaultSlowAfter)
	orElse(&k.StallAfter, DefaultStallAfter)
	orElse(&k.GiveUpAfter, DefaultGiveUpAfter)
	orElse(&k.MaxDuration, DefaultSyncDuration)
	orElse(&k.Window, DefaultWindow)
	return k
}

// partnerName is the form that the names of its settings, LONGHAUL_PARTNER_<NAME>_…, can be made of.
var partnerName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// checkSync returns everything that is wrong with a kind.
func checkSync(k Sync) []error {
	wrong := checkKind(k.Name, k.Title, k.About)
	if !partnerName.MatchString(k.Partner) || len(k.Partner) > maxName {
		wrong = append(wrong, fmt.Errorf("partner %q must be lower-case letters and digits", k.Partner))
	}
	if k.StretchItems < 0 || k.MaxAttempts < 0 || k.OutageFor < 0 || k.SlowAfter < 0 || k.StallAfter < 0 || k.GiveUpAfter < 0 ||
		k.MaxDuration < 0 || k.Window < 0 || k.StretchesPerRun < 0 {
		wrong = append(wrong, errors.New("a limit is negative"))
	}
	wrong = append(wrong, checkFields(k.Fields, reportHeaders()...)...)
	wrong = append(wrong, k.Rows().checkKeys()...)
	if k.InOrder != "" && k.Rows().field(k.InOrder) < 0 {
		wrong = append(wrong, fmt.Errorf("in order: there is no field %q", k.InOrder))
	}
	if n := k.widthOf(k.Key...); n > maxItemKey {
		wrong = append(wrong, fmt.Errorf("the key may have %d characters: more than the %d that are kept", n, maxItemKey))
	}
	if n := k.widthOf(k.InOrder); n > maxItemOrder {
		wrong = append(wrong, fmt.Errorf("in order: %q may have %d characters: more than the %d that are kept", k.InOrder, n, maxItemOrder))
	}
	wrong = append(wrong, checkSource(k.Source)...)
	wrong = append(wrong, k.checkColumns()...)
	wrong = append(wrong, checkFilters(k.Filters, k.Source.aliases())...)
	if len(wrong) == 0 { // what follows relies on the fields
		wrong = slices.Concat(k.checkCall(), k.checkEffects(), k.Rows().checkExample())
	}
	return wrong
}

// widthOf is how many characters some fields may have together.
func (k Sync) widthOf(names ...string) int {
	n := 0
	for i, name := range names {
		if i > 0 {
			n += len(keySeparator)
		}
		if at := k.Rows().field(name); at >= 0 {
			n += max(k.Fields[at].MaxLength, maxPlain)
		}
	}
	return n
}

// maxPlain is more than a number or an instant has in plain notation.
const maxPlain = 40

// checkColumns checks that what comes from the database are items, with all that one must have.
func (k Sync) checkColumns() []error {
	columns := slices.Clone(k.Columns)
	for i, c := range columns {
		columns[i].Header = Text{Ko: c.Name, En: c.Name} // no sheet shows it
	}
	wrong := checkColumns(columns, k.Source.aliases())
	names := columnNames(k.Columns)
	for _, c := range k.Columns {
		if k.Rows().field(c.Name) < 0 {
			wrong = append(wrong, fmt.Errorf("column %q: there is no field of that name", c.Name))
		}
	}
	for _, f := range k.Fields {
		if needed := f.Required || f.Name == k.InOrder || slices.Contains(k.Key, f.Name); needed && !slices.Contains(names, f.Name) {
			wrong = append(wrong, fmt.Errorf("field %q is needed, and has no column", f.Name))
		}
	}
	return wrong
}

// alwaysNamed are values that every effect may name, whatever the fields.
var alwaysNamed = []string{"seller_id", "now", "remote_id"}

// checkEffects checks that what is saved is known.
func (k Sync) checkEffects() []error {
	var wrong []error
	known := append(k.Rows().fieldNames(), alwaysNamed...)
	for _, name := range alwaysNamed {
		if k.Rows().field(name) >= 0 {
			wrong = append(wrong, fmt.Errorf("field %q: the name is taken by what every effect may name", name))
		}
	}
	for _, a := range k.Call.Answers {
		if slices.Contains(known, a.Name) {
			wrong = append(wrong, fmt.Errorf("answer %q: the name is taken", a.Name))
		}
		known = append(known, a.Name)
	}
	for i, e := range k.Save {
		text, names := e.parse()
		if strings.TrimSpace(text) == "" {
			wrong = append(wrong, fmt.Errorf("save %d: it is empty", i))
		}
		if readClause(text).values != len(names) {
			wrong = append(wrong, fmt.Errorf("save %d: values are named, not ? in %q", i, e))
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				wrong = append(wrong, fmt.Errorf("save %d: :%s is no field and no answer; %s", i, name, oneOf(name, known)))
			}
		}
	}
	return wrong
}
