package dataset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// returns is a kind of bulk save with everything that one may have.
func returns() dataset.BulkSave {
	text := func(ko, en string) dataset.Text { return dataset.Text{Ko: ko, En: en} }
	about := text("설명", "What it is")
	return dataset.BulkSave{
		Name:     "returns",
		Title:    text("반품", "Returns"),
		About:    text("반품을 등록합니다", "Registers what comes back"),
		Key:      []string{"order_number", "line"},
		AltKeys:  [][]string{{"barcode"}},
		OneOf:    [][]string{{"sku", "barcode"}},
		Together: "order_number",
		Agree:    []string{"carrier", "note"},
		Count:    "line",
		Fields: []dataset.Field{
			{
				Name: "order_number", Header: text("주문번호", "Order number"), About: about, Type: dataset.FieldCode, Required: true, MaxLength: 20,
				Synonyms: []string{"order no", "invoice"}, Example: "A-1",
			},
			{Name: "line", Header: text("순번", "Line"), About: about, Type: dataset.FieldInteger, Min: "1"},
			{
				Name: "sku", Header: text("상품코드(SKU)", "SKU"), About: about, Type: dataset.FieldCode, MaxLength: 10,
				Synonyms: []string{"stock code"}, Example: "MUG",
			},
			{
				Name: "barcode", Header: text("바코드", "Barcode"), About: about, Type: dataset.FieldCode, MaxLength: 14,
				Pattern: `\d{8}|\d{13}`, Form: text("숫자 8자리 또는 13자리", "8 or 13 digits"),
			},
			{Name: "name", Header: text("상품명", "Product name"), About: about, Type: dataset.FieldText, MaxLength: 12},
			{
				Name: "quantity", Header: text("반품수량", "Quantity"), About: about, Type: dataset.FieldInteger, Required: true,
				Min: "-100", Max: "1000000", Unit: text("개", "pcs"), Example: "2",
			},
			{
				Name: "price", Header: text("환불금액", "Refund"), About: about, Type: dataset.FieldDecimal, Decimals: 2,
				Min: "-99999.99", Max: "9999999.99", Unit: text("원", "KRW"), Synonyms: []string{"amount"},
			},
			{
				Name: "sent_at", Header: text("발송일시", "Sent at"), About: about, Type: dataset.FieldInstant, Required: true, Example: "2024-03-05",
			},
			{
				Name: "carrier", Header: text("택배사", "Carrier"), About: about, Type: dataset.FieldChoice, Required: true, Example: "cj",
				Choices: []dataset.FieldChoiceValue{
					{Value: "cj", Title: text("CJ대한통운", "CJ Logistics"), Synonyms: []string{"대한통운"}},
					{Value: "post", Title: text("우체국택배", "Korea Post")},
					{Value: "1", Title: text("직접 배송", "Own car")},
				},
			},
			{Name: "note", Header: text("메모", "Note"), About: about, Type: dataset.FieldText, MaxLength: 1000},
		},
		Target: target.Plan{
			Fields: []string{"order_number", "line", "sku", "barcode", "name", "quantity", "price", "sent_at", "carrier", "note"},
			Steps: []target.Step{
				{
					Name: "order", Table: "orders", Mode: target.Find,
					Key:     []target.Column{{Name: "order_number", From: target.Field("order_number")}},
					Missing: target.Missing{Code: job.RowUnknownOrder, Field: "order_number"},
				},
				{
					Name: "back", Table: "returns", Mode: target.Upsert,
					Key: []target.Column{{Name: "order_id", From: target.ID("order")}, {Name: "line", From: target.Field("line")}},
					Set: []target.Column{
						{Name: "sku", From: target.Field("sku"), Else: "-"},
						{Name: "barcode", From: target.Field("barcode")},
						{Name: "name", From: target.Field("name"), Needed: true},
						{Name: "channel", From: target.Of("order", "channel")},
						{Name: "price", From: target.Field("price")},
						{Name: "amount", From: target.Product("price", "quantity")},
						{Name: "sent_at", From: target.Field("sent_at")},
						{Name: "carrier", From: target.Field("carrier")},
						{Name: "note", From: target.Field("note")},
					},
					Create: []target.Column{{Name: "state", From: target.Const("new")}, {Name: "created_at", From: target.Now()}},
					KeptBy: []target.Reference{{Table: "refunds", Column: "return_id"}},
				},
				{
					Name: "level", Table: "stock_levels", Mode: target.Update, When: []string{"sku"}, Unless: []string{"barcode"}, Every: true,
					Key:     []target.Column{{Name: "sku", From: target.Field("sku")}},
					Set:     []target.Column{{Name: "on_hand", From: target.Sum("quantity"), Min: new(int64)}},
					Missing: target.Missing{Code: job.RowUnknownProduct, Field: "sku"},
				},
			},
		},
	}
}

// checkedSave returns the kind as a registry hands it out.
func checkedSave(t testing.TB, k dataset.BulkSave) dataset.BulkSave {
	t.Helper()
	registry, err := dataset.NewRegistry(dataset.Kinds{BulkSaves: []dataset.BulkSave{k}})
	require.NoError(t, err)
	k, err = registry.BulkSave(k.Name)
	require.NoError(t, err)
	return k
}

// columnsOf are the columns of an upload that has all fields in their order, under their names.
func columnsOf(k dataset.BulkSave) []job.UploadColumn {
	var columns []job.UploadColumn
	for i, f := range k.Fields {
		columns = append(columns, job.UploadColumn{Index: i, Header: f.Name, Column: f.Name})
	}
	return columns
}

// good is a row of returns without faults, with some cells replaced.
func good(t testing.TB, change map[string]upload.Cell) *upload.Row {
	t.Helper()
	cells := map[string]upload.Cell{
		"order_number": said("A-1"), "sku": said("MUG"), "quantity": said("2"), "sent_at": said("2024-03-05"), "carrier": said("cj"),
	}
	for name, cell := range change {
		cells[name] = cell
	}
	row := &upload.Row{Number: 7}
	for _, f := range returns().Fields {
		row.Cells = append(row.Cells, cells[f.Name])
		delete(cells, f.Name)
	}
	require.Empty(t, cells, "no such field")
	return row
}

func said(s string) upload.Cell    { return upload.Cell{Kind: upload.Text, Text: []byte(s)} }
func counted(s string) upload.Cell { return upload.Cell{Kind: upload.Number, Text: []byte(s)} }
func flagged(s string) upload.Cell { return upload.Cell{Kind: upload.Flag, Text: []byte(s)} }
func faulty(s string) upload.Cell  { return upload.Cell{Kind: upload.Fault, Text: []byte(s)} }

// dated is the cell of a moment that shows layout.
func dated(t testing.TB, s string, date, clock bool) upload.Cell {
	t.Helper()
	at, err := time.Parse(time.DateTime, s)
	require.NoError(t, err)
	return upload.Cell{Kind: upload.Moment, Text: []byte("45356.5"), Time: at, HasDate: date, HasTime: clock}
}

// readCell reads one cell of a field in an otherwise good row.
func readCell(t testing.TB, field string, cell upload.Cell, zone *time.Location) (any, []job.RowError) {
	t.Helper()
	k := checkedSave(t, returns())
	change := map[string]upload.Cell{field: cell}
	if field == "barcode" && cell.Kind != upload.Empty {
		change["sku"] = upload.Cell{}
	}
	values, errs := k.Reader(columnsOf(k), zone).Read(good(t, change))
	for i, f := range k.Fields {
		if f.Name == field {
			return values[i], errs
		}
	}
	t.Fatalf("no field %s", field)
	return nil, nil
}
