package activities_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/korean"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// account is an error workbook, opened.
type account struct {
	*excelize.File
	t    *testing.T
	data []byte
}

func (c *course) book(file *job.Artifact) account {
	c.t.Helper()
	require.NotNil(c.t, file)
	data, err := c.blobs.Get(c.t.Context(), file.Key)
	require.NoError(c.t, err)
	require.EqualValues(c.t, len(data), file.Size)
	book, err := excelize.OpenReader(bytes.NewReader(data))
	require.NoError(c.t, err)
	c.t.Cleanup(func() { require.NoError(c.t, book.Close()) })
	require.Equal(c.t, file.Sheets, book.SheetCount)
	return account{book, c.t, data}
}

func (a account) rows(sheet string) [][]string {
	a.t.Helper()
	rows, err := a.GetRows(sheet)
	require.NoError(a.t, err)
	return rows
}

// marks are the cells of a sheet that have a colour, below the headers.
func (a account) marks(sheet string) []string {
	a.t.Helper()
	var marked []string
	for i, row := range a.rows(sheet)[1:] {
		for j := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+2)
			require.NoError(a.t, err)
			id, err := a.GetCellStyle(sheet, cell)
			require.NoError(a.t, err)
			style, err := a.GetStyle(id)
			require.NoError(a.t, err)
			if len(style.Fill.Color) > 0 {
				marked = append(marked, cell)
			}
		}
	}
	return marked
}

// parent is the job that the workbook names.
func (a account) parent() string {
	a.t.Helper()
	file, err := upload.Open(a.t.Context(), bytes.NewReader(a.data), int64(len(a.data)), "a.xlsx", upload.Limits{})
	require.NoError(a.t, err)
	return file.Parent
}

func TestErrorWorkbookIsTheUploadsOwn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC)
	east := [][]any{
		{"Stock count"}, nil,
		{"Counted", "Qty", "Memo", "SKU", "창고", "OK"},
		{at, 1, "0012", "P-1", "W1", true},
		{at, 2.5, "00:30", "NONE", "W1", false}, // 5: refused by reading
		{at, 3, "x", "P-2", "W1", true},
		{at, 4, "=1+1", "NONE", "W1", true}, // 7: by the database
		{nil, 2000000000, "x", "P-2", "W1"}, // 8: by reading, so that it is nobody's duplicate
		{at, 6, "y", "P-3", "W1"},
	}
	west := [][]any{{"SKU", "Warehouse", "Qty"}, {"P-9", "W9", "#N/A"}, {"P-8", "W9", 1}}
	d := newDesk(t, testenv.SQLite(t), folder(t), 2)
	for locale, want := range map[string]struct{ name, header, east5, east7, west2 string }{
		"en": {
			"count-errors.xlsx", "Error", `On hand: "2.5" is not a whole number`, `SKU: there is no product "NONE"`,
			`On hand: the cell shows the error "#N/A"`,
		},
		"ko": {
			"count-오류.xlsx", "오류", `재고수량: 정수가 아닙니다 ("2.5")`, `상품코드(SKU): 등록되지 않은 상품입니다 ("NONE")`,
			`재고수량: 셀에 오류가 있습니다 ("#N/A")`,
		},
	} {
		c := d.begin(t, "stock-levels", "count.xlsx", workbook(t, bookSheet{"East", east}, bookSheet{"West", west}),
			func(in *contract.BulkSaveInput) { in.Locale = locale })
		c.check()
		file := c.report(contract.StageCheck).File
		require.Equal(t, want.name, file.Name)
		require.EqualValues(t, 4, file.Rows)
		require.Equal(t, d.clock.Add(7*24*time.Hour), file.ExpiresAt)
		book := c.book(file)
		require.Equal(t, []string{"East", "West"}, book.GetSheetList())
		rows := book.rows("East")
		require.Equal(t, []string{"Counted", "Qty", "Memo", "SKU", "창고", "OK", want.header}, rows[0])
		require.Equal(t, []string{"2.5", "00:30", "NONE", "W1", "FALSE", want.east5}, rows[1][1:])
		require.Equal(t, []string{"4", "=1+1", "NONE", "W1", "TRUE", want.east7}, rows[2][1:])
		require.Equal(t, "2000000000", rows[3][1])
		require.Len(t, rows, 4)
		require.Equal(t, []string{"P-9", "W9", "#N/A", want.west2}, book.rows("West")[1])
		require.Equal(t, []string{"B2", "D3", "B4"}, book.marks("East"))
		require.Equal(t, []string{"C2"}, book.marks("West"))

		// Values stay what they were: dates dates, texts texts.
		kind, err := book.GetCellType("East", "C2")
		require.NoError(t, err)
		require.Contains(t, []excelize.CellType{excelize.CellTypeInlineString, excelize.CellTypeSharedString}, kind)
		raw, err := book.GetCellValue("East", "A2", excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		require.Equal(t, "46142", raw)
		kind, err = book.GetCellType("East", "F2")
		require.NoError(t, err)
		require.Equal(t, excelize.CellTypeBool, kind)
		require.Equal(t, c.id, book.parent())
	}
}

func TestErrorWorkbookMergesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 3)
		c := d.begin(t, "stock-levels", "count.csv", messy)
		c.apply()
		got := c.report(contract.StageApply)
		book := c.book(got.File)
		require.Equal(t, []string{"Stock levels"}, book.GetSheetList(), "a text has no sheets with names")
		require.Equal(t, [][]string{
			{"sku", "warehouse", "on_hand", "adjust", "Error"},
			{"P-3", "W1", "a lot", "", `On hand: "a lot" is not a number`},
			{"P-4", "W1", "1", "", "row 9 has the same SKU, Warehouse"},
			{"", "W1", "1", "1", "SKU is empty\nexactly one of On hand, Adjust by must be filled"},
			{"P-4", "W1", "2", "", "row 5 has the same SKU, Warehouse"},
			{"NONE", "W1", "1", "", `SKU: there is no product "NONE"`},
		}, book.rows("Stock levels"))
		require.Equal(t, []string{"C2", "A3", "A4", "D4", "A5", "A6"}, book.marks("Stock levels"))

		var shown []string
		for i, item := range c.items("refused") {
			require.EqualValues(t, i+1, item.Position)
			shown = append(shown, fmt.Sprintf("%d %s %s", item.Row, item.Key, item.Errors[0].Code))
		}
		require.Equal(t, []string{
			"4 P-3 / W1 not_a_number", "5 P-4 / W1 duplicate_in_file", "7 W1 required", "9 P-4 / W1 duplicate_in_file", "10 NONE / W1 unknown_product",
		}, shown)
		page, err := d.store.Items(t.Context(), c.id, job.ItemQuery{})
		require.NoError(t, err)
		require.EqualValues(t, 5, page.Total)
		require.True(t, page.Complete)
	})
}

// A file without a wrong row has no error workbook.
func TestNoErrorsNoWorkbook(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 3)
	c := d.begin(t, "stock-levels", "count.csv", count("P-1,W1,1,"))
	c.apply()
	got := c.report(contract.StageApply)
	require.Nil(t, got.File)
	require.NotNil(t, got.UndoUntil)
	require.Empty(t, c.items(""))

	// Nor can be undone what has changed nothing.
	same := d.begin(t, "stock-levels", "again.csv", count("P-1,W1,1,", "P-1,W2,x,"))
	require.EqualValues(t, 1, same.apply().Unchanged)
	got = same.report(contract.StageApply)
	require.NotNil(t, got.File)
	require.Nil(t, got.UndoUntil)
}

// Round after round: mend the workbook, send it, and its job is the child of the one before.
func TestMendedWorkbookIsAChild(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 3)
		first := d.begin(t, "stock-levels", "count.csv", messy, func(in *contract.BulkSaveInput) { in.Locale = "ko" })
		first.apply()
		require.Empty(t, first.plan.Parent)
		book := first.book(first.report(contract.StageApply).File)
		sheet := book.GetSheetName(0)
		require.NoError(t, book.SetCellValue(sheet, "C2", 3))
		require.NoError(t, book.SetCellValue(sheet, "A6", "P-8"))
		mended, err := book.WriteToBuffer()
		require.NoError(t, err)

		second := d.begin(t, "stock-levels", "mended.xlsx", mended.Bytes())
		require.Equal(t, first.id, second.plan.Parent)
		require.EqualValues(t, 2, second.apply().Created)
		book = second.book(second.report(contract.StageApply).File)
		require.Equal(t, [][]string{
			{"sku", "warehouse", "on_hand", "adjust", "Error"},
			{"P-4", "W1", "1", "", "row 5 has the same SKU, Warehouse"},
			{"", "W1", "1", "1", "SKU is empty\nexactly one of On hand, Adjust by must be filled"},
			{"P-4", "W1", "2", "", "row 3 has the same SKU, Warehouse"},
		}, book.rows(book.GetSheetName(0)), "the reasons of the first round give way to those of the second, in its language")
		require.Equal(t, second.id, book.parent())

		// The workbook of another kind's job, or of one that nobody knows, has no parent.
		products := d.begin(t, "products", "p.xlsx", mended.Bytes())
		require.Empty(t, products.plan.Parent)
		require.NoError(t, d.store.DB(t.Context()).Exec("DELETE FROM saves").Error)
		require.Empty(t, must(t, d.bench, contract.InspectUpload, contract.SaveRequest{JobID: "x", Request: second.in}).Parent)
	})
}

// Lines that are counted keep their numbers: alone in the workbook of refused rows they would be counted anew, and take
// the place of others.
func TestMendedOrderLinesKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"no column": []byte("order_number,sku,quantity,unit_price,ordered_at\nA,P-1,1,10,2026-05-01\nA,P-2,x,10,2026-05-01\nA,P-3,3,10,2026-05-01\n"),
		"left out":  []byte("order_number,sku,quantity,unit_price,ordered_at,line_number\nA,P-1,1,10,2026-05-01,\nA,P-2,x,10,2026-05-01,\nA,P-3,3,10,2026-05-01,\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, testenv.SQLite(t), folder(t), 3)
			c := d.begin(t, "orders", "orders.csv", file)
			require.EqualValues(t, 2, c.apply().Created)
			book := c.book(c.report(contract.StageApply).File)
			rows := book.rows(book.GetSheetName(0))
			require.Len(t, rows[0], 7)
			require.Contains(t, []string{"Line", "line_number"}, rows[0][5])
			require.Equal(t, "2", rows[1][5])
			require.Equal(t, []string{"C2"}, book.marks(book.GetSheetName(0)))

			require.NoError(t, book.SetCellValue(book.GetSheetName(0), "C2", 2))
			mended, err := book.WriteToBuffer()
			require.NoError(t, err)
			again := d.begin(t, "orders", "mended.xlsx", mended.Bytes())
			require.Equal(t, job.Tally{Created: 1}, again.apply())
			require.Equal(t, [][]string{{"1", "P-1"}, {"2", "P-2"}, {"3", "P-3"}}, d.rowsOf(t, "SELECT line_number, sku FROM order_lines ORDER BY line_number"))
		})
	}
}

func TestErrorWorkbookOfOtherFiles(t *testing.T) {
	t.Parallel()
	cp949, err := korean.EUCKR.NewEncoder().String("상품코드,창고,수량\n없음,서울,1\n")
	require.NoError(t, err)
	d := newDesk(t, testenv.SQLite(t), folder(t), 3)
	for name, c := range map[string]struct {
		data []byte
		want [][]string
	}{
		"cp949.csv": {[]byte(cp949), [][]string{{"상품코드", "창고", "수량", "Error"}, {"없음", "서울", "1", `SKU: there is no product "없음"`}}},
		// What stands beyond the headers comes behind the reason, which stays below its own.
		"wide.csv": {
			[]byte("sku,warehouse,on_hand\nP-1,W1,x,remark,more\nP-2,W1\n"),
			[][]string{
				{"sku", "warehouse", "on_hand", "Error"},
				{"P-1", "W1", "x", `On hand: "x" is not a number`, "remark", "more"},
				{"P-2", "W1", "", "exactly one of On hand, Adjust by must be filled"},
			},
		},
		"own.csv": {
			[]byte("오류,sku,Error,warehouse,on_hand\nold,P-1,older,W1,x\n"),
			[][]string{{"sku", "warehouse", "on_hand", "Error"}, {"P-1", "W1", "x", `On hand: "x" is not a number`}},
		},
		"a.json": {
			[]byte(`[{"sku":"P-1","warehouse":"W1","on_hand":1e3},{"sku":"P-2","warehouse":true,"on_hand":-1.0}]`),
			[][]string{{"sku", "warehouse", "on_hand", "Error"}, {"P-2", "TRUE", "-1", `On hand: "-1.0" is less than 0`}},
		},
		"gaps.csv": {
			[]byte("sku,,warehouse,on_hand,\nP-1,a,W1,x,b\n"),
			[][]string{{"sku", "", "warehouse", "on_hand", "Error"}, {"P-1", "a", "W1", "x", `On hand: "x" is not a number`, "b"}},
		},
	} {
		save := d.begin(t, "stock-levels", name, c.data)
		save.check()
		book := save.book(save.report(contract.StageCheck).File)
		require.Equal(t, c.want, book.rows("Stock levels"), name)
	}
}

// TestErrorWorkbookOfManyLongRows: from some row on cells are not kept, and looked up in the upload.
func TestErrorWorkbookOfManyLongRows(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 2)
	const rows = 60
	long := strings.Repeat("긴", 10_000)
	want := make([]string, 0, rows)
	for i := range rows {
		want = append(want, fmt.Sprintf("P-1,W%d,x,%s", i, long))
	}
	c := d.begin(t, "stock-levels", "a.csv", count(want...))
	c.check()
	got := c.book(c.report(contract.StageCheck).File).rows("Stock levels")[1:]
	require.Len(t, got, rows)
	for i, row := range got {
		require.Equal(t, want[i], strings.Join(row[:4], ","))
	}
}

// What is shown is bounded; what is counted and written to the workbook is not.
func TestShownRowsAreBounded(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 500)
		var before, rows []string
		for i := range 60 {
			before = append(before, fmt.Sprintf("P-1,W%d,1,", i))
			rows = append(rows, fmt.Sprintf("P-1,W%d,2,", i))
		}
		d.begin(t, "stock-levels", "before.csv", count(before...)).apply()
		for i := range 2500 { // more than one file of them
			rows = append(rows, fmt.Sprintf("P-1,X%d,x,", i))
		}
		c := d.begin(t, "stock-levels", "a.csv", count(rows...))
		require.EqualValues(t, 60, c.check().Updated)
		file := c.report(contract.StageCheck).File
		require.EqualValues(t, 2500, file.Rows)
		book := c.book(file).rows("Stock levels")
		require.Len(t, book, 2501)
		require.Equal(t, "X0", book[1][1])
		require.Equal(t, "X2499", book[2500][1])

		refused := c.items("refused")
		require.Len(t, refused, 900)
		require.Equal(t, 62, refused[0].Row)
		require.Equal(t, 961, refused[899].Row)
		page, err := d.store.Items(t.Context(), c.id, job.ItemQuery{})
		require.NoError(t, err)
		require.False(t, page.Complete)
		changed := c.items("updated")
		require.EqualValues(t, 2500+len(changed), page.Total)
	})
}

func TestDryRunShowsWhatWouldChange(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 10)
		var before, rows []string
		for i := range 300 {
			before = append(before, fmt.Sprintf("P-1,W%03d,1,", i))
			rows = append(rows, fmt.Sprintf("P-1,W%03d,,%d", i, i))
		}
		d.begin(t, "stock-levels", "before.csv", count(before...)).apply()
		c := d.begin(t, "stock-levels", "a.csv", count(append(rows, "P-1,W1,x,")...))
		c.check()
		c.report(contract.StageCheck)

		items := c.items("updated")
		require.NotEmpty(t, items)
		require.LessOrEqual(t, len(items), 50)
		require.Greater(t, items[len(items)-1].Row, 200, "from all over the file")
		for _, item := range items {
			require.Equal(t, []job.Change{{Column: "adjust", Before: "1", After: fmt.Sprint(item.Row - 1)}}, item.Changes)
			require.Equal(t, fmt.Sprintf("P-1 / W%03d", item.Row-2), item.Key)
		}
		all := c.items("")
		require.Len(t, all, len(items)+1)
		for i, item := range all {
			require.EqualValues(t, i+1, item.Position)
			require.True(t, i == 0 || all[i-1].Row < item.Row, "in the order of the file")
		}

		c.apply()
		c.report(contract.StageApply)
		require.Len(t, c.items(""), 1, "what has happened needs no sample")
	})
}

// A job may be ended when a chunk is saved and nobody has heard of it: the ledger has.
func TestReportTellsWhatTheLedgerHas(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 3)
		c := d.begin(t, "stock-levels", "a.csv", messy)
		first := must(t, d.bench, contract.ApplyChunk, c.ref(0)).Tally
		_ = must(t, d.bench, contract.ApplyChunk, c.ref(2)) // its result is lost
		got := c.report(contract.StageApply)
		written, err := d.store.SavedTally(t.Context(), c.id)
		require.NoError(t, err)
		require.Equal(t, &written, got.Written)
		require.Greater(t, got.Written.Rows(), first.Rows())
		require.NotNil(t, got.UndoUntil, "what there is can be undone")
		book := c.book(got.File)
		require.Len(t, book.rows(book.GetSheetName(0)), 1+5)
		row, err := d.store.Save(t.Context(), c.id)
		require.NoError(t, err)
		require.True(t, got.UndoUntil.Equal(*row.UndoUntil))
	})
}

// A kind that cannot be undone does not offer it.
func TestReportOffersNoUndoWhereThereIsNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 3)
	kind, err := d.save.Kinds.BulkSave("stock-levels")
	require.NoError(t, err)
	kind.UndoFor = -1
	d.save.Kinds = only(t, kind)
	c := d.begin(t, "stock-levels", "a.csv", messy)
	c.apply()
	require.Nil(t, c.report(contract.StageApply).UndoUntil)
}

// A worker that is killed before it saves a chunk may leave records that were created for it. The end of the job takes
// them back; those in use stay, and can be undone although no row was saved.
func TestReportTakesBackWhatNobodySaves(t *testing.T) {
	t.Parallel()
	for _, used := range []bool{false, true} {
		testenv.EachDatabase(t, func(t *testing.T, url string) {
			d := newDesk(t, url, folder(t), 3)
			c := d.begin(t, "products", "a.csv", []byte("sku,name,price\nN-1,new,1\nN-2,new,2\n"))
			c.apply()
			run := func(statement string) { require.NoError(t, d.store.DB(t.Context()).Exec(statement).Error) }
			run("UPDATE save_chunks SET pass = -1, created = 0, image_rows = 0")
			if used {
				run("INSERT INTO stock_levels (seller_id, product_id, warehouse, on_hand, reserved, updated_at)" +
					" SELECT 1, id, 'W', 0, 0, updated_at FROM products WHERE sku = 'N-2'")
			}
			got := c.report(contract.StageApply)
			require.Equal(t, used, got.UndoUntil != nil)
			var left []string
			require.NoError(t, d.store.DB(t.Context()).Raw("SELECT sku FROM products WHERE sku LIKE 'N-%'").Scan(&left).Error)
			if used {
				require.Equal(t, []string{"N-2"}, left)
			} else {
				require.Empty(t, left)
			}
		})
	}
}
