package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/longhaul/longhaul/job"
)

func TestSyncsFitAndCanBeRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	all := tally(5_912, 77, 11)
	going := s.putSync("dispatch-shipments", "acme", sending(tally(41_204, 318, 0), 120_000))
	s.fill(going, tally(60, 40, 0))
	done := s.putSync("dispatch-shipments", "hanbit", sent(all))
	s.fill(done, all)
	cooling := s.putSync("carrier-tracking", "long-name-fulfillment-center", held(job.WaitCooling, 4*time.Minute, tally(300, 4, 0), 12_000))
	outage := s.putSync("carrier-tracking", "hanbit", held(job.WaitOutage, 40*time.Second, tally(300, 0, 0), 12_000))
	denied := s.putSync("carrier-tracking", "acme", func(j *job.Job) {
		var none job.SyncTally
		none.Count(job.ItemUnprocessed, job.ItemUnauthorised, 900)
		sent(none)(j)
		j.State, j.Reason, j.Message = job.Failed, job.ReasonAuth, "carrier answered 401"
	})
	s.fill(denied, tally(0, 0, 9))
	schedulesOf(s)
	s.movePartner("marketplace", func(p *job.Partner) {
		since, probe := time.Now().Add(-7*time.Minute), time.Now().Add(25*time.Second)
		p.Account.OpenSince, p.Account.ProbeAt = &since, &probe
		p.Changed = &job.PartnerLimits{MaxInFlight: new(25), IntervalMillis: new(62.5)}
	})
	hero := func(id string) string {
		return fmt.Sprintf(`document.querySelector('.hero[data-job="%s"]') && document.querySelectorAll(".facts-card").length === 3`, id)
	}
	items := ` && document.querySelectorAll(".sync-items tbody tr[data-position]").length > 5`
	fits(t, s, "sync", []scene{
		{"syncs", "#/", `document.querySelectorAll("tr[data-job]").length === 5 && document.querySelector("#new-sync .filters")`},
		{"sending", "#/jobs/" + going, hero(going) + items},
		{"sent", "#/jobs/" + done, hero(done) + items},
		{"cooling", "#/jobs/" + cooling, hero(cooling) + ` && document.querySelector("#wait")`},
		{"outage", "#/jobs/" + outage, hero(outage) + ` && document.querySelector("#wait")`},
		{"denied", "#/jobs/" + denied, hero(denied)},
		{"partners", "#/partners", `document.querySelectorAll("[data-partner]").length === 2`},
		{"schedules", "#/schedules", `document.querySelectorAll("[data-schedule]").length === 3 && document.querySelector(".recent a")`},
		{"new-schedule", "#/schedules/new", `document.querySelector("#make-schedule") && !document.querySelector("#make-schedule").disabled`},
	})
}
