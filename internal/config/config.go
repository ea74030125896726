// Package config is the configuration of a process: environment variables, each with a flag of the same name
// that overrides it, and Temporal's own variables and profiles.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Defaults of values that are not set. The help texts below repeat them; a test holds the two together.
const (
	DefaultHTTPAddr    = "127.0.0.1:8080" // not 0.0.0.0: the API has no log-in, so it is not for everyone by default
	DefaultDataDir     = ".longhaul"
	DefaultDBMaxOpen   = 16                 // MySQL allows 151 in all by default: room for eight processes
	DefaultArtifactTTL = 7 * 24 * time.Hour // a file asked for on Friday is there after a long weekend

	// What may be uploaded; the package that reads uploads has the same defaults, with their reasons.
	DefaultUploadMaxSize     = 512 << 20
	DefaultUploadMaxExpanded = 8 << 30
	DefaultUploadMaxEntries  = 2_000
	DefaultUploadMaxRows     = 5_000_000
	DefaultUploadMaxColumns  = 500
	DefaultUploadMaxCell     = 32_767
)

// Config is embedded into the command line (kong) of every command that runs a part of the system. Zero
// values mean the defaults; call [Config.Resolve] before use.
//
// Secrets are better given by environment than by flag: a command line can be read by everyone on the machine.
type Config struct {
	DatabaseURL string `name:"database-url" env:"LONGHAUL_DATABASE_URL" group:"Storage" placeholder:"URL" help:"mysql://user:password@host:3306/database or sqlite://path. Default: a file in the data directory."`
	DBMaxOpen   int    `name:"db-max-open" env:"LONGHAUL_DB_MAX_OPEN" group:"Storage" placeholder:"N" help:"Most database connections of this process. Default: 16."`
	BlobURL     string `name:"blob-url" env:"LONGHAUL_BLOB_URL" group:"Storage" placeholder:"URL" help:"file:///directory or s3://bucket?region=…; S3 credentials come from the AWS_… variables. Default: a folder in the data directory."`
	DataDir     string `name:"data-dir" env:"LONGHAUL_DATA_DIR" group:"Storage" placeholder:"DIR" help:"Where everything lies that has no place of its own. Default: .longhaul."`

	HTTPAddr      string `name:"http-addr" env:"LONGHAUL_HTTP_ADDR" group:"Network" placeholder:"HOST:PORT" help:"Where the API and the page listen. Default: 127.0.0.1:8080."`
	PublicURL     string `name:"public-url" env:"LONGHAUL_PUBLIC_URL" group:"Network" placeholder:"URL" help:"How people reach the page; links in alerts begin with it. Default: http:// and the HTTP address."`
	TemporalUIURL string `name:"temporal-ui-url" env:"LONGHAUL_TEMPORAL_UI_URL" group:"Network" placeholder:"URL" help:"Temporal's Web UI, for links to executions. Default: no links."`
	TemporalCLI   string `name:"temporal-cli" env:"LONGHAUL_TEMPORAL_CLI" group:"Network" placeholder:"FILE" help:"The temporal program that dev and demo start. Default: the one on PATH, else it is built once."`

	SlackWebhookURL string `name:"slack-webhook-url" env:"LONGHAUL_SLACK_WEBHOOK_URL" group:"Jobs" placeholder:"URL" help:"Incoming webhook that alerts go to. Default: alerts go to the log."`
	WorkerMaxPages  int    `name:"worker-max-pages" env:"LONGHAUL_WORKER_MAX_PAGES" group:"Jobs" placeholder:"N" help:"Most steps that one worker carries out at a time. Default: two for each CPU, at least 4."`

	ArtifactTTL time.Duration `name:"artifact-ttl" env:"LONGHAUL_ARTIFACT_TTL" group:"Jobs" placeholder:"DURATION" help:"How long finished files are kept. Default: 168h."`

	PartnersFile string `name:"partners-file" env:"LONGHAUL_PARTNERS_FILE" group:"Partners" placeholder:"FILE" help:"TOML file with the settings of outside systems; variables LONGHAUL_PARTNER_<NAME>_… come before it. Default: variables alone."`

	UploadMaxSize     int64 `name:"upload-max-size" env:"LONGHAUL_UPLOAD_MAX_SIZE" group:"Uploads" placeholder:"BYTES" help:"Largest file that is taken. Default: 536870912."`
	UploadMaxExpanded int64 `name:"upload-max-expanded" env:"LONGHAUL_UPLOAD_MAX_EXPANDED" group:"Uploads" placeholder:"BYTES" help:"Most that a workbook may unpack to. Default: 8589934592."`
	UploadMaxEntries  int   `name:"upload-max-entries" env:"LONGHAUL_UPLOAD_MAX_ENTRIES" group:"Uploads" placeholder:"N" help:"Most parts of a workbook. Default: 2000."`
	UploadMaxRows     int64 `name:"upload-max-rows" env:"LONGHAUL_UPLOAD_MAX_ROWS" group:"Uploads" placeholder:"N" help:"Most rows of a file. Default: 5000000."`
	UploadMaxColumns  int   `name:"upload-max-columns" env:"LONGHAUL_UPLOAD_MAX_COLUMNS" group:"Uploads" placeholder:"N" help:"Most columns of a sheet. Default: 500."`
	UploadMaxCell     int   `name:"upload-max-cell" env:"LONGHAUL_UPLOAD_MAX_CELL" group:"Uploads" placeholder:"N" help:"Most characters of a cell. Default: 32767."`

	LogLevel  slog.Level `name:"log-level" env:"LONGHAUL_LOG_LEVEL" group:"Logging" placeholder:"LEVEL" help:"debug, info, warn or error. Default: info."`
	LogFormat string     `name:"log-format" env:"LONGHAUL_LOG_FORMAT" group:"Logging" placeholder:"FORMAT" help:"text or json. Default: text."`
}

// Resolve fills in what is not set and validates the whole. It does not touch disk or network; the data
// directory and the partners' file become absolute, so that child processes with another working directory mean the same.
func (c *Config) Resolve() error {
	dir, err := filepath.Abs(cmp.Or(c.DataDir, DefaultDataDir))
	if err != nil {
		return fmt.Errorf("LONGHAUL_DATA_DIR: %w", err)
	}
	c.DataDir = dir
	if c.PartnersFile != "" {
		if c.PartnersFile, err = filepath.Abs(c.PartnersFile); err != nil {
			return fmt.Errorf("LONGHAUL_PARTNERS_FILE: %w", err)
		}
	}
	c.DatabaseURL = cmp.Or(c.DatabaseURL, "sqlite://"+filepath.Join(dir, "longhaul.db"))
	c.BlobURL = cmp.Or(c.BlobURL, (&url.URL{Scheme: "file", Path: filepath.Join(dir, "files")}).String())
	c.DBMaxOpen = cmp.Or(c.DBMaxOpen, DefaultDBMaxOpen)
	c.HTTPAddr = cmp.Or(c.HTTPAddr, DefaultHTTPAddr)
	c.PublicURL = strings.TrimRight(cmp.Or(c.PublicURL, localURL(c.HTTPAddr)), "/")
	c.TemporalUIURL = strings.TrimRight(c.TemporalUIURL, "/")
	c.WorkerMaxPages = cmp.Or(c.WorkerMaxPages, defaultMaxPages())
	c.ArtifactTTL = cmp.Or(c.ArtifactTTL, DefaultArtifactTTL)
	c.UploadMaxSize = cmp.Or(c.UploadMaxSize, DefaultUploadMaxSize)
	c.UploadMaxExpanded = cmp.Or(c.UploadMaxExpanded, DefaultUploadMaxExpanded)
	c.UploadMaxEntries = cmp.Or(c.UploadMaxEntries, DefaultUploadMaxEntries)
	c.UploadMaxRows = cmp.Or(c.UploadMaxRows, DefaultUploadMaxRows)
	c.UploadMaxColumns = cmp.Or(c.UploadMaxColumns, DefaultUploadMaxColumns)
	c.UploadMaxCell = cmp.Or(c.UploadMaxCell, DefaultUploadMaxCell)
	c.LogFormat = cmp.Or(c.LogFormat, FormatText)
	return c.Validate()
}

// localURL is where a browser on the same machine finds the server that listens on addr.
func localURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "" // Validate names the address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Validate tells everything that is wrong, each with the name of its variable. It never repeats a value that
// may hold a secret. Values that are not set are left to [Config.Resolve].
func (c Config) Validate() error {
	return errors.Join(
		invalid("LONGHAUL_DATABASE_URL", checkScheme(c.DatabaseURL, "mysql", "sqlite")),
		invalid("LONGHAUL_DATABASE_URL", checkMySQL(c.DatabaseURL)),
		invalid("LONGHAUL_DB_MAX_OPEN", checkRange(c.DBMaxOpen, 2, 1000)), // one page and its own bookkeeping need two
		invalid("LONGHAUL_BLOB_URL", checkScheme(c.BlobURL, "file", "s3")),
		invalid("LONGHAUL_HTTP_ADDR", checkAddr(c.HTTPAddr)),
		invalid("LONGHAUL_PUBLIC_URL", checkWeb(c.PublicURL)),
		invalid("LONGHAUL_TEMPORAL_UI_URL", checkWeb(c.TemporalUIURL)),
		invalid("LONGHAUL_SLACK_WEBHOOK_URL", checkWeb(c.SlackWebhookURL)),
		invalid("LONGHAUL_WORKER_MAX_PAGES", checkRange(c.WorkerMaxPages, 1, 1000)),
		invalid("LONGHAUL_ARTIFACT_TTL", checkTTL(c.ArtifactTTL)),
		invalid("LONGHAUL_UPLOAD_MAX_SIZE", checkLimit(c.UploadMaxSize)),
		invalid("LONGHAUL_UPLOAD_MAX_EXPANDED", checkLimit(c.UploadMaxExpanded)),
		invalid("LONGHAUL_UPLOAD_MAX_ENTRIES", checkLimit(int64(c.UploadMaxEntries))),
		invalid("LONGHAUL_UPLOAD_MAX_ROWS", checkLimit(c.UploadMaxRows)),
		invalid("LONGHAUL_UPLOAD_MAX_COLUMNS", checkLimit(int64(c.UploadMaxColumns))),
		invalid("LONGHAUL_UPLOAD_MAX_CELL", checkLimit(int64(c.UploadMaxCell))),
		invalid("LONGHAUL_LOG_FORMAT", checkFormat(c.LogFormat)),
	)
}

func invalid(variable string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", variable, err)
}

func checkScheme(raw string, schemes ...string) error {
	if raw == "" {
		return nil
	}
	for _, scheme := range schemes {
		if rest, found := strings.CutPrefix(raw, scheme+"://"); found && rest != "" {
			return nil
		}
	}
	return fmt.Errorf("must begin with %s://", strings.Join(schemes, ":// or "))
}

func checkMySQL(raw string) error {
	if !strings.HasPrefix(raw, "mysql://") {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || (u.User == nil && strings.Contains(raw, "@")) {
		return errors.New("is not a URL; write special characters of the password as %XX")
	}
	if u.Host == "" || len(u.Path) < 2 {
		return errors.New("must be mysql://user:password@host:port/database")
	}
	return nil
}

func checkRange(n, least, most int) error {
	if n != 0 && (n < least || n > most) {
		return fmt.Errorf("%d is not between %d and %d", n, least, most)
	}
	return nil
}

func checkLimit(n int64) error {
	if n < 0 {
		return fmt.Errorf("%d is below zero", n)
	}
	return nil
}

func checkAddr(addr string) error {
	if addr == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q is not between 0 and 65535", port)
	}
	return nil
}

func checkWeb(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be http://… or https://…, without ? and #")
	}
	return nil
}

func checkTTL(ttl time.Duration) error {
	if ttl != 0 && ttl < time.Minute {
		return fmt.Errorf("%s is shorter than 1m, which leaves no time to download", ttl)
	}
	return nil
}

func checkFormat(format string) error {
	switch format {
	case "", FormatText, FormatJSON:
		return nil
	}
	return fmt.Errorf("%q is neither text nor json", format)
}
