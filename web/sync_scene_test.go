package web_test

import (
	"fmt"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// putSync adds a sync as a test wants it.
func (d *desk) putSync(kind, tenant string, change func(*job.Job)) string {
	d.mu.Lock()
	j := d.add(job.TypeSync, kind, tenant, contract.SyncInput{
		Kind: kind, Tenant: tenant, Locale: "ko", Filters: job.Filters{"shipped_from": {"2026-11-01"}, "carrier": {"CJ대한통운", "한진택배"}},
	}, contract.SyncWorkflowID(kind, tenant))
	d.mu.Unlock()
	d.move(j.ID, change)
	return j.ID
}

// tally is one of succeeded, failed and unprocessed items, whose codes are those that [desk.fill] gives.
func tally(succeeded, failed, unprocessed int64) job.SyncTally {
	t := job.SyncTally{Succeeded: succeeded}
	if half := failed / 2; failed > 0 {
		t.Count(job.ItemFailed, job.ItemRejected, failed-half)
		if half > 0 {
			t.Count(job.ItemFailed, job.ItemTimedOut, half)
		}
	}
	if unprocessed > 0 {
		t.Count(job.ItemUnprocessed, job.ItemStopped, unprocessed)
	}
	return t
}

// fill gives a job the items of its tally, the failed ones first, then those not processed, and one that waits.
func (d *desk) fill(id string, t job.SyncTally) {
	at := start.Add(time.Hour)
	try := func(n int, status int, code job.ItemCode, message string) job.Try {
		return job.Try{At: at.Add(time.Duration(n) * 7 * time.Second), Millis: int64(181 + 3_000*n), Status: status, Code: code, Message: message}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	add := func(i job.Item) {
		i.Position = int64(len(d.items[id]) + 1)
		i.Key = fmt.Sprintf("20261118-%06d · %d", i.Position/3, i.Position%3+1)
		d.items[id] = append(d.items[id], i)
	}
	for i := range t.Failed {
		if i%2 == 0 {
			message := "tracking number 61234567890" + fmt.Sprint(i%10) + " is already used by another order of this seller"
			add(job.Item{Outcome: "failed", Code: job.ItemRejected, Message: message, Attempts: 1, Tries: []job.Try{try(0, 422, job.ItemRejected, message)}, SentAt: &at, DoneAt: &at})
			continue
		}
		add(job.Item{
			Outcome: "failed", Code: job.ItemTimedOut, Message: "no answer within 30s", Attempts: 5, SentAt: &at, DoneAt: &at,
			Tries: []job.Try{try(0, 503, job.ItemUnavailable, "upstream is busy"), try(1, 0, job.ItemTimedOut, "no answer within 30s"), try(2, 0, job.ItemTimedOut, "no answer within 30s")},
		})
	}
	for range t.Unprocessed {
		add(job.Item{Outcome: "unprocessed", Code: job.ItemStopped})
	}
	add(job.Item{})
	for i := range min(t.Succeeded, 60) {
		add(job.Item{Outcome: "succeeded", RemoteID: fmt.Sprintf("dsp_%08x", 0xa11ce+i*7919), Attempts: 1, Tries: []job.Try{try(0, 201, "", "")}, SentAt: &at, DoneAt: &at})
	}
}

// account is that of the marketplace while calls are made.
func account() *job.Account {
	return &job.Account{Partner: "marketplace", InFlight: 7, MaxInFlight: 10, Interval: 100, QuotaUsed: 88_310, Starts: 1_204_882}
}

// sending is a sync in the midst of its items.
func sending(t job.SyncTally, total int64) func(*job.Job) {
	return func(j *job.Job) {
		eta := time.Now().Add(12 * time.Minute)
		j.State = job.Running
		j.Progress = job.Progress{
			Phase: job.PhaseSending, RowsDone: t.Items(), RowsTotal: total, PagesDone: int(t.Items() / 200), PagesTotal: int((total + 199) / 200),
			Rate: 9.62, ETA: &eta,
		}
		j.Sync = &job.Sync{Partner: "marketplace", Tally: t, Account: account()}
	}
}

// held is a sync that waits for its partner, until so much later.
func held(why job.WaitWhy, left time.Duration, t job.SyncTally, total int64) func(*job.Job) {
	return func(j *job.Job) {
		sending(t, total)(j)
		since, until := time.Now().Add(-90*time.Second), time.Now().Add(left)
		a := j.Sync.Account
		a.InFlight = 0
		switch why {
		case job.WaitCooling:
			a.CoolingUntil, a.EasedUntil, a.Interval = &until, &until, 412.5
		case job.WaitQuota:
			a.QuotaUsed, a.DailyQuota, a.QuotaReset = 20_000, 20_000, &until
		case job.WaitOutage:
			a.OpenSince, a.ProbeAt = &since, &until
		}
		j.State, j.Progress.Rate, j.Progress.ETA = job.Waiting, 0, nil
		j.Sync.Wait = &job.Wait{Why: why, Until: until, Since: since}
	}
}

// sent is a sync that has ended, some of whose items did not succeed.
func sent(t job.SyncTally) func(*job.Job) {
	return func(j *job.Job) {
		sending(t, t.Items())(j)
		ended := j.CreatedAt.Add(19 * time.Minute)
		j.State, j.EndedAt = job.Succeeded, &ended
		if t.Failed+t.Unprocessed > 0 {
			j.State, j.Reason, j.Message = job.PartiallySucceeded, job.ReasonItems, "some items did not succeed"
		}
		j.Progress.Phase, j.Progress.ETA, j.Progress.Rate = job.PhaseDone, nil, 0
		sync := *j.Sync
		sync.Account = nil
		j.Sync = &sync
		j.Artifacts = []job.Artifact{{
			Name: "발송처리_acme_결과.xlsx", Key: "artifacts/" + j.ID, ContentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			Size: 118_204, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Rows: t.Items(), Sheets: 1,
			CreatedAt: ended, ExpiresAt: later,
		}}
	}
}
