package starter

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// Partners lists the outside systems that are configured or that a kind names, by name.
func (s *Starter) Partners(ctx context.Context) ([]job.Partner, error) {
	kinds := s.partnerKinds()
	list := make([]job.Partner, 0, len(kinds))
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		p, err := s.partner(ctx, name, kinds[name])
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Partner returns one of [Starter.Partners]. It is CodeNotFound where there is none of that name.
func (s *Starter) Partner(ctx context.Context, name string) (job.Partner, error) {
	kinds, ok := s.partnerKinds()[name]
	if !ok {
		return job.Partner{}, job.Errorf(job.CodeNotFound, "there is no partner %q", name)
	}
	return s.partner(ctx, name, kinds)
}

// ChangePartner changes the limits of a partner's account for all processes, and for jobs that run, within seconds. The
// change is kept until it is changed again; reset forgets earlier ones first. Errors are CodeInvalid with the fields that
// are wrong, CodeNotFound, and CodeUnavailable when the database does not answer.
func (s *Starter) ChangePartner(ctx context.Context, name string, limits job.PartnerLimits, reset bool) (job.Partner, error) {
	if _, ok := s.partnerKinds()[name]; !ok {
		return job.Partner{}, job.Errorf(job.CodeNotFound, "there is no partner %q", name)
	}
	change, err := readLimits(limits)
	if err != nil {
		return job.Partner{}, err
	}
	err = s.Store.ChangeAccount(ctx, name, func(c *pace.Change) error {
		if reset {
			*c = pace.Change{}
		}
		amend(c, change)
		return nil
	})
	if err != nil {
		return job.Partner{}, known(err, "the database does not answer")
	}
	if doc, err := json.Marshal(limits); err == nil {
		s.log().Info("changed limits of a partner", "partner", name, "reset", reset, "limits", string(doc))
	}
	s.lookAgain(ctx, name)
	return s.Partner(ctx, name)
}

// lookAgain tells the syncs that wait for a partner that its limits have been changed. One that is not reached goes on when
// its wait is over.
func (s *Starter) lookAgain(ctx context.Context, partner string) {
	page, err := s.Store.Jobs(ctx, job.Query{Type: job.TypeSync, State: job.Waiting, PageSize: 100})
	if err != nil {
		s.log().Warn("list syncs that wait", "partner", partner, "error", err)
		return
	}
	for _, j := range page.Jobs {
		if kind, err := s.Kinds.Sync(j.Kind); err != nil || kind.Partner != partner {
			continue
		}
		if err := contract.LookAgain.Send(ctx, s.Temporal, j.WorkflowID, ""); err != nil && !notFound(err) {
			s.log().Warn("tell a sync that limits have been changed", "job", j.ID, "error", err)
		}
	}
}

// partnerKinds are the syncs by partner.
func (s *Starter) partnerKinds() map[string][]string {
	kinds := map[string][]string{}
	for name := range s.PartnerSettings {
		kinds[name] = []string{}
	}
	for _, k := range s.Kinds.Syncs() {
		kinds[k.Partner] = append(kinds[k.Partner], k.Name)
	}
	return kinds
}

func (s *Starter) partner(ctx context.Context, name string, kinds []string) (job.Partner, error) {
	settings := s.PartnerSettings[name]
	account, changed, err := s.account(ctx, name)
	if err != nil {
		return job.Partner{}, known(err, "the database does not answer")
	}
	return job.Partner{
		Name: name, Host: settings.Host(), Kinds: kinds,
		Configured: shownLimits(settings), Changed: changed, Account: account,
	}, nil
}

// account tells how a partner's account stands, and what was changed of its limits.
func (s *Starter) account(ctx context.Context, name string) (job.Account, *job.PartnerLimits, error) {
	state, change, now, err := s.Store.Account(ctx, name)
	if err != nil {
		return job.Account{}, nil, err
	}
	return state.Account(now, name, s.PartnerSettings[name].Limits.With(change)), shownChange(change), nil
}
