package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/longhaul/longhaul/job"
)

// DoubtfulItems gives do the items of all syncs of a kind and tenant but one that ended with one of some codes, job by job,
// the oldest first. Those of pruned syncs are forgotten.
func (s *Store) DoubtfulItems(ctx context.Context, tenant, kind, but string, codes []job.ItemCode, do func(SyncItem) error) error {
	tallies := map[string]job.SyncTally{}
	var jobs []string
	err := s.Stream(ctx, "SELECT job_id, codes FROM syncs WHERE tenant = ? AND kind = ? AND job_id <> ? AND pruned_at IS NULL ORDER BY created_at, job_id",
		[]any{tenant, kind, but}, func(cells [][]byte) error {
			var tally job.SyncTally
			if len(cells[1]) > 0 {
				if err := json.Unmarshal(cells[1], &tally.Codes); err != nil {
					return fmt.Errorf("decode codes of sync %s: %w", cells[0], err)
				}
			}
			if slices.ContainsFunc(tally.Codes, func(c job.ItemCodeCount) bool { return slices.Contains(codes, c.Code) }) {
				jobs = append(jobs, string(cells[0]))
				tallies[string(cells[0])] = tally
			}
			return nil
		})
	if err != nil {
		return err
	}
	for _, id := range jobs {
		r := &itemReading{session: s.session(nil), jobID: id, some: true}
		for _, in := range itemRanges("", "", tallies[id]) {
			if slices.Contains(codes, in.code) {
				r.ranges = append(r.ranges, in)
			}
		}
		if err := s.eachItem(ctx, r, do); err != nil {
			return err
		}
	}
	return nil
}
