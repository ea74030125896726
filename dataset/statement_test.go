package dataset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

func selected(t *testing.T, req dataset.Request) dataset.Selection {
	t.Helper()
	sel, err := checked(t, parcels()).Select(req, seoul(t))
	require.NoError(t, err)
	return sel
}

func TestMaxKeyLooksAtTheTenantAlone(t *testing.T) {
	t.Parallel()

	got := selected(t, dataset.Request{Filters: job.Filters{"state": {"lost"}}}).MaxKey(7)

	require.Equal(t, dataset.Statement{
		SQL:  "SELECT COALESCE(MAX(p.id), 0) FROM parcels p WHERE p.seller_id = ?",
		Args: []any{int64(7)},
	}, got)
}

func TestKeysJoinOnlyWhatDecides(t *testing.T) {
	t.Parallel()

	got := selected(t, dataset.Request{}).Keys(7, 900)

	require.Equal(t, dataset.Statement{
		SQL: "SELECT /*! STRAIGHT_JOIN */ p.id FROM parcels p JOIN routes r ON r.parcel_id = p.id" +
			" WHERE p.seller_id = ? AND p.id <= ? AND (p.weight > 0 OR p.letter = 'y') ORDER BY p.id",
		Args: []any{int64(7), int64(900)},
	}, got)
}

func TestKeysJoinWhatAFilterNeeds(t *testing.T) {
	t.Parallel()

	got := selected(t, dataset.Request{Filters: job.Filters{
		"to":      {"2026-11-22"},
		"from":    {"2026-11-01"},
		"carrier": {"hanjin", "cj", "", "hanjin"},
		"over":    {"0012"},
		"fragile": {"true"},
		"state":   {"sent"},
	}}).Keys(7, 900)

	require.Equal(t, dataset.Statement{
		SQL: "SELECT /*! STRAIGHT_JOIN */ p.id FROM parcels p" +
			" JOIN orders o ON o.id = p.order_id JOIN routes r ON r.parcel_id = p.id" +
			" WHERE p.seller_id = ? AND p.id <= ? AND (p.weight > 0 OR p.letter = 'y')" +
			" AND (o.ordered_at >= ?) AND (o.ordered_at < ?) AND (p.carrier IN (?, ?)) AND (p.state = ?)" +
			" AND (p.weight > ?) AND (p.fragile = 1) ORDER BY p.id",
		Args: []any{
			int64(7), int64(900),
			time.Date(2026, 10, 31, 15, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC),
			"cj", "hanjin", "sent", int64(12),
		},
	}, got)
}

func TestPageJoinsWhatItsColumnsNeed(t *testing.T) {
	t.Parallel()
	const (
		begin  = "SELECT /*! STRAIGHT_JOIN */ "
		routes = " JOIN routes r ON r.parcel_id = p.id"
		end    = " WHERE p.seller_id = ? AND p.id > ? AND p.id <= ? AND (p.weight > 0 OR p.letter = 'y') ORDER BY p.id"
	)
	for name, c := range map[string]struct {
		columns []string
		want    string
	}{
		"of the driving table": {[]string{"weight", "number"}, begin + "p.weight, p.number FROM parcels p" + routes + end},
		"through another join": {[]string{"customer"}, begin + "c.name FROM parcels p" +
			" JOIN orders o ON o.id = p.order_id LEFT JOIN customers c ON c.id = o.customer_id" + routes + end},
		"through one that decides": {[]string{"depot"}, begin + "COALESCE(d.name, '') FROM parcels p" + routes +
			" LEFT JOIN depots d ON d.id = r.depot_id" + end},
		"by a sub-query": {[]string{"items"}, begin + "(SELECT COUNT(*) FROM items i WHERE i.parcel_id = p.id) FROM parcels p" + routes + end},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := selected(t, dataset.Request{Columns: c.columns}).Page(7, 100, 200)

			require.Equal(t, dataset.Statement{SQL: c.want, Args: []any{int64(7), int64(100), int64(200)}}, got)
		})
	}
}

// A day must begin where the tenant's clocks say it does, also on the days when midnight is missing or
// comes twice. What is expected was found by walking through the minutes.
func TestADayBeginsWhereTheZoneSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day string }{
		{"Asia/Seoul", "2026-11-22"},
		{"UTC", "2026-01-01"},
		{"Europe/London", "2026-03-29"},
		{"Africa/Cairo", "2026-04-24"},      // put forward at midnight: begins at 01:00
		{"Africa/Cairo", "2026-10-30"},      // put back at midnight: 23:00 comes twice the day before
		{"America/Havana", "2026-03-08"},    // put forward at midnight
		{"America/Havana", "2026-11-01"},    // put back at 01:00: midnight comes twice
		{"America/Sao_Paulo", "2018-11-04"}, // put forward at midnight
	} {
		t.Run(c.zone+" "+c.day, func(t *testing.T) {
			t.Parallel()
			in := zone(t, c.zone)
			day, err := time.Parse(time.DateOnly, c.day)
			require.NoError(t, err)
			want := day.Add(-30 * time.Hour)
			for want.In(in).Format(time.DateOnly) != c.day {
				want = want.Add(time.Minute)
			}

			sel, err := checked(t, parcels()).Select(dataset.Request{Filters: job.Filters{"from": {c.day}}}, in)
			require.NoError(t, err)

			args := sel.Keys(7, 900).Args
			require.Equal(t, want, args[len(args)-1])

			before := day.AddDate(0, 0, -1).Format(time.DateOnly)
			sel, err = checked(t, parcels()).Select(dataset.Request{Filters: job.Filters{"to": {before}}}, in)
			require.NoError(t, err)
			args = sel.Keys(7, 900).Args
			require.Equal(t, want, args[len(args)-1], "the end of one day is the begin of the next")
		})
	}
}
