package dataset_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

func TestARowHasAllItsErrors(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	columns := []job.UploadColumn{ // in an order of its own, with columns of no field
		{Index: 0, Header: "수량", Column: "quantity"}, {Index: 2, Header: "택배사", Column: "carrier"}, {Index: 1, Header: "?"},
		{Index: 3, Header: "SKU", Column: "sku"}, {Index: 4, Header: "EAN", Column: "barcode"}, {Index: 5, Header: "old", Column: "gone"},
	}
	reader := k.Reader(columns, time.UTC)

	_, errs := reader.Read(&upload.Row{Number: 3, Cells: []upload.Cell{
		said("two"), said("ignored"), faulty("#N/A"), said(" " + strings.Repeat("가", 150)), said("04012345"),
	}})

	require.Equal(t, []job.RowError{
		{Column: "order_number", Index: -1, Code: job.RowRequired},
		{Column: "sku", Header: "SKU", Index: 3, Code: job.RowTooLong, Value: strings.Repeat("가", job.MaxErrorValue), Limit: "10"},
		{Column: "quantity", Header: "수량", Index: 0, Code: job.RowNotANumber, Value: "two"},
		{Column: "sent_at", Index: -1, Code: job.RowRequired},
		{Column: "carrier", Header: "택배사", Index: 2, Code: job.RowCellError, Value: "#N/A"},
		{Column: "barcode", Header: "EAN", Index: 4, Code: job.RowOneOf, Limit: "sku, barcode"},
	}, errs)
}

func TestExactlyOneOfAGroupIsFilled(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	reader := k.Reader(columnsOf(k), time.UTC)
	for name, c := range map[string]struct {
		change map[string]upload.Cell
		want   []string // column and code
	}{
		"one":                {map[string]upload.Cell{}, nil},
		"the other":          {map[string]upload.Cell{"sku": {}, "barcode": said("04012345")}, nil},
		"both":               {map[string]upload.Cell{"barcode": said("04012345")}, []string{"barcode one_of"}},
		"none":               {map[string]upload.Cell{"sku": {}}, []string{"sku one_of"}},
		"a wrong one":        {map[string]upload.Cell{"sku": faulty("#N/A")}, []string{"sku cell_error"}},
		"one and a bad one":  {map[string]upload.Cell{"barcode": said("x")}, []string{"barcode bad_format", "barcode one_of"}},
		"nothing but spaces": {map[string]upload.Cell{"sku": said("\u00A0")}, []string{"sku one_of"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := reader.Read(good(t, c.change))

			var got []string
			for _, e := range errs {
				got = append(got, e.Column+" "+string(e.Code))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestErrorsOfOtherRowsAreLocated(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	reader := k.Reader([]job.UploadColumn{{Index: 4, Header: "메모", Column: "note"}}, time.UTC)
	errs := []job.RowError{{Column: "note", Index: -1, Code: job.RowDisagree}, {Column: "carrier", Index: -1}, {Index: -1}}

	reader.Locate(errs)

	require.Equal(t, []job.RowError{
		{Column: "note", Header: "메모", Index: 4, Code: job.RowDisagree}, {Column: "carrier", Index: -1}, {Index: -1},
	}, errs)
}

func TestAGroupWithoutColumnsIsMissedAtTheFirst(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	for _, c := range []struct {
		columns []job.UploadColumn
		want    string
		index   int
	}{
		{nil, "sku", -1},
		{[]job.UploadColumn{{Index: 4, Header: "EAN", Column: "barcode"}}, "barcode", 4},
	} {
		_, errs := k.Reader(c.columns, time.UTC).Read(&upload.Row{})

		last := errs[len(errs)-1]
		require.Equal(t, job.RowOneOf, last.Code)
		require.Equal(t, c.want, last.Column)
		require.Equal(t, c.index, last.Index)
	}
}

func TestValuesOutliveTheirRow(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	reader := k.Reader(columnsOf(k), time.UTC)
	row := good(t, map[string]upload.Cell{"note": said("한 줄")})

	first, errs := reader.Read(row)
	require.Empty(t, errs)
	again, _ := reader.Read(row)
	for i := range row.Cells {
		for j := range row.Cells[i].Text {
			row.Cells[i].Text[j] = 'x' // the row's memory is used again
		}
	}
	_, errs = reader.Read(row)

	require.NotEmpty(t, errs)
	require.Equal(t, first, again)
	require.Equal(t, []any{
		"A-1", nil, "MUG", nil, nil, int64(2), nil, time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC), "cj", "한 줄",
	}, first)
}

// A cell is remembered; its neighbours in the column that only look the same are not it.
func TestARememberedCellIsNotAnother(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	reader := k.Reader(columnsOf(k), time.UTC)
	day, clock := dated(t, "2024-03-05 14:30:00", true, false), dated(t, "2024-03-05 14:30:00", true, true)
	other := dated(t, "2024-03-06 14:30:00", true, true)
	for _, c := range []struct {
		cell upload.Cell
		want string // what it is read as; empty: wrong
	}{
		{day, "2024-03-05 00:00:00"}, {clock, "2024-03-05 14:30:00"}, {other, "2024-03-06 14:30:00"}, {other, "2024-03-06 14:30:00"},
		{counted("45356.5"), ""}, {said("45356.5"), ""}, {counted("45356.5"), ""}, {day, "2024-03-05 00:00:00"},
	} {
		values, errs := reader.Read(good(t, map[string]upload.Cell{"sent_at": c.cell}))
		if c.want == "" {
			require.Len(t, errs, 1)
			require.Nil(t, values[7])
			continue
		}
		require.Empty(t, errs)
		require.Equal(t, c.want, values[7].(time.Time).Format(time.DateTime))
	}
}

// TestDecimalsEqualAnotherLibrary reads random numbers in random dress.
func TestDecimalsEqualAnotherLibrary(t *testing.T) {
	t.Parallel()
	k := returns()
	k.Fields[6].Min, k.Fields[6].Max, k.Fields[6].Decimals = "", "", 15
	k = checkedSave(t, k)
	reader := k.Reader(columnsOf(k), time.UTC)
	random := rand.New(rand.NewPCG(5, 6))
	for range 5_000 {
		whole := strconv.FormatUint(random.Uint64()>>random.IntN(64), 10)
		plain := whole + [...]string{"", ".", "." + strconv.Itoa(random.IntN(1000)), ".000", ".50"}[random.IntN(5)]
		dressed := plain
		if random.IntN(2) == 0 {
			dressed = grouped(whole) + plain[len(whole):]
		}
		dressed = [...]string{"", "₩", "$ ", "KRW "}[random.IntN(4)] + dressed + [...]string{"", "원", " USD"}[random.IntN(3)]
		switch random.IntN(4) {
		case 0:
			plain, dressed = "-"+plain, "-"+dressed
		case 1:
			plain, dressed = "-"+plain, "("+dressed+")"
		}
		want, err := decimal.NewFromString(plain)
		require.NoError(t, err)

		values, errs := reader.Read(good(t, map[string]upload.Cell{"price": said(dressed)}))

		require.Empty(t, errs, dressed)
		require.Equal(t, target.Decimal(want.String()), values[6], dressed)
	}
}

func grouped(digits string) string {
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// TestNumberCellsAreWhatASpreadsheetShows compares random floats with their 15 significant digits.
func TestNumberCellsAreWhatASpreadsheetShows(t *testing.T) {
	t.Parallel()
	k := returns()
	k.Fields[6].Min, k.Fields[6].Max, k.Fields[6].Decimals = "", "", 15
	k = checkedSave(t, k)
	reader := k.Reader(columnsOf(k), time.UTC)
	random := rand.New(rand.NewPCG(7, 8))
	for range 5_000 {
		f := (random.Float64() - 0.5) * math.Pow(10, float64(random.IntN(40)-20))
		if random.IntN(3) == 0 {
			f = math.Round(f*100) / 100
		}
		shortest, err := decimal.NewFromString(strconv.FormatFloat(f, 'f', -1, 64))
		require.NoError(t, err)
		digits := shortest.NumDigits() + int(shortest.Exponent()) // before the point; below zero: zeros after it
		want := shortest.Round(int32(15 - digits))
		written := strconv.FormatFloat(f, [...]byte{'g', 'e', 'E', 'f'}[random.IntN(4)], -1, 64)

		values, errs := reader.Read(good(t, map[string]upload.Cell{"price": counted(written)}))

		switch {
		case want.Abs().GreaterThanOrEqual(decimal.New(1, 15)), !want.Truncate(15).Equal(want):
			require.Len(t, errs, 1, written)
			require.Equal(t, job.RowTooPrecise, errs[0].Code, written)
		default:
			require.Empty(t, errs, written)
			require.Equal(t, target.Decimal(want.String()), values[6], written)
		}
	}
}

// FuzzRead reads any text as every kind of cell: it must neither panic nor yield what a database refuses.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "A-1", "1,200", "(₩3.50)", "4.90123456789E+12", "2024-03-05T14:30:00+09:00", "2024년 3월 5일 오후 2시 30분", "5 Mar 2024",
		"12/31/2024", "20240305143000", "CJ 대한통운", "\u3000\xff\u200b", "-", "9.99999999999999999E-400", "Mon, (", "0E+400", "2024-03-10 02:30",
	} {
		f.Add(seed)
	}
	k := checkedSave(f, returns())
	york, err := time.LoadLocation("America/New_York")
	require.NoError(f, err)
	columns := columnsOf(k)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []upload.Kind{upload.Text, upload.Number, upload.Fault, upload.Moment} {
			row := &upload.Row{}
			for range k.Fields {
				row.Cells = append(row.Cells, upload.Cell{Kind: kind, Text: []byte(text), Time: time.Unix(0, 0).UTC(), HasDate: true})
			}
			reader := k.Reader(columns, york)
			values, errs := reader.Read(row)
			for _, e := range errs {
				require.LessOrEqual(t, utf8.RuneCountInString(e.Value), job.MaxErrorValue)
				require.True(t, utf8.ValidString(e.Value))
			}
			for i, v := range values {
				checkValue(t, k.Fields[i], v)
			}
		}
	})
}

func checkValue(t *testing.T, f dataset.Field, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
	case string:
		require.True(t, utf8.ValidString(v))
		require.NotContains(t, v, "\x00")
		require.Equal(t, strings.TrimSpace(v), v)
		require.NotEmpty(t, v)
		if f.MaxLength > 0 {
			require.LessOrEqual(t, utf8.RuneCountInString(v), f.MaxLength)
		}
	case int64:
		require.Equal(t, dataset.FieldInteger, f.Type)
	case target.Decimal:
		d, err := decimal.NewFromString(string(v))
		require.NoError(t, err)
		require.Equal(t, d.String(), string(v))
	case time.Time:
		require.Equal(t, time.UTC, v.Location())
		require.True(t, v.Year() >= 1899 && v.Year() <= 3000)
	default:
		t.Fatalf("%T", v)
	}
}

// BenchmarkRead reads lines of orders; the target is a million cells a second.
func BenchmarkRead(b *testing.B) {
	k := checkedSave(b, returns())
	columns := columnsOf(k)
	seoul := time.FixedZone("KST", 9*60*60)
	rows := make([]*upload.Row, 1000)
	for i := range rows {
		rows[i] = good(b, map[string]upload.Cell{
			"order_number": said(fmt.Sprint(489434 + i/20)), "line": counted(strconv.Itoa(i%20 + 1)), "sku": said(fmt.Sprint(20000 + i*7)),
			"name": said([...]string{"WHITE MUG", "머그컵 화이트", "RED MUG"}[i%3]), "quantity": counted(strconv.Itoa(i % 50)), "price": said(fmt.Sprintf("%d.%02d", i%30, i%100)),
			"sent_at": said(time.Date(2009, 12, 1, 7, 45+i/20, 0, 0, time.UTC).Format(time.DateTime)), "note": said("United Kingdom"),
		})
	}
	reader := k.Reader(columns, seoul)
	b.ReportAllocs()
	for b.Loop() {
		for _, row := range rows {
			if _, errs := reader.Read(row); len(errs) > 0 {
				b.Fatal(errs)
			}
		}
	}
	b.ReportMetric(float64(b.N*len(rows)*9)/b.Elapsed().Seconds(), "cells/s")
}

func BenchmarkRoll(b *testing.B) {
	k := checkedSave(b, returns())
	b.ReportAllocs()
	roll := k.NewRoll(false)
	values := line("", 0, "MUG", "cj", "United Kingdom")
	for i := 0; b.Loop(); i++ {
		values[0], values[1] = strconv.Itoa(i/20), nil
		if errs := roll.Add(job.RowRef{Row: i}, values); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}
