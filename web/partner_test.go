package web_test

import (
	"testing"
	"time"

	"github.com/longhaul/longhaul/job"
)

func TestPartnersAreShownAndChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := newTab(t, 1400, 900, "status of 422")
	b.look("light")
	b.open(s)
	b.click(`.views a[href="#/partners"]`)
	const at = `[data-partner=marketplace]`
	b.untilText(at, "seller-api.marketplace.example")
	b.untilText(at, "발송처리")
	b.untilText(at+" [data-fact=in-flight]", "7 / 10")
	b.untilText(`[data-partner=carrier] [data-fact=quota]`, "19,120 / 20,000")
	if !eval[bool](b, `document.activeElement.tagName === "H1"`) {
		t.Error("the focus does not follow to the partners")
	}
	value := func(field, want string) {
		t.Helper()
		b.until(`document.querySelector("#marketplace-` + field + `").value === "` + want + `"`)
	}
	value("max_in_flight", "10")
	value("rate", "600/1m")

	// Live, also while somebody types.
	b.run(`document.querySelector("#marketplace-max_in_flight").select()`)
	b.keys("#marketplace-max_in_flight", "25")
	s.movePartner("marketplace", func(p *job.Partner) {
		until := time.Now().Add(3 * time.Minute)
		p.Account.InFlight, p.Account.CoolingUntil = 2, &until
	})
	b.untilText(at+" [data-fact=in-flight]", "2 / 10")
	b.untilText(at+" [data-fact=cooling] .clock", "2:")
	value("max_in_flight", "25")
	b.picture("partner-cooling-1400-light-ko")

	// What is wrong is told beside its field, whether it is known here or there.
	b.choose("#marketplace-interval_ms", "-5")
	b.click(at + " [data-action=change]")
	b.untilText("#marketplace-interval_ms-hint", "0부터")
	b.choose("#marketplace-interval_ms", "62.5")
	b.choose("#marketplace-rate", "often")
	b.click(at + " [data-action=change]")
	b.untilText("#marketplace-rate-hint", "is no rate")
	b.choose("#marketplace-rate", "600/1m")
	b.click(at + " [data-action=change]")
	b.untilText(at+" .notice.good", "marketplace의 한도를 바꾸었습니다")
	b.untilText(at+" [data-fact=in-flight]", "2 / 25")
	b.untilText(at+" [data-fact=interval]", "62.5ms")
	b.untilText("#marketplace-max_in_flight-hint", "설정값 10")
	b.picture("partner-changed-1400-light-ko")
	p, err := s.Partner(t.Context(), "marketplace")
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Changed; c == nil || *c.MaxInFlight != 25 || *c.IntervalMillis != 62.5 || c.Rate != nil || c.DailyQuota != nil || c.TimeoutMillis != nil {
		t.Errorf("changed to %+v: what was left alone must not be sent", c)
	}

	b.click(at + " [data-action=reset]")
	b.untilText(at+" [data-fact=in-flight]", "2 / 10")
	value("max_in_flight", "10")
	b.until(`document.querySelector("` + at + ` [data-action=reset]").disabled && document.querySelector("` + at + ` [data-action=change]").disabled`)
	if p, err = s.Partner(t.Context(), "marketplace"); err != nil || p.Changed != nil {
		t.Errorf("after a reset %+v is changed (%v)", p.Changed, err)
	}
}
