package store_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func TestTextComesBackAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		texts := []string{
			"", " ", "한국어 상품명", "😀😁👩‍👩‍👧", "=1+1", `"quoted" 'text' \ % _`, "line\nbreak\tand tab\r\n",
			"0012345678", "123456789012345678", "+82-10-1234-5678", "각 (decomposed)", "trailing ", strings.Repeat("가", 500),
		}
		lines := make([]store.OrderLine, len(texts))
		for i, text := range texts {
			lines[i] = store.OrderLine{OrderID: 1, LineNumber: i, ProductName: text, OrderedAt: epoch}
		}
		require.NoError(t, store.InsertMany(t.Context(), s, lines))

		var read []string
		require.NoError(t, s.DB(t.Context()).Model(&store.OrderLine{}).Order("id").Pluck("product_name", &read).Error)
		require.Equal(t, texts, read)
		for i, row := range stream(t, s, "SELECT product_name FROM order_lines ORDER BY id") {
			require.Equal(t, texts[i], row[0])
		}
		found := stream(t, s, "SELECT line_number FROM order_lines WHERE product_name = ?", "😀😁👩‍👩‍👧")
		require.Equal(t, [][]string{{"3"}}, found)
	})
}

func TestTextThatIsTooLongIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		fits := store.Product{SellerID: 1, SKU: strings.Repeat("가", 64)}
		require.NoError(t, store.InsertMany(t.Context(), s, []store.Product{fits}))
		long := store.Product{SellerID: 1, SKU: strings.Repeat("가", 65)}
		require.Error(t, store.InsertMany(t.Context(), s, []store.Product{long}))
		require.Error(t, s.DB(t.Context()).Create(&long).Error)
	})
}

func TestMoneyIsExact(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i, text := range []string{"12345678901234.5678", "-99999999999999.9999", "0.0001", "0.1", "1200", "0"} {
			price := amount(t, text)
			line := store.OrderLine{
				OrderID: 1, LineNumber: i, Quantity: 3, UnitPrice: price, OrderedAt: epoch,
			}
			require.NoError(t, store.InsertMany(t.Context(), s, []store.OrderLine{line}))
			var read store.OrderLine
			require.NoError(t, s.DB(t.Context()).Where("line_number = ?", i).Take(&read).Error)
			require.True(t, price.Equal(read.UnitPrice.Decimal), "%s became %s", text, read.UnitPrice)
			row := stream(t, s, "SELECT unit_price, quantity, amount FROM order_lines WHERE line_number = ?", i)
			require.Equal(t, [][]string{{price.StringFixed(4), "3", "0.0000"}}, row)
		}
	})
}

func TestMoneyThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.00001", "100000000000000", "-100000000000000", "1,000", "", "NaN"} {
		_, err := store.NewMoney(text)
		require.Error(t, err, text)
	}
	price := amount(t, "19.9900")
	require.Equal(t, "-59.97", price.Times(-3).String())
	_, err := amount(t, "99999999999999.9999").Times(10).Value()
	require.Error(t, err)
}

func TestTimesAreInstants(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		seoul, err := time.LoadLocation("Asia/Seoul")
		require.NoError(t, err)
		precise := time.Date(2026, 3, 1, 8, 59, 59, 123456789, seoul) // the day before in UTC
		whole := time.Date(2026, 3, 1, 9, 0, 0, 0, seoul)
		shipments := []store.Shipment{
			{OrderID: 1, ShippedAt: &precise, CreatedAt: precise},
			{OrderID: 2, ShippedAt: &whole, CreatedAt: whole},
			{OrderID: 3, CreatedAt: whole},
		}
		require.NoError(t, store.InsertMany(t.Context(), s, shipments))

		var read []store.Shipment
		require.NoError(t, s.DB(t.Context()).Order("id").Find(&read).Error)
		require.Equal(t, precise.Truncate(time.Microsecond).UTC(), *read[0].ShippedAt)
		require.Equal(t, time.UTC, read[1].ShippedAt.Location())
		require.Nil(t, read[2].ShippedAt)

		require.Equal(t, [][]string{
			{"1", "2026-02-28 23:59:59.123456"}, {"2", "2026-03-01 00:00:00.000000"}, {"3", "NULL"},
		}, stream(t, s, "SELECT order_id, shipped_at FROM shipments ORDER BY id"))

		created := store.Shipment{OrderID: 4, CreatedAt: precise}
		require.NoError(t, s.DB(t.Context()).Create(&created).Error)
		require.Equal(t, [][]string{{"2026-02-28 23:59:59.123456"}},
			stream(t, s, "SELECT created_at FROM shipments WHERE order_id = 4 AND created_at = ?", precise))

		// An argument of any zone and any precision finds the instant.
		for _, arg := range []any{precise, &precise, precise.UTC()} {
			require.Equal(t, [][]string{{"1"}}, stream(t, s, "SELECT order_id FROM shipments WHERE shipped_at = ?", arg))
		}
		require.Equal(t, [][]string{{"2"}},
			stream(t, s, "SELECT order_id FROM shipments WHERE shipped_at > ? AND shipped_at < ?", precise, whole.Add(time.Microsecond)))
	})
}

func TestCodesAreNormal(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		decomposed, composed := "\u1100\u1161-1", "\uac00-1"
		require.NoError(t, store.InsertMany(t.Context(), s, []store.Seller{
			{Code: " a\u3000"}, {Code: "A"}, {Code: decomposed, Name: "Ga"},
		}))
		for _, code := range []string{"a", "a ", composed, decomposed} {
			_, err := s.Seller(t.Context(), code)
			require.NoError(t, err, "%q", code)
		}
		for _, code := range []string{"b", "", "ａ"} {
			_, err := s.Seller(t.Context(), code)
			requireCode(t, job.CodeNotFound, err)
		}
		for _, taken := range []string{"a", "a ", "A", composed} {
			err := store.InsertMany(t.Context(), s, []store.Seller{{Code: taken}})
			require.ErrorIs(t, err, store.ErrDuplicate, "%q", taken)
			require.ErrorIs(t, s.DB(t.Context()).Create(&store.Seller{Code: taken}).Error, gorm.ErrDuplicatedKey, "%q", taken)
		}
		sellers, err := s.Sellers(t.Context())
		require.NoError(t, err)
		var codes []string
		for _, seller := range sellers {
			codes = append(codes, seller.Code)
		}
		require.Equal(t, []string{"A", "a", composed}, codes)
	})
}

func TestSellersHaveZones(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, store.InsertMany(t.Context(), s, []store.Seller{
			{Code: "acme", Name: "Acme 상사"}, {Code: "lax", TimeZone: "America/Los_Angeles"}, {Code: "odd", TimeZone: "Mars/Olympus"},
		}))
		acme, err := s.Seller(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, "Acme 상사", acme.Name)
		require.Equal(t, "Asia/Seoul", acme.Zone.String())
		lax, err := s.Seller(t.Context(), "lax")
		require.NoError(t, err)
		require.Equal(t, "America/Los_Angeles", lax.Zone.String())
		_, err = s.Seller(t.Context(), "odd")
		requireCode(t, job.CodeInternal, err)
	})
}

// TestCodesSortAlike sorts codes of many scripts on both engines; both must sort by code point, else a cursor
// would skip rows on one of them.
func TestCodesSortAlike(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		random := rand.New(rand.NewPCG(1, 2))
		letters := []rune("09azAZ-_.~ÄßéЖ가힣漢😀ﬀ１")
		seen := map[string]bool{}
		var products []store.Product
		for len(products) < 500 {
			code := make([]rune, 1+random.IntN(4))
			for i := range code {
				code[i] = letters[random.IntN(len(letters))]
			}
			if sku := store.NormalCode(string(code)); !seen[sku] {
				seen[sku] = true
				products = append(products, store.Product{SellerID: 1, SKU: sku})
			}
		}
		require.NoError(t, store.InsertMany(t.Context(), s, products))
		var want, got []string
		for _, p := range products {
			want = append(want, p.SKU)
		}
		slices.Sort(want)
		for _, row := range stream(t, s, "SELECT sku FROM products ORDER BY sku") {
			got = append(got, row[0])
		}
		require.Equal(t, want, got)
	})
}
