package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Memory is the highest resident memory of the only worker, which has just been started, over one bulk save.
type Memory struct {
	Format string `json:"format"`
	Rows   int    `json:"rows"`
	Peak   int64  `json:"peak"`
	API    int64  `json:"api"` // that of the process that takes the upload
	// Wall is how long the save took, in seconds.
	Wall float64 `json:"wall"`
}

func (b *saveBench) memory(ctx context.Context) error {
	for _, format := range formats {
		for _, rows := range slices.Sorted(slices.Values(b.options.MemoryRows)) {
			m, err := b.memoryAt(ctx, format, rows)
			if err != nil {
				return fmt.Errorf("%d rows of .%s: %w", rows, format, err)
			}
			b.report.Memory = append(b.report.Memory, m)
		}
	}
	return nil
}

func (b *saveBench) memoryAt(ctx context.Context, format string, rows int) (m Memory, err error) {
	file, err := b.writeFile(fmt.Sprint("memory-", rows), format, retailRows{count: rows})
	if err != nil {
		return m, err
	}
	s, err := b.openShop(ctx)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, b.closeShop(ctx, s)) }()
	run, saved, err := b.saveOnce(ctx, s, file, &Path{})
	if err == nil && saved.Rows != int64(rows) {
		err = fmt.Errorf("%d rows are accounted for", saved.Rows)
	}
	b.logf("%d rows of .%s: the worker's peak is %d MB", rows, format, run.PeakRSS>>20)
	return Memory{Format: format, Rows: rows, Peak: run.PeakRSS, API: run.ServerRSS, Wall: run.Wall}, err
}
