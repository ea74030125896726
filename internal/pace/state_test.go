package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// noon is when these tests begin.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// asker is one process and an account, without an interval unless limits say so.
type asker struct {
	state  State
	limits Limits
	now    time.Time
	visit  visit
}

func newAsker() *asker {
	return &asker{limits: Limits{MaxInFlight: 100, Interval: -1}, now: noon, visit: visit{holder: "one", horizon: 5 * time.Millisecond}}
}

func (a *asker) after(d time.Duration) *asker {
	a.now = a.now.Add(d)
	return a
}

// ask asks for places on top of those that the process has.
func (a *asker) ask(places int) grant {
	a.visit.places = places
	g := a.state.turn(a.now, a.limits, a.visit)
	a.visit.inFlight += len(g.places)
	a.visit.given += int64(len(g.places))
	a.visit.news = news{}
	for _, st := range g.places {
		if st.probe {
			a.visit.probe = st.at
		}
	}
	return g
}

// start asks for one place and gets it.
func (a *asker) start(t *testing.T) start {
	t.Helper()
	g := a.ask(1)
	require.Len(t, g.places, 1, "%+v", g)
	return g.places[0]
}

// tell ends calls with the same report.
func (a *asker) tell(r Report, starts ...start) {
	for _, st := range starts {
		a.visit.news.heard = append(a.visit.news.heard, heard{st.at, r})
		a.visit.inFlight--
		if st.probe {
			a.visit.probe = 0
		}
	}
	a.visit.number++
	a.ask(0)
}

func (a *asker) requireHeld(t *testing.T, why job.WaitWhy, left time.Duration) {
	t.Helper()
	g := a.ask(1)
	require.Empty(t, g.places)
	require.Equal(t, why, g.why)
	require.Equal(t, left, g.until.time().Sub(a.now))
}

func (a *asker) account() job.Account { return a.state.Account(a.now, "marketplace", a.limits) }

func TestBreakerOpensProbesAndCloses(t *testing.T) {
	t.Parallel()
	a := newAsker()
	old, before := a.start(t), a.start(t)
	for range failsToOpen - 1 {
		a.tell(Report{Verdict: Out}, a.after(time.Second).start(t))
	}
	a.tell(Report{Verdict: Answered}, a.start(t))
	require.Nil(t, a.account().OpenSince, "an answer in between")
	for range failsToOpen {
		require.Nil(t, a.account().OpenSince)
		a.tell(Report{Verdict: Out}, a.after(time.Second).start(t))
	}
	opened := a.now
	require.Equal(t, opened, *a.account().OpenSince)

	// Every probe that fails doubles the time to the next one.
	for _, seconds := range []int{5, 10, 20, 40, 60, 60} {
		left := time.Duration(seconds) * time.Second
		a.requireHeld(t, job.WaitOutage, left)
		a.tell(Report{Verdict: Out}, a.failLate(t, left, &before)...)
		require.Equal(t, opened, *a.account().OpenSince)
	}
	a.after(time.Minute)
	probe := a.start(t)
	require.True(t, probe.probe)
	require.True(t, a.ask(1).probed, "one at a time")
	a.tell(Report{Verdict: Answered}, probe)
	require.Nil(t, a.account().OpenSince)

	// What started before tells of the outage that is over.
	a.after(time.Second)
	for range failsToOpen {
		a.tell(Report{Verdict: Out}, old)
		a.visit.inFlight++
	}
	require.Nil(t, a.account().OpenSince)
	require.Len(t, a.ask(5).places, 5)
}

// failLate waits and probes, and has a call that started before the breaker opened fail meanwhile, which changes nothing.
func (a *asker) failLate(t *testing.T, wait time.Duration, late *start) []start {
	t.Helper()
	a.after(wait)
	probe := a.start(t)
	require.True(t, probe.probe)
	a.tell(Report{Verdict: Out}, *late)
	a.visit.inFlight++
	return []start{probe}
}

func TestProbeOfADeadProcessIsFree(t *testing.T) {
	t.Parallel()
	a := newAsker()
	for range failsToOpen {
		a.tell(Report{Verdict: Out}, a.after(time.Millisecond).start(t))
	}
	a.after(probeFirst)
	require.True(t, a.start(t).probe)

	other := &asker{limits: a.limits, now: a.now, visit: visit{holder: "two"}, state: a.state}
	require.Empty(t, other.after(Lease-time.Second).ask(1).places)
	require.True(t, other.after(time.Second).start(t).probe)

	// One that was cancelled says nothing: the next may probe at once.
	other.tell(Report{Verdict: Unknown}, start{at: other.visit.probe, probe: true})
	require.True(t, other.start(t).probe)

	// One whose answer from the book was lost is not known to its process.
	other.visit.probe = 0
	require.True(t, other.start(t).probe)
	other.tell(Report{Verdict: Answered}, start{at: other.visit.probe, probe: true})
	require.Len(t, other.ask(2).places, 2)
}

func TestAnyAnswerClosesTheBreaker(t *testing.T) {
	t.Parallel()
	a := newAsker()
	slow := a.start(t)
	for range failsToOpen {
		a.tell(Report{Verdict: Out}, a.start(t))
	}
	require.NotNil(t, a.account().OpenSince)
	a.tell(Report{Verdict: Throttled, Hint: Hint{CoolFor: time.Millisecond}}, slow)
	require.Nil(t, a.account().OpenSince)
}

func TestThrottledWithoutATimeBacksOff(t *testing.T) {
	t.Parallel()
	a := newAsker()
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		left := time.Duration(seconds) * time.Second
		calls := []start{a.start(t), a.start(t), a.start(t)}
		a.after(time.Millisecond).tell(Report{Verdict: Throttled}, calls[:2]...)
		a.requireHeld(t, job.WaitCooling, left)
		a.tell(Report{Verdict: Throttled}, calls[2]) // it was on its way and adds nothing
		a.requireHeld(t, job.WaitCooling, left)
		require.Equal(t, a.now.Add(left), *a.account().CoolingUntil)
		a.after(left)
	}
	a.tell(Report{Verdict: Answered}, a.start(t))
	a.tell(Report{Verdict: Throttled}, a.start(t))
	a.requireHeld(t, job.WaitCooling, time.Second)
}

func TestCoolsAsLongAsThePartnerAsks(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.tell(Report{Verdict: Throttled, Hint: Hint{CoolFor: 90 * time.Second}}, a.start(t))
	a.requireHeld(t, job.WaitCooling, 90*time.Second)
	a.after(90 * time.Second)
	late := a.start(t)
	a.tell(Report{Verdict: Answered, Hint: Hint{Remaining: 0, Limit: 40, Window: 20 * time.Second}}, a.start(t))
	a.requireHeld(t, job.WaitCooling, 20*time.Second)
	a.tell(Report{Verdict: Out, Hint: Hint{CoolFor: 2 * time.Second}}, late)
	a.requireHeld(t, job.WaitCooling, 20*time.Second)
	a.after(20*time.Second).tell(Report{Verdict: Throttled, Hint: Hint{CoolFor: 1000 * time.Hour}}, a.start(t))
	a.requireHeld(t, job.WaitCooling, maxCool)
}

func TestEasesBeforeTheLimit(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.Interval = 100 * time.Millisecond
	half := Hint{Remaining: 50, Limit: 100, Window: 51 * time.Second}
	a.tell(Report{Hint: half}, a.start(t))
	require.InDelta(t, 100, a.account().Interval, 0, "half is enough")
	require.Nil(t, a.account().EasedUntil)

	near := Hint{Remaining: 49, Limit: 100, Window: 50 * time.Second}
	first := a.after(time.Second).start(t)
	a.tell(Report{Hint: near}, first)
	require.InDelta(t, 1000, a.account().Interval, 0, "what is left lasts for the window")
	require.Equal(t, a.now.Add(50*time.Second), *a.account().EasedUntil)
	g := a.ask(1)
	require.True(t, g.due)
	require.Equal(t, first.at.add(time.Second+guardMost), g.next)

	a.tell(Report{Hint: half}, start{at: first.at - 1})
	require.InDelta(t, 1000, a.account().Interval, 0, "an older word")
	a.tell(Report{Hint: half}, start{at: first.at + 1})
	require.InDelta(t, 100, a.account().Interval, 0, "the window is a new one")

	a.visit.inFlight = 0
	a.tell(Report{Hint: Hint{Remaining: fewLeft, Window: time.Minute}}, a.after(time.Second).start(t))
	require.InDelta(t, 100, a.account().Interval, 0)
	a.tell(Report{Hint: Hint{Remaining: 5, Window: time.Minute}}, a.after(time.Second).start(t))
	require.InDelta(t, 10_000, a.account().Interval, 0, "few are left of nobody knows how many")
	a.after(time.Minute)
	require.InDelta(t, 100, a.account().Interval, 0, "the window is over")
	a.start(t)
}

// The wait for an eased start is over when the window is.
func TestEasedStartComesNoLaterThanTheWindowEnds(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.tell(Report{Hint: Hint{Remaining: 1, Limit: 10, Window: 20 * time.Second}}, a.start(t))
	a.after(15 * time.Second).start(t)
	require.Equal(t, noon.Add(20*time.Second), a.ask(1).next.time())
}

func TestQuotaLastsForADayOfItsZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Seoul")
	require.NoError(t, err)
	a := newAsker()
	a.limits.DailyQuota, a.limits.Zone, a.limits.QuotaReset = 3, zone, 9*time.Hour+30*time.Minute
	require.Len(t, a.ask(5).places, 3)
	a.requireHeld(t, job.WaitQuota, 12*time.Hour+30*time.Minute)
	account := a.account()
	require.Equal(t, int64(3), account.QuotaUsed)
	require.Equal(t, int64(3), account.DailyQuota)
	require.Equal(t, noon.Add(12*time.Hour+30*time.Minute), *account.QuotaReset)

	a.limits.DailyQuota = 5
	require.Len(t, a.ask(5).places, 2, "a greater quota counts what was used")
	a.after(12*time.Hour + 30*time.Minute)
	require.Len(t, a.ask(9).places, 5)
	require.Equal(t, int64(10), a.account().Starts)
	a.limits.QuotaReset = 10 * time.Hour
	a.requireHeld(t, job.WaitQuota, 30*time.Minute)

	// A start that is due after the reset is one of the next day.
	a.limits.DailyQuota, a.limits.Interval, a.visit.ready = 6, 100*time.Millisecond, 2*time.Millisecond
	g := a.after(30*time.Minute - time.Millisecond).ask(1)
	require.Empty(t, g.places)
	require.Equal(t, a.now.Add(time.Millisecond), g.next.time())
	a.after(time.Millisecond).start(t)
	require.Equal(t, int64(1), a.account().QuotaUsed)
}

func TestDayOfTheQuotaHasItsLength(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(text string) time.Time {
		parsed, err := time.ParseInLocation("2006-01-02 15:04:05", text, zone)
		require.NoError(t, err)
		return parsed
	}
	for _, c := range []struct {
		reset     time.Duration
		now, next string
	}{
		{0, "2026-11-23 23:59:59", "2026-11-24 00:00:00"},
		{0, "2026-11-24 00:00:00", "2026-11-25 00:00:00"},
		{0, "2026-03-29 12:00:00", "2026-03-30 00:00:00"},                            // a day of 23 hours
		{6 * time.Hour, "2026-10-24 06:00:00", "2026-10-25 06:00:00"},                // and one of 25
		{2*time.Hour + 30*time.Minute, "2026-03-28 12:00:00", "2026-03-29 03:30:00"}, // which does not exist
		{23*time.Hour + 59*time.Minute, "2026-12-31 23:59:00", "2027-01-01 23:59:00"},
	} {
		l := Limits{QuotaReset: c.reset, Zone: zone}
		require.Equal(t, at(c.next).UTC(), l.nextReset(at(c.now)).UTC(), "%v after %s", c.reset, c.now)
	}
}

func TestRateIsKeptBySpacing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limits Limits
		want   time.Duration
	}{
		{Limits{}, DefaultInterval},
		{Limits{Interval: -1}, 0},
		{Limits{Rate: Rate{600, time.Minute}}, 100 * time.Millisecond},
		{Limits{Rate: Rate{60, time.Minute}}, time.Second},
		{Limits{Rate: Rate{7, time.Second}, Interval: -1}, 142857143},
		{Limits{Rate: Rate{600, time.Minute}, Interval: time.Second}, time.Second},
	} {
		require.Equal(t, c.want, c.limits.interval(), "%+v", c.limits)
	}
}

func TestChangeGoesOverLimits(t *testing.T) {
	t.Parallel()
	n, none, quota := 3, time.Duration(0), int64(7)
	l := Limits{MaxInFlight: 10, Interval: time.Second, Rate: Rate{1, time.Second}, Zone: time.UTC, QuotaReset: time.Hour}
	require.Equal(t, l, l.With(Change{}))
	got := l.With(Change{MaxInFlight: &n, Interval: &none, Rate: &Rate{}, DailyQuota: &quota})
	require.Equal(t, Limits{MaxInFlight: 3, Interval: -1, DailyQuota: 7, Zone: time.UTC, QuotaReset: time.Hour}, got)
	require.Zero(t, got.interval())
}

func TestStartGivenBackIsGivenOutAnew(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.Interval = 100 * time.Millisecond
	first := a.start(t)
	second := a.after(99 * time.Millisecond).start(t)
	require.Equal(t, guarded(a.limits.Interval), second.at.sub(first.at))

	a.visit.news.unused, a.visit.inFlight = []start{second}, 1
	a.visit.number++
	require.Equal(t, second.at, a.start(t).at)
	require.Equal(t, int64(2), a.account().Starts)
	require.Equal(t, int64(2), a.account().QuotaUsed)

	// A call that was sent late moves the next start.
	a.visit.news.late = momentOf(a.after(10 * time.Millisecond).now)
	a.visit.number++
	require.Equal(t, momentOf(a.now).add(guarded(a.limits.Interval)), a.ask(1).next)
}

func TestLostAnswerChangesNothing(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.MaxInFlight = 5
	for range failsToOpen - 2 {
		a.tell(Report{Verdict: Out}, a.start(t))
	}
	last := a.start(t)
	a.visit.news.heard, a.visit.inFlight = []heard{{last.at, Report{Verdict: Out}}}, 0
	a.visit.number++
	lost := a.visit
	lost.places = 3
	a.state.turn(a.now, a.limits, lost)
	require.Equal(t, 3, a.account().InFlight)

	require.Len(t, a.ask(5).places, 5, "what was given out by then is free again")
	require.Equal(t, failsToOpen-1, a.state.Breaker.Fails, "what was told is not counted twice")
	require.Equal(t, int64(failsToOpen-1+5), a.account().Starts)
}

func TestPlacesAreShared(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.MaxInFlight = 10
	require.Len(t, a.ask(20).places, 10, "who is alone gets all")

	b := &asker{limits: a.limits, now: a.now, visit: visit{holder: "two"}}
	turn := func(x *asker, places int) int {
		x.state, x.now = a.state, a.now
		n := len(x.ask(places).places)
		a.state = x.state
		return n
	}
	require.Zero(t, turn(b, 20))
	a.visit.inFlight = 6
	require.Empty(t, a.ask(20).places, "four of ten came free, and they are the other's")
	require.Equal(t, 4, turn(b, 20))
	a.visit.inFlight = 5
	require.Empty(t, a.ask(20).places)
	require.Equal(t, 1, turn(b, 20))
	a.visit.inFlight = 4
	require.Len(t, a.ask(20).places, 1, "half is its own")
	require.Equal(t, 5, a.ask(20).keep)

	// Who wants no more leaves its share to others.
	b.visit.inFlight = 0
	require.Zero(t, turn(b, 0))
	require.Len(t, a.ask(20).places, 5)
}

// Places are left free for one that wants some, for as long as it shows.
func TestWantsOfTheDeadAreForgotten(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.MaxInFlight = 2
	require.Len(t, a.ask(2).places, 2)
	b := &asker{limits: a.limits, now: a.now, visit: visit{holder: "two"}, state: a.state}
	require.Empty(t, b.ask(1).places)
	a.state, a.visit.inFlight = b.state, 1
	require.Empty(t, a.after(wantLife).ask(1).places)
	require.Len(t, a.after(time.Microsecond).ask(1).places, 1)
}

func TestOnePlaceGoesRound(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.MaxInFlight = 1
	askers := []*asker{a}
	for _, name := range []string{"two", "three"} {
		askers = append(askers, &asker{limits: a.limits, now: a.now, visit: visit{holder: name}})
	}
	state, now := a.state, a.now
	got := make(map[string]int)
	var order []string
	for range 300 {
		for _, x := range askers {
			now = now.Add(time.Millisecond)
			x.state, x.now, x.visit.inFlight = state, now, 0
			if len(x.ask(1).places) > 0 {
				got[x.visit.holder]++
				order = append(order, x.visit.holder)
			}
			state = x.state
		}
	}
	require.Greater(t, len(order), 100)
	for _, n := range got {
		require.InDelta(t, len(order)/3, n, 1, "%v", got)
	}
}

func TestPlacesOfTheDeadComeFree(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.MaxInFlight = 2
	require.Len(t, a.ask(5).places, 2)
	b := &asker{limits: a.limits, now: a.now, visit: visit{holder: "two"}, state: a.state}
	require.Empty(t, b.after(Lease-time.Millisecond).ask(2).places)
	require.Len(t, b.after(time.Millisecond).ask(2).places, 2)
	require.Equal(t, 2, b.account().InFlight)
}

// A clock that was an hour ahead is put right: what was to come then comes as soon as it would have.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	a := newAsker()
	a.limits.Interval = 100 * time.Millisecond
	a.now = noon.Add(time.Hour)
	a.tell(Report{Verdict: Throttled, Hint: Hint{CoolFor: 30 * time.Second}}, a.start(t))
	require.Empty(t, a.ask(1).places)
	a.now = noon
	a.requireHeld(t, job.WaitCooling, 30*time.Second)
	a.after(30 * time.Second).start(t)

	var s State
	s.Last = momentOf(noon.Add(time.Hour))
	require.Len(t, s.turn(noon, Limits{}, visit{holder: "one", places: 1, horizon: time.Second}).places, 1)
}

func TestNothingIsKeptWhereEachStartCounts(t *testing.T) {
	t.Parallel()
	a := newAsker()
	require.Equal(t, 100, a.ask(200).keep)
	a.limits.Interval = time.Millisecond
	require.Zero(t, a.ask(1).keep)
	a.limits.Interval, a.limits.DailyQuota = -1, 1000
	require.Zero(t, a.ask(1).keep)
	a.limits.DailyQuota = 0
	require.Equal(t, 100, a.ask(1).keep)
	a.tell(Report{Hint: Hint{CoolFor: time.Second}}, start{at: 1})
	require.Zero(t, a.ask(1).keep)
}

func TestBookClock(t *testing.T) {
	t.Parallel()
	var c bookClock
	hear := func(book, before, after time.Duration) {
		c.hear(momentOf(noon.Add(book)), noon.Add(time.Hour+before), noon.Add(time.Hour+after))
	}
	at := func(d time.Duration) time.Duration { return c.local(momentOf(noon.Add(d))).Sub(noon.Add(time.Hour)) }
	hear(0, 0, 10*time.Millisecond)
	require.Equal(t, 10*time.Millisecond, at(0), "not before it is sure")
	hear(time.Second, time.Second, time.Second+time.Millisecond)
	require.Equal(t, time.Millisecond, at(0), "the closest reading counts")
	require.Equal(t, momentOf(noon), c.book(noon.Add(time.Hour+time.Millisecond)))
	hear(7*time.Second, 7*time.Second, 7*time.Second+8*time.Millisecond)
	require.Equal(t, time.Millisecond, at(0))
	hear(13*time.Second, 13*time.Second, 13*time.Second+9*time.Millisecond)
	require.Equal(t, 8*time.Millisecond, at(0), "for some seconds")

	hear(time.Hour, 20*time.Second, 20*time.Second+2*time.Millisecond)
	require.Equal(t, 20*time.Second+2*time.Millisecond, at(time.Hour), "unless the clock was set")
	hear(21*time.Second, 21*time.Second, 21*time.Second+3*time.Millisecond)
	require.Equal(t, 21*time.Second+3*time.Millisecond, at(21*time.Second))
}
