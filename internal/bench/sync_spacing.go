package bench

import "context"

// spacingWorkers are how many worker processes share an account. As many syncs, of a tenant each, run at once.
var spacingWorkers = []int{1, 3}

// spacing has the partner measure the pace: of one worker with one sync, and of three with three.
func (b *syncBench) spacing(ctx context.Context, items int) error {
	for _, workers := range spacingWorkers {
		run, err := b.syncOnce(ctx, standOptions{
			pacing: atPace, items: max(1, items/workers), tenants: workers, workers: workers, accounts: 1,
		})
		if err != nil {
			return err
		}
		b.logf("spacing of %d workers: least %.2f ms, mean %.2f ms, %d of %d closer than %s, %d in flight at most", workers,
			run.Seen.MinSpacing, run.Seen.MeanSpacing, run.Seen.Closer, run.Seen.Calls, paceLeast, run.Seen.MostInFlight)
		b.report.Spacings = append(b.report.Spacings, run)
	}
	return nil
}

// syncOnce runs the syncs of a fresh stand.
func (b *syncBench) syncOnce(ctx context.Context, o standOptions) (SyncRun, error) {
	s, err := b.openStand(ctx, o)
	if err != nil {
		return SyncRun{}, err
	}
	defer s.close()
	return s.run(ctx, nil)
}
