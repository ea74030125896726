package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/longhaul/longhaul/job"
)

// fileNameRunes is the width of uploads.name.
const fileNameRunes = 1000

// uploadRow is a file that was sent. What is asked for by name has a column; Doc is the whole upload as JSON, of
// which the columns are the truth.
type uploadRow struct {
	ID        string
	Tenant    string
	Kind      string
	Name      string
	Size      int64
	SHA256    string `gorm:"column:sha256"`
	Doc       string
	BlobKey   string
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt time.Time
}

func (uploadRow) TableName() string { return "uploads" }

// InsertUpload keeps an upload, which must have times of creation and expiry; SameAs is not kept, see
// [Store.SameFile]. A name longer than 1,000 characters is cut. An upload that is there already stays as it is.
func (s *Store) InsertUpload(ctx context.Context, u job.Upload) error {
	row, err := newUploadRow(u)
	if err == nil {
		err = retryDeadlock(func() error {
			return s.gorm.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
		})
	}
	return fail("insert upload "+u.ID, err)
}

// Upload reads an upload, with its Key; it fails with job.CodeNotFound.
func (s *Store) Upload(ctx context.Context, id string) (job.Upload, error) {
	var row uploadRow
	err := s.gorm.WithContext(ctx).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return job.Upload{}, noUpload(id)
	}
	if err != nil {
		return job.Upload{}, fail("read upload", err)
	}
	return row.upload()
}

// ExpiredUploads lists at most limit uploads whose time is over, the longest overdue first.
func (s *Store) ExpiredUploads(ctx context.Context, at time.Time, limit int) ([]job.Upload, error) {
	var rows []uploadRow
	err := s.gorm.WithContext(ctx).Where("expires_at <= ?", instant(at)).
		Order("expires_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fail("list expired uploads", err)
	}
	uploads := make([]job.Upload, len(rows))
	for i, row := range rows {
		if uploads[i], err = row.upload(); err != nil {
			return nil, err
		}
	}
	return uploads, nil
}

// DeleteUpload forgets an upload; one that is not there is no error.
func (s *Store) DeleteUpload(ctx context.Context, id string) error {
	err := s.gorm.WithContext(ctx).Where("id = ?", id).Delete(&uploadRow{}).Error
	return fail("delete upload "+id, err)
}

// ExtendUpload keeps an upload until a time at least; it never shortens. One that is not there is
// job.CodeNotFound.
func (s *Store) ExtendUpload(ctx context.Context, id string, until time.Time) error {
	db := s.gorm.WithContext(ctx)
	result := db.Model(&uploadRow{}).Where("id = ? AND expires_at < ?", id, instant(until)).
		Update("expires_at", instant(until))
	if result.Error != nil || result.RowsAffected > 0 {
		return fail("extend upload "+id, result.Error)
	}
	var there int64
	err := db.Model(&uploadRow{}).Where("id = ?", id).Count(&there).Error
	if err == nil && there == 0 {
		return noUpload(id)
	}
	return fail("extend upload "+id, err)
}

func newUploadRow(u job.Upload) (uploadRow, error) {
	if u.CreatedAt.IsZero() || u.ExpiresAt.IsZero() {
		return uploadRow{}, errors.New("its time of creation or expiry is missing")
	}
	u.SameAs = nil
	// A file's name comes from a client, and MySQL takes nothing that is not UTF-8.
	u.Name = cut(strings.ToValidUTF8(u.Name, "\uFFFD"), fileNameRunes)
	doc, err := json.Marshal(u)
	if err != nil {
		return uploadRow{}, fmt.Errorf("encode upload: %w", err)
	}
	return uploadRow{
		ID: u.ID, Tenant: u.Tenant, Kind: u.Kind, Name: u.Name, Size: u.Size, SHA256: u.SHA256,
		Doc: string(doc), BlobKey: u.Key, CreatedAt: instant(u.CreatedAt), ExpiresAt: instant(u.ExpiresAt),
	}, nil
}

func (r uploadRow) upload() (job.Upload, error) {
	var u job.Upload
	if err := json.Unmarshal([]byte(r.Doc), &u); err != nil {
		return u, fmt.Errorf("decode upload %s: %w", r.ID, err)
	}
	u.ID, u.Tenant, u.Kind, u.Name, u.Size, u.SHA256 = r.ID, r.Tenant, r.Kind, r.Name, r.Size, r.SHA256
	u.Key, u.CreatedAt, u.ExpiresAt = r.BlobKey, r.CreatedAt, r.ExpiresAt
	return u, nil
}

func noUpload(id string) error { return job.Errorf(job.CodeNotFound, "there is no upload %q", id) }
