package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// TestSaveKeepsAnyText saves what means something to the way that many records take into a table.
func TestSaveKeepsAnyText(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		texts := []string{
			"tab\there", "two\nlines", "two\r\nlines", `back\slash`, `\N`, `\`, `\\t`, "nul\x00in it", "end\x1aof file", "'quoted' \"twice\"",
			" spaces around  ", "NULL", "가나다 😀", "\u00a0", "\u2028", "x',(1)-- ", `\.`, strings.Repeat("\t", 100),
		}
		rows := lines(len(texts))
		for i, text := range texts {
			rows[i][3] = text
		}
		entry, _ := newSaving(t, s, ordersPlan()).apply(rowsOf(rows...))
		require.Equal(t, tally(int64(len(texts)), 0, 0, 0), entry.Tally)
		found := stream(t, s, "SELECT product_name, quantity, unit_price, shipment_id, ordered_at FROM order_lines ORDER BY quantity")
		for i, text := range texts {
			require.Equal(t, text, found[i][0])
			require.Equal(t, fmt.Sprint(i+1), found[i][1])
			require.Equal(t, "NULL", found[i][3])
		}
	})
}

// TestLoadThatIsNotAllowed saves to servers that do not load a client's data.
func TestLoadThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	server := testenv.PrivateMariaDB(t)
	require.NoError(t, server.Exec(t.Context(), "SET GLOBAL local_infile = OFF"))
	s := open(t, server.URL("longhaul"))
	require.NoError(t, s.Migrate(t.Context()))
	s.LoadFrom(1)
	require.True(t, s.Loads())
	entry, _ := newSaving(t, s, ordersPlan()).apply(rowsOf(lines(1500)...))
	require.Equal(t, tally(1500, 0, 0, 0), entry.Tally)
	require.False(t, s.Loads(), "it is not asked again at once")
	require.Equal(t, "1500", count(t, s, "SELECT COUNT(*) FROM order_lines"))
}

// TestLoadWhoseConnectionIsLost has the server die while it loads, as it looks where a proxy does not know the way.
func TestLoadWhoseConnectionIsLost(t *testing.T) {
	t.Parallel()
	server := testenv.PrivateMariaDB(t)
	s := open(t, server.URL("longhaul"))
	require.NoError(t, s.Migrate(t.Context()))
	// A trigger tells that the statement runs, and holds it up until the test lets it go: by killing the server.
	run(t, s, "CREATE TRIGGER slow BEFORE INSERT ON order_lines FOR EACH ROW DO GET_LOCK('begun', 0), GET_LOCK('load', 60)")
	holder, err := s.DB(t.Context()).DB()
	require.NoError(t, err)
	conn, err := holder.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "DO GET_LOCK('load', 0)")
	require.NoError(t, err)

	v := newSaving(t, s, ordersPlan())
	work := v.work(rowsOf(lines(1500)...))
	saved := make(chan error, 1)
	go func() {
		_, err := s.ApplyChunk(t.Context(), work)
		saved <- err
	}()
	require.Eventually(t, func() bool {
		return count(t, s, "SELECT IS_USED_LOCK('begun') IS NOT NULL") == "1"
	}, waitFor, pollEvery)
	require.True(t, s.Loads())
	server.Kill()
	requireCode(t, job.CodeUnavailable, <-saved)
	require.False(t, s.Loads())

	require.NoError(t, server.Restart(t.Context()))
	run(t, s, "DROP TRIGGER slow")
	entry, err := s.ApplyChunk(t.Context(), work)
	require.NoError(t, err)
	require.Equal(t, tally(1500, 0, 0, 0), entry.Tally)
}

// TestLoadsThatMeet has jobs load the same new products at once, in opposite orders: each chunk sorts them, what is
// there already makes a load end in part, and who gives out ids may wait for who waits for ids.
func TestLoadsThatMeet(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.MariaDB(t))
	require.NoError(t, s.Migrate(t.Context()))
	s.LoadFrom(1)
	const jobs, products = 4, 3000
	var all sync.WaitGroup
	entries, errs := make([]store.ChunkEntry, jobs), make([]error, jobs)
	for n := range jobs {
		rows := make([][]any, products)
		for i := range rows {
			at := i // each the other way round than the one before
			if n%2 == 1 {
				at = products - 1 - i
			}
			rows[i] = []any{fmt.Sprintf("S%04d", at), fmt.Sprint("name ", n), nil, target.Decimal("1.5")}
		}
		v := newSaving(t, s, productsPlan())
		v.job = fmt.Sprint("job ", n)
		work := v.work(rowsOf(rows...))
		work.Keep = nil
		all.Go(func() { entries[n], errs[n] = s.ApplyChunk(t.Context(), work) })
	}
	all.Wait()
	var total job.Tally
	for n := range jobs {
		require.NoError(t, errs[n])
		total.Add(entries[n].Tally)
	}
	require.Equal(t, tally(products, (jobs-1)*products, 0, 0), total, "one has created them, the others have each changed their name")
}
