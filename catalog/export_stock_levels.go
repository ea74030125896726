package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
)

// stockLevels is what lies where: a row for each product and warehouse, for counting and for reordering.
func stockLevels() dataset.Export {
	return dataset.Export{
		Name:  "stock-levels",
		Title: dataset.Text{Ko: "재고현황", En: "Stock levels"},
		About: dataset.Text{
			Ko: "상품과 창고별 실재고, 할당재고, 가용재고",
			En: "What every warehouse holds of every product: on hand, reserved and available",
		},
		Source: dataset.Source{
			From:   "stock_levels k",
			Key:    "k.id",
			Tenant: "k.seller_id",
			Joins: []dataset.Join{
				{Alias: "p", SQL: "JOIN products p ON p.id = k.product_id", Keeps: true},
				{Alias: "s", SQL: "JOIN sellers s ON s.id = k.seller_id", Keeps: true},
			},
		},
		Columns: []dataset.Column{
			{Name: "seller", Header: dataset.Text{Ko: "셀러", En: "Seller"}, SQL: "s.name", Width: 16},
			{Name: "warehouse", Header: dataset.Text{Ko: "창고", En: "Warehouse"}, SQL: "k.warehouse"},
			{Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, SQL: "p.sku", Width: 16},
			{Name: "barcode", Header: dataset.Text{Ko: "바코드", En: "Barcode"}, SQL: "p.barcode", Width: 16},
			{Name: "product_name", Header: dataset.Text{Ko: "상품명", En: "Product"}, SQL: "p.name", Width: 40},
			{Name: "option_name", Header: dataset.Text{Ko: "옵션", En: "Option"}, SQL: "p.option_name", Width: 20},
			{Name: "on_hand", Header: dataset.Text{Ko: "실재고", En: "On hand"}, SQL: "k.on_hand", Type: sheet.Integer, Width: 10},
			{Name: "reserved", Header: dataset.Text{Ko: "할당재고", En: "Reserved"}, SQL: "k.reserved", Type: sheet.Integer, Width: 10},
			{Name: "available", Header: dataset.Text{Ko: "가용재고", En: "Available"}, SQL: "k.on_hand - k.reserved", Type: sheet.Integer, Width: 10},
			{Name: "price", Header: dataset.Text{Ko: "판매가", En: "Price"}, SQL: "p.price", Type: sheet.Decimal, Decimals: 2},
			{Name: "updated_at", Header: dataset.Text{Ko: "최종변경일시", En: "Updated at"}, SQL: "k.updated_at", Type: sheet.Instant, Width: 19},
		},
		Filters: []dataset.Filter{
			{Name: "warehouse", Title: dataset.Text{Ko: "창고", En: "Warehouse"}, Type: dataset.FilterText, Many: true, Where: "k.warehouse IN (?)"},
			{Name: "sku", Title: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FilterText, Many: true, Where: "p.sku IN (?)"},
			{Name: "barcode", Title: dataset.Text{Ko: "바코드", En: "Barcode"}, Type: dataset.FilterText, Many: true, Where: "p.barcode IN (?)"},
			{Name: "at_least", Title: dataset.Text{Ko: "가용재고 최소", En: "Available at least"}, Type: dataset.FilterInteger, Where: "k.on_hand - k.reserved >= ?", NotAfter: "at_most"},
			{Name: "at_most", Title: dataset.Text{Ko: "가용재고 최대", En: "Available at most"}, Type: dataset.FilterInteger, Where: "k.on_hand - k.reserved <= ?"},
			{Name: "changed_from", Title: dataset.Text{Ko: "변경일 시작", En: "Changed from"}, Type: dataset.FilterDate, Where: "k.updated_at >= ?", NotAfter: "changed_to"},
			{Name: "changed_to", Title: dataset.Text{Ko: "변경일 종료", En: "Changed to"}, Type: dataset.FilterDate, DayAfter: true, Where: "k.updated_at < ?"},
		},
	}
}
