package dataset_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
)

func TestAnAnswerIsRead(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	for body, want := range map[string]dataset.SyncAnswer{
		`{"pickup": {"id": "P-1"}, "state": " booked ", "slots": [{"at/from": "2026-11-22T15:00:00.1234567+09:00"}]}`: {
			RemoteID: "P-1", Values: map[string]string{"state": "booked", "due_at": "2026-11-22T06:00:00.123456Z"},
		},
		`{"pickup": {"id": 900719925474099312}, "state": "BOOKED FOR LATER", "slots": []}`: {
			RemoteID: "900719925474099312", Values: map[string]string{"state": "booked", "due_at": ""},
		},
		`{"pickup": null, "state": 3, "slots": null, "problem": false}`: {Values: map[string]string{"state": "3", "due_at": ""}},
		`{"state": true, "problem": ""}`:                                {Values: map[string]string{"state": "true", "due_at": ""}},
		`{"problem": {"text": " No car.\n\tTry later\u0000 "}}`:         {Refused: true, Message: "No car. Try later"},
		`{"problem": "No car"}`:                                         {Refused: true, Message: "No car"},
		`{"problem": 17, "message": "none"}`:                            {Refused: true, Message: "none"},
		`{"problem": true}`:                                             {Refused: true},
	} {
		answers, err := k.Read([]byte(body), 1)

		require.NoError(t, err, body)
		require.Equal(t, []dataset.SyncAnswer{want}, answers, body)
	}
}

func TestAnAnswerThatCannotBeUnderstoodSaysWhy(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	for body, want := range map[string]string{
		``:                                      "the answer has no /state",
		`[]`:                                    "the answer has no /state",
		`{"state": ""}`:                         "the answer has no /state",
		`{"state": null}`:                       "the answer has no /state",
		`{"state": {}}`:                         "what the answer has at /state is no single value",
		`{"state": "12345678 9"}`:               "what the answer has at /state is longer than 8 characters",
		`{"state": "` + strings.Repeat("x", 17): "the answer is not JSON",
		`{"state": "a\u0007b"}`:                 "what the answer has at /state holds control characters",
		`{"state": "a", "slots": [{"at/from": "yesterday"}]}`:                  "what the answer has at /slots/0/at~1from is no time of RFC 3339",
		`{"state": "a", "slots": [{"at/from": "1066-10-14T09:00:00Z"}]}`:       "what the answer has at /slots/0/at~1from is no time of RFC 3339",
		`{"state": "a", "pickup": {"id": []}}`:                                 "what the answer has at /pickup/id is no single value",
		`{"state": "a", "pickup": {"id": "` + strings.Repeat("x", 201) + `"}}`: "what the answer has at /pickup/id is longer than 200 characters",
		`<html>`:    "the answer is not JSON",
		`{} {}`:     "the answer is more than one JSON document",
		`{"a": 1}}`: "the answer is more than one JSON document",
	} {
		answers, err := k.Read([]byte(body), 1)
		if err == nil {
			require.Len(t, answers, 1)
			err = answers[0].Err
		}
		require.EqualError(t, err, want, body)
	}
	_, err := k.Read([]byte(`{}`), 2)
	require.EqualError(t, err, "a call has one item, not 2")
}

func TestTheLastElementIsNotReachedByMinusOne(t *testing.T) {
	t.Parallel()
	k := pickups()
	for pointer, want := range map[string]string{"/a/1": "y", "/a/-1": "", "/a/01": "", "/a/2": "", "/a/x": "", "/b~01": "z", "/": "w", "/a/0/b": ""} {
		k.Call.RemoteID = pointer
		answers, err := checkedSync(t, k).Read([]byte(`{"a": ["x", "y"], "b~1": "z", "": "w", "state": "s"}`), 1)
		require.NoError(t, err)
		require.NoError(t, answers[0].Err)
		require.Equal(t, want, answers[0].RemoteID, pointer)
	}
}

func TestSeveralAnswersComeInOne(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, together())

	answers, err := k.Read([]byte(`{"data": {"results": [{"id": 1, "state": "a"}, {"error": {"message": "no"}}, {"state": []}]}}`), 3)
	require.NoError(t, err)
	require.Equal(t, dataset.SyncAnswer{RemoteID: "1", Values: map[string]string{"state": "a"}}, answers[0])
	require.Equal(t, dataset.SyncAnswer{Refused: true, Message: "no"}, answers[1])
	require.Error(t, answers[2].Err)

	for body, want := range map[string]string{
		`{"data": {"results": [{}, {}]}}`:   "the answer has 2 results for 3 items",
		`{"data": {"results": {"0": {} }}}`: "the answer has no list at /data/results",
		``:                                  "the answer has no list at /data/results",
		`no`:                                "the answer is not JSON",
	} {
		_, err := k.Read([]byte(body), 3)
		require.EqualError(t, err, want)
	}
}

func TestALookUpAnswersAsTheCallDoesButForWhatItSays(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	answer, err := k.ReadLookUp([]byte(`{"id": 5, "state": "done"}`))
	require.NoError(t, err)
	require.Equal(t, dataset.SyncAnswer{RemoteID: "5", Values: map[string]string{"state": "done", "due_at": ""}}, answer)

	answer, err = k.ReadLookUp([]byte(`{"problem": {"text": "gone"}}`))
	require.NoError(t, err)
	require.Equal(t, dataset.SyncAnswer{Refused: true, Message: "gone"}, answer)

	_, err = k.ReadLookUp([]byte(`<`))
	require.EqualError(t, err, "the answer is not JSON")

	own := pickups()
	own.Call.LookUp.Answers = []dataset.Answer{
		{Name: "state", At: "/s", Type: dataset.FieldCode, MaxLength: 8}, {Name: "due_at", At: "/d", Type: dataset.FieldInstant},
	}
	answer, err = checkedSync(t, own).ReadLookUp([]byte(`{"s": "x", "state": "y"}`))
	require.NoError(t, err)
	require.Equal(t, "x", answer.Values["state"])
}

func TestThePartnersWordsAreFound(t *testing.T) {
	t.Parallel()
	one, several := checkedSync(t, pickups()), checkedSync(t, together())
	for body, want := range map[string]string{
		`{"problem": {"text": "here"}, "message": "there"}`: "here",
		`{"message": "there"}`:                              "there",
		`{"error": {"code": 3, "message": "within"}}`:       "within",
		`{"errors": [{"detail": "deep"}]}`:                  "deep",
		`{"title": "Bad", "detail": "worse"}`:               "worse",
		`"just so"`:                                         "just so",
		`{"error": 42}`:                                     "42",
		`{"code": "x"}`:                                     "",
		`{"error": {"error": {"error": {"error": "far"}}}}`: "",
		`{"error": "` + strings.Repeat("가", 501) + `"}`:     strings.Repeat("가", 500),
		`<html>`: "",
		``:       "",
	} {
		require.Equal(t, want, one.Message([]byte(body)), body)
	}
	require.Equal(t, "there", several.Message([]byte(`{"problem": {"text": "here"}, "message": "there"}`)))
}
