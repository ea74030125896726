package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/config"
)

type commandLine struct {
	Config config.Config `embed:""`
	Run    struct{}      `cmd:"" default:"1"`
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	var c config.Config
	require.NoError(t, c.Resolve())
	dir, err := filepath.Abs(".longhaul")
	require.NoError(t, err)
	require.GreaterOrEqual(t, c.WorkerMaxPages, 4)
	c.WorkerMaxPages = 0 // depends on the machine
	require.Equal(t, config.Config{
		DatabaseURL: "sqlite://" + dir + "/longhaul.db", DBMaxOpen: 16, BlobURL: "file://" + dir + "/files", DataDir: dir,
		HTTPAddr: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", ArtifactTTL: 7 * 24 * time.Hour, LogFormat: "text",
		UploadMaxSize: 512 << 20, UploadMaxExpanded: 8 << 30, UploadMaxEntries: 2_000,
		UploadMaxRows: 5_000_000, UploadMaxColumns: 500, UploadMaxCell: 32_767,
	}, c)
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist, "Resolve must not make folders")
}

func TestDefaultsThatDepend(t *testing.T) {
	t.Parallel()
	c := config.Config{DataDir: "/srv/long haul", HTTPAddr: ":9000", TemporalUIURL: "http://ui.example/"}
	require.NoError(t, c.Resolve())
	require.Equal(t, "sqlite:///srv/long haul/longhaul.db", c.DatabaseURL)
	require.Equal(t, "file:///srv/long%20haul/files", c.BlobURL)
	require.Equal(t, "http://localhost:9000", c.PublicURL)
	require.Equal(t, "http://ui.example", c.TemporalUIURL)

	c = config.Config{HTTPAddr: "[::]:80", PublicURL: "https://longhaul.example/back-office/"}
	require.NoError(t, c.Resolve())
	require.Equal(t, "https://longhaul.example/back-office", c.PublicURL)
	c.PublicURL = ""
	require.NoError(t, c.Resolve())
	require.Equal(t, "http://localhost:80", c.PublicURL)
}

// TestKong changes the environment, so it cannot run beside others.
func TestKong(t *testing.T) {
	for _, pair := range os.Environ() { // those of whoever runs the test
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "LONGHAUL_") {
			t.Setenv(name, "") // so that it is put back
			require.NoError(t, os.Unsetenv(name))
		}
	}
	t.Setenv("LONGHAUL_DATABASE_URL", "mysql://app:pw@db:3306/longhaul")
	t.Setenv("LONGHAUL_DB_MAX_OPEN", "5")
	t.Setenv("LONGHAUL_BLOB_URL", "s3://files?region=ap-northeast-2")
	t.Setenv("LONGHAUL_ARTIFACT_TTL", "48h")
	t.Setenv("LONGHAUL_LOG_LEVEL", "debug")
	t.Setenv("LONGHAUL_HTTP_ADDR", "127.0.0.1:1")
	var cli commandLine
	parser, err := kong.New(&cli)
	require.NoError(t, err)
	_, err = parser.Parse([]string{"--http-addr=127.0.0.1:0", "--log-format=json"})
	require.NoError(t, err)
	require.Equal(t, config.Config{
		DatabaseURL: "mysql://app:pw@db:3306/longhaul", DBMaxOpen: 5, BlobURL: "s3://files?region=ap-northeast-2",
		ArtifactTTL: 48 * time.Hour, LogLevel: slog.LevelDebug, HTTPAddr: "127.0.0.1:0", LogFormat: "json",
	}, cli.Config)

	_, err = parser.Parse([]string{"--http-addr=nowhere"})
	require.ErrorContains(t, err, "LONGHAUL_HTTP_ADDR", "kong calls Validate by itself")
}

// TestHelp holds variables, flags and the defaults in the help texts together.
func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var cli commandLine
	parser, err := kong.New(&cli, kong.Writers(&out, &out), kong.Exit(func(int) {}))
	require.NoError(t, err)
	_, _ = parser.Parse([]string{"--help"})
	help := strings.Join(strings.Fields(out.String()), " ")
	fields := reflect.TypeFor[config.Config]()
	for i := range fields.NumField() {
		tag := fields.Field(i).Tag
		name, env := tag.Get("name"), tag.Get("env")
		require.Equal(t, "LONGHAUL_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), env)
		require.Contains(t, help, "--"+name+"=")
		require.Contains(t, help, "($"+env+")")
	}
	for _, value := range []any{config.DefaultHTTPAddr, config.DefaultDataDir, config.DefaultDBMaxOpen} {
		require.Contains(t, help, fmt.Sprintf("Default: %v", value))
	}
	ttl, _ := fields.FieldByName("ArtifactTTL")
	_, text, _ := strings.Cut(ttl.Tag.Get("help"), "Default: ")
	parsed, err := time.ParseDuration(strings.TrimSuffix(text, "."))
	require.NoError(t, err)
	require.Equal(t, config.DefaultArtifactTTL, parsed)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bad  config.Config
		want string
	}{
		{config.Config{DatabaseURL: "postgres://app:s3cr3t@db/x"}, "LONGHAUL_DATABASE_URL: must begin with mysql:// or sqlite://"},
		{config.Config{DatabaseURL: "sqlite://"}, "LONGHAUL_DATABASE_URL: must begin with mysql:// or sqlite://"},
		{config.Config{DatabaseURL: "mysql://app:s3cr3t#1@db/x"}, "LONGHAUL_DATABASE_URL: is not a URL; write special characters of the password as %XX"},
		{config.Config{DatabaseURL: "mysql://app:12/s3cr3t@db/x"}, "LONGHAUL_DATABASE_URL: is not a URL; write special characters of the password as %XX"},
		{config.Config{DatabaseURL: "mysql://app:s3cr3t@db"}, "LONGHAUL_DATABASE_URL: must be mysql://user:password@host:port/database"},
		{config.Config{DBMaxOpen: 1}, "LONGHAUL_DB_MAX_OPEN: 1 is not between 2 and 1000"},
		{config.Config{BlobURL: "mem://x"}, "LONGHAUL_BLOB_URL: must begin with file:// or s3://"},
		{config.Config{HTTPAddr: "8080"}, `LONGHAUL_HTTP_ADDR: "8080" is not host:port`},
		{config.Config{HTTPAddr: "host:http"}, `LONGHAUL_HTTP_ADDR: port "http" is not between 0 and 65535`},
		{config.Config{HTTPAddr: ":65536"}, `LONGHAUL_HTTP_ADDR: port "65536" is not between 0 and 65535`},
		{config.Config{PublicURL: "longhaul.example"}, "LONGHAUL_PUBLIC_URL: must be http://… or https://…, without ? and #"},
		{config.Config{TemporalUIURL: "http://ui?x=1"}, "LONGHAUL_TEMPORAL_UI_URL: must be http://… or https://…, without ? and #"},
		{config.Config{SlackWebhookURL: "s3cr3t"}, "LONGHAUL_SLACK_WEBHOOK_URL: must be http://… or https://…, without ? and #"},
		{config.Config{WorkerMaxPages: -1}, "LONGHAUL_WORKER_MAX_PAGES: -1 is not between 1 and 1000"},
		{config.Config{ArtifactTTL: time.Second}, "LONGHAUL_ARTIFACT_TTL: 1s is shorter than 1m, which leaves no time to download"},
		{config.Config{LogFormat: "xml"}, `LONGHAUL_LOG_FORMAT: "xml" is neither text nor json`},
	} {
		require.EqualError(t, c.bad.Validate(), c.want)
		require.Error(t, c.bad.Resolve(), "Resolve validates too")
	}
	both := config.Config{LogFormat: "xml", DBMaxOpen: 1}.Validate()
	require.ErrorContains(t, both, "LONGHAUL_LOG_FORMAT")
	require.ErrorContains(t, both, "LONGHAUL_DB_MAX_OPEN")
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, database := range []string{
		"mysql://app:s3cr3t@db/longhaul", "mysql://app:s3cr3t@tcp(db:3306)/longhaul", "mysql://app:s3cr3t#1@db/x",
		"mysql://app:12/s3cr3t@db/x", "mysql://app:1?s3cr3t@db/x", "app:s3cr3t@db", "mysql://app:%s3cr3t@db/x",
	} {
		c := config.Config{DatabaseURL: database, SlackWebhookURL: "https://hooks.slack.com/services/s3cr3t", BlobURL: "s3://key:s3cr3t@bucket"}
		var out bytes.Buffer
		slog.New(slog.NewJSONHandler(&out, nil)).Info("starting", "config", c)
		shown := out.String() + fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, &c)
		require.NotContains(t, shown, "s3cr3t", database)
	}
	c := config.Config{DatabaseURL: "mysql://app:s3cr3t@db/longhaul", BlobURL: "s3://bucket?region=x"}
	require.Contains(t, c.String(), "database_url=mysql://app:xxxxx@db/longhaul")
	require.Contains(t, c.String(), "blob_url=s3://bucket?region=x")
	require.Contains(t, c.String(), "slack=false")
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := config.Config{LogFormat: "json", LogLevel: slog.LevelWarn}.Logger(&out)
	logger.Info("not this")
	logger.Warn("this", "n", 1)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "this", line["msg"])

	out.Reset()
	config.Config{}.Logger(&out).Info("hello")
	require.Contains(t, out.String(), "level=INFO msg=hello")
}
