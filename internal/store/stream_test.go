package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestStreamTellsNullFromEmpty(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		rows := stream(t, s, "SELECT '', NULL, 'x', 0, -7, ? UNION ALL SELECT NULL, '', '', 1, 9223372036854775807, ?", "", "y")
		require.Equal(t, [][]string{
			{"", "NULL", "x", "0", "-7", ""},
			{"NULL", "", "", "1", "9223372036854775807", "y"},
		}, rows)
	})
}

func TestStreamOfNoRows(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.Empty(t, stream(t, s, "SELECT id FROM orders"))
	})
}

func TestStreamIsOneCursorInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		const n = 5000
		orders := make([]store.Order, n)
		for i := range orders {
			orders[i] = order(i)
		}
		require.NoError(t, store.InsertMany(t.Context(), s, orders))
		rows := stream(t, s, "SELECT order_number FROM orders WHERE seller_id = ? AND status IN (?, ?) ORDER BY id", 1, "paid", "new")
		require.Len(t, rows, n)
		for i, row := range rows {
			require.Equal(t, orders[i].OrderNumber, row[0])
		}
	})
}

func TestStreamEndsWithTheErrorOfItsReader(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		enough := errors.New("enough")
		for range 20 { // more than there are connections: each is given back
			seen := 0
			err := s.Stream(t.Context(), "SELECT 1 UNION ALL SELECT 2", nil, func([][]byte) error {
				seen++
				return enough
			})
			require.Equal(t, enough, err)
			require.Equal(t, 1, seen)
		}
	})
}

func TestStreamEndsWithItsContext(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		orders := make([]store.Order, 3000)
		for i := range orders {
			orders[i] = order(i)
		}
		require.NoError(t, store.InsertMany(t.Context(), s, orders))
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Stream(ctx, "SELECT a.id, b.id FROM orders a, orders b", nil, func([][]byte) error {
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, store.Transient(err))
	})
}

func TestStreamSaysWhatIsWrong(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		err := s.Stream(t.Context(), "SELECT nothing FROM orders", nil, nil)
		require.ErrorContains(t, err, "run query")
		require.ErrorContains(t, err, "nothing")
		requireCode(t, job.CodeInternal, err)
	})
}

// TestStreamSurvivesTheServersDeath kills the server in the middle of a stream: the stream ends with an error
// that says try again, and once the server is back the same store works.
func TestStreamSurvivesTheServersDeath(t *testing.T) {
	t.Parallel()
	server := testenv.PrivateMariaDB(t)
	s := open(t, server.URL("longhaul"))
	require.NoError(t, s.Migrate(t.Context()))
	orders := make([]store.Order, 20_000) // more than the socket's buffers hold
	for i := range orders {
		orders[i] = order(i)
		orders[i].Address = "서울특별시 중구 세종대로 110"
	}
	require.NoError(t, store.InsertMany(t.Context(), s, orders))

	rows := 0
	err := s.Stream(t.Context(), "SELECT * FROM orders a CROSS JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3) b", nil, func([][]byte) error {
		if rows++; rows == 1 {
			server.Kill()
		}
		return nil
	})
	require.Error(t, err, "ended after %d rows", rows)
	require.True(t, store.Transient(err), "%v", err)
	requireCode(t, job.CodeUnavailable, err)

	err = s.InsertJob(t.Context(), aJob("a", 0))
	require.True(t, store.Transient(err), "%v", err)
	_, err = s.Pending(t.Context())
	require.True(t, store.Transient(err), "%v", err)
	_, err = s.Seller(t.Context(), "acme")
	requireCode(t, job.CodeUnavailable, err)
	requireCode(t, job.CodeUnavailable, store.InsertMany(t.Context(), s, orders[:1]))

	require.NoError(t, server.Restart(t.Context()))
	require.NoError(t, s.InsertJob(t.Context(), aJob("a", 0)))
	require.Len(t, stream(t, s, "SELECT id FROM orders"), len(orders))
}
