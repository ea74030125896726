package starter_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// planned makes a schedule of an ID of its own, because all tests share one Temporal; it is removed at the end.
func (h *house) planned(t *testing.T, in job.Schedule) job.Schedule {
	t.Helper()
	in.ID = "t-" + uuid.NewString()
	made, err := h.CreateSchedule(t.Context(), in, "kim")
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.DeleteSchedule(context.WithoutCancel(t.Context()), made.ID) })
	return made
}

func yearly(typ job.Type, kind, tenant string) job.Schedule {
	return job.Schedule{Type: typ, Kind: kind, Tenant: tenant, Cron: "0 3 1 1 *", Zone: "UTC"}
}

func TestScheduleFromCreationToRemoval(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := yearly(job.TypeExport, "order-lines", "acme")
	in.Cron, in.Zone, in.Note = " 30 6 * * mon-fri ", "", "for the office"
	in.Request = json.RawMessage(`{"filters":{"status":["new"],"sku":["` + t.Name() + `"]},"format":"csv"}`)
	made := h.planned(t, in)
	require.Equal(t, "30 6 * * mon-fri", made.Cron)
	require.Equal(t, "Asia/Seoul", made.Zone, "the tenant's")
	require.Equal(t, job.OverlapSkip, made.Overlap)
	require.Equal(t, "for the office", made.Note)
	require.Equal(t, job.TypeExport, made.Type)
	require.False(t, made.Paused)
	require.WithinDuration(t, time.Now(), made.CreatedAt, time.Minute)
	var request contract.ExportInput
	require.NoError(t, json.Unmarshal(made.Request, &request))
	require.Equal(t, contract.ExportInput{Kind: "order-lines", Tenant: "acme", Format: "csv", Locale: "ko", RequestedBy: "kim",
		Filters: job.Filters{"status": {"new"}, "sku": {t.Name()}}}, request, "in canonical form")
	require.Len(t, made.Next, 10)
	for _, at := range made.Next {
		seoul := at.In(time.FixedZone("KST", 9*3600))
		require.Equal(t, "06:30:00", seoul.Format(time.TimeOnly))
		require.NotContains(t, []time.Weekday{time.Saturday, time.Sunday}, seoul.Weekday())
	}

	theirs, err := h.Temporal.ScheduleClient().GetHandle(t.Context(), "schedule/"+made.ID).Describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, &client.SchedulePolicies{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: time.Minute}, theirs.Schedule.Policy)
	kind, _ := theirs.TypedSearchAttributes.GetKeyword(contract.JobKind)
	require.Equal(t, "order-lines", kind)

	again := in
	again.ID = made.ID
	_, err = h.CreateSchedule(t.Context(), again, "")
	require.Equal(t, job.CodeConflict, job.CodeOf(err))

	changed, err := h.ChangeSchedule(t.Context(), made.ID, job.ScheduleChange{Zone: new("Europe/London"), Overlap: new(job.OverlapBuffer), Paused: new(true)})
	require.NoError(t, err)
	require.Equal(t, "Europe/London", changed.Zone)
	require.Equal(t, job.OverlapBuffer, changed.Overlap)
	require.True(t, changed.Paused)
	require.Empty(t, changed.Next, "a paused one has no next time")
	require.Equal(t, []any{made.Cron, made.Note, string(made.Request), made.CreatedAt},
		[]any{changed.Cron, changed.Note, string(changed.Request), changed.CreatedAt}, "what is not given stays")

	changed, err = h.ChangeSchedule(t.Context(), made.ID, job.ScheduleChange{Cron: new("0 9 13 * fri"), Paused: new(false), Note: new("")})
	require.NoError(t, err)
	require.Equal(t, []any{"0 9 13 * fri", "Europe/London", job.OverlapBuffer, "", false},
		[]any{changed.Cron, changed.Zone, changed.Overlap, changed.Note, changed.Paused})
	london, err := time.LoadLocation("Europe/London")
	require.NoError(t, err)
	for _, at := range changed.Next {
		require.True(t, at.In(london).Weekday() == time.Friday || at.In(london).Day() == 13, at)
	}
	require.False(t, slices.ContainsFunc(changed.Next[1:], func(at time.Time) bool { return at.Sub(changed.Next[0]) > 100*24*time.Hour }))

	require.Eventually(t, func() bool { // the list follows a little later
		all, err := h.Schedules(t.Context())
		require.NoError(t, err)
		return slices.ContainsFunc(all, func(s job.Schedule) bool { return s.ID == made.ID && s.Cron == "0 9 13 * fri" })
	}, 30*time.Second, 20*time.Millisecond)

	require.NoError(t, h.DeleteSchedule(t.Context(), made.ID))
	_, err = h.Schedule(t.Context(), made.ID)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.Equal(t, job.CodeNotFound, job.CodeOf(h.DeleteSchedule(t.Context(), made.ID)))
	require.Equal(t, job.CodeNotFound, job.CodeOf(h.RunSchedule(t.Context(), made.ID)))
	_, err = h.ChangeSchedule(t.Context(), made.ID, job.ScheduleChange{Paused: new(true)})
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	_, err = h.Schedules(t.Context())
	require.NoError(t, err, "one that was removed in the last moment does no harm to the list")
}

func TestScheduleRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	export := func(change func(*job.Schedule)) job.Schedule {
		s := yearly(job.TypeExport, "order-lines", "acme")
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		in      job.Schedule
		pointer string
	}{
		"id":             {export(func(s *job.Schedule) { s.ID = "Nightly" }), "/id"},
		"long id":        {export(func(s *job.Schedule) { s.ID = string(make([]byte, 65)) }), "/id"},
		"type":           {export(func(s *job.Schedule) { s.Type = job.TypeBulkSave }), "/type"},
		"kind":           {export(func(s *job.Schedule) { s.Kind = "nonesuch" }), "/kind"},
		"tenant":         {export(func(s *job.Schedule) { s.Tenant = "nobody" }), "/tenant"},
		"cron":           {export(func(s *job.Schedule) { s.Cron = "@every 1s" }), "/cron"},
		"no cron":        {export(func(s *job.Schedule) { s.Cron = "" }), "/cron"},
		"zone":           {export(func(s *job.Schedule) { s.Zone = "Mars/Olympus" }), "/time_zone"},
		"local zone":     {export(func(s *job.Schedule) { s.Zone = "Local" }), "/time_zone"},
		"overlap":        {export(func(s *job.Schedule) { s.Overlap = "all" }), "/overlap"},
		"note":           {export(func(s *job.Schedule) { s.Note = string(make([]byte, 1001)) }), "/note"},
		"filter":         {export(func(s *job.Schedule) { s.Request = json.RawMessage(`{"filters":{"x":["1"]}}`) }), "/request/filters/x"},
		"unknown field":  {export(func(s *job.Schedule) { s.Request = json.RawMessage(`{"colums":["sku"]}`) }), "/request"},
		"no object":      {export(func(s *job.Schedule) { s.Request = json.RawMessage(`[1]`) }), "/request"},
		"upload":         {export(func(s *job.Schedule) { dispatch(s, `{"upload":"x"}`) }), "/request"},
		"retry":          {export(func(s *job.Schedule) { dispatch(s, `{"retry":{"job":"x"}}`) }), "/request"},
		"sync's filter":  {export(func(s *job.Schedule) { dispatch(s, `{"filters":{"x":["1"]}}`) }), "/request/filters/x"},
		"sync's locale":  {export(func(s *job.Schedule) { dispatch(s, `{"locale":"fr"}`) }), "/request/locale"},
		"sync's tenant":  {export(func(s *job.Schedule) { dispatch(s, `{}`); s.Tenant = "" }), "/tenant"},
		"unknown sync":   {export(func(s *job.Schedule) { dispatch(s, `{}`); s.Kind = "order-lines" }), "/kind"},
		"sync's cron":    {export(func(s *job.Schedule) { dispatch(s, `{}`); s.Cron = "0 0 31 2 *" }), "/cron"},
		"continued runs": {export(func(s *job.Schedule) { s.Request = json.RawMessage(`{"carried":1}`) }), "/request"},
	} {
		_, err := h.CreateSchedule(t.Context(), c.in, "kim")
		var known *job.Error
		require.ErrorAs(t, err, &known, name)
		require.Equal(t, job.CodeInvalid, known.Code, name)
		require.Equal(t, c.pointer, known.Fields[0].Pointer, name)
	}

	made := h.planned(t, yearly(job.TypeExport, "order-lines", "acme"))
	for pointer, change := range map[string]job.ScheduleChange{
		"/cron": {Cron: new("60 * * * *")}, "/time_zone": {Zone: new("")}, "/overlap": {Overlap: new(job.Overlap(""))},
		"/note": {Note: new(string(make([]byte, 1001)))},
	} {
		_, err := h.ChangeSchedule(t.Context(), made.ID, change)
		var known *job.Error
		require.ErrorAs(t, err, &known, pointer)
		require.Equal(t, pointer, known.Fields[0].Pointer)
	}
	same, err := h.Schedule(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, made, same)
}

func dispatch(s *job.Schedule, request string) {
	s.Type, s.Kind, s.Request = job.TypeSync, "dispatch-shipments", json.RawMessage(request)
}

func TestScheduleIDIsMadeFromWhatItStarts(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	in := yearly(job.TypeExport, "order-lines", s.tenant)
	made, err := s.CreateSchedule(t.Context(), in, "")
	require.NoError(t, err)
	require.Equal(t, "export-order-lines-"+s.tenant, made.ID)
	require.NoError(t, s.DeleteSchedule(t.Context(), made.ID))
}

// What somebody else has put under a name like ours is not taken for ours.
func TestScheduleOfOthersIsNotOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := "t-" + uuid.NewString()
	theirs, err := h.Temporal.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: contract.SchedulePrefix + id, Spec: client.ScheduleSpec{CronExpressions: []string{"0 0 1 1 *"}},
		Action: &client.ScheduleWorkflowAction{Workflow: "Other", TaskQueue: "other", Args: []any{1}},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, theirs.Delete(context.WithoutCancel(t.Context()))) }()
	_, err = h.Schedule(t.Context(), id)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.Equal(t, job.CodeNotFound, job.CodeOf(h.DeleteSchedule(t.Context(), id)))
}

// The days on which New York puts its clocks forward and back lie among these times, whatever the year.
func TestScheduleWhereClocksChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	in := yearly(job.TypeExport, "order-lines", "acme")
	in.Zone = "America/New_York"

	in.Cron = "30 2 8-14 3 *" // second Sunday of March, at 2
	days := map[int][]int{}
	for _, at := range h.planned(t, in).Next {
		at = at.In(newYork)
		require.Equal(t, "02:30", at.Format("15:04"))
		require.NotEqual(t, time.Sunday, at.Weekday(), "that day has no 02:30")
		days[at.Year()] = append(days[at.Year()], at.Day())
	}
	require.Len(t, days[slices.Min(yearsOf(days))], 6)

	in.Cron = "30 1 1-7 11 *" // first Sunday of November, at 2
	var sundays []time.Time
	for _, at := range h.planned(t, in).Next {
		if at = at.In(newYork); at.Weekday() == time.Sunday {
			sundays = append(sundays, at)
		}
		require.Equal(t, "01:30", at.Format("15:04"))
	}
	require.GreaterOrEqual(t, len(sundays), 2)
	require.Equal(t, time.Hour, sundays[1].Sub(sundays[0]), "that day has two of them")
}

func yearsOf(days map[int][]int) []int {
	var years []int
	for year := range days {
		years = append(years, year)
	}
	return years
}
