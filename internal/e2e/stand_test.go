//go:build unix

package e2e

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/starter"
)

// options of a stand. The zero value stands on what all cases share, with a MariaDB database of its own.
type options struct {
	on       engine
	database string // URL; default: a copy of the ground's
	temporal string // host:port; default: the ground's
	// gateway is the Temporal that the API talks to, where it differs from the others'.
	gateway string
	// more is added to the configuration of every process.
	more []string
}

// stand is what one case works with: a namespace, a database and files of its own, an API, and as many
// workers as it starts.
type stand struct {
	*testing.T
	*ground
	database  string   // URL
	server    string   // Temporal's host:port
	gateway   string   // as in options
	more      []string // as in options
	namespace string
	files     *blobtest.S3
	client    client.Client
	api       *process
	url       string // of the API

	// The test's own view of the same system.
	store   *store.Store
	blobs   *blob.Store
	starter *starter.Starter
}

var notInNamespace = regexp.MustCompile(`[^A-Za-z0-9]+`)

// stand sets a case up. Its name becomes the namespace's, so that task queue and workflow IDs are those of
// production and yet nobody else's.
func (g *ground) stand(t *testing.T, o options) *stand {
	t.Helper()
	s := &stand{
		T: t, ground: g, files: blobtest.Server(t), database: o.database, gateway: o.gateway, more: o.more,
		server: o.temporal, namespace: notInNamespace.ReplaceAllString(t.Name(), "-"),
	}
	if s.database == "" {
		s.database = g.copy(t, o.on)
	}
	if s.server == "" {
		s.server = g.temporal()
	}
	s.client = newNamespace(t, s.server, s.namespace)

	var err error
	s.store, err = store.Open(t.Context(), s.database, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	s.blobs, err = blob.Open(t.Context(), s.files.URL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.blobs.Close() })
	kinds, err := testKinds()
	require.NoError(t, err)
	s.starter = &starter.Starter{Temporal: s.client, Store: s.store, Kinds: kinds}
	s.api, s.url = s.serve("api")
	return s
}

// newNamespace makes a namespace as production has it.
func newNamespace(t *testing.T, address, name string) client.Client {
	t.Helper()
	shared := testenv.TemporalClient(t, address)
	_, err := shared.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	c, err := client.NewClientFromExisting(shared, client.Options{Namespace: name})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, starter.EnsureSearchAttributes(t.Context(), c, name))
	return c
}

// worker starts `longhaul worker`; more is added to its environment.
func (s *stand) worker(name string, more ...string) *process {
	s.Helper()
	return launch(s.T, name, append(s.env(name), more...), s.binary, "worker")
}

// serve starts `longhaul api` and returns when it listens.
func (s *stand) serve(name string) (*process, string) {
	s.Helper()
	env := append(s.env(name), "LONGHAUL_HTTP_ADDR=127.0.0.1:0")
	if s.gateway != "" {
		env = append(env, "TEMPORAL_ADDRESS="+s.gateway)
	}
	p := launch(s.T, name, env, s.binary, "api")
	return p, p.awaitLog(s.T, regexp.MustCompile(`"api serves","url":"([^"]+)"`))
}

// env is the configuration of a process. Its name shows in the requests it makes to the files.
func (s *stand) env(name string) []string {
	return append([]string{
		"LONGHAUL_DATABASE_URL=" + s.database, "LONGHAUL_BLOB_URL=" + s.files.URL,
		"LONGHAUL_DATA_DIR=" + s.TempDir(), "LONGHAUL_LOG_FORMAT=json",
		"TEMPORAL_ADDRESS=" + s.server, "TEMPORAL_NAMESPACE=" + s.namespace,
		"AWS_SDK_UA_APP_ID=" + name,
	}, s.more...)
}

// fragments tells how often each fragment of a job was written, by page.
func (s *stand) fragments(jobID string) map[string]int {
	written := map[string]int{}
	for key, times := range s.files.Writes() {
		if strings.HasPrefix(key, contract.JobPrefix(jobID)) && path.Base(key) != "plan.json" {
			written[path.Base(key)] += times
		}
	}
	return written
}

// awaitFragments waits until the fragments of these pages have been written, and returns them.
func (s *stand) awaitFragments(jobID string, pages ...int) map[string]int {
	s.Helper()
	before := map[string]int{}
	eventually(s.T, fmt.Sprintf("the fragments of pages %v are stored", pages), func() bool {
		written := s.fragments(jobID)
		for _, page := range pages {
			name := path.Base(contract.FragmentKey(jobID, "", page))
			before[name] = written[name]
			if written[name] == 0 {
				return false
			}
		}
		return true
	})
	return before
}

// requireClean asserts that no job has left anything behind.
func (s *stand) requireClean() {
	s.Helper()
	require.Empty(s, s.files.Keys(s, contract.JobsPrefix))
	require.Zero(s, s.files.Uploads(s), "unfinished uploads")
}

// requireOnce asserts that what had been written before a fault was not written again.
func (s *stand) requireOnce(jobID string, before map[string]int) {
	s.Helper()
	after := s.fragments(jobID)
	for page := range maps.Keys(before) {
		require.Equal(s, 1, after[page], "writes of fragment %s", page)
	}
}

// requireWhole asserts what has to hold after every fault: the job has succeeded, its file is the one that
// an undisturbed run makes, what had been written before the fault was written once, and nothing is left.
func (s *stand) requireWhole(id string, before map[string]int) {
	s.Helper()
	s.requireFile(id, s.whole, before)
}

// requireFile is requireWhole for a kind that makes another file of the same rows.
func (s *stand) requireFile(id string, want download, before map[string]int) {
	s.Helper()
	j := s.end(id)
	requireSucceeded(s.T, j)
	require.Equal(s, int64(rows), j.Progress.RowsDone)
	require.Equal(s, int64(rows), j.Progress.RowsTotal)
	require.Equal(s, want, s.download(j))
	s.requireOnce(id, before)
	s.requireClean()
	s.report(id)
}

// housekeeping is what the schedule does, at another time.
func (s *stand) housekeeping(at time.Time) *activities.Housekeeping {
	now := func() time.Time { return at }
	healer := &starter.Starter{Temporal: s.client, Store: s.store, Kinds: s.starter.Kinds, Now: now}
	return &activities.Housekeeping{Store: s.store, Blobs: s.blobs, Heal: healer.Heal, Now: now}
}
