package dataset

import "time"

// Export is one kind of export: one file of the catalogue.
type Export struct {
	// Name is the kind's stable name, e.g. stock-shortages.
	Name  string
	Title Text
	About Text

	Columns []Column
	Filters []Filter
	Source  Source

	// PageRows is the number of rows a page holds; zero means [DefaultPageRows].
	PageRows int
	// SlowAfter is the running time after which people are told; zero means 15 minutes.
	SlowAfter time.Duration
	// StallAfter is the time without progress after which the job counts as stalled; zero means 2 minutes.
	StallAfter time.Duration
	// GiveUpAfter is how long one step may keep failing before the job fails; zero means 30 minutes.
	GiveUpAfter time.Duration
	// MaxDuration ends a job as timed out; zero means 24 hours.
	MaxDuration time.Duration
	// Window is how many pages may be in flight; zero means 4.
	Window int
}

// Source tells where the rows of an export come from. Rows are read in the order of one unique integer
// key of the driving table, never by OFFSET, so a page costs the same wherever it lies.
type Source struct {
	// From is the driving table with its alias, e.g. "order_lines l".
	From string
	// Joins are joined in this order.
	Joins []Join
	// Key is a unique, growing, indexed integer column of the driving table, e.g. "l.id".
	Key string
	// Tenant is the column of the driving table that holds the tenant's id; with Key it must have an
	// index (tenant, key).
	Tenant string
	// Where is the kind's own condition, without placeholders; empty means every row.
	Where string
}

// Join is one joined table.
type Join struct {
	// Alias is the joined table's alias.
	Alias string
	// SQL is the whole clause, e.g. "JOIN orders o ON o.id = l.order_id".
	SQL string
	// Keeps says that the join neither drops nor repeats a row (a foreign key that is never null, or a
	// left join on a unique key). The plan leaves such joins out where nothing refers to them.
	Keeps bool
}
