package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/job"
)

// earlyPass is that of an entry for what was created before the transaction of a chunk that has not been saved, see
// [Store.createEarly].
const earlyPass = -1

// ledgerKey names an entry: a chunk, and the pass of an undo (0: it was saved), or earlyPass.
type ledgerKey struct {
	ChunkKey
	pass int
}

type ledgerResult struct {
	ChunkEntry
	images []byte // nil: none
}

const entryKey = "job_id = ? AND plan = ? AND chunk = ? AND pass = ?"

func (k ledgerKey) args(more ...any) []any {
	return append(more, k.JobID, k.Plan, k.Chunk, k.pass)
}

// openEntry claims an entry's key; it fails with a duplicate where it is taken.
func (q *session) openEntry(ctx context.Context, key ledgerKey, at time.Time) error {
	if at.IsZero() {
		at = time.Now()
	}
	return q.exec(ctx, "INSERT INTO save_chunks (created_at, job_id, plan, chunk, pass,"+
		" created, updated, unchanged, refused, reversed, kept, codes, images, image_rows)"+
		" VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, '[]', NULL, 0)", key.args(instant(at))...)
}

// closeEntry writes what came of it. The images go as an argument of a prepared statement: in a statement's text
// they would be escaped, to up to twice their size.
func (q *session) closeEntry(ctx context.Context, key ledgerKey, r ledgerResult) error {
	codes := r.Tally.Codes
	if codes == nil {
		codes = []job.CodeCount{}
	}
	text, err := json.Marshal(codes)
	if err != nil {
		return err
	}
	var images any
	if r.images != nil {
		images = r.images
	}
	t := r.Tally
	return q.exec(ctx, "UPDATE save_chunks SET created = ?, updated = ?, unchanged = ?, refused = ?, reversed = ?, kept = ?,"+
		" codes = ?, images = ?, image_rows = ? WHERE "+entryKey,
		key.args(t.Created, t.Updated, t.Unchanged, t.Refused, t.Reversed, t.Kept, string(text), images, r.ImageRows)...)
}

// entry reads an entry that is there.
func (s *Store) entry(ctx context.Context, key ledgerKey) (ChunkEntry, error) {
	var e ChunkEntry
	var codes string
	t := &e.Tally
	err := s.typed.QueryRowContext(ctx, "SELECT created, updated, unchanged, refused, reversed, kept, codes, image_rows"+
		" FROM save_chunks WHERE "+entryKey, key.args()...).
		Scan(&t.Created, &t.Updated, &t.Unchanged, &t.Refused, &t.Reversed, &t.Kept, &codes, &e.ImageRows)
	if err != nil {
		return ChunkEntry{}, fmt.Errorf("read ledger entry: %w", err)
	}
	if err := json.Unmarshal([]byte(codes), &t.Codes); err != nil {
		return ChunkEntry{}, fmt.Errorf("read codes of ledger entry: %w", err)
	}
	if len(t.Codes) == 0 {
		t.Codes = nil
	}
	return e, nil
}

// imagesPerDrop keeps the transaction short; an image is up to [maxImages].
const imagesPerDrop = 100

// DropImages removes up to limit images, at most 100 a call, of chunks that were saved before a time, and tells how
// many went. The entries stay: a chunk is never saved twice. What has lost its images cannot be undone.
func (s *Store) DropImages(ctx context.Context, before time.Time, limit int) (int64, error) {
	keys, err := s.entryKeys(ctx, "SELECT job_id, plan, chunk, pass FROM save_chunks"+
		" WHERE created_at < ? AND images IS NOT NULL ORDER BY created_at LIMIT ?", instant(before), min(limit, imagesPerDrop))
	if err != nil {
		return 0, fail("list old images", err)
	}
	var dropped int64
	for _, key := range keys {
		result, err := s.typed.ExecContext(ctx, "UPDATE save_chunks SET images = NULL WHERE "+entryKey, key.args()...)
		if err != nil {
			return dropped, fail("drop images", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return dropped, fail("drop images", err)
		}
		dropped += n
	}
	return dropped, nil
}

// entryKeys lists the entries that a query finds.
func (s *Store) entryKeys(ctx context.Context, query string, args ...any) (keys []ledgerKey, err error) {
	rows, err := s.typed.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key ledgerKey
		if err := rows.Scan(&key.JobID, &key.Plan, &key.Chunk, &key.pass); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// removeEntry removes an entry.
func (q *session) removeEntry(ctx context.Context, key ledgerKey) error {
	return q.exec(ctx, "DELETE FROM save_chunks WHERE "+entryKey, key.args()...)
}

// hasEntry tells whether an entry is there; it waits for one that is being written.
func (q *session) hasEntry(ctx context.Context, key ledgerKey) (bool, error) {
	_, err := q.readImages(ctx, key, q.s.engine.lock(false))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// readImages reads a chunk's images, with a lock or without; nil where there are none (any more).
func (q *session) readImages(ctx context.Context, key ledgerKey, lock string) ([]byte, error) {
	rows, err := q.query(ctx, "SELECT images FROM save_chunks WHERE "+entryKey+lock, key.args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, sql.ErrNoRows
	}
	var images []byte
	if err := rows.Scan(&images); err != nil {
		return nil, err
	}
	return images, rows.Err()
}
