package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
)

const (
	benchRows     = 5_000 // a chunk
	benchPerOrder = 20
	benchProducts = 1_000
)

// BenchmarkApplyChunk saves order lines by [store.Store.ApplyChunk], and by a bare upsert of the same tables by
// prepared statements of many rows, which knows all ids beforehand, looks for nothing and notes nothing.
func BenchmarkApplyChunk(b *testing.B) {
	for _, bm := range []struct {
		name string
		// order is the number of the first order of an iteration, and quantity that of its lines.
		order, quantity func(n int) int
	}{
		{"created", func(n int) int { return n * benchRows / benchPerOrder }, func(int) int { return 1 }},
		{"updated", func(int) int { return 0 }, func(n int) int { return n + 1 }},
		{"unchanged", func(int) int { return 0 }, func(int) int { return 1 }},
	} {
		b.Run(bm.name+"/plan", func(b *testing.B) {
			s := benchStore(b)
			n := 0
			for b.Loop() {
				b.StopTimer()
				rows := benchLines(bm.order(n), bm.quantity(n))
				key := store.ChunkKey{JobID: "job", Plan: "plan", Chunk: n}
				n++
				b.StartTimer()
				entry, err := s.ApplyChunk(b.Context(), store.ChunkWork{Key: key, SellerID: 1, Target: ordersPlan(), Rows: rows})
				require.NoError(b, err)
				require.Zero(b, entry.Tally.Refused)
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run(bm.name+"/bare", func(b *testing.B) {
			s := benchStore(b)
			n := 0
			for b.Loop() {
				b.StopTimer()
				orders, lines := benchModels(bm.order(n), bm.quantity(n))
				n++
				b.StartTimer()
				require.NoError(b, store.UpsertMany(b.Context(), s, orders))
				require.NoError(b, store.UpsertMany(b.Context(), s, lines))
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func benchStore(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), testenv.MariaDB(b), store.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { s.Close() })
	require.NoError(b, s.Migrate(b.Context()))
	products := make([]store.Product, benchProducts)
	for i := range products {
		products[i] = store.Product{ID: int64(i + 1), SellerID: 1, SKU: benchSKU(i), Name: "WHITE HANGING HEART T-LIGHT HOLDER"}
	}
	require.NoError(b, store.InsertMany(b.Context(), s, products))
	return s
}

func benchSKU(i int) string { return fmt.Sprintf("SKU-%05d", i%benchProducts) }

func benchLines(first, quantity int) []target.Row {
	values := make([][]any, benchRows)
	for i := range values {
		values[i] = []any{fmt.Sprintf("%08d", first+i/benchPerOrder), i%benchPerOrder + 1, benchSKU(i * 7),
			"WHITE HANGING HEART T-LIGHT HOLDER", quantity, target.Decimal("2.55"), at(i), "web"}
	}
	return rowsOf(values...)
}

func benchModels(first, quantity int) (orders []store.Order, lines []store.OrderLine) {
	price, err := store.NewMoney("2.55")
	if err != nil {
		panic(err)
	}
	for i := range benchRows {
		order := first + i/benchPerOrder
		if i%benchPerOrder == 0 {
			orders = append(orders, store.Order{ID: int64(order + 1), SellerID: 1, OrderNumber: fmt.Sprintf("%08d", order),
				Channel: "web", Status: "paid", Country: "KR", OrderedAt: at(i)})
		}
		lines = append(lines, store.OrderLine{SellerID: 1, OrderID: int64(order + 1), LineNumber: i%benchPerOrder + 1,
			ProductID: int64(i*7%benchProducts + 1), SKU: benchSKU(i * 7), ProductName: "WHITE HANGING HEART T-LIGHT HOLDER",
			Quantity: int64(quantity), UnitPrice: price, Amount: price.Times(int64(quantity)), OrderedAt: at(i)})
	}
	return orders, lines
}
