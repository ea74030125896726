package bench

import (
	"bytes"
	"fmt"
	"io"
)

// SaveReport is all that a run found of bulk saves. Times are in seconds, sizes in bytes.
type SaveReport struct {
	Machine Machine `json:"machine"`
	Rows    int     `json:"rows"` // order lines of the upload
	// Real says that they are those of the data set.
	Real     bool      `json:"real"`
	Readings []Reading `json:"readings,omitempty"`
	Paths    []Path    `json:"paths,omitempty"`
	Applies  []Apply   `json:"applies,omitempty"`
	Memory   []Memory  `json:"memory,omitempty"`
	DryRuns  []DryRun  `json:"dry_runs,omitempty"`
}

// Write writes the report for people, as Markdown.
func (r *SaveReport) Write(w io.Writer) error {
	var b bytes.Buffer
	r.Machine.write(&b)
	rows := thousands(r.Rows) + " rows that look like those of Online Retail II"
	if r.Real {
		rows = thousands(r.Rows) + " rows of the second year of Online Retail II"
	}
	fmt.Fprintf(&b, "%s\n", rows)
	r.writeReadings(&b)
	r.writePaths(&b)
	r.writeApplies(&b)
	r.writeMemory(&b)
	r.writeDryRuns(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func (r *SaveReport) writeReadings(b *bytes.Buffer) {
	if r.Readings == nil {
		return
	}
	fmt.Fprintf(b, "\nReading %s rows × %d columns of a workbook (medians)\n\n", thousands(r.Readings[0].Rows), readColumns)
	t := newTable(b, "texts", "file MB", "excelize CPU s", "peak MB", "Longhaul CPU s", "peak MB", "before MB", "less CPU", "faster")
	for _, r := range r.Readings {
		theirs, ours := medians(r.Plain), medians(r.Ours)
		t.row(r.Texts, megabytes(r.Size), seconds(theirs.CPU.Contender), megabytes(theirs.PeakRSS),
			seconds(ours.CPU.Contender), megabytes(ours.PeakRSS), megabytes(r.Idle), times(r.Less), times(r.Faster))
	}
	t.end()
	for _, r := range r.Readings {
		fmt.Fprintf(b, "\nAll %s cells with %s texts are equal.\n", thousands(int(r.Cells)), r.Texts)
	}
}

func (r *SaveReport) writePaths(b *bytes.Buffer) {
	for _, p := range r.Paths {
		fmt.Fprintf(b, "\nFrom the upload of a .%s of %s MB to the counts (medians)\n\n", p.Format, megabytes(p.Size))
		t := newTable(b, "contender", "wall s", "upload", "inspect", "apply", "report", "waits for locks s", "CPU s", "of it own", "MariaDB", "Temporal",
			"peak MB", "2nd process MB", "Longhaul is faster by")
		for _, m := range p.Medians {
			split, faster := []string{"", "", "", "", ""}, times(p.Faster)
			if m.Contender == Longhaul {
				split = []string{seconds(m.Upload), seconds(m.Inspect), seconds(m.Apply), seconds(m.Report), seconds(m.Locks)}
				faster = ""
			}
			t.row(string(m.Contender), seconds(m.Wall), split[0], split[1], split[2], split[3], split[4], seconds(m.CPU.Total),
				seconds(m.CPU.Contender), seconds(m.CPU.Database), seconds(m.CPU.Temporal), megabytes(m.PeakRSS), megabytes(m.ServerRSS), faster)
		}
		t.end()
		fmt.Fprintf(b, "\nBoth refused %s rows and left the same %s order lines. %d chunks, %.0f bytes of history a chunk.\n",
			thousands(int(p.Refused)), thousands(int(p.Equal)), p.Chunks, p.BytesPerChunk)
	}
}

func (r *SaveReport) writeApplies(b *bytes.Buffer) {
	if r.Applies == nil {
		return
	}
	fmt.Fprintf(b, "\nSaving chunks that are read and checked (medians)\n\n")
	t := newTable(b, "rows", "at once", "bare upsert rows/s", "Longhaul rows/s", "share %", "bare CPU s", "MariaDB", "locks s", "Longhaul CPU s", "MariaDB",
		"locks s", "ledger alone s", "images MB")
	for _, a := range r.Applies {
		t.row(string(a.Data), fmt.Sprint(a.Workers), thousands(int(a.Bare)), thousands(int(a.Ours)), fmt.Sprintf("%.0f", 100*a.Share),
			seconds(a.BareCPU.Contender), seconds(a.BareCPU.Database), seconds(a.BareLocks), seconds(a.OursCPU.Contender), seconds(a.OursCPU.Database),
			seconds(a.Locks), seconds(a.Ledger), megabytes(a.Images))
	}
	t.end()
	fmt.Fprintf(b, "\nBoth left the same tables.\n")
}

func (r *SaveReport) writeMemory(b *bytes.Buffer) {
	if r.Memory == nil {
		return
	}
	fmt.Fprintf(b, "\nHighest memory over one save\n\n")
	t := newTable(b, "format", "rows", "worker MB", "API MB", "wall s")
	for _, m := range r.Memory {
		t.row(m.Format, thousands(m.Rows), megabytes(m.Peak), megabytes(m.API), seconds(m.Wall))
	}
	t.end()
}

func (r *SaveReport) writeDryRuns(b *bytes.Buffer) {
	if r.DryRuns == nil {
		return
	}
	fmt.Fprintf(b, "\nA dry run, and the save of the same plan\n\n")
	t := newTable(b, "rows", "check s", "compare s", "apply s", "check/apply %", "upload to dry run s", "CPU s", "resume to counts s", "CPU s")
	for _, run := range r.DryRuns {
		d := run.Median
		t.row(string(run.Data), seconds(d.Check), seconds(d.Compare), seconds(d.Apply), fmt.Sprintf("%.0f", 100*d.Check/d.Apply),
			seconds(d.Held), seconds(d.HeldCPU), seconds(d.Saved), seconds(d.SavedCPU))
	}
	t.end()
}

func times(n float64) string { return fmt.Sprintf("%.1f×", n) }
