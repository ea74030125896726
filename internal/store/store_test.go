package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// epoch is the beginning of time in these tests.
var epoch = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const (
	waitFor   = 10 * time.Second
	pollEvery = time.Millisecond
)

// at is n seconds after epoch.
func at(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }

// onBoth runs a test on a migrated, empty store of each engine: the suite that holds them to the same.
func onBoth(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		require.NoError(t, s.Migrate(t.Context()))
		fn(t, s)
	})
}

// onAll is onBoth for what saves chunks: on MariaDB once more with all new records loaded, however few there are.
func onAll(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	onBoth(t, fn)
	t.Run("mariadb-loading", func(t *testing.T) {
		t.Parallel()
		s := open(t, testenv.MariaDB(t))
		require.NoError(t, s.Migrate(t.Context()))
		s.LoadFrom(1)
		fn(t, s)
	})
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// stream collects a query's rows; NULL reads "NULL".
func stream(t *testing.T, s *store.Store, query string, args ...any) [][]string {
	t.Helper()
	var rows [][]string
	err := s.Stream(t.Context(), query, args, func(cells [][]byte) error {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = string(cell)
			if cell == nil {
				row[i] = "NULL"
			}
		}
		rows = append(rows, row)
		return nil
	})
	require.NoError(t, err)
	return rows
}

func aJob(id string, n int) job.Job {
	return job.Job{
		ID: id, Type: job.TypeExport, Kind: "stock-shortages", Tenant: "acme",
		WorkflowID: "export/stock-shortages/acme/" + id, RunID: id, CreatedAt: at(n),
		Status: job.Status{State: job.Running, UpdatedAt: at(n)},
	}
}

func order(n int) store.Order {
	return store.Order{SellerID: 1, OrderNumber: fmt.Sprintf("O-%06d", n), Status: "paid", OrderedAt: at(n)}
}

func amount(t *testing.T, text string) store.Money {
	t.Helper()
	m, err := store.NewMoney(text)
	require.NoError(t, err)
	return m
}

func requireCode(t *testing.T, want job.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, job.CodeOf(err), "%v", err)
}
