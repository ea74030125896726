package catalog_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// TestEveryKindOnEveryEngine walks the catalogue on sample data. A new kind needs no line here.
func TestEveryKindOnEveryEngine(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 2000}))
		acme, err := st.Seller(t.Context(), "acme")
		require.NoError(t, err)
		for _, kind := range kinds(t) {
			w := walk{st: st, seller: acme, kind: withKey(t, kind)}
			t.Run(kind.Name, func(t *testing.T) {
				t.Run("pages hold exactly the planned rows", w.pages)
				t.Run("every column alone", w.columns)
				t.Run("every filter", w.filters)
				t.Run("nobody else's rows", w.tenants)
			})
		}
	})
}

func migrated(t *testing.T, url string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(t.Context()))
	return st
}

// withKey adds the key to a kind's columns, so that a page tells which rows it holds.
func withKey(t *testing.T, kind dataset.Export) dataset.Export {
	t.Helper()
	kind.Columns = append(slices.Clone(kind.Columns), dataset.Column{
		Name: "row_key", Header: dataset.Text{Ko: "키", En: "Key"}, SQL: kind.Source.Key, Type: sheet.Integer,
	})
	registry, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{kind}})
	require.NoError(t, err)
	return registry.Exports()[0]
}

type walk struct {
	st     *store.Store
	seller store.Seller
	kind   dataset.Export
}

func (w walk) pages(t *testing.T) {
	sel := w.selection(t, dataset.Request{})
	keys := w.keys(t, sel)
	require.NotEmpty(t, keys, "the sample data must show something of every kind")
	require.True(t, slices.IsSorted(keys))
	require.Len(t, slices.Compact(slices.Clone(keys)), len(keys), "a join repeats rows")

	var got []int64
	after := int64(0)
	for page := range slices.Chunk(keys, 37) {
		through := page[len(page)-1]
		rows := read(t, w.st, sel.Page(w.seller.ID, after, through))
		require.Len(t, rows, len(page))
		got = append(got, keysOf(t, rows)...)
		after = through
	}

	require.Equal(t, keys, got)
}

func (w walk) columns(t *testing.T) {
	keys := w.keys(t, w.selection(t, dataset.Request{}))
	for _, c := range w.kind.Columns {
		sel := w.selection(t, dataset.Request{Columns: []string{c.Name}})

		rows := read(t, w.st, sel.Page(w.seller.ID, 0, keys[len(keys)-1]))

		require.Len(t, rows, len(keys), c.Name)
		require.True(t, slices.ContainsFunc(rows, func(cells []string) bool { return cells[0] != "" && cells[0] != null }),
			"column %s is empty in every row", c.Name)
	}
}

func (w walk) filters(t *testing.T) {
	all := w.keys(t, w.selection(t, dataset.Request{}))
	every := job.Filters{}
	for _, f := range w.kind.Filters {
		every[f.Name] = values(f)
		w.filtered(t, job.Filters{f.Name: values(f)}, all)
	}
	for _, f := range w.kind.Filters {
		if f.NotAfter != "" {
			every[f.Name] = every[f.NotAfter]
		}
	}
	w.filtered(t, every, all)
}

// filtered checks that plan and page agree on what a filter leaves.
func (w walk) filtered(t *testing.T, filters job.Filters, all []int64) {
	t.Helper()
	sel := w.selection(t, dataset.Request{Filters: filters})
	keys := w.keys(t, sel)
	for _, key := range keys {
		require.True(t, slices.Contains(all, key), "%v", filters)
	}
	rows := read(t, w.st, sel.Page(w.seller.ID, 0, all[len(all)-1]))
	require.Equal(t, keys, keysOf(t, rows), "%v", filters)
}

func (w walk) tenants(t *testing.T) {
	sel := w.selection(t, dataset.Request{})
	highest := int64(1 << 60)

	require.Empty(t, read(t, w.st, sel.Keys(-1, highest)))
	require.Empty(t, read(t, w.st, sel.Page(-1, 0, highest)))
	require.Equal(t, [][]string{{"0"}}, read(t, w.st, sel.MaxKey(-1)))
}

// values are such as a filter may be given; each must reach the database in a way it understands.
func values(f dataset.Filter) job.Values {
	switch f.Type {
	case dataset.FilterDate:
		return job.Values{"2026-10-15"}
	case dataset.FilterInteger:
		return job.Values{"25"}
	case dataset.FilterFlag:
		return job.Values{"true"}
	case dataset.FilterChoice:
		var all job.Values
		for _, c := range f.Choices {
			all = append(all, c.Value)
		}
		if !f.Many {
			all = all[:1]
		}
		return all
	}
	if f.Many {
		return job.Values{"AC-000001", "coupang", "ICN1", "' OR 1=1 --"}
	}
	return job.Values{"AC-000001"}
}

func (w walk) selection(t *testing.T, req dataset.Request) dataset.Selection {
	t.Helper()
	sel, err := w.kind.Select(req, w.seller.Zone)
	require.NoError(t, err)
	return sel
}

func (w walk) keys(t *testing.T, sel dataset.Selection) []int64 {
	t.Helper()
	highest := keysOf(t, read(t, w.st, sel.MaxKey(w.seller.ID)))
	return keysOf(t, read(t, w.st, sel.Keys(w.seller.ID, highest[0])))
}

// null stands for a cell without a value.
const null = "NULL"

func read(t *testing.T, st *store.Store, s dataset.Statement) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a query that has lost its index
	defer cancel()
	var rows [][]string
	err := st.Stream(ctx, s.SQL, s.Args, func(cells [][]byte) error {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = string(cell)
			if cell == nil {
				row[i] = null
			}
		}
		rows = append(rows, row)
		return nil
	})
	require.NoError(t, err, s.SQL)
	return rows
}

// keysOf reads the last column.
func keysOf(t *testing.T, rows [][]string) []int64 {
	t.Helper()
	var keys []int64
	for _, row := range rows {
		key, err := strconv.ParseInt(row[len(row)-1], 10, 64)
		require.NoError(t, err)
		keys = append(keys, key)
	}
	return keys
}

// export reads a whole kind for a seller, with the given columns.
func export(t *testing.T, st *store.Store, kind, seller string, req dataset.Request) [][]string {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	e, err := registry.Export(kind)
	require.NoError(t, err)
	row, err := st.Seller(t.Context(), seller)
	require.NoError(t, err)
	sel, err := e.Select(req, row.Zone)
	require.NoError(t, err)
	highest := keysOf(t, read(t, st, sel.MaxKey(row.ID)))
	return read(t, st, sel.Page(row.ID, 0, highest[0]))
}
