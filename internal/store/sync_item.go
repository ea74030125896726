package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// Widths of the columns that hold what others wrote, in characters.
const (
	itemKeyRunes     = 300
	orderKeyRunes    = 200
	itemMessageRunes = 1000
	remoteIDRunes    = 300
	sheetRunes       = 100
)

// itemColumns are the columns of sync_items, in the order of [SyncItem.row] and readItem.
var itemColumns = []string{
	"job_id", "position", "stretch", "outcome", "sent", "item_key", "order_key", "idempotency_key", "fields", "sheet", "source_row",
	"attempts", "code", "message", "errors", "remote_id", "tries", "sent_at", "done_at",
}

// itemsBy is the table, read by one of its indexes. The choice is not left to the servers: what finds items by
// outcome and locks them in that index's order deadlocks with what finds them by position.
func (s *Store) itemsBy(index string) string {
	if index == "" {
		index = s.engine.primaryIndex("sync_items")
	}
	return "sync_items" + s.engine.useIndex(index)
}

// row is the item as the database keeps it. A text that a column does not hold is cut: that serves people, but for
// an ordering key, where at worst two orders wait for each other.
func (i *SyncItem) row() ([]any, error) {
	fields := []byte("{}")
	if len(i.Fields) > 0 {
		var err error
		if fields, err = json.Marshal(i.Fields); err != nil {
			return nil, fmt.Errorf("encode fields: %w", err)
		}
	}
	errs, err := listJSON(i.Errors)
	if err != nil {
		return nil, fmt.Errorf("encode errors: %w", err)
	}
	tries, err := triesJSON(i.Tries)
	if err != nil {
		return nil, err
	}
	return []any{
		i.JobID, i.Position, i.Stretch, string(i.Outcome), i.Sent, kept(i.Key, itemKeyRunes), kept(i.Order, orderKeyRunes),
		i.IdempotencyKey, string(fields), kept(i.Sheet, sheetRunes), i.Row, i.Attempts, string(i.Code),
		kept(i.Message, itemMessageRunes), errs, kept(i.RemoteID, remoteIDRunes), tries, timeOrNil(i.SentAt), timeOrNil(i.DoneAt),
	}, nil
}

// triesJSON writes the last attempts.
func triesJSON(tries []job.Try) (string, error) {
	text, err := listJSON(tries[max(0, len(tries)-job.MaxTries):])
	if err != nil {
		return "", fmt.Errorf("encode tries: %w", err)
	}
	return text, nil
}

// kept is a text as a column takes it: MySQL refuses bytes that are no text.
func kept(text string, runes int) string {
	return cut(strings.ToValidUTF8(text, "�"), runes)
}

// timeOrNil is an argument.
func timeOrNil(t *time.Time) any {
	if t == nil {
		return nil
	}
	return instant(*t)
}

// selectItems reads items; where begins behind the table's name.
func (q *session) selectItems(ctx context.Context, table, where string, args ...any) (items []SyncItem, err error) {
	rows, err := q.query(ctx, "SELECT "+strings.Join(itemColumns, ", ")+" FROM "+table+" "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		item, err := readItem(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

func readItem(rows *sql.Rows) (SyncItem, error) {
	var i SyncItem
	var fields, errs, tries []byte
	var sent, done sql.NullTime
	err := rows.Scan(&i.JobID, &i.Position, &i.Stretch, &i.Outcome, &i.Sent, &i.Key, &i.Order, &i.IdempotencyKey, &fields,
		&i.Sheet, &i.Row, &i.Attempts, &i.Code, &i.Message, &errs, &i.RemoteID, &tries, &sent, &done)
	if err != nil {
		return i, err
	}
	for _, part := range []struct {
		name string
		text []byte
		into any
	}{{"fields", fields, &i.Fields}, {"errors", errs, &i.Errors}, {"tries", tries, &i.Tries}} {
		if len(part.text) <= len("[]") { // nothing, which is nil
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return i, fmt.Errorf("decode %s of item %d of job %s: %w", part.name, i.Position, i.JobID, err)
		}
	}
	if sent.Valid {
		i.SentAt = &sent.Time
	}
	if done.Valid {
		i.DoneAt = &done.Time
	}
	return i, nil
}

// itemsAt reads items by their positions, at most [keysPerRead], in order.
func (q *session) itemsAt(ctx context.Context, jobID string, positions []int64) ([]SyncItem, error) {
	if len(positions) == 0 {
		return nil, nil
	}
	list, args := listOf(positions)
	return q.selectItems(ctx, q.s.itemsBy(""), "WHERE job_id = ? AND position"+list+" ORDER BY position", append([]any{jobID}, args...)...)
}
