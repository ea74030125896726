package dataset

import (
	"fmt"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// checkPlan returns everything that is wrong with where the rows go.
func (k BulkSave) checkPlan() []error {
	c := &planChecker{kind: k.Rows(), used: map[string]bool{k.Together: true}}
	if !slices.Equal(k.Target.Fields, c.kind.fieldNames()) {
		c.report("plan", "its fields %v are not those of the kind, in their order", k.Target.Fields)
	}
	if len(k.Target.Steps) == 0 {
		c.report("plan", "it has no steps")
	}
	for _, s := range k.Target.Steps {
		c.step(s)
		c.before = append(c.before, s)
	}
	for _, f := range k.Fields {
		if !c.used[f.Name] && len(k.Target.Steps) > 0 {
			c.report("plan", "field %q goes nowhere", f.Name)
		}
	}
	return c.wrong
}

// planChecker gathers what is wrong with a plan.
type planChecker struct {
	kind   Rows
	before []target.Step
	used   map[string]bool // fields
	wrong  []error
}

func (c *planChecker) report(where, format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

func (c *planChecker) step(s target.Step) {
	where := fmt.Sprintf("step %q", s.Name)
	switch {
	case !fieldName.MatchString(s.Name) || !fieldName.MatchString(s.Table):
		c.report(where, "its name or table %q is not in snake case", s.Table)
	case slices.ContainsFunc(c.before, func(o target.Step) bool { return o.Name == s.Name }):
		c.report(where, "the name is taken")
	case s.Mode > target.Find:
		c.report(where, "unknown mode %d", s.Mode)
	case len(s.Key) == 0:
		c.report(where, "it has no key")
	}
	mustBeThere := s.Mode == target.Update || s.Mode == target.Find
	switch {
	case mustBeThere != (s.Missing.Code != ""):
		c.report(where, "Missing belongs to what must be there, and it needs one")
	case mustBeThere && (!slices.Contains(job.RowCodes, s.Missing.Code) || c.kind.field(s.Missing.Field) < 0):
		c.report(where, "Missing: unknown code %q or field %q", s.Missing.Code, s.Missing.Field)
	case mustBeThere && (len(s.Create) > 0 || len(s.KeptBy) > 0):
		c.report(where, "Create and KeptBy are for what may be created")
	case s.Mode == target.Find && len(s.Set) > 0:
		c.report(where, "Find writes nothing")
	case s.Mode == target.Update && len(s.Set) == 0:
		c.report(where, "Update has nothing to set")
	case s.Every && !mustBeThere:
		c.report(where, "Every is for what must be there")
	}
	for _, name := range slices.Concat(s.When, s.Unless) {
		c.field(where, name)
	}
	for _, ref := range s.KeptBy {
		if !fieldName.MatchString(ref.Table) || !fieldName.MatchString(ref.Column) {
			c.report(where, "KeptBy: %s.%s is not in snake case", ref.Table, ref.Column)
		}
	}
	c.columns(where, s)
}

// field checks that a field exists, and notes that it goes somewhere.
func (c *planChecker) field(where, name string) {
	if c.kind.field(name) < 0 {
		c.report(where, "there is no field %q", name)
	}
	c.used[name] = true
}

func (c *planChecker) columns(where string, s target.Step) {
	type use struct {
		part string
		from target.ValueKind
	}
	taken := map[string]use{}
	for _, part := range []struct {
		name    string
		columns []target.Column
	}{{"Key", s.Key}, {"Set", s.Set}, {"Create", s.Create}} {
		for _, column := range part.columns {
			at := fmt.Sprintf("%s: %s %q", where, part.name, column.Name)
			if !fieldName.MatchString(column.Name) {
				c.report(at, "it is not in snake case")
			}
			now := use{part.name, column.From.Kind}
			if before, again := taken[column.Name]; again && !either(before.part, now.part, before.from, now.from) {
				c.report(at, "the column is there twice")
			}
			taken[column.Name] = now
			c.column(at, part.name, s, column)
		}
	}
}

// either tells that a row sets a column or adds to it, which two entries say.
func either(partA, partB string, a, b target.ValueKind) bool {
	return partA == "Set" && partB == "Set" && a != b && (a == target.FromSum || b == target.FromSum)
}

func (c *planChecker) column(where, part string, s target.Step, column target.Column) {
	if column.From.Kind == target.FromSum && part != "Set" {
		c.report(where, "only what is set can be added to")
	}
	if column.Min != nil && column.From.Kind != target.FromSum {
		c.report(where, "Min is for sums")
	}
	if creates := s.Mode == target.Upsert || s.Mode == target.Ensure; !creates && (column.Else != nil || column.Needed) {
		c.report(where, "Else and Needed are for what may be created")
	}
	if column.Needed && column.From.Kind != target.FromField {
		c.report(where, "Needed is for a field's value")
	}
	switch column.Else.(type) {
	case nil, string, int64, bool, target.Decimal, time.Time:
	default:
		c.report(where, "Else %v is of no type that a row has", column.Else)
	}
	c.value(where, column.From)
}

func (c *planChecker) value(where string, v target.Value) {
	switch v.Kind {
	case target.FromField:
		c.field(where, v.Field)
	case target.FromSum:
		c.field(where, v.Field)
		c.typed(where, v.Field, FieldInteger)
	case target.FromProduct:
		c.field(where, v.Field)
		c.field(where, v.Factor)
		c.typed(where, v.Field, FieldInteger, FieldDecimal)
		c.typed(where, v.Factor, FieldInteger, FieldDecimal)
	case target.FromID, target.FromOf:
		if !slices.ContainsFunc(c.before, func(s target.Step) bool { return s.Name == v.Step }) {
			c.report(where, "there is no step %q before it", v.Step)
		}
		if v.Kind == target.FromOf && !fieldName.MatchString(v.Column) {
			c.report(where, "column %q is not in snake case", v.Column)
		}
	case target.FromConst:
		switch v.Const.(type) {
		case string, int64, bool:
		default:
			c.report(where, "constant %v is neither string nor int64 nor bool", v.Const)
		}
	case target.FromNow:
	default:
		c.report(where, "unknown value %d", v.Kind)
	}
}

// typed checks the type of a field that is counted with.
func (c *planChecker) typed(where, name string, types ...FieldType) {
	if at := c.kind.field(name); at >= 0 && !slices.Contains(types, c.kind.Fields[at].Type) {
		c.report(where, "field %q is of type %s, which cannot be counted with", name, c.kind.Fields[at].Type)
	}
}
