package bench

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Kill is what it costs when the only worker is killed (SIGKILL) with half of the pages done and another is
// started at once, as whatever looks after processes does. Times are medians, in seconds.
type Kill struct {
	Undisturbed float64 `json:"undisturbed"`
	Killed      float64 `json:"killed"`
	// Allowed is the undisturbed time, the heartbeat timeout and two pages.
	Allowed float64 `json:"allowed"`
}

// kills runs the export with and without a death, turn by turn.
func (r *rig) kills(ctx context.Context, s sample, size *Size) (*Kill, error) {
	var calm, killed []float64
	for range r.Repeat {
		for _, dies := range []bool{false, true} {
			wall, err := r.killOnce(ctx, s, dies)
			if err != nil {
				return nil, err
			}
			r.logf("longhaul at %d rows, worker killed %v: %.2f s", s.rows, dies, wall)
			if dies {
				killed = append(killed, wall)
			} else {
				calm = append(calm, wall)
			}
		}
	}
	k := &Kill{Undisturbed: median(calm), Killed: median(killed)}
	k.Allowed = k.Undisturbed + size.History.HeartbeatTimeout + 2*size.History.PageSeconds
	return k, nil
}

func (r *rig) killOnce(ctx context.Context, s sample, dies bool) (wall float64, err error) {
	sys, err := r.startSystem(ctx, s)
	if err != nil {
		return 0, err
	}
	defer sys.stop()
	began := time.Now()
	c := caller{url: sys.url, every: lookEvery}
	j, err := c.start(ctx, exportColumns)
	if err == nil && dies {
		half := func(now answer) bool {
			p := now.Progress
			return p.PagesTotal > 0 && 2*p.PagesDone >= p.PagesTotal
		}
		if j, err = c.wait(ctx, j, half); err == nil {
			sys.worker.kill()
			sys.worker, err = sys.startWorker()
		}
	}
	if err == nil {
		j, err = c.wait(ctx, j, nil)
	}
	wall = time.Since(began).Seconds()
	if err == nil {
		err = r.complete(ctx, j, s.rows)
	}
	return wall, err
}

func (k *Kill) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "The only worker killed half-way: %.2f s, undisturbed %.2f s; allowed are %.2f s.\n",
		k.Killed, k.Undisturbed, k.Allowed)
}
