package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// ordersPlan registers orders with their lines; products that are not known yet are made.
func ordersPlan() target.Plan {
	return target.Plan{
		Fields: []string{"order", "line", "sku", "name", "quantity", "price", "ordered_at", "channel"},
		Steps: []target.Step{
			{
				Name: "product", Table: "products", Mode: target.Ensure,
				Key: []target.Column{{Name: "sku", From: target.Field("sku")}},
				Create: []target.Column{
					{Name: "name", From: target.Field("name")},
					{Name: "price", From: target.Field("price")},
				},
				KeptBy: []target.Reference{{Table: "order_lines", Column: "product_id"}, {Table: "stock_levels", Column: "product_id"}},
			},
			{
				Name: "order", Table: "orders", Mode: target.Upsert,
				Key: []target.Column{{Name: "order_number", From: target.Field("order")}},
				Set: []target.Column{
					{Name: "channel", From: target.Field("channel")},
					{Name: "status", From: target.Const("paid")},
				},
				Create: []target.Column{{Name: "ordered_at", From: target.Field("ordered_at")}, {Name: "country", From: target.Const("KR")}},
				KeptBy: []target.Reference{{Table: "order_lines", Column: "order_id"}},
			},
			{
				Name: "line", Table: "order_lines", Mode: target.Upsert,
				Key: []target.Column{{Name: "order_id", From: target.ID("order")}, {Name: "line_number", From: target.Field("line")}},
				Set: []target.Column{
					{Name: "product_id", From: target.ID("product")},
					{Name: "sku", From: target.Field("sku")},
					{Name: "product_name", From: target.Field("name"), Else: "(none)"},
					{Name: "quantity", From: target.Field("quantity"), Needed: true},
					{Name: "unit_price", From: target.Field("price")},
					{Name: "amount", From: target.Product("price", "quantity")},
					{Name: "ordered_at", From: target.Field("ordered_at")},
				},
			},
		},
	}
}

// productsPlan keeps the catalogue of products.
func productsPlan() target.Plan {
	return target.Plan{
		Fields: []string{"sku", "name", "barcode", "price"},
		Steps: []target.Step{{
			Name: "product", Table: "products", Mode: target.Upsert,
			Key: []target.Column{{Name: "sku", From: target.Field("sku")}},
			Set: []target.Column{
				{Name: "name", From: target.Field("name"), Needed: true},
				{Name: "barcode", From: target.Field("barcode"), Else: "none"},
				{Name: "price", From: target.Field("price")},
			},
			KeptBy: []target.Reference{{Table: "order_lines", Column: "product_id"}, {Table: "stock_levels", Column: "product_id"}},
		}},
	}
}

// stockPlan sets or adjusts what is on hand.
func stockPlan() target.Plan {
	least := int64(0)
	return target.Plan{
		Fields: []string{"sku", "warehouse", "on_hand", "adjust"},
		Steps: []target.Step{
			{
				Name: "product", Table: "products", Mode: target.Find,
				Key:     []target.Column{{Name: "sku", From: target.Field("sku")}},
				Missing: target.Missing{Code: job.RowUnknownProduct, Field: "sku"},
			},
			{
				Name: "level", Table: "stock_levels", Mode: target.Upsert,
				Key: []target.Column{{Name: "product_id", From: target.ID("product")}, {Name: "warehouse", From: target.Field("warehouse")}},
				Set: []target.Column{
					{Name: "on_hand", From: target.Field("on_hand")},
					{Name: "on_hand", From: target.Sum("adjust"), Min: &least},
				},
			},
		},
	}
}

// trackingPlan gives a line, or all lines of an order, their shipment.
func trackingPlan() target.Plan {
	parcel := func(order target.Value) []target.Column {
		return []target.Column{{Name: "order_id", From: order}, {Name: "tracking_number", From: target.Field("number")}}
	}
	kept := []target.Reference{{Table: "order_lines", Column: "shipment_id"}}
	noLine := target.Missing{Code: job.RowUnknownLine, Field: "line"}
	return target.Plan{
		Fields: []string{"order", "line", "market_id", "number"},
		Steps: []target.Step{
			{
				Name: "order", Table: "orders", Mode: target.Find, When: []string{"order"},
				Key:     []target.Column{{Name: "order_number", From: target.Field("order")}},
				Missing: target.Missing{Code: job.RowUnknownOrder, Field: "order"},
			},
			{
				Name: "parcel", Table: "shipments", Mode: target.Ensure, When: []string{"order"},
				Key: parcel(target.ID("order")), Create: []target.Column{{Name: "status", From: target.Const("ready")}}, KeptBy: kept,
			},
			{
				Name: "line", Table: "order_lines", Mode: target.Update, When: []string{"line"},
				Key:     []target.Column{{Name: "order_id", From: target.ID("order")}, {Name: "line_number", From: target.Field("line")}},
				Set:     []target.Column{{Name: "shipment_id", From: target.ID("parcel")}},
				Missing: noLine,
			},
			{
				Name: "lines", Table: "order_lines", Mode: target.Update, When: []string{"order"}, Unless: []string{"line"}, Every: true,
				Key:     []target.Column{{Name: "order_id", From: target.ID("order")}},
				Set:     []target.Column{{Name: "shipment_id", From: target.ID("parcel")}},
				Missing: target.Missing{Code: job.RowUnknownLine, Field: "order"},
			},
			{
				Name: "market_line", Table: "order_lines", Mode: target.Find, When: []string{"market_id"},
				Key:     []target.Column{{Name: "marketplace_line_id", From: target.Field("market_id")}},
				Missing: noLine,
			},
			{
				Name: "market_parcel", Table: "shipments", Mode: target.Ensure, When: []string{"market_id"},
				Key: parcel(target.Of("market_line", "order_id")), Create: []target.Column{{Name: "status", From: target.Const("ready")}}, KeptBy: kept,
			},
			{
				Name: "market_line_shipped", Table: "order_lines", Mode: target.Update, When: []string{"market_id"},
				Key:     []target.Column{{Name: "marketplace_line_id", From: target.Field("market_id")}},
				Set:     []target.Column{{Name: "shipment_id", From: target.ID("market_parcel")}},
				Missing: noLine,
			},
		},
	}
}

// rowsOf numbers rows as a sheet with a header does.
func rowsOf(values ...[]any) []target.Row {
	rows := make([]target.Row, len(values))
	for i, v := range values {
		for j := range v {
			if n, ok := v[j].(int); ok {
				v[j] = int64(n)
			}
		}
		rows[i] = target.Row{Number: i + 2, Values: v}
	}
	return rows
}

// line is a row of [ordersPlan].
func line(order string, number int, sku string, quantity int) []any {
	return []any{order, number, sku, "name of " + sku, quantity, target.Decimal("2.5"), at(0), "web"}
}

// lines are n rows of orders with ten lines each.
func lines(n int) [][]any {
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = line(fmt.Sprintf("O-%04d", i/10), i%10+1, fmt.Sprintf("S-%03d", i%97), i+1)
	}
	return rows
}

// saving saves chunks of one job.
type saving struct {
	t     *testing.T
	s     *store.Store
	job   string
	plan  target.Plan
	chunk int
	kept  target.Outcome
}

func newSaving(t *testing.T, s *store.Store, plan target.Plan) *saving {
	return &saving{t: t, s: s, job: "job", plan: plan}
}

func (v *saving) work(rows []target.Row) store.ChunkWork {
	v.chunk++
	return store.ChunkWork{
		Key: store.ChunkKey{JobID: v.job, Plan: "plan", Chunk: v.chunk}, SellerID: 1, Target: v.plan, Rows: rows,
		Keep: func(o target.Outcome) error { v.kept = o; return nil }, Now: at(100 + v.chunk),
	}
}

// apply saves rows as the next chunk, and requires of the dry run before it to have foreseen the same.
func (v *saving) apply(rows []target.Row) (store.ChunkEntry, target.Outcome) {
	v.t.Helper()
	check, err := v.s.CheckRows(v.t.Context(), 1, v.plan, rows)
	require.NoError(v.t, err)
	entry := v.force(rows)
	if len(check.Faults)+len(check.Changes) > 0 {
		require.Equal(v.t, check, v.kept)
	}
	return entry, check
}

// force saves rows as the next chunk.
func (v *saving) force(rows []target.Row) store.ChunkEntry {
	v.t.Helper()
	v.kept = target.Outcome{}
	entry, err := v.s.ApplyChunk(v.t.Context(), v.work(rows))
	require.NoError(v.t, err)
	require.Equal(v.t, int64(len(rows)), entry.Tally.Rows())
	return entry
}

func tally(created, updated, unchanged, refused int64) job.Tally {
	return job.Tally{Created: created, Updated: updated, Unchanged: unchanged, Refused: refused}
}

func withCodes(t job.Tally, codes ...job.CodeCount) job.Tally {
	t.Codes = codes
	return t
}
