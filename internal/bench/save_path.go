package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// Path is the whole way of one file, from the upload to the counts.
type Path struct {
	Format  string    `json:"format"`
	Size    int64     `json:"size"` // of the file, bytes
	Runs    []PathRun `json:"runs"`
	Medians []PathRun `json:"medians"`
	// Faster is the plain loop's time divided by Longhaul's.
	Faster float64 `json:"faster"`
	// Equal says how many order lines both have left, the same ones.
	Equal   int64 `json:"equal"`
	Refused int64 `json:"refused"`
	Chunks  int   `json:"chunks"`
	// BytesPerChunk is the history, all of it, divided by the chunks.
	BytesPerChunk float64 `json:"bytes_per_chunk"`
}

// PathRun is one run of one contender. Of Longhaul it also tells where the time went, in seconds; what is left of Wall
// lies between the steps.
type PathRun struct {
	Measure
	Upload  float64 `json:"upload,omitempty"`
	Inspect float64 `json:"inspect,omitempty"`
	Apply   float64 `json:"apply,omitempty"`
	Report  float64 `json:"report,omitempty"`
	// Locks is how long statements waited for rows that another transaction held; all of them together.
	Locks float64 `json:"locks"`
}

// path runs both contenders with both formats, turn by turn.
func (b *saveBench) path(ctx context.Context) error {
	for _, format := range formats {
		file, err := b.writeFile("upload", format, b.rows)
		if err != nil {
			return err
		}
		p := &Path{Format: format}
		if info, err := os.Stat(file); err == nil {
			p.Size = info.Size()
		}
		for range b.Repeat {
			if err := b.pathTurn(ctx, p, file); err != nil {
				return fmt.Errorf("%s: %w", format, err)
			}
		}
		p.conclude()
		b.report.Paths = append(b.report.Paths, *p)
	}
	return nil
}

// pathTurn runs both once and compares what they have left.
func (b *saveBench) pathTurn(ctx context.Context, p *Path, file string) error {
	ours, err := b.runSave(ctx, p, file)
	if err != nil {
		return fmt.Errorf("run %s: %w", Longhaul, err)
	}
	theirs, err := b.runPlainSave(ctx, p, file)
	if err != nil {
		return fmt.Errorf("run %s: %w", Plain, err)
	}
	if ours.counts != theirs.counts {
		return fmt.Errorf("of %d rows %s refused %d, of %d rows %s %d",
			ours.Rows, Longhaul, ours.Refused, theirs.Rows, Plain, theirs.Refused)
	}
	if err := ours.sums.same(theirs.sums); err != nil {
		return fmt.Errorf("compare what %s and %s have left: %w", Longhaul, Plain, err)
	}
	p.Equal, p.Refused = ours.sums.Rows, ours.Refused
	return nil
}

// left is what a run has left in its database, and what it tells of it.
type left struct {
	counts
	sums sums
}

func (b *saveBench) runPlainSave(ctx context.Context, p *Path, file string) (l left, err error) {
	s, err := b.openShop(ctx)
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, b.closeShop(ctx, s)) }()
	spec := Spec{Database: s.url, SellerID: s.sellerID, File: file, Format: p.Format, Profile: b.Profile}
	m := Measure{Contender: Plain}
	if err := b.contend(ctx, RolePlainSave, spec, &m, &l.counts); err != nil {
		return l, err
	}
	b.tell(p, PathRun{Measure: m})
	l.sums, err = sumsOf(ctx, s.url)
	return l, err
}

// contend runs a contender's process, which answers with what it tells at its end.
func (b *saveBench) contend(ctx context.Context, role Role, spec Spec, m *Measure, told any) error {
	c, err := spawn(b.Options, b.dir, role, spec)
	if err != nil {
		return err
	}
	defer c.stop()
	if err := c.expect(ctx, wordReady); err != nil {
		return err
	}
	return b.turn(ctx, c, wordGo, m, told)
}

// turn tells a process to go and measures until it answers.
func (b *saveBench) turn(ctx context.Context, c *child, word string, m *Measure, told any) error {
	meter := newMeter(b.processes(map[string]int{partMain: c.pid()}))
	began := time.Now()
	if err := c.say(word); err != nil {
		return err
	}
	line, err := c.next(ctx)
	if err != nil {
		return err
	}
	m.Wall, m.IdleRSS = time.Since(began).Seconds(), meter.start[partMain].peak
	m.take(meter.read(), 1)
	if err := json.Unmarshal([]byte(line), told); err != nil {
		return c.failure(fmt.Sprintf("it said %q: %v", line, err))
	}
	return nil
}

func (b *saveBench) runSave(ctx context.Context, p *Path, file string) (l left, err error) {
	s, err := b.openShop(ctx)
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, b.closeShop(ctx, s)) }()
	run, saved, err := b.saveOnce(ctx, s, file, p)
	if err != nil {
		return l, err
	}
	b.tell(p, run)
	l.counts = saved
	l.sums, err = sumsOf(ctx, s.url)
	return l, err
}

// saveOnce goes the whole way with an API and a worker of its own, into a database that may have rows already.
func (b *saveBench) saveOnce(ctx context.Context, s shop, file string, p *Path) (run PathRun, saved counts, err error) {
	sys, err := b.startSystem(ctx, sample{url: s.url})
	if err != nil {
		return run, saved, err
	}
	defer sys.stop()
	run.Contender = Longhaul
	locks, err := b.lockWaits(ctx)
	if err != nil {
		return run, saved, err
	}
	meter := newMeter(b.processes(map[string]int{partMain: sys.worker.pid(), partServer: sys.api.pid()}))
	c := caller{url: sys.url, every: lookEvery}
	began := time.Now()
	sent, err := c.upload(ctx, saveKind, saveTenant, file)
	if err != nil {
		return run, saved, err
	}
	run.Upload = time.Since(began).Seconds()
	j, err := c.startSave(ctx, sent, false)
	if err == nil {
		j, err = c.wait(ctx, j, nil)
	}
	if err != nil {
		return run, saved, err
	}
	run.Wall = time.Since(began).Seconds()
	if saved, err = b.completeSave(ctx, j); err != nil {
		return run, saved, err
	}
	run.take(meter.read(), 1) // what it takes to clean up is part of a job
	after, err := b.lockWaits(ctx)
	run.Locks = after - locks
	return run, saved, errors.Join(err, b.pathSteps(ctx, j, p, &run))
}

// pathSteps reads from the history where the time went.
func (b *saveBench) pathSteps(ctx context.Context, j answer, p *Path, run *PathRun) error {
	steps, err := b.steps(ctx, j)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	chunks := steps.phase(contract.ApplyChunk.Name)
	if chunks.scheduled == 0 {
		return fmt.Errorf("the history of job %s has no chunks", j.ID)
	}
	run.Inspect, run.Apply = steps.phase(contract.InspectUpload.Name).took(), chunks.took()
	run.Report = steps.phase(contract.ReportSave.Name).took()
	p.Chunks, p.BytesPerChunk = chunks.scheduled, float64(steps.bytes)/float64(chunks.scheduled)
	return nil
}

// completeSave waits until the job's execution has closed, and fails unless it has saved rows.
func (b *saveBench) completeSave(ctx context.Context, j answer) (counts, error) {
	_ = b.client.GetWorkflow(ctx, j.WorkflowID, "").Get(ctx, nil) // what counts is what the client was told
	if j.State != job.Succeeded && j.State != job.PartiallySucceeded || j.Save == nil || j.Save.Saved == nil {
		return counts{}, fmt.Errorf("job %s ended %s: %s", j.ID, j.State, j.Message)
	}
	return counts{Rows: j.Save.Saved.Rows(), Refused: j.Save.Saved.Refused}, nil
}

// upload sends a file for a kind and tenant, and tells its ID.
func (c caller) upload(ctx context.Context, kind, tenant, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var sent struct {
		ID string `json:"id"`
	}
	to := "/v1/uploads?kind=" + kind + "&tenant=" + tenant + "&filename=" + filepath.Base(path)
	return sent.ID, c.send(ctx, http.MethodPost, to, "application/octet-stream", file, &sent)
}

func (c caller) startSave(ctx context.Context, upload string, dryRun bool) (answer, error) {
	body, err := json.Marshal(map[string]any{
		"tenant": saveTenant, "upload": upload, "mapping": retailMapping, "dry_run": dryRun,
	})
	if err != nil {
		return answer{}, err
	}
	var a answer
	return a, c.send(ctx, http.MethodPost, "/v1/bulk-saves/"+saveKind, "application/json", bytes.NewReader(body), &a)
}

func (b *saveBench) tell(p *Path, run PathRun) {
	b.logf("%s, .%s: %.2f s, %.2f s of CPU, %d MB", run.Contender, p.Format, run.Wall, run.CPU.Total, run.PeakRSS>>20)
	p.Runs = append(p.Runs, run)
}

// conclude computes the medians.
func (p *Path) conclude() {
	for _, c := range []Contender{Plain, Longhaul} {
		var runs []PathRun
		for _, run := range p.Runs {
			if run.Contender == c {
				runs = append(runs, run)
			}
		}
		of := func(figure func(PathRun) float64) float64 { return medianOf(runs, figure) }
		measures := make([]Measure, len(runs))
		for i, run := range runs {
			measures[i] = run.Measure
		}
		p.Medians = append(p.Medians, PathRun{
			Measure: medians(measures),
			Upload:  of(func(r PathRun) float64 { return r.Upload }), Inspect: of(func(r PathRun) float64 { return r.Inspect }),
			Apply: of(func(r PathRun) float64 { return r.Apply }), Report: of(func(r PathRun) float64 { return r.Report }),
			Locks: of(func(r PathRun) float64 { return r.Locks }),
		})
	}
	p.Faster = p.Medians[0].Wall / p.Medians[1].Wall
}
