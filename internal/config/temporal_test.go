package config

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

type env map[string]string

func (e env) LookupEnv(name string) (string, bool) { value, found := e[name]; return value, found }

func (e env) Environ() []string {
	var all []string
	for name, value := range e {
		all = append(all, name+"="+value)
	}
	return all
}

func TestTemporal(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none.toml") // not the one of whoever runs the test
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, nil))

	opts, err := temporalFrom(env{"TEMPORAL_CONFIG_FILE": none}, logger)
	require.NoError(t, err)
	require.Empty(t, opts.HostPort, "dev tells by this that no server is given")
	opts.Logger.Info("hello", "n", 1)
	require.Contains(t, out.String(), `msg=hello part=temporal n=1`)

	opts, err = temporalFrom(env{
		"TEMPORAL_CONFIG_FILE": none, "TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_NAMESPACE": "back-office",
		"TEMPORAL_API_KEY": "s3cr3t",
	}, logger)
	require.NoError(t, err)
	require.Equal(t, "temporal:7233", opts.HostPort)
	require.Equal(t, "back-office", opts.Namespace)
	require.Equal(t, Identity(), opts.Identity)
	require.NotNil(t, opts.Credentials)
	require.NotNil(t, opts.ConnectionOptions.TLS, "an API key is never sent in the clear")

	profiles := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(profiles, []byte("[profile.prod]\naddress = \"prod:7233\"\n"), 0o600))
	opts, err = temporalFrom(env{"TEMPORAL_CONFIG_FILE": profiles, "TEMPORAL_PROFILE": "prod"}, logger)
	require.NoError(t, err)
	require.Equal(t, "prod:7233", opts.HostPort)

	_, err = temporalFrom(env{"TEMPORAL_CONFIG_FILE": profiles, "TEMPORAL_PROFILE": "missing"}, logger)
	require.ErrorContains(t, err, "missing")
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host string
		pid  int
		want string
	}{
		{"longhaul-worker-7d9f8b6c5-x2x4z", 1, "longhaul-x2x4z-1"},
		{"ip-10-0-13-117.ap-northeast-2.compute.internal", 4_194_304, "longhaul-13-117-4194304"},
		{"dev", 42, "longhaul-dev-42"},
		{"3f1c9ab27d55", 7, "longhaul-b27d55-7"},
	} {
		got := identity(c.host, c.pid)
		require.Equal(t, c.want, got)
		require.Less(t, len(got), 24)
	}
}
