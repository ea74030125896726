package testenv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/longhaul/longhaul/internal/devstack"
)

// temporalStart bounds the start of a server for tests, client included: many test processes start theirs at the same
// moment, each from a 250 MB binary.
const temporalStart = 2 * time.Minute

// Temporal gives a client of a dev server in memory that the tests of this process share, for namespace "default".
// Tests keep apart by task queues and workflow IDs of their own. The server ends with [Main], or with the process.
func Temporal(tb testing.TB) client.Client {
	tb.Helper()
	cli := temporalCLI(tb)
	sharedTemporal.once.Do(func() { sharedTemporal.err = sharedTemporal.start(cli) })
	if sharedTemporal.err != nil {
		tb.Fatal(sharedTemporal.err)
	}
	return sharedTemporal.client
}

// TemporalAddress gives the host:port of the server that [Temporal] shares, for whole programs under test.
func TemporalAddress(tb testing.TB) string {
	tb.Helper()
	Temporal(tb)
	return sharedTemporal.running.Address
}

// TemporalServer starts a server with a database file for this test alone, for tests that kill and restart it. It is
// gone when the test ends.
func TemporalServer(tb testing.TB) *devstack.Temporal {
	tb.Helper()
	cli := temporalCLI(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), temporalStart)
	defer cancel()
	dir := tb.TempDir()
	server, err := devstack.Start(ctx, devstack.Options{CLI: cli, Headless: true,
		DBFile: filepath.Join(dir, "temporal.db"), LogFile: filepath.Join(dir, "temporal.log")})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Kill) // the file goes with the test: nothing is gained by the 1.5 s of an orderly end
	return server
}

// TemporalClient gives a client of any server, for namespace "default"; it is closed when the test ends.
func TemporalClient(tb testing.TB, address string) client.Client {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), temporalStart)
	defer cancel()
	c, err := dialTemporal(ctx, address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// temporalCLI gives a CLI that is there already. Tests do not build it: `make test` does that first, and five minutes
// of compiling inside a test would look like a hang.
func temporalCLI(tb testing.TB) string {
	tb.Helper()
	path, err := devstack.CLI(tb.Context(), devstack.CLIOptions{NoBuild: true})
	if errors.Is(err, devstack.ErrNoCLI) {
		Missing(tb, "temporal", err.Error())
	}
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// dialTemporal connects. The client logs errors only: tests that kill things would drown in its warnings.
func dialTemporal(ctx context.Context, address string) (client.Client, error) {
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: log.NewStructuredLogger(quiet)})
	if err != nil {
		return nil, fmt.Errorf("connect to the Temporal server at %s: %w", address, err)
	}
	return c, nil
}

// sharedTemporal is the one server of this test process, a variable for the same reason as the shared database.
var sharedTemporal temporalOnce

type temporalOnce struct {
	once    sync.Once
	running *devstack.Temporal
	client  client.Client
	err     error
}

func (s *temporalOnce) start(cli string) error {
	ctx, cancel := context.WithTimeout(context.Background(), temporalStart)
	defer cancel()
	server, err := devstack.Start(ctx, devstack.Options{CLI: cli, Headless: true})
	if err != nil {
		return err
	}
	s.running = server
	s.client, err = dialTemporal(ctx, server.Address)
	return err
}

// stop ends the server the short way: what it holds is in memory and nobody's any more.
func (s *temporalOnce) stop() {
	if s.client != nil {
		s.client.Close()
	}
	if s.running != nil {
		s.running.Kill()
		_ = os.Remove(s.running.LogFile())
	}
}
