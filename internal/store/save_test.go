package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

func TestSaveCreatesUpdatesAndLeavesAlone(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		rows := rowsOf(line("A-1", 1, "X", 3), line("A-1", 2, "Y", -2), line("A-2", 1, "X", 1))
		entry, _ := v.apply(rows)
		require.Equal(t, store.ChunkEntry{Tally: tally(3, 0, 0, 0), ImageRows: 3}, entry)
		all := `SELECT o.order_number, o.channel, o.status, o.country, l.line_number, p.sku, p.name, p.price, l.sku, l.product_name, l.quantity, l.unit_price,
			l.amount, l.ordered_at, l.created_at, l.shipment_id, l.marketplace_line_id
			FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id
			WHERE l.seller_id = 1 AND o.seller_id = 1 AND p.seller_id = 1 ORDER BY o.order_number, l.line_number`
		want := [][]string{
			{"A-1", "web", "paid", "KR", "1", "X", "name of X", "2.5000", "X", "name of X", "3", "2.5000", "7.5000",
				"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""},
			{"A-1", "web", "paid", "KR", "2", "Y", "name of Y", "2.5000", "Y", "name of Y", "-2", "2.5000", "-5.0000",
				"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""},
			{"A-2", "web", "paid", "KR", "1", "X", "name of X", "2.5000", "X", "name of X", "1", "2.5000", "2.5000",
				"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""},
		}
		require.Equal(t, want, stream(t, s, all))

		entry, _ = v.apply(rows)
		require.Equal(t, store.ChunkEntry{Tally: tally(0, 0, 3, 0)}, entry)
		require.Equal(t, want, stream(t, s, all))

		// One line is changed, one is new; what is left out stays.
		rows = rowsOf(line("A-1", 1, "Y", 4), line("A-2", 2, "Z", 1), line("A-2", 1, "X", 1))
		rows[0].Values[3], rows[0].Values[5], rows[0].Values[7] = nil, nil, nil
		entry, out := v.apply(rows)
		require.Equal(t, tally(1, 1, 1, 0), entry.Tally)
		require.Equal(t, []target.RowChange{{Row: 0, Changes: []job.Change{
			{Column: "order_lines.product_id", Before: "1", After: "2"},
			{Column: "order_lines.sku", Before: "X", After: "Y"},
			{Column: "order_lines.quantity", Before: "3", After: "4"},
		}}}, out.Changes)
		got := stream(t, s, all)
		require.Len(t, got, 4)
		require.Equal(t, []string{"A-1", "web", "paid", "KR", "1", "Y", "name of Y", "2.5000", "Y", "name of X", "4", "2.5000", "7.5000",
			"2026-03-01 09:00:00.000000", "2026-03-01 09:01:41.000000", "NULL", ""}, got[0])
		require.Equal(t, want[1:], got[1:3])
		require.Equal(t, [][]string{{"2026-03-01 09:01:41.000000", "1"}},
			stream(t, s, "SELECT updated_at, COUNT(*) FROM orders WHERE order_number = 'A-1' GROUP BY updated_at"), "nothing of it was written")
	})
}

func TestSaveRefusesRowsThatDisagree(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		rows := rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "X", 1), line("A-1", 3, "X", 1), line("A-1", 4, "X", 1))
		rows[0].Values[7] = nil   // says nothing
		rows[2].Values[7] = "app" // says another thing than row 1
		rows[3].Values[3] = "another name of X"
		entry, out := v.apply(rows)
		require.Equal(t, withCodes(tally(3, 0, 0, 1), job.CodeCount{Code: job.RowDisagree, Count: 1}), entry.Tally)
		require.Equal(t, []target.Fault{{Row: 2, Field: "channel", Code: job.RowDisagree, Other: 1}}, out.Faults)
		require.Equal(t, [][]string{{"web", "3"}}, stream(t, s,
			"SELECT o.channel, COUNT(*) FROM orders o JOIN order_lines l ON l.order_id = o.id GROUP BY o.id, o.channel"))
		require.Equal(t, [][]string{{"name of X"}}, stream(t, s, "SELECT name FROM products"), "the first row that names it makes it")
	})
}

// TestSaveLeavesNoTraceOfRefusedRows has rows that would create what others of theirs refuse.
func TestSaveLeavesNoTraceOfRefusedRows(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		rows := rowsOf(line("A-1", 1, "X", 1), line("A-2", 1, "Y", 1), line("A-3", 1, "X", 1), line("A-4", 1, "Z", 1))
		rows[1].Values[4] = nil                               // the quantity that a new line needs
		rows[2].Values[5] = target.Decimal("0.12345")         // not kept
		rows[3].Values[5] = target.Decimal("100000000000000") // nor that
		rows[3].Values[4] = nil
		entry, out := v.apply(rows)
		require.Equal(t, int64(3), entry.Tally.Refused)
		require.Equal(t, []target.Fault{
			{Row: 1, Field: "quantity", Code: job.RowRequired, Other: -1},
			{Row: 2, Field: "price", Code: job.RowTooPrecise, Limit: "4", Other: -1},
			{Row: 3, Field: "price", Code: job.RowAboveMaximum, Limit: "99999999999999.9999", Other: -1},
		}, out.Faults)
		require.Equal(t, [][]string{{"X"}}, stream(t, s, "SELECT sku FROM products"))
		require.Equal(t, [][]string{{"A-1"}}, stream(t, s, "SELECT order_number FROM orders"))
		require.Len(t, stream(t, s, "SELECT id FROM order_lines"), 1)
	})
}

func TestSaveMultipliesExactly(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		rows := rowsOf(line("A-1", 1, "X", 3), line("A-1", 2, "X", 99_999), line("A-1", 3, "X", 10))
		rows[0].Values[5] = target.Decimal("12345678901.2345")
		rows[1].Values[5] = target.Decimal("-0.0001")
		rows[2].Values[5] = target.Decimal("99999999999999.9999")
		_, out := v.apply(rows)
		require.Equal(t, []target.Fault{{Row: 2, Field: "price", Code: job.RowAboveMaximum, Limit: "99999999999999.9999", Other: -1}}, out.Faults)
		require.Equal(t, [][]string{{"37037036703.7035"}, {"-9.9999"}},
			stream(t, s, "SELECT amount FROM order_lines ORDER BY line_number"))
	})
}

func TestSaveNeedsAndDefaultsOnlyInNewRecords(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, productsPlan())
		entry, out := v.apply(rowsOf([]any{"A", nil, nil, nil}, []any{"B", "Bee", nil, nil}))
		require.Equal(t, withCodes(tally(1, 0, 0, 1), job.CodeCount{Code: job.RowRequired, Count: 1}), entry.Tally)
		require.Equal(t, []target.Fault{{Row: 0, Field: "name", Code: job.RowRequired, Other: -1}}, out.Faults)
		_, _ = v.apply(rowsOf([]any{"B", nil, "123", target.Decimal("10")}))
		entry, _ = v.apply(rowsOf([]any{"B", nil, nil, nil}))
		require.Equal(t, tally(0, 0, 1, 0), entry.Tally)
		require.Equal(t, [][]string{{"B", "Bee", "123", "10.0000", "2026-03-01 09:01:41.000000", "2026-03-01 09:01:42.000000"}},
			stream(t, s, "SELECT sku, name, barcode, price, created_at, updated_at FROM products"))
		require.Equal(t, [][]string{{"none"}}, func() [][]string {
			v.apply(rowsOf([]any{"C", "Cee", nil, nil}))
			return stream(t, s, "SELECT barcode FROM products WHERE sku = 'C'")
		}())
	})
}

// TestSaveTellsTextsApart has values and keys that MySQL's collations take for equal.
func TestSaveTellsTextsApart(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, productsPlan())
		entry, _ := v.apply(rowsOf([]any{"a", "résumé", nil, nil}, []any{"A", "x", nil, nil}, []any{"１", "😀", nil, nil}, []any{"1", "y ", nil, nil}))
		require.Equal(t, tally(4, 0, 0, 0), entry.Tally)
		entry, _ = v.apply(rowsOf([]any{"a", "RESUME", nil, nil}, []any{"A", "x", nil, nil}, []any{"１", "😁", nil, nil}, []any{"1", "y", nil, nil}))
		require.Equal(t, tally(0, 3, 1, 0), entry.Tally)
		require.Equal(t, [][]string{{"1", "y"}, {"A", "x"}, {"a", "RESUME"}, {"１", "😁"}}, stream(t, s, "SELECT sku, name FROM products ORDER BY sku"))
	})
}

func TestSaveSetsAndAddsStock(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, productsPlan()).force(rowsOf([]any{"A", "a", nil, nil}, []any{"B", "b", nil, nil}))
		v := newSaving(t, s, stockPlan())
		v.job = "stock"
		levels := "SELECT p.sku, l.warehouse, l.on_hand, l.reserved FROM stock_levels l JOIN products p ON p.id = l.product_id ORDER BY l.id"
		entry, out := v.apply(rowsOf([]any{"A", "W1", 10, nil}, []any{"A", "W2", nil, 5}, []any{"none", "W1", 1, nil}, []any{"B", "W1", nil, -1}))
		require.Equal(t, int64(2), entry.Tally.Created)
		require.Equal(t, []target.Fault{
			{Row: 2, Field: "sku", Code: job.RowUnknownProduct, Other: -1},
			{Row: 3, Field: "adjust", Code: job.RowBelowMinimum, Limit: "0", Other: -1},
		}, out.Faults)
		require.Equal(t, [][]string{{"A", "W1", "10", "0"}, {"A", "W2", "5", "0"}}, stream(t, s, levels))

		entry, out = v.apply(rowsOf([]any{"A", "W1", nil, -10}, []any{"A", "W2", nil, 0}, []any{"A", "W2", nil, 3}, []any{"B", "W1", nil, nil}))
		require.Equal(t, withCodes(tally(1, 1, 1, 1), job.CodeCount{Code: job.RowDuplicate, Count: 1}), entry.Tally)
		require.Equal(t, []target.Fault{{Row: 2, Field: "adjust", Code: job.RowDuplicate, Other: 1}}, out.Faults)
		require.Equal(t, []target.RowChange{{Row: 0, Changes: []job.Change{{Column: "stock_levels.on_hand", Before: "10", After: "0"}}}}, out.Changes)

		most := int64(1<<63 - 1)
		v.apply(rowsOf([]any{"A", "W1", most, nil}))
		_, out = v.apply(rowsOf([]any{"A", "W1", nil, 1}))
		require.Equal(t, []target.Fault{{Row: 0, Field: "adjust", Code: job.RowAboveMaximum, Limit: "9223372036854775807", Other: -1}}, out.Faults)
	})
}

func TestSaveFindsLinesInSeveralWays(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		newSaving(t, s, ordersPlan()).force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 1), line("A-2", 1, "X", 1), line("A-3", 1, "X", 1)))
		require.NoError(t, s.DB(t.Context()).Exec("UPDATE order_lines SET marketplace_line_id = '900' WHERE id = (SELECT MAX(o.id) FROM (SELECT id FROM order_lines) o)").Error)
		v := newSaving(t, s, trackingPlan())
		v.job = "tracking"
		entry, out := v.apply(rowsOf(
			[]any{"A-1", nil, nil, "T1"}, // the whole order
			[]any{"A-2", 1, nil, "T2"},   // a line
			[]any{nil, nil, "900", "T3"}, // a line by the marketplace's number
			[]any{"A-2", 7, nil, "T4"},   // none
			[]any{"A-9", 1, nil, "T5"},   // no order
			[]any{nil, nil, "901", "T6"}, // no line
			[]any{"A-1", 2, nil, "T7"},   // another shipment than the whole order's
		))
		require.Equal(t, int64(3), entry.Tally.Updated)
		require.Equal(t, []target.Fault{
			{Row: 3, Field: "line", Code: job.RowUnknownLine, Other: -1},
			{Row: 4, Field: "order", Code: job.RowUnknownOrder, Other: -1},
			{Row: 5, Field: "line", Code: job.RowUnknownLine, Other: -1},
			{Row: 6, Code: job.RowDisagree, Other: 0},
		}, out.Faults)
		shipped := `SELECT o.order_number, l.line_number, COALESCE(s.tracking_number, ''), COALESCE(s.status, '')
			FROM order_lines l JOIN orders o ON o.id = l.order_id LEFT JOIN shipments s ON s.id = l.shipment_id AND s.order_id = o.id ORDER BY 1, 2`
		want := [][]string{{"A-1", "1", "T1", "ready"}, {"A-1", "2", "T1", "ready"}, {"A-2", "1", "T2", "ready"}, {"A-3", "1", "T3", "ready"}}
		require.Equal(t, want, stream(t, s, shipped))
		require.Len(t, stream(t, s, "SELECT id FROM shipments"), 3, "refused rows create nothing")

		// One shipment by two ways, new and then there.
		again := rowsOf([]any{"A-3", 1, nil, "T8"}, []any{nil, nil, "900", "T8"})
		entry, _ = v.apply(again)
		require.Equal(t, tally(0, 2, 0, 0), entry.Tally)
		entry, _ = v.apply(again)
		require.Equal(t, tally(0, 0, 2, 0), entry.Tally)
		require.Len(t, stream(t, s, "SELECT id FROM shipments WHERE tracking_number = 'T8'"), 1)
	})
}

func TestSaveTouchesOnlyTheTenantsOwn(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		v := newSaving(t, s, ordersPlan())
		v.force(rowsOf(line("A-1", 1, "X", 1), line("A-1", 2, "Y", 1)))
		one := "SELECT seller_id, id, updated_at FROM orders WHERE seller_id = 1 UNION ALL SELECT seller_id, id, quantity FROM order_lines WHERE seller_id = 1"
		before := stream(t, s, one)
		work := v.work(rowsOf(line("A-1", 1, "X", 9), line("A-1", 2, "Y", 9)))
		work.SellerID = 2
		entry, err := s.ApplyChunk(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, tally(2, 0, 0, 0), entry.Tally)
		require.Equal(t, before, stream(t, s, one))
		require.Len(t, stream(t, s, "SELECT id FROM products WHERE sku = 'X'"), 2)

		// A line that names another tenant's order by its id has nothing there.
		out, err := s.CheckRows(t.Context(), 3, trackingPlan(), rowsOf([]any{"A-1", 1, nil, "T"}))
		require.NoError(t, err)
		require.Equal(t, job.RowUnknownOrder, out.Faults[0].Code)
	})
}

// TestSaveByID has ids of a sheet, which may name another tenant's records.
func TestSaveByID(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		run(t, s, "INSERT INTO shipments (id, seller_id, order_id, carrier, tracking_number, status, created_at) VALUES"+
			" (1, 1, 1, '', '', '', '2026-01-01 00:00:00'), (2, 2, 1, '', '', '', '2026-01-01 00:00:00')")
		plan := target.Plan{Fields: []string{"id", "number", "at"}, Steps: []target.Step{{
			Name: "shipment", Table: "shipments", Mode: target.Update,
			Key: []target.Column{{Name: "id", From: target.Field("id")}},
			Set: []target.Column{
				{Name: "tracking_number", From: target.Field("number")}, {Name: "shipped_at", From: target.Field("at")}, {Name: "delivered_at", From: target.Now()},
			},
			Missing: target.Missing{Code: job.RowUnknownParcel, Field: "id"},
		}}}
		v := newSaving(t, s, plan)
		rows := rowsOf([]any{1, "T1", at(7).In(time.FixedZone("", 9*3600))}, []any{2, "T2", nil}, []any{3, "T3", nil})
		entry, out := v.apply(rows)
		require.Equal(t, withCodes(tally(0, 1, 0, 2), job.CodeCount{Code: job.RowUnknownParcel, Count: 2}), entry.Tally)
		require.Equal(t, []job.Change{
			{Column: "shipments.tracking_number", Before: "", After: "T1"},
			{Column: "shipments.shipped_at", Before: "", After: "2026-03-01T09:00:07Z"},
		}, out.Changes[0].Changes)
		entry, _ = v.apply(rows[:1])
		require.Equal(t, tally(0, 0, 1, 0), entry.Tally, "the time of writing is no reason to write")
		require.Equal(t, [][]string{
			{"1", "T1", "2026-03-01 09:00:07.000000", "2026-03-01 09:01:41.000000"}, {"2", "", "NULL", "NULL"},
		}, stream(t, s, "SELECT id, tracking_number, shipped_at, delivered_at FROM shipments ORDER BY id"))
	})
}

func TestSaveRefusesPlansThatDoNotHold(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		for want, change := range map[string]func(*target.Plan){
			`no table "sellers"`:                                func(p *target.Plan) { p.Steps[0].Table = "sellers" },
			`table products has no column "sk"`:                 func(p *target.Plan) { p.Steps[0].Key[0].Name = "sk" },
			`there is no field "skuu"`:                          func(p *target.Plan) { p.Steps[0].Key[0].From.Field = "skuu" },
			`there is no step "level" before it`:                func(p *target.Plan) { p.Steps[0].Key[0].From = target.ID("level") },
			`table products has no index that begins with name`: func(p *target.Plan) { p.Steps[0].Key[0].Name = "name" },
			`only whole numbers are added up`:                   func(p *target.Plan) { p.Steps[1].Set[1].Name = "warehouse" },
			`a key has 1 to 4 columns`:                          func(p *target.Plan) { p.Steps[0].Key = nil },
			`column on_hand: a string does not go there`:        func(p *target.Plan) { p.Steps[1].Set[0].From = target.Const("x") },
		} {
			plan := stockPlan()
			change(&plan)
			_, err := s.CheckRows(t.Context(), 1, plan, nil)
			require.ErrorContains(t, err, want)
		}
	})
}
