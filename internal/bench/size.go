package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/sheet"
)

const (
	// offsetWhole is the most rows that the old way is measured at whole; above, its time grows with the
	// square of the rows, and pages are sampled.
	offsetWhole = 100_000
	// offsetSample is how many of the pages are fetched then.
	offsetSample = 40
	// killFrom is the least rows that a worker is killed at: a job that is over in a second has no half-way.
	killFrom = 500_000
	// compareUpTo is the most rows that workbooks are compared at, cell by cell: reading them back takes
	// longer than writing them.
	compareUpTo = 100_000
)

// measure runs all contenders at one size, turn by turn.
func (r *rig) measure(ctx context.Context, rows int) (*Size, error) {
	s, err := r.fill(ctx, rows)
	if err != nil {
		return nil, err
	}
	size := &Size{Rows: rows}
	var job answer
	for turn := range r.Repeat {
		for _, c := range r.Contenders {
			if left := r.leftOut(c, rows, turn); left != "" {
				if turn == 0 {
					r.logf("%s at %d rows: %s", c, rows, left)
				}
				continue
			}
			m, err := r.run(ctx, c, s, &job)
			if err != nil {
				return nil, fmt.Errorf("run %s: %w", c, err)
			}
			r.logf("%s at %d rows: %.2f s, %.2f s of CPU, %d MB", c, rows, m.Wall, m.CPU.Total, m.PeakRSS>>20)
			size.Runs = append(size.Runs, m)
		}
	}
	if err := r.compare(ctx, size); err != nil {
		return nil, err
	}
	size.conclude()
	if job.ID != "" {
		if size.History, err = r.history(ctx, job); err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		if size.Pages, err = r.pageCosts(ctx, s); err != nil {
			return nil, fmt.Errorf("time pages: %w", err)
		}
		if r.Kill && rows >= killFrom {
			if size.Kill, err = r.kills(ctx, s, size); err != nil {
				return nil, fmt.Errorf("measure the death of a worker: %w", err)
			}
		}
	}
	return size, nil
}

// leftOut tells why a contender does not run.
func (r *rig) leftOut(c Contender, rows, turn int) string {
	switch {
	case c != Longhaul && rows >= sheet.MaxRows:
		return "left out, it knows of one sheet only"
	case c == Offset && rows > offsetWhole && turn > 0:
		return "not repeated"
	}
	return ""
}

// run runs one contender once. It sets job to that of Longhaul.
func (r *rig) run(ctx context.Context, c Contender, s sample, job *answer) (Measure, error) {
	switch c {
	case Plain:
		return r.runPlain(ctx, s)
	case Offset:
		return r.runOffset(ctx, s)
	}
	return r.runLonghaul(ctx, s, job)
}

func (r *rig) file(c Contender, s sample) string {
	return filepath.Join(r.dir, fmt.Sprintf("%s-%d.xlsx", c, s.rows))
}

func (r *rig) runPlain(ctx context.Context, s sample) (Measure, error) {
	spec := Spec{Database: s.url, SellerID: s.sellerID, Rows: s.rows, Out: r.file(Plain, s), Profile: r.Profile}
	c, err := spawn(r.Options, r.dir, RolePlain, spec)
	if err != nil {
		return Measure{}, err
	}
	defer c.stop()
	if err := c.expect(ctx, wordReady); err != nil {
		return Measure{}, err
	}
	meter := newMeter(r.processes(map[string]int{partMain: c.pid()}))
	began := time.Now()
	if err := c.say(wordGo); err != nil {
		return Measure{}, err
	}
	if err := c.expect(ctx, wordDone); err != nil {
		return Measure{}, err
	}
	m := Measure{Contender: Plain, Wall: time.Since(began).Seconds()}
	m.take(meter.read(), 1)
	return m, m.size(spec.Out)
}

func (r *rig) runOffset(ctx context.Context, s sample) (Measure, error) {
	server, err := spawn(r.Options, r.dir, RoleOffsetAPI, Spec{Database: s.url, SellerID: s.sellerID})
	if err != nil {
		return Measure{}, err
	}
	defer server.stop()
	address, err := server.next(ctx)
	if err != nil {
		return Measure{}, err
	}
	spec := Spec{Server: address, Rows: s.rows, Out: r.file(Offset, s)}
	if s.rows > offsetWhole {
		spec.Sample = offsetSample
	}
	browser, err := spawn(r.Options, r.dir, RoleOffset, spec)
	if err != nil {
		return Measure{}, err
	}
	defer browser.stop()
	if err := browser.expect(ctx, wordReady); err != nil {
		return Measure{}, err
	}
	processes := r.processes(map[string]int{partMain: browser.pid(), partServer: server.pid()})
	m := Measure{Contender: Offset, Estimated: spec.Sample > 0}
	times := 1.0
	if m.Estimated {
		times = float64((s.rows+offsetPage-1)/offsetPage) / offsetSample
	}
	if err := m.phase(ctx, browser, processes, phasePages, times); err != nil {
		return Measure{}, err
	}
	if err := browser.expect(ctx, phaseRepeated); err != nil { // no time of anybody's
		return Measure{}, err
	}
	if err := m.phase(ctx, browser, processes, wordDone, 1); err != nil {
		return Measure{}, err
	}
	return m, m.size(spec.Out)
}

// phase adds what passes until the child says word, so many times.
func (m *Measure) phase(ctx context.Context, c *child, processes map[string]int, word string, times float64) error {
	meter := newMeter(processes)
	began := time.Now()
	if word == phasePages {
		if err := c.say(wordGo); err != nil {
			return err
		}
	}
	if err := c.expect(ctx, word); err != nil {
		return err
	}
	m.Wall += time.Since(began).Seconds() * times
	m.take(meter.read(), times)
	return nil
}

// take adds what was used, so many times.
func (m *Measure) take(used map[string]usage, times float64) {
	seconds := func(part string) float64 { return used[part].cpu.Seconds() * times }
	m.CPU.Contender += seconds(partMain) + seconds(partServer)
	m.CPU.Database += seconds(partDatabase)
	if m.Contender == Longhaul {
		m.CPU.Temporal += seconds(partTemporal)
	}
	m.CPU.Total = m.CPU.Contender + m.CPU.Database + m.CPU.Temporal
	m.PeakRSS = max(m.PeakRSS, used[partMain].peak)
	m.ServerRSS = max(m.ServerRSS, used[partServer].peak)
}

func (m *Measure) size(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	m.FileSize = info.Size()
	return nil
}

// compare compares the workbooks of all contenders that ran with the first one's.
func (r *rig) compare(ctx context.Context, size *Size) error {
	if size.Rows > compareUpTo {
		return nil
	}
	var ran []Contender
	for _, m := range size.Runs {
		if !slices.Contains(ran, m.Contender) {
			ran = append(ran, m.Contender)
		}
	}
	for _, other := range ran[1:] {
		a, b := r.file(ran[0], sample{rows: size.Rows}), r.file(other, sample{rows: size.Rows})
		got, err := compareWorkbooks(ctx, a, b)
		if err != nil {
			return fmt.Errorf("compare the workbooks of %s and %s: %w", ran[0], other, err)
		}
		if got.rows != size.Rows+1 {
			return fmt.Errorf("compare the workbooks of %s and %s: they have %d rows, not %d", ran[0], other, got.rows, size.Rows+1)
		}
		size.Equal = append(size.Equal, Equal{A: ran[0], B: other, Rows: got.rows, Lost: got.lost})
	}
	return nil
}
