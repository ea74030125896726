package api

import (
	"bytes"
	"mime"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/job"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var list KindList
	b.get(t, "/v1/kinds").json(t, &list)
	require.Len(t, list.Kinds, 3)
	assert.Equal(t, "출고내역", list.Kinds[0].Title.Ko)
	assert.Equal(t, job.TypeBulkSave, list.Kinds[1].Type)

	a := b.get(t, list.Kinds[0].URL)
	var export ExportKind
	a.json(t, &export)
	assert.Equal(t, job.TypeExport, export.Type)
	assert.Equal(t, "shipments", export.Name)
	assert.Equal(t, []string{"xlsx", "csv"}, export.Formats)
	assert.Len(t, export.Columns, 2)
	assert.NotContains(t, string(a.body), "seller_id", "SQL is internal")

	a = b.get(t, list.Kinds[1].URL)
	var save BulkSaveKind
	a.json(t, &save)
	assert.Equal(t, job.TypeBulkSave, save.Type)
	assert.Equal(t, "stock-levels", save.Name)
	assert.Len(t, save.Fields, 2)
	assert.NotContains(t, string(a.body), "secret_products", "tables are internal")

	a = b.get(t, list.Kinds[2].URL)
	var sync SyncKind
	a.json(t, &sync)
	assert.Equal(t, []any{job.TypeSync, "dispatch-shipments", "marketplace", "order"}, []any{sync.Type, sync.Name, sync.Partner, sync.InOrder})
	assert.Len(t, sync.Fields, 2)
	assert.Len(t, sync.Filters, 2)
	assert.NotContains(t, string(a.body), "secret", "tables and the partner's protocol are internal")

	for _, c := range []struct{ path, language, sheet, file string }{
		{save.Template, "", "재고", "재고 양식.xlsx"}, {save.Template + "?locale=en", "ko", "Stock levels", "Stock levels template.xlsx"},
		{save.Template, "en-GB", "Stock levels", "Stock levels template.xlsx"},
		{sync.Template, "", "발송 통보", "발송 통보 양식.xlsx"}, {sync.Template + "?locale=en", "", "Dispatches", "Dispatches template.xlsx"},
	} {
		a = b.get(t, c.path, "Accept-Language", c.language)
		require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
		assert.Equal(t, xlsxType, a.Header.Get("Content-Type"))
		assert.EqualValues(t, len(a.body), a.ContentLength)
		_, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		assert.Equal(t, c.file, params["filename"])
		book, err := excelize.OpenReader(bytes.NewReader(a.body))
		require.NoError(t, err)
		assert.Equal(t, c.sheet, book.GetSheetList()[0])
		require.NoError(t, book.Close())
	}
	for _, path := range []string{"/v1/kinds/bulk_save/nothing", "/v1/kinds/export/shipments", "/v1/kinds/sync/shipments"} {
		b.get(t, path+"/template.xlsx").problem(t, http.StatusNotFound)
	}
	p := b.get(t, save.Template+"?locale=jp").problem(t, http.StatusUnprocessableEntity)
	assert.Equal(t, "locale", place(t, p)["parameter"])

	b.get(t, "/v1/kinds/export/nothing").problem(t, http.StatusNotFound)
	b.get(t, "/v1/kinds/bulk_save/shipments").problem(t, http.StatusNotFound)
	b.get(t, "/v1/kinds/sync/shipments").problem(t, http.StatusNotFound)
	p = b.get(t, "/v1/kinds/import/shipments").problem(t, http.StatusUnprocessableEntity)
	assert.Equal(t, "type", place(t, p)["parameter"])
}
