package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
)

// orderLines is everything that was ordered, a row for each line: what an accountant, a marketplace's
// settlement or a move to another system asks for. It is wide and long.
func orderLines() dataset.Export {
	return dataset.Export{
		Name:  "order-lines",
		Title: dataset.Text{Ko: "주문상세", En: "Order lines"},
		About: dataset.Text{
			Ko: "주문에 담긴 모든 상품과 배송정보. 상품명과 코드는 주문 당시의 값입니다.",
			En: "Every line of every order with its shipment; names and codes are as they were when ordered",
		},
		Source: dataset.Source{
			From:   "order_lines l",
			Key:    "l.id",
			Tenant: "l.seller_id",
			Joins: []dataset.Join{
				{Alias: "o", SQL: "JOIN orders o ON o.id = l.order_id", Keeps: true},
				{Alias: "p", SQL: "JOIN products p ON p.id = l.product_id", Keeps: true},
				{Alias: "h", SQL: "LEFT JOIN shipments h ON h.id = l.shipment_id", Keeps: true},
			},
		},
		Columns: []dataset.Column{
			{Name: "order_number", Header: dataset.Text{Ko: "주문번호", En: "Order number"}, SQL: "o.order_number", Width: 20},
			{Name: "line_number", Header: dataset.Text{Ko: "상품순번", En: "Line"}, SQL: "l.line_number", Type: sheet.Integer, Width: 9},
			{Name: "marketplace_line_id", Header: dataset.Text{Ko: "마켓 상품주문번호", En: "Marketplace line ID"}, SQL: "l.marketplace_line_id", Width: 21},
			{Name: "channel", Header: dataset.Text{Ko: "판매채널", En: "Channel"}, SQL: "o.channel"},
			{Name: "order_status", Header: dataset.Text{Ko: "주문상태", En: "Order status"}, SQL: "o.status"},
			{Name: "ordered_at", Header: dataset.Text{Ko: "주문일시", En: "Ordered at"}, SQL: "l.ordered_at", Type: sheet.Instant, Width: 19},
			{Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, SQL: "l.sku", Width: 16},
			{Name: "barcode", Header: dataset.Text{Ko: "바코드", En: "Barcode"}, SQL: "p.barcode", Width: 16},
			{Name: "product_name", Header: dataset.Text{Ko: "상품명", En: "Product"}, SQL: "l.product_name", Width: 40},
			{Name: "option_name", Header: dataset.Text{Ko: "옵션", En: "Option"}, SQL: "p.option_name", Width: 20},
			{Name: "quantity", Header: dataset.Text{Ko: "수량", En: "Quantity"}, SQL: "l.quantity", Type: sheet.Integer, Width: 9},
			{Name: "unit_price", Header: dataset.Text{Ko: "단가", En: "Unit price"}, SQL: "l.unit_price", Type: sheet.Decimal, Decimals: 2},
			{Name: "amount", Header: dataset.Text{Ko: "금액", En: "Amount"}, SQL: "l.amount", Type: sheet.Decimal, Decimals: 2, Width: 14},
			{Name: "customer_id", Header: dataset.Text{Ko: "고객번호", En: "Customer ID"}, SQL: "o.customer_id", Width: 14},
			{Name: "customer_name", Header: dataset.Text{Ko: "주문자", En: "Customer"}, SQL: "o.customer_name", Width: 16},
			{Name: "phone", Header: dataset.Text{Ko: "연락처", En: "Phone"}, SQL: "o.phone", Width: 17},
			{Name: "country", Header: dataset.Text{Ko: "국가", En: "Country"}, SQL: "o.country"},
			{Name: "address", Header: dataset.Text{Ko: "배송지", En: "Address"}, SQL: "o.address", Width: 40},
			{Name: "memo", Header: dataset.Text{Ko: "배송메모", En: "Memo"}, SQL: "o.memo", Width: 30},
			{Name: "carrier", Header: dataset.Text{Ko: "택배사", En: "Carrier"}, SQL: "COALESCE(h.carrier, '')"},
			{Name: "tracking_number", Header: dataset.Text{Ko: "송장번호", En: "Tracking number"}, SQL: "COALESCE(h.tracking_number, '')", Width: 18},
			{Name: "shipped_at", Header: dataset.Text{Ko: "발송일시", En: "Shipped at"}, SQL: "h.shipped_at", Type: sheet.Instant, Width: 19},
			{Name: "delivered_at", Header: dataset.Text{Ko: "배송완료일시", En: "Delivered at"}, SQL: "h.delivered_at", Type: sheet.Instant, Width: 19},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: dataset.Text{Ko: "주문일 시작", En: "Ordered from"}, Type: dataset.FilterDate, Where: "l.ordered_at >= ?", NotAfter: "to"},
			{Name: "to", Title: dataset.Text{Ko: "주문일 종료", En: "Ordered to"}, Type: dataset.FilterDate, DayAfter: true, Where: "l.ordered_at < ?"},
			{
				Name: "status", Title: dataset.Text{Ko: "주문상태", En: "Order status"}, Type: dataset.FilterChoice, Many: true, Where: "o.status IN (?)",
				Choices: []dataset.Choice{
					{Value: "new", Title: dataset.Text{Ko: "신규주문", En: "New"}},
					{Value: "paid", Title: dataset.Text{Ko: "결제완료", En: "Paid"}},
					{Value: "preparing", Title: dataset.Text{Ko: "배송준비", En: "Preparing"}},
					{Value: "shipped", Title: dataset.Text{Ko: "배송중", En: "Shipped"}},
					{Value: "delivered", Title: dataset.Text{Ko: "배송완료", En: "Delivered"}},
					{Value: "cancelled", Title: dataset.Text{Ko: "취소", En: "Cancelled"}},
				},
			},
			{Name: "channel", Title: dataset.Text{Ko: "판매채널", En: "Channel"}, Type: dataset.FilterText, Many: true, Where: "o.channel IN (?)"},
			{Name: "order_number", Title: dataset.Text{Ko: "주문번호", En: "Order number"}, Type: dataset.FilterText, Many: true, Where: "o.order_number IN (?)"},
			{Name: "sku", Title: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FilterText, Many: true, Where: "p.sku IN (?)"},
			{Name: "carrier", Title: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FilterText, Many: true, Where: "h.carrier IN (?)"},
			{Name: "unshipped", Title: dataset.Text{Ko: "송장 없는 상품만", En: "Without shipment only"}, Type: dataset.FilterFlag, Where: "l.shipment_id IS NULL"},
		},
	}
}
