package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/longhaul/longhaul/job"
)

// keysPerPrune keeps the statement far below the limit of placeholders, and its locks short.
const keysPerPrune = 500

// Claim is what an idempotency key stands for.
type Claim struct {
	// New says that the key was unknown: the caller has it now and is the one to start the job.
	New         bool
	Fingerprint string // of the request that came first
	WorkflowID  string
	JobID       string // empty until [Store.BindKey]
}

// idempotencyKey is the row of a key. It holds the key's digest: whatever its length and letters, both engines
// tell it from another one alike.
type idempotencyKey struct {
	KeyHash     string `gorm:"primaryKey"`
	Fingerprint string
	WorkflowID  string
	JobID       string
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
}

// ClaimKey claims a key for a request, or tells who has it. Of any number of concurrent claims exactly one is
// New.
func (s *Store) ClaimKey(ctx context.Context, key, fingerprint, workflowID string, at time.Time) (Claim, error) {
	row := idempotencyKey{
		KeyHash: keyHash(key), Fingerprint: fingerprint, WorkflowID: workflowID, CreatedAt: instant(at),
	}
	claim, err := s.claim(ctx, row)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		// It was there, and was pruned before it could be read: once more, and it is ours or another's.
		claim, err = s.claim(ctx, row)
	}
	return claim, fail("claim idempotency key", err)
}

func (s *Store) claim(ctx context.Context, row idempotencyKey) (Claim, error) {
	db := s.gorm.WithContext(ctx)
	result := db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if result.Error != nil {
		return Claim{}, result.Error
	}
	if result.RowsAffected == 0 {
		hash := row.KeyHash
		row = idempotencyKey{}
		if err := db.Where("key_hash = ?", hash).Take(&row).Error; err != nil {
			return Claim{}, err
		}
	}
	return Claim{
		New: result.RowsAffected > 0, Fingerprint: row.Fingerprint, WorkflowID: row.WorkflowID, JobID: row.JobID,
	}, nil
}

// BindKey notes the job that a key's request has become. Binding it again to the same job does nothing; to
// another is job.CodeConflict, and a key that nobody has claimed is job.CodeNotFound.
func (s *Store) BindKey(ctx context.Context, key, jobID string) error {
	db := s.gorm.WithContext(ctx)
	result := db.Model(&idempotencyKey{}).Where("key_hash = ? AND job_id = ''", keyHash(key)).Update("job_id", jobID)
	if result.Error != nil || result.RowsAffected > 0 {
		return fail("bind idempotency key", result.Error)
	}
	var row idempotencyKey
	err := db.Where("key_hash = ?", keyHash(key)).Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return job.Errorf(job.CodeNotFound, "the idempotency key is not known")
	case err == nil && row.JobID != jobID:
		return job.Errorf(job.CodeConflict, "the idempotency key belongs to job %s", row.JobID)
	}
	return fail("bind idempotency key", err)
}

// PruneKeys removes up to limit keys, at most 500 a call, that were claimed before a time, and tells how many
// went.
func (s *Store) PruneKeys(ctx context.Context, before time.Time, limit int) (int64, error) {
	db := s.gorm.WithContext(ctx)
	var hashes []string
	err := db.Model(&idempotencyKey{}).Where("created_at < ?", instant(before)).
		Order("created_at").Limit(min(limit, keysPerPrune)).Pluck("key_hash", &hashes).Error
	if err != nil || len(hashes) == 0 {
		return 0, fail("list old idempotency keys", err)
	}
	result := db.Where("key_hash IN ?", hashes).Delete(&idempotencyKey{})
	return result.RowsAffected, fail("remove old idempotency keys", result.Error)
}

func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
