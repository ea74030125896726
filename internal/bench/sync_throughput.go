package bench

import "context"

// Throughput is how fast items are sent where the partner does not hold them up.
type Throughput struct {
	Runs []SyncRun `json:"runs"`
	// PerSecond is how many items were sent a second, from the first stretch to the last one's end; WithAll counts the whole
	// job, from the request to its end. Medians.
	PerSecond float64 `json:"per_second"`
	WithAll   float64 `json:"with_all"`
	// CPU is that of an item, in microseconds (medians).
	CPU SyncCPU `json:"cpu_us"`
}

// throughput sends without an interval, fifty in flight.
func (b *syncBench) throughput(ctx context.Context, items int) error {
	t := &Throughput{}
	for range b.Repeat {
		run, err := b.syncOnce(ctx, standOptions{pacing: atSpeed, items: items, tenants: 1, workers: 1, accounts: 1})
		if err != nil {
			return err
		}
		b.logf("throughput: %.0f items/s, %.0f with all; CPU s: worker %.2f, Temporal %.2f, partner %.2f", run.perSecond(),
			float64(run.Items)/run.End, run.CPU.Workers, run.CPU.Temporal, run.CPU.Partner)
		t.Runs = append(t.Runs, run)
	}
	t.conclude()
	b.report.Throughput = t
	return nil
}

func (t *Throughput) conclude() {
	of := func(figure func(SyncRun) float64) float64 { return medianOf(t.Runs, figure) }
	each := func(part func(SyncCPU) float64) float64 {
		return of(func(r SyncRun) float64 { return 1e6 * part(r.CPU) / float64(r.Items) })
	}
	t.PerSecond = of(SyncRun.perSecond)
	t.WithAll = of(func(r SyncRun) float64 { return float64(r.Items) / r.End })
	t.CPU = SyncCPU{
		Workers:  each(func(c SyncCPU) float64 { return c.Workers }),
		API:      each(func(c SyncCPU) float64 { return c.API }),
		Temporal: each(func(c SyncCPU) float64 { return c.Temporal }),
		Partner:  each(func(c SyncCPU) float64 { return c.Partner }),
		Bench:    each(func(c SyncCPU) float64 { return c.Bench }),
	}
}
