package config

import (
	"io"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
)

// The log formats.
const (
	FormatText = "text" // key=value, for people
	FormatJSON = "json" // one object a line, for collectors
)

// Logger makes the logger that the configuration asks for. It sets no global one.
func (c Config) Logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == FormatJSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// LogValue implements [slog.LogValuer]: everything but the secrets.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("database_url", redact(c.DatabaseURL)),
		slog.Int("db_max_open", c.DBMaxOpen),
		slog.String("blob_url", redact(c.BlobURL)),
		slog.String("data_dir", c.DataDir),
		slog.String("http_addr", c.HTTPAddr),
		slog.String("public_url", redact(c.PublicURL)),
		slog.String("temporal_ui_url", redact(c.TemporalUIURL)),
		slog.String("temporal_cli", c.TemporalCLI),
		slog.Bool("slack", c.SlackWebhookURL != ""),
		slog.Int("worker_max_pages", c.WorkerMaxPages),
		slog.Duration("artifact_ttl", c.ArtifactTTL),
		slog.String("log_level", c.LogLevel.String()),
		slog.String("log_format", c.LogFormat),
	)
}

// String is LogValue as one line, so that printing a Config shows no secret either.
func (c Config) String() string {
	var b strings.Builder
	for i, attr := range c.LogValue().Group() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(attr.String())
	}
	return b.String()
}

// GoString keeps %#v from showing secrets.
func (c Config) GoString() string { return "config.Config{" + c.String() + "}" }

// redact takes the password out of a URL, and all but its scheme where it cannot be told which part that is.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err == nil && (u.User != nil || !strings.Contains(raw, "@")) {
		return u.Redacted()
	}
	scheme, _, found := strings.Cut(raw, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}

// defaultMaxPages: encoding a page keeps one CPU busy, reading it waits for the database, so two for each
// CPU keep it busy; fewer than 4 would let one job's pages hold up every other job.
func defaultMaxPages() int { return max(4, 2*runtime.NumCPU()) }
