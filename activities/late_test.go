package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
)

// A worker that was asleep for so long that its job has ended takes back what it stores. One that was merely
// slow does not.
func TestLatePageIsTakenBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, testenv.SQLite(t))
	b.smallPages(t, 100)
	plan := must(t, b, contract.PlanExport, request)
	page := func(n int) contract.PageRef {
		return contract.PageRef{JobID: request.JobID, Plan: plan.ID, Page: n}
	}
	must(t, b, contract.ExportPage, page(0)) // the plan is known from here on

	clock := time.Now()
	b.export.Now = func() time.Time {
		clock = clock.Add(time.Minute)
		return clock
	}
	must(t, b, contract.ExportPage, page(1))
	require.Contains(t, b.left(t), contract.FragmentKey(request.JobID, plan.ID, 1), "late, but the job goes on")

	must(t, b, contract.CleanUpExport, contract.JobRef{JobID: request.JobID})
	must(t, b, contract.ExportPage, page(2))
	require.Empty(t, b.left(t))
}
