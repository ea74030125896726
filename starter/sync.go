package starter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// StartSync starts a sync of the items that filters choose, of an upload, or of an earlier job (Retry). Errors are those of
// [Starter.StartExport] and [Starter.RetryItems]; CodeDuplicate where a sync of this kind runs for this tenant, whatever
// its items; CodeUnavailable also where the kind's partner is not configured.
func (s *Starter) StartSync(ctx context.Context, in contract.SyncInput, key string) (job.Job, bool, error) {
	checked, from, err := s.checkSync(ctx, in)
	if err != nil {
		return job.Job{}, false, err
	}
	if in.Upload != "" {
		s.remember(ctx, in.Tenant, in.Kind, in.Mapping)
	}
	return s.startKeyed(ctx, s.sync(checked, from), key)
}

// syncSource is where the items of a sync come from.
type syncSource struct {
	words  string // for operators
	sha256 string // of an upload
}

func (s *Starter) sync(in contract.SyncInput, from syncSource) execution {
	how := in
	how.RequestedBy = ""
	if how.Upload != "" {
		how.Upload = from.sha256 // the same items, sent again, are the same request
	}
	doc, err := json.Marshal(how)
	if err != nil {
		panic(fmt.Sprintf("marshal sync: %v", err)) // plain values only: cannot fail
	}
	return execution{
		typ: job.TypeSync, kind: in.Kind, tenant: in.Tenant, requestedBy: in.RequestedBy,
		workflowID: contract.SyncWorkflowID(in.Kind, in.Tenant),
		digest:     digest(string(doc)),
		summary:    fmt.Sprintf("sync %s for %s: %s", in.Kind, in.Tenant, from.words),
		running:    "a sync of this kind is already running for this tenant",
		request:    in,
		start: func(ctx context.Context, opts client.StartWorkflowOptions) (client.WorkflowRun, error) {
			return contract.Sync.Start(ctx, s.Temporal, opts, in)
		},
	}
}

// checkSync validates a request and returns it in canonical form, and where its items come from.
func (s *Starter) checkSync(ctx context.Context, in contract.SyncInput) (contract.SyncInput, syncSource, error) {
	kind, err := s.Kinds.Sync(in.Kind)
	if err != nil {
		return in, syncSource{}, err
	}
	if err := s.checkPartner(kind); err != nil {
		return in, syncSource{}, err
	}
	in.Carried = nil
	if in.Locale, err = checkLocale(in.Locale); err != nil {
		return in, syncSource{}, err
	}
	if err := oneSource(in); err != nil {
		return in, syncSource{}, err
	}
	seller, err := s.tenant(ctx, in.Tenant)
	if err != nil {
		return in, syncSource{}, err
	}
	switch {
	case in.Upload != "":
		sent, mapping, err := s.sent(ctx, kind.Rows(), in.Kind, in.Tenant, in.Upload, in.Mapping)
		in.Mapping = mapping
		return in, syncSource{"from " + sent.Name, sent.SHA256}, err
	case in.Retry != nil:
		again, err := s.checkRetry(ctx, in)
		in.Retry = &again
		return in, syncSource{words: "items of job " + again.JobID + " again"}, err
	}
	selection, err := kind.Select(in.Filters, seller.Zone)
	if err != nil {
		return in, syncSource{}, err
	}
	in.Filters = selection.Filters()
	return in, syncSource{words: "from the database"}, nil
}

// checkPartner requires that the partner is one that this process knows how to reach: otherwise the job would be
// started to fail.
func (s *Starter) checkPartner(kind dataset.Sync) error {
	if _, configured := s.PartnerSettings[kind.Partner]; configured {
		return nil
	}
	return job.Errorf(job.CodeUnavailable, "the partner %s is not configured: set %s", kind.Partner, partner.URLVariable(kind.Partner))
}

// oneSource refuses a request that says twice where its items come from.
func oneSource(in contract.SyncInput) error {
	switch {
	case in.Upload != "" && len(in.Filters) > 0:
		return job.Invalid(job.FieldError{Pointer: "/filters", Message: "items come from filters or from an upload, not from both"})
	case in.Retry != nil && (in.Upload != "" || len(in.Filters) > 0):
		return job.Invalid(job.FieldError{Pointer: "/retry", Message: "the items of another job are taken as they are, without filters or upload"})
	case in.Upload == "" && len(in.Mapping) > 0:
		return job.Invalid(job.FieldError{Pointer: "/mapping", Message: "only an upload has headers"})
	}
	return nil
}

func checkLocale(locale string) (string, error) {
	switch locale {
	case "":
		return dataset.LocaleKorean, nil
	case dataset.LocaleKorean, dataset.LocaleEnglish:
		return locale, nil
	}
	return "", job.Invalid(job.FieldError{Pointer: "/locale", Message: "known: ko, en"})
}

// RetryItems starts a job that sends items of an ended sync again: those that failed or were not processed, all of them
// or those that meet every condition of sel, whose JobID is not looked at.
//
// Errors are those of [Starter.StartSync]; CodeConflict while the job runs and where nothing meets the conditions; CodeGone
// where its items are no longer kept.
func (s *Starter) RetryItems(ctx context.Context, id string, sel contract.SyncRetry, requestedBy string) (job.Job, error) {
	j, err := s.job(ctx, id) // as it stands, so that an end that is not in the row yet counts
	if err != nil {
		return j, err
	}
	if j.Type != job.TypeSync {
		return j, job.Errorf(job.CodeConflict, "only a sync has items to retry")
	}
	var was contract.SyncInput // a request that cannot be read has no locale, no more
	_ = json.Unmarshal(j.Request, &was)
	sel.JobID = id
	again, _, err := s.StartSync(ctx, contract.SyncInput{
		Kind: j.Kind, Tenant: j.Tenant, Locale: was.Locale, RequestedBy: requestedBy, Retry: &sel,
	}, "")
	return again, err
}

// syncAgain retries a sync: what did not succeed of its items, or its request where it has not come to items.
func (s *Starter) syncAgain(ctx context.Context, j job.Job) (job.Job, error) {
	var in contract.SyncInput
	if err := json.Unmarshal(j.Request, &in); err != nil {
		return j, unknownRequest()
	}
	row, err := s.Store.Sync(ctx, j.ID)
	switch {
	case job.CodeOf(err) == job.CodeNotFound || err == nil && !row.Numbered:
		in, from, err := s.checkSync(ctx, in)
		if err != nil {
			return job.Job{}, err
		}
		return s.start(ctx, s.sync(in, from), "") // its mapping has guesses too: nothing to remember
	case err != nil:
		return j, known(err, "the database does not answer")
	}
	return s.RetryItems(ctx, j.ID, contract.SyncRetry{}, in.RequestedBy)
}

// checkRetry checks which items of which job are to be sent again.
func (s *Starter) checkRetry(ctx context.Context, in contract.SyncInput) (contract.SyncRetry, error) {
	again := *in.Retry
	if err := checkChoice(&again); err != nil {
		return again, err
	}
	j, err := s.job(ctx, again.JobID)
	switch {
	case job.CodeOf(err) == job.CodeNotFound || err == nil && (j.Type != job.TypeSync || j.Kind != in.Kind || j.Tenant != in.Tenant):
		return again, job.Invalid(job.FieldError{Pointer: "/retry/job", Message: "there is no such sync of this kind and tenant"})
	case err != nil:
		return again, err
	case !j.State.Ended():
		return again, job.Errorf(job.CodeConflict, "the job is %s; only one that has ended can be retried", j.State)
	}
	return again, s.somethingToRetry(ctx, again)
}

// errFound ends a look for the first item.
var errFound = errors.New("found")

func (s *Starter) somethingToRetry(ctx context.Context, r contract.SyncRetry) error {
	err := s.Store.RetryItems(ctx, r.JobID, store.SyncSelection{Outcome: r.Outcome, Codes: r.Codes, Positions: r.Positions},
		func(store.SyncItem) error { return errFound })
	switch {
	case errors.Is(err, errFound):
		return nil
	case err == nil || job.CodeOf(err) == job.CodeNotFound:
		return job.Errorf(job.CodeConflict, "there is nothing to retry")
	}
	return known(err, "the database does not answer")
}

// checkChoice checks the conditions of a retry and puts them into canonical form.
func checkChoice(r *contract.SyncRetry) error {
	var wrong []job.FieldError
	if !slices.Contains([]job.ItemOutcome{"", job.ItemFailed, job.ItemUnprocessed}, r.Outcome) {
		wrong = append(wrong, job.FieldError{Pointer: "/outcome", Message: "known: failed, unprocessed"})
	}
	for i, code := range r.Codes {
		if !slices.Contains(job.ItemCodes, code) {
			wrong = append(wrong, job.FieldError{Pointer: fmt.Sprintf("/codes/%d", i), Message: "there is no such code"})
			break // one is enough to tell
		}
	}
	if len(r.Positions) > contract.MaxRetryPositions {
		wrong = append(wrong, job.FieldError{Pointer: "/positions",
			Message: fmt.Sprintf("at most %d; choose by outcome or code", contract.MaxRetryPositions)})
	} else if i := slices.IndexFunc(r.Positions, func(p int64) bool { return p < 1 }); i >= 0 {
		wrong = append(wrong, job.FieldError{Pointer: fmt.Sprintf("/positions/%d", i), Message: "positions count from 1"})
	}
	if len(wrong) > 0 {
		return job.Invalid(wrong...)
	}
	r.Codes = slices.Compact(slices.Sorted(slices.Values(r.Codes)))
	r.Positions = slices.Compact(slices.Sorted(slices.Values(r.Positions)))
	return nil
}
