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

// TestItemsOfEachSync holds the syncs against data small enough to work out by hand.
func TestItemsOfEachSync(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		fillShipped(t, st)
		t.Run("dispatch-shipments", func(t *testing.T) { dispatches(t, st) })
		t.Run("carrier-tracking", func(t *testing.T) { trackings(t, st) })
	})
}

// fillShipped saves five orders, and these parcels:
//
//	1  of order 1, delivered
//	2  of order 2, in a box with 3, shipped on the 2nd
//	3  of order 3, in a box with 2, shipped on the 5th
//	4  of order 4, ready, without a number
//	5  of order 5, which is cancelled, by another carrier under the number of 2 and 3
//	6  of the other seller, under the number of 2 and 3
func fillShipped(t *testing.T, st *store.Store) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, store.InsertMany(ctx, st, []store.Seller{{ID: 1, Code: "acme", Name: "에이크미"}, {ID: 2, Code: "other", Name: "Other"}}))
	var orders []store.Order
	for id, status := range []string{1: "delivered", 2: "shipped", 3: "shipped", 4: "preparing", 5: "cancelled", 6: "shipped"} {
		if id == 0 {
			continue
		}
		seller, number := int64(1), "A-0"+string(rune('0'+id))
		if id == 6 {
			seller, number = 2, "A-02"
		}
		orders = append(orders, store.Order{
			ID: int64(id), SellerID: seller, OrderNumber: number, Channel: "coupang", Status: status, OrderedAt: day(1),
		})
	}
	orders[2].Channel = "11st"
	require.NoError(t, store.InsertMany(ctx, st, orders))
	parcel := func(id, seller, order int64, carrier, number, status string, shipped int) store.Shipment {
		s := store.Shipment{ID: id, SellerID: seller, OrderID: order, Carrier: carrier, TrackingNumber: number, Status: status}
		if shipped > 0 {
			at := day(shipped)
			s.ShippedAt = &at
		}
		return s
	}
	require.NoError(t, store.InsertMany(ctx, st, []store.Shipment{
		parcel(1, 1, 1, "CJ대한통운", "0011", "delivered", 1),
		parcel(2, 1, 2, "CJ대한통운", "0012", "shipped", 2),
		parcel(3, 1, 3, "CJ대한통운", "0012", "ready", 5),
		parcel(4, 1, 4, "CJ대한통운", "", "ready", 0),
		parcel(5, 1, 5, "한진택배", "0012", "ready", 0),
		parcel(6, 2, 6, "CJ대한통운", "0012", "shipped", 2),
	}))
	line := func(id, seller, order int64, number int, quantity int64, shipment int64) store.OrderLine {
		l := store.OrderLine{
			ID: id, SellerID: seller, OrderID: order, LineNumber: number, ProductID: 1, SKU: "MUG", Quantity: quantity,
			MarketplaceLineID: "M-1", UnitPrice: won(t, "1"), Amount: won(t, "1"), OrderedAt: day(1),
		}
		if shipment > 0 {
			l.ShipmentID = &shipment
		}
		return l
	}
	require.NoError(t, store.InsertMany(ctx, st, []store.OrderLine{
		line(1, 1, 1, 1, 3, 1),
		line(2, 1, 2, 1, 1, 2),
		line(3, 1, 2, 2, 2, 2),
		line(4, 1, 2, 3, -1, 2), // came back
		line(5, 1, 3, 1, 1, 3),
		line(6, 1, 4, 1, 1, 4), // no number yet
		line(7, 1, 4, 2, 1, 0), // no parcel
		line(8, 1, 5, 1, 1, 5), // cancelled
		line(9, 2, 6, 1, 1, 6), // somebody else's
	}))
}

func dispatches(t *testing.T, st *store.Store) {
	acme, err := st.Seller(t.Context(), "acme")
	require.NoError(t, err)
	w := syncWalk{st: st, seller: acme, kind: syncKind(t, "dispatch-shipments")}
	keys := func(filters job.Filters) []string { return keysOfItems(w.items(t, filters, 2)) }

	all := w.items(t, nil, 2)
	require.Equal(t, dataset.SyncItem{Key: "A-02 / 2", Order: "A-02", Fields: map[string]string{
		"order_number": "A-02", "line_number": "2", "marketplace_line_id": "M-1", "sku": "MUG", "quantity": "2",
		"carrier": "CJ대한통운", "tracking_number": "0012", "shipped_at": "2026-11-02T12:00:00Z",
	}}, all[2])
	require.Equal(t, []string{"A-01 / 1", "A-02 / 1", "A-02 / 2", "A-03 / 1"}, keys(nil))
	require.Equal(t, []string{"A-02 / 1", "A-02 / 2"}, keys(job.Filters{"shipped_from": {"2026-11-02"}, "shipped_to": {"2026-11-02"}}))
	require.Equal(t, []string{"A-03 / 1"}, keys(job.Filters{"channel": {"11st"}}))
	require.Equal(t, []string{"A-01 / 1", "A-03 / 1"}, keys(job.Filters{"order_number": {"A-01", "A-03", "A-05"}}))
	require.Empty(t, keys(job.Filters{"carrier": {"한진택배"}}))

	call, err := w.kind.Request(all[2:3])
	require.NoError(t, err)
	require.Equal(t, "POST", call.Method)
	require.Equal(t, "/dispatches", call.Path)
	body := `{"order_number":"A-02","line_number":2,"marketplace_line_id":"M-1","sku":"MUG","quantity":2,` +
		`"carrier":"CJ대한통운","tracking_number":"0012","shipped_at":"2026-11-02T12:00:00Z"}`
	require.Equal(t, body, string(call.Body))

	t.Run("told", func(t *testing.T) {
		finish(t, st, acme, w.kind, all[:3], `{"id": 17}`)
		require.Equal(t, []string{"A-03 / 1"}, keys(nil))
		require.Equal(t, [][]string{{"1", "2", "CJ대한통운", "0012", "17", "2026-11-21 12:00:00.000000"}}, read(t, st, dataset.Statement{
			SQL: "SELECT seller_id, order_line_id, carrier, tracking_number, remote_id, told_at FROM dispatches WHERE order_line_id = 2",
		}))
	})
	t.Run("told again when the number is another", func(t *testing.T) {
		require.NoError(t, st.DB(t.Context()).Exec("UPDATE shipments SET tracking_number = '0099' WHERE id = 1").Error)
		require.Equal(t, []string{"A-01 / 1", "A-03 / 1"}, keys(nil))
		finish(t, st, acme, w.kind, w.items(t, nil, 2), `{}`)
		require.Empty(t, keys(nil))
		require.Equal(t, [][]string{{"4"}}, read(t, st, dataset.Statement{SQL: "SELECT COUNT(*) FROM dispatches"}))
	})
	t.Run("posted", func(t *testing.T) {
		posted := itemsOf(t, w.kind, "items.json", []byte(`[
			{"order_number": "A-05", "line_number": 1, "carrier": "한진택배", "tracking_number": "0012"},
			{"order_number": "X-1", "line_number": 1, "carrier": "한진택배", "tracking_number": "0012"}
		]`)).items
		finish(t, st, acme, w.kind, posted, `{"id": "D"}`)
		require.Equal(t, [][]string{{"8", "1", "한진택배"}}, read(t, st, dataset.Statement{
			SQL: "SELECT order_line_id, seller_id, carrier FROM dispatches WHERE remote_id = 'D'",
		}))
	})
}

func trackings(t *testing.T, st *store.Store) {
	acme, err := st.Seller(t.Context(), "acme")
	require.NoError(t, err)
	w := syncWalk{st: st, seller: acme, kind: syncKind(t, "carrier-tracking")}
	keys := func(filters job.Filters) []string { return keysOfItems(w.items(t, filters, 1)) }
	states := func() [][]string {
		return read(t, st, dataset.Statement{SQL: "SELECT h.id, h.status, h.delivered_at, s.status, s.at, s.asked_at, s.seller_id" +
			" FROM shipments h JOIN shipment_states s ON s.shipment_id = h.id ORDER BY h.id"})
	}
	const asked = "2026-11-21 12:00:00.000000"

	all := w.items(t, nil, 1)
	require.Equal(t, []string{"CJ대한통운 / 0012", "한진택배 / 0012"}, keysOfItems(all), "the box once, what is delivered not at all")
	require.Equal(t, []string{"CJ대한통운 / 0012"}, keys(job.Filters{"shipped_from": {"2026-11-03"}}), "the second in the box was shipped then")
	require.Equal(t, []string{"CJ대한통운 / 0012"}, keys(job.Filters{"shipped_to": {"2026-11-02"}}))
	require.Empty(t, keys(job.Filters{"shipped_from": {"2026-11-06"}}))
	require.Equal(t, []string{"한진택배 / 0012"}, keys(job.Filters{"carrier": {"한진택배"}}))

	call, err := w.kind.Request(all[1:])
	require.NoError(t, err)
	require.Equal(t, dataset.SyncCall{
		Method: "GET", Path: "/trackings/%ED%95%9C%EC%A7%84%ED%83%9D%EB%B0%B0/0012", Header: map[string]string{},
	}, call)
	require.True(t, w.kind.Call.Safe)

	t.Run("on its way", func(t *testing.T) {
		finish(t, st, acme, w.kind, all[:1], `{"status": "in_transit"}`)
		require.Equal(t, [][]string{
			{"2", "shipped", null, "in_transit", null, asked, "1"},
			{"3", "shipped", null, "in_transit", null, asked, "1"}, // was ready
		}, states())
		require.Equal(t, keysOfItems(all), keys(nil))
	})
	t.Run("only known to the carrier", func(t *testing.T) {
		finish(t, st, acme, w.kind, all[1:], `{"status": "accepted", "at": "2026-11-20T09:00:00.5+09:00"}`)
		require.Equal(t, []string{"5", "ready", null, "accepted", "2026-11-20 00:00:00.500000", asked, "1"}, states()[2])
	})
	t.Run("delivered", func(t *testing.T) {
		finish(t, st, acme, w.kind, all[:1], `{"status": "delivered", "at": "2026-11-20T09:00:00+09:00"}`)
		const at = "2026-11-20 00:00:00.000000"
		require.Equal(t, [][]string{
			{"2", "delivered", at, "delivered", at, asked, "1"}, {"3", "delivered", at, "delivered", at, asked, "1"},
		}, states()[:2])
		require.Equal(t, []string{"한진택배 / 0012"}, keys(nil))
	})
	t.Run("delivered at a time that the carrier does not tell", func(t *testing.T) {
		finish(t, st, acme, w.kind, all[1:], `{"status": "delivered"}`)
		require.Equal(t, []string{"5", "delivered", asked, "delivered", null, asked, "1"}, states()[2])
		require.Empty(t, keys(nil))
	})

	others := read(t, st, dataset.Statement{SQL: "SELECT status, delivered_at FROM shipments WHERE seller_id = 2"})
	require.Equal(t, [][]string{{"shipped", null}}, others)
	require.Equal(t, [][]string{{"delivered", null}}, read(t, st, dataset.Statement{SQL: "SELECT status, delivered_at FROM shipments WHERE id = 1"}),
		"nobody asked for it")
}

func TestCarriersThatDoNotSayHowTheyAre(t *testing.T) {
	t.Parallel()
	kind := syncKind(t, "carrier-tracking")
	for body, want := range map[string]string{
		`{"at": "2026-11-20T09:00:00Z"}`:            "the answer has no /status",
		`{"status": "delivered", "at": "tomorrow"}`: "what the answer has at /at is no time of RFC 3339",
	} {
		said, err := kind.Read([]byte(body), 1)
		require.NoError(t, err)
		require.EqualError(t, said[0].Err, want)
	}
	effects := kind.Effects(dataset.SyncItem{}, dataset.SyncAnswer{}, 1, time.Now())
	require.Len(t, effects, 3)
}
