package catalog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// saves are the kinds of bulk save as the program gets them; making them checks every one.
func saves(t *testing.T) []dataset.BulkSave {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	require.NotEmpty(t, registry.BulkSaves())
	return registry.BulkSaves()
}

func save(t *testing.T, name string) dataset.BulkSave {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	kind, err := registry.BulkSave(name)
	require.NoError(t, err)
	return kind
}

// TestEveryBulkSaveOnItsFixtures walks the catalogue. A new kind needs no line here, but two files in testdata: good.csv,
// in which nothing is wrong and every field is filled, and bad.csv, in which every field is wrong once. The last column
// of the bad one has the errors that its row must have, as field:code.
func TestEveryBulkSaveOnItsFixtures(t *testing.T) {
	t.Parallel()
	for _, kind := range saves(t) {
		t.Run(kind.Name+"/good", func(t *testing.T) {
			t.Parallel()
			in := intake(t, kind.Rows(), filepath.Join("testdata", kind.Name, "good.csv"), nil)
			filled := map[string]bool{}
			for _, row := range in.rows {
				require.Empty(t, row.errs, "row %d: %s", row.number, row.messages(kind.Rows()))
				require.NotEmpty(t, kind.KeyOf(row.values))
				for i, f := range kind.Fields {
					filled[f.Name] = filled[f.Name] || row.values[i] != nil
				}
			}
			for _, f := range kind.Fields {
				require.True(t, filled[f.Name], "%s is empty in every row", f.Name)
			}
			for _, c := range in.head.Columns {
				require.NotEmpty(t, c.Column, "header %s is not known", c.Header)
			}
		})
		t.Run(kind.Name+"/bad", func(t *testing.T) {
			t.Parallel()
			in := intake(t, kind.Rows(), filepath.Join("testdata", kind.Name, "bad.csv"), nil)
			wrong := map[string]bool{}
			for _, row := range in.rows {
				require.ElementsMatch(t, row.want, row.codes(), "row %d: %s", row.number, row.messages(kind.Rows()))
				for _, e := range row.errs {
					wrong[e.Column] = true
				}
			}
			for _, f := range kind.Fields {
				require.True(t, wrong[f.Name], "%s is right in every row", f.Name)
			}
		})
	}
}

// TestEveryTemplateIsAnUpload reads each template, as it is handed out, back by its own kind.
func TestEveryTemplateIsAnUpload(t *testing.T) {
	t.Parallel()
	kinds := map[string]dataset.Rows{}
	for _, kind := range saves(t) {
		kinds[kind.Name] = kind.Rows()
	}
	for _, kind := range syncs(t) {
		kinds[kind.Name] = kind.Rows()
	}
	for name, kind := range kinds {
		for _, locale := range []string{dataset.LocaleKorean, dataset.LocaleEnglish} {
			t.Run(name+"/"+locale, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "template.xlsx")
				file, err := os.Create(path)
				require.NoError(t, err)
				template := kind.Template(locale)
				code := slices.IndexFunc(kind.Fields, func(f dataset.Field) bool { return f.Type == dataset.FieldCode && f.Example != "" })
				template.Columns[code].Example += "-2" // the very example is left out of a save
				require.NoError(t, template.Write(file))
				require.NoError(t, file.Close())

				in := intake(t, kind, path, nil)

				require.Len(t, in.rows, 1)
				require.Empty(t, in.rows[0].errs, in.rows[0].messages(kind))
				require.Len(t, in.skipped, 1, "the guide")
				for i, f := range kind.Fields {
					require.Equal(t, f.Name, in.head.Columns[i].Column)
					require.Equal(t, f.Example != "", in.rows[0].values[i] != nil, f.Name)
				}
			})
		}
	}
}

func TestEveryBulkSaveDescribesItself(t *testing.T) {
	t.Parallel()
	var names []string
	for _, kind := range saves(t) {
		d := kind.Describe()
		require.Len(t, d.Fields, len(kind.Fields), kind.Name)
		names = append(names, d.Name)
	}
	require.Subset(t, names, []string{"products", "stock-levels", "orders", "tracking-numbers"})
}

// retail has the headers and the ways of the data set Online Retail II.
const retail = `Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
489434,79323P, PINK CHERRY LIGHTS ,12,2009-12-01 07:45:00,6.75,13085.0,United Kingdom
C489449,22087,"PAPER BUNTING ""WHITE LACE""",-12,2009-12-01 10:33:00,2.95,,Australia
489434,85048,,1,2009-12-01 07:46:00,0.0,13085.0,United Kingdom
`

func TestRetailOrdersNeedNoMapping(t *testing.T) {
	t.Parallel()
	orders := save(t, "orders")
	path := filepath.Join(t.TempDir(), "retail.csv")
	require.NoError(t, os.WriteFile(path, []byte(retail), 0o600))
	mapping := map[string]string{
		"Invoice": "order_number", "StockCode": "sku", "Description": "product_name", "Quantity": "quantity", "InvoiceDate": "ordered_at",
		"Price": "unit_price", "Customer ID": "customer_id", "Country": "country",
	}
	for how, given := range map[job.Match]map[string]string{job.MatchGiven: mapping, job.MatchSynonym: nil} {
		in := intake(t, orders.Rows(), path, given)

		found := map[string]string{}
		for _, c := range in.head.Columns {
			found[c.Header] = c.Column
		}
		require.Equal(t, mapping, found)
		require.Equal(t, how, in.head.Columns[0].How)
		require.Len(t, in.rows, 4)
		for _, row := range in.rows {
			require.Empty(t, row.errs)
		}
		require.Equal(t, map[string]any{
			"order_number": "489434", "line_number": int64(2), "sku": "79323P", "product_name": "PINK CHERRY LIGHTS", "quantity": int64(12),
			"unit_price": target.Decimal("6.75"), "ordered_at": time.Date(2009, 12, 1, 7, 45, 0, 0, time.UTC),
			"customer_id": "13085.0", "country": "United Kingdom",
		}, in.rows[1].named(orders))
		require.Equal(t, "C489449 / 1", orders.KeyOf(in.rows[2].values))
		require.Equal(t, "489434 / 3", orders.KeyOf(in.rows[3].values))
	}
}

// taken is an upload, read.
type taken struct {
	head    dataset.SheetHead
	rows    []takenRow
	skipped []string
}

type takenRow struct {
	number int
	values []any
	errs   []job.RowError
	want   []string // of the last column
}

func (r takenRow) codes() []string {
	var codes []string
	for _, e := range r.errs {
		codes = append(codes, strings.TrimPrefix(e.Column+":"+string(e.Code), ":"))
	}
	return codes
}

func (r takenRow) messages(kind dataset.Rows) string {
	var all []string
	for _, e := range r.errs {
		all = append(all, kind.Message(e, dataset.LocaleEnglish))
	}
	return strings.Join(all, "; ")
}

func (r takenRow) named(kind dataset.BulkSave) map[string]any {
	named := map[string]any{}
	for i, f := range kind.Fields {
		if r.values[i] != nil {
			named[f.Name] = r.values[i]
		}
	}
	return named
}

// intake reads a file as a bulk save does, duplicates refused.
func intake(t *testing.T, kind dataset.Rows, path string, mapping map[string]string) taken {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	in := kind.Intake(t.Context(), opened(t, filepath.Base(path), data), mapping, nil, time.UTC)
	defer func() { require.NoError(t, in.Close()) }()

	var result taken
	roll := kind.NewRoll(false)
	var added []int // rows of the roll, by index
	for in.Next() {
		row := in.Row()
		values, errs := in.Read()
		if ref := in.Ref(row.Sheet, row.Number); len(errs) == 0 {
			if errs = roll.Add(ref, values); len(errs) == 0 {
				added = append(added, len(result.rows))
			}
		} else {
			roll.Pass(ref, values)
		}
		in.Locate(errs)
		result.rows = append(result.rows, takenRow{number: row.Number, values: values, errs: errs, want: expected(in.Head(), row)})
	}
	require.NoError(t, in.Err())
	require.NotEmpty(t, result.rows)
	require.Len(t, in.Heads(), 1)
	result.head, result.skipped = in.Heads()[0], in.Skipped()
	require.NoError(t, roll.Repeated(func(row, other int64) error {
		r := &result.rows[added[row]]
		r.errs = append(r.errs, job.RowError{Index: -1, Code: job.RowDuplicate, Other: &job.RowRef{Row: result.rows[added[other]].number}})
		return nil
	}))
	return result
}

func opened(t *testing.T, name string, data []byte) *upload.File {
	t.Helper()
	file, err := upload.Open(t.Context(), bytes.NewReader(data), int64(len(data)), name, upload.Limits{})
	require.NoError(t, err)
	return file
}

// expected are the errors that a fixture says its row has.
func expected(head dataset.SheetHead, row *upload.Row) []string {
	at := slices.IndexFunc(head.Columns, func(c job.UploadColumn) bool { return dataset.IsReasonHeader(c.Header) })
	if at < 0 || at >= len(row.Cells) {
		return nil
	}
	return strings.Fields(string(row.Cells[at].Text))
}
