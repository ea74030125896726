package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// schedule asks for the schedule until it is as wanted.
func (h *house) schedule(t *testing.T, id string, wanted func(job.Schedule) bool) job.Schedule {
	t.Helper()
	var last job.Schedule
	require.Eventually(t, func() bool {
		s, err := h.Schedule(t.Context(), id)
		require.NoError(t, err)
		last = s
		return wanted(s)
	}, 60*time.Second, 20*time.Millisecond, "schedule is %+v", &last)
	return last
}

// started waits until a schedule has started so many jobs, and returns the last.
func (h *house) started(t *testing.T, id string, n int) string {
	t.Helper()
	return h.schedule(t, id, func(s job.Schedule) bool {
		return len(s.Recent) == n && s.Recent[0].JobID != ""
	}).Recent[0].JobID
}

func TestScheduleStartsSyncs(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	s.sending(t)
	in := yearly(job.TypeSync, "dispatch-shipments", s.tenant)
	in.Paused = true
	made := s.planned(t, in)
	require.NoError(t, s.RunSchedule(t.Context(), made.ID), "paused or not")
	first := s.started(t, made.ID, 1)
	j := s.until(t, first, func(j job.Job) bool { return j.State == job.Running })
	require.Equal(t, []any{job.TypeSync, "dispatch-shipments", s.tenant, "kim"}, []any{j.Type, j.Kind, j.Tenant, j.RequestedBy})

	// One that is started by hand and one of a schedule keep each other out.
	_, _, err := s.StartSync(t.Context(), s.dispatches(), "")
	require.Equal(t, job.CodeDuplicate, job.CodeOf(err))
	require.ErrorContains(t, s.RunSchedule(t.Context(), made.ID), "still runs")
	require.NoError(t, s.Temporal.ScheduleClient().GetHandle(t.Context(), contract.SchedulePrefix+made.ID).
		Trigger(t.Context(), client.ScheduleTriggerOptions{})) // as its time would
	s.schedule(t, made.ID, func(p job.Schedule) bool { return p.Skipped == 1 && len(p.Recent) == 1 })
	s.end(t, j, job.Succeeded)

	require.Eventually(t, func() bool { // its execution ends a little after its job
		return s.RunSchedule(t.Context(), made.ID) == nil
	}, 60*time.Second, 20*time.Millisecond)
	second := s.started(t, made.ID, 2)
	require.NotEqual(t, first, second)
	s.end(t, s.until(t, second, func(j job.Job) bool { return j.State == job.Running }), job.Succeeded)

	byHand := s.startSync(t, s.dispatches())
	require.Eventually(t, func() bool { return s.RunSchedule(t.Context(), made.ID) == nil }, 60*time.Second, 20*time.Millisecond)
	left := s.schedule(t, made.ID, func(p job.Schedule) bool { return len(p.Recent) == 3 })
	require.Equal(t, []string{"", second, first}, []string{left.Recent[0].JobID, left.Recent[1].JobID, left.Recent[2].JobID},
		"newest first; where a job ran, none was started")
	require.False(t, left.Recent[0].At.Before(left.Recent[1].At))
	s.end(t, byHand, job.Succeeded)
}

func TestScheduleCancelsTheLastJobWhereItSaysSo(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	s.sending(t)
	in := yearly(job.TypeSync, "dispatch-shipments", s.tenant)
	in.Overlap = job.OverlapCancel
	made := s.planned(t, in)
	require.NoError(t, s.RunSchedule(t.Context(), made.ID))
	first := s.started(t, made.ID, 1)
	s.until(t, first, func(j job.Job) bool { return j.State == job.Running })

	require.NoError(t, s.RunSchedule(t.Context(), made.ID))
	second := s.started(t, made.ID, 2)
	require.NotEqual(t, first, second)
	require.Equal(t, job.Cancelled, s.until(t, first, ended).State)
	next := s.until(t, second, func(j job.Job) bool { return j.State == job.Running })
	require.Equal(t, first, s.schedule(t, made.ID, func(job.Schedule) bool { return true }).Recent[1].JobID,
		"a cancelled one is still known by its job")
	s.end(t, next, job.Succeeded)
}

func TestScheduleStartsExports(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	defer h.work(t)()
	in := yearly(job.TypeExport, "order-lines", "acme")
	in.Request = []byte(`{"format":"csv","filters":{"status":["delivered"]},"columns":["sku","order_status"]}`)
	made := h.planned(t, in)
	require.NoError(t, h.RunSchedule(t.Context(), made.ID))
	end := h.until(t, h.started(t, made.ID, 1), ended)
	require.Equal(t, job.Succeeded, end.State, end.Message)
	require.Len(t, end.Artifacts, 1)
}
