package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/longhaul/longhaul/job"
)

// SaveRow is what is known of a bulk save, or of an undo, for as long as its job is.
type SaveRow struct {
	JobID    string `gorm:"primaryKey"`
	Tenant   string
	Kind     string
	UploadID string // empty: an undo
	SHA256   string `gorm:"column:sha256"` // of the upload
	// UndoUntil is until when the save can be undone; nil while nothing is on offer.
	UndoUntil *time.Time
	UndoneBy  string    // the job that undid it; empty: none
	Undoes    string    // the job that this one undoes; empty: it is no undo
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
}

// TableName is gorm's way to ask.
func (SaveRow) TableName() string { return "saves" }

// RegisterSave notes that a job writes. A job that is there already stays as it is, whatever r says.
func (s *Store) RegisterSave(ctx context.Context, r SaveRow) error {
	what := "register save " + r.JobID
	if r.CreatedAt.IsZero() {
		return fail(what, errors.New("its time of creation is missing"))
	}
	r.CreatedAt, r.UndoUntil = instant(r.CreatedAt), instantOrNil(r.UndoUntil)
	return fail(what, retryDeadlock(func() error {
		return s.gorm.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error
	}))
}

// Save reads what is known of a job's save; it fails with job.CodeNotFound.
func (s *Store) Save(ctx context.Context, jobID string) (SaveRow, error) {
	var row SaveRow
	err := s.gorm.WithContext(ctx).Where("job_id = ?", jobID).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return SaveRow{}, noSave(jobID)
	}
	return row, fail("read save", err)
}

// SameFile tells the newest job that has saved rows of the very same file for a kind and tenant, also one that was
// undone; nil where there is none. A dry run that nobody resumed has saved none.
func (s *Store) SameFile(ctx context.Context, tenant, kind, sha256 string) (*job.SameFile, error) {
	var row SaveRow
	err := s.gorm.WithContext(ctx).Where("tenant = ? AND kind = ? AND sha256 = ? AND undoes = '' AND undo_until IS NOT NULL", tenant, kind, sha256).
		Order("created_at DESC, job_id DESC").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fail("look for the same file", err)
	}
	return &job.SameFile{JobID: row.JobID, At: row.CreatedAt}, nil
}

// OfferUndo notes until when a save can be undone, in place of what was noted before. A job without a save is
// job.CodeNotFound.
func (s *Store) OfferUndo(ctx context.Context, jobID string, until time.Time) error {
	return s.updateSave(ctx, "offer undo of job ", jobID, "undo_until", instant(until))
}

// MarkUndone notes the job that undid a save; of several the last one stands. A job without a save is
// job.CodeNotFound.
func (s *Store) MarkUndone(ctx context.Context, jobID, by string) error {
	return s.updateSave(ctx, "mark undone job ", jobID, "undone_by", by)
}

func (s *Store) updateSave(ctx context.Context, what, jobID, column string, value any) error {
	result := s.gorm.WithContext(ctx).Model(&SaveRow{}).Where("job_id = ?", jobID).Update(column, value)
	if result.Error != nil || result.RowsAffected > 0 {
		return fail(what+jobID, result.Error)
	}
	// MySQL does not count a row that had the value already.
	_, err := s.Save(ctx, jobID)
	return err
}

// addUndo brings the saves among jobs up to date about their undo, which comes after a job's last record.
func (s *Store) addUndo(ctx context.Context, jobs []job.Job) error {
	saves := make(map[string]*job.Save)
	var ids []string
	for _, j := range jobs {
		if j.Save != nil {
			saves[j.ID], ids = j.Save, append(ids, j.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []SaveRow
	if err := s.gorm.WithContext(ctx).Where("job_id IN ?", ids).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		switch save := saves[row.JobID]; {
		case row.UndoneBy != "":
			save.UndoneBy, save.UndoUntil = row.UndoneBy, nil
		case row.UndoUntil != nil:
			save.UndoUntil = row.UndoUntil
		}
	}
	return nil
}

func noSave(jobID string) error {
	return job.Errorf(job.CodeNotFound, "job %q has saved nothing", jobID)
}
