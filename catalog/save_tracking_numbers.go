package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// trackingNumbers tells by which carrier and under which number things go: for an order line, a whole order, or a
// shipment that is there already.
func trackingNumbers() dataset.BulkSave {
	return dataset.BulkSave{
		Name:  "tracking-numbers",
		Title: dataset.Text{Ko: "송장번호", En: "Tracking numbers"},
		About: dataset.Text{
			Ko: "주문상품, 주문 전체 또는 배송 건에 택배사와 송장번호를 넣습니다.",
			En: "Gives order lines, whole orders or shipments their carrier and tracking number",
		},
		Key:     []string{"order_number", "line_number"},
		AltKeys: [][]string{{"marketplace_line_id"}, {"shipment_id"}},
		OneOf:   [][]string{{"order_number", "marketplace_line_id", "shipment_id"}},
		Fields: []dataset.Field{
			{
				Name: "order_number", Header: dataset.Text{Ko: "주문번호", En: "Order number"}, Type: dataset.FieldCode, MaxLength: 64,
				Synonyms: []string{"order no", "order id", "order", "invoice"},
				About:    dataset.Text{Ko: "상품순번이 없으면 주문 전체", En: "Without a line, the whole order"},
				Example:  "20240305-000123",
			},
			{
				Name: "line_number", Header: dataset.Text{Ko: "상품순번", En: "Line"}, Type: dataset.FieldInteger, Min: "1", Max: "1000000",
				Synonyms: []string{"순번", "line number", "line no", "item no"},
				About:    dataset.Text{Ko: "주문번호와 함께 씁니다", En: "Of the order"},
				Example:  "1",
			},
			{
				Name: "marketplace_line_id", Header: dataset.Text{Ko: "마켓 상품주문번호", En: "Marketplace line ID"}, Type: dataset.FieldCode, MaxLength: 32,
				Synonyms: []string{"상품주문번호", "주문상품번호", "order item id", "order line id"},
				About:    dataset.Text{Ko: "마켓이 주문상품에 매긴 번호", En: "The marketplace's own number of the line"},
			},
			{
				Name: "shipment_id", Header: dataset.Text{Ko: "배송번호", En: "Shipment ID"}, Type: dataset.FieldInteger, Min: "1", Max: "9000000000000000000",
				Synonyms: []string{"출고번호", "shipment", "shipment no"},
				About:    dataset.Text{Ko: "이미 있는 배송 건", En: "A shipment that is there already"},
			},
			{
				Name: "carrier", Header: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FieldText, Required: true, MaxLength: 64,
				Synonyms: []string{"배송사", "택배회사", "배송업체", "courier", "shipping company"},
				About:    dataset.Text{Ko: "실어 나르는 회사", En: "Who carries it"},
				Example:  "CJ대한통운",
			},
			{
				Name: "tracking_number", Header: dataset.Text{Ko: "송장번호", En: "Tracking number"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Pattern:  `[0-9A-Za-z][0-9A-Za-z-]{4,62}`,
				Form:     dataset.Text{Ko: "5~63자의 숫자, 영문, 붙임표", En: "5 to 63 digits, letters or hyphens"},
				Synonyms: []string{"운송장번호", "운송장", "송장", "tracking", "tracking no", "waybill", "awb"},
				About:    dataset.Text{Ko: "앞의 0도 그대로 보관합니다", En: "Kept as it is, leading zeros too"},
				Example:  "612345678901",
			},
		},
		Target: trackingTarget(),
	}
}

// trackingTarget has a way for each of the three that a row may name. A line that gets another number moves to
// another shipment; the one that it leaves stays, for what else is in it.
func trackingTarget() target.Plan {
	carrier := target.Column{Name: "carrier", From: target.Field("carrier")}
	number := target.Column{Name: "tracking_number", From: target.Field("tracking_number")}
	created := []target.Column{{Name: "status", From: target.Const("ready")}}
	kept := []target.Reference{{Table: "order_lines", Column: "shipment_id"}}
	into := func(step string) []target.Column {
		return []target.Column{{Name: "shipment_id", From: target.ID(step)}}
	}
	noLine := target.Missing{Code: job.RowUnknownLine, Field: "line_number"}
	noMarketLine := target.Missing{Code: job.RowUnknownLine, Field: "marketplace_line_id"}

	return target.Plan{
		Fields: []string{"order_number", "line_number", "marketplace_line_id", "shipment_id", "carrier", "tracking_number"},
		Steps: []target.Step{
			{
				Name: "order", Table: "orders", Mode: target.Find, When: []string{"order_number"},
				Key:     []target.Column{{Name: "order_number", From: target.Field("order_number")}},
				Missing: target.Missing{Code: job.RowUnknownOrder, Field: "order_number"},
			},
			{
				Name: "order_parcel", Table: "shipments", Mode: target.Ensure, When: []string{"order_number"},
				Key:    []target.Column{{Name: "order_id", From: target.ID("order")}, carrier, number},
				Create: created, KeptBy: kept,
			},
			{
				Name: "order_line", Table: "order_lines", Mode: target.Update, When: []string{"line_number"}, Unless: []string{"marketplace_line_id", "shipment_id"},
				Key: []target.Column{
					{Name: "order_id", From: target.ID("order")},
					{Name: "line_number", From: target.Field("line_number")},
				},
				Set: into("order_parcel"), Missing: noLine,
			},
			{
				Name: "order_lines", Table: "order_lines", Mode: target.Update, When: []string{"order_number"}, Unless: []string{"line_number"}, Every: true,
				Key: []target.Column{{Name: "order_id", From: target.ID("order")}},
				Set: into("order_parcel"), Missing: target.Missing{Code: job.RowUnknownLine, Field: "order_number"},
			},
			{
				Name: "market_line", Table: "order_lines", Mode: target.Find, When: []string{"marketplace_line_id"},
				Key:     []target.Column{{Name: "marketplace_line_id", From: target.Field("marketplace_line_id")}},
				Missing: noMarketLine,
			},
			{
				// Locked, so that two lines of one order do not each get a shipment of the same number at the same time.
				Name: "market_order", Table: "orders", Mode: target.Find, When: []string{"marketplace_line_id"},
				Key:     []target.Column{{Name: "id", From: target.Of("market_line", "order_id")}},
				Missing: noMarketLine,
			},
			{
				Name: "market_parcel", Table: "shipments", Mode: target.Ensure, When: []string{"marketplace_line_id"},
				Key:    []target.Column{{Name: "order_id", From: target.ID("market_order")}, carrier, number},
				Create: created, KeptBy: kept,
			},
			{
				Name: "market_line_shipped", Table: "order_lines", Mode: target.Update, When: []string{"marketplace_line_id"},
				Key: []target.Column{{Name: "marketplace_line_id", From: target.Field("marketplace_line_id")}},
				Set: into("market_parcel"), Missing: noMarketLine,
			},
			{
				Name: "shipment", Table: "shipments", Mode: target.Update, When: []string{"shipment_id"},
				Key:     []target.Column{{Name: "id", From: target.Field("shipment_id")}},
				Set:     []target.Column{carrier, number},
				Missing: target.Missing{Code: job.RowUnknownParcel, Field: "shipment_id"},
			},
		},
	}
}
