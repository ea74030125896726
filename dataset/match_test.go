package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

func TestNormalHeaderLeavesLettersAndDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"sku": "sku", "SKU": "sku", " S K U ": "sku", "ＳＫＵ": "sku", "*SKU*": "sku", "order_number": "ordernumber",
		"Order\nnumber": "ordernumber", "상품 코드": "상품코드", "\u1109\u1161\u11bc품": "상품", "Price (KRW)": "pricekrw",
		"No.": "no", "№ 1": "no1", "": "", "  ": "", "-": "-", " % ": "%", "Größe": "größe", "Straße": "straße", "ราคา": "ราคา",
	} {
		require.Equal(t, want, dataset.NormalHeader(in), "%q", in)
		require.Equal(t, want, dataset.NormalHeader(dataset.NormalHeader(in)), "%q", in)
	}
}

func TestFindHeadSkipsTitles(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	header := []string{" Order number ", "SKU", "", "수량", ""}
	for name, c := range map[string]struct {
		rows []dataset.HeadRow
		want int // row
	}{
		"first row":       {[]dataset.HeadRow{{Row: 1, Cells: header}, {Row: 2, Cells: []string{"A-1", "MUG"}}}, 1},
		"below a title":   {[]dataset.HeadRow{{Row: 1, Cells: []string{"SKU"}}, {Row: 3, Cells: []string{"날짜", "2024-03-05"}}, {Row: 5, Cells: header}}, 5},
		"the best one":    {[]dataset.HeadRow{{Row: 1, Cells: []string{"sku", "mug"}}, {Row: 2, Cells: header}}, 2},
		"first of equals": {[]dataset.HeadRow{{Row: 4, Cells: header}, {Row: 5, Cells: header}}, 4},
		"unknown headers": {[]dataset.HeadRow{{Row: 1, Cells: []string{"Title"}}, {Row: 2, Cells: []string{"甲", "乙"}}, {Row: 3, Cells: []string{"1", "2"}}}, 2},
		"a single column": {[]dataset.HeadRow{{Row: 1, Cells: []string{"what"}}, {Row: 2, Cells: []string{"SKU"}}, {Row: 3, Cells: []string{"MUG"}}}, 2},
		"a guide":         {[]dataset.HeadRow{{Row: 1, Cells: []string{"Column", "Required", "Format"}}, {Row: 2, Cells: []string{"SKU", "yes", "code"}}}, 1},
		"empty rows":      {[]dataset.HeadRow{{Row: 1, Cells: []string{"", " ", "\u3000"}}, {Row: 2}, {Row: 3, Cells: header}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head, err := k.FindHead(c.rows)

			require.NoError(t, err)
			require.Equal(t, c.want, head.Row)
		})
	}
}

func TestFindHeadTakesSamples(t *testing.T) {
	t.Parallel()
	head, err := checkedSave(t, returns()).FindHead([]dataset.HeadRow{
		{Sheet: 1, Row: 1, Cells: []string{"Returns of March"}},
		{Sheet: 1, Row: 2, Cells: []string{" Order number ", "", "SKU", ""}},
		{Sheet: 1, Row: 3, Cells: []string{"A-1", "x", " MUG"}},
		{Sheet: 1, Row: 4, Cells: []string{"A-2", "", ""}},
		{Sheet: 1, Row: 5, Cells: []string{"A-3"}},
		{Sheet: 1, Row: 6, Cells: []string{"A-4", "", "RUG", "", "beyond"}},
		{Sheet: 2, Row: 1, Cells: []string{"", "", "of another sheet"}},
	})

	require.NoError(t, err)
	require.Equal(t, dataset.Head{
		Sheet: 1, Row: 2, Headers: []string{"Order number", "", "SKU"},
		Samples: [][]string{{"A-1", "A-2", "A-3"}, {"x"}, {"MUG", "RUG"}},
	}, head)
}

func TestFindHeadLooksAtSoManyRows(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	rows := []dataset.HeadRow{}
	for i := range 29 {
		rows = append(rows, dataset.HeadRow{Row: i + 1, Cells: []string{"remark", "of two cells"}})
	}
	header := []string{"order number", "sku"}

	head, err := k.FindHead(append(rows, dataset.HeadRow{Row: 30, Cells: header}))
	require.NoError(t, err)
	require.Equal(t, 30, head.Row)

	rows = append(rows, rows[0])
	head, err = k.FindHead(append(rows, dataset.HeadRow{Row: 31, Cells: header}))
	require.NoError(t, err)
	require.Equal(t, 1, head.Row)

	_, err = k.FindHead([]dataset.HeadRow{{Row: 1, Cells: []string{" "}}})
	require.Equal(t, job.CodeInvalid, job.CodeOf(err))
}

// match matches headers without samples and returns the fields by column, with how they were found.
func match(t *testing.T, headers []string, given, remembered map[string]string) ([]string, dataset.Matching) {
	t.Helper()
	m, err := checkedSave(t, returns()).Match(dataset.Head{Row: 1, Headers: headers}, given, remembered)
	require.NoError(t, err)
	var got []string
	for i, c := range m.Columns {
		require.Equal(t, i, c.Index)
		require.Equal(t, headers[i], c.Header)
		require.Equal(t, c.Confidence > 0, c.How != "")
		got = append(got, string(c.How)+" "+c.Column)
	}
	return got, m
}

func TestMatchByName(t *testing.T) {
	t.Parallel()
	got, m := match(t, []string{"ORDER_NUMBER", "상품코드(SKU)", "Sent at", "수량", "반품 수량", "택배사", "", "Colour"}, nil, nil)

	require.Equal(t, []string{"name order_number", "name sku", "name sent_at", " ", "name quantity", "name carrier", " ", " "}, got)
	require.Equal(t, []string{"수량", "Colour"}, m.Unknown)
	require.Empty(t, m.Missing)
	require.NoError(t, m.Err())
	require.InDelta(t, 1, m.Columns[0].Confidence, 0)
}

func TestMatchBySynonymAndWithoutBrackets(t *testing.T) {
	t.Parallel()
	got, m := match(t, []string{"Order No.", "Stock-Code", "상품코드", "Amount [KRW]", "Quantity (pcs)", "바코드(13자리)"}, nil, nil)

	// The second header of SKU is as good as the first would be, but a field has one column: the surest.
	require.Equal(t, []string{"synonym order_number", "synonym sku", " ", "synonym price", "name quantity", "name barcode"}, got)
	require.Equal(t, []string{"상품코드"}, m.Unknown)
	require.InDelta(t, 0.95, m.Columns[0].Confidence, 0)
	require.InDelta(t, 0.9, m.Columns[3].Confidence, 0)
}

func TestMatchTakesTheFirstOfTwoHeaders(t *testing.T) {
	t.Parallel()
	got, m := match(t, []string{"SKU", "sku ", "Order no", "Order number"}, nil, nil)

	require.Equal(t, []string{"name sku", " ", " ", "name order_number"}, got)
	require.Equal(t, []string{"sku ", "Order no"}, m.Unknown)
}

func TestMatchGuessesSlips(t *testing.T) {
	t.Parallel()
	got, m := match(t, []string{"Order nmber", "Quantty", "환불금엑", "Carier", "Lime", "Odrer number"}, nil, nil)

	require.Equal(t, []string{"guess order_number", "guess quantity", "guess price", "guess carrier", " ", " "}, got)
	for _, c := range m.Columns {
		require.Less(t, c.Confidence, 0.9)
	}
}

func TestMatchGuessesNoOtherWord(t *testing.T) {
	t.Parallel()
	got, _ := match(t, []string{"메도", "송번", "Order 2", "invoice2", "Name of it"}, nil, nil)

	require.Equal(t, []string{" ", " ", " ", " ", " "}, got)
}

func TestMatchGuessesByLookWhatIsRequired(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	head := dataset.Head{
		Row: 1, Headers: []string{"What", "When", "By", "EAN code", "Empty"},
		Samples: [][]string{{"A-1", "A-2"}, {"2024-03-05", "2024-03-06 10:00"}, {"CJ", "우체국택배"}, {"04012345"}, nil},
	}

	m, err := k.Match(head, nil, nil)
	require.NoError(t, err)

	require.Equal(t, "sent_at", m.Columns[1].Column)
	require.Equal(t, "carrier", m.Columns[2].Column)
	require.Equal(t, []string{"What", "EAN code", "Empty"}, m.Unknown, "the barcode is not required")
	require.InDelta(t, 0.5, m.Columns[1].Confidence, 0)
	require.Equal(t, job.MatchGuess, m.Columns[1].How)

	// Of two columns of dates nobody knows which it is.
	head.Samples[0] = head.Samples[1]
	m, err = k.Match(head, nil, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"What", "When", "EAN code", "Empty"}, m.Unknown)
}

func TestMatchKeepsToWhatIsGivenAndRemembered(t *testing.T) {
	t.Parallel()
	headers := []string{"SKU", "Code", "Order number", "Quantity", "Carrier", "x"}
	got, m := match(t, headers,
		map[string]string{"CO-DE": "sku", "carrier": ""},
		map[string]string{"Quantity": "line", "Order number": "sku", "gone": "note", "x": "nothing", "code": "note"})

	require.Equal(t, []string{" ", "given sku", "name order_number", "remembered line", "given ", " "}, got)
	require.Equal(t, []string{"SKU", "x"}, m.Unknown, "a column that was left out is not unknown")
	require.Equal(t, []string{"quantity", "sent_at", "carrier"}, m.Missing)
}

func TestMatchRefusesAWrongMapping(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	head := dataset.Head{Row: 1, Headers: []string{"Code", "a/b~c", "Other"}}

	_, err := k.Match(head, map[string]string{
		"Cod": "sku", "CODE": "sku", "Code": "note", "a/b~c": "skew", "Other": "sku", "": "note",
	}, nil)

	var e *job.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, job.CodeInvalid, e.Code)
	require.Equal(t, []job.FieldError{
		{Pointer: "/mapping/", Message: `the file has no header ""; known: Code, a/b~c, Other`},
		{Pointer: "/mapping/Cod", Message: `the file has no header "Cod"; did you mean Code? known: Code, a/b~c, Other`},
		{Pointer: "/mapping/Code", Message: `this header is given twice`},
		{Pointer: "/mapping/Other", Message: `column sku is given to header "Code" already`},
		{Pointer: "/mapping/a~1b~0c", Message: `unknown column "skew"; did you mean sku? known: order_number, line, sku, barcode, name, quantity, price, sent_at, carrier, note`},
	}, e.Fields)
}

func TestMatchSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, m := match(t, []string{"주문번호", "", "날짜"}, nil, nil)

	require.Equal(t, []string{"quantity", "sent_at", "carrier", "sku|barcode"}, m.Missing)
	err := m.Err()
	require.Equal(t, job.CodeInvalid, job.CodeOf(err))
	require.EqualError(t, err, `the columns Quantity (반품수량), Sent at (발송일시), Carrier (택배사), SKU (상품코드(SKU)) or Barcode (바코드) are missing; `+
		`the headers of row 1 are: "주문번호", "날짜"`)

	_, m = match(t, []string{"주문번호", "SKU", "Quantity", "Sent at"}, nil, nil)
	require.EqualError(t, m.Err(), `the column Carrier (택배사) is missing; the headers of row 1 are: "주문번호", "SKU", "Quantity", "Sent at"`)
}

func TestMatchNeedsAKey(t *testing.T) {
	t.Parallel()
	k := returns()
	k.Fields[0].Required, k.Together, k.Agree, k.Count, k.OneOf = false, "", nil, "", nil
	k = checkedSave(t, k)

	m, err := k.Match(dataset.Head{Headers: []string{"Quantity", "Sent at", "Carrier"}}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"order_number|line|barcode"}, m.Missing)
	require.ErrorContains(t, m.Err(), "the headers are:")

	m, err = k.Match(dataset.Head{Headers: []string{"Quantity", "Sent at", "Carrier", "Barcode"}}, nil, nil)
	require.NoError(t, err)
	require.Empty(t, m.Missing)
}

func TestTheReasonOfAnErrorWorkbookIsNoColumn(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"ko", "en"} {
		got, m := match(t, []string{"SKU", dataset.ReasonHeader(locale)}, nil, map[string]string{"오류": "note", "error": "note"})

		require.Equal(t, []string{"name sku", " "}, got)
		require.Empty(t, m.Unknown)
	}
	require.NotEqual(t, dataset.ReasonHeader("ko"), dataset.ReasonHeader("en"))
}
