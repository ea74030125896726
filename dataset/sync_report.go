package dataset

import (
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

// What the result workbook has besides the fields.
var (
	positionHeader = Text{Ko: "번호", En: "No."}
	resultHeaders  = []struct {
		Header Text
		Type   sheet.Type
		Width  float64
	}{
		{Text{Ko: "처리결과", En: "Outcome"}, sheet.Text, 12},
		{Text{Ko: "사유코드", En: "Reason code"}, sheet.Text, 16},
		{Text{Ko: "사유", En: "Reason"}, sheet.Text, 50},
		{Text{Ko: "연동번호", En: "Remote ID"}, sheet.Text, 20},
		{Text{Ko: "시도횟수", En: "Attempts"}, sheet.Integer, 10},
		{Text{Ko: "전송일시", En: "Last sent at"}, sheet.Instant, 19},
		{Text{Ko: "처리일시", En: "Done at"}, sheet.Instant, 19},
	}
)

// reportHeaders are the headers of the result workbook that no field may have: mended, it is an upload.
func reportHeaders() []string {
	headers := []string{positionHeader.Ko, positionHeader.En}
	for _, c := range resultHeaders {
		headers = append(headers, c.Header.Ko, c.Header.En)
	}
	return headers
}

// ReportColumns are those of the result workbook: the item's position, its fields, and what became of it.
func (k Sync) ReportColumns(locale string) []sheet.Column {
	columns := []sheet.Column{{Header: positionHeader.In(locale), Type: sheet.Integer, Width: 9}}
	for _, f := range k.Fields {
		c := sheet.Column{Header: f.Header.In(locale), Width: 18}
		switch f.Type {
		case FieldInteger:
			c.Type, c.Width = sheet.Integer, 10
		case FieldDecimal:
			c.Type, c.Decimals = sheet.Decimal, f.Decimals
		case FieldInstant:
			c.Type, c.Width = sheet.Instant, 19
		}
		columns = append(columns, c)
	}
	for _, c := range resultHeaders {
		columns = append(columns, sheet.Column{Header: c.Header.In(locale), Type: c.Type, Width: c.Width})
	}
	return columns
}

// ReportCells are the cells of one item for [Sync.ReportColumns], as [sheet.Encoder.Append] takes them; fields are its
// values in plain notation.
func (k Sync) ReportCells(item job.Item, fields map[string]string, locale string) [][]byte {
	cells := make([][]byte, 0, 1+len(k.Fields)+len(resultHeaders))
	cells = append(cells, strconv.AppendInt(nil, item.Position, 10))
	for _, f := range k.Fields {
		cells = append(cells, []byte(fields[f.Name]))
	}
	return append(cells,
		[]byte(OutcomeTitle(job.ItemOutcome(item.Outcome), locale)), []byte(item.Code), []byte(k.Reason(item, locale)),
		[]byte(item.RemoteID), strconv.AppendInt(nil, int64(item.Attempts), 10), instantCell(item.SentAt), instantCell(item.DoneAt))
}

func instantCell(t *time.Time) []byte {
	if t == nil {
		return nil
	}
	return t.UTC().AppendFormat(nil, time.RFC3339Nano)
}

// Reason says to a person why an item did not succeed: what its code means, then the partner's words or what is wrong with
// its fields. It is empty for one that did.
func (k Sync) Reason(item job.Item, locale string) string {
	if item.Code == "" {
		return ""
	}
	said := []string{}
	for _, e := range item.Errors {
		said = append(said, k.Rows().Message(e, locale))
	}
	if item.Message != "" {
		said = append(said, item.Message)
	}
	if len(said) == 0 {
		return ItemMessage(item.Code, locale)
	}
	return ItemMessage(item.Code, locale) + ": " + strings.Join(said, "; ")
}

// ItemMessage says what a code of an item means; the code itself for one of a newer version.
func ItemMessage(code job.ItemCode, locale string) string {
	sentence, ok := itemSentences[code]
	if !ok {
		return string(code)
	}
	return sentence.In(locale)
}

var itemSentences = map[job.ItemCode]Text{
	job.ItemInvalid:     {Ko: "값이 올바르지 않아 보내지 않았습니다", En: "not sent, because its values are not right"},
	job.ItemRejected:    {Ko: "연동사가 거절했습니다", En: "the partner refuses it"},
	job.ItemNotFound:    {Ko: "연동사에 없는 건입니다", En: "the partner does not know it"},
	job.ItemConflict:    {Ko: "연동사에 있는 내용과 충돌합니다", En: "the partner holds something else against it"},
	job.ItemUnavailable: {Ko: "연동사가 계속 오류로 답했습니다", En: "the partner kept failing for it"},
	job.ItemTimedOut:    {Ko: "연동사가 계속 응답하지 않았습니다", En: "the partner kept not answering for it"},
	job.ItemBadAnswer:   {Ko: "연동사의 응답을 알아볼 수 없습니다", En: "the partner's answer cannot be understood"},
	job.ItemNotSaved: {
		Ko: "연동사는 처리했지만 그 결과를 저장하지 못했습니다",
		En: "the partner did its part, but its answer could not be saved here",
	},
	job.ItemUnknown: {
		Ko: "보냈지만 처리되었는지 알 수 없습니다. 연동사에서 확인하세요",
		En: "it was sent, and whether it took effect is not known; look at the partner's",
	},
	job.ItemStopped:      {Ko: "작업이 먼저 끝나 보내지 않았습니다", En: "not sent: the job was ended before"},
	job.ItemUnauthorised: {Ko: "연동사가 인증 정보를 받아들이지 않았습니다", En: "the partner did not accept our credentials"},
}

// OutcomeTitle names an outcome; that of an item without one is empty.
func OutcomeTitle(o job.ItemOutcome, locale string) string {
	title, ok := outcomeTitles[o]
	if !ok {
		return string(o)
	}
	return title.In(locale)
}

var outcomeTitles = map[job.ItemOutcome]Text{
	job.ItemSucceeded:   {Ko: "성공", En: "Succeeded"},
	job.ItemFailed:      {Ko: "실패", En: "Failed"},
	job.ItemUnprocessed: {Ko: "미처리", En: "Not processed"},
}
