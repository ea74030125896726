package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// SavePart is a part of what is measured of bulk saves.
type SavePart string

// The parts.
const (
	// SaveReading reads a workbook and does nothing else, against excelize.
	SaveReading SavePart = "reading"
	// SavePath goes from the upload to the counts, against the loop that one would write.
	SavePath SavePart = "path"
	// SaveApply saves chunks that are read and checked, against an upsert that does not care.
	SaveApply SavePart = "apply"
	// SaveMemory looks for the worker's highest memory at two sizes.
	SaveMemory SavePart = "memory"
	// SaveDryRun compares a dry run with the save itself.
	SaveDryRun SavePart = "dry-run"
)

// SaveParts are all of them, in the order of the report.
var SaveParts = []SavePart{SaveReading, SavePath, SaveApply, SaveMemory, SaveDryRun}

// SaveOptions of [RunBulkSave]. The zero value measures everything.
type SaveOptions struct {
	// Rows is how many order lines are saved; zero means 541,910, or all that File has.
	Rows int
	// File is the data set "Online Retail II" as CSV, gzipped or not, of which the second year is saved; empty means
	// rows that look like it.
	File string
	// Repeat is how often each contender runs, for medians; zero means 3.
	Repeat int
	// Only are the parts to measure; none means all.
	Only []SavePart
	// ReadRows is how many rows of 10 columns are read; zero means 200,000.
	ReadRows int
	// MemoryRows are the sizes at which memory is looked for; none means 100,000 and 1,000,000.
	MemoryRows []int

	// As of [Options].
	Program, Version, TemporalCLI, Profile string
	Log                                    io.Writer
}

const (
	saveKind   = "orders"
	saveTenant = "online-retail"
	// saveZone is where the data set's shop is, whose dates bear no zone.
	saveZone = "Europe/London"
	// defaultReadRows is what readers of workbooks are compared at.
	defaultReadRows = 200_000
)

func (o SaveOptions) withDefaults() (SaveOptions, Options, error) {
	o.ReadRows, o.Repeat = cmp.Or(o.ReadRows, defaultReadRows), cmp.Or(o.Repeat, defaultRepeat)
	if len(o.MemoryRows) == 0 {
		o.MemoryRows = DefaultRows
	}
	if len(o.Only) == 0 {
		o.Only = SaveParts
	}
	if o.Rows < 0 || o.ReadRows < 1 || slices.Min(o.MemoryRows) < 1 {
		return o, Options{}, job.Errorf(job.CodeInvalid, "save %d rows, read %d, look for memory at %v: all must be positive",
			o.Rows, o.ReadRows, o.MemoryRows)
	}
	for _, part := range o.Only {
		if !slices.Contains(SaveParts, part) {
			return o, Options{}, job.Errorf(job.CodeInvalid, "measure %q: known parts are %v", part, SaveParts)
		}
	}
	ground, err := Options{
		Repeat: o.Repeat, Program: o.Program, Version: o.Version, TemporalCLI: o.TemporalCLI, Profile: o.Profile, Log: o.Log,
	}.withDefaults()
	return o, ground, err
}

// RunBulkSave measures bulk saves, and returns what it found. With all parts and rows it takes some twenty minutes.
func RunBulkSave(ctx context.Context, options SaveOptions) (*SaveReport, error) {
	options, ground, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	rows, err := openRetail(options.File, options.Rows)
	if err != nil {
		return nil, err
	}
	b := &saveBench{options: options, rows: rows, report: &SaveReport{
		Machine: machine(options.Version), Rows: rows.count, Real: options.File != "",
	}}
	if slices.Equal(options.Only, []SavePart{SaveReading}) {
		b.rig, err = newRig(ground) // readers need no servers
	} else {
		b.rig, err = openRig(ctx, ground)
	}
	if err != nil {
		return nil, err
	}
	defer b.rig.close()
	if b.server != nil {
		b.report.Machine.Database = b.databaseVersion(ctx)
	}
	for _, part := range []struct {
		name    SavePart
		measure func(context.Context) error
	}{
		{SaveReading, b.reading}, {SavePath, b.path}, {SaveApply, b.apply}, {SaveMemory, b.memory}, {SaveDryRun, b.dryRun},
	} {
		if !slices.Contains(options.Only, part.name) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return nil, fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	return b.report, nil
}

// saveBench is one run.
type saveBench struct {
	*rig
	options SaveOptions
	rows    retailRows
	report  *SaveReport
	made    int // databases
}

// shop is a database of its own for one run of one contender.
type shop struct {
	name, url string
	sellerID  int64
}

// openShop makes a database with its tables and one seller.
func (b *saveBench) openShop(ctx context.Context) (shop, error) {
	b.made++
	s := shop{name: fmt.Sprintf("save_%d", b.made)}
	s.url = b.server.URL(s.name)
	if err := b.server.Exec(ctx, "DROP DATABASE IF EXISTS "+s.name, "CREATE DATABASE "+s.name); err != nil {
		return s, err
	}
	var err error
	s.sellerID, err = addShop(ctx, s.url)
	return s, err
}

// addShop makes the tables and one seller, whose ID it returns.
func addShop(ctx context.Context, databaseURL string) (sellerID int64, err error) {
	st, err := store.Open(ctx, databaseURL, store.Options{})
	if err != nil {
		return 0, err
	}
	defer st.Close()
	if err := st.Migrate(ctx); err != nil {
		return 0, err
	}
	sellers := []store.Seller{{Code: saveTenant, Name: "Online Retail", TimeZone: saveZone, CreatedAt: time.Now()}}
	if err := store.InsertMany(ctx, st, sellers); err != nil {
		return 0, err
	}
	seller, err := st.Seller(ctx, saveTenant)
	return seller.ID, err
}

// closeShop drops it: the next run is to find the server as this one did.
func (b *saveBench) closeShop(ctx context.Context, s shop) error {
	return b.server.Exec(ctx, "DROP DATABASE "+s.name)
}

// lockWaits is how many seconds statements have waited for rows since the server started.
func (b *saveBench) lockWaits(ctx context.Context) (float64, error) {
	db, err := openLines(b.server.URL("mysql"))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var name string
	var milliseconds int64
	if err := db.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_time'").Scan(&name, &milliseconds); err != nil {
		return 0, fmt.Errorf("read lock waits: %w", err)
	}
	return float64(milliseconds) / 1000, nil
}

// writeFile writes rows as an upload.
func (b *saveBench) writeFile(name, format string, rows retailRows) (string, error) {
	path := filepath.Join(b.dir, name+"."+format)
	began := time.Now()
	if err := rows.write(path, format); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	b.logf("%d rows are written as .%s (%.0f s)", rows.count, format, time.Since(began).Seconds())
	return path, nil
}
