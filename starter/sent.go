package starter

import (
	"context"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

// sent finds an upload whose rows are to be read as those of a kind. The mapping that comes back names every header, so
// that the job does not depend on what is remembered when it runs.
func (s *Starter) sent(ctx context.Context, rows dataset.Rows, kind, tenant, id string, given dataset.Mapping) (job.Upload, dataset.Mapping, error) {
	sent, err := s.Store.Upload(ctx, id)
	if job.CodeOf(err) == job.CodeNotFound || (err == nil && (sent.Tenant != tenant || sent.Kind != kind || !s.now().Before(sent.ExpiresAt))) {
		return sent, given, job.Invalid(job.FieldError{Pointer: "/upload", Message: "there is no such upload for this kind and tenant, or no longer"})
	}
	if err != nil {
		return sent, given, unavailable("the database does not answer", err)
	}
	remembered, err := s.Store.Mapping(ctx, tenant, kind)
	if err != nil {
		return sent, given, unavailable("the database does not answer", err)
	}
	match, err := rows.Match(headOf(sent), given, remembered)
	if err == nil {
		err = match.Err()
	}
	if err != nil {
		return sent, given, err
	}
	mapping := dataset.Mapping{}
	named := map[string]bool{"": true}
	for _, c := range match.Columns {
		if normal := dataset.NormalHeader(c.Header); !named[normal] { // of two that look the same the first is meant
			mapping[c.Header], named[normal] = c.Column, true
		}
	}
	return sent, mapping, nil
}

// headOf is the head of an upload as it was found when it came.
func headOf(u job.Upload) dataset.Head {
	h := dataset.Head{Row: u.HeaderRow}
	for _, c := range u.Columns {
		h.Headers = append(h.Headers, c.Header)
		h.Samples = append(h.Samples, c.Samples)
	}
	return h
}

// remember keeps what somebody has said about headers, for the next file. It is a convenience, so that its failure is none of the job's.
func (s *Starter) remember(ctx context.Context, tenant, kind string, given dataset.Mapping) {
	said := dataset.Mapping{}
	for header, column := range given {
		said[dataset.NormalHeader(header)] = column
	}
	if len(said) == 0 {
		return
	}
	if err := s.Store.RememberMapping(ctx, tenant, kind, said, s.now()); err != nil {
		s.log().Warn("remember mapping of headers", "kind", kind, "tenant", tenant, "error", err)
	}
}
