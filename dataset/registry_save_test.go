package dataset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

func TestRegistryFillsInDefaultsOfBulkSaves(t *testing.T) {
	t.Parallel()
	never := returns()
	never.Name, never.UndoFor, never.ChunkRows = "never-undone", -1, 100

	registry, err := dataset.NewRegistry(dataset.Kinds{
		Exports: []dataset.Export{parcels()}, BulkSaves: []dataset.BulkSave{returns(), never},
	})
	require.NoError(t, err)

	k, err := registry.BulkSave("returns")
	require.NoError(t, err)
	require.Equal(t, 10_000, k.ChunkRows)
	require.Equal(t, 7*24*time.Hour, k.UndoFor)
	require.Equal(t, 4*time.Hour, k.HoldFor)
	require.Equal(t, 15*time.Minute, k.SlowAfter)
	require.Equal(t, 2*time.Minute, k.StallAfter)
	require.Equal(t, 30*time.Minute, k.GiveUpAfter)
	require.Equal(t, 24*time.Hour, k.MaxDuration)
	require.Equal(t, 3, k.Window)

	k = registry.BulkSaves()[1]
	require.Equal(t, "never-undone", k.Name)
	require.Equal(t, 100, k.ChunkRows)
	require.Negative(t, k.UndoFor)
	require.Zero(t, k.Describe().UndoFor)

	_, err = registry.BulkSave("return")
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.EqualError(t, err, `there is no bulk save "return"; did you mean returns? known: returns, never-undone`)
}

func TestANameIsTakenByType(t *testing.T) {
	t.Parallel()
	same := returns()
	same.Name = "parcels"
	_, err := dataset.NewRegistry(dataset.Kinds{Exports: []dataset.Export{parcels()}, BulkSaves: []dataset.BulkSave{same}})
	require.NoError(t, err)

	_, err = dataset.NewRegistry(dataset.Kinds{BulkSaves: []dataset.BulkSave{returns(), returns()}})
	require.EqualError(t, err, `check bulk save 1 "returns": the name is taken`)
}

func TestRegistryRefusesABulkSaveThatWouldFailLater(t *testing.T) {
	t.Parallel()
	type kind = dataset.BulkSave
	for want, spoil := range map[string]func(*kind){
		"kebab case":                               func(k *kind) { k.Name = "Returns" },
		`title ""`:                                 func(k *kind) { k.Title.Ko = "" },
		"about is missing":                         func(k *kind) { k.About.En = "" },
		"a limit is negative":                      func(k *kind) { k.ChunkRows = -1 },
		"there are no fields":                      func(k *kind) { k.Fields = nil },
		`"note": the name is taken`:                func(k *kind) { k.Fields[0].Name = "note" },
		`"orderNumber": the name must be in snake`: func(k *kind) { k.Fields[0].Name = "orderNumber" },
		"its header is missing":                    func(k *kind) { k.Fields[0].Header.Ko = "" },
		`"S k U" is a header of order_number too`: func(k *kind) {
			k.Fields[0].Synonyms, k.Fields[2].Name, k.Fields[2].Header.En = []string{"sku"}, "stock", "S k U"
		},
		`"ORDER-NO" is a header of order_number`:    func(k *kind) { k.Fields[2].Synonyms = []string{"ORDER-NO"} },
		`"Error" is a header of the error`:          func(k *kind) { k.Fields[9].Synonyms = []string{"Error"} },
		"a synonym is empty":                        func(k *kind) { k.Fields[9].Synonyms = []string{" "} },
		`"note": about is missing`:                  func(k *kind) { k.Fields[9].About.Ko = "" },
		`unknown type "flag"`:                       func(k *kind) { k.Fields[9].Type = "flag" },
		"MaxLength belongs to":                      func(k *kind) { k.Fields[9].MaxLength = 0 },
		`"line": MaxLength belongs`:                 func(k *kind) { k.Fields[1].MaxLength = 3 },
		"bounds and unit are for numbers":           func(k *kind) { k.Fields[9].Max = "3" },
		"its unit is missing in a language":         func(k *kind) { k.Fields[5].Unit.En = "" },
		"2 decimals are too many":                   func(k *kind) { k.Fields[5].Decimals = 2 },
		"16 decimals are too many":                  func(k *kind) { k.Fields[6].Decimals = 16 },
		"choices belong to a choice":                func(k *kind) { k.Fields[8].Choices = nil },
		`"note": choices belong`:                    func(k *kind) { k.Fields[9].Choices = k.Fields[8].Choices },
		`choice "" is empty or without title`:       func(k *kind) { k.Fields[8].Choices[0].Value = "" },
		`choice "cj" is empty or without title`:     func(k *kind) { k.Fields[8].Choices[0].Title.En = "" },
		`"Korea Post" is empty or stands for "cj"`:  func(k *kind) { k.Fields[8].Choices[0].Synonyms = []string{"korea post"} },
		`choice "cj" is there twice`:                func(k *kind) { k.Fields[8].Choices[1].Value = "cj" },
		"a pattern is for texts":                    func(k *kind) { k.Fields[1].Pattern = "x" },
		"pattern and form belong together":          func(k *kind) { k.Fields[3].Form.Ko = "" },
		"pattern: error parsing":                    func(k *kind) { k.Fields[3].Pattern = "(" },
		"a required field needs an example":         func(k *kind) { k.Fields[0].Example = "" },
		`bound "1,000" must be a number`:            func(k *kind) { k.Fields[5].Max = "1,000" },
		`bound "1.5" must be a number`:              func(k *kind) { k.Fields[5].Min = "1.5" },
		`bound "01" must be a number`:               func(k *kind) { k.Fields[1].Min = "01" },
		"minimum 10 is more than maximum 9":         func(k *kind) { k.Fields[5].Min, k.Fields[5].Max = "10", "9" },
		"a key has no fields":                       func(k *kind) { k.Key = nil },
		`key: there is no field "x"`:                func(k *kind) { k.AltKeys = [][]string{{"x"}} },
		`key: field "line" is there twice`:          func(k *kind) { k.Key = []string{"line", "line"} },
		"a group has two fields":                    func(k *kind) { k.OneOf = [][]string{{"sku"}} },
		`one of: there is no field "x"`:             func(k *kind) { k.OneOf = [][]string{{"sku", "x"}} },
		`field "quantity" is required, or`:          func(k *kind) { k.OneOf = [][]string{{"sku", "quantity"}} },
		`field "sku" is required, or in another`:    func(k *kind) { k.OneOf = append(k.OneOf, []string{"sku", "note"}) },
		`together: "sku" must be a required`:        func(k *kind) { k.Together = "sku" },
		"agree and count are for":                   func(k *kind) { k.Together = "" },
		`agree: there is no field "x"`:              func(k *kind) { k.Agree = []string{"x"} },
		`count: "quantity" must be a whole`:         func(k *kind) { k.Count = "quantity" },
		"example: Quantity: \"2.5\" is not a whole": func(k *kind) { k.Fields[5].Example = "2.5" },
		"example: exactly one of SKU, Barcode":      func(k *kind) { k.Fields[3].Example = "12345678" },

		"its fields [sku] are not those": func(k *kind) { k.Target.Fields = []string{"sku"} },
		"it has no steps":                func(k *kind) { k.Target.Steps = nil },
		`field "note" goes nowhere`: func(k *kind) {
			s := &k.Target.Steps[1]
			s.Set = s.Set[:len(s.Set)-1]
		},
		`table "Orders" is not in snake`:                 func(k *kind) { k.Target.Steps[0].Table = "Orders" },
		`step "back": the name is taken`:                 func(k *kind) { k.Target.Steps[2].Name = "back" },
		"unknown mode 9":                                 func(k *kind) { k.Target.Steps[1].Mode = 9 },
		"it has no key":                                  func(k *kind) { k.Target.Steps[1].Key = nil },
		`"order": Missing belongs`:                       func(k *kind) { k.Target.Steps[0].Missing = target.Missing{} },
		`"back": Missing belongs`:                        func(k *kind) { k.Target.Steps[1].Missing = k.Target.Steps[0].Missing },
		`unknown code "gone" or field "sku"`:             func(k *kind) { k.Target.Steps[2].Missing.Code = "gone" },
		`unknown code "unknown_product" or field "x"`:    func(k *kind) { k.Target.Steps[2].Missing.Field = "x" },
		`"level": Create and KeptBy are for`:             func(k *kind) { k.Target.Steps[2].Create = k.Target.Steps[1].Create },
		"Find writes nothing":                            func(k *kind) { k.Target.Steps[0].Set = k.Target.Steps[2].Set },
		"Update has nothing to set":                      func(k *kind) { k.Target.Steps[2].Set = nil },
		"Every is for what must be there":                func(k *kind) { k.Target.Steps[1].Every = true },
		`step "level": there is no field "x"`:            func(k *kind) { k.Target.Steps[2].When = []string{"x"} },
		"KeptBy: refunds.Return is not":                  func(k *kind) { k.Target.Steps[1].KeptBy[0].Column = "Return" },
		`Set "line": the column is there twice`:          func(k *kind) { k.Target.Steps[1].Set[0].Name = "line" },
		`Set "On_Hand": it is not in snake`:              func(k *kind) { k.Target.Steps[2].Set[0].Name = "On_Hand" },
		"only what is set can be added to":               func(k *kind) { k.Target.Steps[1].Create[0].From = target.Sum("quantity") },
		"Min is for sums":                                func(k *kind) { k.Target.Steps[1].Set[0].Min = new(int64) },
		"Else and Needed are for what may be":            func(k *kind) { k.Target.Steps[2].Set[0].Needed = true },
		"Needed is for a field's value":                  func(k *kind) { k.Target.Steps[1].Set[3].Needed = true },
		"Else 1 is of no type":                           func(k *kind) { k.Target.Steps[1].Set[0].Else = 1 },
		`Key "sku": there is no field "x"`:               func(k *kind) { k.Target.Steps[2].Key[0].From = target.Field("x") },
		`field "price" is of type decimal, which cannot`: func(k *kind) { k.Target.Steps[2].Set[0].From = target.Sum("price") },
		`field "sku" is of type code, which cannot`:      func(k *kind) { k.Target.Steps[1].Set[5].From = target.Product("price", "sku") },
		`there is no step "level" before it`:             func(k *kind) { k.Target.Steps[1].Key[0].From = target.ID("level") },
		`column "o.channel" is not in snake`:             func(k *kind) { k.Target.Steps[1].Set[3].From = target.Of("order", "o.channel") },
		"constant 1.5 is neither":                        func(k *kind) { k.Target.Steps[1].Create[0].From = target.Const(1.5) },
		"unknown value 99":                               func(k *kind) { k.Target.Steps[1].Create[0].From = target.Value{Kind: 99} },
		`Set "on_hand": the column is there twice`: func(k *kind) {
			s := &k.Target.Steps[2]
			s.Set = append(s.Set, target.Column{Name: "on_hand", From: target.Sum("line")})
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			k := returns()
			spoil(&k)

			_, err := dataset.NewRegistry(dataset.Kinds{BulkSaves: []dataset.BulkSave{k}})

			require.ErrorContains(t, err, want)
		})
	}
}

func TestAColumnMayBeSetOrAddedTo(t *testing.T) {
	t.Parallel()
	k := returns()
	k.Target.Steps[2].Set = append(k.Target.Steps[2].Set, target.Column{Name: "on_hand", From: target.Field("line")})

	_, err := dataset.NewRegistry(dataset.Kinds{BulkSaves: []dataset.BulkSave{k}})

	require.NoError(t, err)
}

func TestDescriptionTellsWhatAnUploadMayHave(t *testing.T) {
	t.Parallel()

	d := checkedSave(t, returns()).Describe()

	require.Equal(t, "bulk_save", d.Type)
	require.Equal(t, "returns", d.Name)
	require.Equal(t, []string{"order_number", "line"}, d.Key)
	require.Equal(t, [][]string{{"barcode"}}, d.AltKeys)
	require.Equal(t, [][]string{{"sku", "barcode"}}, d.OneOf)
	require.Equal(t, []string{"xlsx", "csv", "tsv", "json", "ndjson"}, d.Formats)
	require.Equal(t, []string{"ko", "en"}, d.Locales)
	require.Equal(t, int64(7*24*60*60), d.UndoFor)
	require.Len(t, d.Fields, 10)
	require.Equal(t, dataset.FieldDescription{
		Name: "quantity", Header: dataset.Text{Ko: "반품수량", En: "Quantity"}, About: dataset.Text{Ko: "설명", En: "What it is"},
		Type: dataset.FieldInteger, Required: true, Unit: &dataset.Text{Ko: "개", En: "pcs"}, Min: "-100", Max: "1000000", Example: "2",
	}, d.Fields[5])
	require.Equal(t, &dataset.Text{Ko: "숫자 8자리 또는 13자리", En: "8 or 13 digits"}, d.Fields[3].Form)
	require.Equal(t, dataset.Choice{Value: "post", Title: dataset.Text{Ko: "우체국택배", En: "Korea Post"}}, d.Fields[8].Choices[1])
	require.Nil(t, d.Fields[0].Unit)
}
