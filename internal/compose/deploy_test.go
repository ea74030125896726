package compose

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// TestNamespaceScript runs the script that compose runs, twice, against a real server.
func TestNamespaceScript(t *testing.T) {
	t.Parallel()
	const namespace = "made-by-script"
	address := testenv.TemporalAddress(t)
	for range 2 {
		out, err := runScript(t, "namespace.sh", "TEMPORAL_ADDRESS="+address, "TEMPORAL_NAMESPACE="+namespace)
		require.NoError(t, err, out)
		require.Contains(t, out, "namespace "+namespace+" is ready")
	}

	c := testenv.Temporal(t)
	described, err := c.WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	require.NoError(t, err)
	require.Equal(t, devstack.Retention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	attributes, err := c.OperatorService().ListSearchAttributes(t.Context(),
		&operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	require.NoError(t, err)
	want := map[string]enums.IndexedValueType{}
	for _, attribute := range contract.SearchAttributes {
		want[attribute.GetName()] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	got := attributes.GetCustomAttributes()
	for name, kind := range want {
		require.Equal(t, kind, got[name], name)
	}
}

func TestNamespaceScriptGivesUp(t *testing.T) {
	t.Parallel()
	out, err := runScript(t, "namespace.sh", "TEMPORAL_ADDRESS=127.0.0.1:1", "NAMESPACE_TRIES=1")
	require.Error(t, err)
	require.Contains(t, out, "gave up after 1 tries: temporal operator cluster health")
}

// runScript runs a script of deploy/temporal with the Temporal CLI on PATH.
func runScript(t *testing.T, name string, env ...string) (string, error) {
	t.Helper()
	cli, err := devstack.CLI(t.Context(), devstack.CLIOptions{NoBuild: true})
	if err != nil {
		testenv.Missing(t, "temporal", err.Error())
	}
	bin := t.TempDir()
	require.NoError(t, os.Symlink(cli, filepath.Join(bin, "temporal")))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // as long as compose would wait
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(root, "deploy", "temporal", name))
	cmd.Env = append(os.Environ(), env...)
	cmd.Env = append(cmd.Env, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
