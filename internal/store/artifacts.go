package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/longhaul/longhaul/job"
)

// ArtifactRef names a job's file and where it lies.
type ArtifactRef struct {
	JobID string
	Name  string
	Key   string
}

// Artifact reads one file's particulars; it fails with job.CodeNotFound. A file that housekeeping has removed
// is found, with DeletedAt set.
func (s *Store) Artifact(ctx context.Context, jobID, name string) (job.Artifact, error) {
	var row artifactRow
	err := s.gorm.WithContext(ctx).Where("job_id = ? AND name = ?", jobID, name).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return job.Artifact{}, job.Errorf(job.CodeNotFound, "job %q has no file %q", jobID, name)
	}
	return row.artifact(), fail("read artifact", err)
}

// ExpiredArtifacts lists files whose time is over and that have not been removed, the longest overdue first.
// Files of a job that runs again are left alone: it may be writing under the same key.
func (s *Store) ExpiredArtifacts(ctx context.Context, at time.Time, limit int) ([]ArtifactRef, error) {
	var refs []ArtifactRef
	err := s.gorm.WithContext(ctx).Table("artifacts a").
		Select("a.job_id, a.name, a.blob_key AS `key`").
		Joins("JOIN jobs j ON j.id = a.job_id").
		Where("a.deleted_at IS NULL AND a.expires_at <= ? AND j.ended_at IS NOT NULL", instant(at)).
		Order("a.expires_at, a.job_id, a.name").Limit(limit).Find(&refs).Error
	return refs, fail("list expired artifacts", err)
}

// MarkArtifactDeleted notes that a file has been removed. It does nothing where the file has been made again
// meanwhile and its new time is not over.
func (s *Store) MarkArtifactDeleted(ctx context.Context, jobID, name string, at time.Time) error {
	at = instant(at)
	err := s.gorm.WithContext(ctx).Model(&artifactRow{}).
		Where("job_id = ? AND name = ? AND deleted_at IS NULL AND expires_at <= ?", jobID, name, at).
		Update("deleted_at", at).Error
	return fail("mark artifact as deleted", err)
}
