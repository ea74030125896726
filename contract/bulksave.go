package contract

import (
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// BulkSave saves an upload, or undoes what another one saved.
var BulkSave = Workflow[BulkSaveInput, job.Status]{"BulkSave"}

// Activities of a bulk save, in the order of its story.
var (
	InspectUpload   = Activity[SaveRequest, SavePlan]{"InspectUpload"}
	CheckChunk      = Activity[ChunkRef, ChunkResult]{"CheckChunk"}
	ApplyChunk      = Activity[ChunkRef, ChunkResult]{"ApplyChunk"}
	ReportSave      = Activity[ReportRequest, ReportResult]{"ReportSave"}
	PlanUndo        = Activity[SaveRequest, UndoPlan]{"PlanUndo"}
	UndoChunk       = Activity[ChunkRef, ChunkResult]{"UndoChunk"}
	CleanUpBulkSave = Activity[JobRef, Nothing]{"CleanUpBulkSave"}
)

// What to do with rows of one upload that have the same key.
const (
	DuplicatesRefuse   = "refuse"    // refuse all of them, the default
	DuplicatesLastWins = "last_wins" // the last one counts
)

// BulkSaveInput is the input of the workflow BulkSave. Kind, Tenant and Upload suffice to start one by hand.
type BulkSaveInput struct {
	Kind   string `json:"kind"`
	Tenant string `json:"tenant"`
	// Upload is the ID of the upload.
	Upload string `json:"upload,omitempty"`
	// Mapping says which column a header stands for, by header; an empty column leaves the header out. Headers that it
	// does not name are matched as for the upload.
	Mapping     map[string]string `json:"mapping,omitempty"`
	DryRun      bool              `json:"dry_run,omitempty"`
	Duplicates  string            `json:"duplicates,omitempty"` // default: refuse
	Locale      string            `json:"locale,omitempty"`     // of the error workbook: ko (default) or en
	RequestedBy string            `json:"requested_by,omitempty"`
	// Undo is the job to undo; then there is no upload.
	Undo string `json:"undo,omitempty"`

	// Carried is set by the workflow itself when it continues as new; never by a client.
	Carried *BulkSaveCarried `json:"carried,omitempty"`
}

// BulkSaveCarried is the state a bulk save takes along when it continues as new.
type BulkSaveCarried struct {
	Limits   Limits         `json:"limits"`
	Plan     SavePlan       `json:"plan"`
	Undo     UndoPlan       `json:"undo"`
	Stage    Stage          `json:"stage"`
	Next     int            `json:"next"`
	Progress job.Progress   `json:"progress"`
	Save     job.Save       `json:"save"`
	Files    []job.Artifact `json:"files,omitempty"`
	Paused   bool           `json:"paused,omitempty"`
	Alerted  Alerted        `json:"alerted"`
	Started  time.Time      `json:"started"`
	Moved    time.Time      `json:"moved"`
}

// Stage is a pass over the chunks of a plan.
type Stage string

// The stages.
const (
	StageCheck   Stage = "check"   // the dry run
	StageCompare Stage = "compare" // the dry run again, compared with the first
	StageApply   Stage = "apply"
	StageUndo    Stage = "undo"
)

// SaveRequest is what a plan is made from.
type SaveRequest struct {
	JobID   string        `json:"job"`
	Request BulkSaveInput `json:"request"`
}

// SavePlan is the result of inspecting an upload; its chunks lie in blob storage.
type SavePlan struct {
	// ID is a digest of the plan's content and part of the keys of its chunks.
	ID     string `json:"id"`
	Chunks int    `json:"chunks"`
	Rows   int64  `json:"rows"` // of the upload, refused ones included
	// Refused are the rows that reading alone has refused or superseded.
	Refused job.Tally `json:"refused"`
	Upload  string    `json:"upload"` // the file's name
	Parent  string    `json:"parent,omitempty"`
	Skipped []string  `json:"skipped,omitempty"` // sheets without the headers
	// Example is the template's own example, if it was left in.
	Example *job.RowRef `json:"example,omitempty"`
}

// UndoPlan is what there is to undo.
type UndoPlan struct {
	Rows   int64  `json:"rows"`
	Chunks []int  `json:"chunks"` // of the job to undo, in the order in which to undo them
	Passes int    `json:"passes"` // tables, one after the other: lines go before their orders
	Plan   string `json:"plan"`
	Upload string `json:"upload,omitempty"`
}

// ChunkRef names one chunk of a plan, counted from 0.
type ChunkRef struct {
	JobID string `json:"job"`
	Plan  string `json:"plan"`
	Chunk int    `json:"chunk"`
	// Compare makes a check compare itself with the one before it; Checked makes an application refuse rows that
	// the dry run saw in another way.
	Compare bool `json:"compare,omitempty"`
	Checked bool `json:"checked,omitempty"`
	// Undoes is the job whose chunk is undone, and Pass its table.
	Undoes string `json:"undoes,omitempty"`
	Pass   int    `json:"pass,omitempty"`
}

// ChunkResult tells what a chunk came to.
type ChunkResult struct {
	Tally job.Tally `json:"tally"`
	// Stale are rows for which the dry run no longer holds, at most [job.MaxStale], of StaleRows.
	Stale     []job.RowRef `json:"stale,omitempty"`
	StaleRows int64        `json:"stale_rows,omitempty"`
}

// ReportRequest asks for the account of a stage: the error workbook, and the rows to show.
type ReportRequest struct {
	JobID  string `json:"job"`
	Plan   string `json:"plan"`
	Stage  Stage  `json:"stage"`
	Undoes string `json:"undoes,omitempty"`
}

// ReportResult is the account.
type ReportResult struct {
	// File is the error workbook; nil where no row was refused.
	File *job.Artifact `json:"file,omitempty"`
	// UndoUntil is until when the save can be undone; nil where nothing was written.
	UndoUntil *time.Time `json:"undo_until,omitempty"`
	// Written is what the ledger says of a stage that writes: it also knows of chunks whose result was lost on its
	// way because the job was ended.
	Written *job.Tally `json:"written,omitempty"`
}

// BulkSaveWorkflowID is the natural key of a bulk save and the lock: one at a time for a kind and tenant.
//
//	bulk-save/<kind>/<tenant>
func BulkSaveWorkflowID(kind, tenant string) string {
	return strings.Join([]string{"bulk-save", kind, tenant}, "/")
}

// UploadsPrefix is where uploads lie.
const UploadsPrefix = "uploads/"

// UploadKey is where an upload lies.
func UploadKey(id string) string { return UploadsPrefix + id }
