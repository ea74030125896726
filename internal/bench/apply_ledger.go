package bench

import (
	"context"
	"database/sql"
	"time"
)

// ledger measures what the ledger itself costs: it writes the entries of a round once more, with their before-images and
// in transactions of their own, and nothing else. Longhaul does the same within the transaction of a chunk.
type ledger struct{ *sql.DB }

func openLedger(databaseURL string) (ledger, error) {
	db, err := openLines(databaseURL)
	return ledger{db}, err
}

type ledgerEntry struct {
	chunk  int
	images []byte
}

// rewrite writes the entries of a round.
func (l ledger) rewrite(ctx context.Context, round state) (applied, error) {
	entries, err := l.entries(ctx, round)
	if err != nil {
		return applied{}, err
	}
	insert, err := l.PrepareContext(ctx, "INSERT INTO save_chunks (job_id, plan, chunk, pass, created, updated, unchanged, refused, reversed,"+
		" kept, codes, images, image_rows, created_at) VALUES (?, 'again', ?, 0, 0, 0, 0, 0, 0, 0, '[]', NULL, 0, NOW(6))")
	if err != nil {
		return applied{}, err
	}
	defer insert.Close()
	update, err := l.PrepareContext(ctx, "UPDATE save_chunks SET images = ? WHERE job_id = ? AND plan = 'again' AND chunk = ? AND pass = 0")
	if err != nil {
		return applied{}, err
	}
	defer update.Close()
	var got applied
	began := time.Now()
	for _, e := range entries {
		if err := l.write(ctx, insert, update, round, e); err != nil {
			return got, err
		}
		got.Bytes += int64(len(e.images))
	}
	got.Seconds = time.Since(began).Seconds()
	return got, nil
}

func (l ledger) write(ctx context.Context, insert, update *sql.Stmt, round state, e ledgerEntry) error {
	tx, err := l.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	//nolint:sqlclosecheck // the transaction closes it
	if _, err := tx.StmtContext(ctx, insert).ExecContext(ctx, string(round), e.chunk); err != nil {
		return err
	}
	//nolint:sqlclosecheck // the transaction closes it
	if _, err := tx.StmtContext(ctx, update).ExecContext(ctx, e.images, string(round), e.chunk); err != nil {
		return err
	}
	return tx.Commit()
}

func (l ledger) entries(ctx context.Context, round state) (entries []ledgerEntry, err error) {
	rows, err := l.QueryContext(ctx, "SELECT chunk, images FROM save_chunks WHERE job_id = ? ORDER BY chunk", string(round))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e ledgerEntry
		if err := rows.Scan(&e.chunk, &e.images); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
