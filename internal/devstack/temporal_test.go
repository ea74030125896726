package devstack_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// parentVariable makes the test binary a program that starts a server and waits: see TestDiesWithParent.
const parentVariable = "LONGHAUL_DEVSTACK_PARENT_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentVariable); dir != "" {
		beParent(dir)
	}
	testenv.Main(m)
}

func TestSharedServer(t *testing.T) {
	t.Parallel()
	c := testenv.Temporal(t)

	described, err := c.WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	require.NoError(t, err)
	require.Equal(t, devstack.Retention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())

	attributes, err := c.OperatorService().ListSearchAttributes(t.Context(),
		&operatorservice.ListSearchAttributesRequest{Namespace: "default"})
	require.NoError(t, err)
	for _, attribute := range contract.SearchAttributes {
		require.Equal(t, enums.INDEXED_VALUE_TYPE_KEYWORD, attributes.GetCustomAttributes()[attribute.GetName()],
			attribute.GetName())
	}
}

func TestKillAndRestartKeepsWorkflows(t *testing.T) {
	t.Parallel()
	server := testenv.TemporalServer(t)
	address, first := server.Address, server.Pid()
	c := testenv.TemporalClient(t, address)
	run, err := c.ExecuteWorkflow(t.Context(),
		client.StartWorkflowOptions{ID: "kept", TaskQueue: "nobody-polls"}, "Anything")
	require.NoError(t, err)

	server.Kill()
	require.NoError(t, server.Err(), "an end that was asked for is no error")
	_, err = net.Dial("tcp", address)
	require.Error(t, err)

	require.NoError(t, server.Restart(t.Context()))
	require.Equal(t, address, server.Address)
	require.NotEqual(t, first, server.Pid())
	described, err := testenv.TemporalClient(t, address).DescribeWorkflowExecution(t.Context(), "kept", "")
	require.NoError(t, err)
	require.Equal(t, run.GetRunID(), described.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus())
}

func TestUnexpectedEndIsToldWithTheLog(t *testing.T) {
	t.Parallel()
	server := testenv.TemporalServer(t)
	require.NoError(t, server.Err())
	require.NoError(t, os.WriteFile(server.LogFile(), []byte("the last words\n"), 0o600))
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGKILL))
	select {
	case <-server.Exited():
	case <-time.After(time.Minute):
		t.Fatal("the end of the server was not seen")
	}
	require.ErrorContains(t, server.Err(), "signal: killed")
	require.ErrorContains(t, server.Err(), "the last words")
	require.ErrorContains(t, server.Err(), server.LogFile())
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port

	for _, tt := range []struct {
		name string
		opts devstack.Options
		want string
	}{
		{"front end", devstack.Options{Port: taken}, " for Temporal is taken by another program; choose another with --temporal-port "},
		{"web UI", devstack.Options{UIPort: taken}, " for Temporal's Web UI is taken by another program; choose another with --temporal-ui-port "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.CLI = "never run"
			_, err := devstack.Start(t.Context(), tt.opts)
			require.Equal(t, job.CodeUnavailable, job.CodeOf(err))
			require.ErrorContains(t, err, "port "+strconv.Itoa(taken)+tt.want)
		})
	}
}

// Not parallel: a program just written may not be run while another test's fork still holds it open (ETXTBSY).
func TestServerThatDoesNotStartShowsItsLog(t *testing.T) {
	dir := t.TempDir()
	cli := filepath.Join(dir, "temporal")
	require.NoError(t, os.WriteFile(cli, []byte("#!/bin/sh\necho no such flag >&2\nexit 3\n"), 0o755))
	_, err := devstack.Start(t.Context(), devstack.Options{CLI: cli, LogFile: filepath.Join(dir, "log")})
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no such flag")
}

// Not parallel, for the same reason.
func TestStartThatIsGivenUpLeavesNoChild(t *testing.T) {
	dir := t.TempDir()
	cli, pidFile := filepath.Join(dir, "temporal"), filepath.Join(dir, "pid")
	script := "#!/bin/sh\necho $$ >" + pidFile + ".part\nmv " + pidFile + ".part " + pidFile + "\nexec sleep 600\n"
	require.NoError(t, os.WriteFile(cli, []byte(script), 0o755))

	ctx, giveUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := devstack.Start(ctx, devstack.Options{CLI: cli, LogFile: filepath.Join(dir, "log")})
		ended <- err
	}()
	var content []byte
	require.Eventually(t, func() bool {
		var err error
		content, err = os.ReadFile(pidFile)
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	giveUp()
	require.ErrorIs(t, <-ended, context.Canceled)
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	require.NoError(t, err)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "the child is still there")
}

// TestDiesWithParent kills a process that has started a server and expects the server to be gone, even though the
// goroutine that started it has long ended.
func TestDiesWithParent(t *testing.T) {
	t.Parallel()
	testenv.Temporal(t) // skips if there is none
	dir := t.TempDir()
	parent := exec.Command(os.Args[0]) //nolint:gosec // this test binary
	parent.Env = append(os.Environ(), parentVariable+"="+dir)
	parent.Stderr = os.Stderr
	stdout, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address := strings.TrimSpace(line)
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.Close())

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, time.Minute, 20*time.Millisecond, "the server outlived the process that started it")
}

func beParent(dir string) {
	cli, err := devstack.CLI(context.Background(), devstack.CLIOptions{NoBuild: true})
	if err == nil {
		var server *devstack.Temporal
		server, err = devstack.Start(context.Background(), devstack.Options{CLI: cli, Headless: true,
			LogFile: filepath.Join(dir, "log")})
		if err == nil {
			_, err = os.Stdout.WriteString(server.Address + "\n")
		}
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	select {}
}
