package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
)

func TestInsertManyOfAnySize(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		total := 0
		for _, n := range []int{0, 1, 999, 1000, 1001, 2500} {
			orders := make([]store.Order, n)
			for i := range orders {
				orders[i] = order(total + i)
			}
			require.NoError(t, store.InsertMany(t.Context(), s, orders))
			total += n
		}
		require.Len(t, stream(t, s, "SELECT id FROM orders"), total)
	})
}

func TestInsertManyIsAllOrNone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		orders := make([]store.Order, 1500)
		for i := range orders {
			orders[i] = order(i)
		}
		orders[1499] = order(3)
		err := store.InsertMany(t.Context(), s, orders)
		require.ErrorIs(t, err, store.ErrDuplicate)
		require.ErrorContains(t, err, "insert orders")
		require.Empty(t, stream(t, s, "SELECT id FROM orders"))
	})
}

func TestInsertManyTakesIDsOfAllOrNone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		given, without := order(1), order(2)
		given.ID = 77
		require.ErrorContains(t, store.InsertMany(t.Context(), s, []store.Order{given, without}), "1 of 2 rows have no ID")
		require.NoError(t, store.InsertMany(t.Context(), s, []store.Order{given}))
		require.NoError(t, store.InsertMany(t.Context(), s, []store.Order{without}))
		require.Equal(t, [][]string{{"77", "O-000001"}, {"78", "O-000002"}},
			stream(t, s, "SELECT id, order_number FROM orders ORDER BY id"))
	})
}

func TestInsertManySetsEmptyTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		before := time.Now().Add(-time.Second)
		old := order(1)
		old.CreatedAt = at(5)
		rows := []store.Order{old, order(2)}
		require.NoError(t, store.InsertMany(t.Context(), s, rows))
		var read []store.Order
		require.NoError(t, s.DB(t.Context()).Order("id").Find(&read).Error)
		require.Equal(t, at(5), read[0].CreatedAt)
		require.True(t, read[1].CreatedAt.After(before))
		require.Equal(t, rows[1].UpdatedAt, read[1].UpdatedAt, "rows tell what was saved")
	})
}

func TestUpsertManyUpdatesWhatIsThere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		first := store.Product{SellerID: 1, SKU: "A-1", Name: "old", Price: amount(t, "1"), CreatedAt: at(0), UpdatedAt: at(0)}
		require.NoError(t, store.InsertMany(t.Context(), s, []store.Product{first}))
		again := store.Product{SellerID: 1, SKU: " A-1 ", Name: "새 이름", Price: amount(t, "2.5"), CreatedAt: at(9), UpdatedAt: at(9)}
		other := store.Product{SellerID: 2, SKU: "A-1", Name: "other seller's"}
		require.NoError(t, store.UpsertMany(t.Context(), s, []store.Product{again, other}))
		require.NoError(t, store.UpsertMany(t.Context(), s, []store.Product{again, other}), "the same again")

		var read []store.Product
		require.NoError(t, s.DB(t.Context()).Order("seller_id").Find(&read).Error)
		require.Len(t, read, 2)
		require.Equal(t, "새 이름", read[0].Name)
		require.Equal(t, "2.5", read[0].Price.String())
		require.Equal(t, at(0), read[0].CreatedAt)
		require.Equal(t, at(9), read[0].UpdatedAt)
		require.Equal(t, "other seller's", read[1].Name)
	})
}
