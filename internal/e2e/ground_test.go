//go:build unix

package e2e

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/mariadb"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
)

// The data of every case: five pages of the kind order-lines, four full ones and a half.
const (
	tenant = "acme"
	rows   = 90_000
	pages  = 5
)

// all are the pages of every case.
var all = []int{0, 1, 2, 3, 4}

// ground is what all cases stand on: the programs, Temporal servers, and databases to copy.
type ground struct {
	t       *testing.T
	binary  string
	kinds   string // this test, to be a worker of the test kinds, see beWorker
	servers servers
	mysql   string // URL of the database to copy, on the server that all cases share
	sqlite  string // file to copy

	// whole is the file of a run that nothing disturbed.
	whole download
}

// newGround builds the programs, fills the databases and makes one export without any fault.
func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{
		t: t, binary: filepath.Join(t.TempDir(), "longhaul"),
		kinds:  filepath.Join(t.TempDir(), "kinds.test"),
		mysql:  testenv.MariaDB(t),
		sqlite: strings.TrimPrefix(testenv.SQLite(t), "sqlite://"),
	}
	// Without the race detector: nobody would see what it says in another process, and it makes hundreds of them slow.
	for _, build := range [][]string{{"build", "-o", g.binary, "github.com/longhaul/longhaul"}, {"test", "-c", "-o", g.kinds, "."}} {
		run := exec.Command("go", build...)
		run.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := run.CombinedOutput()
		require.NoError(t, err, "build the programs: %s", out)
	}
	fill(t, g.mysql)
	fill(t, "sqlite://"+g.sqlite)

	s := g.stand(t, options{})
	s.worker("worker")
	j := s.end(s.start(orderLines))
	requireSucceeded(t, j)
	g.whole = s.download(j)
	require.Equal(t, int64(rows), j.Artifacts[0].Rows)
	require.Equal(t, pages, j.Progress.PagesTotal)
	require.Len(t, s.fragments(j.ID), pages)
	s.requireClean()
	return g
}

// namespacesPerServer keeps a server quick: each namespace has workers of its own in it, and all share one database.
const namespacesPerServer = 16

// servers are Temporal servers, started as they are needed.
type servers struct {
	mu      sync.Mutex
	address string // host:port of the newest
	left    int    // namespaces that it may still get
}

// temporal is a server that has room for one more namespace.
func (g *ground) temporal() string {
	g.servers.mu.Lock()
	defer g.servers.mu.Unlock()
	if g.servers.left == 0 {
		g.servers.address, g.servers.left = testenv.TemporalServer(g.t).Address, namespacesPerServer
	}
	g.servers.left--
	return g.servers.address
}

// fill makes the tables and the sample data. The same rows come out of it whatever the engine.
func fill(t *testing.T, url string) {
	t.Helper()
	st, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.Migrate(t.Context()))
	require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: rows, OneSeller: true}))
}

// engine is the database that a case runs on.
type engine int

const (
	onMySQL engine = iota
	onSQLite
)

// copy gives a database with the data that belongs to one case.
func (g *ground) copy(t *testing.T, on engine) string {
	t.Helper()
	if on == onSQLite {
		data, err := os.ReadFile(g.sqlite)
		require.NoError(t, err)
		to := filepath.Join(t.TempDir(), "longhaul.db")
		require.NoError(t, os.WriteFile(to, data, 0o600))
		return "sqlite://" + to
	}
	to := testenv.MariaDB(t)
	st, err := store.Open(t.Context(), to, store.Options{})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.Migrate(t.Context()))
	from, err := url.Parse(g.mysql)
	require.NoError(t, err)
	for _, table := range []string{"sellers", "products", "stock_levels", "orders", "shipments", "order_lines"} {
		err := st.DB(t.Context()).Exec("INSERT INTO " + table + " SELECT * FROM " + from.Path[1:] + "." + table).Error
		require.NoError(t, err)
	}
	return to
}

// privateMariaDB is a server that the case may kill, with the data.
func (g *ground) privateMariaDB(t *testing.T) *mariadb.Server {
	t.Helper()
	server := testenv.PrivateMariaDB(t)
	fill(t, server.URL("longhaul"))
	return server
}
