package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/job"
)

const (
	// messageRunes is the most of a message that is kept; a person reads no more.
	messageRunes = 2000
	// requesterRunes is the width of jobs.requested_by.
	requesterRunes = 200
)

// jobRow is a job as the database keeps it. Its times are the workflow's, so gorm sets none.
type jobRow struct {
	ID          string
	Type        job.Type
	Kind        string
	Tenant      string
	State       job.State
	Reason      job.Reason
	Message     string
	Progress    string // JSON of progressDoc
	Request     string // JSON; empty when unknown
	RequestedBy string
	WorkflowID  string
	RunID       string    // the run whose records count
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt   time.Time `gorm:"autoUpdateTime:false"`
	EndedAt     *time.Time
}

func (jobRow) TableName() string { return "jobs" }

// progressDoc is what jobs.progress holds: all of a status that nothing selects by. Rows of before there were
// bulk saves read as before.
type progressDoc struct {
	job.Progress
	Save *job.Save `json:"save,omitempty"`
	Sync *job.Sync `json:"sync,omitempty"`
}

// jobRun is a run of a job's execution. The first is the job's own ID; continue-as-new and reset make others.
type jobRun struct {
	JobID  string
	RunID  string
	SeenAt time.Time
}

func (jobRun) TableName() string { return "job_runs" }

// artifactRow is one file of a job.
type artifactRow struct {
	JobID          string `gorm:"primaryKey"`
	Name           string `gorm:"primaryKey"`
	Position       int    // in the job's list
	BlobKey        string
	ContentType    string
	Size           int64
	SHA256         string `gorm:"column:sha256"`
	RowCount       int64
	Sheets         int
	CellsTruncated int64
	CharsEscaped   int64
	CreatedAt      time.Time  `gorm:"autoCreateTime:false"`
	ExpiresAt      *time.Time // nil: never
	DeletedAt      *time.Time
}

func (artifactRow) TableName() string { return "artifacts" }

func newJobRow(j job.Job) (jobRow, error) {
	row := jobRow{
		ID: j.ID, Type: j.Type, Kind: j.Kind, Tenant: j.Tenant,
		Request: string(j.Request), RequestedBy: cut(j.RequestedBy, requesterRunes),
		WorkflowID: j.WorkflowID, RunID: j.RunID,
		CreatedAt: instant(j.CreatedAt),
	}
	if row.RunID == "" {
		row.RunID = j.ID
	}
	if j.UpdatedAt.IsZero() {
		j.UpdatedAt = j.CreatedAt
	}
	if j.CreatedAt.IsZero() {
		return row, errors.New("its time of creation is missing")
	}
	err := row.setStatus(j.Status)
	return row, err
}

// setStatus takes over all of a status but its artifacts.
func (r *jobRow) setStatus(st job.Status) error {
	doc := progressDoc{st.Progress, st.Save, st.Sync}
	if st.Sync != nil && st.Sync.Account != nil {
		// How an account stands is of the moment, and all its jobs would show another.
		sync := *st.Sync
		sync.Account, doc.Sync = nil, &sync
	}
	progress, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode progress: %w", err)
	}
	r.State, r.Reason, r.Message, r.Progress = st.State, st.Reason, cut(st.Message, messageRunes), string(progress)
	r.UpdatedAt, r.EndedAt = instant(st.UpdatedAt), instantOrNil(st.EndedAt)
	if st.State.Ended() && r.EndedAt == nil {
		r.EndedAt = &r.UpdatedAt
	}
	return nil
}

// job is the row without artifacts.
func (r jobRow) job() (job.Job, error) {
	j := job.Job{
		ID: r.ID, Type: r.Type, Kind: r.Kind, Tenant: r.Tenant,
		RequestedBy: r.RequestedBy, WorkflowID: r.WorkflowID, RunID: r.RunID, CreatedAt: r.CreatedAt,
		Status: job.Status{
			State: r.State, Reason: r.Reason, Message: r.Message, UpdatedAt: r.UpdatedAt, EndedAt: r.EndedAt,
		},
	}
	if r.Request != "" {
		j.Request = json.RawMessage(r.Request)
	}
	var progress progressDoc
	if err := json.Unmarshal([]byte(r.Progress), &progress); err != nil {
		return job.Job{}, fmt.Errorf("decode progress of job %s: %w", r.ID, err)
	}
	j.Progress, j.Save, j.Sync = progress.Progress, progress.Save, progress.Sync
	return j, nil
}

func newArtifactRow(jobID string, position int, a job.Artifact) artifactRow {
	row := artifactRow{
		JobID: jobID, Name: a.Name, Position: position, BlobKey: a.Key, ContentType: a.ContentType,
		Size: a.Size, SHA256: a.SHA256, RowCount: a.Rows, Sheets: a.Sheets,
		CellsTruncated: a.CellsTruncated, CharsEscaped: a.CharsEscaped,
		CreatedAt: instant(a.CreatedAt), DeletedAt: instantOrNil(a.DeletedAt),
	}
	if !a.ExpiresAt.IsZero() {
		row.ExpiresAt = instantOrNil(&a.ExpiresAt)
	}
	return row
}

func (r artifactRow) artifact() job.Artifact {
	a := job.Artifact{
		Name: r.Name, Key: r.BlobKey, ContentType: r.ContentType,
		Size: r.Size, SHA256: r.SHA256, Rows: r.RowCount, Sheets: r.Sheets,
		CellsTruncated: r.CellsTruncated, CharsEscaped: r.CharsEscaped,
		CreatedAt: r.CreatedAt, DeletedAt: r.DeletedAt,
	}
	if r.ExpiresAt != nil {
		a.ExpiresAt = *r.ExpiresAt
	}
	return a
}

// cut keeps at most n runes and says where it cut.
func cut(text string, n int) string {
	if len(text) <= n { // bytes are at least as many as runes
		return text
	}
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}
