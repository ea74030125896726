package store

import (
	"cmp"
	"slices"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// outcome is what has become, or would become, of the rows.
func (c *chunk) outcome() (target.Outcome, error) {
	out := target.Outcome{Verdicts: make([]target.Verdict, len(c.rows)), Faults: c.faults}
	slices.SortStableFunc(out.Faults, func(a, b target.Fault) int { return cmp.Compare(a.Row, b.Row) })
	for row, state := range c.states {
		out.Verdicts[row] = state.verdict
		if state.verdict != target.Updated || len(out.Changes) == target.MaxChanges {
			continue
		}
		changes, err := c.changes(row)
		if err != nil {
			return out, err
		}
		if len(changes) > 0 {
			out.Changes = append(out.Changes, target.RowChange{Row: row, Changes: changes})
		}
	}
	return out, nil
}

// changes tells what a row changes in the records that were there; where it means several, in the first of them.
func (c *chunk) changes(row int) ([]job.Change, error) {
	var changes []job.Change
	for n, st := range c.plan.steps {
		r := c.at[n][row]
		if !st.counted || r == nil || r.fresh() {
			continue
		}
		for i := range st.set {
			v := &st.set[i]
			said, err := c.value(st, v, row)
			if err != nil {
				return nil, err
			}
			after := r.value(v.column)
			if said == nil || v.From.Kind == target.FromNow || r.before[v.column] == after {
				continue
			}
			// By now it may have an id; a dry run could not know it.
			if v.From.Kind == target.FromID && c.at[v.step][row].fresh() {
				after = c.at[v.step][row]
			}
			column := &st.table.columns[v.column]
			changes = append(changes, job.Change{
				Column: st.table.name + "." + column.name,
				Before: showValue(column, r.before[v.column]), After: showValue(column, after),
			})
		}
	}
	return changes, nil
}
