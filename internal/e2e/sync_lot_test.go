//go:build unix

package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
)

// lot is what a seller has shipped and the marketplace has to be told, in the order of the items.
type lot struct {
	tenant string
	lines  []shippedLine
}

// shippedLine is one item of a sync of dispatch-shipments.
type shippedLine struct {
	order    string
	number   int
	tracking string
}

func (l shippedLine) String() string { return fmt.Sprintf("%s/%d", l.order, l.number) }

const (
	// ordersAtOnce have their lines mixed, so that one line of an order is far from the next.
	ordersAtOnce  = 10
	linesPerOrder = 4
)

// lotOf makes a lot of so many lines. No two tenants have the same orders: they share the marketplace's account.
func lotOf(tenant string, lines int) *lot {
	l := &lot{tenant: tenant}
	for i := range lines {
		const group = ordersAtOnce * linesPerOrder
		order := i/group*ordersAtOnce + i%ordersAtOnce
		l.lines = append(l.lines, shippedLine{
			order:  store.NormalCode(fmt.Sprintf("%s-%05d", tenant, order)),
			number: i%group/ordersAtOnce + 1, tracking: fmt.Sprintf("6%011d", order),
		})
	}
	return l
}

// fillForSyncs makes the tables, and the sellers with what they have shipped.
func fillForSyncs(t *testing.T, database string, lots ...*lot) {
	t.Helper()
	st, err := store.Open(t.Context(), database, store.Options{})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.Migrate(t.Context()))
	for i, l := range lots {
		require.NoError(t, l.fill(t.Context(), st, int64(i+1)))
	}
}

func (l *lot) fill(ctx context.Context, st *store.Store, seller int64) error {
	sellers := []store.Seller{{ID: seller, Code: l.tenant, Name: l.tenant, TimeZone: "UTC", CreatedAt: seededAt}}
	if err := store.InsertMany(ctx, st, sellers); err != nil {
		return err
	}
	var orders []store.Order
	var parcels []store.Shipment
	var lines []store.OrderLine
	ids, id := map[string]int64{}, seller*1_000_000
	for i, line := range l.lines {
		if _, known := ids[line.order]; !known {
			id++
			ids[line.order] = id
			orders = append(orders, store.Order{
				ID: id, SellerID: seller, OrderNumber: line.order, Status: "shipped",
				OrderedAt: seededAt, CreatedAt: seededAt, UpdatedAt: seededAt,
			})
			parcels = append(parcels, store.Shipment{
				ID: id, SellerID: seller, OrderID: id, Carrier: "CJ대한통운", TrackingNumber: line.tracking, Status: "shipped", CreatedAt: seededAt,
			})
		}
		parcel := ids[line.order]
		lines = append(lines, store.OrderLine{
			ID: seller*1_000_000 + int64(i), SellerID: seller, OrderID: ids[line.order], LineNumber: line.number, ShipmentID: &parcel,
			SKU: "S-1", Quantity: 1, UnitPrice: money("1"), Amount: money("1"), OrderedAt: seededAt, CreatedAt: seededAt,
		})
	}
	if err := store.InsertMany(ctx, st, orders); err != nil {
		return err
	}
	if err := store.InsertMany(ctx, st, parcels); err != nil {
		return err
	}
	return store.InsertMany(ctx, st, lines)
}
