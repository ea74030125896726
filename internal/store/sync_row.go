package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// RegisterSync notes that a job sends items. Of a job that is there already, the counts, the numbering and the time
// of creation stay.
func (s *Store) RegisterSync(ctx context.Context, r SyncRow) error {
	what := "register sync " + r.JobID
	if r.CreatedAt.IsZero() {
		return fail(what, errors.New("its time of creation is missing"))
	}
	text := "INSERT INTO syncs (job_id, tenant, kind, partner, retry_of, upload_id, created_at," +
		" items, stretches, numbered, succeeded, failed, unprocessed, codes, pruned_at, emptied)" +
		" VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, FALSE, 0, 0, 0, '[]', NULL, FALSE)" +
		s.engine.upsert([]string{"job_id"}, []string{"tenant", "kind", "partner", "retry_of", "upload_id"})
	return fail(what, retryDeadlock(func() error {
		return s.session(nil).exec(ctx, text, r.JobID, r.Tenant, r.Kind, r.Partner, r.RetryOf, r.UploadID, instant(r.CreatedAt))
	}))
}

// Sync reads what is known of a job's sync; it fails with job.CodeNotFound.
func (s *Store) Sync(ctx context.Context, jobID string) (SyncRow, error) {
	rows, err := s.syncRows(ctx, s.session(nil), "job_id = ?", jobID)
	if err != nil {
		return SyncRow{}, fail("read sync", err)
	}
	if len(rows) == 0 {
		return SyncRow{}, noSync(jobID)
	}
	return rows[0], nil
}

// SyncTallies reads the tallies of several jobs at once; those that are no syncs are missing from the result.
func (s *Store) SyncTallies(ctx context.Context, jobIDs []string) (map[string]job.SyncTally, error) {
	rows, err := s.syncsOf(ctx, jobIDs)
	tallies := make(map[string]job.SyncTally, len(rows))
	for _, r := range rows {
		tallies[r.JobID] = r.Tally
	}
	return tallies, fail("read tallies of syncs", err)
}

func (s *Store) syncsOf(ctx context.Context, jobIDs []string) (all []SyncRow, err error) {
	for part := range slices.Chunk(jobIDs, keysPerRead) {
		list, args := listOf(part)
		rows, err := s.syncRows(ctx, s.session(nil), "job_id"+list, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// addTallies brings the syncs among jobs up to date about their items, whose outcomes run ahead of a job's records.
func (s *Store) addTallies(ctx context.Context, jobs []job.Job) error {
	var ids []string
	for _, j := range jobs {
		if j.Type == job.TypeSync {
			ids = append(ids, j.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.syncsOf(ctx, ids)
	if err != nil {
		return err
	}
	byID := make(map[string]SyncRow, len(rows))
	for _, r := range rows {
		byID[r.JobID] = r
	}
	for i := range jobs {
		r, ok := byID[jobs[i].ID]
		if !ok {
			continue
		}
		if jobs[i].Sync == nil {
			jobs[i].Sync = &job.Sync{Partner: r.Partner, RetryOf: r.RetryOf}
		}
		jobs[i].Sync.Tally = r.Tally
	}
	return nil
}

// lockSync reads a row and keeps others from changing it, and those who want it alone from reading it in this way, until
// the transaction ends. Nobody waits for each other, because locks are always taken in this order: the rows of syncs by
// job, then items by job and position. That outcomes of one job wait for the row, and so for what others of that job save
// along, costs little: their commits would wait for it anyway, and statements of one kind would meet in its tables.
func (q *session) lockSync(ctx context.Context, jobID string, exclusive bool) (SyncRow, error) {
	rows, err := q.s.syncRows(ctx, q, "job_id = ?"+q.s.engine.lock(exclusive), jobID)
	if err != nil {
		return SyncRow{}, err
	}
	if len(rows) == 0 {
		return SyncRow{}, noSync(jobID)
	}
	return rows[0], nil
}

func (s *Store) syncRows(ctx context.Context, q *session, where string, args ...any) (all []SyncRow, err error) {
	rows, err := q.query(ctx, "SELECT job_id, tenant, kind, partner, retry_of, upload_id, items, stretches, numbered,"+
		" succeeded, failed, unprocessed, codes, created_at, pruned_at FROM syncs WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r SyncRow
		var codes string
		var pruned sql.NullTime
		t := &r.Tally
		if err := rows.Scan(&r.JobID, &r.Tenant, &r.Kind, &r.Partner, &r.RetryOf, &r.UploadID, &r.Items, &r.Stretches, &r.Numbered,
			&t.Succeeded, &t.Failed, &t.Unprocessed, &codes, &r.CreatedAt, &pruned); err != nil {
			return nil, err
		}
		if pruned.Valid {
			r.PrunedAt = &pruned.Time
		}
		if err := json.Unmarshal([]byte(codes), &t.Codes); err != nil {
			return nil, fmt.Errorf("decode codes of sync %s: %w", r.JobID, err)
		}
		if len(t.Codes) == 0 {
			t.Codes = nil
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// writeTally writes a tally into a row that is locked.
func (q *session) writeTally(ctx context.Context, jobID string, t job.SyncTally) error {
	codes, err := listJSON(t.Codes)
	if err != nil {
		return err
	}
	return q.exec(ctx, "UPDATE syncs SET succeeded = ?, failed = ?, unprocessed = ?, codes = ? WHERE job_id = ?",
		t.Succeeded, t.Failed, t.Unprocessed, codes, jobID)
}

// listJSON writes a list, [] where it is nil.
func listJSON[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// listOf is a condition on values, at most [keysPerRead] and at least one, of one of few lengths: a value that comes
// again changes nothing.
func listOf[T any](values []T) (string, []any) {
	size := listSize(len(values))
	args := make([]any, size)
	for i := range args {
		args[i] = values[min(i, len(values)-1)]
	}
	return " IN (?" + strings.Repeat(",?", size-1) + ")", args
}

func noSync(jobID string) error {
	return job.Errorf(job.CodeNotFound, "job %q has sent nothing", jobID)
}
