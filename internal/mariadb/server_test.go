package mariadb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/mariadb"
	"github.com/longhaul/longhaul/internal/testenv"
)

// parentEnv makes the test binary play the program that is killed; see TestServerDiesWithItsParent.
const parentEnv = "LONGHAUL_TEST_MARIADB_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		playParent()
		return
	}
	testenv.Main(m)
}

func TestServerKeepsDataOverKillAndRestart(t *testing.T) {
	t.Parallel()
	testenv.RequireMariaDB(t)
	ctx := t.Context()
	dir := t.TempDir()
	s, err := mariadb.Start(ctx, mariadb.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	port, pid := s.Port(), s.Pid()
	require.NoError(t, s.Exec(ctx, "CREATE DATABASE a", "CREATE TABLE a.t (n INT)", "INSERT INTO a.t VALUES (1)"))

	s.Kill()
	require.Zero(t, s.Pid())
	require.Error(t, s.Exec(ctx, "SELECT 1"))
	require.NoError(t, s.Restart(ctx))
	require.Equal(t, port, s.Port())
	require.NotEqual(t, pid, s.Pid())
	require.NoError(t, s.Exec(ctx, "INSERT INTO a.t SELECT n + 1 FROM a.t"))

	require.NoError(t, s.Stop())
	require.NoError(t, s.Stop(), "a second stop does nothing")
	again, err := mariadb.Start(ctx, mariadb.Options{Dir: dir, Port: port})
	require.NoError(t, err)
	require.NoError(t, again.Exec(ctx, "DROP TABLE a.t"))
	require.NoError(t, again.Stop())
	require.DirExists(t, dir, "a directory that was given is kept")
}

func TestStartTellsWhyItFailed(t *testing.T) {
	t.Parallel()
	testenv.RequireMariaDB(t)
	first, err := mariadb.Start(t.Context(), mariadb.Options{Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = first.Stop() })

	dir := t.TempDir()
	_, err = mariadb.Start(t.Context(), mariadb.Options{Dir: dir, Port: first.Port(), Fast: true})
	require.ErrorContains(t, err, strconv.Itoa(first.Port()))
	require.ErrorContains(t, err, "Address already in use")
}

// TestServerDiesWithItsParent kills a program that runs a server, as a test run is killed, and waits for the
// server to go.
func TestServerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	testenv.RequireMariaDB(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+t.TempDir())
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0), "the server runs while its parent does")

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait() // "signal: killed"
	require.Eventually(t, func() bool { return !alive(pid) }, 10*time.Second, 10*time.Millisecond)
}

// alive tells whether a process runs. One that has ended and that its new parent has not collected counts
// as ended.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && !errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// playParent starts a server, tells its process ID and waits to be killed.
func playParent() {
	s, err := mariadb.Start(context.Background(), mariadb.Options{Dir: os.Getenv(parentEnv), Fast: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.Pid())
	select {}
}
