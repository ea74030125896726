package dataset_test

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

func TestItemsAreReadInPages(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	sel, err := k.Select(job.Filters{"to": {"2026-11-22"}, "depot": {"B", "A", "B"}}, seoul(t))
	require.NoError(t, err)

	require.Equal(t, job.Filters{"to": {"2026-11-22"}, "depot": {"A", "B"}}, sel.Filters())
	require.Equal(t, dataset.Statement{
		SQL: "SELECT COALESCE(MAX(p.id), 0) FROM parcels p WHERE p.seller_id = ?", Args: []any{int64(5)},
	}, sel.MaxKey(5))
	require.Equal(t, dataset.Statement{
		SQL: "SELECT /*! STRAIGHT_JOIN */ p.id, d.code, p.number, p.weight, p.ready_at, p.note" +
			" FROM parcels p JOIN depots d ON d.id = p.depot_id" +
			" WHERE p.seller_id = ? AND p.id > ? AND p.id <= ? AND (p.fetched = 0) AND (p.ready_at < ?) AND (d.code IN (?, ?))" +
			" ORDER BY p.id LIMIT ?",
		Args: []any{int64(5), int64(10), int64(99), time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC), "A", "B", int64(1000)},
	}, sel.Page(5, 10, 99, 1000))

	_, err = k.Select(job.Filters{"from": {"2026-11-23"}, "to": {"2026-11-22"}, "form": {"x"}}, seoul(t))
	require.Equal(t, job.CodeInvalid, job.CodeOf(err))
	require.ErrorContains(t, err, "did you mean from?")
	require.ErrorContains(t, err, "is after")
}

func TestARowBecomesAnItem(t *testing.T) {
	t.Parallel()
	sel, err := checkedSync(t, pickups()).Select(nil, time.UTC)
	require.NoError(t, err)
	row := func(cells ...string) [][]byte {
		out := make([][]byte, len(cells))
		for i, cell := range cells {
			if cell != "NULL" {
				out[i] = []byte(cell)
			}
		}
		return out
	}

	cells := row("42", "ICN-1", "7", "12.5000", "2026-11-22 15:00:00.000000", "")
	key, item, err := sel.Item(cells)
	require.NoError(t, err)
	require.Equal(t, int64(42), key)
	want := dataset.SyncItem{Key: "ICN-1 / 7", Order: "ICN-1", Fields: map[string]string{
		"depot": "ICN-1", "parcel": "7", "weight": "12.5", "ready_at": "2026-11-22T15:00:00Z",
	}}
	require.Equal(t, want, item)
	for _, cell := range cells { // the store uses them again
		copy(cell, "################")
	}
	require.Equal(t, want, item)

	_, item, err = sel.Item(row("1", "D", "-0", "NULL", "2026-11-22 15:00:00.120000", " x "))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"depot": "D", "parcel": "0", "ready_at": "2026-11-22T15:00:00.12Z", "note": " x "}, item.Fields)

	_, item, err = sel.Item(row("1", "", "NULL", "NULL", "NULL", "NULL"))
	require.NoError(t, err)
	require.Equal(t, dataset.SyncItem{Fields: map[string]string{}, Errors: []job.RowError{
		{Column: "depot", Index: -1, Code: job.RowRequired}, {Column: "parcel", Index: -1, Code: job.RowRequired},
	}}, item)

	for want, cells := range map[string][][]byte{
		`read item: 1 cells for 5 columns and the key`:    row("1"),
		`read item: key "x" is no number`:                 row("x", "D", "1", "", "", ""),
		`read item 1: column parcel: "1.5" is no intege`:  row("1", "D", "1.5", "", "", ""),
		`read item 1: column weight: "1e3" is no decima`:  row("1", "D", "1", "1e3", "", ""),
		`read item 1: column ready_at: the value is no t`: row("1", "D", "1", "", "now", ""),
	} {
		_, _, err := sel.Item(cells)
		require.ErrorContains(t, err, want)
	}
}

const pickupFile = `Depot,Parcel,Weight,Ready at,Size,Note
ICN-1,7,"1,234.50",2026-11-23 00:00,large,"문 앞"
ICN-1,8,,,,
ICN-1,7,,,,
ICN-1,x7,heavy,,,
,9,,,,
PUS,7,,,small,
ICN-1,7,1,,,
`

func TestAnUploadBecomesItems(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	file, err := upload.Open(t.Context(), bytes.NewReader([]byte(pickupFile)), int64(len(pickupFile)), "pickups.csv", upload.Limits{})
	require.NoError(t, err)
	in := k.Rows().Intake(t.Context(), file, nil, nil, seoul(t))
	defer func() { require.NoError(t, in.Close()) }()

	roll := k.NewRoll()
	var items []dataset.SyncItem
	for in.Next() {
		item := k.Item(in.Read())
		if len(item.Errors) == 0 {
			item.Errors = roll.Add(in.Ref(in.Row().Sheet, in.Row().Number), item)
			in.Locate(item.Errors)
		}
		items = append(items, item)
	}
	require.NoError(t, in.Err())
	require.Len(t, items, 7)
	require.Equal(t, dataset.SyncItem{Key: "ICN-1 / 7", Order: "ICN-1", Fields: map[string]string{
		"depot": "ICN-1", "parcel": "7", "weight": "1234.5", "ready_at": "2026-11-22T15:00:00Z", "size": "l", "note": "문 앞",
	}}, items[0])
	require.Empty(t, items[1].Errors)
	twice := job.RowError{Column: "depot", Header: "Depot", Index: 0, Code: job.RowDuplicate, Value: "ICN-1", Other: &job.RowRef{Row: 2}}
	require.Equal(t, []job.RowError{twice}, items[2].Errors)
	require.Equal(t, []job.RowError{twice}, items[6].Errors, "the first one is named, not the one before")
	require.Equal(t, "row 2 has the same Depot, Parcel", k.Rows().Message(twice, "en"))
	require.Equal(t, map[string]string{"depot": "ICN-1", "parcel": "x7", "weight": "heavy"}, items[3].Fields, "what is wrong is shown as it was given")
	require.Equal(t, "ICN-1 / x7", items[3].Key)
	require.Len(t, items[3].Errors, 2)
	require.Equal(t, job.RowRequired, items[4].Errors[0].Code)
	require.Equal(t, "9", items[4].Key)
	require.Empty(t, items[5].Errors)
}

func TestKeysOfTheSameLookAreNotTheSame(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Key = []string{"depot", "note"}
	k = checkedSync(t, k)
	roll := k.NewRoll()
	for row, key := range [][]string{{"a / b", "c"}, {"a", "b / c"}, {"", ""}, {"", ""}, {"a", ""}, {"", "a"}} {
		item := k.Item([]any{given(key[0]), nil, nil, nil, nil, given(key[1])}, nil)
		require.Empty(t, roll.Add(job.RowRef{Sheet: "S", Row: row}, item), key)
	}
	again := k.Item([]any{"a", nil, nil, nil, nil, nil}, nil)
	require.Equal(t, &job.RowRef{Sheet: "S", Row: 4}, roll.Add(job.RowRef{Sheet: "T", Row: 1}, again)[0].Other)
}

// given is a cell's value: nil for an empty one.
func given(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// BenchmarkSyncRoll tells what the roll of 100,000 items takes, its growing included.
func BenchmarkSyncRoll(b *testing.B) {
	k := checkedSync(b, pickups())
	item := k.Item([]any{"ICN-1", int64(0), nil, nil, nil, nil}, nil)
	b.ReportAllocs()
	for b.Loop() {
		roll := k.NewRoll()
		for i := range 100_000 {
			item.Fields["parcel"] = strconv.Itoa(i)
			roll.Add(job.RowRef{Row: i}, item)
		}
	}
}
