package dataset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

func TestRegistryFillsInDefaults(t *testing.T) {
	t.Parallel()
	own := parcels()
	own.Name, own.PageRows, own.SlowAfter, own.Window = "own-limits", 500, time.Hour, 1

	registry, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{parcels(), own}})
	require.NoError(t, err)

	e, err := registry.Export("parcels")
	require.NoError(t, err)
	require.Equal(t, 20_000, e.PageRows)
	require.Equal(t, 15*time.Minute, e.SlowAfter)
	require.Equal(t, 2*time.Minute, e.StallAfter)
	require.Equal(t, 30*time.Minute, e.GiveUpAfter)
	require.Equal(t, 24*time.Hour, e.MaxDuration)
	require.Equal(t, 4, e.Window)

	e, err = registry.Export("own-limits")
	require.NoError(t, err)
	require.Equal(t, 500, e.PageRows)
	require.Equal(t, time.Hour, e.SlowAfter)
	require.Equal(t, 2*time.Minute, e.StallAfter)
	require.Equal(t, 1, e.Window)
}

func TestRegistryListsKindsInOrder(t *testing.T) {
	t.Parallel()
	second := parcels()
	second.Name = "a-second"
	registry, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{parcels(), second}})
	require.NoError(t, err)

	var names []string
	for _, e := range registry.Exports() {
		names = append(names, e.Name)
	}

	require.Equal(t, []string{"parcels", "a-second"}, names)
}

func TestAnUnknownKindIsNotFound(t *testing.T) {
	t.Parallel()
	registry, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{parcels()}})
	require.NoError(t, err)

	_, err = registry.Export("parcel")

	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.EqualError(t, err, `there is no export "parcel"; did you mean parcels? known: parcels`)
}

func TestRegistryRefusesWhatWouldFailLater(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*dataset.Export){
		"kebab case":                        func(e *dataset.Export) { e.Name = "Parcels_2" },
		`title ""`:                          func(e *dataset.Export) { e.Title.En = "" },
		`title "In/Out"`:                    func(e *dataset.Export) { e.Title.En = "In/Out" },
		"about is missing":                  func(e *dataset.Export) { e.About.Ko = "" },
		"a limit is negative":               func(e *dataset.Export) { e.PageRows = -1 },
		"there are no columns":              func(e *dataset.Export) { e.Columns = nil },
		`column "number" is taken`:          func(e *dataset.Export) { e.Columns[1].Name = "number" },
		`English header "Weight" is taken`:  func(e *dataset.Export) { e.Columns[0].Header.En = "Weight" },
		"its header is missing":             func(e *dataset.Export) { e.Columns[0].Header.Ko = "" },
		"must be in snake case":             func(e *dataset.Export) { e.Columns[0].Name = "theNumber" },
		"it has no SQL":                     func(e *dataset.Export) { e.Columns[0].SQL = "" },
		"unknown type 99":                   func(e *dataset.Export) { e.Columns[0].Type = sheet.Type(99) },
		"width 300":                         func(e *dataset.Export) { e.Columns[0].Width = 300 },
		"3 decimals":                        func(e *dataset.Export) { e.Columns[0].Decimals = 3 },
		`column "number": alias "x"`:        func(e *dataset.Export) { e.Columns[0].SQL = "x.number" },
		`column "number": 1 placeholders`:   func(e *dataset.Export) { e.Columns[0].SQL = "p.number = ?" },
		`filter "to": the name is taken`:    func(e *dataset.Export) { e.Filters[0].Name, e.Filters[0].NotAfter = "to", "" },
		"its title is missing":              func(e *dataset.Export) { e.Filters[0].Title.En = "" },
		`unknown type "time"`:               func(e *dataset.Export) { e.Filters[0].Type = "time" },
		"it has no condition":               func(e *dataset.Export) { e.Filters[6].Where = "" },
		`"from": 2 placeholders instead of`: func(e *dataset.Export) { e.Filters[0].Where = "o.ordered_at BETWEEN ? AND ?" },
		`"fragile": 1 placeholders`:         func(e *dataset.Export) { e.Filters[6].Where = "p.fragile = ?" },
		"choices belong to a choice filter": func(e *dataset.Export) { e.Filters[3].Choices = nil },
		`choice "sent" is empty, repeated`:  func(e *dataset.Export) { e.Filters[3].Choices[1].Value = "sent" },
		"DayAfter is for dates":             func(e *dataset.Export) { e.Filters[2].DayAfter = true },
		"a flag cannot be required":         func(e *dataset.Export) { e.Filters[6].Required = true },
		"takes one value":                   func(e *dataset.Export) { e.Filters[6].Many = true },
		`NotAfter "carrier"`:                func(e *dataset.Export) { e.Filters[0].NotAfter = "carrier" },
		`NotAfter "gone"`:                   func(e *dataset.Export) { e.Filters[0].NotAfter = "gone" },
		"NotAfter is for dates":             func(e *dataset.Export) { e.Filters[3].NotAfter = "carrier" },
		"a table and its alias":             func(e *dataset.Export) { e.Source.From = "parcels" },
		`key or tenant "id"`:                func(e *dataset.Export) { e.Source.Key = "id" },
		`key or tenant "o.seller_id"`:       func(e *dataset.Export) { e.Source.Tenant = "o.seller_id" },
		`join alias "o" is taken`:           func(e *dataset.Export) { e.Source.Joins[1].Alias = "o" },
		"does not declare the alias":        func(e *dataset.Export) { e.Source.Joins[3].Alias = "z" },
		`join "o": alias "c" is not known`:  func(e *dataset.Export) { e.Source.Joins[0].SQL = "JOIN orders o ON o.id = c.order_id" },
		"source: Where: 1 placeholders":     func(e *dataset.Export) { e.Source.Where = "p.weight > ?" },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			e := parcels()
			spoil(&e)

			_, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{e}})

			require.ErrorContains(t, err, want)
		})
	}
}

func TestRegistryRefusesANameTwice(t *testing.T) {
	t.Parallel()

	_, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{parcels(), parcels()}})

	require.EqualError(t, err, `check export 1 "parcels": the name is taken`)
}

func TestPlaceholdersInLiteralsAreNone(t *testing.T) {
	t.Parallel()
	e := parcels()
	e.Columns[0].SQL = "CASE WHEN p.number = 'x.y ?' THEN 'it''s o.k.' ELSE p.number END"

	_, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{e}})

	require.NoError(t, err)
}

func TestDescriptionTellsWhatAClientMayAsk(t *testing.T) {
	t.Parallel()

	d := checked(t, parcels()).Describe()

	require.Equal(t, "parcels", d.Name)
	require.Equal(t, []string{"xlsx", "csv"}, d.Formats)
	require.Equal(t, dataset.Default{Format: "xlsx", Locale: "ko"}, d.Default)
	require.Equal(t, dataset.ColumnDescription{
		Name: "weight", Header: dataset.Text{Ko: "무게", En: "Weight"}, Type: "decimal",
	}, d.Columns[1])
	require.Equal(t, dataset.FilterDescription{
		Name: "from", Title: dataset.Text{Ko: "시작일", En: "From"}, Type: dataset.FilterDate, MaxValues: 1, NotAfter: "to",
	}, d.Filters[0])
	require.Equal(t, 500, d.Filters[2].MaxValues)
	require.Len(t, d.Filters[3].Choices, 2)
}
