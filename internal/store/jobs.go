package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/longhaul/longhaul/job"
)

// Bounds of job.Query.PageSize.
const (
	defaultPageSize = 25
	maxPageSize     = 100
)

// Job reads a job as it was last recorded; it fails with job.CodeNotFound.
func (s *Store) Job(ctx context.Context, id string) (job.Job, error) {
	return s.job(ctx, noJob(id), func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", id) })
}

// JobByWorkflow reads the job of a workflow and one of its runs, be it the first or a later one; an empty
// runID means the workflow's newest job. It fails with job.CodeNotFound.
func (s *Store) JobByWorkflow(ctx context.Context, workflowID, runID string) (job.Job, error) {
	none := job.Errorf(job.CodeNotFound, "there is no job of workflow %q", workflowID)
	return s.job(ctx, none, func(db *gorm.DB) *gorm.DB {
		db = db.Where("workflow_id = ?", workflowID)
		if runID != "" {
			db = db.Where("id IN (SELECT job_id FROM job_runs WHERE run_id = ?)", runID)
		}
		return db.Order("created_at DESC, id DESC")
	})
}

func (s *Store) job(ctx context.Context, none error, where func(*gorm.DB) *gorm.DB) (job.Job, error) {
	var row jobRow
	err := where(s.gorm.WithContext(ctx)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return job.Job{}, none
	}
	var jobs []job.Job
	if err == nil {
		jobs, err = s.withArtifacts(ctx, []jobRow{row})
	}
	if err != nil {
		return job.Job{}, fail("read job", err)
	}
	return jobs[0], nil
}

// Jobs lists jobs, newest first, without their requests, each of which may be large. Jobs that are started
// meanwhile neither repeat nor hide others: a page goes on where the one before it ended. A page size or token
// that is not valid is job.CodeInvalid.
func (s *Store) Jobs(ctx context.Context, q job.Query) (job.Page, error) {
	size := q.PageSize
	if size == 0 {
		size = defaultPageSize
	}
	if size < 1 || size > maxPageSize {
		return job.Page{}, job.Invalid(job.FieldError{
			Pointer: "/page_size", Message: fmt.Sprintf("must be from 1 to %d", maxPageSize)})
	}
	db := s.gorm.WithContext(ctx).Omit("request")
	for _, filter := range []struct{ column, value string }{
		{"type", string(q.Type)}, {"kind", q.Kind}, {"state", string(q.State)}, {"tenant", q.Tenant},
	} {
		if filter.value != "" {
			db = db.Where(filter.column+" = ?", filter.value)
		}
	}
	if q.PageToken != "" {
		last, err := readToken(q)
		if err != nil {
			return job.Page{}, err
		}
		// MySQL finds its place in the index by the first condition only; (a, b) < (?, ?) it would scan for.
		db = db.Where("created_at <= ? AND (created_at < ? OR id < ?)", last.at(), last.at(), last.ID)
	}
	var rows []jobRow
	// One more than asked for tells whether there is a next page.
	if err := db.Order("created_at DESC, id DESC").Limit(size + 1).Find(&rows).Error; err != nil {
		return job.Page{}, fail("list jobs", err)
	}
	var page job.Page
	if len(rows) > size {
		rows = rows[:size]
		page.NextPageToken = writeToken(q, rows[size-1])
	}
	var err error
	page.Jobs, err = s.withArtifacts(ctx, rows)
	return page, fail("list jobs", err)
}

// RunningJobs lists jobs that have not ended and whose last record is older than updatedBefore, oldest record
// first, without requests and artifacts: housekeeping asks Temporal about them.
func (s *Store) RunningJobs(ctx context.Context, updatedBefore time.Time, limit int) ([]job.Job, error) {
	var running []job.State
	for _, state := range job.States {
		if !state.Ended() {
			running = append(running, state)
		}
	}
	var rows []jobRow
	err := s.gorm.WithContext(ctx).Omit("request").
		Where("state IN ? AND updated_at < ?", running, instant(updatedBefore)).
		Order("updated_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fail("list running jobs", err)
	}
	jobs := make([]job.Job, len(rows))
	for i, row := range rows {
		if jobs[i], err = row.job(); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// withArtifacts makes jobs of rows, reading all their files at once, and what has become of saves and syncs since.
func (s *Store) withArtifacts(ctx context.Context, rows []jobRow) ([]job.Job, error) {
	jobs := make([]job.Job, len(rows))
	index := make(map[string]int, len(rows))
	ids := make([]string, len(rows))
	for i, row := range rows {
		var err error
		if jobs[i], err = row.job(); err != nil {
			return nil, err
		}
		index[row.ID], ids[i] = i, row.ID
	}
	if len(ids) == 0 {
		return jobs, nil
	}
	var artifacts []artifactRow
	err := s.gorm.WithContext(ctx).Where("job_id IN ?", ids).Order("job_id, position, name").Find(&artifacts).Error
	if err != nil {
		return nil, err
	}
	for _, a := range artifacts {
		j := &jobs[index[a.JobID]]
		j.Artifacts = append(j.Artifacts, a.artifact())
	}
	if err := s.addUndo(ctx, jobs); err != nil {
		return nil, err
	}
	return jobs, s.addTallies(ctx, jobs)
}
