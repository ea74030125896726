package starter

import (
	"context"

	"github.com/longhaul/longhaul/job"
)

// withAccount adds how the partner's account stands to a sync that runs. Should the database not tell, it is left out.
func (s *Starter) withAccount(ctx context.Context, j job.Job) job.Job {
	if j.Type != job.TypeSync || j.State.Ended() || j.Sync == nil || j.Sync.Partner == "" {
		return j
	}
	account, _, err := s.account(ctx, j.Sync.Partner)
	if err != nil {
		s.log().Warn("read account of a partner", "partner", j.Sync.Partner, "error", err)
		return j
	}
	shown := *j.Sync
	shown.Account = &account
	j.Sync = &shown
	return j
}

// counted brings the status of a sync up to date about its items: its execution knows of those of a stretch only when
// that ends, the database, whose word is row, of every one.
func counted(status job.Status, row *job.Sync) job.Status {
	if row == nil || status.State.Ended() {
		return status
	}
	shown := job.Sync{Partner: row.Partner, RetryOf: row.RetryOf}
	if status.Sync != nil {
		shown = *status.Sync // a copy: answers of executions are shared by those who ask at the same time
	}
	if shown.Partner == "" {
		shown.Partner = row.Partner
	}
	if row.Tally.Items() > shown.Tally.Items() {
		shown.Tally = row.Tally
	}
	status.Sync = &shown
	status.Progress.RowsDone = max(status.Progress.RowsDone, shown.Tally.Items())
	return status
}
