package devstack

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// CLIVariable names the environment variable that points at a Temporal CLI to use instead of any other.
const CLIVariable = "LONGHAUL_TEMPORAL_CLI"

// The module files that pin the CLI. They are copies of tools/go.mod and tools/go.sum (go:embed does not reach into
// another module), under names that do not make this folder a module; a test holds them equal.
//
//go:generate cp ../../tools/go.mod pinned/temporal.mod
//go:generate cp ../../tools/go.sum pinned/temporal.sum
var (
	//go:embed pinned/temporal.mod
	pinnedMod []byte
	//go:embed pinned/temporal.sum
	pinnedSum []byte
)

const (
	cliPackage = "github.com/temporalio/cli/cmd/temporal"

	// versionTimeout bounds `temporal --version`: it answers in well under a second, but a cold 250 MB binary on a
	// slow disk takes several.
	versionTimeout = 30 * time.Second
)

// ErrNoCLI is returned by [CLI] when there is no Temporal CLI and none was to be built.
var ErrNoCLI = errors.New("find a Temporal CLI")

// CLIOptions say where to look for the Temporal CLI. The zero value looks everywhere and builds in silence.
type CLIOptions struct {
	// Path is the CLI to use instead of any other. Default: what LONGHAUL_TEMPORAL_CLI says.
	Path string
	// CacheDir is where built CLIs are kept. Default: longhaul in the user's cache folder.
	CacheDir string
	// Out receives what a build has to say; a terminal gets a line that updates itself, anything else a line now and
	// then. Default: nothing is said.
	Out io.Writer
	// NoBuild makes CLI return [ErrNoCLI] where it would build.
	NoBuild bool
}

// CLI returns the path of a Temporal CLI that runs. It takes, in this order: the one that Path or LONGHAUL_TEMPORAL_CLI
// names (an error if that one does not run), `temporal` on PATH if its server is as new as the features used here, the one
// built earlier, and a new build of the pinned version. The build needs the Go toolchain and about five minutes on two
// cores, once per pinned version; of several processes that want it at the same time one builds and the others wait.
func CLI(ctx context.Context, opts CLIOptions) (string, error) {
	if path := cmp.Or(opts.Path, os.Getenv(CLIVariable)); path != "" {
		if _, err := serverVersion(ctx, path); err != nil {
			return "", &job.Error{Code: job.CodeUnavailable, Err: err,
				Message: fmt.Sprintf("%s is not a Temporal CLI that runs (it was given by flag or %s)", path, CLIVariable)}
		}
		return path, nil
	}
	if path, err := exec.LookPath("temporal"); err == nil {
		version, err := serverVersion(ctx, path)
		if err == nil && version.atLeast(oldestServer) {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		say(opts.Out, "%s on PATH is not used: it does not run or is older than server %s\n", path, oldestServer)
	}

	cached, err := cachedPath(opts.CacheDir)
	if err != nil {
		return "", err
	}
	if isFile(cached) { // only renamed to this name after it has run, so not tried again
		return cached, nil
	}
	if opts.NoBuild {
		return "", fmt.Errorf("%w: %s is not set, there is none on PATH, and none was built at %s",
			ErrNoCLI, CLIVariable, cached)
	}
	return cached, buildOnce(ctx, cached, opts.Out)
}

// release is a server version, major and minor.
type release struct{ major, minor int }

// oldestServer is the first server whose matching.enableFairness (priority and fairness keys) can be switched on.
var oldestServer = release{1, 29}

func (r release) atLeast(o release) bool {
	return r.major > o.major || r.major == o.major && r.minor >= o.minor
}

func (r release) String() string { return fmt.Sprintf("%d.%d", r.major, r.minor) }

var serverPattern = regexp.MustCompile(`\(Server (\d+)\.(\d+)`)

// serverVersion runs `temporal --version` ("temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)").
func serverVersion(ctx context.Context, cli string) (release, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, cli, "--version").Output()
	if err != nil {
		return release{}, fmt.Errorf("run %s --version: %w", cli, err)
	}
	m := serverPattern.FindSubmatch(out)
	if m == nil {
		return release{}, fmt.Errorf("read the version of %s: %q names no server", cli, strings.TrimSpace(string(out)))
	}
	major, _ := strconv.Atoi(string(m[1])) // digits by the pattern
	minor, _ := strconv.Atoi(string(m[2]))
	return release{major, minor}, nil
}

// cachedPath is where a build of the pinned CLI is kept. Its name holds the version for people and a hash of the
// module file for certainty: another pinned dependency is another binary.
func cachedPath(dir string) (string, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the user's cache folder for the Temporal CLI: %w", err)
		}
		dir = filepath.Join(user, "longhaul")
	}
	sum := sha256.Sum256(pinnedMod)
	name := fmt.Sprintf("temporal-%s-%s", pinnedVersion(), hex.EncodeToString(sum[:6]))
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name), nil
}

var pinnedPattern = regexp.MustCompile(`(?m)^\s*(?:require\s+)?github\.com/temporalio/cli v(\S+)`)

// pinnedVersion is the CLI's version in the pinned module file, without the v.
func pinnedVersion() string {
	m := pinnedPattern.FindSubmatch(pinnedMod)
	if m == nil {
		return "unknown"
	}
	return string(m[1])
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// say writes to out if there is one. Progress is a courtesy: an error in writing it stops nothing.
func say(out io.Writer, format string, args ...any) {
	if out != nil {
		_, _ = fmt.Fprintf(out, format, args...)
	}
}
