package job

import "time"

// Save is what the status of a bulk save has besides a job's.
type Save struct {
	// Upload is the file's name as the user sees it.
	Upload string `json:"upload,omitempty"`
	// DryRun tells that the job stops after its dry run and waits for resume.
	DryRun bool `json:"dry_run,omitempty"`
	// Checked is what the dry run found would happen; nil where none was made.
	Checked *Tally `json:"checked,omitempty"`
	// Saved is what has happened so far.
	Saved *Tally `json:"saved,omitempty"`
	// HoldUntil is when a dry run that nobody resumes is given up.
	HoldUntil *time.Time `json:"hold_until,omitempty"`
	// UndoUntil is until when the save can be undone; nil while it cannot.
	UndoUntil *time.Time `json:"undo_until,omitempty"`
	// UndoneBy is the job that undid this one.
	UndoneBy string `json:"undone_by,omitempty"`
	// Undoes is the job that this one undoes.
	Undoes string `json:"undoes,omitempty"`
	// Parent is the job whose error workbook, mended, this upload is.
	Parent string `json:"parent,omitempty"`
	// Skipped are sheets that were left out, because no row of theirs has the headers.
	Skipped []string `json:"skipped,omitempty"`
	// Example is the row of the template's own example, which was left out; it counts nowhere.
	Example *RowRef `json:"example,omitempty"`
	// Stale lists rows, at most [MaxStale], for which the dry run no longer holds.
	Stale []RowRef `json:"stale,omitempty"`
}

// MaxStale is how many rows a status names; it has to stay small.
const MaxStale = 20

// RowRef names a row of an upload.
type RowRef struct {
	Sheet string `json:"sheet,omitempty"` // empty where a file has one sheet
	Row   int    `json:"row"`             // as the spreadsheet program counts, from 1
}

// Tally counts what became, or would become, of rows. A row counts once.
type Tally struct {
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	// Superseded rows gave way to a later row with their key, where that was asked for.
	Superseded int64 `json:"superseded,omitempty"`
	Refused    int64 `json:"refused"`
	// Reversed and Kept are those of an undo.
	Reversed int64 `json:"reversed,omitempty"`
	Kept     int64 `json:"kept,omitempty"`
	// Codes counts the errors of refused (or kept) rows by code, the most frequent first. A row may have several.
	Codes []CodeCount `json:"codes,omitempty"`
}

// CodeCount counts the errors of one code.
type CodeCount struct {
	Code  RowCode `json:"code"`
	Count int64   `json:"count"`
}

// Rows is how many rows a tally accounts for.
func (t Tally) Rows() int64 {
	return t.Created + t.Updated + t.Unchanged + t.Superseded + t.Refused + t.Reversed + t.Kept
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	t.Created += o.Created
	t.Updated += o.Updated
	t.Unchanged += o.Unchanged
	t.Superseded += o.Superseded
	t.Refused += o.Refused
	t.Reversed += o.Reversed
	t.Kept += o.Kept
	t.Codes = addCodes(t.Codes, o.Codes)
}

// Upload is a file that was sent to be saved.
type Upload struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Tenant string `json:"tenant"`
	Name   string `json:"name"` // as the user sees it, UTF-8
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	// Format is xlsx, csv, tsv, json or ndjson; Encoding that of a text: utf-8 or cp949.
	Format   string `json:"format"`
	Encoding string `json:"encoding,omitempty"`
	// Sheets are the names of the sheets that are read, in order; empty for texts.
	Sheets []string `json:"sheets,omitempty"`
	// HeaderRow is the row that the headers stand in, from 1.
	HeaderRow int            `json:"header_row"`
	Columns   []UploadColumn `json:"columns"`
	// Missing are required columns of the kind that no header was found for.
	Missing []string `json:"missing,omitempty"`
	// Parent is the job whose error workbook this is.
	Parent string `json:"parent,omitempty"`
	// SameAs is the newest job that has had the very same file for the same kind and tenant.
	SameAs    *SameFile `json:"same_as,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Key       string    `json:"-"` // place in blob storage; never sent to clients
}

// SameFile names an earlier job with the same file.
type SameFile struct {
	JobID string    `json:"job_id"`
	At    time.Time `json:"at"`
}

// UploadColumn is one column of an upload and what it is taken for.
type UploadColumn struct {
	Index   int      `json:"index"` // from 0
	Header  string   `json:"header"`
	Samples []string `json:"samples,omitempty"` // of the first rows
	// Column is the kind's column; empty: the upload's column is left out.
	Column string `json:"column,omitempty"`
	// Confidence is from 0 to 1; How says where it comes from.
	Confidence float64 `json:"confidence"`
	How        Match   `json:"how,omitempty"`
}

// Match says how a header came to its column.
type Match string

// The ways.
const (
	MatchGiven      Match = "given"      // the request says so
	MatchRemembered Match = "remembered" // it was so given for this tenant and kind before
	MatchName       Match = "name"       // the column's own name or header
	MatchSynonym    Match = "synonym"
	MatchGuess      Match = "guess" // near a name, or by the look of its values
)

// Item is the outcome of one row or item of a job.
type Item struct {
	// Position orders the items of a job, from 1.
	Position int64  `json:"position"`
	Sheet    string `json:"sheet,omitempty"`
	Row      int    `json:"row,omitempty"`
	// Outcome is created, updated, unchanged, refused, reversed or kept; of syncs an [ItemOutcome], or empty while there
	// is none.
	Outcome string     `json:"outcome"`
	Key     string     `json:"key,omitempty"` // the natural key, for people
	Errors  []RowError `json:"errors,omitempty"`
	// Changes tell, for a sample of the rows that were or would be updated, what from and what to.
	Changes []Change `json:"changes,omitempty"`

	// What follows is of syncs. Code is empty where the item succeeded; Message has the partner's words.
	Code    ItemCode `json:"code,omitempty"`
	Message string   `json:"message,omitempty"`
	// RemoteID is how the partner calls it.
	RemoteID string `json:"remote_id,omitempty"`
	// Attempts counts how often it was sent, those of the jobs that this one retries included; Tries lists the last.
	Attempts int        `json:"attempts,omitempty"`
	Tries    []Try      `json:"tries,omitempty"`
	SentAt   *time.Time `json:"sent_at,omitempty"` // last
	DoneAt   *time.Time `json:"done_at,omitempty"`
}

// Change is one value of a row, before and after.
type Change struct {
	Column string `json:"column"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// ItemPage is one page of items, by position.
type ItemPage struct {
	Items []Item `json:"items"`
	// Total counts the rows that there are items of; Complete tells whether all of them are kept here. The
	// rest stands in the error workbook.
	Total         int64  `json:"total"`
	Complete      bool   `json:"complete"`
	NextPageToken string `json:"next_page_token,omitempty"`
}

// ItemQuery selects items of a job.
type ItemQuery struct {
	Outcome   string   // empty: all
	Code      ItemCode // of syncs; empty: all
	PageSize  int      // 1 to 200; zero means 50
	PageToken string
	Locale    string // of messages: ko (default) or en
}
