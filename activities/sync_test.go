package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func TestNumberItemsTwice(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 30, kind: func(k *dataset.Sync) { k.StretchItems = 7 }})
	plan := p.begin(t, "j", contract.SyncInput{})
	require.Equal(t, contract.SyncPlan{Partner: "marketplace", Items: 60, Stretches: 8}, plan, "both lines of an order lie in one stretch")
	items := p.items(t, "j")
	require.Equal(t, plan, p.begin(t, "j", contract.SyncInput{}), "a second time changes nothing")
	require.Equal(t, items, p.items(t, "j"))
	stretch, keys := map[string]int{}, map[string]bool{}
	for i, item := range items {
		require.Equal(t, int64(i+1), item.Position)
		require.Equal(t, fmt.Sprintf("O-%d / %d", i/2+1, i%2+1), item.Key, "in the order of the kind's key")
		if before, found := stretch[item.Order]; found {
			require.Equal(t, before, item.Stretch)
		}
		stretch[item.Order] = item.Stretch
		keys[item.IdempotencyKey] = true
	}
	require.Len(t, keys, 60)
}

func TestSendStretchTwice(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 20})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.Equal(t, contract.StretchResult{Tally: job.SyncTally{Succeeded: 40}}, got)
	require.Equal(t, got, p.send(t, "j", 0), "the second time there is nothing left")
	seen := p.partner.Seen()
	require.EqualValues(t, 40, seen.Calls)
	require.EqualValues(t, 40, seen.Effects)
	require.Zero(t, seen.Duplicates)
	require.Zero(t, seen.Overlaps, "items of one order go one after the other")
	require.Zero(t, seen.Backward)
	for _, item := range p.items(t, "j") {
		require.Equal(t, job.ItemSucceeded, item.Outcome)
		require.NotEmpty(t, item.RemoteID)
		require.Equal(t, 1, item.Attempts)
		require.Len(t, item.Tries, 1)
	}
	require.Equal(t, 40, p.told(t))
	require.Zero(t, p.begin(t, "next", contract.SyncInput{}).Items, "what the marketplace has been told is not told again")
}

// Answers that get lost do not make a second effect: the same key is asked again.
func TestSendItemsToEffectOnce(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 30, behave: fake.Behaviour{Seed: 7, DropShare: 0.2, DropBeforeShare: 0.1, ErrorShare: 0.1}})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.Equal(t, job.SyncTally{Succeeded: 60}, got.Tally)
	seen := p.partner.Seen()
	require.EqualValues(t, 60, seen.Effects)
	require.Zero(t, seen.Duplicates)
	require.Positive(t, seen.Replays)
	require.Zero(t, seen.Overlaps)
	tries := 0
	for _, item := range p.items(t, "j") {
		require.Len(t, item.Tries, item.Attempts)
		tries += item.Attempts
	}
	require.EqualValues(t, seen.Calls, tries)
}

func TestPartnerRefusesItems(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 4, behave: fake.Behaviour{Refuse: []string{"O-2"}}})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.Equal(t, job.SyncTally{Succeeded: 6, Failed: 2, Codes: []job.ItemCodeCount{{Code: job.ItemRejected, Count: 2}}}, got.Tally)
	failed := p.items(t, "j")[2]
	require.Equal(t, job.ItemRejected, failed.Code)
	require.Contains(t, failed.Message, "O-2")
	require.Equal(t, 1, failed.Attempts, "what is refused for good is not tried again")
	require.Equal(t, http.StatusUnprocessableEntity, failed.Tries[0].Status)
}

// One item that breaks the partner fails after its attempts; the others are none the worse.
func TestPoisonedItem(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 10, behave: poison("O-3"), kind: func(k *dataset.Sync) { k.MaxAttempts = 2 }})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.EqualValues(t, 18, got.Tally.Succeeded)
	require.Equal(t, []job.ItemCodeCount{{Code: job.ItemUnavailable, Count: 2}}, got.Tally.Codes)
	require.Zero(t, got.Left)
}

// An outage uses up no attempts: the items are left for when it is over.
func TestPartnerIsOut(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 10})
	p.begin(t, "j", contract.SyncInput{})
	require.NoError(t, p.partner.Down())
	got := p.send(t, "j", 0)
	require.Equal(t, job.WaitOutage, got.Wait.Why)
	require.Equal(t, 20, got.Left)
	require.Zero(t, got.Tally.Items())
	for _, item := range p.items(t, "j") {
		require.Empty(t, item.Outcome)
		require.False(t, item.Sent, "a connection that was refused leaves no doubt")
		for _, try := range item.Tries {
			require.True(t, try.Held)
		}
	}
	require.NoError(t, p.partner.Up())
	require.Eventually(t, func() bool { // the breaker lets a probe through some seconds later
		probe, err := do(p.bench, contract.SendStretch, contract.StretchRef{JobID: "j", Probe: true})
		require.NoError(t, err)
		return probe.Wait == nil
	}, 30*time.Second, 100*time.Millisecond)
	require.Equal(t, job.SyncTally{Succeeded: 20}, p.send(t, "j", 0).Tally)
	require.Zero(t, p.partner.Seen().Duplicates)
}

func TestPartnerDeniesAccess(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 40, behave: fake.Behaviour{UnauthorisedAfter: 20}})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.Equal(t, job.ReasonAuth, got.Stop)
	require.Contains(t, got.Message, "marketplace")
	require.EqualValues(t, 20, got.Tally.Succeeded)
	require.Equal(t, 60, got.Left, "they are not burnt")
	closed, err := do(p.bench, contract.CloseItems, contract.CloseRequest{JobID: "j", Code: job.ItemUnauthorised})
	require.NoError(t, err)
	require.Equal(t, job.SyncTally{Succeeded: 20, Unprocessed: 60, Codes: []job.ItemCodeCount{{Code: job.ItemUnauthorised, Count: 60}}}, closed.Tally)
}

func TestPartnerLeadsAstray(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{behave: fake.Behaviour{Odd: fake.OddRedirect, RedirectTo: "http://169.254.169.254/latest?secret=1"}})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.Equal(t, job.ReasonDownstream, got.Stop)
	require.Contains(t, got.Message, "169.254.169.254")
	require.NotContains(t, got.Message, "secret")
	require.Equal(t, 2, got.Left)
}

func TestPartnerAsksForPatience(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]struct {
		behave fake.Behaviour
		limits pace.Limits
		why    job.WaitWhy
	}{
		"its rate":  {behave: fake.Behaviour{Rate: fake.Rate{Count: 10, Per: time.Hour}}, why: job.WaitCooling},
		"our quota": {limits: pace.Limits{DailyQuota: 10}, why: job.WaitQuota},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t, setting{orders: 20, behave: limit.behave, limits: limit.limits})
			p.begin(t, "j", contract.SyncInput{})
			got := p.send(t, "j", 0)
			require.Equal(t, limit.why, got.Wait.Why)
			require.True(t, got.Wait.Until.After(time.Now()))
			require.EqualValues(t, 10, got.Tally.Succeeded)
			require.Equal(t, 30, got.Left)
			require.Zero(t, got.Tally.Failed, "too many calls use up no attempt")
		})
	}
}

// What may have taken effect at a partner without keys is not sent again.
func TestPartnerWithoutKeys(t *testing.T) {
	t.Parallel()
	drops := fake.Behaviour{Seed: 3, DropShare: 0.3}
	p := newPost(t, setting{orders: 15, keyless: true, behave: drops})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.EqualValues(t, 30, got.Tally.Items())
	require.Positive(t, got.Tally.Failed)
	require.Equal(t, []job.ItemCodeCount{{Code: job.ItemUnknown, Count: got.Tally.Failed}}, got.Tally.Codes)
	require.EqualValues(t, 30, p.partner.Seen().Calls)

	// With a look-up it is found out.
	p = newPost(t, setting{orders: 15, keyless: true, behave: drops, calls: map[string]func(*dataset.Call) error{
		"dispatch-shipments": func(c *dataset.Call) error {
			c.LookUp = &dataset.Call{Method: http.MethodGet, Path: "/dispatches/by-line/{order_number}/{line_number}", RemoteID: "/id", Safe: true}
			return nil
		},
	}})
	p.begin(t, "j", contract.SyncInput{})
	require.Equal(t, job.SyncTally{Succeeded: 30}, p.send(t, "j", 0).Tally)
	require.Zero(t, p.partner.Seen().Duplicates)
	for _, item := range p.items(t, "j") {
		require.NotEmpty(t, item.RemoteID)
	}
}

func TestSeveralItemsACall(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 12, behave: fake.Behaviour{Seed: 5, DropShare: 0.3, Refuse: []string{"O-5"}}, kind: func(k *dataset.Sync) {
		if k.Name == "dispatch-shipments" {
			k.InOrder = ""
			k.Call.Path, k.Call.PerCall, k.Call.List, k.Call.Results, k.Call.Error = "/dispatches/bulk", 5, "dispatches", "/results", "/error"
		}
	}})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.EqualValues(t, 22, got.Tally.Succeeded)
	require.EqualValues(t, 2, got.Tally.Failed)
	require.Zero(t, p.partner.Seen().Duplicates)
	require.Less(t, p.partner.Seen().Calls, int64(20))
}

// A stretch that is called back lets what is on its way end, and leaves no doubt about the rest.
func TestStretchCalledBack(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 30, behave: fake.Behaviour{Latency: 50 * time.Millisecond}, limits: pace.Limits{MaxInFlight: 4}})
	p.begin(t, "j", contract.SyncInput{})
	ctx, callBack := context.WithCancel(t.Context())
	p.furnish(t, ctx)
	watch := make(chan struct{})
	go func() {
		defer close(watch)
		assert.Eventually(t, func() bool { return p.partner.Seen().Calls >= 10 }, time.Minute, time.Millisecond)
		callBack()
	}()
	got := p.send(t, "j", 0)
	<-watch
	require.Positive(t, got.Left)
	require.EqualValues(t, 60-got.Left, got.Tally.Succeeded)
	require.Equal(t, got.Tally.Succeeded, p.partner.Seen().Effects)
	for _, item := range p.items(t, "j") {
		require.Equal(t, item.Outcome == job.ItemSucceeded, item.Attempts == 1, item.Key)
		require.False(t, item.Outcome == "" && item.Sent, "%s is in doubt", item.Key)
	}
	p.furnish(t, t.Context())
	require.Equal(t, job.SyncTally{Succeeded: 60}, p.send(t, "j", 0).Tally)
	require.Zero(t, p.partner.Seen().Duplicates)
}

// A stretch tells its workflow from time to time how far it is.
func TestStretchComesBack(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 30, behave: fake.Behaviour{Latency: 20 * time.Millisecond}, limits: pace.Limits{MaxInFlight: 2}})
	p.sync.ComeBack = 100 * time.Millisecond
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.Positive(t, got.Left)
	require.Nil(t, got.Wait)
	require.Empty(t, got.Stop)
}

func TestAnswerThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 3, kind: func(k *dataset.Sync) {
		if k.Name == "dispatch-shipments" {
			k.Save = append(k.Save, "INSERT INTO products (seller_id, sku, barcode, name, option_name, price, created_at, updated_at) SELECT :seller_id, 'A-1', '', '', '', '0', :now, :now WHERE :order_number = 'O-2'")
		}
	}})
	p.begin(t, "j", contract.SyncInput{})
	got := p.send(t, "j", 0)
	require.EqualValues(t, 4, got.Tally.Succeeded)
	require.Equal(t, []job.ItemCodeCount{{Code: job.ItemNotSaved, Count: 2}}, got.Tally.Codes)
	require.NotEmpty(t, p.items(t, "j")[2].RemoteID, "what the partner did is known all the same")
	require.Equal(t, 4, p.told(t))
}

// Items that failed are tried again by a job of their own: those that were refused under a new key, those in doubt under
// the old one.
func TestRetryItems(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 6, behave: fake.Behaviour{Refuse: []string{"O-2"}}})
	p.begin(t, "j", contract.SyncInput{})
	p.send(t, "j", 0)
	before := p.items(t, "j")
	require.NoError(t, p.store.RecordStatus(t.Context(), "j", "j", job.Status{State: job.PartiallySucceeded, Reason: job.ReasonItems, UpdatedAt: time.Now()}))
	require.NoError(t, p.partner.Behave(fake.Behaviour{}))
	plan := p.begin(t, "again", contract.SyncInput{Retry: &contract.SyncRetry{JobID: "j", Outcome: job.ItemFailed}})
	require.EqualValues(t, 2, plan.Items)
	require.Equal(t, job.SyncTally{Succeeded: 2}, p.send(t, "again", 0).Tally)
	after := p.items(t, "again")
	require.Equal(t, before[2].Key, after[0].Key)
	require.NotEqual(t, before[2].IdempotencyKey, after[0].IdempotencyKey)
	require.Equal(t, 2, after[0].Attempts)
	require.Equal(t, "j", after[0].Tries[0].JobID, "the attempts of the earlier job are listed")
	require.Empty(t, after[0].Tries[1].JobID)
	require.EqualValues(t, 12, p.partner.Seen().Effects)
}

func TestReportSyncTwice(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 5, behave: fake.Behaviour{Refuse: []string{"O-4"}}})
	p.begin(t, "j", contract.SyncInput{})
	p.send(t, "j", 0)
	in := contract.SyncReport{JobID: "j", Kind: "dispatch-shipments", Tenant: "acme", Locale: "en"}
	first, err := do(p.bench, contract.ReportSync, in)
	require.NoError(t, err)
	second, err := do(p.bench, contract.ReportSync, in)
	require.NoError(t, err)
	require.Equal(t, first.File.SHA256, second.File.SHA256)
	require.EqualValues(t, 10, first.File.Rows)
	rows := p.rows(t, *first.File)
	require.Len(t, rows, 11)
	for i, row := range rows[1:] {
		require.Equal(t, fmt.Sprint(i+1), row[0], "in the order given")
		require.Equal(t, fmt.Sprintf("O-%d", i/2+1), row[1])
	}
	require.Contains(t, rows[7], "rejected")
	_, err = do(p.bench, contract.CleanUpSync, contract.JobRef{JobID: "j"})
	require.NoError(t, err)
	require.Empty(t, p.left(t))
}

func TestNumberItemsOfAnUpload(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{})
	d := desk{bench: p.bench, clock: time.Now().UTC()}
	sent := d.send(t, "dispatch-shipments", "dispatches.csv", []byte(
		"Order number,Line,Carrier,Tracking number\nX-1,1,CJ,0012345\nX-1,2,CJ,0012345\nX-2,one,CJ,0012346\nX-1,1,CJ,0012345\nX-3,1,,0012347\n"))
	plan := p.begin(t, "j", contract.SyncInput{Upload: sent.ID})
	require.EqualValues(t, 5, plan.Items)
	require.Equal(t, "dispatches.csv", plan.Upload)
	require.Equal(t, []job.ItemCodeCount{{Code: job.ItemInvalid, Count: 3}}, plan.Tally.Codes, "not a number, there twice, and without a carrier")
	require.EqualValues(t, 2, p.send(t, "j", 0).Tally.Succeeded)
	items := p.items(t, "j")
	require.Equal(t, 4, items[2].Row)
	require.Equal(t, job.RowNotANumber, items[2].Errors[0].Code)
	require.Equal(t, job.RowDuplicate, items[3].Errors[0].Code)
	require.Equal(t, job.RowRequired, items[4].Errors[0].Code)
}

func TestPartnerThatIsNotConfigured(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{})
	in := contract.SyncInput{Kind: "carrier-tracking", Tenant: "acme"}
	_, err := do(p.bench, contract.RegisterJob, contract.Registration{
		JobID: "j", Type: job.TypeSync, Kind: in.Kind, Tenant: in.Tenant, WorkflowID: "w", RunID: "j", Started: time.Now(), Sync: &in,
	})
	require.ErrorContains(t, err, "LONGHAUL_PARTNER_CARRIER_URL")
}

// An item that may have taken effect keeps its key in a job that knows nothing of the one before, as a schedule starts it.
func TestDoubtOutlastsItsJob(t *testing.T) {
	t.Parallel()
	p := newPost(t, setting{orders: 4})
	p.begin(t, "j", contract.SyncInput{})
	items := p.items(t, "j")
	require.NoError(t, p.store.MarkSent(t.Context(), []store.SyncRef{{JobID: "j", Position: 3}}, time.Now())) // and then the worker dies
	_, err := do(p.bench, contract.CloseItems, contract.CloseRequest{JobID: "j", Code: job.ItemStopped})
	require.NoError(t, err)
	require.Equal(t, job.ItemUnknown, p.items(t, "j")[2].Code)

	p.begin(t, "next", contract.SyncInput{})
	next := p.items(t, "next")
	require.Len(t, next, 8)
	for i, item := range next {
		require.Equal(t, i == 2, item.IdempotencyKey == items[i].IdempotencyKey, item.Key)
		require.Equal(t, i == 2, item.Sent)
	}

	// What has changed since is another thing to send.
	require.NoError(t, p.store.DB(t.Context()).Exec("UPDATE shipments SET tracking_number = '7' WHERE id = 2").Error)
	p.begin(t, "changed", contract.SyncInput{})
	require.NotEqual(t, items[2].IdempotencyKey, p.items(t, "changed")[2].IdempotencyKey)
}
