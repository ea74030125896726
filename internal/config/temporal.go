package config

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
)

// Temporal reads how to reach Temporal from where its own tools read it: TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_… and profiles (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE).
// HostPort is empty when none of them names an address; the client then takes localhost:7233.
func Temporal(logger *slog.Logger) (client.Options, error) {
	return temporalFrom(envconfig.EnvLookupOS, logger)
}

func temporalFrom(env envconfig.EnvLookup, logger *slog.Logger) (client.Options, error) {
	opts, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: env})
	if err != nil {
		return client.Options{}, fmt.Errorf("read Temporal's configuration: %w", err)
	}
	opts.Logger = log.NewStructuredLogger(logger.With("part", "temporal"))
	opts.Identity = Identity()
	return opts, nil
}

// hostPart is how much of the host's name an identity keeps.
const hostPart = 6

// Identity names this process to Temporal: longhaul-<end of host name>-<pid>, at most 23 bytes. It is written
// into every second event of a history, about four times for each page, so its length counts; the SDK's own
// pid@host can be three times as long where pods are named by a deployment.
func Identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return identity(host, os.Getpid())
}

// identity keeps the end of the host's first label: that is the part in which pods of one deployment differ.
func identity(host string, pid int) string {
	host, _, _ = strings.Cut(host, ".")
	if len(host) > hostPart {
		host = host[len(host)-hostPart:]
	}
	return fmt.Sprintf("longhaul-%s-%d", strings.Trim(host, "-"), pid)
}
