package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// DryRun compares a dry run with the save of the same plan, one after the other in one job.
type DryRun struct {
	Data   state      `json:"data"` // what the rows meet in the database
	Runs   []DryTimes `json:"runs"`
	Median DryTimes   `json:"median"`
}

// DryTimes are those of one dry run and its save.
type DryTimes struct {
	// Check, Compare and Apply are the passes over the chunks: the dry run, the same once more before it is carried out,
	// and the save. Seconds.
	Check   float64 `json:"check"`
	Compare float64 `json:"compare"`
	Apply   float64 `json:"apply"`
	// Held is the time until the dry run was told, and Saved that from its resumption to the counts.
	Held  float64 `json:"held"`
	Saved float64 `json:"saved"`
	// HeldCPU and SavedCPU are those of worker and database until the dry run was told, reading included, and since.
	HeldCPU  float64 `json:"held_cpu"`
	SavedCPU float64 `json:"saved_cpu"`
}

// state is what rows meet in the database.
type state string

const (
	stateNew       state = "new"       // nothing
	stateUnchanged state = "unchanged" // themselves
	stateChanged   state = "changed"   // themselves, with another quantity
)

var states = []state{stateNew, stateUnchanged, stateChanged}

func (b *saveBench) dryRun(ctx context.Context) error {
	b.report.DryRuns = make([]DryRun, len(states))
	files := make([]string, len(states))
	for i, data := range states {
		rows := b.rows
		if data == stateChanged {
			rows.more = 1
		}
		var err error
		if files[i], err = b.writeFile("dry-run-"+string(data), formatCSV, rows); err != nil {
			return err
		}
		b.report.DryRuns[i].Data = data
	}
	for range b.Repeat {
		if err := b.dryTurn(ctx, b.report.DryRuns, files); err != nil {
			return err
		}
	}
	for i := range b.report.DryRuns {
		b.report.DryRuns[i].conclude()
	}
	return nil
}

// dryTurn saves the rows three times into one database, each time after a dry run.
func (b *saveBench) dryTurn(ctx context.Context, turns []DryRun, files []string) (err error) {
	s, err := b.openShop(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.closeShop(ctx, s)) }()
	sys, err := b.startSystem(ctx, sample{url: s.url})
	if err != nil {
		return err
	}
	defer sys.stop()
	for i := range turns {
		turn := &turns[i]
		d, err := b.dryRunOnce(ctx, sys, files[i], turn.Data)
		if err != nil {
			return fmt.Errorf("%s rows: %w", turn.Data, err)
		}
		b.logf("%s rows: the dry run took %.2f s, the save %.2f s", turn.Data, d.Check, d.Apply)
		turn.Runs = append(turn.Runs, d)
	}
	return nil
}

// conclude computes the medians.
func (d *DryRun) conclude() {
	of := func(figure func(DryTimes) float64) float64 { return medianOf(d.Runs, figure) }
	d.Median = DryTimes{
		Check:    of(func(t DryTimes) float64 { return t.Check }),
		Compare:  of(func(t DryTimes) float64 { return t.Compare }),
		Apply:    of(func(t DryTimes) float64 { return t.Apply }),
		Held:     of(func(t DryTimes) float64 { return t.Held }),
		Saved:    of(func(t DryTimes) float64 { return t.Saved }),
		HeldCPU:  of(func(t DryTimes) float64 { return t.HeldCPU }),
		SavedCPU: of(func(t DryTimes) float64 { return t.SavedCPU }),
	}
}

func (b *saveBench) dryRunOnce(ctx context.Context, sys *system, file string, data state) (DryTimes, error) {
	var d DryTimes
	c := caller{url: sys.url, every: lookEvery}
	processes := b.processes(map[string]int{partMain: sys.worker.pid()})
	var m Measure
	meter, began := newMeter(processes), time.Now()
	sent, err := c.upload(ctx, saveKind, saveTenant, file)
	if err != nil {
		return d, err
	}
	j, err := c.startSave(ctx, sent, true)
	if err == nil {
		j, err = c.wait(ctx, j, func(now answer) bool { return now.Progress.Phase == job.PhaseHolding && now.State == job.Paused })
	}
	if err != nil {
		return d, err
	}
	d.Held = time.Since(began).Seconds()
	m.take(meter.read(), 1)
	d.HeldCPU = m.CPU.Total
	if err := data.expect(j.Save); err != nil {
		return d, err
	}

	m = Measure{}
	meter, began = newMeter(processes), time.Now()
	if err := c.send(ctx, http.MethodPost, j.Links.Resume, "application/json", nil, &answer{}); err != nil {
		return d, err
	}
	if j, err = c.wait(ctx, j, nil); err != nil {
		return d, err
	}
	d.Saved = time.Since(began).Seconds()
	if _, err := b.completeSave(ctx, j); err != nil {
		return d, err
	}
	m.take(meter.read(), 1)
	d.SavedCPU = m.CPU.Total
	if told, done := *j.Save.Checked, *j.Save.Saved; told.Created != done.Created || told.Updated != done.Updated ||
		told.Unchanged != done.Unchanged || told.Refused != done.Refused {
		return d, fmt.Errorf("the dry run told %+v, saved was %+v", told, done)
	}
	return d, b.drySteps(ctx, j, &d)
}

// expect fails unless a dry run tells that the rows meet this.
func (s state) expect(save *job.Save) error {
	if save == nil || save.Checked == nil {
		return errors.New("the dry run tells nothing")
	}
	t := save.Checked
	of := map[state]int64{stateNew: t.Created, stateUnchanged: t.Unchanged, stateChanged: t.Updated}
	if of[s] == 0 || of[s]+t.Refused != t.Rows() {
		return fmt.Errorf("of %s rows the dry run tells %+v", s, *t)
	}
	return nil
}

func (b *saveBench) drySteps(ctx context.Context, j answer, d *DryTimes) error {
	steps, err := b.steps(ctx, j)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	check, compare, apply := steps.phase(contract.CheckChunk.Name), steps.phase(comparing), steps.phase(contract.ApplyChunk.Name)
	if check.scheduled == 0 || check.scheduled != compare.scheduled || check.scheduled != apply.scheduled {
		return fmt.Errorf("the history of job %s has %d, %d and %d chunks", j.ID, check.scheduled, compare.scheduled, apply.scheduled)
	}
	d.Check, d.Compare, d.Apply = check.took(), compare.took(), apply.took()
	return nil
}
