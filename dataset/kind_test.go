package dataset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
)

// parcels is a kind with everything a kind may have.
func parcels() dataset.Export {
	return dataset.Export{
		Name:  "parcels",
		Title: dataset.Text{Ko: "소포 목록", En: "Parcels"},
		About: dataset.Text{Ko: "보낸 소포", En: "Parcels that were sent"},
		Source: dataset.Source{
			From:   "parcels p",
			Key:    "p.id",
			Tenant: "p.seller_id",
			Where:  "p.weight > 0 OR p.letter = 'y'",
			Joins: []dataset.Join{
				{Alias: "o", SQL: "JOIN orders o ON o.id = p.order_id", Keeps: true},
				{Alias: "c", SQL: "LEFT JOIN customers c ON c.id = o.customer_id", Keeps: true},
				{Alias: "r", SQL: "JOIN routes r ON r.parcel_id = p.id"},
				{Alias: "d", SQL: "LEFT JOIN depots d ON d.id = r.depot_id", Keeps: true},
			},
		},
		Columns: []dataset.Column{
			{Name: "number", Header: dataset.Text{Ko: "송장번호", En: "Parcel number"}, SQL: "p.number", Width: 20},
			{Name: "weight", Header: dataset.Text{Ko: "무게", En: "Weight"}, SQL: "p.weight", Type: sheet.Decimal, Decimals: 3},
			{Name: "customer", Header: dataset.Text{Ko: "고객", En: "Customer"}, SQL: "c.name"},
			{Name: "depot", Header: dataset.Text{Ko: "창고", En: "Depot"}, SQL: "COALESCE(d.name, '')"},
			{Name: "items", Header: dataset.Text{Ko: "품목 수", En: "Items"}, Type: sheet.Integer,
				SQL: "(SELECT COUNT(*) FROM items i WHERE i.parcel_id = p.id)"},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: dataset.Text{Ko: "시작일", En: "From"}, Type: dataset.FilterDate, Where: "o.ordered_at >= ?", NotAfter: "to"},
			{Name: "to", Title: dataset.Text{Ko: "종료일", En: "To"}, Type: dataset.FilterDate, DayAfter: true, Where: "o.ordered_at < ?"},
			{Name: "carrier", Title: dataset.Text{Ko: "택배사", En: "Carrier"}, Type: dataset.FilterText, Many: true, Where: "p.carrier IN (?)"},
			{Name: "state", Title: dataset.Text{Ko: "상태", En: "State"}, Type: dataset.FilterChoice, Where: "p.state = ?", Choices: []dataset.Choice{
				{Value: "sent", Title: dataset.Text{Ko: "발송", En: "Sent"}},
				{Value: "lost", Title: dataset.Text{Ko: "분실", En: "Lost"}},
			}},
			{Name: "over", Title: dataset.Text{Ko: "최소 무게", En: "Heavier than"}, Type: dataset.FilterInteger, Where: "p.weight > ?", NotAfter: "under"},
			{Name: "under", Title: dataset.Text{Ko: "최대 무게", En: "Lighter than"}, Type: dataset.FilterInteger, Where: "p.weight < ?"},
			{Name: "fragile", Title: dataset.Text{Ko: "파손주의", En: "Fragile"}, Type: dataset.FilterFlag, Where: "p.fragile = 1"},
		},
	}
}

// checked returns the kind as a registry hands it out.
func checked(t *testing.T, e dataset.Export) dataset.Export {
	t.Helper()
	registry, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{e}})
	require.NoError(t, err)
	e, err = registry.Export(e.Name)
	require.NoError(t, err)
	return e
}

func seoul(t *testing.T) *time.Location { return zone(t, "Asia/Seoul") }

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}
