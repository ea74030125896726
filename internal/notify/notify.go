// Package notify tells people about jobs that need them: in Slack, or in the log where no webhook is set.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/longhaul/longhaul/job"
)

// About is what a message is about.
type About string

// The occasions.
const (
	Slow      About = "slow"      // runs longer than its kind's limit
	Stalled   About = "stalled"   // nothing has moved for a while
	Failed    About = "failed"    // ended without success
	Recovered About = "recovered" // moves again after Stalled
	Ended     About = "ended"     // ended well after Slow or Stalled
)

// Message is one thing to tell. It holds no secrets; all of its text is shown as it is, never as markup.
type Message struct {
	About  About
	Type   job.Type
	Kind   string
	Tenant string
	JobID  string
	State  job.State
	Reason job.Reason // may be empty
	Text   string     // explains the reason to a person; may be empty, cut at 1,500 characters

	RowsDone  int64
	RowsTotal int64     // zero: not known yet
	Since     time.Time // when the episode began; may be zero
	Link      string    // http(s) page of the job; anything else is left out
}

// Notifier delivers messages.
type Notifier interface {
	// Send delivers m or says why not. An [*Error] tells whether and when to try again; any other error is
	// worth trying again.
	Send(ctx context.Context, m Message) error
}

// Log writes messages to a log.
type Log struct {
	Logger *slog.Logger // nil means slog.Default
}

// Send implements [Notifier]; it never fails.
func (l Log) Send(ctx context.Context, m Message) error {
	logger := l.Logger
	if logger == nil {
		logger = slog.Default()
	}
	level := slog.LevelWarn
	if m.About == Recovered || m.About == Ended {
		level = slog.LevelInfo
	}
	attrs := []slog.Attr{
		slog.String("about", string(m.About)), slog.String("type", string(m.Type)), slog.String("kind", m.Kind),
		slog.String("tenant", m.Tenant), slog.String("job", m.JobID), slog.String("state", string(m.State)),
		slog.Int64("rows_done", m.RowsDone), slog.Int64("rows_total", m.RowsTotal),
	}
	if m.Reason != "" {
		attrs = append(attrs, slog.String("reason", string(m.Reason)))
	}
	if m.Text != "" {
		attrs = append(attrs, slog.String("text", m.Text))
	}
	if !m.Since.IsZero() {
		attrs = append(attrs, slog.Time("since", m.Since))
	}
	logger.LogAttrs(ctx, level, "job "+m.headline(), attrs...)
	return nil
}

// headline finishes the sentence "the job …".
func (m Message) headline() string {
	switch m.About {
	case Slow:
		return "takes longer than expected"
	case Stalled:
		return "has stopped moving"
	case Failed:
		switch m.State {
		case job.TimedOut:
			return "ran out of time"
		case job.Cancelled:
			return "was cancelled"
		}
		return "failed"
	case Recovered:
		return "moves again"
	case Ended:
		if m.State == job.PartiallySucceeded {
			return "ended, with rows missing or failed"
		}
		return "ended"
	}
	return string(m.About)
}

// progress says how far the job is: "120,000 of 1,000,000 rows (12 %)".
func (m Message) progress() string {
	switch {
	case m.RowsTotal <= 0 && m.RowsDone <= 0:
		return "no rows yet"
	case m.RowsTotal <= 0:
		return thousands(m.RowsDone) + " rows"
	}
	percent := 100 * float64(m.RowsDone) / float64(m.RowsTotal) // as float: the product may not fit
	return fmt.Sprintf("%s of %s rows (%d %%)", thousands(m.RowsDone), thousands(m.RowsTotal), int64(percent))
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
