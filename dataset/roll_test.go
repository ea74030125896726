package dataset_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// line is a row of returns: order, line (0: none), SKU, carrier, note (empty: none).
func line(order string, number int, sku, carrier, note string) []any {
	values := make([]any, 10)
	values[0], values[5], values[8] = order, int64(1), carrier
	if number > 0 {
		values[1] = int64(number)
	}
	if sku != "" {
		values[2] = sku
	}
	if note != "" {
		values[9] = note
	}
	return values
}

// repeated calls the roll of rows.
func repeated(t *testing.T, roll *dataset.Roll) [][2]int64 {
	t.Helper()
	var all [][2]int64
	require.NoError(t, roll.Repeated(func(row, other int64) error {
		all = append(all, [2]int64{row, other})
		return nil
	}))
	return all
}

func TestRollCountsLinesWhereverTheyAre(t *testing.T) {
	t.Parallel()
	roll := checkedSave(t, returns()).NewRoll(false)
	var got []any
	for i, order := range []string{"A", "A", "B", "A", "C", "B"} {
		values := line(order, 0, "MUG", "cj", "")
		require.Empty(t, roll.Add(job.RowRef{Row: i + 2}, values))
		got = append(got, values[1])
	}
	refused := line("A", 0, "MUG", "cj", "")
	roll.Pass(job.RowRef{Row: 8}, refused) // it is the fourth of its order all the same
	last, own := line("A", 0, "MUG", "cj", ""), line("A", 9, "MUG", "cj", "")
	require.Empty(t, roll.Add(job.RowRef{Row: 9}, last))
	require.Empty(t, roll.Add(job.RowRef{Row: 10}, own))

	require.Equal(t, []any{int64(1), int64(2), int64(1), int64(3), int64(1), int64(2)}, got)
	require.Equal(t, int64(4), refused[1])
	require.Equal(t, int64(5), last[1])
	require.Equal(t, int64(9), own[1], "what the file says stays")
	require.Empty(t, repeated(t, roll))
}

func TestRollComparesWhatRowsOfOneOrderSay(t *testing.T) {
	t.Parallel()
	roll := checkedSave(t, returns()).NewRoll(false)
	require.Empty(t, roll.Add(job.RowRef{Sheet: "x", Row: 2}, line("A", 0, "MUG", "cj", "")))
	require.Empty(t, roll.Add(job.RowRef{Sheet: "x", Row: 3}, line("B", 0, "MUG", "post", "other")))
	require.Empty(t, roll.Add(job.RowRef{Sheet: "y", Row: 2}, line("A", 0, "RUG", "cj", "late")), "the first one said nothing")
	require.Empty(t, roll.Add(job.RowRef{Sheet: "y", Row: 3}, line("A", 0, "RUG", "cj", "")), "to say nothing is to agree")

	errs := roll.Add(job.RowRef{Sheet: "y", Row: 4}, line("A", 0, "RUG", "post", "later"))

	first := &job.RowRef{Sheet: "x", Row: 2}
	require.Equal(t, []job.RowError{
		{Column: "carrier", Index: -1, Code: job.RowDisagree, Value: "post", Other: first},
		{Column: "note", Index: -1, Code: job.RowDisagree, Value: "later", Other: first},
	}, errs)
}

func TestRepeatedNamesEveryRowAndAnother(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	for name, c := range map[string]struct {
		lastWins bool
		want     [][2]int64
	}{
		"refused":   {false, [][2]int64{{0, 2}, {2, 0}, {3, 4}, {4, 3}, {5, 0}}},
		"last wins": {true, [][2]int64{{0, 5}, {2, 5}, {3, 4}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roll := k.NewRoll(c.lastWins)
			for i, row := range []struct {
				order string
				line  int
			}{{"A", 1}, {"A", 2}, {"A", 1}, {"B", 7}, {"B", 7}, {"A", 1}, {"A", 11}} {
				if i == 5 {
					refused := roll.Add(job.RowRef{Row: 9}, line("B", 7, "MUG", "post", ""))
					require.NotEmpty(t, refused, "it is nobody's duplicate, and the rows after it are counted without it")
				}
				require.Empty(t, roll.Add(job.RowRef{Row: i}, line(row.order, row.line, "MUG", "cj", "")))
			}

			require.Equal(t, c.want, repeated(t, roll))
		})
	}
}

func TestRepeatedStopsAtAnError(t *testing.T) {
	t.Parallel()
	roll := checkedSave(t, returns()).NewRoll(false)
	for range 3 {
		require.Empty(t, roll.Add(job.RowRef{}, line("A", 1, "MUG", "cj", "")))
	}
	stop := errors.New("stop")
	calls := 0

	err := roll.Repeated(func(int64, int64) error { calls++; return stop })

	require.ErrorIs(t, err, stop)
	require.Equal(t, 1, calls)
}

func TestKeysAreThoseThatARowHas(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, trackers())
	row := func(order string, line int, market string) []any {
		values := make([]any, 3)
		if order != "" {
			values[0] = order
		}
		if line > 0 {
			values[1] = int64(line)
		}
		if market != "" {
			values[2] = market
		}
		return values
	}
	roll := k.NewRoll(false)
	for i, c := range []struct {
		values []any
		key    string
	}{
		0: {row("A", 1, ""), "A / 1"},
		1: {row("A", 0, ""), "A"},      // the whole order
		2: {row("", 0, "A"), "A"},      // another key with the same text
		3: {row("", 0, "M-1"), "M-1"},  //
		4: {row("B", 0, "M-1"), "M-1"}, // of B the line is not known, M-1 is all there
		5: {row("", 0, ""), ""},        // no key is no duplicate
		6: {row("", 0, ""), ""},
		7: {row("A", 0, ""), "A"},
		8: {row("A1", 0, ""), "A1"},
	} {
		require.Empty(t, roll.Add(job.RowRef{Row: i}, c.values))
		require.Equal(t, c.key, k.KeyOf(c.values), i)
	}

	require.Equal(t, [][2]int64{{1, 7}, {3, 4}, {4, 3}, {7, 1}}, repeated(t, roll))
}

// trackers is a kind with two ways to name a row.
func trackers() dataset.BulkSave {
	k := returns()
	k.Name, k.Fields = "trackers", []dataset.Field{k.Fields[0], k.Fields[1], k.Fields[3]}
	k.Fields[0].Required, k.Fields[2].Pattern, k.Fields[2].Form = false, "", dataset.Text{}
	k.Together, k.Agree, k.Count, k.OneOf = "", nil, "", nil
	k.Target = target.Plan{
		Fields: []string{"order_number", "line", "barcode"},
		Steps: []target.Step{{
			Name: "back", Table: "returns",
			Key: []target.Column{{Name: "order_number", From: target.Field("order_number")}, {Name: "line", From: target.Field("line")}},
			Set: []target.Column{{Name: "barcode", From: target.Field("barcode")}},
		}},
	}
	return k
}

// TestRepeatedEqualsAMap compares the roll with the plain way to do it.
func TestRepeatedEqualsAMap(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, trackers())
	random := rand.New(rand.NewPCG(3, 4))
	for _, rows := range []int{0, 1, 100, 40_000} { // the last one needs several blocks
		for _, lastWins := range []bool{false, true} {
			roll := k.NewRoll(lastWins)
			byKey := map[string][]int64{}
			for i := range int64(rows) {
				order := fmt.Sprint(random.IntN(rows))
				require.Empty(t, roll.Add(job.RowRef{}, []any{order, int64(1), nil}))
				byKey[order] = append(byKey[order], i)
			}
			want := 0
			for _, same := range byKey {
				if len(same) > 1 {
					want += len(same)
				}
				if len(same) > 1 && lastWins {
					want--
				}
			}
			before := int64(-1)
			for _, pair := range repeated(t, roll) {
				want--
				require.Less(t, before, pair[0])
				before = pair[0]
				same := false
				for _, rows := range byKey {
					if at := index(rows, pair[0]); at >= 0 {
						same = index(rows, pair[1]) >= 0 && pair[0] != pair[1] && (!lastWins || pair[1] == rows[len(rows)-1])
						break
					}
				}
				require.True(t, same, pair)
				if rows > 1000 && before > 300 {
					want = 0 // the search is quadratic; so many are enough
					break
				}
			}
			require.Zero(t, want)
		}
	}
}

func index(rows []int64, row int64) int {
	for i, r := range rows {
		if r == row {
			return i
		}
	}
	return -1
}

// TestRollIsSmall measures what a roll holds of many rows without orders.
func TestRollIsSmall(t *testing.T) {
	const rows = 200_000
	k := checkedSave(t, trackers())
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	roll := k.NewRoll(false)
	values := []any{"", int64(1), nil}
	for i := range rows {
		values[0] = time.Unix(int64(i), 0).UTC().Format(time.RFC3339)
		require.Empty(t, roll.Add(job.RowRef{}, values))
	}
	held := int64(heap()) - int64(before)
	runtime.KeepAlive(roll)

	require.Less(t, held, int64(rows*24))
}
