package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/longhaul/longhaul/job"
)

// InsertJob makes the row of a job that has just been started, as queued, so that it can be read before a worker has
// taken it up. Where the workflow was faster and has registered the job itself, its row stays.
func (s *Store) InsertJob(ctx context.Context, j job.Job) error {
	j.State = job.Queued
	return s.inTransaction(ctx, "insert job "+j.ID, func(tx *gorm.DB) error {
		_, err := insertJob(tx, j)
		return err
	})
}

// RegisterJob makes the row of a job whose workflow has begun, as running unless j says otherwise. A row that is there already becomes the given
// one when it was queued, or when the run is one that the row does not know yet: then an operator has reset
// the execution, and the job is running again, without an end. Time of creation and files stay. Otherwise the
// activity is being retried, and nothing happens.
func (s *Store) RegisterJob(ctx context.Context, j job.Job) error {
	if j.State == "" {
		j.State = job.Running
	}
	return s.inTransaction(ctx, "register job "+j.ID, func(tx *gorm.DB) error {
		inserted, err := insertJob(tx, j)
		if err != nil || inserted {
			return err
		}
		row, err := lockJob(tx, j.ID)
		if err != nil {
			return err
		}
		fresh, err := newJobRow(j)
		if err != nil {
			return err
		}
		if fresh.RunID == row.RunID {
			if row.State != job.Queued {
				return nil
			}
		} else if isNew, err := noteRun(tx, row, fresh.RunID); err != nil || !isNew {
			return err
		}
		fresh.CreatedAt = row.CreatedAt
		return tx.Select("*").Updates(&fresh).Error
	})
}

// RecordStatus writes a status of a run into the job's row, and its files with it. Records may come late, twice
// or out of order; what counts is decided here:
//
//   - a record of a run that another run has followed is ignored;
//   - the end of a run is final: later records of the same run are ignored, and nothing that was recorded
//     before can keep the end out;
//   - otherwise a record older than the row, by UpdatedAt, is ignored;
//   - a run that the row does not know follows the ones before it: after continue-as-new, or after a reset
//     to a point behind the registration, which takes the end back.
//
// A job without a row is job.CodeNotFound.
func (s *Store) RecordStatus(ctx context.Context, jobID, runID string, st job.Status) error {
	return s.inTransaction(ctx, "record status of job "+jobID, func(tx *gorm.DB) error {
		row, err := lockJob(tx, jobID)
		if err != nil {
			return err
		}
		takes, err := row.takes(tx, runID, st)
		if err != nil || !takes {
			return err
		}
		row.RunID = runID
		if err := row.setStatus(st); err != nil {
			return err
		}
		if err := tx.Select("*").Updates(&row).Error; err != nil {
			return err
		}
		return saveArtifacts(tx, jobID, st.Artifacts)
	})
}

// takes tells whether a record counts, by the rules of RecordStatus.
func (r jobRow) takes(tx *gorm.DB, runID string, st job.Status) (bool, error) {
	older := instant(st.UpdatedAt).Before(r.UpdatedAt)
	if r.RunID == runID {
		if r.State.Ended() {
			return false, nil
		}
		return !older || st.State.Ended() || r.State == job.Queued, nil
	}
	if older {
		return false, nil
	}
	return noteRun(tx, r, runID)
}

// insertJob inserts the row and its first run unless the row is there. It inserts before it looks: MySQL locks
// the gap where a row is looked for in vain, and two that wait for each other's gap are a deadlock.
func insertJob(tx *gorm.DB, j job.Job) (inserted bool, err error) {
	row, err := newJobRow(j)
	if err != nil {
		return false, err
	}
	result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if result.Error != nil || result.RowsAffected == 0 {
		return false, result.Error
	}
	_, err = insertRun(tx, row.ID, row.RunID)
	return true, err
}

// noteRun remembers a run and tells whether it is a new one. The first run bears the job's ID, so it is
// always known.
func noteRun(tx *gorm.DB, row jobRow, runID string) (isNew bool, err error) {
	if runID == row.ID {
		return false, nil
	}
	return insertRun(tx, row.ID, runID)
}

func insertRun(tx *gorm.DB, jobID, runID string) (inserted bool, err error) {
	run := jobRun{JobID: jobID, RunID: runID, SeenAt: now()}
	result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&run)
	return result.RowsAffected > 0, result.Error
}

// lockJob reads a row and keeps others from changing it until the transaction ends. (On SQLite the whole
// transaction does that.)
func lockJob(tx *gorm.DB, id string) (jobRow, error) {
	var row jobRow
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return jobRow{}, noJob(id)
	}
	return row, err
}

// saveArtifacts writes a job's files. A file that was made again under another name has the same key: the row
// with the old name goes, or its expiry would remove the new file.
func saveArtifacts(tx *gorm.DB, jobID string, artifacts []job.Artifact) error {
	for i, a := range artifacts {
		row := newArtifactRow(jobID, i, a)
		if row.CreatedAt.IsZero() {
			return fmt.Errorf("artifact %q has no time of creation", a.Name)
		}
		err := tx.Where("job_id = ? AND blob_key = ? AND name <> ?", jobID, a.Key, a.Name).Delete(&artifactRow{}).Error
		if err != nil {
			return err
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

func noJob(id string) error { return job.Errorf(job.CodeNotFound, "there is no job %q", id) }
