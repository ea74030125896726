package api

import (
	"time"

	"github.com/longhaul/longhaul/job"
)

// Save is [job.Save] with its documentation.
type Save struct {
	Upload    string     `json:"upload,omitempty" doc:"The file's name"`
	DryRun    bool       `json:"dry_run,omitempty" doc:"It stops after the dry run, and resume carries it out"`
	Checked   *Tally     `json:"checked,omitempty" doc:"What the dry run found would happen"`
	Saved     *Tally     `json:"saved,omitempty" doc:"What has happened so far"`
	HoldUntil *time.Time `json:"hold_until,omitempty" nullable:"false" doc:"When a dry run that nobody resumes is given up"`
	UndoUntil *time.Time `json:"undo_until,omitempty" nullable:"false" doc:"Until when it can be undone"`
	UndoneBy  string     `json:"undone_by,omitempty" doc:"The job that undid this one"`
	Undoes    string     `json:"undoes,omitempty" doc:"The job that this one undoes"`
	Parent    string     `json:"parent,omitempty" doc:"The job whose error workbook, mended, this upload is"`
	Skipped   []string   `json:"skipped,omitempty" nullable:"false" doc:"Sheets that were left out, because no row of theirs has the headers"`
	Example   *RowRef    `json:"example,omitempty" doc:"The template's own example, which was left out and counts nowhere"`
	Stale     []RowRef   `json:"stale,omitempty" nullable:"false" doc:"Rows, at most 20, for which the dry run no longer holds"`
	_         struct{}   `json:"-" additionalProperties:"true"`
}

// RowRef is [job.RowRef] with its documentation.
type RowRef struct {
	Sheet string   `json:"sheet,omitempty" doc:"Left out where the file has one sheet"`
	Row   int      `json:"row" doc:"As the spreadsheet program counts, from 1"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

// Tally is [job.Tally] with its documentation.
type Tally struct {
	Created    int64       `json:"created"`
	Updated    int64       `json:"updated"`
	Unchanged  int64       `json:"unchanged"`
	Superseded int64       `json:"superseded,omitempty" doc:"Rows that gave way to a later one with their key"`
	Refused    int64       `json:"refused"`
	Reversed   int64       `json:"reversed,omitempty" doc:"Of an undo"`
	Kept       int64       `json:"kept,omitempty" doc:"Of an undo: rows that could not be reversed"`
	Codes      []CodeCount `json:"codes,omitempty" nullable:"false" doc:"Errors of refused or kept rows by code, the most frequent first; a row may have several"`
	_          struct{}    `json:"-" additionalProperties:"true"`
}

// CodeCount is [job.CodeCount] with its documentation.
type CodeCount struct {
	Code  job.RowCode `json:"code"`
	Count int64       `json:"count"`
	_     struct{}    `json:"-" additionalProperties:"true"`
}

func shownSave(s *job.Save) *Save {
	if s == nil {
		return nil
	}
	out := &Save{
		Upload: s.Upload, DryRun: s.DryRun, Checked: shownTally(s.Checked), Saved: shownTally(s.Saved),
		HoldUntil: s.HoldUntil, UndoUntil: s.UndoUntil, UndoneBy: s.UndoneBy, Undoes: s.Undoes, Parent: s.Parent, Skipped: s.Skipped,
		Example: shownRow(s.Example),
	}
	for _, r := range s.Stale {
		out.Stale = append(out.Stale, *shownRow(&r))
	}
	return out
}

func shownTally(t *job.Tally) *Tally {
	if t == nil {
		return nil
	}
	out := &Tally{
		Created: t.Created, Updated: t.Updated, Unchanged: t.Unchanged, Superseded: t.Superseded,
		Refused: t.Refused, Reversed: t.Reversed, Kept: t.Kept,
	}
	for _, c := range t.Codes {
		out.Codes = append(out.Codes, CodeCount{Code: c.Code, Count: c.Count})
	}
	return out
}

func shownRow(r *job.RowRef) *RowRef {
	if r == nil {
		return nil
	}
	return &RowRef{Sheet: r.Sheet, Row: r.Row}
}

// canUndo tells whether undo is offered.
func (s *server) canUndo(j Job) bool {
	return j.Save != nil && j.State.Ended() && j.Save.UndoneBy == "" && j.Save.UndoUntil != nil && s.Now().Before(*j.Save.UndoUntil)
}
