package dataset_test

import (
	"errors"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
)

// speaking is pickups, or what else, with the protocol of a settings file.
func speaking(k dataset.Sync, settings string) (dataset.Sync, error) {
	return k.WithCall(func(c *dataset.Call) error {
		_, err := toml.Decode(settings, c)
		return err
	})
}

func TestSettingsThatSayNothingChangeNothing(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	same, err := speaking(k, "")
	require.NoError(t, err)
	require.Equal(t, k, same)
}

func TestSettingsReplaceTheProtocol(t *testing.T) {
	t.Parallel()
	kind := checkedSync(t, pickups())

	k, err := speaking(kind, `
		method = "PUT"
		path = "/v3/{parcel}"
		remote_id = "/ref"
		error = ""
		safe = true
		header = {X-Api = "{depot}"}
		body = [
			{name = "ref", from = "parcel"},
			{name = "a/flag", const = true},
			{name = "a/list", const = [1, "x"]},
		]
		[[answers]]
		name = "state"
		at = "/status/text"
		[[answers]]
		name = "due_at"
		map = {now = "2026-01-01T00:00:00Z"}
		[[answers]]
		name = "extra"
		type = "text"
		at = "/x"
		max_length = 5
	`)

	require.NoError(t, err)
	call, err := k.Request([]dataset.SyncItem{pickup(nil)})
	require.NoError(t, err)
	require.Equal(t, dataset.SyncCall{
		Method: "PUT", Path: "/v3/7", Header: map[string]string{"X-Api": "ICN-1"}, Body: []byte(`{"ref":7,"a":{"flag":true,"list":[1,"x"]}}`),
	}, call)
	require.True(t, k.Call.Safe)
	require.Equal(t, kind.Call.LookUp, k.Call.LookUp)
	require.Equal(t, "/problem/text", k.Call.Message)
	state := k.Call.Answers[0]
	require.Equal(t, dataset.FieldCode, state.Type)
	require.Equal(t, 8, state.MaxLength)
	require.True(t, state.Required)
	require.Equal(t, kind.Call.Answers[0].Map, state.Map)

	answers, err := k.Read([]byte(`{"ref": "r", "problem": "none", "status": {"text": "ok"}, "slots": [{"at/from": "now"}]}`), 1)
	require.NoError(t, err)
	require.Equal(t, dataset.SyncAnswer{
		RemoteID: "r", Values: map[string]string{"state": "ok", "due_at": "2026-01-01T00:00:00Z", "extra": ""},
	}, answers[0])

	require.Equal(t, checkedSync(t, pickups()), kind, "the kind itself has been changed")
}

func TestSettingsMayTakeLists(t *testing.T) {
	t.Parallel()
	k, err := speaking(checkedSync(t, pickups()), `
		method = "GET"
		body = []
		header = {}
		[look_up]
		method = "GET"
		path = "/look"
	`)
	require.NoError(t, err)
	call, err := k.Request([]dataset.SyncItem{pickup(nil)})
	require.NoError(t, err)
	require.Nil(t, call.Body)
	require.Empty(t, call.Header)
	require.Equal(t, &dataset.Call{Method: "GET", Path: "/look"}, k.Call.LookUp)

	several, err := speaking(checkedSync(t, together()), `per_call = 2`)
	require.NoError(t, err)
	require.Equal(t, 2, several.Describe().PerCall)
}

func TestWrongSettingsAreNamedByTheirKey(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	for want, settings := range map[string]string{
		`method: unknown method "FETCH"`:                       `method = "FETCH"`,
		`path: there is no field "order"; known: depot, `:      `path = "/{order}"`,
		`body: GET takes none`:                                 `method = "GET"`,
		`body[1].from: there is no field "wight"; did you mea`: `body = [{name = "a", from = "note"}, {name = "b", from = "wight"}]`,
		`answers[0].type: "state" is of type code, which is`:   "[[answers]]\nname = \"state\"\ntype = \"instant\"",
		`answers[0].max_length: no more than 8 characters of`:  "[[answers]]\nname = \"state\"\nmax_length = 9",
		`save 0: :due_at is no field and no answer`:            "[[answers]]\nname = \"state\"",
		`answers[0]: "new" has no place`:                       "[[answers]]\nname = \"new\"\ntype = \"instant\"",
		`list: several items in a call need`:                   `per_call = 5`,
		`look_up.method: unknown method ""`:                    "[look_up]\npath = \"/x\"",
	} {
		_, err := speaking(k, settings)
		require.ErrorContains(t, err, want)
	}

	broken := errors.New("line 3")
	_, err := k.WithCall(func(*dataset.Call) error { return broken })
	require.Equal(t, broken, err)
}
