package bench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is all that a run found. Times are in seconds, sizes in bytes.
type Report struct {
	Machine Machine `json:"machine"`
	Sizes   []Size  `json:"sizes,omitempty"`
	Small   *Small  `json:"small,omitempty"`
}

// Machine is where it ran.
type Machine struct {
	CPUs     int    `json:"cpus"`
	CPU      string `json:"cpu"`
	OS       string `json:"os"`
	Go       string `json:"go"`
	Database string `json:"database,omitempty"`
	Version  string `json:"version"`
}

// Size is what was found at one number of rows.
type Size struct {
	Rows    int       `json:"rows"`
	Runs    []Measure `json:"runs"`
	Medians []Measure `json:"medians"`
	Equal   []Equal   `json:"equal,omitempty"`
	History *History  `json:"history,omitempty"`
	Pages   *Pages    `json:"pages,omitempty"`
	Kill    *Kill     `json:"kill,omitempty"`
}

// Equal says that two contenders wrote the same values into all cells.
type Equal struct {
	A    Contender `json:"a"`
	B    Contender `json:"b"`
	Rows int       `json:"rows"` // header included
	// Lost counts cells of A whose control characters A could not write.
	Lost int `json:"lost,omitempty"`
}

// Measure is one run of one contender, or the medians of several.
type Measure struct {
	Contender Contender `json:"contender"`
	// Wall is the time until the file was there.
	Wall float64 `json:"wall"`
	// WallDownloaded is the time until a client of Longhaul had it, too.
	WallDownloaded float64 `json:"wall_downloaded,omitempty"`
	// Estimated says that pages were sampled and their time and CPU multiplied.
	Estimated bool `json:"estimated,omitempty"`
	CPU       CPU  `json:"cpu"`
	// PeakRSS is the most resident memory of the loop, the browser or the worker; ServerRSS that of the old
	// way's server or of the API.
	PeakRSS   int64 `json:"peak_rss"`
	ServerRSS int64 `json:"server_rss,omitempty"`
	FileSize  int64 `json:"file_size"`
	// IdleRSS is that of the process before it began: the program itself, of which the kernel maps now more, now less.
	IdleRSS int64 `json:"idle_rss,omitempty"`
}

// CPU is CPU time by part. Of Contender both processes are part, of Temporal only what Longhaul had it do.
type CPU struct {
	Contender float64 `json:"contender"`
	Database  float64 `json:"database"`
	Temporal  float64 `json:"temporal"`
	Total     float64 `json:"total"`
}

// conclude computes the medians.
func (s *Size) conclude() {
	for _, c := range Contenders {
		var runs []Measure
		for _, m := range s.Runs {
			if m.Contender == c {
				runs = append(runs, m)
			}
		}
		if len(runs) > 0 {
			s.Medians = append(s.Medians, medians(runs))
		}
	}
}

// medians takes the median of each figure by itself.
func medians(runs []Measure) Measure {
	of := func(figure func(Measure) float64) float64 { return medianOf(runs, figure) }
	m := runs[0]
	m.Wall = of(func(m Measure) float64 { return m.Wall })
	m.WallDownloaded = of(func(m Measure) float64 { return m.WallDownloaded })
	m.CPU.Contender = of(func(m Measure) float64 { return m.CPU.Contender })
	m.CPU.Database = of(func(m Measure) float64 { return m.CPU.Database })
	m.CPU.Temporal = of(func(m Measure) float64 { return m.CPU.Temporal })
	m.CPU.Total = of(func(m Measure) float64 { return m.CPU.Total })
	m.PeakRSS = int64(of(func(m Measure) float64 { return float64(m.PeakRSS) }))
	m.IdleRSS = int64(of(func(m Measure) float64 { return float64(m.IdleRSS) }))
	m.ServerRSS = int64(of(func(m Measure) float64 { return float64(m.ServerRSS) }))
	return m
}

// medianOf is the median of a figure of some runs.
func medianOf[T any](runs []T, figure func(T) float64) float64 {
	values := make([]float64, len(runs))
	for i, run := range runs {
		values[i] = figure(run)
	}
	return median(values)
}

// median sorts values; the median of an even number of them is the mean of the two in the middle.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// of finds the medians of a contender.
func (s *Size) of(c Contender) (Measure, bool) {
	i := slices.IndexFunc(s.Medians, func(m Measure) bool { return m.Contender == c })
	if i < 0 {
		return Measure{}, false
	}
	return s.Medians[i], true
}

// Write writes the report for people, as Markdown.
func (r *Report) Write(w io.Writer) error {
	var b bytes.Buffer
	r.Machine.write(&b)
	for i := range r.Sizes {
		r.Sizes[i].write(&b)
	}
	if r.Small != nil {
		r.Small.write(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (m *Machine) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "%d CPUs (%s), %s, %s, longhaul %s", m.CPUs, m.CPU, m.OS, m.Go, m.Version)
	if m.Database != "" {
		fmt.Fprintf(b, ", %s", m.Database)
	}
	fmt.Fprintln(b)
}

func (s *Size) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s rows × %d columns (medians)\n\n", thousands(s.Rows), len(exportColumns))
	t := newTable(b, "contender", "wall s", "with download", "CPU s", "of it own", "MariaDB", "Temporal",
		"peak MB", "2nd process MB", "file MB", "Longhaul is faster by")
	ours, measured := s.of(Longhaul)
	for _, m := range s.Medians {
		name, faster, downloaded := string(m.Contender), "", ""
		if m.Estimated {
			name += " (estimated)"
		}
		if measured && m.Contender != Longhaul {
			faster = fmt.Sprintf("%.1f×", m.Wall/ours.Wall)
		}
		if m.WallDownloaded > 0 {
			downloaded = seconds(m.WallDownloaded)
		}
		t.row(name, seconds(m.Wall), downloaded, seconds(m.CPU.Total), seconds(m.CPU.Contender), seconds(m.CPU.Database),
			seconds(m.CPU.Temporal), megabytes(m.PeakRSS), megabytes(m.ServerRSS), megabytes(m.FileSize), faster)
	}
	t.end()
	fmt.Fprintln(b)
	if m, ok := s.of(Offset); ok && m.Estimated {
		fmt.Fprintf(b, "offset: %d of its %s pages were fetched, evenly spaced; their time and CPU are multiplied, the workbook is written whole.\n",
			offsetSample, thousands(s.Rows/offsetPage))
	}
	for _, e := range s.Equal {
		fmt.Fprintf(b, "All %s rows of %s and %s have equal cell values", thousands(e.Rows), e.A, e.B)
		if e.Lost > 0 {
			fmt.Fprintf(b, ", but for %s cells whose control characters %s lost", thousands(e.Lost), e.A)
		}
		fmt.Fprintln(b, ".")
	}
	if s.History != nil {
		s.History.write(b)
	}
	if s.Pages != nil {
		s.Pages.write(b)
	}
	if s.Kill != nil {
		s.Kill.write(b)
	}
}

// table writes a Markdown table that also reads well as it is.
type table struct {
	b *bytes.Buffer
	w *tabwriter.Writer
}

func newTable(b *bytes.Buffer, header ...string) *table {
	t := &table{b: b, w: tabwriter.NewWriter(b, 0, 0, 1, ' ', 0)}
	t.row(header...)
	rule := make([]string, len(header))
	for i, name := range header {
		rule[i] = strings.Repeat("-", len(name)-1) + ":" // figures stand to the right
	}
	rule[0] = strings.Repeat("-", len(header[0]))
	t.row(rule...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintf(t.w, "| %s\t|\n", strings.Join(cells, "\t| ")) }

func (t *table) end() { _ = t.w.Flush() } // into a buffer: cannot fail

func seconds(s float64) string { return fmt.Sprintf("%.2f", s) }

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(n)/(1<<20))
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func machine(version string) Machine {
	return Machine{
		CPUs: runtime.NumCPU(), CPU: processor(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Version: version,
	}
}

// processor is the name of the CPU, as far as the system tells it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
