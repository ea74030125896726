package catalog_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
)

// syncs are the kinds of sync as the program gets them; making them checks every one.
func syncs(t *testing.T) []dataset.Sync {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	require.NotEmpty(t, registry.Syncs())
	return registry.Syncs()
}

func syncKind(t *testing.T, name string) dataset.Sync {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	kind, err := registry.Sync(name)
	require.NoError(t, err)
	return kind
}

func TestEverySyncDescribesItself(t *testing.T) {
	t.Parallel()
	var names []string
	for _, kind := range syncs(t) {
		d := kind.Describe()
		require.Len(t, d.Fields, len(kind.Fields), kind.Name)
		require.Len(t, d.Filters, len(kind.Filters), kind.Name)
		doc, err := json.Marshal(d)
		require.NoError(t, err)
		require.NotContains(t, string(doc), "SELECT", "a description tells nothing of the tables")
		require.Less(t, len(doc), 64<<10, "the whole catalogue must fit into one answer")
		names = append(names, d.Name+" at "+d.Partner)
	}
	require.Subset(t, names, []string{"dispatch-shipments at marketplace", "carrier-tracking at carrier"})
}

// TestEverySyncOnItsFixtures walks the catalogue. A new kind needs no line here, but two files in testdata, as a bulk
// save does: good.csv, in which every field is filled, and bad.csv, in which every field is wrong once.
func TestEverySyncOnItsFixtures(t *testing.T) {
	t.Parallel()
	for _, kind := range syncs(t) {
		t.Run(kind.Name+"/good", func(t *testing.T) {
			t.Parallel()
			filled := map[string]bool{}
			for _, item := range fixture(t, kind, "good.csv").items {
				require.Empty(t, item.Errors)
				require.NotEmpty(t, item.Key)
				_, err := kind.Request([]dataset.SyncItem{item})
				require.NoError(t, err)
				for name := range item.Fields {
					filled[name] = true
				}
			}
			require.Len(t, filled, len(kind.Fields), "a field is empty in every row")
		})
		t.Run(kind.Name+"/bad", func(t *testing.T) {
			t.Parallel()
			wrong := map[string]bool{}
			bad := fixture(t, kind, "bad.csv")
			for i, item := range bad.items {
				var codes []string
				for _, e := range item.Errors {
					codes = append(codes, e.Column+":"+string(e.Code))
					wrong[e.Column] = true
				}
				require.ElementsMatch(t, bad.want[i], codes, "item %d", i)
			}
			require.Len(t, wrong, len(kind.Fields), "a field is right in every row")
		})
	}
}

// TestItemsAreTheSameHoweverTheyCome sends the good fixture as CSV, as a workbook and as posted JSON.
func TestItemsAreTheSameHoweverTheyCome(t *testing.T) {
	t.Parallel()
	for _, kind := range syncs(t) {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			want := fixture(t, kind, "good.csv").items
			rows, err := csv.NewReader(bytes.NewReader(fixtureFile(t, kind, "good.csv"))).ReadAll()
			require.NoError(t, err)

			require.Equal(t, want, itemsOf(t, kind, "items.xlsx", workbook(t, rows)).items)
			require.Equal(t, want, itemsOf(t, kind, "items.json", posted(t, rows)).items)
		})
	}
}

func TestEveryResultWorkbookIsAnUpload(t *testing.T) {
	t.Parallel()
	for _, kind := range syncs(t) {
		for _, locale := range []string{dataset.LocaleKorean, dataset.LocaleEnglish} {
			var head dataset.Head
			for _, c := range kind.ReportColumns(locale) {
				head.Headers = append(head.Headers, c.Header)
			}
			match, err := kind.Rows().Match(head, nil, nil)
			require.NoError(t, err)
			require.NoError(t, match.Err())
			for i, f := range kind.Fields {
				require.Equal(t, f.Name, match.Columns[1+i].Column)
			}
			for _, c := range match.Columns[1+len(kind.Fields):] {
				require.Empty(t, c.Column, c.Header)
			}
		}
	}
}

// uploaded are the items of an upload, and the errors that a fixture says they have.
type uploaded struct {
	items []dataset.SyncItem
	want  [][]string
}

func fixtureFile(t *testing.T, kind dataset.Sync, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", kind.Name, name))
	require.NoError(t, err)
	return data
}

func fixture(t *testing.T, kind dataset.Sync, name string) uploaded {
	t.Helper()
	return itemsOf(t, kind, name, fixtureFile(t, kind, name))
}

// itemsOf reads a file as numbering does.
func itemsOf(t *testing.T, kind dataset.Sync, name string, data []byte) uploaded {
	t.Helper()
	in := kind.Rows().Intake(t.Context(), opened(t, name, data), nil, nil, time.UTC)
	defer func() { require.NoError(t, in.Close()) }()
	roll := kind.NewRoll()
	var all uploaded
	for in.Next() {
		row := in.Row()
		item := kind.Item(in.Read())
		if len(item.Errors) == 0 {
			item.Errors = roll.Add(in.Ref(row.Sheet, row.Number), item)
		}
		all.items = append(all.items, item)
		all.want = append(all.want, expected(in.Head(), row))
	}
	require.NoError(t, in.Err())
	require.NotEmpty(t, all.items)
	return all
}

// workbook has all cells as texts.
func workbook(t *testing.T, rows [][]string) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, row := range rows {
		require.NoError(t, book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
	}
	var data bytes.Buffer
	require.NoError(t, book.Write(&data))
	require.NoError(t, book.Close())
	return data.Bytes()
}

// posted is a list of items by the headers of a table, without what is empty.
func posted(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var items []map[string]string
	for _, row := range rows[1:] {
		item := map[string]string{}
		for i, cell := range row {
			if strings.TrimSpace(cell) != "" {
				item[rows[0][i]] = cell
			}
		}
		items = append(items, item)
	}
	data, err := json.Marshal(items)
	require.NoError(t, err)
	return data
}
