package catalog

import (
	"net/http"

	"github.com/longhaul/longhaul/dataset"
)

// dispatchShipments tells a marketplace what has left the house, by whom and under which number: until it knows, the buyer
// sees an order that nobody cares for, and the seller is not paid.
//
// To effect once: a marketplace of its own protocol takes the idempotency key, so that a dispatch of which it is not known
// whether it arrived is sent again. One that takes none needs a look-up in its settings; there is none here, because a
// 404 of a marketplace that does not have the address would say that nothing has arrived.
func dispatchShipments() dataset.Sync {
	return dataset.Sync{
		Name:  "dispatch-shipments",
		Title: dataset.Text{Ko: "발송처리", En: "Dispatch shipments"},
		About: dataset.Text{
			Ko: "발송한 주문상품의 택배사와 송장번호를 마켓에 알립니다. 이미 알린 상품은 빠집니다.",
			En: "Tells the marketplace carrier and tracking number of shipped order lines, those that it has not been told yet",
		},
		Partner: "marketplace",
		Fields: []dataset.Field{
			{
				Name: "order_number", Header: dataset.Text{Ko: "주문번호", En: "Order number"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"order no", "order id", "order", "invoice"},
				About:    dataset.Text{Ko: "마켓의 주문번호", En: "The marketplace's number of the order"},
				Example:  "20240305-000123",
			},
			{
				Name: "line_number", Header: dataset.Text{Ko: "상품순번", En: "Line"}, Type: dataset.FieldInteger, Required: true, Min: "1", Max: "1000000",
				Synonyms: []string{"순번", "line number", "line no", "item no"},
				About:    dataset.Text{Ko: "주문 안의 순번", En: "Of the order"},
				Example:  "1",
			},
			{
				Name: "marketplace_line_id", Header: dataset.Text{Ko: "마켓 상품주문번호", En: "Marketplace line ID"}, Type: dataset.FieldCode, MaxLength: 32,
				Synonyms: []string{"상품주문번호", "주문상품번호", "order item id", "order line id"},
				About:    dataset.Text{Ko: "마켓이 주문상품에 매긴 번호", En: "The marketplace's own number of the line"},
			},
			{
				Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FieldCode, MaxLength: 64,
				Synonyms: []string{"상품코드", "판매자상품코드", "품번", "product code", "item code", "stock code"},
				About:    dataset.Text{Ko: "주문 당시의 상품코드", En: "As it was ordered"},
			},
			{
				Name: "quantity", Header: dataset.Text{Ko: "수량", En: "Quantity"}, Type: dataset.FieldInteger, Min: "1", Max: "1000000000",
				Synonyms: []string{"발송수량", "qty", "pieces"}, Unit: dataset.Text{Ko: "개", En: "pcs"},
				About: dataset.Text{Ko: "발송한 수량", En: "How many were sent"},
			},
			{
				Name: "carrier", Header: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FieldText, Required: true, MaxLength: 64,
				Synonyms: []string{"배송사", "택배회사", "배송업체", "courier", "shipping company"},
				About:    dataset.Text{Ko: "실어 나르는 회사", En: "Who carries it"},
				Example:  "CJ대한통운",
			},
			{
				Name: "tracking_number", Header: dataset.Text{Ko: "송장번호", En: "Tracking number"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"운송장번호", "운송장", "송장", "tracking", "tracking no", "waybill", "awb"},
				About:    dataset.Text{Ko: "앞의 0도 그대로 보냅니다", En: "Sent as it is, leading zeros too"},
				Example:  "612345678901",
			},
			{
				Name: "shipped_at", Header: dataset.Text{Ko: "발송일시", En: "Shipped at"}, Type: dataset.FieldInstant,
				Synonyms: []string{"출고일시", "발송일", "출고일", "shipping date", "ship date"},
				About:    dataset.Text{Ko: "택배사에 넘긴 때", En: "When it was handed over"},
			},
		},
		Key:     []string{"order_number", "line_number"},
		InOrder: "order_number",
		Source: dataset.Source{
			From:   "order_lines l",
			Key:    "l.id",
			Tenant: "l.seller_id",
			Joins: []dataset.Join{
				{Alias: "o", SQL: "JOIN orders o ON o.id = l.order_id", Keeps: true},
				{Alias: "h", SQL: "JOIN shipments h ON h.id = l.shipment_id"},
			},
			// A line of zero or less is a return: nobody dispatches it. One that got another number since it was told is told
			// again.
			Where: "o.status <> 'cancelled' AND l.quantity > 0 AND h.tracking_number <> '' AND NOT EXISTS (" +
				"SELECT 1 FROM dispatches d WHERE d.order_line_id = l.id AND d.carrier = h.carrier AND d.tracking_number = h.tracking_number)",
		},
		Columns: []dataset.Column{
			{Name: "order_number", SQL: "o.order_number"},
			{Name: "line_number", SQL: "l.line_number"},
			{Name: "marketplace_line_id", SQL: "l.marketplace_line_id"},
			{Name: "sku", SQL: "l.sku"},
			{Name: "quantity", SQL: "l.quantity"},
			{Name: "carrier", SQL: "h.carrier"},
			{Name: "tracking_number", SQL: "h.tracking_number"},
			{Name: "shipped_at", SQL: "h.shipped_at"},
		},
		Filters: []dataset.Filter{
			{Name: "shipped_from", Title: dataset.Text{Ko: "발송일 시작", En: "Shipped from"}, Type: dataset.FilterDate, Where: "h.shipped_at >= ?", NotAfter: "shipped_to"},
			{Name: "shipped_to", Title: dataset.Text{Ko: "발송일 종료", En: "Shipped to"}, Type: dataset.FilterDate, DayAfter: true, Where: "h.shipped_at < ?"},
			{Name: "channel", Title: dataset.Text{Ko: "판매채널", En: "Channel"}, Type: dataset.FilterText, Many: true, Where: "o.channel IN (?)"},
			{Name: "order_number", Title: dataset.Text{Ko: "주문번호", En: "Order number"}, Type: dataset.FilterText, Many: true, Where: "o.order_number IN (?)"},
			{Name: "carrier", Title: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FilterText, Many: true, Where: "h.carrier IN (?)"},
		},
		Call: dataset.Call{
			Method: http.MethodPost,
			Path:   "/dispatches",
			Body: []dataset.BodyField{
				{Name: "order_number", From: "order_number"},
				{Name: "line_number", From: "line_number"},
				{Name: "marketplace_line_id", From: "marketplace_line_id", Omit: true},
				{Name: "sku", From: "sku", Omit: true},
				{Name: "quantity", From: "quantity", Omit: true},
				{Name: "carrier", From: "carrier"},
				{Name: "tracking_number", From: "tracking_number"},
				{Name: "shipped_at", From: "shipped_at", Omit: true},
			},
			RemoteID: "/id",
		},
		// An item that was posted may be of an order that we do not have; then there is nothing to remember. REPLACE is
		// known to all three databases.
		Save: []dataset.Effect{
			`REPLACE INTO dispatches (seller_id, order_line_id, carrier, tracking_number, remote_id, told_at)
			SELECT l.seller_id, l.id, :carrier, :tracking_number, :remote_id, :now
			FROM orders o JOIN order_lines l ON l.order_id = o.id
			WHERE o.seller_id = :seller_id AND o.order_number = :order_number AND l.line_number = :line_number`,
		},
	}
}
