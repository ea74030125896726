package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
)

// pickups is a kind of sync with everything that one may have, for one item a call.
func pickups() dataset.Sync {
	text := func(ko, en string) dataset.Text { return dataset.Text{Ko: ko, En: en} }
	about := text("설명", "What it is")
	return dataset.Sync{
		Name:    "pickups",
		Title:   text("집하요청", "Pickups"),
		About:   text("집하를 요청합니다", "Asks for parcels to be fetched"),
		Partner: "courier",
		Fields: []dataset.Field{
			{Name: "depot", Header: text("창고", "Depot"), About: about, Type: dataset.FieldCode, Required: true, MaxLength: 20, Example: "ICN-1"},
			{Name: "parcel", Header: text("소포", "Parcel"), About: about, Type: dataset.FieldInteger, Required: true, Min: "1", Example: "7"},
			{Name: "weight", Header: text("무게", "Weight"), About: about, Type: dataset.FieldDecimal, Decimals: 3},
			{Name: "ready_at", Header: text("준비일시", "Ready at"), About: about, Type: dataset.FieldInstant},
			{
				Name: "size", Header: text("크기", "Size"), About: about, Type: dataset.FieldChoice,
				Choices: []dataset.FieldChoiceValue{{Value: "s", Title: text("소", "small")}, {Value: "l", Title: text("대", "large")}},
			},
			{Name: "note", Header: text("메모", "Note"), About: about, Type: dataset.FieldText, MaxLength: 100},
		},
		Key:     []string{"depot", "parcel"},
		InOrder: "depot",
		Source: dataset.Source{
			From: "parcels p", Key: "p.id", Tenant: "p.seller_id", Where: "p.fetched = 0",
			Joins: []dataset.Join{{Alias: "d", SQL: "JOIN depots d ON d.id = p.depot_id", Keeps: true}},
		},
		Columns: []dataset.Column{
			{Name: "depot", SQL: "d.code"},
			{Name: "parcel", SQL: "p.number"},
			{Name: "weight", SQL: "p.weight"},
			{Name: "ready_at", SQL: "p.ready_at"},
			{Name: "note", SQL: "p.note"},
		},
		Filters: []dataset.Filter{
			{Name: "from", Title: text("시작일", "From"), Type: dataset.FilterDate, Where: "p.ready_at >= ?", NotAfter: "to"},
			{Name: "to", Title: text("종료일", "To"), Type: dataset.FilterDate, DayAfter: true, Where: "p.ready_at < ?"},
			{Name: "depot", Title: text("창고", "Depot"), Type: dataset.FilterText, Many: true, Where: "d.code IN (?)"},
		},
		Call: dataset.Call{
			Method: "POST",
			Path:   "/depots/{depot}/pickups?parcel={parcel}&note={note}",
			Header: map[string]string{"X-Depot": "depot {depot}", "X-Note": "{note}"},
			Body: []dataset.BodyField{
				{Name: "parcel/number", From: "parcel"},
				{Name: "api", Const: "v2"},
				{Name: "parcel/weight", From: "weight", Omit: true},
				{Name: "when/from", From: "ready_at", Omit: true},
				{Name: "size", From: "size"},
				{Name: "parcel/label/text", From: "note", Omit: true},
				{Name: "note", From: "note", Omit: true},
			},
			RemoteID: "/pickup/id",
			Error:    "/problem",
			Message:  "/problem/text",
			Answers: []dataset.Answer{
				{Name: "state", At: "/state", Type: dataset.FieldCode, Required: true, MaxLength: 8, Map: map[string]string{"BOOKED FOR LATER": "booked"}},
				{Name: "due_at", At: "/slots/0/at~1from", Type: dataset.FieldInstant},
			},
			LookUp: &dataset.Call{Method: "GET", Path: "/pickups/{depot}-{parcel}", RemoteID: "/id"},
		},
		Save: []dataset.Effect{
			"UPDATE parcels SET state = :state, due_at = :due_at, note = ':note' WHERE seller_id = :seller_id AND number = :parcel",
			"INSERT INTO pickups (weight, at, remote_id, ready_at, depot) VALUES (:weight, :now, :remote_id, :ready_at, :depot)",
		},
	}
}

// together is pickups with several items a call.
func together() dataset.Sync {
	k := pickups()
	k.Call = dataset.Call{
		Method: "POST", Path: "/pickups", PerCall: 3, List: "pickups", Results: "/data/results", RemoteID: "/id", Error: "/error",
		Body:    []dataset.BodyField{{Name: "n", From: "parcel"}},
		Answers: []dataset.Answer{{Name: "state", At: "/state", Type: dataset.FieldText, MaxLength: 8}},
	}
	k.Save = []dataset.Effect{"UPDATE parcels SET state = :state"}
	return k
}

// checkedSync returns the kind as a registry hands it out.
func checkedSync(t testing.TB, k dataset.Sync) dataset.Sync {
	t.Helper()
	registry, err := dataset.NewRegistry(dataset.Kinds{Syncs: []dataset.Sync{k}})
	require.NoError(t, err)
	k, err = registry.Sync(k.Name)
	require.NoError(t, err)
	return k
}

// pickup is an item of pickups with these values besides those that it must have.
func pickup(change map[string]string) dataset.SyncItem {
	fields := map[string]string{"depot": "ICN-1", "parcel": "7"}
	for name, value := range change {
		fields[name] = value
	}
	return dataset.SyncItem{Fields: fields}
}
