package dataset

import (
	"strings"
	"time"
)

// What a kind's limits are when it does not say.
const (
	// DefaultPageRows is large because a page costs the Temporal server about 15 ms of CPU whatever it
	// holds: with 20,000 rows that is a tenth of what the rows themselves cost. It is small because a page is
	// what is lost when a worker dies, a tenth of a second here, and what lies in its memory, some 2 MB; and
	// because the rest of a job's history, 8 KB, is spread over its pages.
	DefaultPageRows = 20_000
	// DefaultSlowAfter is how long people wait before they ask whether it still runs.
	DefaultSlowAfter = 15 * time.Minute
	// DefaultStallAfter is far more than the slowest page takes, and less than people take to complain.
	DefaultStallAfter = 2 * time.Minute
	// DefaultGiveUpAfter outlasts a database's failover and a deploy.
	DefaultGiveUpAfter = 30 * time.Minute
	// DefaultMaxDuration is no measure of work: a job that is not done in a day never will be.
	DefaultMaxDuration = 24 * time.Hour
	// DefaultWindow keeps two workers of two cores busy without holding many database connections.
	DefaultWindow = 4
)

// Export is one kind of export: one file of the catalogue. An Export from a [Registry] is checked and has
// its defaults filled in; it must not be changed any more.
type Export struct {
	// Name is the kind's stable name in kebab case, e.g. stock-shortages.
	Name string
	// Title names the kind for people. It is also the name of the sheet, so it has at most
	// [MaxTitleLength] characters and none of : \ / ? * [ ].
	Title Text
	// About tells in a sentence or two which rows one gets.
	About Text

	Columns []Column
	Filters []Filter
	Source  Source

	// PageRows is the number of rows a page holds; zero means [DefaultPageRows].
	PageRows int
	// SlowAfter is the running time after which people are told; zero means [DefaultSlowAfter].
	SlowAfter time.Duration
	// StallAfter is the time without progress after which the job counts as stalled; zero means
	// [DefaultStallAfter].
	StallAfter time.Duration
	// GiveUpAfter is how long one step may keep failing before the job fails; zero means
	// [DefaultGiveUpAfter].
	GiveUpAfter time.Duration
	// MaxDuration ends a job as timed out; zero means [DefaultMaxDuration].
	MaxDuration time.Duration
	// Window is how many pages may be in flight; zero means [DefaultWindow].
	Window int
	// PagesPerRun is how many pages one run of the execution takes before it continues as new; zero
	// means until the server suggests it, at some 1,000 pages.
	PagesPerRun int
}

// MaxTitleLength is in characters: a sheet's name has at most 31, and the second sheet of a long export
// needs room for its number.
const MaxTitleLength = 25

// Source tells where the rows of an export come from. Rows are read in the order of one unique integer
// key of the driving table, never by OFFSET, so a page costs the same wherever it lies.
type Source struct {
	// From is the driving table with its alias, e.g. "order_lines l".
	From string
	// Joins are joined in this order; the database is told to keep to it.
	Joins []Join
	// Key is a unique, growing, indexed integer column of the driving table, e.g. "l.id".
	Key string
	// Tenant is the column of the driving table that holds the tenant's id; with Key it must have an
	// index (tenant, key).
	Tenant string
	// Where is the kind's own condition, without placeholders; empty means every row.
	Where string
}

// alias is the alias of the driving table.
func (s Source) alias() string {
	words := strings.Fields(s.From)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// Join is one joined table.
type Join struct {
	// Alias is the joined table's alias.
	Alias string
	// SQL is the whole clause, e.g. "JOIN orders o ON o.id = l.order_id".
	SQL string
	// Keeps says that the join neither drops nor repeats a row (a foreign key that is never null, or a
	// left join on a unique key). Such a join is left out where nothing refers to its alias.
	Keeps bool
}

// withDefaults returns a copy of e in which every limit is set.
func (e Export) withDefaults() Export {
	orElse(&e.PageRows, DefaultPageRows)
	orElse(&e.SlowAfter, DefaultSlowAfter)
	orElse(&e.StallAfter, DefaultStallAfter)
	orElse(&e.GiveUpAfter, DefaultGiveUpAfter)
	orElse(&e.MaxDuration, DefaultMaxDuration)
	orElse(&e.Window, DefaultWindow)
	return e
}

func orElse[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
