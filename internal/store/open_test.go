package store_test

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestOpenRefusesURLsWithoutTellingThePassword(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, url, want string }{
		{"empty", "", "must begin with mysql:// or sqlite://"},
		{"another engine", "postgres://u:s3cret@h/db", "must begin with mysql:// or sqlite://"},
		{"an escape that is none", "mysql://u:s3cret%zz@h/db", "must be percent-encoded"},
		{"a port that is none", "mysql://u:pa/s3cret@h/db", "must be percent-encoded"},
		{"no database", "mysql://u:s3cret@h:3306", "must be like mysql://"},
		{"no host", "mysql:///db", "must be like mysql://"},
		{"a parameter that is none", "mysql://u:s3cret@h/db?parseTime=perhaps", "invalid bool value"},
		{"no file", "sqlite://", "must be like sqlite://"},
		{"a folder", "sqlite://data/", "must be like sqlite://"},
		{"memory", "sqlite://:memory:", "a memory of its own"},
		{"parameters", "sqlite://a.db?mode=ro", "takes no parameters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), tt.url, store.Options{})
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestOpenSaysWhatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	taken := l.Addr().String()
	require.NoError(t, l.Close())
	_, err = store.Open(t.Context(), "mysql://root:s3cret@"+taken+"/longhaul", store.Options{})
	requireCode(t, job.CodeUnavailable, err)
	require.True(t, store.Transient(err))
	require.ErrorContains(t, err, "open database mysql://root@"+taken+"/longhaul: ")
	require.NotContains(t, err.Error(), "s3cret")

	_, err = store.Open(t.Context(), "sqlite:///proc/none/longhaul.db", store.Options{})
	require.ErrorContains(t, err, "open database sqlite:///proc/none/longhaul.db: ")
	require.False(t, store.Transient(err))
}

func TestOpenTakesAnyFileName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "새 폴더", "50% #1 +&=.db")
	require.NoError(t, open(t, "sqlite://"+path).Migrate(t.Context()))
	require.FileExists(t, path)
	due, err := open(t, "sqlite://"+path).Pending(t.Context())
	require.NoError(t, err)
	require.Empty(t, due, "both have opened the same file")
}

// TestMigrateByManyAtOnce has processes that start together migrate the same empty database.
func TestMigrateByManyAtOnce(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		var stores [6]*store.Store
		var group errgroup.Group
		var begin sync.WaitGroup
		begin.Add(len(stores))
		for i := range stores {
			group.Go(func() (err error) {
				begin.Done()
				begin.Wait()
				if stores[i], err = store.Open(t.Context(), url, store.Options{}); err != nil {
					return err
				}
				return stores[i].Migrate(t.Context())
			})
		}
		err := group.Wait()
		for _, s := range stores {
			if s != nil {
				require.NoError(t, s.Close())
			}
		}
		require.NoError(t, err)
	})
}

func TestPendingTellsWhatIsDue(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		due, err := s.Pending(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"0001_create_tables", "0002_bulk_saves", "0003_syncs"}, due)

		require.NoError(t, s.Migrate(t.Context()))
		require.NoError(t, s.Migrate(t.Context()), "a second time does nothing")
		due, err = s.Pending(t.Context())
		require.NoError(t, err)
		require.Empty(t, due)
	})
}

// TestMigrationCutShortBeginsAgain runs every statement a second time, as after a crash before the last one.
// On SQLite a migration is one transaction.
func TestMigrationCutShortBeginsAgain(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.MariaDB(t))
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.DB(t.Context()).Exec("DELETE FROM migrations").Error)
	due, err := s.Pending(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, due)
	require.NoError(t, s.Migrate(t.Context()))
}

// TestPoolsAreBounded holds streams open and finds the other pool at work, and no more connections than stated.
func TestPoolsAreBounded(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{MaxOpen: 4})
		require.NoError(t, err)
		defer s.Close()
		require.NoError(t, s.Migrate(t.Context()))

		const streams = 5
		var group errgroup.Group
		reading, release := make(chan struct{}, streams), make(chan struct{})
		for range streams {
			group.Go(func() error {
				return s.Stream(t.Context(), "SELECT 1", nil, func([][]byte) error {
					reading <- struct{}{}
					<-release
					return nil
				})
			})
		}
		<-reading
		<-reading
		require.NoError(t, s.InsertJob(t.Context(), aJob("a", 0)), "typed work goes on while all streams are taken")
		open := 0
		for _, pool := range s.Stats() {
			require.Equal(t, 2, pool.MaxOpenConnections, pool.Pool)
			open += pool.OpenConnections
		}
		require.LessOrEqual(t, open, 4)
		close(release)
		require.NoError(t, group.Wait())
	})
}

// TestSessionsDoNotGoByTheServersSettings sets a server up against us; the session's own settings hold.
func TestSessionsDoNotGoByTheServersSettings(t *testing.T) {
	t.Parallel()
	server := testenv.PrivateMariaDB(t)
	require.NoError(t, server.Exec(t.Context(),
		"SET GLOBAL time_zone = '+09:00'", "SET GLOBAL sql_mode = ''", "SET GLOBAL character_set_server = latin1"))
	s := open(t, server.URL("longhaul"))
	require.NoError(t, s.Migrate(t.Context()))
	require.Equal(t, [][]string{{"1"}}, stream(t, s, "SELECT ABS(TIMESTAMPDIFF(SECOND, NOW(), UTC_TIMESTAMP())) < 60"))
	require.Error(t, store.InsertMany(t.Context(), s, []store.Seller{{Code: strings.Repeat("x", 65)}}))
	require.NoError(t, store.InsertMany(t.Context(), s, []store.Seller{{Code: "키"}}))
	require.Equal(t, [][]string{{"키"}}, stream(t, s, "SELECT code FROM sellers WHERE code = ?", "키"))
}
