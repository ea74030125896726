package catalog

import (
	"net/http"
	"time"

	"github.com/longhaul/longhaul/dataset"
)

// carrierTracking asks a carrier how far each parcel has come. Asking changes nothing, so it may be done again at will.
//
// What several orders have put into one box has one number: it is asked for once, and the answer is for all of them.
func carrierTracking() dataset.Sync {
	// others are the parcels on their way with the number of parcel h, itself included.
	const others = "SELECT 1 FROM shipments s WHERE s.seller_id = h.seller_id AND s.tracking_number = h.tracking_number" +
		" AND s.carrier = h.carrier AND s.status <> 'delivered'"
	// named are the parcels that an answer is about.
	const named = " WHERE seller_id = :seller_id AND tracking_number = :tracking_number AND carrier = :carrier"

	return dataset.Sync{
		Name:  "carrier-tracking",
		Title: dataset.Text{Ko: "배송조회", En: "Carrier tracking"},
		About: dataset.Text{
			Ko: "배송이 끝나지 않은 송장의 상태를 택배사에 묻고 배송 건에 저장합니다.",
			En: "Asks the carrier for the state of each tracking number that is not delivered, and saves it with its shipments",
		},
		Partner: "carrier",
		Fields: []dataset.Field{
			{
				Name: "carrier", Header: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FieldText, Required: true, MaxLength: 64,
				Synonyms: []string{"배송사", "택배회사", "배송업체", "courier", "shipping company"},
				About:    dataset.Text{Ko: "실어 나르는 회사", En: "Who carries it"},
				Example:  "CJ대한통운",
			},
			{
				Name: "tracking_number", Header: dataset.Text{Ko: "송장번호", En: "Tracking number"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"운송장번호", "운송장", "송장", "tracking", "tracking no", "waybill", "awb"},
				About:    dataset.Text{Ko: "앞의 0도 그대로 묻습니다", En: "Asked for as it is, leading zeros too"},
				Example:  "612345678901",
			},
		},
		Key: []string{"carrier", "tracking_number"},
		Source: dataset.Source{
			From:   "shipments h",
			Key:    "h.id",
			Tenant: "h.seller_id",
			// The first of the parcels with a number stands for all of them.
			Where: "h.tracking_number <> '' AND h.status <> 'delivered' AND NOT EXISTS (" + others + " AND s.id < h.id)",
		},
		Columns: []dataset.Column{
			{Name: "carrier", SQL: "h.carrier"},
			{Name: "tracking_number", SQL: "h.tracking_number"},
		},
		// That one was shipped then is enough: the parcel that stands for the others may be an older one.
		Filters: []dataset.Filter{
			{Name: "carrier", Title: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FilterText, Many: true, Where: "h.carrier IN (?)"},
			{
				Name: "shipped_from", Title: dataset.Text{Ko: "발송일 시작", En: "Shipped from"}, Type: dataset.FilterDate,
				Where: "EXISTS (" + others + " AND s.shipped_at >= ?)", NotAfter: "shipped_to",
			},
			{
				Name: "shipped_to", Title: dataset.Text{Ko: "발송일 종료", En: "Shipped to"}, Type: dataset.FilterDate, DayAfter: true,
				Where: "EXISTS (" + others + " AND s.shipped_at < ?)",
			},
		},
		Call: dataset.Call{
			Method: http.MethodGet,
			Path:   "/trackings/{carrier}/{tracking_number}",
			Safe:   true,
			Answers: []dataset.Answer{
				{Name: "status", At: "/status", Type: dataset.FieldCode, Required: true, MaxLength: 64},
				{Name: "at", At: "/at", Type: dataset.FieldInstant},
			},
		},
		Save: []dataset.Effect{
			"REPLACE INTO shipment_states (shipment_id, seller_id, status, at, asked_at)" +
				" SELECT id, seller_id, :status, :at, :now FROM shipments" + named,
			"UPDATE shipments SET status = 'delivered', delivered_at = COALESCE(:at, :now)" + named +
				" AND status <> 'delivered' AND :status = 'delivered'",
			"UPDATE shipments SET status = 'shipped'" + named +
				" AND status = 'ready' AND :status IN ('picked_up', 'in_transit', 'out_for_delivery')",
		},
		// It asks for all that is on its way, day after day: an hour is not slow.
		SlowAfter: time.Hour,
	}
}
