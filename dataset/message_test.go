package dataset_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/job"
)

func TestEveryCodeHasASentenceInBothLanguages(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	seen := map[string]job.RowCode{}
	for _, code := range job.RowCodes {
		for _, bare := range []bool{true, false} {
			e := job.RowError{Code: code}
			if !bare {
				e = job.RowError{
					Column: "price", Index: 6, Code: code, Value: "12.345", Limit: "2", Other: &job.RowRef{Sheet: "Mai", Row: 7},
				}
			}
			korean, english := k.Message(e, "ko"), k.Message(e, "en")

			require.NotContains(t, korean+english, "{")
			require.NotEqual(t, string(code), korean, "no sentence")
			require.True(t, strings.ContainsFunc(korean, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }), korean)
			require.False(t, strings.ContainsFunc(english, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }), english)
			if !bare {
				require.Empty(t, seen[korean], "%s says the same as %s", code, seen[korean])
				require.Empty(t, seen[english], "%s says the same as %s", code, seen[english])
				seen[korean], seen[english] = code, code
			}
		}
	}
}

func TestMessagesNameFieldValueLimitAndOtherRow(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	for _, c := range []struct {
		e      job.RowError
		ko, en string
	}{
		{job.RowError{Column: "sku", Code: job.RowRequired}, "상품코드(SKU): 값이 비어 있습니다", "SKU is empty"},
		{job.RowError{Column: "quantity", Code: job.RowNotANumber, Value: "셋"}, `반품수량: 숫자가 아닙니다 ("셋")`, `Quantity: "셋" is not a number`},
		{job.RowError{Column: "price", Code: job.RowTooPrecise, Value: "6.955", Limit: "2"},
			`환불금액: 소수점 아래 2자리까지만 쓸 수 있습니다 ("6.955")`, `Refund: "6.955" has more than 2 decimal places`},
		{job.RowError{Column: "sku", Code: job.RowTooPrecise, Value: "4.9E+12", Limit: "15 digits"},
			`상품코드(SKU): 엑셀이 15자리까지만 보관해 뒷자리가 사라진 숫자입니다 ("4.9E+12"). 텍스트 서식으로 다시 입력하세요`,
			`SKU: of "4.9E+12" the spreadsheet program has not kept every digit; write it again, as text`},
		{job.RowError{Column: "sent_at", Code: job.RowNotADate, Value: "45356", Limit: "2024-03-05"},
			`발송일시: 날짜 서식이 아닌 숫자입니다 ("45356"). 2024-03-05 날짜라면 셀 서식을 날짜로 바꾸세요`,
			`Sent at: "45356" is a number; if 2024-03-05 is meant, give the cell a date format`},
		{job.RowError{Column: "sent_at", Code: job.RowAmbiguousDate, Value: "3/4/2024", Limit: "2024-04-03, 2024-03-04"},
			`발송일시: 월과 일을 구분할 수 없습니다 ("3/4/2024"). 2024-04-03 또는 2024-03-04일 수 있으니 연도부터 쓰세요`,
			`Sent at: "3/4/2024" can be 2024-04-03 or 2024-03-04; write the year first`},
		{job.RowError{Column: "carrier", Code: job.RowNotAChoice, Value: "한진", Limit: "cj, post, 1"},
			`택배사: 쓸 수 없는 값입니다 ("한진"). 가능한 값: CJ대한통운, 우체국택배, 직접 배송`,
			`Carrier: "한진" is none of CJ Logistics, Korea Post, Own car`},
		{job.RowError{Column: "barcode", Code: job.RowBadFormat, Value: "1", Limit: "8 or 13 digits"},
			`바코드: 형식이 다릅니다 ("1"). 올바른 형식: 숫자 8자리 또는 13자리`, `Barcode: "1" does not look right; it must be 8 or 13 digits`},
		{job.RowError{Column: "sku", Code: job.RowBadFormat, Value: "2024-03-04", Limit: "text"},
			`상품코드(SKU): 날짜로 바뀐 값입니다 ("2024-03-04"). 텍스트 서식으로 다시 입력하세요`, `SKU: "2024-03-04" has become a date; write it again, as text`},
		{job.RowError{Column: "quantity", Code: job.RowBelowMinimum, Value: "-101", Limit: "-100"},
			`반품수량: -100보다 작습니다 ("-101")`, `Quantity: "-101" is less than -100`},
		{job.RowError{Column: "quantity", Code: job.RowBelowMinimum, Value: "2", Limit: "0"},
			`반품수량: 결과가 0보다 작아집니다 ("2")`, `Quantity: "2" would make the result less than 0`},
		{job.RowError{Column: "sku", Code: job.RowOneOf, Limit: "sku, barcode"},
			"상품코드(SKU), 바코드 중 하나만, 반드시 입력하세요", "exactly one of SKU, Barcode must be filled"},
		{job.RowError{Column: "note", Code: job.RowDisagree, Value: "x", Other: &job.RowRef{Row: 12}},
			`메모: 주문번호 값이 같은 12행과 다릅니다 ("x")`, `Note: "x" is not what row 12 says, which has the same Order number`},
		{job.RowError{Code: job.RowDuplicate, Other: &job.RowRef{Sheet: "3월", Row: 12}},
			"3월 시트의 12행과 주문번호, 순번 값이 같습니다", "row 12 of sheet 3월 has the same Order number, Line"},
		{job.RowError{Column: "barcode", Code: job.RowDuplicate, Other: &job.RowRef{Row: 12}},
			"12행과 바코드 값이 같습니다", "row 12 has the same Barcode"},
		{job.RowError{Column: "sku", Code: job.RowUnknownProduct, Value: `M"{field}`},
			`상품코드(SKU): 등록되지 않은 상품입니다 ("M\"{field}")`, `SKU: there is no product "M\"{field}"`},
		{job.RowError{Header: "Colour", Code: job.RowCellError, Value: "#N/A"}, `Colour: 셀에 오류가 있습니다 ("#N/A")`, `Colour: the cell shows the error "#N/A"`},
	} {
		require.Equal(t, c.ko, k.Message(c.e, dataset.LocaleKorean))
		require.Equal(t, c.en, k.Message(c.e, dataset.LocaleEnglish))
	}
	require.Equal(t, "from_the_future", k.Message(job.RowError{Code: "from_the_future"}, "en"))
}
