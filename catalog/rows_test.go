package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// TestRowsOfEachKind holds the kinds against data small enough to work out by hand.
func TestRowsOfEachKind(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		fill(t, st)
		t.Run("stock-shortages", func(t *testing.T) { shortages(t, st) })
		t.Run("order-lines", func(t *testing.T) { lines(t, st) })
		t.Run("stock-levels", func(t *testing.T) { levels(t, st) })
	})
}

// day is noon of a day of November 2026 in UTC, nine in the evening in Seoul.
func day(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }

func won(t *testing.T, text string) store.Money {
	t.Helper()
	m, err := store.NewMoney(text)
	require.NoError(t, err)
	return m
}

// fill saves this:
//
//	MUG   7 available in two warehouses together: 10 − 4 and 1 − 0
//	LAMP  nothing, there is not even a stock row
//	RUG   −2 available: more promised than there is
func fill(t *testing.T, st *store.Store) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, store.InsertMany(ctx, st, []store.Seller{
		{ID: 1, Code: "acme", Name: "에이크미"}, {ID: 2, Code: "other", Name: "Other"},
	}))
	require.NoError(t, store.InsertMany(ctx, st, []store.Product{
		{ID: 1, SellerID: 1, SKU: "MUG", Barcode: "0880", Name: "머그컵", OptionName: "블랙", Price: won(t, "9900")},
		{ID: 2, SellerID: 1, SKU: "LAMP", Barcode: "", Name: "=LAMP", Price: won(t, "12.3456")},
		{ID: 3, SellerID: 1, SKU: "RUG", Barcode: "1", Name: "러그", Price: won(t, "50000")},
		{ID: 4, SellerID: 2, SKU: "MUG", Barcode: "2", Name: "Mug", Price: won(t, "5")},
	}))
	require.NoError(t, store.InsertMany(ctx, st, []store.StockLevel{
		{ID: 1, SellerID: 1, ProductID: 1, Warehouse: "ICN1", OnHand: 10, Reserved: 4, UpdatedAt: day(1)},
		{ID: 2, SellerID: 1, ProductID: 1, Warehouse: "PUS3", OnHand: 1, Reserved: 0, UpdatedAt: day(2)},
		{ID: 3, SellerID: 1, ProductID: 3, Warehouse: "ICN1", OnHand: 1, Reserved: 3, UpdatedAt: day(3)},
		{ID: 4, SellerID: 2, ProductID: 4, Warehouse: "ICN1", OnHand: 0, Reserved: 0, UpdatedAt: day(3)},
	}))
	order := func(id, seller int64, status, channel string) store.Order {
		return store.Order{
			ID: id, SellerID: seller, OrderNumber: "A-0" + string(rune('0'+id)), Channel: channel, Status: status,
			OrderedAt: day(int(id)), CustomerID: "007", CustomerName: "김별", Phone: "+82-10", Country: "대한민국", Address: "서울", Memo: "문 앞",
		}
	}
	require.NoError(t, store.InsertMany(ctx, st, []store.Order{
		order(1, 1, "delivered", "coupang"), order(2, 1, "new", "coupang"), order(3, 1, "paid", "11st"),
		order(4, 1, "preparing", "coupang"), order(5, 1, "cancelled", "coupang"), order(6, 2, "new", "amazon"),
	}))
	shipped, delivered := day(2), day(4)
	require.NoError(t, store.InsertMany(ctx, st, []store.Shipment{{
		ID: 1, SellerID: 1, OrderID: 1, Carrier: "CJ대한통운", TrackingNumber: "0012", Status: "delivered",
		ShippedAt: &shipped, DeliveredAt: &delivered,
	}}))
	parcel := int64(1)
	line := func(id, seller, order int64, number int, product, quantity int64, shipment *int64) store.OrderLine {
		return store.OrderLine{
			ID: id, SellerID: seller, OrderID: order, LineNumber: number, ProductID: product, ShipmentID: shipment,
			SKU: " as ordered", ProductName: "이름 ", Quantity: quantity, UnitPrice: won(t, "0.1"), Amount: won(t, "0.1").Times(quantity),
			MarketplaceLineID: "200000000000000001", OrderedAt: day(int(order)).Add(time.Minute),
		}
	}
	require.NoError(t, store.InsertMany(ctx, st, []store.OrderLine{
		line(1, 1, 1, 1, 2, 3, &parcel), // nothing available, but delivered
		line(2, 1, 2, 1, 1, 7, nil),     // wants just what there is
		line(3, 1, 2, 2, 1, 8, nil),     // one too many
		line(4, 1, 3, 1, 2, 1, nil),     // no stock row
		line(5, 1, 4, 1, 3, 1, nil),     // less than nothing
		line(6, 1, 4, 2, 3, -1, nil),    // a return wants nothing, even of less than nothing
		line(7, 1, 5, 1, 2, 9, nil),     // cancelled
		line(8, 2, 6, 1, 4, 1, nil),     // somebody else's
	}))
}

func shortages(t *testing.T, st *store.Store) {
	all := [][]string{
		{"에이크미", "A-02", "2026-11-02 12:00:00.000000", "coupang", "new", "2", "MUG", "0880", "머그컵", "블랙", "8", "7", "1", "김별", "+82-10", "문 앞"},
		{"에이크미", "A-03", "2026-11-03 12:00:00.000000", "11st", "paid", "1", "LAMP", "", "=LAMP", "", "1", "0", "1", "김별", "+82-10", "문 앞"},
		{"에이크미", "A-04", "2026-11-04 12:00:00.000000", "coupang", "preparing", "1", "RUG", "1", "러그", "", "1", "-2", "3", "김별", "+82-10", "문 앞"},
	}
	for name, c := range map[string]struct {
		filters job.Filters
		want    [][]string
	}{
		"all":         {nil, all},
		"by day":      {job.Filters{"from": {"2026-11-03"}, "to": {"2026-11-03"}}, all[1:2]},
		"from":        {job.Filters{"from": {"2026-11-03"}}, all[1:]},
		"to":          {job.Filters{"to": {"2026-11-02"}}, all[:1]},
		"by status":   {job.Filters{"status": {"new", "paid"}}, all[:2]},
		"by channel":  {job.Filters{"channel": {"11st"}}, all[1:2]},
		"by SKU":      {job.Filters{"sku": {"RUG", "LAMP"}}, all[1:]},
		"none fits":   {job.Filters{"sku": {"NONE"}}, nil},
		"case counts": {job.Filters{"sku": {"rug"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, export(t, st, "stock-shortages", "acme", dataset.Request{Filters: c.filters}))
		})
	}
	require.Equal(t, [][]string{{"A-06", "1"}},
		export(t, st, "stock-shortages", "other", dataset.Request{Columns: []string{"order_number", "missing"}}))
}

func lines(t *testing.T, st *store.Store) {
	all := export(t, st, "order-lines", "acme", dataset.Request{})

	require.Len(t, all, 7)
	require.Equal(t, []string{
		"A-01", "1", "200000000000000001", "coupang", "delivered", "2026-11-01 12:01:00.000000", " as ordered", "", "이름 ", "",
		"3", "0.1000", "0.3000", "007", "김별", "+82-10", "대한민국", "서울", "문 앞",
		"CJ대한통운", "0012", "2026-11-02 12:00:00.000000", "2026-11-04 12:00:00.000000",
	}, all[0])
	require.Equal(t, []string{
		"A-04", "2", "200000000000000001", "coupang", "preparing", "2026-11-04 12:01:00.000000", " as ordered", "1", "이름 ", "",
		"-1", "0.1000", "-0.1000", "007", "김별", "+82-10", "대한민국", "서울", "문 앞", "", "", null, null,
	}, all[5])

	for name, c := range map[string]struct {
		filters job.Filters
		want    []string // order numbers with line numbers
	}{
		"all":             {nil, []string{"A-01 1", "A-02 1", "A-02 2", "A-03 1", "A-04 1", "A-04 2", "A-05 1"}},
		"by day":          {job.Filters{"from": {"2026-11-02"}, "to": {"2026-11-03"}}, []string{"A-02 1", "A-02 2", "A-03 1"}},
		"by status":       {job.Filters{"status": {"cancelled", "delivered"}}, []string{"A-01 1", "A-05 1"}},
		"by channel":      {job.Filters{"channel": {"11st"}}, []string{"A-03 1"}},
		"by order number": {job.Filters{"order_number": {"A-04", "A-05"}}, []string{"A-04 1", "A-04 2", "A-05 1"}},
		"by SKU":          {job.Filters{"sku": {"MUG"}}, []string{"A-02 1", "A-02 2"}},
		"by carrier":      {job.Filters{"carrier": {"CJ대한통운"}}, []string{"A-01 1"}},
		"unshipped":       {job.Filters{"unshipped": {"true"}, "to": {"2026-11-02"}}, []string{"A-02 1", "A-02 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, row := range export(t, st, "order-lines", "acme", dataset.Request{
				Filters: c.filters, Columns: []string{"order_number", "line_number"},
			}) {
				got = append(got, row[0]+" "+row[1])
			}
			require.Equal(t, c.want, got)
		})
	}
}

func levels(t *testing.T, st *store.Store) {
	all := [][]string{
		{"에이크미", "ICN1", "MUG", "0880", "머그컵", "블랙", "10", "4", "6", "9900.0000", "2026-11-01 12:00:00.000000"},
		{"에이크미", "PUS3", "MUG", "0880", "머그컵", "블랙", "1", "0", "1", "9900.0000", "2026-11-02 12:00:00.000000"},
		{"에이크미", "ICN1", "RUG", "1", "러그", "", "1", "3", "-2", "50000.0000", "2026-11-03 12:00:00.000000"},
	}
	for name, c := range map[string]struct {
		filters job.Filters
		want    [][]string
	}{
		"all":          {nil, all},
		"by warehouse": {job.Filters{"warehouse": {"PUS3"}}, all[1:2]},
		"by SKU":       {job.Filters{"sku": {"RUG"}}, all[2:]},
		"by barcode":   {job.Filters{"barcode": {"0880"}}, all[:2]},
		"at least":     {job.Filters{"at_least": {"1"}}, all[:2]},
		"at most":      {job.Filters{"at_most": {"1"}}, all[1:]},
		"changed":      {job.Filters{"changed_from": {"2026-11-02"}, "changed_to": {"2026-11-02"}}, all[1:2]},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, export(t, st, "stock-levels", "acme", dataset.Request{Filters: c.filters}))
		})
	}
}
