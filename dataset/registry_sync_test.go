package dataset_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

func TestRegistryFillsInDefaultsOfSyncs(t *testing.T) {
	t.Parallel()
	slow := together()
	slow.Name, slow.StretchItems, slow.MaxDuration = "slow-pickups", 10, time.Hour
	registry, err := dataset.NewRegistry(dataset.Kinds{
		BulkSaves: []dataset.BulkSave{returns()}, Syncs: []dataset.Sync{pickups(), slow},
	})
	require.NoError(t, err)

	k, err := registry.Sync("pickups")
	require.NoError(t, err)
	require.Equal(t, 200, k.StretchItems)
	require.Equal(t, 5, k.MaxAttempts)
	require.Equal(t, 72*time.Hour, k.OutageFor)
	require.Equal(t, 15*time.Minute, k.SlowAfter)
	require.Equal(t, 2*time.Minute, k.StallAfter)
	require.Equal(t, 30*time.Minute, k.GiveUpAfter)
	require.Equal(t, 30*24*time.Hour, k.MaxDuration)
	require.Equal(t, 4, k.Window)

	k = registry.Syncs()[1]
	require.Equal(t, 10, k.StretchItems)
	require.Equal(t, time.Hour, k.MaxDuration)

	_, err = registry.Sync("pickup")
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.EqualError(t, err, `there is no sync "pickup"; did you mean pickups? known: pickups, slow-pickups`)
}

func TestAnUploadNamesItsKindOnly(t *testing.T) {
	t.Parallel()
	same := pickups()
	same.Name = "returns"
	_, err := dataset.NewRegistry(dataset.Kinds{BulkSaves: []dataset.BulkSave{returns()}, Syncs: []dataset.Sync{same}})
	require.EqualError(t, err, `check sync 0 "returns": the name is taken by a bulk save`)
	_, err = dataset.NewRegistry(dataset.Kinds{Syncs: []dataset.Sync{same, same}})
	require.EqualError(t, err, `check sync 1 "returns": the name is taken`)

	registry, err := dataset.NewRegistry(dataset.Kinds{BulkSaves: []dataset.BulkSave{returns()}, Syncs: []dataset.Sync{pickups()}})
	require.NoError(t, err)
	for name, title := range map[string]string{"returns": "Returns", "pickups": "Pickups"} {
		rows, err := registry.Rows(name)
		require.NoError(t, err)
		require.Equal(t, title, rows.Title.En)
		require.NotEmpty(t, rows.Key)
	}
	_, err = registry.Rows("pickup")
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.EqualError(t, err, `there is no bulk save or sync "pickup"; did you mean pickups? known: returns, pickups`)
}

func TestRegistryRefusesASyncThatWouldFailLater(t *testing.T) {
	t.Parallel()
	type kind = dataset.Sync
	for want, spoil := range map[string]func(*kind){
		"kebab case":                          func(k *kind) { k.Name = "Pickups" },
		`title ""`:                            func(k *kind) { k.Title.Ko = "" },
		"about is missing":                    func(k *kind) { k.About.En = "" },
		`partner "Courier" must be`:           func(k *kind) { k.Partner = "Courier" },
		"a limit is negative":                 func(k *kind) { k.OutageFor = -1 },
		"there are no fields":                 func(k *kind) { k.Fields = nil },
		`"Outcome" is a header of the result`: func(k *kind) { k.Fields[5].Synonyms = []string{"Outcome"} },
		"a key has no fields":                 func(k *kind) { k.Key = nil },
		`key: there is no field "x"`:          func(k *kind) { k.Key = []string{"x"} },
		`in order: there is no field "x"`:     func(k *kind) { k.InOrder = "x" },
		"the key may have 443 characters":     func(k *kind) { k.Fields[0].MaxLength = 400 },
		`in order: "note" may have 201`:       func(k *kind) { k.InOrder, k.Fields[5].MaxLength = "note", 201 },
		`must be a table and its alias`:       func(k *kind) { k.Source = dataset.Source{} },
		"there are no columns":                func(k *kind) { k.Columns = nil },
		`column "x": there is no field`:       func(k *kind) { k.Columns[4].Name = "x" },
		`field "depot" is needed, and has no`: func(k *kind) { k.Columns = k.Columns[1:] },
		`column "note": it has no SQL`:        func(k *kind) { k.Columns[4].SQL = "" },
		`alias "x" is not known`:              func(k *kind) { k.Filters[2].Where = "x.code IN (?)" },
		`filter "to": the name is taken`:      func(k *kind) { k.Filters[0].Name = "to" },
		`example: Depot is empty`:             func(k *kind) { k.Fields[0].Example = " " },

		`save 0: :y is no field and no answer`:  func(k *kind) { k.Save[0] = "UPDATE x SET y = :y" },
		"save 1: it is empty":                   func(k *kind) { k.Save[1] = " " },
		"save 0: values are named, not ?":       func(k *kind) { k.Save[0] = "UPDATE x SET y = ?" },
		`field "now": the name is taken`:        func(k *kind) { k.Fields[5].Name, k.Columns[4].Name = "now", "now" },
		`answer "note": the name is taken`:      func(k *kind) { k.Call.Answers[1].Name = "note" },
		`answer "remote_id": the name is taken`: func(k *kind) { k.Call.Answers[1].Name = "remote_id" },

		`method: unknown method "post"`:                    func(k *kind) { k.Call.Method = "post" },
		`path: there is no field "x"`:                      func(k *kind) { k.Call.Path = "/a/{x}" },
		`path: field "note" is not required`:               func(k *kind) { k.Call.Path = "/a/{note}" },
		`path: "a" must begin with one /`:                  func(k *kind) { k.Call.Path = "a" },
		`path: "//x/a" must begin`:                         func(k *kind) { k.Call.Path = "//x/a" },
		`path: "/a b" must begin`:                          func(k *kind) { k.Call.Path = "/a b" },
		`path: "/a#b" must begin`:                          func(k *kind) { k.Call.Path = "/a#b" },
		`path: "/a/../b" leads elsewhere`:                  func(k *kind) { k.Call.Path = "/a/../b" },
		`path: "/a/%2e" leads elsewhere`:                   func(k *kind) { k.Call.Path = "/a/%2e" },
		`path: "/a/%zz" is no path`:                        func(k *kind) { k.Call.Path = "/a/%zz" },
		`path: "/a/{depot" has a { without`:                func(k *kind) { k.Call.Path = "/a/{depot" },
		`path: "/a/depot}" has a } without`:                func(k *kind) { k.Call.Path = "/a/depot}" },
		"header.X Y: this cannot be the name":              func(k *kind) { k.Call.Header["X Y"] = "" },
		"header.authorization: this header is set":         func(k *kind) { k.Call.Header["authorization"] = "" },
		`header.X-Note: there is no field "x"`:             func(k *kind) { k.Call.Header["X-Note"] = "{x}" },
		"body: GET takes none":                             func(k *kind) { k.Call.Method = "GET" },
		`body[6].from: there is no field "x"`:              func(k *kind) { k.Call.Body[6].From = "x" },
		`body[1]: "api" has neither from nor const`:        func(k *kind) { k.Call.Body[1].Const = nil },
		`body[6]: "note" has both from and const`:          func(k *kind) { k.Call.Body[6].Const = 1 },
		`body[1].const: it cannot be written as JSON`:      func(k *kind) { k.Call.Body[1].Const = func() {} },
		`body[1].name: "" must be a name`:                  func(k *kind) { k.Call.Body[1].Name = "" },
		`body[1].name: "a//b" must be a name`:              func(k *kind) { k.Call.Body[1].Name = "a//b" },
		`body[4].name: "api" and "api" cannot both`:        func(k *kind) { k.Call.Body[4].Name = "api" },
		`body[4].name: "api" and "api/x" cannot`:           func(k *kind) { k.Call.Body[4].Name = "api/x" },
		`body[4].name: "when/from" and "when" cannot`:      func(k *kind) { k.Call.Body[4].Name = "when" },
		`remote_id: "id" is no JSON pointer`:               func(k *kind) { k.Call.RemoteID = "id" },
		`error: "/a~" is no JSON pointer`:                  func(k *kind) { k.Call.Error = "/a~" },
		`message: "/a~2" is no JSON pointer`:               func(k *kind) { k.Call.Message = "/a~2" },
		`answers[0]: the name "State" must be`:             func(k *kind) { k.Call.Answers[0].Name = "State" },
		`answers[1].name: "state" is there twice`:          func(k *kind) { k.Call.Answers[1].Name = "state" },
		`answers[0]: "state" has no place`:                 func(k *kind) { k.Call.Answers[0].At = "" },
		`answers[0]: "state": at: "x" is no JSON`:          func(k *kind) { k.Call.Answers[0].At = "x" },
		`answers[0]: "state": type "integer" is none`:      func(k *kind) { k.Call.Answers[0].Type = dataset.FieldInteger },
		`answers[0]: "state": max_length belongs`:          func(k *kind) { k.Call.Answers[0].MaxLength = 0 },
		`answers[1]: "due_at": max_length belongs`:         func(k *kind) { k.Call.Answers[1].MaxLength = 9 },
		"list: list and results are for calls":             func(k *kind) { k.Call.List = "x" },
		"per_call: it must be within 0 and 1000":           func(k *kind) { k.Call.PerCall = -1 },
		"look_up.method: a look-up changes nothing":        func(k *kind) { k.Call.LookUp.Method = "POST" },
		`look_up.path: there is no field "x"`:              func(k *kind) { k.Call.LookUp.Path = "/{x}" },
		"look_up: a look-up asks for one item":             func(k *kind) { k.Call.LookUp.PerCall = 2 },
		`look_up.answers: "due_at" is missing, of type in`: func(k *kind) { k.Call.LookUp.Answers = k.Call.Answers[:1] },
		`look_up.answers: "state" is missing, of type co`: func(k *kind) {
			longer := k.Call.Answers[0]
			longer.MaxLength++
			k.Call.LookUp.Answers = []dataset.Answer{longer, k.Call.Answers[1]}
		},
		"per_call: a call with several items cannot have the depot": func(k *kind) { *k = together(); k.Call.Path = "/{depot}" },
		"per_call: a call with several items cannot have the note":  func(k *kind) { *k = together(); k.Call.Header = map[string]string{"X": "{note}"} },
		"list: several items":    func(k *kind) { *k = together(); k.Call.List = "" },
		"results: several items": func(k *kind) { *k = together(); k.Call.Results = "" },
		"body: several items":    func(k *kind) { *k = together(); k.Call.Body = nil },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			k := pickups()
			spoil(&k)

			_, err := dataset.NewRegistry(dataset.Kinds{Syncs: []dataset.Sync{k}})

			require.ErrorContains(t, err, want)
		})
	}
}

func TestSyncsAreRefusedForAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Call.Method, k.Call.Path, k.Call.RemoteID, k.Save[0] = "", "", "x", ":y"

	_, err := dataset.NewRegistry(dataset.Kinds{Syncs: []dataset.Sync{k}})

	require.Len(t, strings.Split(err.Error(), "\n"), 4)
}

func TestDescriptionTellsWhatASyncSends(t *testing.T) {
	t.Parallel()

	d := checkedSync(t, pickups()).Describe()

	require.Equal(t, "sync", d.Type)
	require.Equal(t, "pickups", d.Name)
	require.Equal(t, "courier", d.Partner)
	require.Equal(t, []string{"depot", "parcel"}, d.Key)
	require.Equal(t, "depot", d.InOrder)
	require.Equal(t, 1, d.PerCall)
	require.Equal(t, 3, checkedSync(t, together()).Describe().PerCall)
	require.Equal(t, []string{"ko", "en"}, d.Locales)
	require.Len(t, d.Fields, 6)
	require.Equal(t, dataset.FieldDescription{
		Name: "depot", Header: dataset.Text{Ko: "창고", En: "Depot"}, About: dataset.Text{Ko: "설명", En: "What it is"},
		Type: dataset.FieldCode, Required: true, MaxLength: 20, Example: "ICN-1",
	}, d.Fields[0])
	require.Equal(t, []dataset.FilterDescription{
		{Name: "from", Title: dataset.Text{Ko: "시작일", En: "From"}, Type: dataset.FilterDate, MaxValues: 1, NotAfter: "to"},
		{Name: "to", Title: dataset.Text{Ko: "종료일", En: "To"}, Type: dataset.FilterDate, MaxValues: 1},
		{Name: "depot", Title: dataset.Text{Ko: "창고", En: "Depot"}, Type: dataset.FilterText, Many: true, MaxValues: 500},
	}, d.Filters)
}
