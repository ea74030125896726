package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/longhaul/longhaul/job"
)

// print writes a result: value as one JSON document, or else what text writes.
func (s *invocation) print(value any, text func()) error {
	if !s.json {
		text()
		return nil
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// complain writes an error for people, or as a JSON document when one is asked for and the command has
// not printed its own already.
func (s *invocation) complain(err error) {
	var ended *outcome
	if s.json {
		if !errors.As(err, &ended) { // the job itself has been printed
			_ = s.print(problem(err), nil)
		}
		return
	}
	var known *job.Error
	if !errors.As(err, &known) {
		fmt.Fprintf(s.err, "longhaul: %v\n", err)
		return
	}
	fmt.Fprintf(s.err, "longhaul: %s\n", known.Message)
	for _, f := range known.Fields {
		fmt.Fprintf(s.err, "  %s: %s\n", f.Pointer, f.Message)
	}
	if known.JobID != "" {
		fmt.Fprintf(s.err, "  running job: %s\n", known.JobID)
	}
	if known.Err != nil {
		fmt.Fprintf(s.err, "  cause: %v\n", known.Err)
	}
}

func problem(err error) any {
	var known *job.Error
	if !errors.As(err, &known) {
		known = &job.Error{Code: job.CodeInternal, Message: err.Error()}
	}
	return struct {
		Error  job.Code         `json:"error"`
		Detail string           `json:"detail"`
		Fields []job.FieldError `json:"errors,omitempty"`
		JobID  string           `json:"job_id,omitempty"`
	}{known.Code, known.Message, known.Fields, known.JobID}
}

func (s *invocation) printJob(j job.Job) error {
	return s.print(j, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		line := func(name, format string, args ...any) {
			fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
		}
		line("job", "%s", j.ID)
		line("kind", "%s %s for %s", j.Type, j.Kind, j.Tenant)
		line("state", "%s", state(j))
		if j.Message != "" {
			line("message", "%s", j.Message)
		}
		line("progress", "%s", progress(j))
		printSave(line, j.Save)
		printSync(line, j.Sync)
		line("started", "%s", local(j.CreatedAt))
		if j.EndedAt != nil {
			line("ended", "%s (after %s)", local(*j.EndedAt), j.EndedAt.Sub(j.CreatedAt).Round(10*time.Millisecond))
		}
		for _, a := range j.Artifacts {
			line("file", "%s", a.Name)
			line("", "%d rows, %s, sha256 %s", a.Rows, bytesText(a.Size), a.SHA256)
			line("", "kept until %s", local(a.ExpiresAt))
		}
		line("workflow", "%s", j.WorkflowID)
		w.Flush()
	})
}

func state(j job.Job) string {
	text := string(j.State)
	if j.Reason != "" {
		text += " (" + string(j.Reason) + ")"
	}
	if j.Progress.StalledSince != nil {
		text += ", stalled since " + local(*j.Progress.StalledSince)
	}
	if j.StaleSince != nil {
		text += ", last known at " + local(*j.StaleSince)
	}
	return text
}

func progress(j job.Job) string {
	p, rows, step := j.Progress, "rows", "pages"
	switch j.Type {
	case job.TypeBulkSave:
		step = "chunks"
	case job.TypeSync:
		rows, step = "items", "stretches"
	}
	if p.RowsTotal == 0 {
		return string(p.Phase)
	}
	return fmt.Sprintf("%s, %d of %d %s, %d of %d %s", p.Phase, p.RowsDone, p.RowsTotal, rows, p.PagesDone, p.PagesTotal, step)
}

func local(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// bytesText words a size in the units people know.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
