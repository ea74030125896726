package dataset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

func TestEveryWrongFieldIsNamedAtOnce(t *testing.T) {
	t.Parallel()

	_, err := checked(t, parcels()).Select(dataset.Request{
		Filters:  job.Filters{"from": {"22.11.2026"}, "stat/e": {"sent"}, "fragile": {"1"}},
		Columns:  []string{"number", "wieght", "number"},
		Format:   "pdf",
		Locale:   "fr",
		Filename: "a/b",
	}, time.UTC)

	var wrong *job.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, job.CodeInvalid, wrong.Code)
	require.Equal(t, []job.FieldError{
		{Pointer: "/format", Message: `unknown format "pdf"; known: xlsx, csv`},
		{Pointer: "/locale", Message: `unknown locale "fr"; known: ko, en`},
		{Pointer: "/filename", Message: `the file name holds one of / \ : * ? " < > |`},
		{Pointer: "/columns/1", Message: `unknown column "wieght"; did you mean weight? known: number, weight, customer, depot, items`},
		{Pointer: "/columns/2", Message: `column number is chosen twice`},
		{Pointer: "/filters/stat~1e", Message: `unknown filter "stat/e"; did you mean state? known: from, to, carrier, state, over, under, fragile`},
		{Pointer: "/filters/from", Message: `"22.11.2026" is not a date: write YYYY-MM-DD, from 1900 to 2999`},
		{Pointer: "/filters/fragile", Message: `"1" is neither true nor false`},
	}, wrong.Fields)
}

func TestAFilterValueIsChecked(t *testing.T) {
	t.Parallel()
	many := make(job.Values, 501)
	for i := range many {
		many[i] = fmt.Sprintf("carrier %d", i)
	}
	for name, c := range map[string]struct {
		filters job.Filters
		pointer string
		message string
	}{
		"no such day":         {job.Filters{"from": {"2026-02-30"}}, "/filters/from", "is not a date"},
		"no such century":     {job.Filters{"from": {"0026-02-03"}}, "/filters/from", "is not a date"},
		"not a number":        {job.Filters{"over": {"1e3"}}, "/filters/over", "is not a whole number"},
		"too large a number":  {job.Filters{"over": {"1000000000000"}}, "/filters/over", "is not a whole number"},
		"not a choice":        {job.Filters{"state": {"sendt"}}, "/filters/state", `"sendt" is not one of the choices; did you mean sent? known: sent, lost`},
		"two where one goes":  {job.Filters{"state": {"sent", "lost"}}, "/filters/state", "too many values: at most 1"},
		"too many values":     {job.Filters{"carrier": many}, "/filters/carrier", "too many values: at most 500"},
		"control characters":  {job.Filters{"carrier": {"cj", "han\x00jin"}}, "/filters/carrier/1", "control characters"},
		"not UTF-8":           {job.Filters{"carrier": {"\xff"}}, "/filters/carrier", "UTF-8"},
		"too long a text":     {job.Filters{"carrier": {strings.Repeat("택", 201)}}, "/filters/carrier", "more than 200 characters"},
		"days the wrong way":  {job.Filters{"from": {"2026-11-23"}, "to": {"2026-11-22"}}, "/filters/from", "2026-11-23 is after 2026-11-22, the value of to"},
		"range the wrong way": {job.Filters{"over": {"10"}, "under": {"9"}}, "/filters/over", "10 is after 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := checked(t, parcels()).Select(dataset.Request{Filters: c.filters}, time.UTC)

			var wrong *job.Error
			require.ErrorAs(t, err, &wrong)
			require.Len(t, wrong.Fields, 1)
			require.Equal(t, c.pointer, wrong.Fields[0].Pointer)
			require.Contains(t, wrong.Fields[0].Message, c.message)
		})
	}
}

func TestLimitsOfAFilterAreWithin(t *testing.T) {
	t.Parallel()
	many := make(job.Values, 500)
	for i := range many {
		many[i] = fmt.Sprintf("carrier %d", i)
	}

	_, err := checked(t, parcels()).Select(dataset.Request{Filters: job.Filters{
		"carrier": append(many, many...), // repeats do not count
		"over":    {"-999999999999"}, "under": {"999999999999"},
		"from": {"2026-11-22"}, "to": {"2026-11-22"},
	}}, time.UTC)

	require.NoError(t, err)
}

// An answer must stay small, however large the request.
func TestAHugeRequestGetsASmallAnswer(t *testing.T) {
	t.Parallel()
	filters := job.Filters{}
	for i := range 10_000 {
		filters[fmt.Sprintf("%d%s", i, strings.Repeat("x", 500))] = job.Values{"1"}
	}
	filters["carrier"] = make(job.Values, 10_000)
	for i := range filters["carrier"] {
		filters["carrier"][i] = strings.Repeat("\x01", 1000)
	}

	_, err := checked(t, parcels()).Select(dataset.Request{Filters: filters, Columns: make([]string, 10_000)}, time.UTC)

	require.Error(t, err)
	require.Less(t, len(err.Error()), 64<<10)
}

func TestARequiredFilterMustBeGiven(t *testing.T) {
	t.Parallel()
	e := parcels()
	e.Filters[0].Required = true
	e.Filters[2].Required = true
	for name, filters := range map[string]job.Filters{
		"left out": nil, "empty": {"from": {""}, "carrier": {" "}}, "without values": {"from": {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := checked(t, e).Select(dataset.Request{Filters: filters}, time.UTC)

			var wrong *job.Error
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, []job.FieldError{
				{Pointer: "/filters/from", Message: "this filter is required"},
				{Pointer: "/filters/carrier", Message: "this filter is required"},
			}, wrong.Fields)
		})
	}
}

func TestRequestsThatMeanTheSameHaveOneForm(t *testing.T) {
	t.Parallel()
	e := checked(t, parcels())
	want := dataset.Request{
		Filters: job.Filters{"carrier": {"cj", "hanjin"}, "over": {"7"}},
		Format:  "xlsx",
		Locale:  "ko",
	}
	for name, req := range map[string]dataset.Request{
		"as short as can be": {Filters: job.Filters{"carrier": {"cj", "hanjin"}, "over": {"7"}}},
		"spelled out": {
			Filters: job.Filters{"carrier": {"hanjin", " cj ", "", "hanjin", " "}, "over": {"+07"}, "fragile": {"false"}, "from": {""}},
			Columns: []string{"number", "weight", "customer", "depot", "items"},
			Format:  "xlsx", Locale: "ko",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sel, err := e.Select(req, time.UTC)

			require.NoError(t, err)
			require.Equal(t, want, sel.Request())
		})
	}
}

// A name typed on a Mac comes decomposed; codes are saved composed.
func TestATextIsComposed(t *testing.T) {
	t.Parallel()

	sel := selected(t, dataset.Request{Filters: job.Filters{"carrier": {"\u1112\u1161\u11ab\u110c\u1175\u11ab"}}})

	require.Equal(t, job.Values{"한진"}, sel.Request().Filters["carrier"])
	require.Contains(t, sel.Keys(7, 900).Args, "한진")
}

func TestTheOrderOfColumnsIsKept(t *testing.T) {
	t.Parallel()

	sel := selected(t, dataset.Request{Columns: []string{"depot", "number"}, Filename: "보고서"})

	require.Equal(t, []string{"depot", "number"}, sel.Request().Columns)
	require.Equal(t, "보고서.xlsx", sel.Request().Filename)
}

func TestLayoutFollowsColumnsAndLocale(t *testing.T) {
	t.Parallel()
	in := seoul(t)

	layout := selected(t, dataset.Request{Columns: []string{"weight", "number"}, Format: "csv", Locale: "en"}).Layout(in)

	require.Equal(t, sheet.Layout{
		Format: sheet.CSV, Sheet: "Parcels", Zone: in,
		Columns: []sheet.Column{
			{Header: "Weight", Type: sheet.Decimal, Decimals: 3},
			{Header: "Parcel number", Width: 20},
		},
	}, layout)
	require.Equal(t, "송장번호", selected(t, dataset.Request{}).Layout(in).Columns[0].Header)
}

func TestFilename(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC).In(seoul(t))
	for name, c := range map[string]struct {
		req  dataset.Request
		want string
	}{
		"made":                {dataset.Request{}, "소포-목록_a-b_2026-11-23.xlsx"},
		"made in English":     {dataset.Request{Locale: "en", Format: "csv"}, "Parcels_a-b_2026-11-23.csv"},
		"extension added":     {dataset.Request{Filename: "11월 소포"}, "11월 소포.xlsx"},
		"extension put right": {dataset.Request{Filename: "parcels.XLSX", Format: "csv"}, "parcels.csv"},
		"dots are kept":       {dataset.Request{Filename: "v1.2"}, "v1.2.xlsx"},
		"ends are trimmed":    {dataset.Request{Filename: "  parcels. .xlsx "}, "parcels.xlsx"},
		"emoji":               {dataset.Request{Filename: "👩‍🚀.xlsx"}, "👩‍🚀.xlsx"},
		"as long as can be":   {dataset.Request{Filename: strings.Repeat("소", 195)}, strings.Repeat("소", 195) + ".xlsx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, selected(t, c.req).Filename("a/b", day))
		})
	}
}

func TestABadFilenameIsRefused(t *testing.T) {
	t.Parallel()
	for name, filename := range map[string]string{
		"separator":         "../secret",
		"Windows separator": `c:\x`,
		"control character": "a\nb",
		"turned around":     "invoice\u202exslx.exe",
		"not UTF-8":         "a\xff",
		"too long":          strings.Repeat("소", 196),
		"extension only":    ".xlsx",
		"spaces only":       "   ",
		"dots only":         "..",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := checked(t, parcels()).Select(dataset.Request{Filename: filename}, time.UTC)

			var wrong *job.Error
			require.ErrorAs(t, err, &wrong)
			require.Len(t, wrong.Fields, 1)
			require.Equal(t, "/filename", wrong.Fields[0].Pointer)
		})
	}
}
