package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
)

// orders registers orders with their lines, a row for each line. A product that is not known yet is registered by
// what its line says: orders must not wait for somebody to keep the list of products.
func orders() dataset.BulkSave {
	return dataset.BulkSave{
		Name:  "orders",
		Title: dataset.Text{Ko: "주문", En: "Orders"},
		About: dataset.Text{
			Ko: "주문과 주문상품을 등록하거나 수정합니다. 한 행이 주문상품 하나이며, 모르는 상품코드는 새 상품으로 등록됩니다.",
			En: "Registers orders with their lines, or updates them: a row for each line. Products that are not known are registered",
		},
		// Lines without a number count from 1 within their order, so the same file names the same lines again.
		Key:      []string{"order_number", "line_number"},
		Together: "order_number",
		Count:    "line_number",
		Agree:    []string{"channel", "status", "customer_id", "customer_name", "phone", "country", "address", "memo"},
		Fields: []dataset.Field{
			{
				Name: "order_number", Header: dataset.Text{Ko: "주문번호", En: "Order number"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"order no", "order id", "order", "invoice", "invoice no", "묶음주문번호"},
				About:    dataset.Text{Ko: "같은 번호의 행들이 한 주문이 됩니다", En: "Rows with the same number are one order"},
				Example:  "20240305-000123",
			},
			{
				Name: "line_number", Header: dataset.Text{Ko: "상품순번", En: "Line"}, Type: dataset.FieldInteger, Min: "1", Max: "1000000",
				Synonyms: []string{"순번", "line number", "line no", "item no"},
				About:    dataset.Text{Ko: "비우면 주문 안에서 나오는 순서대로 1부터 매깁니다", En: "Left empty, lines are counted from 1 as they come in the order"},
				Example:  "1",
			},
			{
				Name: "marketplace_line_id", Header: dataset.Text{Ko: "마켓 상품주문번호", En: "Marketplace line ID"}, Type: dataset.FieldCode, MaxLength: 32,
				Synonyms: []string{"상품주문번호", "주문상품번호", "order item id", "order line id"},
				About:    dataset.Text{Ko: "마켓이 주문상품에 매긴 번호", En: "The marketplace's own number of the line"},
				Example:  "2024030512345678",
			},
			{
				Name: "channel", Header: dataset.Text{Ko: "판매채널", En: "Channel"}, Type: dataset.FieldText, MaxLength: 32,
				Synonyms: []string{"쇼핑몰", "마켓", "판매처", "marketplace", "sales channel", "store"},
				About:    dataset.Text{Ko: "주문이 들어온 곳", En: "Where the order came from"},
				Example:  "online",
			},
			{
				Name: "status", Header: dataset.Text{Ko: "주문상태", En: "Order status"}, Type: dataset.FieldChoice,
				Synonyms: []string{"상태", "status"},
				About:    dataset.Text{Ko: "비우면 신규주문", En: "Left empty, a new order is new"},
				Choices: []dataset.FieldChoiceValue{
					{Value: "new", Title: dataset.Text{Ko: "신규주문", En: "New"}, Synonyms: []string{"신규"}},
					{Value: "paid", Title: dataset.Text{Ko: "결제완료", En: "Paid"}},
					{Value: "preparing", Title: dataset.Text{Ko: "배송준비", En: "Preparing"}, Synonyms: []string{"배송준비중", "상품준비중"}},
					{Value: "shipped", Title: dataset.Text{Ko: "배송중", En: "Shipped"}},
					{Value: "delivered", Title: dataset.Text{Ko: "배송완료", En: "Delivered"}},
					{Value: "cancelled", Title: dataset.Text{Ko: "취소", En: "Cancelled"}, Synonyms: []string{"canceled", "취소완료"}},
				},
				Example: "paid",
			},
			{
				Name: "ordered_at", Header: dataset.Text{Ko: "주문일시", En: "Ordered at"}, Type: dataset.FieldInstant, Required: true,
				Synonyms: []string{"주문일", "주문일자", "결제일", "결제일시", "order date", "invoice date", "date", "purchase date"},
				About:    dataset.Text{Ko: "판매자의 시간대로 읽습니다", En: "Read in the seller's time zone"},
				Example:  "2024-03-05 14:30:00",
			},
			{
				Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"상품코드", "판매자상품코드", "품번", "product code", "item code", "stock code", "seller sku"},
				About:    dataset.Text{Ko: "상품을 구분하는 코드", En: "The product's code"},
				Example:  "TS-BK-095",
			},
			{
				Name: "product_name", Header: dataset.Text{Ko: "상품명", En: "Product"}, Type: dataset.FieldText, MaxLength: 500,
				Synonyms: []string{"품명", "product name", "item name", "description", "title"},
				About:    dataset.Text{Ko: "주문 당시의 상품명", En: "The name it was ordered by"},
				Example:  "반팔 티셔츠 블랙 95",
			},
			{
				Name: "quantity", Header: dataset.Text{Ko: "수량", En: "Quantity"}, Type: dataset.FieldInteger, Required: true, Min: "-1000000000", Max: "1000000000",
				Synonyms: []string{"주문수량", "qty", "units", "quantity ordered"},
				Unit:     dataset.Text{Ko: "개", En: "pcs"},
				About:    dataset.Text{Ko: "반품은 음수", En: "Below zero for a return"},
				Example:  "2",
			},
			{
				Name: "unit_price", Header: dataset.Text{Ko: "단가", En: "Unit price"}, Type: dataset.FieldDecimal, Required: true, Decimals: 4,
				Min: "0", Max: "99999999999",
				Synonyms: []string{"판매가", "가격", "상품가격", "price", "item price"},
				Unit:     dataset.Text{Ko: "판매자 통화", En: "the seller's currency"},
				About:    dataset.Text{Ko: "금액은 단가에 수량을 곱한 값입니다", En: "The amount is unit price times quantity"},
				Example:  "12900",
			},
			{
				Name: "customer_id", Header: dataset.Text{Ko: "고객번호", En: "Customer ID"}, Type: dataset.FieldCode, MaxLength: 64,
				Synonyms: []string{"구매자id", "고객id", "회원번호", "customer no", "buyer id"},
				About:    dataset.Text{Ko: "고객을 구분하는 번호", En: "The customer's number"},
				Example:  "C-1024",
			},
			{
				Name: "customer_name", Header: dataset.Text{Ko: "주문자", En: "Customer"}, Type: dataset.FieldText, MaxLength: 300,
				Synonyms: []string{"구매자명", "주문자명", "수취인", "수취인명", "받는사람", "customer name", "buyer name", "recipient"},
				About:    dataset.Text{Ko: "받는 사람의 이름", En: "Who gets it"},
				Example:  "홍길동",
			},
			{
				Name: "phone", Header: dataset.Text{Ko: "연락처", En: "Phone"}, Type: dataset.FieldCode, MaxLength: 40,
				Synonyms: []string{"전화번호", "휴대폰", "수취인연락처", "휴대전화", "phone number", "mobile", "tel"},
				About:    dataset.Text{Ko: "앞의 0도 그대로 보관합니다", En: "Kept as it is, leading zeros too"},
				Example:  "010-1234-5678",
			},
			{
				Name: "country", Header: dataset.Text{Ko: "국가", En: "Country"}, Type: dataset.FieldText, MaxLength: 100,
				Synonyms: []string{"나라", "배송국가", "ship country", "country name"},
				About:    dataset.Text{Ko: "배송할 나라", En: "Where it goes"},
				Example:  "대한민국",
			},
			{
				Name: "address", Header: dataset.Text{Ko: "배송지", En: "Address"}, Type: dataset.FieldText, MaxLength: 1000,
				Synonyms: []string{"주소", "수취인주소", "배송주소", "shipping address", "ship to"},
				About:    dataset.Text{Ko: "배송할 주소", En: "Where exactly"},
				Example:  "서울특별시 중구 세종대로 110",
			},
			{
				Name: "memo", Header: dataset.Text{Ko: "배송메모", En: "Memo"}, Type: dataset.FieldText, MaxLength: 10_000,
				Synonyms: []string{"배송메세지", "배송메시지", "요청사항", "note", "delivery note", "comment"},
				About:    dataset.Text{Ko: "배송할 때 지킬 것", En: "What to mind when delivering"},
				Example:  "부재 시 문 앞",
			},
		},
		Target: ordersTarget(),
	}
}

func ordersTarget() target.Plan {
	return target.Plan{
		Fields: []string{
			"order_number", "line_number", "marketplace_line_id", "channel", "status", "ordered_at", "sku", "product_name",
			"quantity", "unit_price", "customer_id", "customer_name", "phone", "country", "address", "memo",
		},
		Steps: []target.Step{
			{
				Name: "product", Table: "products", Mode: target.Ensure,
				Key: []target.Column{{Name: "sku", From: target.Field("sku")}},
				Create: []target.Column{
					{Name: "name", From: target.Field("product_name")},
					{Name: "price", From: target.Field("unit_price")},
				},
				KeptBy: []target.Reference{{Table: "order_lines", Column: "product_id"}, {Table: "stock_levels", Column: "product_id"}},
			},
			{
				Name: "order", Table: "orders", Mode: target.Upsert,
				Key: []target.Column{{Name: "order_number", From: target.Field("order_number")}},
				Set: []target.Column{
					{Name: "channel", From: target.Field("channel")},
					{Name: "status", From: target.Field("status"), Else: "new"},
					{Name: "customer_id", From: target.Field("customer_id")},
					{Name: "customer_name", From: target.Field("customer_name")},
					{Name: "phone", From: target.Field("phone")},
					{Name: "country", From: target.Field("country")},
					{Name: "address", From: target.Field("address")},
					{Name: "memo", From: target.Field("memo")},
				},
				// Lines of an order may bear times of their own: an order has the time of its first line.
				Create: []target.Column{{Name: "ordered_at", From: target.Field("ordered_at")}},
				KeptBy: []target.Reference{{Table: "order_lines", Column: "order_id"}, {Table: "shipments", Column: "order_id"}},
			},
			{
				Name: "line", Table: "order_lines", Mode: target.Upsert,
				Key: []target.Column{
					{Name: "order_id", From: target.ID("order")},
					{Name: "line_number", From: target.Field("line_number")},
				},
				Set: []target.Column{
					{Name: "product_id", From: target.ID("product")},
					{Name: "sku", From: target.Field("sku")},
					{Name: "product_name", From: target.Field("product_name")},
					{Name: "quantity", From: target.Field("quantity")},
					{Name: "unit_price", From: target.Field("unit_price")},
					{Name: "amount", From: target.Product("unit_price", "quantity")},
					{Name: "marketplace_line_id", From: target.Field("marketplace_line_id")},
					{Name: "ordered_at", From: target.Field("ordered_at")},
				},
			},
		},
	}
}
