package devstack_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/job"
)

// These tests set the environment, so they do not run in parallel with others. The go command they build with is a
// script: a real build takes minutes.

func TestPinnedModuleIsTheToolsModule(t *testing.T) {
	t.Parallel()
	for copied, original := range map[string]string{"temporal.mod": "go.mod", "temporal.sum": "go.sum"} {
		want, err := os.ReadFile(filepath.Join("..", "..", "tools", original))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("pinned", copied))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "run go generate ./internal/devstack")
	}
}

func TestCLIOrder(t *testing.T) {
	const (
		current = "echo 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)'"
		old     = "echo 'temporal version 0.13.2 (Server 1.24.2, UI 2.28.0)'"
		broken  = "exit 1"
	)
	for _, tt := range []struct {
		name, option, variable, path string // scripts; "" = none
		cached                       bool
		want                         string
		wantErr                      string
	}{
		{name: "option before all", option: current, variable: broken, path: current, cached: true, want: "option"},
		{name: "variable first", variable: current, path: current, cached: true, want: "variable"},
		{name: "variable may be old", variable: old, want: "variable"},
		{name: "broken variable is told", variable: broken, path: current, cached: true, wantErr: devstack.CLIVariable},
		{name: "path second", path: current, cached: true, want: "path"},
		{name: "old one on path is passed over", path: old, cached: true, want: "cache"},
		{name: "broken one on path is passed over", path: broken, cached: true, want: "cache"},
		{name: "cached one third", cached: true, want: "cache"},
		{name: "none", wantErr: devstack.ErrNoCLI.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			want := map[string]string{"cache": cachedName(t, filepath.Join(dir, "cache"))}
			opts := devstack.CLIOptions{CacheDir: filepath.Join(dir, "cache"), NoBuild: true}
			if tt.option != "" {
				want["option"] = script(t, filepath.Join(dir, "option", "tcli"), tt.option)
				opts.Path = want["option"]
			}
			t.Setenv(devstack.CLIVariable, "")
			if tt.variable != "" {
				want["variable"] = script(t, filepath.Join(dir, "variable", "tcli"), tt.variable)
				t.Setenv(devstack.CLIVariable, want["variable"])
			}
			t.Setenv("PATH", filepath.Join(dir, "path"))
			if tt.path != "" {
				want["path"] = script(t, filepath.Join(dir, "path", "temporal"), tt.path)
			}
			if tt.cached {
				script(t, want["cache"], current)
			}

			got, err := devstack.CLI(t.Context(), opts)
			if tt.wantErr != "" {
				require.ErrorContains(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want[tt.want], got)
		})
	}
}

func TestBuildHappensOnce(t *testing.T) {
	cache := t.TempDir()
	calls := fakeGo(t, `
case $1 in
list) echo a/b c/d e/f ;;
build)
	for a in "$@"; do case $a in -o=*) out=${a#-o=} ;; esac; done
	[ -f go.mod ] && [ -f go.sum ] || exit 9
	printf 'a/b\ngo: a message\nc/d\n' >&2
	printf '#!/bin/sh\necho "temporal version 1 (Server 1.29.1)"\n' >"$out"
	chmod +x "$out" ;;
esac`)

	var wg sync.WaitGroup
	paths, outs := make([]string, 4), make([]bytes.Buffer, 4)
	for i := range paths {
		wg.Go(func() {
			path, err := devstack.CLI(t.Context(), devstack.CLIOptions{CacheDir: cache, Out: &outs[i]})
			if err != nil {
				t.Errorf("build %d: %v", i, err)
			}
			paths[i] = path
		})
	}
	wg.Wait()

	var said string
	for i, path := range paths {
		require.Equal(t, paths[0], path)
		said += outs[i].String()
	}
	require.FileExists(t, paths[0])
	content, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, "list\nbuild\n", string(content), "one list and one build for all four")
	require.Equal(t, 1, strings.Count(said, "Building the Temporal CLI 1.5.1, once for this machine"))
	require.Contains(t, said, "compiling: 2 of 3 packages")
	require.Contains(t, said, "Built the Temporal CLI: "+paths[0])
	left, err := filepath.Glob(filepath.Join(cache, "build-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFailedBuildShowsWhyAndLeavesNothing(t *testing.T) {
	cache := t.TempDir()
	fakeGo(t, `case $1 in build) echo 'x.go:1:1: no such thing' >&2; exit 1 ;; esac`)
	_, err := devstack.CLI(t.Context(), devstack.CLIOptions{CacheDir: cache})
	require.ErrorContains(t, err, "build the Temporal CLI: exit status 1")
	require.ErrorContains(t, err, "x.go:1:1: no such thing")
	require.NoFileExists(t, cachedName(t, cache))
}

func TestBuiltCLIThatDoesNotRunIsNotKept(t *testing.T) {
	cache := t.TempDir()
	fakeGo(t, `case $1 in build) for a in "$@"; do case $a in -o=*) : >"${a#-o=}" ;; esac; done ;; esac`)
	_, err := devstack.CLI(t.Context(), devstack.CLIOptions{CacheDir: cache})
	require.ErrorContains(t, err, "try the Temporal CLI just built")
	require.NoFileExists(t, cachedName(t, cache))
}

func TestBuildThatIsGivenUp(t *testing.T) {
	cache, started := t.TempDir(), filepath.Join(t.TempDir(), "started")
	fakeGo(t, fmt.Sprintf(`case $1 in build) mkfifo %[1]s.wait; : >%[1]s; exec cat %[1]s.wait ;; esac`, started))
	ctx, giveUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := devstack.CLI(ctx, devstack.CLIOptions{CacheDir: cache})
		ended <- err
	}()
	require.Eventually(t, func() bool { return exists(started) }, time.Minute, 10*time.Millisecond)
	giveUp()
	require.ErrorIs(t, <-ended, context.Canceled)
	left, err := filepath.Glob(filepath.Join(cache, "build-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWithoutGoTheWaysOutAreTold(t *testing.T) {
	t.Setenv(devstack.CLIVariable, "")
	t.Setenv("PATH", t.TempDir())
	_, err := devstack.CLI(t.Context(), devstack.CLIOptions{CacheDir: t.TempDir()})
	require.Equal(t, job.CodeUnavailable, job.CodeOf(err))
	for _, way := range []string{"https://docs.temporal.io/cli", devstack.CLIVariable, "https://go.dev/dl"} {
		require.ErrorContains(t, err, way)
	}
}

// fakeGo puts a go command of the given body first on PATH and returns the file that lists its calls.
func fakeGo(t *testing.T, body string) string {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	script(t, filepath.Join(dir, "go"), fmt.Sprintf("echo $1 >>%s\n%s", calls, body))
	script(t, filepath.Join(dir, "temporal"), "exit 1") // hides one that is installed here
	t.Setenv(devstack.CLIVariable, "")
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+"/usr/bin"+string(filepath.ListSeparator)+"/bin")
	return calls
}

// cachedName is where the CLI is cached in dir, as CLI itself tells when it finds none.
func cachedName(t *testing.T, dir string) string {
	t.Helper()
	t.Setenv(devstack.CLIVariable, "")
	t.Setenv("PATH", t.TempDir())
	_, err := devstack.CLI(t.Context(), devstack.CLIOptions{CacheDir: dir, NoBuild: true})
	require.ErrorIs(t, err, devstack.ErrNoCLI)
	_, name, found := strings.Cut(err.Error(), "none was built at ")
	require.True(t, found, err.Error())
	return name
}

func script(t *testing.T, path, body string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
