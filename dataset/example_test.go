package dataset_test

import (
	"fmt"
	"time"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

// A kind is a value: where its rows come from, its columns, its filters.
func shipments() dataset.Export {
	return dataset.Export{
		Name:  "shipments",
		Title: dataset.Text{Ko: "출고내역", En: "Shipments"},
		About: dataset.Text{Ko: "택배사에 넘긴 송장 목록", En: "Parcels handed to a carrier"},
		Source: dataset.Source{
			From:   "shipments h",
			Key:    "h.id",        // rows are read in this order
			Tenant: "h.seller_id", // and only those of one seller
			Joins: []dataset.Join{
				{Alias: "o", SQL: "JOIN orders o ON o.id = h.order_id", Keeps: true},
			},
		},
		Columns: []dataset.Column{
			{Name: "tracking_number", Header: dataset.Text{Ko: "송장번호", En: "Tracking number"}, SQL: "h.tracking_number", Width: 18},
			{Name: "carrier", Header: dataset.Text{Ko: "택배사", En: "Carrier"}, SQL: "h.carrier"},
			{Name: "shipped_at", Header: dataset.Text{Ko: "발송일시", En: "Shipped at"}, SQL: "h.shipped_at", Type: sheet.Instant, Width: 19},
			{Name: "order_number", Header: dataset.Text{Ko: "주문번호", En: "Order number"}, SQL: "o.order_number", Width: 20},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: dataset.Text{Ko: "발송일 시작", En: "Shipped from"}, Type: dataset.FilterDate, Where: "h.shipped_at >= ?", NotAfter: "to"},
			{Name: "to", Title: dataset.Text{Ko: "발송일 종료", En: "Shipped to"}, Type: dataset.FilterDate, Where: "h.shipped_at < ?", DayAfter: true},
			{Name: "carrier", Title: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FilterText, Where: "h.carrier IN (?)", Many: true},
		},
	}
}

// Example writes a kind and asks it for the week's parcels of two carriers.
func Example() {
	registry, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{shipments()}}) // in the catalogue: one more line of its list
	if err != nil {
		fmt.Println(err)
		return
	}
	kind, _ := registry.Export("shipments")
	seoul := time.FixedZone("Asia/Seoul", 9*60*60)

	_, err = kind.Select(dataset.Request{Filters: job.Filters{"form": {"2026-11-16"}}}, seoul)
	fmt.Println(err)

	selection, err := kind.Select(dataset.Request{
		Filters: job.Filters{"from": {"2026-11-16"}, "carrier": {"CJ대한통운", "한진택배"}},
		Columns: []string{"tracking_number", "carrier"},
	}, seoul)
	if err != nil {
		fmt.Println(err)
		return
	}
	page := selection.Page(7, 0, 10_000) // seller 7, the page that ends at key 10,000
	fmt.Println(page.SQL)
	fmt.Println(page.Args...)
	fmt.Println(selection.Filename("acme", time.Date(2026, 11, 22, 9, 0, 0, 0, seoul)))

	// Output:
	// the request is not valid; /filters/form: unknown filter "form"; did you mean from? known: from, to, carrier
	// SELECT /*! STRAIGHT_JOIN */ h.tracking_number, h.carrier FROM shipments h WHERE h.seller_id = ? AND h.id > ? AND h.id <= ? AND (h.shipped_at >= ?) AND (h.carrier IN (?, ?)) ORDER BY h.id
	// 7 0 10000 2026-11-15 15:00:00 +0000 UTC CJ대한통운 한진택배
	// 출고내역_acme_2026-11-22.xlsx
}
