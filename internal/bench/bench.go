// Package bench measures exports: against the loop that one would write, against pages by OFFSET over HTTP,
// and for what an export promises about memory, pages, history, small jobs and dead workers.
//
// Every contender runs in processes of its own, on the same rows of the same database, within one run, turn
// by turn: what the machine does besides hits them all alike. Time is taken from the moment a contender is
// told to go until its file is there; CPU time and peak memory are read from /proc, so they are missing on
// systems without it.
package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/longhaul/longhaul/job"
)

// Contender is a way to export rows.
type Contender string

// The contenders.
const (
	// Plain is the loop that one would write: rows, typed, into excelize's StreamWriter, SaveAs.
	Plain Contender = "plain"
	// Offset is what Longhaul replaces: 500 rows a page by OFFSET, as JSON over HTTP, gathered in memory,
	// one workbook.
	Offset Contender = "offset"
	// Longhaul is this program: an API, a worker, a Temporal server.
	Longhaul Contender = "longhaul"
)

// Contenders are all of them, in the order of the table.
var Contenders = []Contender{Plain, Offset, Longhaul}

// Options of [Run]. The zero value measures everything at 100,000 and 1,000,000 rows.
type Options struct {
	// Rows are the sizes to measure; none means 100,000 and 1,000,000.
	Rows []int
	// Repeat is how often each contender runs at each size, for medians; zero means 3.
	Repeat int
	// Contenders are those to run; none means all.
	Contenders []Contender
	// Kill also measures what the death of the worker costs, at sizes of 500,000 rows and more.
	Kill bool
	// Small measures jobs of 100 rows on the embedded stack instead, and nothing else.
	Small bool

	// Database is the mysql:// URL of an empty database to use instead of a private MariaDB; then there is
	// one size only, and the database's CPU time is not known.
	Database string
	// Dir keeps the private MariaDB's data, so that a second run finds its rows there; empty means a
	// temporary directory.
	Dir string
	// Program is the longhaul binary that contenders are run with; empty means this one.
	Program string
	// Version is this program's, for the report.
	Version string
	// TemporalCLI is the program that the dev server is run with.
	TemporalCLI string
	// Profile is a directory that the worker's and the plain loop's CPU and heap profiles are written to;
	// empty means none.
	Profile string
	// Log gets a line for each step; nil means none.
	Log io.Writer
}

// DefaultRows are the sizes that the targets are about.
var DefaultRows = []int{100_000, 1_000_000}

const defaultRepeat = 3

func (o Options) withDefaults() (Options, error) {
	if len(o.Rows) == 0 {
		o.Rows = DefaultRows
	}
	if len(o.Contenders) == 0 {
		o.Contenders = Contenders
	}
	o.Repeat = cmp.Or(o.Repeat, defaultRepeat)
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Program == "" {
		self, err := os.Executable()
		if err != nil {
			return o, fmt.Errorf("find this program: %w", err)
		}
		o.Program = self
	}
	return o, o.validate()
}

func (o Options) validate() error {
	if slices.Min(o.Rows) < 1 || o.Repeat < 1 {
		return job.Errorf(job.CodeInvalid, "measure %v rows, %d times: both must be positive", o.Rows, o.Repeat)
	}
	if o.Database != "" && len(o.Rows) > 1 {
		return job.Errorf(job.CodeInvalid, "measure %v rows in one database: a database given by URL is for one size", o.Rows)
	}
	for _, c := range o.Contenders {
		if !slices.Contains(Contenders, c) {
			return job.Errorf(job.CodeInvalid, "measure %q: known contenders are %v", c, Contenders)
		}
	}
	return nil
}

// Run measures, and returns what it found. What is measured takes minutes at 1,000,000 rows, and filling the
// database a minute or two besides.
func Run(ctx context.Context, options Options) (*Report, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	report := &Report{Machine: machine(options.Version)}
	if options.Small {
		report.Small, err = runSmall(ctx, options)
	} else {
		err = runSizes(ctx, options, report)
	}
	if err != nil {
		return nil, err
	}
	return report, nil
}

// runSizes measures every size in turn, smallest first: what is wrong shows early.
func runSizes(ctx context.Context, options Options, report *Report) error {
	r, err := openRig(ctx, options)
	if err != nil {
		return err
	}
	defer r.close()
	report.Machine.Database = r.databaseVersion(ctx)
	for _, rows := range slices.Sorted(slices.Values(options.Rows)) {
		size, err := r.measure(ctx, rows)
		if err != nil {
			return fmt.Errorf("measure %d rows: %w", rows, err)
		}
		report.Sizes = append(report.Sizes, *size)
	}
	return nil
}

// logf tells of a step.
func (o Options) logf(format string, args ...any) { fmt.Fprintf(o.Log, format+"\n", args...) }
