package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// TestSaveDoesWhatItsDryRunSays saves random rows of all plans, chunk after chunk, and then undoes them all, the last
// first.
func TestSaveDoesWhatItsDryRunSays(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		var all job.Tally
		for seed := range uint64(6) {
			random := rand.New(rand.NewPCG(seed, 1))
			start := dump(t, s)
			var jobs []string
			for n := range 8 {
				plan, row := randomPlan(random)
				rows := make([][]any, 1+random.IntN(60))
				for i := range rows {
					rows[i] = row()
				}
				v := newSaving(t, s, plan)
				v.job = fmt.Sprint(seed, "-", n)
				jobs = append(jobs, v.job)
				entry, checked := v.apply(rowsOf(rows...))
				all.Add(entry.Tally)
				require.Equal(t, verdictCount(checked, target.Refused), entry.Tally.Refused)
				require.Equal(t, verdictCount(checked, target.Created), entry.Tally.Created)
				require.Equal(t, verdictCount(checked, target.Updated), entry.Tally.Updated)

				// What has been saved has nothing left to save, but for what is added.
				if plan.Fields[len(plan.Fields)-1] == "adjust" {
					continue
				}
				var accepted [][]any
				for i, verdict := range checked.Verdicts {
					if verdict != target.Refused {
						accepted = append(accepted, rows[i])
					}
				}
				again, err := s.CheckRows(t.Context(), 1, plan, rowsOf(accepted...))
				require.NoError(t, err)
				require.Equal(t, int64(len(accepted)), verdictCount(again, target.Unchanged), "job %s: %+v", v.job, again)
			}
			for i := len(jobs) - 1; i >= 0; i-- {
				total, _ := undo(t, s, jobs[i], "undo "+jobs[i])
				require.Zero(t, total.Kept, "undo of job %s: %v", jobs[i], total.Codes)
			}
			require.Equal(t, start, dump(t, s))
		}
		require.Greater(t, min(all.Created, all.Updated, all.Unchanged, all.Refused), int64(10), "nothing was left out: %+v", all)
	})
}

func verdictCount(out target.Outcome, want target.Verdict) (n int64) {
	for _, v := range out.Verdicts {
		if v == want {
			n++
		}
	}
	return n
}

// randomPlan picks a plan and a way to make rows of it, of few different codes so that they meet.
func randomPlan(random *rand.Rand) (target.Plan, func() []any) {
	some := func(prefix string, n int) string { return fmt.Sprint(prefix, random.IntN(n)) }
	or := func(v any) any {
		if random.IntN(4) == 0 {
			return nil
		}
		return v
	}
	price := func() any { return target.Decimal(fmt.Sprint(random.IntN(3), ".5")) }
	switch random.IntN(4) {
	case 0:
		return productsPlan(), func() []any { return []any{some("S", 90), or(some("name", 3)), or(some("B", 3)), or(price())} }
	case 1:
		taken := make(map[string]bool)
		return stockPlan(), func() []any {
			sku, warehouse := some("S", 90), some("W", 2)
			for taken[sku+warehouse] {
				sku, warehouse = some("S", 90), some("W", 2)
			}
			taken[sku+warehouse] = true
			if random.IntN(2) == 0 {
				return []any{sku, warehouse, random.IntN(5), nil}
			}
			return []any{sku, warehouse, nil, random.IntN(9) - 4}
		}
	case 2:
		return trackingPlan(), func() []any { return []any{some("O", 30), or(1 + random.IntN(3)), nil, some("T", 3)} }
	}
	return ordersPlan(), func() []any {
		return []any{some("O", 30), 1 + random.IntN(5), some("S", 90), or(some("name", 2)), or(random.IntN(3)), or(price()), or(at(random.IntN(3))), or(some("web", 2))}
	}
}
