package seed_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// tables are those that seeds write. When a seller was saved is left out: it is the only thing that the clock
// decides.
var tables = map[string]string{
	"sellers": "id, code, name, time_zone", "products": "*", "stock_levels": "*", "orders": "*", "shipments": "*", "order_lines": "*",
}

func migrated(t *testing.T, url string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(t.Context()))
	return st
}

// digest is a digest of every row of a table, in the order of IDs.
func digest(t *testing.T, st *store.Store, table string) string {
	t.Helper()
	h := sha256.New()
	err := st.Stream(t.Context(), "SELECT "+tables[table]+" FROM "+table+" ORDER BY id", nil, func(cells [][]byte) error {
		for _, cell := range cells {
			fmt.Fprintf(h, "%t %d %s;", cell == nil, len(cell), cell)
		}
		return nil
	})
	require.NoError(t, err)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func number(t *testing.T, st *store.Store, sql string, args ...any) int {
	t.Helper()
	n := 0
	require.NoError(t, st.Stream(t.Context(), sql, args, func(cells [][]byte) (err error) {
		n, err = strconv.Atoi(string(cells[0]))
		return err
	}))
	return n
}

// The digests are written down, so that not only both engines but also every machine and every version of
// this program agree. One who means to change the sample data changes them, and all that counts on its rows.
func TestSampleIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)

		require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 2000}))

		for table, want := range map[string]string{
			"sellers":      "6038134d34f1cc71",
			"products":     "b98adae7f9771f20",
			"stock_levels": "e79530d6c7f3dbdb",
			"orders":       "50220deb56ea1f13",
			"shipments":    "334bb34184d06f98",
			"order_lines":  "15e2f12d503c3b33",
		} {
			require.Equal(t, want, digest(t, st, table), table)
		}
	})
}

func TestSampleMakesAsManyLinesAsAsked(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{1, 7, 100, 600} {
		for _, one := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d lines, one seller %t", lines, one), func(t *testing.T) {
				t.Parallel()
				st := migrated(t, testenv.SQLite(t))

				require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: lines, OneSeller: one}))

				acme, err := st.Seller(t.Context(), "acme")
				require.NoError(t, err)
				share := number(t, st, "SELECT COUNT(*) FROM order_lines WHERE seller_id = ?", acme.ID)
				require.Equal(t, lines, number(t, st, "SELECT COUNT(*) FROM order_lines"))
				require.GreaterOrEqual(t, share, lines*8/10)
				if one {
					require.Equal(t, lines, share)
				}
				require.Zero(t, number(t, st, `SELECT COUNT(*) FROM order_lines l LEFT JOIN orders o ON o.id = l.order_id AND o.seller_id = l.seller_id
					LEFT JOIN products p ON p.id = l.product_id AND p.seller_id = l.seller_id AND p.sku = l.sku
					LEFT JOIN shipments h ON h.order_id = o.id
					WHERE o.id IS NULL OR p.id IS NULL OR COALESCE(h.id, 0) <> COALESCE(l.shipment_id, 0)`), "a reference leads nowhere")
			})
		}
	}
}

func TestSeedVariesTheSample(t *testing.T) {
	t.Parallel()
	one, other := migrated(t, testenv.SQLite(t)), migrated(t, testenv.SQLite(t))

	require.NoError(t, seed.Sample(t.Context(), one, seed.Options{OrderLines: 50}))
	require.NoError(t, seed.Sample(t.Context(), other, seed.Options{OrderLines: 50, Seed: 1}))

	require.NotEqual(t, digest(t, one, "order_lines"), digest(t, other, "order_lines"))
}

// What the sample data is for: each of these has broken somebody's spreadsheet.
func TestSampleHoldsWhatBreaksSpreadsheets(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 2000}))

		for what, condition := range map[string]string{
			"formula":               "l.product_name = '=1+1'",
			"formula in a memo":     "o.memo LIKE '=HYPERLINK(%'",
			"international phone":   "o.phone LIKE '+82-10-%'",
			"phone without digits":  "o.phone = ''",
			"leading zeros":         "l.sku LIKE '0000%'",
			"zeros of a barcode":    "p.barcode LIKE '00%'",
			"no barcode":            "p.barcode = ''",
			"18 digits":             "l.marketplace_line_id LIKE '20________________'",
			"emoji":                 "l.product_name LIKE '%👩‍🚀%'",
			"quotes":                `l.product_name LIKE '"%"%&%<%>%'`,
			"line break":            "l.product_name LIKE '%\n%'",
			"carriage return":       "l.product_name LIKE '%\r\n%'",
			"long name":             "LENGTH(l.product_name) > 290",
			"escape of a workbook":  "INSTR(l.product_name, '_x0041_') > 0",
			"control character":     "l.product_name LIKE '%\x01%'",
			"space around":          "l.product_name LIKE '  %  '",
			"what looks like a day": "l.product_name = '2026-01-02'",
			"return":                "l.quantity < 0",
			"cents":                 "l.unit_price LIKE '%.__00' AND l.unit_price NOT LIKE '%.0000'",
		} {
			count := number(t, st, `SELECT COUNT(*) FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id WHERE `+condition)
			require.NotZero(t, count, what)
		}
	})
}

func TestSampleAgainAddsNothing(t *testing.T) {
	t.Parallel()
	st := migrated(t, testenv.SQLite(t))
	opts := seed.Options{OrderLines: 300}
	require.NoError(t, seed.Sample(t.Context(), st, opts))
	before := digest(t, st, "order_lines")
	require.NoError(t, st.DB(t.Context()).Exec("UPDATE products SET price = '1.0000'").Error, "as life goes on")
	done := 0
	opts.Progress = func(n, total int) { done = n }

	require.NoError(t, seed.Sample(t.Context(), st, opts))

	require.Equal(t, before, digest(t, st, "order_lines"))
	require.Equal(t, 300, done)
}

func TestSampleGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		opts := seed.Options{OrderLines: 1200, Chunk: 1000}
		whole := migrated(t, testenv.SQLite(t))
		require.NoError(t, seed.Sample(t.Context(), whole, opts))
		st := migrated(t, url)
		ctx, stop := context.WithCancel(t.Context())
		stopped := opts
		stopped.Progress = func(done, total int) { stop() }

		require.ErrorIs(t, seed.Sample(ctx, st, stopped), context.Canceled)
		require.Less(t, number(t, st, "SELECT COUNT(*) FROM order_lines"), 1200)
		// As if it had been killed between two tables.
		require.NoError(t, st.DB(t.Context()).Exec("DELETE FROM order_lines WHERE id > 900").Error)
		require.NoError(t, st.DB(t.Context()).Exec("DELETE FROM shipments WHERE id > 300").Error)
		require.NoError(t, seed.Sample(t.Context(), st, opts))

		for table := range tables {
			require.Equal(t, digest(t, whole, table), digest(t, st, table), table)
		}
	})
}

func TestSampleDoesNotMixWithOtherRows(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]seed.Options{
		"fewer lines": {OrderLines: 200},
		"more lines":  {OrderLines: 400},
		"other seed":  {OrderLines: 301, Seed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := migrated(t, testenv.SQLite(t))
			require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 300}))
			before := digest(t, st, "order_lines")

			err := seed.Sample(t.Context(), st, again)

			require.Equal(t, job.CodeConflict, job.CodeOf(err))
			require.Equal(t, before, digest(t, st, "order_lines"))
		})
	}
}

func TestSampleStandsBesideOthersRows(t *testing.T) {
	t.Parallel()
	st := migrated(t, testenv.SQLite(t))
	require.NoError(t, store.InsertMany(t.Context(), st, []store.Seller{{Code: "zoo", Name: "Zoo"}}))
	require.NoError(t, store.InsertMany(t.Context(), st, []store.Product{{ID: 500, SellerID: 1, SKU: "LION"}}))

	require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 100}))

	require.Equal(t, 501, number(t, st, "SELECT MIN(id) FROM products WHERE id <> 500"))
	require.Equal(t, 100, number(t, st, "SELECT COUNT(*) FROM order_lines"))
}

func TestSampleRefusesANegativeNumber(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, seed.Sample(t.Context(), migrated(t, testenv.SQLite(t)), seed.Options{OrderLines: -1}), "negative")
}
