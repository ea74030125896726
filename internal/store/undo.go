package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// UndoList is what there is to undo of a job.
type UndoList struct {
	Plan string
	// Chunks are those with images, the last one first: what was saved last is undone first. Some may not have been
	// saved, and have no rows: it is only to remove what was created before them.
	Chunks []int
	// Passes is how often the chunks are gone through: references go before what they refer to.
	Passes int
	// Rows is how many rows the undo has to account for.
	Rows int64
}

// UndoWork is a pass over a chunk to be undone.
type UndoWork struct {
	Key    ChunkKey // of the undo itself
	Undoes ChunkKey
	// Pass counts from 1, which takes back what nothing else of the plan refers to. All chunks take a pass before any
	// takes the next.
	Pass     int
	SellerID int64
	// Keep is given the rows that this pass accounts for, before it is final; see [ChunkWork].
	Keep func([]UndoneRow) error
	Now  time.Time // of writing; zero means now
}

// UndoneRow is what became of a row's undo: reversed, or kept because of the code.
type UndoneRow struct {
	Sheet, Number int
	Verdict       target.Verdict
	Code          job.RowCode // empty where reversed
}

// UndoPlan tells what there is to undo of a job; nothing, where it saved nothing or its images are gone. Of a job
// that saved by several plans, which only a reset of its workflow makes, it is the last that has images.
func (s *Store) UndoPlan(ctx context.Context, jobID string) (UndoList, error) {
	list, err := s.undoPlan(ctx, jobID)
	return list, fail("list what job "+jobID+" saved", err)
}

func (s *Store) undoPlan(ctx context.Context, jobID string) (UndoList, error) {
	rows, err := s.typed.QueryContext(ctx, "SELECT plan, chunk, image_rows, created_at FROM save_chunks"+
		" WHERE job_id = ? AND pass <= 0 AND images IS NOT NULL ORDER BY created_at DESC, plan, chunk", jobID)
	if err != nil {
		return UndoList{}, err
	}
	defer rows.Close()
	var list UndoList
	for rows.Next() {
		var plan string
		var chunk int
		var count int64
		var at time.Time
		if err := rows.Scan(&plan, &chunk, &count, &at); err != nil {
			return UndoList{}, err
		}
		if len(list.Chunks) == 0 {
			list.Plan = plan
		}
		if plan == list.Plan {
			list.Chunks = append(list.Chunks, chunk)
			list.Rows += count
		}
	}
	if err := rows.Err(); err != nil || len(list.Chunks) == 0 {
		return UndoList{}, err
	}
	slices.SortFunc(list.Chunks, func(a, b int) int { return cmp.Compare(b, a) })
	list.Chunks = slices.Compact(list.Chunks)
	im, err := s.session(nil).allImages(ctx, ChunkKey{jobID, list.Plan, list.Chunks[0]})
	list.Passes = im.passes
	return list, err
}

// UndoChunk takes a pass over a chunk: what was changed becomes what it was, and what was created goes, unless
// somebody has changed it meanwhile or others refer to it. A row is accounted for in one pass, that of the last thing
// that was written for it. A pass that the ledger has is not taken again: its entry is given back.
//
// A chunk whose images have been dropped is job.CodeGone.
func (s *Store) UndoChunk(ctx context.Context, w UndoWork) (ChunkEntry, error) {
	what := fmt.Sprintf("undo chunk %d of job %s, pass %d", w.Undoes.Chunk, w.Undoes.JobID, w.Pass)
	if w.Pass < 1 {
		return ChunkEntry{}, fmt.Errorf("%s: passes count from 1", what)
	}
	entry, err := s.inLedger(ctx, ledgerKey{w.Key, w.Pass}, w.Now, func(q *session) (ledgerResult, error) {
		return s.undoChunk(ctx, q, w)
	})
	return entry, fail(what, err)
}

func (s *Store) undoChunk(ctx context.Context, q *session, w UndoWork) (ledgerResult, error) {
	im, err := q.allImages(ctx, w.Undoes)
	if err != nil {
		return ledgerResult{}, err
	}
	if im.seller != w.SellerID {
		return ledgerResult{}, fmt.Errorf("it was saved for seller %d, not %d", im.seller, w.SellerID)
	}
	at := now()
	if !w.Now.IsZero() {
		at = instant(w.Now)
	}
	if err := s.undoGroups(ctx, q, &im, w.Pass, at); err != nil {
		return ledgerResult{}, err
	}
	rows := im.undone(w.Pass)
	if w.Keep != nil && len(rows) > 0 {
		if err := w.Keep(rows); err != nil {
			return ledgerResult{}, fmt.Errorf("keep rows: %w", err)
		}
	}
	var result ledgerResult
	for _, row := range rows {
		if row.Verdict == target.Reversed {
			result.Tally.Reversed++
			continue
		}
		result.Tally.Add(job.Tally{Kept: 1, Codes: []job.CodeCount{{Code: row.Code, Count: 1}}})
	}
	return result, nil
}

// undoGroups takes a pass over images.
func (s *Store) undoGroups(ctx context.Context, q *session, im *images, pass int, at time.Time) error {
	for i := range im.groups {
		if g := &im.groups[i]; g.pass == pass && len(g.records) > 0 {
			if err := s.undoGroup(ctx, q, im.seller, g, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// undone are the rows that a pass accounts for. A row of which one record is kept is kept.
func (im *images) undone(pass int) []UndoneRow {
	var all []*imageRecord
	var passes []int
	for i := range im.groups {
		g := &im.groups[i]
		for j := range g.records {
			all, passes = append(all, &g.records[j]), append(passes, g.pass)
		}
	}
	var rows []UndoneRow
	for _, row := range im.rows {
		if passes[row.records[0]] != pass {
			continue
		}
		undone := UndoneRow{Sheet: row.sheet, Number: row.number, Verdict: target.Reversed}
		for _, at := range row.records {
			if code := all[at].kept; code != "" {
				undone.Verdict, undone.Code = target.Kept, code
				break
			}
		}
		rows = append(rows, undone)
	}
	return rows
}
