package store_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
)

const (
	benchRows     = 5_000 // a chunk
	benchPerOrder = 20
	benchProducts = 1_000
)

// BenchmarkApplyChunk saves order lines by [store.Store.ApplyChunk] and, in turns with it because other work on the
// machine slows both, by a bare upsert of the same tables by prepared statements of many rows, which knows all ids
// beforehand, looks for nothing and notes nothing.
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
		b.Run(bm.name, func(b *testing.B) {
			s, bare := benchStore(b), newBareUpsert(b, benchStore(b))
			var saved, upserted time.Duration
			for n := 0; b.Loop(); n++ {
				order, quantity := bm.order(n), bm.quantity(n)
				work := store.ChunkWork{Key: store.ChunkKey{JobID: "job", Plan: "plan", Chunk: n}, SellerID: 1,
					Target: ordersPlan(), Rows: benchLines(order, quantity)}
				values := benchValues(order, quantity)
				start := time.Now()
				entry, err := s.ApplyChunk(b.Context(), work)
				saved += time.Since(start)
				require.NoError(b, err)
				require.Zero(b, entry.Tally.Refused)
				start = time.Now()
				bare.run(b, values)
				upserted += time.Since(start)
			}
			rows := float64(b.N) * benchRows
			b.ReportMetric(rows/saved.Seconds(), "rows/s")
			b.ReportMetric(rows/upserted.Seconds(), "bare-rows/s")
			b.ReportMetric(100*upserted.Seconds()/saved.Seconds(), "%of-bare")
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

// bareUpsert writes orders and their lines by two statements of 500 rows that are prepared once.
type bareUpsert struct {
	db            *sql.DB
	orders, lines *sql.Stmt
	args          []any
}

const bareRows = 500

var (
	bareOrders = []string{"id", "seller_id", "order_number", "channel", "status", "ordered_at", "customer_id", "customer_name", "phone", "country",
		"address", "memo", "created_at", "updated_at"}
	bareLines = []string{"seller_id", "order_id", "line_number", "product_id", "sku", "product_name", "quantity", "unit_price", "amount",
		"marketplace_line_id", "ordered_at", "created_at"}
)

func newBareUpsert(b *testing.B, s *store.Store) *bareUpsert {
	b.Helper()
	db, err := s.DB(b.Context()).DB()
	require.NoError(b, err)
	prepare := func(table string, columns []string, rows int) *sql.Stmt {
		sets := make([]string, len(columns))
		for i, c := range columns {
			sets[i] = c + " = VALUES(" + c + ")"
		}
		one := "(?" + strings.Repeat(",?", len(columns)-1) + ")"
		stmt, err := db.Prepare("INSERT INTO " + table + " (" + strings.Join(columns, ",") + ") VALUES " + one + strings.Repeat(","+one, rows-1) +
			" ON DUPLICATE KEY UPDATE " + strings.Join(sets, ","))
		require.NoError(b, err)
		b.Cleanup(func() { stmt.Close() })
		return stmt
	}
	return &bareUpsert{db: db,
		orders: prepare("orders", bareOrders, benchRows/benchPerOrder), lines: prepare("order_lines", bareLines, bareRows)}
}

func (u *bareUpsert) run(b *testing.B, rows [][]any) {
	tx, err := u.db.Begin()
	require.NoError(b, err)
	at := time.Now().UTC()
	u.args = u.args[:0]
	for i := 0; i < len(rows); i += benchPerOrder {
		r := rows[i]
		u.args = append(u.args, r[0], 1, r[1], "web", "paid", r[7], "", "", "", "KR", "", "", at, at)
	}
	_, err = tx.Stmt(u.orders).Exec(u.args...) //nolint:sqlclosecheck // it ends with the transaction
	require.NoError(b, err)
	stmt := tx.Stmt(u.lines)
	for part := range slices.Chunk(rows, bareRows) {
		u.args = u.args[:0]
		for _, r := range part {
			u.args = append(u.args, 1, r[0], r[2], r[3], r[4], r[5], r[6], "2.5500", r[8], "", r[7], at)
		}
		_, err := stmt.Exec(u.args...)
		require.NoError(b, err)
	}
	require.NoError(b, tx.Commit())
}

// benchValues are the rows of [benchLines] as the bare upsert needs them: with the ids of everything.
func benchValues(first, quantity int) [][]any {
	rows := make([][]any, benchRows)
	for i := range rows {
		order := first + i/benchPerOrder
		rows[i] = []any{order + 1, fmt.Sprintf("%08d", order), i%benchPerOrder + 1, i*7%benchProducts + 1, benchSKU(i * 7),
			"WHITE HANGING HEART T-LIGHT HOLDER", quantity, at(i), fmt.Sprintf("%d.%02d00", 255*quantity/100, 255*quantity%100)}
	}
	return rows
}

// BenchmarkChunksThatShareProducts saves orders four chunks at a time to an empty database: most chunks need some
// products that are new to their neighbours, too. It tells how long they waited for each other.
func BenchmarkChunksThatShareProducts(b *testing.B) {
	const chunks, atOnce, products = 40, 4, 4_000
	for b.Loop() {
		b.StopTimer()
		s, err := store.Open(b.Context(), testenv.MariaDB(b), store.Options{})
		require.NoError(b, err)
		require.NoError(b, s.Migrate(b.Context()))
		random := rand.New(rand.NewPCG(1, 1))
		often := rand.NewZipf(random, 1.1, 20, products-1)
		var work [chunks][]target.Row
		for n := range work {
			work[n] = benchLines(n*benchRows/benchPerOrder, 1)
			for i := range work[n] {
				work[n][i].Values[2] = fmt.Sprintf("SKU-%05d", often.Uint64())
			}
		}
		before := benchWaited(b, s)
		b.StartTimer()
		var group errgroup.Group
		group.SetLimit(atOnce)
		for n, rows := range work {
			group.Go(func() error {
				_, err := s.ApplyChunk(b.Context(), store.ChunkWork{Key: store.ChunkKey{JobID: "job", Plan: "plan", Chunk: n}, SellerID: 1,
					Target: ordersPlan(), Rows: rows})
				return err
			})
		}
		require.NoError(b, group.Wait())
		b.StopTimer()
		b.ReportMetric(benchWaited(b, s)-before, "ms-waited")
		require.NoError(b, s.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*chunks*benchRows/b.Elapsed().Seconds(), "rows/s")
}

// benchWaited is how long transactions have waited for locks, in milliseconds.
func benchWaited(b *testing.B, s *store.Store) (ms float64) {
	b.Helper()
	var name string
	db, err := s.DB(b.Context()).DB()
	require.NoError(b, err)
	require.NoError(b, db.QueryRow("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_time'").Scan(&name, &ms))
	return ms
}
