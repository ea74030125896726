package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/longhaul/longhaul/job"
)

// MaxItems is how many items of a job are kept, which bounds what one file full of errors can fill the database
// with. The rest stands in the error workbook.
const MaxItems = 1000

const (
	// itemsPerInsert keeps statements small: an item with a message for each of 500 columns has some 100 KB.
	itemsPerInsert = 50
	// Bounds of job.ItemQuery.PageSize.
	defaultItemPage = 50
	maxItemPage     = 200
	// accountsPerPrune bounds a call of PruneSaves to some hundred thousand rows.
	accountsPerPrune = 100
)

// saveItem is one item.
type saveItem struct {
	JobID    string `gorm:"primaryKey"`
	Position int64  `gorm:"primaryKey;autoIncrement:false"`
	Outcome  string
	Doc      string // JSON of job.Item
}

// saveAccount is what a job's items are a part of. It stays when the items go.
type saveAccount struct {
	JobID    string `gorm:"primaryKey"`
	Total    int64
	Complete bool
	MadeAt   time.Time
	PrunedAt *time.Time // nil: the items are kept
}

// itemPlace is the last item of a page; the next page begins behind it.
type itemPlace struct {
	Position int64 `json:"p"`
}

// ReplaceItems keeps items, at most [MaxItems] of them and each with a position of its own, in place of those that
// the job had before, all or none. Total is how many there are altogether, complete whether these are all.
func (s *Store) ReplaceItems(ctx context.Context, jobID string, items []job.Item, total int64, complete bool) error {
	what := "replace items of job " + jobID
	if len(items) > MaxItems {
		return fmt.Errorf("%s: %d are more than the %d that are kept", what, len(items), MaxItems)
	}
	rows := make([]saveItem, len(items))
	for i, item := range items {
		doc, err := json.Marshal(item)
		if err != nil {
			return fmt.Errorf("%s: encode item %d: %w", what, item.Position, err)
		}
		rows[i] = saveItem{JobID: jobID, Position: item.Position, Outcome: item.Outcome, Doc: string(doc)}
	}
	account := saveAccount{JobID: jobID, Total: total, Complete: complete, MadeAt: now()}
	return s.inTransaction(ctx, what, func(tx *gorm.DB) error {
		// The account first, because it locks: of two that replace at once the second waits here.
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&account)
		if made.Error != nil {
			return made.Error
		}
		// A job's first items have nothing to replace. MySQL would lock the gap where they go, against the first
		// items of other jobs.
		if made.RowsAffected == 0 {
			if err := tx.Select("*").Updates(&account).Error; err != nil {
				return err
			}
			if err := tx.Where("job_id = ?", jobID).Delete(&saveItem{}).Error; err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		return tx.CreateInBatches(rows, itemsPerInsert).Error
	})
}

// Items reads a page of a job's items, by position. Total and Complete are those of the job, whatever outcome is
// asked for; a job without items has none of none, complete. A page size or token that is not valid is
// job.CodeInvalid. Those of a sync are [Store.SyncItems].
func (s *Store) Items(ctx context.Context, jobID string, q job.ItemQuery) (job.ItemPage, error) {
	if page, err := s.SyncItems(ctx, jobID, q); job.CodeOf(err) != job.CodeNotFound {
		return page, err
	}
	size, err := itemPageSize(q)
	if err != nil {
		return job.ItemPage{}, err
	}
	list := fmt.Sprintf("items %q %q", jobID, q.Outcome)
	db := s.gorm.WithContext(ctx).Where("job_id = ?", jobID)
	if q.Outcome != "" {
		db = db.Where("outcome = ?", q.Outcome)
	}
	if q.PageToken != "" {
		var last itemPlace
		if err := openToken(list, q.PageToken, &last); err != nil {
			return job.ItemPage{}, err
		}
		db = db.Where("position > ?", last.Position)
	}
	page, err := s.itemAccount(ctx, jobID)
	if err != nil {
		return job.ItemPage{}, err
	}
	var rows []saveItem
	// One more than asked for tells whether there is a next page.
	if err := db.Order("position").Limit(size + 1).Find(&rows).Error; err != nil {
		return job.ItemPage{}, fail("list items", err)
	}
	if len(rows) > size {
		rows = rows[:size]
		page.NextPageToken = sealToken(list, itemPlace{rows[size-1].Position})
	}
	page.Items = make([]job.Item, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal([]byte(row.Doc), &page.Items[i]); err != nil {
			return job.ItemPage{}, fmt.Errorf("decode item %d of job %s: %w", row.Position, jobID, err)
		}
	}
	return page, nil
}

// itemPageSize is how many items a page has; a size that is not valid is job.CodeInvalid.
func itemPageSize(q job.ItemQuery) (int, error) {
	if q.PageSize == 0 {
		return defaultItemPage, nil
	}
	if q.PageSize < 1 || q.PageSize > maxItemPage {
		return 0, job.Invalid(job.FieldError{
			Pointer: "/page_size", Message: fmt.Sprintf("must be from 1 to %d", maxItemPage)})
	}
	return q.PageSize, nil
}

// itemAccount is a page without items.
func (s *Store) itemAccount(ctx context.Context, jobID string) (job.ItemPage, error) {
	var account saveAccount
	err := s.gorm.WithContext(ctx).Where("job_id = ?", jobID).Take(&account).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return job.ItemPage{Complete: true}, nil
	}
	return job.ItemPage{Total: account.Total, Complete: account.Complete}, fail("read account of items", err)
}

// PruneSaves removes the items of up to limit jobs, at most 100 a call, whose items were written before a time,
// dry runs included, and tells how many jobs that were. Their totals stay, no longer complete.
func (s *Store) PruneSaves(ctx context.Context, before time.Time, limit int) (int64, error) {
	var ids []string
	err := s.gorm.WithContext(ctx).Model(&saveAccount{}).Where("pruned_at IS NULL AND made_at < ?", instant(before)).
		Order("made_at, job_id").Limit(min(limit, accountsPerPrune)).Pluck("job_id", &ids).Error
	if err != nil {
		return 0, fail("list old items", err)
	}
	var pruned int64
	for _, id := range ids {
		went, err := s.pruneItems(ctx, id, before)
		if err != nil {
			return pruned, err
		}
		if went {
			pruned++
		}
	}
	return pruned, nil
}

// pruneItems removes a job's items, a transaction of its own so that its locks are short. It does nothing where
// they have been written again meanwhile.
func (s *Store) pruneItems(ctx context.Context, jobID string, before time.Time) (went bool, err error) {
	err = s.inTransaction(ctx, "prune items of job "+jobID, func(tx *gorm.DB) error {
		account := tx.Model(&saveAccount{}).Where("job_id = ? AND pruned_at IS NULL AND made_at < ?", jobID, instant(before))
		marked := account.Updates(map[string]any{"pruned_at": now(), "complete": gorm.Expr("complete AND total = 0")})
		if went = marked.RowsAffected > 0; marked.Error != nil || !went {
			return marked.Error
		}
		return tx.Where("job_id = ?", jobID).Delete(&saveItem{}).Error
	})
	return went, err
}
