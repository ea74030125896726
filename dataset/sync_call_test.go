package dataset_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
)

func TestAnItemBecomesACall(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())

	call, err := k.Request([]dataset.SyncItem{pickup(map[string]string{
		"weight": "12.500", "ready_at": "2026-11-22T15:00:00Z", "size": "l", "note": "<문 앞> & \"위\"",
	})})

	require.NoError(t, err)
	require.Equal(t, dataset.SyncCall{
		Method: "POST",
		Path:   "/depots/ICN-1/pickups?parcel=7&note=%3C%EB%AC%B8+%EC%95%9E%3E+%26+%22%EC%9C%84%22",
		Header: map[string]string{"X-Depot": "depot ICN-1", "X-Note": "<문 앞> & \"위\""},
		Body: []byte(`{"parcel":{"number":7,"weight":12.5,"label":{"text":"<문 앞> & \"위\""}},"api":"v2",` +
			`"when":{"from":"2026-11-22T15:00:00Z"},"size":"l","note":"<문 앞> & \"위\""}`),
	}, call)
	require.True(t, json.Valid(call.Body))
}

// sent checks a body to the byte: the same item, sent again, must be the same under its idempotency key.
func sent(t *testing.T, want string, call dataset.SyncCall) {
	t.Helper()
	require.Equal(t, want, string(call.Body))
}

func TestEmptyFieldsAreLeftOutOrNull(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())

	call, err := k.Request([]dataset.SyncItem{pickup(nil)})

	require.NoError(t, err)
	sent(t, `{"parcel":{"number":7},"api":"v2","size":null}`, call)
	require.Equal(t, "/depots/ICN-1/pickups?parcel=7&note=", call.Path)
	require.Empty(t, call.Header["X-Note"])
}

func TestABodyMayBeEmptyButForWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Call.Body = k.Call.Body[5:]
	k.Call.Body[0].Name = "parcel/label/text"

	call, err := checkedSync(t, k).Request([]dataset.SyncItem{pickup(nil)})

	require.NoError(t, err)
	sent(t, `{}`, call)
}

func TestACallWithoutBodyHasNone(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Call.Body = nil

	call, err := checkedSync(t, k).Request([]dataset.SyncItem{pickup(nil)})

	require.NoError(t, err)
	require.Nil(t, call.Body)
}

func TestConstantsAreWrittenAsTheyAre(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Call.Body = []dataset.BodyField{
		{Name: "n", Const: int64(3)}, {Name: "on", Const: false}, {Name: "list", Const: []any{"a", 1.5}},
		{Name: "table/x", Const: map[string]any{"b": "<>", "a": ""}},
	}

	call, err := checkedSync(t, k).Request([]dataset.SyncItem{pickup(nil)})

	require.NoError(t, err)
	sent(t, `{"n":3,"on":false,"list":["a",1.5],"table":{"x":{"a":"","b":"<>"}}}`, call)
}

// A value is the tenant's: it must not lead a call anywhere else, nor make headers of its own.
func TestValuesStayWhereTheyStand(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	for depot, want := range map[string]string{
		"a/b":         "/depots/a%2Fb/pickups",
		"a?b=c":       "/depots/a%3Fb=c/pickups",
		"a#b":         "/depots/a%23b/pickups",
		"a%2Fb":       "/depots/a%252Fb/pickups",
		`a\b`:         "/depots/a%5Cb/pickups",
		"a b":         "/depots/a%20b/pickups",
		"a&parcel=1":  "/depots/a&parcel=1/pickups", // no query yet, so & is a letter
		"../../admin": "/depots/..%2F..%2Fadmin/pickups",
		"...":         "/depots/.../pickups",
		"{parcel}":    "/depots/%7Bparcel%7D/pickups",
		"대구":          "/depots/%EB%8C%80%EA%B5%AC/pickups",
	} {
		call, err := k.Request([]dataset.SyncItem{pickup(map[string]string{"depot": depot, "note": "x&parcel=8"})})

		require.NoError(t, err)
		require.Equal(t, want+"?parcel=7&note=x%26parcel%3D8", call.Path)
	}

	call, err := k.Request([]dataset.SyncItem{pickup(map[string]string{"note": "a\r\nAuthorization: b\x00\x7f"})})
	require.NoError(t, err)
	require.Equal(t, "a  Authorization: b", call.Header["X-Note"])
}

func TestItemsThatCannotBeSentAreTold(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	for want, change := range map[string]map[string]string{
		"a path cannot have a segment of dots": {"depot": ".."},
		"depot is empty":                       {"depot": ""},
		"weight is not a number":               {"weight": "heavy"},
		"parcel is not a number":               {"parcel": "7,"},
	} {
		_, err := k.Request([]dataset.SyncItem{pickup(change)})
		require.EqualError(t, err, want)
	}
	_, err := k.Request([]dataset.SyncItem{pickup(map[string]string{"depot": "."})})
	require.Error(t, err)

	_, err = k.Request(nil)
	require.EqualError(t, err, "a call takes 1 to 1 items, not 0")
	_, err = k.Request([]dataset.SyncItem{pickup(nil), pickup(nil)})
	require.EqualError(t, err, "a call takes 1 to 1 items, not 2")
}

func TestSeveralItemsGoIntoOneCall(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, together())
	seven, eight := pickup(nil), pickup(map[string]string{"parcel": "8"})

	call, err := k.Request([]dataset.SyncItem{seven, eight})
	require.NoError(t, err)
	sent(t, `{"pickups":[{"n":7},{"n":8}]}`, call)

	call, err = k.Request([]dataset.SyncItem{eight})
	require.NoError(t, err)
	sent(t, `{"pickups":[{"n":8}]}`, call)

	_, err = k.Request([]dataset.SyncItem{seven, pickup(map[string]string{"parcel": "x"})})
	require.EqualError(t, err, "parcel is not a number")
	_, err = k.Request([]dataset.SyncItem{seven, seven, seven, seven})
	require.EqualError(t, err, "a call takes 1 to 3 items, not 4")
}

func TestAnItemIsLookedUp(t *testing.T) {
	t.Parallel()
	call, ok, err := checkedSync(t, pickups()).LookUp(pickup(map[string]string{"depot": "a/b"}))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, dataset.SyncCall{Method: "GET", Path: "/pickups/a%2Fb-7", Header: map[string]string{}}, call)

	_, ok, err = checkedSync(t, pickups()).LookUp(pickup(map[string]string{"depot": ""}))
	require.EqualError(t, err, "depot is empty")
	require.False(t, ok)

	_, ok, err = checkedSync(t, together()).LookUp(pickup(nil))
	require.NoError(t, err)
	require.False(t, ok)
}

// BenchmarkRequest tells what an item costs before it is sent.
func BenchmarkRequest(b *testing.B) {
	k := checkedSync(b, pickups())
	items := []dataset.SyncItem{pickup(map[string]string{"weight": "12.5", "ready_at": "2026-11-22T15:00:00Z", "note": "문 앞"})}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Request(items); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAListMayHaveOneElement(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Call.Body = []dataset.BodyField{
		{Name: "parcels/0/number", From: "parcel"}, {Name: "parcels/0/label/text", From: "note", Omit: true}, {Name: "tags/0", Const: "new"},
	}

	call, err := checkedSync(t, k).Request([]dataset.SyncItem{pickup(nil)})
	require.NoError(t, err)
	sent(t, `{"parcels":[{"number":7}],"tags":["new"]}`, call)

	k.Call.Body = append(k.Call.Body, dataset.BodyField{Name: "parcels/weight", From: "weight"})
	_, err = dataset.NewRegistry(dataset.Kinds{Syncs: []dataset.Sync{k}})
	require.ErrorContains(t, err, `"parcels/0/number" and "parcels/weight" make a list and an object of one member`)
}
