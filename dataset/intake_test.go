package dataset_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/korean"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// bookSheet is one sheet of a workbook: its rows from the first on, nil for an empty one.
type bookSheet struct {
	name string
	rows [][]any
}

func workbook(t *testing.T, sheets ...bookSheet) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, s := range sheets {
		if i == 0 {
			require.NoError(t, book.SetSheetName("Sheet1", s.name))
		} else {
			_, err := book.NewSheet(s.name)
			require.NoError(t, err)
		}
		for n, row := range s.rows {
			require.NoError(t, book.SetSheetRow(s.name, fmt.Sprintf("A%d", n+1), &row))
		}
	}
	data, err := book.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, book.Close())
	return data.Bytes()
}

func opened(t *testing.T, name string, data []byte) *upload.File {
	t.Helper()
	file, err := upload.Open(t.Context(), bytes.NewReader(data), int64(len(data)), name, upload.Limits{})
	require.NoError(t, err)
	return file
}

// taken is what an intake found.
type taken struct {
	refs    []job.RowRef
	values  []map[string]any // by field, without those that are left out
	errs    [][]job.RowError
	heads   []dataset.SheetHead
	skipped []string
	example *job.RowRef
	err     error
}

func (k taken) keys() (keys []any) {
	for _, v := range k.values {
		keys = append(keys, v["order_number"])
	}
	return keys
}

func take(t *testing.T, file *upload.File, given, remembered dataset.Mapping) taken {
	t.Helper()
	k := checkedSave(t, returns())
	in := k.Intake(t.Context(), file, given, remembered, seoul(t))
	defer func() { require.NoError(t, in.Close()) }()
	var got taken
	for in.Next() {
		row := in.Row()
		values, errs := in.Read()
		named := map[string]any{}
		for i, f := range k.Fields {
			if values[i] != nil {
				named[f.Name] = values[i]
			}
		}
		require.Equal(t, row.Sheet, in.Head().Sheet)
		require.Greater(t, row.Number, in.Head().Row)
		got.refs, got.values, got.errs = append(got.refs, in.Ref(row.Sheet, row.Number)), append(got.values, named), append(got.errs, errs)
	}
	require.False(t, in.Next(), "the end stays the end")
	got.heads, got.skipped, got.example, got.err = in.Heads(), in.Skipped(), in.Example(), in.Err()
	return got
}

var (
	headers = []any{"Order number", "SKU", "Quantity", "Sent at", "Carrier"}
	entry   = func(order string) []any { return []any{order, "MUG", 2, "2024-03-06", "post"} }
)

func TestIntakeFindsHeadersBelowTitles(t *testing.T) {
	t.Parallel()
	got := take(t, opened(t, "a.xlsx", workbook(t, bookSheet{"March", [][]any{
		{"Returns of March"}, nil, {"printed", "2024-04-01"}, headers, entry("A-1"), nil, entry("A-2"),
	}})), nil, nil)

	require.NoError(t, got.err)
	require.Equal(t, []any{"A-1", "A-2"}, got.keys())
	require.Equal(t, []job.RowRef{{Row: 5}, {Row: 7}}, got.refs, "a single sheet need not be named")
	require.Equal(t, map[string]any{
		"order_number": "A-1", "sku": "MUG", "quantity": int64(2), "carrier": "post",
		"sent_at": time.Date(2024, 3, 5, 15, 0, 0, 0, time.UTC),
	}, got.values[0], "the day begins in the tenant's zone")
	require.Len(t, got.heads, 1)
	require.Equal(t, 4, got.heads[0].Row)
	require.Empty(t, got.skipped)
}

func TestIntakeReadsEverySheetThatHasTheHeaders(t *testing.T) {
	t.Parallel()
	guide := [][]any{{"Column", "Required", "Format"}, {"SKU", "yes", "code"}, {"Carrier", "yes", "choice"}}
	other := []any{"수량", "택배사", "주문번호", "상품코드", "Sent at", "Quantity"} // in another order and language
	long := [][]any{headers}
	for i := range 40 { // more than is looked through for headers
		long = append(long, entry(fmt.Sprintf("L-%d", i)))
	}
	got := take(t, opened(t, "a.xlsx", workbook(t,
		bookSheet{"Guide", guide}, bookSheet{"East", long}, bookSheet{"Notes", [][]any{{"nothing to see"}}},
		bookSheet{"West", [][]any{{"of the west"}, other, {nil, "우체국택배", "W-1", "RUG", "2024-03-05", 3}}},
		bookSheet{"Empty", nil}, bookSheet{"Headers alone", [][]any{headers}},
	)), nil, nil)

	require.NoError(t, got.err)
	require.Len(t, got.refs, 41)
	require.Equal(t, job.RowRef{Sheet: "East", Row: 2}, got.refs[0])
	require.Equal(t, job.RowRef{Sheet: "East", Row: 41}, got.refs[39])
	require.Equal(t, job.RowRef{Sheet: "West", Row: 3}, got.refs[40])
	require.Equal(t, "L-39", got.values[39]["order_number"])
	require.Equal(t, "RUG", got.values[40]["sku"])
	require.Equal(t, "post", got.values[40]["carrier"])
	require.Equal(t, int64(3), got.values[40]["quantity"])
	require.Equal(t, []string{"Guide", "Notes"}, got.skipped)
	require.Len(t, got.heads, 3)
	require.Equal(t, 3, got.heads[1].Sheet)
}

// A request names the headers of the sheet that was looked at; another sheet may have fewer of them.
func TestIntakeReadsASheetWithFewerHeadersThanGiven(t *testing.T) {
	t.Parallel()
	given := dataset.Mapping{"Order number": "order_number", "SKU": "sku", "Quantity": "quantity", "Sent at": "sent_at", "By": "carrier", "Remark": ""}
	first := []any{"Order number", "SKU", "Quantity", "Sent at", "By", "Remark"}
	file := opened(t, "a.xlsx", workbook(t,
		bookSheet{"Guide", [][]any{{"Column", "About"}, {"SKU", "what it is"}}},
		bookSheet{"East", [][]any{first, append(entry("A-1"), "x")}},
		bookSheet{"West", [][]any{{"Order number", "SKU", "Quantity", "Sent at", "By"}, entry("B-1")}},
	))

	got := take(t, file, given, nil)

	require.NoError(t, got.err)
	require.Equal(t, []any{"A-1", "B-1"}, got.keys())
	require.Equal(t, []string{"Guide"}, got.skipped)

	given["Remarks"] = "note" // no sheet has it
	got = take(t, file, given, nil)
	require.Equal(t, job.CodeInvalid, job.CodeOf(got.err))
}

func TestIntakeMapsWhatIsGivenAndRemembered(t *testing.T) {
	t.Parallel()
	file := opened(t, "a.csv", []byte("No,Thing,Count,When,By,SKU\nA-1,MUG,2,2024-03-05,post,RUG\n"))
	mapping := dataset.Mapping{"No": "order_number", "Thing": "sku", "Count": "quantity", "When": "sent_at", "By": "carrier"}
	for how, maps := range map[job.Match][2]dataset.Mapping{
		job.MatchGiven:      {mapping, nil},
		job.MatchRemembered: {nil, {"no": "order_number", "thing": "sku", "count": "quantity", "when": "sent_at", "by": "carrier"}},
	} {
		got := take(t, file, maps[0], maps[1])

		require.NoError(t, got.err)
		require.Equal(t, "MUG", got.values[0]["sku"])
		require.Equal(t, how, got.heads[0].Columns[1].How)
		require.Empty(t, got.heads[0].Columns[5].Column, "the field has its column")
	}
}

func TestIntakeLeavesOutTheTemplatesExample(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	for _, locale := range []string{dataset.LocaleKorean, dataset.LocaleEnglish} {
		var data bytes.Buffer
		require.NoError(t, k.Template(locale).Write(&data))
		book, err := excelize.OpenReader(bytes.NewReader(data.Bytes()))
		require.NoError(t, err)
		sheet := book.GetSheetName(0)

		got := take(t, opened(t, "a.xlsx", data.Bytes()), nil, nil)
		require.NoError(t, got.err)
		require.Empty(t, got.refs)
		require.Equal(t, &job.RowRef{Sheet: sheet, Row: 2}, got.example)
		require.Len(t, got.skipped, 1, "the guide")

		require.NoError(t, book.SetSheetRow(sheet, "A3", &[]any{"A-2", nil, "MUG", nil, nil, 1, nil, "2024-03-05", "cj"}))
		filled, err := book.WriteToBuffer()
		require.NoError(t, err)
		require.Equal(t, []any{"A-2"}, take(t, opened(t, "a.xlsx", filled.Bytes()), nil, nil).keys())

		// Who writes over the example means what he writes.
		require.NoError(t, book.SetCellValue(sheet, "F2", 3))
		changed, err := book.WriteToBuffer()
		require.NoError(t, err)
		got = take(t, opened(t, "a.xlsx", changed.Bytes()), nil, nil)
		require.Equal(t, []any{"A-1", "A-2"}, got.keys())
		require.Nil(t, got.example)
		require.NoError(t, book.Close())
	}

	// Only the first row below the headers is looked at.
	line := "A-1,MUG,2,2024-03-05,cj\n"
	got := take(t, opened(t, "a.csv", []byte("Order number,SKU,Quantity,Sent at,Carrier\n"+line+line)), nil, nil)
	require.Equal(t, []job.RowRef{{Row: 3}}, got.refs)
	require.Equal(t, &job.RowRef{Row: 2}, got.example)
}

func TestIntakeReadsTexts(t *testing.T) {
	t.Parallel()
	csv := "주문번호,상품코드,반품수량,발송일시,택배사\nA-1,머그,2,2024-03-05,우체국택배\n"
	cp949, err := korean.EUCKR.NewEncoder().String(csv)
	require.NoError(t, err)
	want := map[string]any{
		"order_number": "A-1", "sku": "머그", "quantity": int64(2), "carrier": "post", "sent_at": time.Date(2024, 3, 4, 15, 0, 0, 0, time.UTC),
	}
	object := `{"주문번호":"A-1","상품코드":"머그","반품수량":2,"발송일시":"2024-03-05","택배사":"우체국택배"}`
	for name, c := range map[string]struct {
		text string
		row  int
	}{
		"utf-8.csv": {csv, 2}, "mark.csv": {"\ufeff" + csv, 2}, "cp949.csv": {cp949, 2}, "tabs.tsv": {strings.ReplaceAll(csv, ",", "\t"), 2},
		"array.json": {"[" + object + "]", 1}, "lines.ndjson": {object + "\n", 1},
	} {
		got := take(t, opened(t, name, []byte(c.text)), nil, nil)

		require.NoError(t, got.err, name)
		require.Equal(t, []map[string]any{want}, got.values, name)
		require.Equal(t, []job.RowRef{{Row: c.row}}, got.refs, name)
		require.Empty(t, got.errs[0], name)
	}
}

func TestIntakeTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"columns": {"Order number,SKU\nA-1,MUG\n", "the columns Quantity (반품수량), Sent at (발송일시), Carrier (택배사) are missing; the headers of row 1 are: "},
		"column":  {"Order number,Quantity,Sent at,Carrier\nA-1,1,2024-03-05,cj\n", "the column SKU (상품코드(SKU)) or Barcode (바코드) is missing"},
		"keys":    {`[{"Order number":"A-1"}]`, "are missing; the headers are: "},
	} {
		got := take(t, opened(t, "a.csv", []byte(c.text)), nil, nil)
		require.Equal(t, job.CodeInvalid, job.CodeOf(got.err), name)
		require.ErrorContains(t, got.err, c.says, name)
		require.Empty(t, got.refs, name)
	}
	empty := take(t, opened(t, "a.xlsx", workbook(t, bookSheet{"A", nil})), nil, nil)
	require.Equal(t, job.CodeInvalid, job.CodeOf(empty.err))
	require.ErrorContains(t, empty.err, "the file is empty")

	// Of several sheets without them the first is told about.
	two := take(t, opened(t, "a.xlsx", workbook(t, bookSheet{"A", [][]any{{"SKU", "Name"}, {"x", "y"}}}, bookSheet{"B", [][]any{{"this", "that"}}})), nil, nil)
	require.ErrorContains(t, two.err, `"SKU", "Name"`)
	require.Equal(t, []string{"A", "B"}, two.skipped)
}

func TestIntakeEndsWhereTheFileIsDamaged(t *testing.T) {
	t.Parallel()
	const good = "A-1,MUG,2,2024-03-05,post\n"
	damaged := "Order number,SKU,Quantity,Sent at,Carrier\n" + strings.Repeat(good, 50) + "A-1,\"MUG,2,2024-03-05,cj\n"
	got := take(t, opened(t, "a.csv", []byte(damaged)), nil, nil)
	require.Equal(t, job.CodeInvalid, job.CodeOf(got.err))
	require.ErrorContains(t, got.err, "line 52")

	soon := take(t, opened(t, "a.csv", []byte("Order number,SKU,Quantity,Sent at,Carrier\nA-1,\"MUG\n")), nil, nil)
	require.Equal(t, job.CodeInvalid, job.CodeOf(soon.err), "also among the rows that are looked through for headers")
	require.Empty(t, soon.refs)
}

func TestCountOf(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	values := make([]any, len(k.Fields))
	require.Zero(t, k.CountOf(values))
	require.Zero(t, k.CountOf(nil))
	values[1] = int64(7)
	require.EqualValues(t, 7, k.CountOf(values))
	without := returns()
	without.Key, without.Count = []string{"order_number"}, ""
	require.Zero(t, checkedSave(t, without).CountOf(values))
	require.Equal(t, "순번", k.HeaderOf("line", "ko"))
	require.Equal(t, "Line", k.HeaderOf("line", "en"))
}

func TestKeyColumn(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	values := make([]any, len(k.Fields))
	require.Empty(t, k.KeyColumn(values))
	values[3] = "04012345"
	require.Equal(t, "barcode", k.KeyColumn(values))
	values[1] = int64(2)
	require.Equal(t, "barcode", k.KeyColumn(values), "a whole key comes before a part of one")
	values[0] = "A-1"
	require.Equal(t, "order_number", k.KeyColumn(values))
	require.Equal(t, "A-1 / 2", k.KeyOf(values))
}
