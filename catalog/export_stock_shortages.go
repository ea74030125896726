package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
)

// stockShortages answers the morning's question in a warehouse: which orders cannot go out today, and how
// much of what is missing?
func stockShortages() dataset.Export {
	// available is what the product's warehouses hold together and have not promised to anybody; it is
	// below zero where they have promised too much. A sub-query and not a join to a grouped table, because
	// that would be made anew for every page, of the whole stock of all sellers.
	const available = "COALESCE((SELECT SUM(k.on_hand - k.reserved) FROM stock_levels k WHERE k.product_id = l.product_id), 0)"

	return dataset.Export{
		Name:  "stock-shortages",
		Title: dataset.Text{Ko: "재고부족", En: "Stock shortages"},
		About: dataset.Text{
			Ko: "출고 전 주문(신규·결제완료·배송준비) 중 주문수량이 가용재고보다 많은 상품",
			En: "Lines of open orders (new, paid, preparing) that want more than is available",
		},
		Source: dataset.Source{
			From:   "order_lines l",
			Key:    "l.id",
			Tenant: "l.seller_id",
			Joins: []dataset.Join{
				{Alias: "o", SQL: "JOIN orders o ON o.id = l.order_id", Keeps: true},
				{Alias: "p", SQL: "JOIN products p ON p.id = l.product_id", Keeps: true},
				{Alias: "s", SQL: "JOIN sellers s ON s.id = l.seller_id", Keeps: true},
			},
			// A line of zero or less is a return: it wants nothing. CASE keeps the database from summing up
			// the stock of lines that were shipped long ago, which takes three times as long.
			Where: "CASE WHEN o.status IN ('new', 'paid', 'preparing') AND l.quantity > 0" +
				" THEN l.quantity > " + available + " ELSE FALSE END",
		},
		Columns: []dataset.Column{
			{Name: "seller", Header: dataset.Text{Ko: "셀러", En: "Seller"}, SQL: "s.name", Width: 16},
			{Name: "order_number", Header: dataset.Text{Ko: "주문번호", En: "Order number"}, SQL: "o.order_number", Width: 20},
			{Name: "ordered_at", Header: dataset.Text{Ko: "주문일시", En: "Ordered at"}, SQL: "o.ordered_at", Type: sheet.Instant, Width: 19},
			{Name: "channel", Header: dataset.Text{Ko: "판매채널", En: "Channel"}, SQL: "o.channel"},
			{Name: "order_status", Header: dataset.Text{Ko: "주문상태", En: "Order status"}, SQL: "o.status"},
			{Name: "line_number", Header: dataset.Text{Ko: "상품순번", En: "Line"}, SQL: "l.line_number", Type: sheet.Integer, Width: 9},
			{Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, SQL: "p.sku", Width: 16},
			{Name: "barcode", Header: dataset.Text{Ko: "바코드", En: "Barcode"}, SQL: "p.barcode", Width: 16},
			{Name: "product_name", Header: dataset.Text{Ko: "상품명", En: "Product"}, SQL: "p.name", Width: 40},
			{Name: "option_name", Header: dataset.Text{Ko: "옵션", En: "Option"}, SQL: "p.option_name", Width: 20},
			{Name: "wanted", Header: dataset.Text{Ko: "주문수량", En: "Wanted"}, SQL: "l.quantity", Type: sheet.Integer, Width: 10},
			{Name: "available", Header: dataset.Text{Ko: "가용재고", En: "Available"}, SQL: available, Type: sheet.Integer, Width: 10},
			{Name: "missing", Header: dataset.Text{Ko: "부족수량", En: "Missing"}, SQL: "l.quantity - " + available, Type: sheet.Integer, Width: 10},
			{Name: "customer_name", Header: dataset.Text{Ko: "주문자", En: "Customer"}, SQL: "o.customer_name", Width: 16},
			{Name: "phone", Header: dataset.Text{Ko: "연락처", En: "Phone"}, SQL: "o.phone", Width: 17},
			{Name: "memo", Header: dataset.Text{Ko: "배송메모", En: "Memo"}, SQL: "o.memo", Width: 30},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: dataset.Text{Ko: "주문일 시작", En: "Ordered from"}, Type: dataset.FilterDate, Where: "o.ordered_at >= ?", NotAfter: "to"},
			{Name: "to", Title: dataset.Text{Ko: "주문일 종료", En: "Ordered to"}, Type: dataset.FilterDate, DayAfter: true, Where: "o.ordered_at < ?"},
			{
				Name: "status", Title: dataset.Text{Ko: "주문상태", En: "Order status"}, Type: dataset.FilterChoice, Many: true, Where: "o.status IN (?)",
				Choices: []dataset.Choice{
					{Value: "new", Title: dataset.Text{Ko: "신규주문", En: "New"}},
					{Value: "paid", Title: dataset.Text{Ko: "결제완료", En: "Paid"}},
					{Value: "preparing", Title: dataset.Text{Ko: "배송준비", En: "Preparing"}},
				},
			},
			{Name: "channel", Title: dataset.Text{Ko: "판매채널", En: "Channel"}, Type: dataset.FilterText, Many: true, Where: "o.channel IN (?)"},
			{Name: "sku", Title: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FilterText, Many: true, Where: "p.sku IN (?)"},
		},
	}
}
