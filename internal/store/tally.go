package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/longhaul/longhaul/job"
)

// SavedTally adds up what the ledger says of a job: what has been committed, no more and no less.
func (s *Store) SavedTally(ctx context.Context, jobID string) (job.Tally, error) {
	var rows []struct {
		Created, Updated, Unchanged, Refused, Reversed, Kept int64
		Codes                                                string
	}
	err := s.gorm.WithContext(ctx).Table("save_chunks").Where("job_id = ?", jobID).
		Select("created", "updated", "unchanged", "refused", "reversed", "kept", "codes").Find(&rows).Error
	if err != nil {
		return job.Tally{}, fail("add up ledger of job "+jobID, err)
	}
	var sum job.Tally
	for _, r := range rows {
		t := job.Tally{
			Created: r.Created, Updated: r.Updated, Unchanged: r.Unchanged, Refused: r.Refused, Reversed: r.Reversed, Kept: r.Kept,
		}
		if r.Codes != "" {
			if err := json.Unmarshal([]byte(r.Codes), &t.Codes); err != nil {
				return job.Tally{}, fmt.Errorf("read codes in ledger of job %s: %w", jobID, err)
			}
		}
		sum.Add(t)
	}
	return sum, nil
}

// LedgerEntry tells which chunk has been committed and how many of its rows were not written.
type LedgerEntry struct {
	Chunk, Pass   int
	Refused, Kept int64
}

// Ledger lists the entries of a job's plan, by pass and chunk.
func (s *Store) Ledger(ctx context.Context, jobID, plan string) ([]LedgerEntry, error) {
	var entries []LedgerEntry
	err := s.gorm.WithContext(ctx).Table("save_chunks").Where("job_id = ? AND plan = ? AND pass >= 0", jobID, plan).
		Select("chunk", "pass", "refused", "kept").Order("pass, chunk").Find(&entries).Error
	return entries, fail("read ledger of job "+jobID, err)
}
