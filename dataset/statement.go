package dataset

import (
	"slices"
	"strings"
	"time"
)

// Statement is SQL with its arguments, of type int64, string or [time.Time] in UTC. It is understood by
// MySQL, MariaDB and SQLite alike.
type Statement struct {
	SQL  string
	Args []any
}

// condition is one part of a WHERE clause.
type condition struct {
	sql  string
	args []any
}

// newCondition makes the condition of a filter out of its canonical values.
func newCondition(f Filter, values []string, zone *time.Location) condition {
	c := condition{sql: f.Where}
	if f.Many {
		c.sql = strings.Replace(f.Where, "?", "?"+strings.Repeat(", ?", len(values)-1), 1)
	}
	for _, v := range values {
		switch f.Type {
		case FilterFlag:
		case FilterInteger:
			c.args = append(c.args, integer(v))
		case FilterDate:
			plusDays := 0
			if f.DayAfter {
				plusDays = 1
			}
			c.args = append(c.args, dayStart(v, plusDays, zone))
		default:
			c.args = append(c.args, v)
		}
	}
	return c
}

// MaxKey yields one row with one value, the high-water mark: the greatest key the tenant has, or 0. Rows
// that come later do not belong to the export.
func (s Selection) MaxKey(tenantID int64) Statement {
	source := s.export.Source
	return Statement{
		SQL:  "SELECT COALESCE(MAX(" + source.Key + "), 0) FROM " + source.From + " WHERE " + source.Tenant + " = ?",
		Args: []any{tenantID},
	}
}

// Keys yields the keys of all matching rows up to and including the high-water mark, ascending.
func (s Selection) Keys(tenantID, highWater int64) Statement {
	source := s.export.Source
	return s.statement(source.Key, tenantID, condition{source.Key + " <= ?", []any{highWater}})
}

// Page yields the chosen columns of the matching rows with after < key <= through, in the order of the key.
func (s Selection) Page(tenantID, after, through int64) Statement {
	expressions := make([]string, len(s.columns))
	for i, c := range s.columns {
		expressions[i] = c.SQL
	}
	key := s.export.Source.Key
	return s.statement(strings.Join(expressions, ", "), tenantID,
		condition{key + " > ? AND " + key + " <= ?", []any{after, through}})
}

// statement reads in the order of the key. What looks like a comment is one to SQLite only; MySQL and
// MariaDB keep to the order of the joins by it, so that no statistics, however stale, make them begin with
// a joined table and sort, and then every page costs as much as all of them.
func (s Selection) statement(expressions string, tenantID int64, keys condition) Statement {
	source := s.export.Source
	where := []condition{{source.Tenant + " = ?", []any{tenantID}}, keys}
	if source.Where != "" {
		where = append(where, condition{"(" + source.Where + ")", nil})
	}
	for _, c := range s.conditions {
		where = append(where, condition{"(" + c.sql + ")", c.args})
	}

	var b strings.Builder
	var args []any
	for i, c := range where {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString(c.sql)
		args = append(args, c.args...)
	}
	conditions := b.String()
	from := append([]string{source.From}, source.joins(expressions+" "+conditions)...)
	return Statement{
		SQL: "SELECT /*! STRAIGHT_JOIN */ " + expressions +
			" FROM " + strings.Join(from, " ") +
			" WHERE " + conditions +
			" ORDER BY " + source.Key,
		Args: args,
	}
}

// joins returns the joins that a piece of SQL needs: those that decide which rows there are, those that it
// refers to, and those that these in turn refer to.
func (s Source) joins(sql string) []string {
	needed := readClause(sql).refers
	var clauses []string
	for _, j := range slices.Backward(s.Joins) { // a join refers only to those before it
		if j.Keeps && !slices.Contains(needed, j.Alias) {
			continue
		}
		needed = append(needed, readClause(j.SQL).refers...)
		clauses = append(clauses, j.SQL)
	}
	slices.Reverse(clauses)
	return clauses
}
