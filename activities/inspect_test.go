package activities_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/korean"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// messy is a stock count with rows of every fate: good ones, such that cannot be read, and repeated ones.
var messy = count(
	"P-1,W1,5,",     // 2
	"P-2,W1,,3",     // 3
	"P-3,W1,a lot,", // 4: refused by reading
	"P-4,W1,1,",     // 5: repeated in 9
	"P-5,W1,1,",     // 6
	",W1,1,1",       // 7: refused by reading, twice
	"P-6,W1,1,",     // 8
	"P-4,W1,2,",     // 9
	"NONE,W1,1,",    // 10: refused by the database
	"P-7,W1,1,",     // 11
)

func TestInspectTwiceLeadsToTheSamePlan(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 3)
		c := d.begin(t, "stock-levels", "count.csv", messy)
		first := c.kept()
		require.NotEmpty(t, c.plan.ID)
		require.Equal(t, 3, c.plan.Chunks)
		require.EqualValues(t, 10, c.plan.Rows)
		require.Equal(t, job.Tally{Refused: 4, Codes: []job.CodeCount{
			{Code: job.RowDuplicate, Count: 2}, {Code: job.RowNotANumber, Count: 1}, {Code: job.RowOneOf, Count: 1}, {Code: job.RowRequired, Count: 1},
		}}, c.plan.Refused)
		require.Equal(t, "count.csv", c.plan.Upload)

		d.forget(t)
		require.Equal(t, c.plan, must(t, d.bench, contract.InspectUpload, contract.SaveRequest{JobID: c.id, Request: c.in}))
		require.Equal(t, first, c.kept(), "same file, same bytes")

		// What else could lead to other rows leads to another plan.
		other := c.in
		other.Duplicates = contract.DuplicatesLastWins
		plan := must(t, d.bench, contract.InspectUpload, contract.SaveRequest{JobID: c.id, Request: other})
		require.NotEqual(t, c.plan.ID, plan.ID)
		d.save.Kinds = cutKinds(t, 4)
		plan = must(t, d.bench, contract.InspectUpload, contract.SaveRequest{JobID: c.id, Request: c.in})
		require.NotEqual(t, c.plan.ID, plan.ID)
	})
}

func TestInspectReadsTheSheetsThatHaveTheHeaders(t *testing.T) {
	t.Parallel()
	kinds := cutKinds(t, 100)
	kind, err := kinds.BulkSave("stock-levels")
	require.NoError(t, err)
	example := make([]any, len(kind.Fields))
	headers := make([]any, len(kind.Fields))
	for i, f := range kind.Fields {
		headers[i], example[i] = f.Header.Ko, f.Example
	}
	d := newDesk(t, testenv.SQLite(t), folder(t), 100)
	c := d.begin(t, "stock-levels", "count.xlsx", workbook(t,
		bookSheet{"안내", [][]any{{"항목", "필수 여부"}, {"상품코드(SKU)", "필수"}}},
		bookSheet{"동", [][]any{{"재고 실사"}, nil, {"작성일", "2026-05-01"}, headers, example, {"P-1", "W1", 5}, {"P-2", "W1", "many"}}},
		bookSheet{"서", [][]any{{"Warehouse", "SKU", "Qty"}, {"W2", "P-1", 7}, {"W2", "P-1", 8}}},
	))
	require.Equal(t, []string{"안내"}, c.plan.Skipped)
	require.Equal(t, &job.RowRef{Sheet: "동", Row: 5}, c.plan.Example)
	require.EqualValues(t, 4, c.plan.Rows, "without the example")
	require.Equal(t, []string{"7 not_a_number"}, told(c.faults("faults-read")))
	require.Equal(t, []string{"2 duplicate_in_file@3", "3 duplicate_in_file@2"}, told(c.faults("faults-repeat")))
	repeated := c.faults("faults-repeat")[0]
	require.Equal(t, 2, repeated.Sheet)
	require.Equal(t, "P-1 / W2", repeated.Key)
	require.Equal(t, []job.RowError{{
		Column: "sku", Header: "SKU", Index: 1, Code: job.RowDuplicate, Value: "P-1 / W2", Other: &job.RowRef{Sheet: "서", Row: 3},
	}}, repeated.Errors, "the row and its other are told where they stand")
	require.Equal(t, job.Tally{Created: 1}, c.apply())
	require.Equal(t, []string{"P-1 W1 5"}, d.levels(t))
}

func TestInspectMapsHeaders(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 100)
		file := []byte("Thing,Place,Amount\nP-1,W1,5\n")
		given := func(in *contract.BulkSaveInput) {
			in.Mapping = map[string]string{"Thing": "sku", "Place": "warehouse", "Amount": "on_hand"}
		}
		first := d.begin(t, "stock-levels", "a.csv", file, given)
		require.Equal(t, [][]string{{"2:P-1 / W1"}}, first.chunks())

		require.NoError(t, d.store.RememberMapping(t.Context(), "acme", "stock-levels",
			map[string]string{"thing": "sku", "place": "warehouse", "amount": "adjust"}, d.clock))
		second := d.begin(t, "stock-levels", "a.csv", file)
		require.NotEqual(t, first.plan.ID, second.plan.ID)
		require.Equal(t, []any{"P-1", "W1", nil, int64(5)}, second.chunk(0)[0].Values)

		wrong := second.in
		wrong.Mapping = map[string]string{"Nonesuch": "sku"}
		_, err := do(d.bench, contract.InspectUpload, contract.SaveRequest{JobID: "x", Request: wrong})
		requireType(t, err, contract.FailureType(job.ReasonBadInput))
		require.ErrorContains(t, err, "/mapping/Nonesuch")
	})
}

func TestInspectRefusesWhatCannotBeSaved(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 100)
	d.save.Limits = upload.Limits{Rows: 20}
	stock := func(data []byte) *course { return d.ask(t, "stock-levels", "a.csv", data) }
	long := make([]string, 21)
	for i := range long {
		long[i] = fmt.Sprintf("P-1,W%d,1,", i)
	}
	cases := map[string]struct {
		in     contract.BulkSaveInput
		reason job.Reason
		says   string
	}{
		"column":    {stock([]byte("sku,on_hand\nP-1,1\n")).in, job.ReasonBadInput, `the column Warehouse (창고) is missing; the headers of row 1 are: "sku", "on_hand"`},
		"damaged":   {stock([]byte("sku,warehouse,on_hand\nP-1,\"W1,1\n")).in, job.ReasonBadInput, "line 2"},
		"too long":  {stock(count(long...)).in, job.ReasonLimit, "LONGHAUL_UPLOAD_MAX_ROWS"},
		"no upload": {contract.BulkSaveInput{Kind: "stock-levels", Tenant: "acme", Upload: "nonesuch"}, job.ReasonBadInput, "nonesuch"},
		"no kind":   {contract.BulkSaveInput{Kind: "nonesuch", Tenant: "acme"}, job.ReasonBadInput, "stock-levels"},
		"no tenant": {contract.BulkSaveInput{Kind: "stock-levels", Tenant: "nobody"}, job.ReasonBadInput, "nobody"},
	}
	empty := stock(count("P-1,W1,1,"))
	for name, change := range map[string]func(*contract.BulkSaveInput){
		"another tenant's": func(in *contract.BulkSaveInput) { in.Tenant = "other" },
		"another kind's":   func(in *contract.BulkSaveInput) { in.Kind = "products" },
	} {
		in := empty.in
		change(&in)
		c := cases["no kind"]
		c.in, c.says = in, "another kind or tenant"
		cases[name] = c
	}
	for name, c := range cases {
		_, err := do(d.bench, contract.InspectUpload, contract.SaveRequest{JobID: "x", Request: c.in})
		requireType(t, err, contract.FailureType(c.reason), name)
		require.ErrorContains(t, err, c.says, name)
	}

	none := d.begin(t, "stock-levels", "none.csv", []byte("sku,warehouse,on_hand\n"))
	require.Zero(t, none.plan.Rows, "headers alone are no error here: the workflow has words for it")
	require.Zero(t, none.plan.Chunks)

	require.NoError(t, d.blobs.Delete(t.Context(), contract.UploadKey(empty.in.Upload)))
	_, err := do(d.bench, contract.InspectUpload, contract.SaveRequest{JobID: empty.id, Request: empty.in})
	requireType(t, err, contract.FailureType(job.ReasonBadInput))
	require.ErrorContains(t, err, "send it again")
}

func TestInspectFindsRepeatedRowsOverAllChunks(t *testing.T) {
	t.Parallel()
	rows := []string{
		"P-1,W1,1,",  // 2: a
		"P-2,W1,1,",  // 3
		"P-1,W1,2,",  // 4: a
		"P-3,W1,x,",  // 5: bad, and nobody's duplicate
		"P-3,W1,1,",  // 6
		"P-4,W1,1,",  // 7: b
		"P-5,W1,1,",  // 8
		"P-1,W1,3,",  // 9: a
		"P-4,W1,,-1", // 10: b
		"p-5,W1,1,",  // 11: a code of its own
	}
	d := newDesk(t, testenv.SQLite(t), folder(t), 2)
	c := d.begin(t, "stock-levels", "a.csv", count(rows...))
	require.Equal(t, 5, c.plan.Chunks)
	require.Equal(t, []string{
		"2 duplicate_in_file@4", "4 duplicate_in_file@2", "7 duplicate_in_file@10", "9 duplicate_in_file@2", "10 duplicate_in_file@7",
	}, told(c.faults("faults-repeat")), "each names another, in the order of the file")
	require.EqualValues(t, 6, c.plan.Refused.Refused)
	got := c.apply()
	require.Equal(t, c.plan.Rows, got.Rows()+c.plan.Refused.Rows(), "each row is accounted for once")
	require.Equal(t, []string{"P-2 W1 1", "P-3 W1 1", "P-5 W1 1"}, d.levels(t))

	d = newDesk(t, testenv.SQLite(t), folder(t), 2)
	c = d.begin(t, "stock-levels", "a.csv", count(rows...), func(in *contract.BulkSaveInput) { in.Duplicates = contract.DuplicatesLastWins })
	require.EqualValues(t, 3, c.plan.Refused.Superseded)
	require.EqualValues(t, 1, c.plan.Refused.Refused)
	require.Empty(t, c.faults("faults-repeat"))
	got = c.apply()
	require.Equal(t, c.plan.Rows, got.Rows()+c.plan.Refused.Rows())
	require.Equal(t, []job.CodeCount{{Code: job.RowBelowMinimum, Count: 1}, {Code: job.RowUnknownProduct, Count: 1}}, got.Codes)
	require.Equal(t, []string{"P-1 W1 3", "P-2 W1 1", "P-3 W1 1", "P-5 W1 1"}, d.levels(t))
}

// orderLines is a CSV of order lines: order,line,sku,customer.
func orderLines(rows ...string) []byte {
	text := "order_number,line_number,sku,customer_name,quantity,unit_price,ordered_at\n"
	for _, row := range rows {
		text += row + ",1,10,2026-05-01 09:00\n"
	}
	return []byte(text)
}

func TestInspectKeepsAnOrderInOneChunk(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 3)
	var rows []string
	for order, n := range []int{2, 4, 1, 8, 1} {
		for range n {
			rows = append(rows, fmt.Sprintf("O-%d,,P-1,", order))
		}
	}
	c := d.begin(t, "orders", "a.csv", orderLines(rows...))
	require.Equal(t, [][]string{
		{"2:O-0 / 1", "3:O-0 / 2", "4:O-1 / 1", "5:O-1 / 2", "6:O-1 / 3", "7:O-1 / 4"},
		{"8:O-2 / 1", "9:O-3 / 1", "10:O-3 / 2", "11:O-3 / 3", "12:O-3 / 4", "13:O-3 / 5"},
		{"14:O-3 / 6", "15:O-3 / 7", "16:O-3 / 8"}, // longer than two chunks: it is cut
		{"17:O-4 / 1"},
	}, c.chunks())
	require.Equal(t, job.Tally{Created: 16}, c.apply())
}

func TestInspectCountsLinesOverTheWholeFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 2)
	c := d.begin(t, "orders", "a.csv", orderLines(
		"A,,P-1,kim",  // 2: line 1
		"B,,P-1,",     // 3: 1
		"A,,,kim",     // 4: 2, refused by reading: no product
		"A,,P-3,lee",  // 5: 3, refused: another customer
		"B,7,P-4,",    // 6: 7
		"A,,P-5,",     // 7: 4
		"B,,P-6,",     // 8: 3
		"B,3,P-7,",    // 9: 3, repeated
		"A,five,P-8,", // 10: refused by reading
		"A,,P-9,",     // 11: 6
	))
	require.Equal(t, [][]string{{"2:A / 1", "3:B / 1", "6:B / 7"}, {"7:A / 4", "8:B / 3", "9:B / 3"}, {"11:A / 6"}}, c.chunks())
	read := c.faults("faults-read")
	require.Equal(t, []string{"4 required", "5 rows_disagree@2", "10 not_a_number"}, told(read))
	require.Equal(t, []int64{2, 3, 5}, []int64{read[0].Count, read[1].Count, read[2].Count}, "they keep their places when they come again alone")
	require.Equal(t, []string{"A / 2", "A / 3", "A / 5"}, []string{read[0].Key, read[1].Key, read[2].Key})
	require.Equal(t, job.RowError{
		Column: "customer_name", Header: "customer_name", Index: 3, Code: job.RowDisagree, Value: "lee", Other: &job.RowRef{Row: 2},
	}, read[1].Errors[0])
	repeated := c.faults("faults-repeat")
	require.Equal(t, []string{"8 duplicate_in_file@9", "9 duplicate_in_file@8"}, told(repeated), "behind rows that disagree")
	require.EqualValues(t, 3, repeated[0].Count)
}

// The key that rows share is not always the first one that the kind has.
func TestInspectNamesTheKeyThatIsRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 2)
	c := d.begin(t, "tracking-numbers", "a.csv", []byte("order_number,marketplace_line_id,carrier,tracking_number\n"+
		",900,CJ,11111\nA,,CJ,22222\n,900,CJ,33333\nA,,CJ,22222\n"))
	faults := c.faults("faults-repeat")
	require.Equal(t, []string{"2 duplicate_in_file@4", "3 duplicate_in_file@5", "4 duplicate_in_file@2", "5 duplicate_in_file@3"}, told(faults))
	kind, err := d.save.Kinds.BulkSave("tracking-numbers")
	require.NoError(t, err)
	require.Equal(t, "row 4 has the same Marketplace line ID", kind.Message(faults[0].Errors[0], dataset.LocaleEnglish))
	require.Equal(t, 1, faults[0].Errors[0].Index)
	require.Equal(t, "5행과 주문번호, 상품순번 값이 같습니다", kind.Message(faults[1].Errors[0], dataset.LocaleKorean))
}

func TestInspectReadsEveryFormat(t *testing.T) {
	t.Parallel()
	csv := "주문번호,상품코드,수량,단가,주문일시,주문상태\n20260501-01,연필,2,\"1,200\",2026-05-01 09:30,결제완료\n"
	object := `{"주문번호":"20260501-01","상품코드":"연필","수량":2,"단가":"1,200","주문일시":"2026-05-01 09:30","주문상태":"결제완료"}`
	cp949, err := korean.EUCKR.NewEncoder().String(csv)
	require.NoError(t, err)
	at := time.Date(2026, 5, 1, 9, 30, 0, 0, time.UTC)
	book := styled(t, workbook(t, bookSheet{"주문", [][]any{
		{"주문번호", "상품코드", "수량", "단가", "주문일시", "주문상태"}, {"20260501-01", "연필", 2, 1200, at, "결제완료"},
	}}), "E2", "yyyy-mm-dd hh:mm")
	d := newDesk(t, testenv.SQLite(t), folder(t), 10)
	kind, err := d.save.Kinds.BulkSave("orders")
	require.NoError(t, err)
	for name, data := range map[string][]byte{
		"a.csv": []byte(csv), "cp949.csv": []byte(cp949), "a.json": []byte("[" + object + "]"), "a.ndjson": []byte(object + "\n"),
		"a.tsv": []byte(strings.NewReplacer(`"1,200"`, "1200", ",", "\t").Replace(csv)), "a.xlsx": book,
	} {
		rows := d.begin(t, "orders", name, data).chunk(0)
		require.Len(t, rows, 1, name)
		named := map[string]any{}
		for i, f := range kind.Fields {
			if rows[0].Values[i] != nil {
				named[f.Name] = rows[0].Values[i]
			}
		}
		require.Equal(t, map[string]any{
			"order_number": "20260501-01", "line_number": int64(1), "sku": "연필", "quantity": int64(2), "unit_price": target.Decimal("1200"),
			"status": "paid", "ordered_at": at.Add(-9 * time.Hour), // in Seoul
		}, named, name)
	}
}

// A job that is reset after its end must not save its rows again because its kind has changed meanwhile.
func TestInspectKeepsToTheKindThatHasSaved(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDesk(t, url, folder(t), 3)
		c := d.begin(t, "stock-levels", "a.csv", messy)
		c.apply()
		again := contract.SaveRequest{JobID: c.id, Request: c.in}
		require.Equal(t, c.plan, must(t, d.bench, contract.InspectUpload, again))

		d.save.Kinds = cutKinds(t, 4)
		_, err := do(d.bench, contract.InspectUpload, again)
		requireType(t, err, contract.FailureType(job.ReasonBadInput))
		require.ErrorContains(t, err, "another version of its kind")
	})
}

// Storage and database that are away pass; what has been read then is read again.
func TestInspectWithStorageAway(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	d := newDesk(t, testenv.SQLite(t), server.URL, 3)
	c := d.ask(t, "stock-levels", "a.csv", messy)
	request := contract.SaveRequest{JobID: c.id, Request: c.in}
	server.SetUnder(contract.JobsPrefix, blobtest.Full)
	_, err := do(d.bench, contract.InspectUpload, request)
	requireType(t, err, contract.FailureType(job.ReasonDownstream))
	server.Set(blobtest.None)

	c.plan = must(t, d.bench, contract.InspectUpload, request)
	onDisk := newDesk(t, testenv.SQLite(t), folder(t), 3)
	same := onDisk.begin(t, "stock-levels", "a.csv", messy)
	require.Equal(t, same.plan, c.plan)
	require.Equal(t, same.kept(), c.kept(), "wherever files lie, they hold the same")
}

func TestPlanWithoutItsFilesIsLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, testenv.SQLite(t), folder(t), 3)
	for name, file := range map[string]string{"plan": "plan.json", "chunk": "chunk-00000001", "repeats": "repeats-00000001"} {
		for how, harm := range map[string]func(string){
			"gone":    func(path string) { require.NoError(t, os.Remove(path)) },
			"damaged": func(path string) { require.NoError(t, os.WriteFile(path, []byte("[1"), 0o600)) },
		} {
			if file == "repeats-00000001" && how == "gone" {
				continue // no row of the chunk is repeated, for all that can be known
			}
			c := d.begin(t, "stock-levels", "a.csv", messy)
			harm(filepath.Join(d.files, contract.PlanPrefix(c.id, c.plan.ID), file))
			d.forget(t)
			_, err := do(d.bench, contract.ApplyChunk, c.ref(1))
			requireType(t, err, contract.FailurePlanLost, "%s is %s", name, how)
		}
	}
	require.Empty(t, d.levels(t))
}
