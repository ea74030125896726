package bench

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/contract"
)

// SyncRun is what was measured of one run: of one sync, or of several at once. Times are in seconds.
type SyncRun struct {
	Items   int `json:"items"` // of all syncs together
	Syncs   int `json:"syncs"`
	Workers int `json:"workers"`
	// Outcome is from the request to the last item's outcome, End to the answer that says that the job has ended: its
	// workbook is there then. Clients ask every 200 ms.
	Outcome float64 `json:"outcome"`
	End     float64 `json:"end"`
	// Number, Send and Report are the phases of the first sync.
	Number float64 `json:"number"`
	Send   float64 `json:"send"`
	Report float64 `json:"report"`

	CPU SyncCPU `json:"cpu"`
	// PeakRSS is the most resident memory of a worker, in bytes.
	PeakRSS int64       `json:"peak_rss"`
	Seen    Seen        `json:"seen"`
	History SyncHistory `json:"history"`
}

// SyncCPU is CPU time by process, in seconds: over the whole run, until the executions are closed.
type SyncCPU struct {
	Workers  float64 `json:"workers"`
	API      float64 `json:"api"`
	Temporal float64 `json:"temporal"`
	Partner  float64 `json:"partner"`
	Bench    float64 `json:"bench"` // the client
}

// SyncHistory is what a sync left in Temporal.
type SyncHistory struct {
	Stretches int   `json:"stretches"` // activities that sent
	Runs      []int `json:"runs"`      // the events of each run of the execution
	Bytes     int64 `json:"bytes"`
}

// perSecond is how many items were sent a second.
func (r SyncRun) perSecond() float64 { return float64(r.Items) / r.Send }

// total is all CPU time but the partner's and this program's own.
func (c SyncCPU) total() float64 { return c.Workers + c.API + c.Temporal }

// run sends the items of all tenants at once, and measures. What goes on beside it is told when it begins.
func (s *stand) run(ctx context.Context, began func(first answer) error) (SyncRun, error) {
	r := SyncRun{Items: s.items * s.tenants, Syncs: s.tenants, Workers: s.workers}
	meter := s.meter()
	start := time.Now()
	jobs := make([]answer, s.tenants)
	group, within := errgroup.WithContext(ctx)
	for i, tenant := range syncTenants[:s.tenants] {
		j, err := s.start(ctx, tenant)
		if err != nil {
			return r, err
		}
		if i == 0 && began != nil {
			if err := began(j); err != nil {
				return r, err
			}
		}
		group.Go(func() (err error) {
			jobs[i], err = s.follow(within, j)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return r, err
	}
	r.End = time.Since(start).Seconds()
	for _, j := range jobs {
		_ = s.client.GetWorkflow(ctx, j.WorkflowID, "").Get(ctx, nil) // what counts is what the client was told
	}
	r.take(meter.read()) // what it takes to clean up is part of a job
	for _, j := range jobs {
		last, err := s.complete(ctx, j)
		if err != nil {
			return r, err
		}
		r.Outcome = max(r.Outcome, last.Sub(start).Seconds())
	}
	var err error
	if r.Seen, err = seen(ctx, s.accounts[0], r.Items); err != nil {
		return r, err
	}
	if err := inOrder(ctx, s.accounts[0]); err != nil {
		return r, err
	}
	return r, s.readHistory(ctx, jobs[0], &r)
}

func (r *SyncRun) take(used map[string]usage) {
	r.CPU = SyncCPU{
		API: used[partServer].cpu.Seconds(), Temporal: used[partTemporal].cpu.Seconds(),
		Partner: used[partPartner].cpu.Seconds(), Bench: used[partBench].cpu.Seconds(),
	}
	for name, u := range used {
		if strings.HasPrefix(name, partMain) {
			r.CPU.Workers += u.cpu.Seconds()
			r.PeakRSS = max(r.PeakRSS, u.peak)
		}
	}
}

func (s *stand) readHistory(ctx context.Context, j answer, r *SyncRun) error {
	steps, err := s.steps(ctx, j)
	if err != nil {
		return err
	}
	stretches := steps.phase(contract.SendStretch.Name)
	r.Number, r.Send = steps.phase(contract.NumberItems.Name).took(), stretches.took()
	r.Report = steps.phase(contract.ReportSync.Name).took()
	r.History = SyncHistory{Stretches: stretches.scheduled, Runs: steps.runs, Bytes: steps.bytes}
	return nil
}
