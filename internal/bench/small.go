package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Small is how long a job of 100 rows takes on the embedded stack, from POST to the file, in seconds.
type Small struct {
	Rows   int     `json:"rows"`
	Jobs   int     `json:"jobs"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	Max    float64 `json:"max"`
}

const (
	smallRows = 100
	// smallJobs are run for each of Options.Repeat.
	smallJobs = 10
	// smallLook is how often a small job is asked: an answer costs the stack some 10 ms.
	smallLook = 20 * time.Millisecond
)

// runSmall runs `longhaul dev` as anybody would, on SQLite and a folder, and jobs on it one after another.
func runSmall(ctx context.Context, o Options) (*Small, error) {
	dir, err := os.MkdirTemp("", "longhaul-bench-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := seedLines(ctx, "sqlite://"+filepath.Join(dir, "longhaul.db"), smallRows); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	stack, err := spawn(o, dir, RoleDev, Spec{}, "LONGHAUL_DATA_DIR="+dir, "LONGHAUL_HTTP_ADDR="+address,
		"LONGHAUL_TEMPORAL_CLI="+o.TemporalCLI)
	if err != nil {
		return nil, err
	}
	defer stack.stop()
	c := caller{url: "http://" + address, every: smallLook}
	if err := await(ctx, stack, func(ctx context.Context) error { return ready(ctx, c.url) }); err != nil {
		return nil, err
	}
	var walls []float64
	jobs := smallJobs * o.Repeat
	for i := range jobs + 1 {
		// Other columns each time: a job holds its lock for a moment after its file is there, to clean up.
		first := i % len(exportColumns)
		columns := slices.Concat(exportColumns[first:], exportColumns[:first])
		began := time.Now()
		j, err := c.start(ctx, columns)
		if err == nil {
			j, err = c.wait(ctx, j, nil)
		}
		if err != nil {
			return nil, err
		}
		if err := j.complete(smallRows); err != nil {
			return nil, err
		}
		if i > 0 { // the first one may have waited for the worker
			walls = append(walls, time.Since(began).Seconds())
		}
	}
	s := &Small{Rows: smallRows, Jobs: jobs, Median: median(walls), Max: slices.Max(walls)}
	s.P90 = walls[len(walls)*9/10] // median has sorted them
	o.logf("%d jobs of %d rows: %.3f s (median)", jobs, smallRows, s.Median)
	return s, nil
}

func (s *Small) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%d jobs of %d rows on the embedded stack, one after another, from POST to the file: median %.3f s, 90 %% within %.3f s, longest %.3f s.\n",
		s.Jobs, s.Rows, s.Median, s.P90, s.Max)
}
