package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/internal/config"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/partner/fake"
)

// readPartners reads what is configured. What is not, a stack on this machine may have.
func (p *parts) readPartners(stack map[string]string) error {
	all, err := config.Partners(os.Environ(), p.config.PartnersFile)
	if err != nil {
		return fmt.Errorf("configure partners: %w", err)
	}
	p.partners = map[string]config.Partner{}
	for _, each := range all {
		p.partners[each.Name] = each
	}
	for name, url := range stack {
		p.standIn(name, url)
	}
	return nil
}

// standIn has a partner that is not configured called at a URL on this machine.
func (p *parts) standIn(name, url string) {
	if _, configured := p.partners[name]; !configured {
		p.partners[name] = config.Partner{Settings: partner.Settings{Name: name, URL: url, AllowPrivate: true}}
	}
}

// settings are those of all partners, for who starts jobs.
func (p *parts) settings() map[string]partner.Settings {
	all := map[string]partner.Settings{}
	for name, each := range p.partners {
		all[name] = each.Settings
	}
	return all
}

// callers are what a worker calls partners with.
func (p *parts) callers() (activities.Partners, error) {
	all := activities.Partners{}
	for name, each := range p.partners {
		gate := pace.NewGate(pace.Options{Account: name, Limits: each.Limits, Book: p.store})
		client, err := partner.New(each.Settings, partner.Options{Version: p.version, Timeout: func() time.Duration {
			if changed := gate.Change().Timeout; changed != nil {
				return *changed
			}
			return 0
		}})
		if err != nil {
			gate.Close()
			all.Close()
			return nil, fmt.Errorf("configure partner %s: %w", name, err)
		}
		all[name] = &activities.Partner{Client: client, Gate: gate, Keyed: each.Keyed(), Calls: each.Calls}
	}
	return all, nil
}

// partnerNames are the partners that are configured.
func (p *parts) partnerNames() []string { return slices.Sorted(maps.Keys(p.partners)) }

// sampleBehaviour is a partner as one meets them: it takes its time, loses an answer now and then, and refuses a few.
var sampleBehaviour = fake.Behaviour{
	Seed: 1, Latency: 60 * time.Millisecond, LatencyMax: 180 * time.Millisecond, ErrorShare: 0.01, DropShare: 0.01, RefuseShare: 0.01,
}

// standInPartners runs a made-up partner on this machine for those that the kinds call and nobody has configured.
func (p *parts) standInPartners(s *invocation) (stop func(), urls map[string]string, err error) {
	urls = map[string]string{}
	for _, kind := range p.kinds.Syncs() {
		if _, configured := p.partners[kind.Partner]; !configured {
			urls[kind.Partner] = ""
		}
	}
	if len(urls) == 0 {
		return func() {}, urls, nil
	}
	running, err := fake.Listen(s, "127.0.0.1:0", fake.Options{Behaviour: sampleBehaviour, Logger: p.log})
	if err != nil {
		return nil, nil, fmt.Errorf("run a made-up partner: %w", err)
	}
	for name := range urls {
		urls[name] = running.URL
		p.standIn(name, running.URL)
	}
	return func() { _ = running.Close() }, urls, nil
}
