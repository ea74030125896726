package starter

import (
	"context"

	"github.com/longhaul/longhaul/job"
)

// Items returns single rows of a bulk save, or items of a sync, with messages in the language of the query. It is CodeGone
// once they are no longer kept.
func (s *Starter) Items(ctx context.Context, id string, q job.ItemQuery) (job.ItemPage, error) {
	j, err := s.Store.Job(ctx, id)
	if err != nil {
		return job.ItemPage{}, known(err, "the database does not answer")
	}
	page, err := s.Store.Items(ctx, id, q)
	if err != nil {
		return page, known(err, "the database does not answer")
	}
	kind, err := s.Kinds.Rows(j.Kind)
	if err != nil {
		return page, nil //nolint:nilerr // a kind that is no more: codes without words
	}
	for _, item := range page.Items {
		for i := range item.Errors {
			item.Errors[i].Message = kind.Message(item.Errors[i], q.Locale)
		}
	}
	return page, nil
}
