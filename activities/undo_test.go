package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// saved is a stock count that has been carried out, and its undo about to begin.
func saved(t *testing.T, d *desk, kind string, data []byte) (c, u *course) {
	t.Helper()
	c = d.begin(t, kind, "count.csv", data)
	c.apply()
	c.report(contract.StageApply)
	c.finish(job.PartiallySucceeded)
	must(t, d.bench, contract.CleanUpBulkSave, contract.JobRef{JobID: c.id})
	u = c.undo()
	must(t, d.bench, contract.RegisterJob, u.registration())
	return c, u
}

func (c *course) planUndo() contract.UndoPlan {
	c.t.Helper()
	plan := must(c.t, c.bench, contract.PlanUndo, contract.SaveRequest{JobID: c.id, Request: c.in})
	c.plan.ID = plan.Plan
	return plan
}

func (c *course) undoAll(plan contract.UndoPlan) (sum job.Tally) {
	c.t.Helper()
	for pass := range plan.Passes {
		for _, chunk := range plan.Chunks {
			sum.Add(must(c.t, c.bench, contract.UndoChunk, c.undoRef(plan, pass, chunk)).Tally)
		}
	}
	return sum
}

// Rows that somebody has changed since, or that are in use, stay; the account names them and why.
func TestUndoNamesWhatItKeeps(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 2)
		data := []byte("sku,name,price\nP-1,one,1\nN-1,new,1\nN-2,new,2\nBAD,,x\nN-3,new,3\nP-2,two,2\n")
		_, u := saved(t, d, "products", data)
		for _, statement := range []string{
			"UPDATE products SET name = 'another' WHERE sku = 'P-1'",
			"INSERT INTO stock_levels (seller_id, product_id, warehouse, on_hand, reserved, updated_at)" +
				" SELECT 1, id, 'W', 0, 0, updated_at FROM products WHERE sku = 'N-2'",
		} {
			require.NoError(t, d.store.DB(t.Context()).Exec(statement).Error)
		}
		plan := u.planUndo()
		require.EqualValues(t, 5, plan.Rows)
		got := u.undoAll(plan)
		require.Equal(t, job.Tally{Reversed: 3, Kept: 2, Codes: []job.CodeCount{{Code: job.RowChangedSince, Count: 1}, {Code: job.RowInUse, Count: 1}}}, got)

		report := u.report(contract.StageUndo)
		require.Equal(t, &got, report.Written)
		require.Nil(t, report.UndoUntil, "an undo is not undone")
		book := u.book(report.File)
		rows := book.rows(book.GetSheetName(0))
		require.Len(t, rows, 3)
		require.Equal(t, []string{"sku", "name", "price", "Error"}, rows[0])
		require.Equal(t, []string{"P-1", "one", "1", "it has been changed since it was saved, and is kept as it is"}, rows[1])
		require.Equal(t, []string{"N-2", "new", "2"}, rows[2][:3])
		require.Contains(t, rows[2][3], "what was created is in use by now")
		require.Empty(t, book.parent(), "sent again, it would be no mended file")

		items := u.items("kept")
		require.Len(t, items, 2)
		require.Equal(t, []int{2, 4}, []int{items[0].Row, items[1].Row})
		require.Equal(t, []job.RowCode{job.RowChangedSince, job.RowInUse}, []job.RowCode{items[0].Errors[0].Code, items[1].Errors[0].Code})
		require.Equal(t, [][]string{{"N-2", "new"}, {"P-1", "another"}, {"P-2", "상품"}},
			d.rowsOf(t, "SELECT sku, name FROM products WHERE sku IN ('P-1', 'P-2', 'N-1', 'N-2', 'N-3') ORDER BY sku"))
	})
}

// Orders are undone table by table: lines go first, or their orders could not.
func TestUndoOfOrders(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 2)
		_, u := saved(t, d, "orders", orderLines("A,,P-1,", "A,,NEW-1,", "B,,P-2,", "B,,NEW-2,", "C,,,", "C,,P-3,"))
		require.Len(t, d.rowsOf(t, "SELECT id FROM orders"), 3)
		require.NoError(t, d.store.DB(t.Context()).Exec("UPDATE order_lines SET quantity = 99 WHERE sku = 'NEW-2'").Error)
		plan := u.planUndo()
		got := u.undoAll(plan)
		require.Equal(t, plan.Rows, got.Rows(), "each row is told once, whatever number of tables it went to")
		require.Equal(t, job.Tally{Reversed: 4, Kept: 1, Codes: []job.CodeCount{{Code: job.RowChangedSince, Count: 1}}}, got)
		book := u.book(u.report(contract.StageUndo).File)
		require.Len(t, book.rows(book.GetSheetName(0)), 2)
		require.Equal(t, [][]string{{"B", "NEW-2"}}, d.rowsOf(t, "SELECT o.order_number, l.sku FROM order_lines l JOIN orders o ON o.id = l.order_id"))
		require.Equal(t, [][]string{{"B"}}, d.rowsOf(t, "SELECT order_number FROM orders"))
		require.Equal(t, [][]string{{"NEW-2"}}, d.rowsOf(t, "SELECT sku FROM products WHERE sku LIKE 'NEW%'"))
	})
}

func TestUndoIsRefusedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 3)
		c, u := saved(t, d, "stock-levels", messy)
		refused := func(says string, change func(r *contract.SaveRequest)) {
			t.Helper()
			r := contract.SaveRequest{JobID: u.id, Request: u.in}
			if change != nil {
				change(&r)
			}
			_, err := do(d.bench, contract.PlanUndo, r)
			requireType(t, err, contract.FailureType(job.ReasonBadInput))
			require.ErrorContains(t, err, says)
		}
		refused("saved nothing", func(r *contract.SaveRequest) { r.Request.Undo = "nonesuch" })
		refused("another kind or tenant", func(r *contract.SaveRequest) { r.Request.Tenant = "other" })
		refused("another kind or tenant", func(r *contract.SaveRequest) { r.Request.Kind = "products" })
		_, err := do(d.bench, contract.UndoChunk, u.undoRef(contract.UndoPlan{Plan: c.plan.ID}, 0, 0))
		requireType(t, err, contract.FailurePlanLost)

		d.clock = d.clock.Add(7*24*time.Hour + time.Second)
		refused("cannot be undone, or no longer", nil)
		d.clock = began

		u.undoAll(u.planUndo())
		u.report(contract.StageUndo)
		u.planUndo() // by itself, once more
		refused("has been undone by "+u.id, func(r *contract.SaveRequest) { r.JobID = "another undo" })

		// A save that ended before it wrote anything has nothing to undo.
		none := d.begin(t, "stock-levels", "none.csv", count("P-1,W1,x,"))
		none.report(contract.StageApply)
		none.finish(job.Failed)
		refused("cannot be undone", func(r *contract.SaveRequest) { r.Request.Undo = none.id })
	})
}

// What was kept to undo with may be gone although undoing is still on offer.
func TestUndoWithoutImages(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 3)
	_, u := saved(t, d, "stock-levels", messy)
	require.NoError(t, d.store.DB(t.Context()).Exec("UPDATE save_chunks SET images = NULL").Error)
	_, err := do(d.bench, contract.PlanUndo, contract.SaveRequest{JobID: u.id, Request: u.in})
	requireType(t, err, contract.FailureType(job.ReasonBadInput))
	require.ErrorContains(t, err, "no longer known")
}
