package bench

import (
	"context"
	"errors"
	"fmt"
)

// Apply compares saving chunks that are read and checked with an upsert that does nothing else.
type Apply struct {
	Data    state `json:"data"`
	Workers int   `json:"workers"` // chunks at once
	// Ours and Bare are rows a second, medians, and Share is the one by the other.
	Ours  float64 `json:"ours"`
	Bare  float64 `json:"bare"`
	Share float64 `json:"share"`
	// OursCPU and BareCPU are CPU seconds of process and database, medians.
	OursCPU CPU        `json:"ours_cpu"`
	BareCPU CPU        `json:"bare_cpu"`
	Runs    []ApplyRun `json:"runs"`
	// Locks is how long Longhaul's statements waited for rows that another chunk held, and BareLocks the upsert's; medians.
	Locks     float64 `json:"locks"`
	BareLocks float64 `json:"bare_locks"`
	// Ledger is what it takes to write the ledger's entries and before-images alone, in seconds, and Images their bytes.
	Ledger float64 `json:"ledger"`
	Images int64   `json:"images"`
}

// ApplyRun is one round of one contender.
type ApplyRun struct {
	Role Role `json:"role"`
	Measure
	applied
	Locks float64 `json:"locks"`
}

// applyWorkers is how many chunks are applied at once: one, to see what a row costs, and two, as one worker of two cores
// comes to.
var applyWorkers = []int{1, 2}

func (b *saveBench) apply(ctx context.Context) error {
	file, err := b.writeFile("apply", formatCSV, b.rows)
	if err != nil {
		return err
	}
	for _, workers := range applyWorkers {
		rounds := make([]Apply, len(states))
		for i, data := range states {
			rounds[i] = Apply{Data: data, Workers: workers}
		}
		for range b.Repeat {
			if err := b.applyTurn(ctx, rounds, file); err != nil {
				return fmt.Errorf("%d at once: %w", workers, err)
			}
		}
		for i := range rounds {
			rounds[i].conclude()
		}
		b.report.Applies = append(b.report.Applies, rounds...)
	}
	return nil
}

// applyTurn takes both contenders through all rounds and compares what they have left.
func (b *saveBench) applyTurn(ctx context.Context, rounds []Apply, file string) error {
	ours, err := b.applyRounds(ctx, RoleApplyChunks, rounds, file)
	if err != nil {
		return err
	}
	theirs, err := b.applyRounds(ctx, RoleApplyBare, rounds, file)
	if err != nil {
		return err
	}
	if err := ours.same(theirs); err != nil {
		return fmt.Errorf("compare what both have left: %w", err)
	}
	return nil
}

func (b *saveBench) applyRounds(ctx context.Context, role Role, rounds []Apply, file string) (left sums, err error) {
	s, err := b.openShop(ctx)
	if err != nil {
		return left, err
	}
	defer func() { err = errors.Join(err, b.closeShop(ctx, s)) }()
	spec := Spec{Database: s.url, SellerID: s.sellerID, File: file, Workers: rounds[0].Workers, Profile: b.Profile}
	c, err := spawn(b.Options, b.dir, role, spec)
	if err != nil {
		return left, err
	}
	defer c.stop()
	if err := c.expect(ctx, wordReady); err != nil {
		return left, err
	}
	for i := range rounds {
		if err := b.applyRound(ctx, c, &rounds[i]); err != nil {
			return left, fmt.Errorf("%s rows: %w", rounds[i].Data, err)
		}
	}
	return sumsOf(ctx, s.url)
}

// applyRound is one round, and for Longhaul the ledger's part of it.
func (b *saveBench) applyRound(ctx context.Context, c *child, round *Apply) error {
	run := ApplyRun{Role: c.role}
	locks, err := b.lockWaits(ctx)
	if err != nil {
		return err
	}
	if err := b.turn(ctx, c, string(round.Data), &run.Measure, &run.applied); err != nil {
		return err
	}
	after, err := b.lockWaits(ctx)
	if err != nil {
		return err
	}
	run.Wall, run.Locks = run.Seconds, after-locks
	b.logf("%s, %d at once, %s rows: %.0f rows a second, %.2f s of CPU", c.role, round.Workers, round.Data,
		run.rate(), run.CPU.Total)
	if c.role == RoleApplyChunks {
		t := run.Tally
		of := map[state]int64{stateNew: t.Created, stateUnchanged: t.Unchanged, stateChanged: t.Updated}
		if of[round.Data] != t.Rows() || t.Rows() == 0 {
			return fmt.Errorf("they came to %+v", t)
		}
		var alone Measure
		var ledger applied
		if err := b.turn(ctx, c, ledgerOf+string(round.Data), &alone, &ledger); err != nil {
			return err
		}
		round.Ledger, round.Images = ledger.Seconds, ledger.Bytes
	}
	round.Runs = append(round.Runs, run)
	return nil
}

func (r ApplyRun) rate() float64 { return float64(r.Rows) / r.Seconds }

// conclude computes the medians.
func (a *Apply) conclude() {
	for _, side := range []struct {
		role  Role
		rate  *float64
		cpu   *CPU
		locks *float64
	}{{RoleApplyChunks, &a.Ours, &a.OursCPU, &a.Locks}, {RoleApplyBare, &a.Bare, &a.BareCPU, &a.BareLocks}} {
		var runs []ApplyRun
		var measures []Measure
		for _, run := range a.Runs {
			if run.Role == side.role {
				runs, measures = append(runs, run), append(measures, run.Measure)
			}
		}
		*side.rate, *side.cpu = medianOf(runs, ApplyRun.rate), medians(measures).CPU
		*side.locks = medianOf(runs, func(r ApplyRun) float64 { return r.Locks })
	}
	a.Share = a.Ours / a.Bare
}
