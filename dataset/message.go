package dataset

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// Message explains a row error to a person: a sentence that names the field by its title, what stands there, the limit
// and the other row.
func (k Rows) Message(e job.RowError, locale string) string {
	sentence, ok := sentences[variant(k.fieldOf(e), e)]
	if !ok {
		return string(e.Code) // of a newer version
	}
	english := locale == LocaleEnglish
	titles := func(names []string, or string) string { return k.shortTitles(names, locale, or) }
	return strings.NewReplacer(
		"{field}", k.titleOf(e, locale),
		"{value}", shownValue(e.Value, english),
		"{limit}", e.Limit,
		"{readings}", strings.ReplaceAll(e.Limit, ", ", Text{Ko: " 또는 ", En: " or "}.In(locale)),
		"{choices}", k.fieldOf(e).choiceTitles(locale),
		"{form}", k.fieldOf(e).Form.In(locale),
		"{group}", titles(strings.Split(e.Limit, ", "), ", "),
		"{key}", titles(k.keyOfError(e), ", "),
		"{together}", titles([]string{k.Together}, ""),
		"{other}", shownRow(e.Other, english),
	).Replace(sentence.In(locale))
}

// What a code can mean has a sentence each; the further ones are told apart by variant.
const (
	lostSentence    job.RowCode = "too_precise: lost digits"
	serialSentence  job.RowCode = "not_a_date: number"
	resultSentence  job.RowCode = "below_minimum: result"
	dateSentence    job.RowCode = "bad_format: date"
	noPlaceSentence job.RowCode = "too_precise: whole"
	refusedBy       job.RowCode = "constraint: named"
	inUseBy         job.RowCode = "in_use: named"
)

// variant chooses the sentence.
func variant(f Field, e job.RowError) job.RowCode {
	switch {
	case e.Code == job.RowTooPrecise && e.Limit == lostDigits:
		return lostSentence
	case e.Code == job.RowTooPrecise && e.Limit == "0":
		return noPlaceSentence
	case e.Code == job.RowNotADate && e.Limit != "":
		return serialSentence
	case e.Code == job.RowBelowMinimum && e.Limit != f.Min:
		return resultSentence // not the field's own limit: that of what it is added to
	case e.Code == job.RowBadFormat && f.Form == (Text{}):
		return dateSentence
	case e.Code == job.RowConstraint && e.Limit != "":
		return refusedBy
	case e.Code == job.RowInUse && e.Limit != "":
		return inUseBy
	}
	return e.Code
}

var sentences = map[job.RowCode]Text{
	job.RowRequired:   {Ko: "{field}: 값이 비어 있습니다", En: "{field} is empty"},
	job.RowNotANumber: {Ko: "{field}: 숫자가 아닙니다{value}", En: "{field}: {value} is not a number"},
	job.RowNotWhole:   {Ko: "{field}: 정수가 아닙니다{value}", En: "{field}: {value} is not a whole number"},
	job.RowTooPrecise: {
		Ko: "{field}: 소수점 아래 {limit}자리까지만 쓸 수 있습니다{value}",
		En: "{field}: {value} has more than {limit} decimal places",
	},
	noPlaceSentence: {Ko: "{field}: 소수점을 쓸 수 없습니다{value}", En: "{field}: {value} has decimal places"},
	lostSentence: {
		Ko: "{field}: 엑셀이 15자리까지만 보관해 뒷자리가 사라진 숫자입니다{value}. 텍스트 서식으로 다시 입력하세요",
		En: "{field}: of {value} the spreadsheet program has not kept every digit; write it again, as text",
	},
	job.RowNotADate: {Ko: "{field}: 날짜가 아니거나 없는 날짜입니다{value}", En: "{field}: {value} is not a date, or one that does not exist"},
	serialSentence: {
		Ko: "{field}: 날짜 서식이 아닌 숫자입니다{value}. {limit} 날짜라면 셀 서식을 날짜로 바꾸세요",
		En: "{field}: {value} is a number; if {limit} is meant, give the cell a date format",
	},
	job.RowAmbiguousDate: {
		Ko: "{field}: 월과 일을 구분할 수 없습니다{value}. {readings}일 수 있으니 연도부터 쓰세요",
		En: "{field}: {value} can be {readings}; write the year first",
	},
	job.RowNotAChoice:     {Ko: "{field}: 쓸 수 없는 값입니다{value}. 가능한 값: {choices}", En: "{field}: {value} is none of {choices}"},
	job.RowTooLong:        {Ko: "{field}: {limit}자를 넘습니다", En: "{field}: the text has more than {limit} characters"},
	job.RowBelowMinimum:   {Ko: "{field}: {limit}보다 작습니다{value}", En: "{field}: {value} is less than {limit}"},
	resultSentence:        {Ko: "{field}: 결과가 {limit}보다 작아집니다{value}", En: "{field}: {value} would make the result less than {limit}"},
	job.RowAboveMaximum:   {Ko: "{field}: {limit}보다 큽니다{value}", En: "{field}: {value} is more than {limit}"},
	job.RowBadCharacters:  {Ko: "{field}: 제어 문자나 깨진 글자가 들어 있습니다", En: "{field}: the text holds control characters or damaged ones"},
	job.RowBadFormat:      {Ko: "{field}: 형식이 다릅니다{value}. 올바른 형식: {form}", En: "{field}: {value} does not look right; it must be {form}"},
	dateSentence:          {Ko: "{field}: 날짜로 바뀐 값입니다{value}. 텍스트 서식으로 다시 입력하세요", En: "{field}: {value} has become a date; write it again, as text"},
	job.RowCellError:      {Ko: "{field}: 셀에 오류가 있습니다{value}", En: "{field}: the cell shows the error {value}"},
	job.RowOneOf:          {Ko: "{group} 중 하나만, 반드시 입력하세요", En: "exactly one of {group} must be filled"},
	job.RowDisagree:       {Ko: "{field}: {together} 값이 같은 {other}과 다릅니다{value}", En: "{field}: {value} is not what {other} says, which has the same {together}"},
	job.RowDuplicate:      {Ko: "{other}과 {key} 값이 같습니다", En: "{other} has the same {key}"},
	job.RowUnknownProduct: {Ko: "{field}: 등록되지 않은 상품입니다{value}", En: "{field}: there is no product {value}"},
	job.RowUnknownOrder:   {Ko: "{field}: 없는 주문입니다{value}", En: "{field}: there is no order {value}"},
	job.RowUnknownLine:    {Ko: "{field}: 없는 주문상품입니다{value}", En: "{field}: there is no order line {value}"},
	job.RowUnknownParcel:  {Ko: "{field}: 없는 배송 건입니다{value}", En: "{field}: there is no shipment {value}"},
	job.RowConstraint:     {Ko: "데이터베이스가 이 행을 받지 않습니다", En: "the database does not take this row"},
	refusedBy:             {Ko: "데이터베이스가 이 행을 받지 않습니다 ({limit})", En: "the database does not take this row ({limit})"},
	job.RowStale:          {Ko: "시험 실행 뒤에 데이터가 바뀌었습니다", En: "the data has changed since the dry run"},
	job.RowChangedSince:   {Ko: "저장한 뒤에 다른 변경이 있어 되돌리지 않았습니다", En: "it has been changed since it was saved, and is kept as it is"},
	job.RowInUse:          {Ko: "새로 만든 것을 다른 데이터가 쓰고 있어 지우지 않았습니다", En: "what was created is in use by now, and is kept"},
	inUseBy:               {Ko: "새로 만든 것을 다른 데이터({limit})가 쓰고 있어 지우지 않았습니다", En: "what was created is in use by now ({limit}), and is kept"},
}

// fieldOf is the field that an error is about, an empty one where it is none of the kind's.
func (k Rows) fieldOf(e job.RowError) Field {
	if at := k.field(e.Column); at >= 0 {
		return k.Fields[at]
	}
	return Field{}
}

// titleOf names the field of an error.
func (k Rows) titleOf(e job.RowError, locale string) string {
	if f := k.fieldOf(e); f.Name != "" {
		return f.Header.In(locale)
	}
	if e.Header != "" {
		return e.Header
	}
	if e.Column != "" {
		return e.Column
	}
	return Text{Ko: "이 행", En: "this row"}.In(locale)
}

// keyOfError names the fields of the key that two rows share: of those that the error's column is part of.
func (k Rows) keyOfError(e job.RowError) []string {
	for i := range 1 + len(k.AltKeys) {
		for _, name := range k.keyNames(i) {
			if name == e.Column {
				return k.keyNames(i)
			}
		}
	}
	return k.Key
}

// shortTitles words the titles of some fields in one language.
func (k Rows) shortTitles(names []string, locale, between string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = k.titleOf(job.RowError{Column: name}, locale)
	}
	return strings.Join(words, between)
}

// choiceTitles lists what may be chosen.
func (f Field) choiceTitles(locale string) string {
	const most = 20 // of a longer list nobody reads more
	var titles []string
	for i, c := range f.Choices {
		if i == most {
			titles = append(titles, "…")
			break
		}
		titles = append(titles, c.Title.In(locale))
	}
	return strings.Join(titles, ", ")
}

// shownValue is a value in a sentence: Korean has it in brackets at the end.
func shownValue(value string, english bool) string {
	switch {
	case english && value == "":
		return "the value"
	case english:
		return strconv.Quote(value)
	case value == "":
		return ""
	}
	return fmt.Sprintf(" (%q)", value)
}

// shownRow names another row.
func shownRow(ref *job.RowRef, english bool) string {
	switch {
	case ref == nil && english:
		return "another row"
	case ref == nil:
		return "다른 행"
	case english && ref.Sheet == "":
		return fmt.Sprintf("row %d", ref.Row)
	case english:
		return fmt.Sprintf("row %d of sheet %s", ref.Row, ref.Sheet)
	case ref.Sheet == "":
		return fmt.Sprintf("%d행", ref.Row)
	}
	return fmt.Sprintf("%s 시트의 %d행", ref.Sheet, ref.Row)
}
