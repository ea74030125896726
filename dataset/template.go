package dataset

import (
	"fmt"
	"strings"

	"github.com/longhaul/longhaul/internal/sheet"
)

// Template returns the workbook to fill in: a column for each field with its format, choices and example, and a guide
// that explains them.
func (k Rows) Template(locale string) sheet.Template {
	t := sheet.Template{Sheet: k.Title.In(locale), Guide: guideTitle.In(locale)}
	for _, title := range guideHeader {
		t.GuideHeader = append(t.GuideHeader, title.In(locale))
	}
	for _, f := range k.Fields {
		t.Columns = append(t.Columns, f.templateColumn(locale))
		t.GuideRows = append(t.GuideRows, []string{
			f.Header.In(locale), k.need(f, locale), f.rules(locale), f.About.In(locale), strings.Join(f.Synonyms, ", "),
		})
	}
	return t
}

var (
	guideTitle  = Text{Ko: "작성 안내", En: "Guide"}
	guideHeader = []Text{
		{Ko: "항목", En: "Column"}, {Ko: "필수 여부", En: "Required"}, {Ko: "형식", En: "Format"}, {Ko: "설명", En: "About"},
		{Ko: "다른 이름", En: "Also known as"},
	}
	typeTitles = map[FieldType]Text{
		FieldText:    {Ko: "텍스트", En: "text"},
		FieldCode:    {Ko: "코드", En: "code"},
		FieldInteger: {Ko: "정수", En: "whole number"},
		FieldDecimal: {Ko: "숫자", En: "number"},
		FieldInstant: {Ko: "날짜와 시각", En: "date and time"},
		FieldChoice:  {Ko: "선택", En: "choice"},
	}
)

func (f Field) templateColumn(locale string) sheet.TemplateColumn {
	c := sheet.TemplateColumn{
		Header: f.Header.In(locale), Type: sheet.Text, Required: f.Required, Example: f.Example,
		Note: f.About.In(locale) + "\n" + f.rules(locale),
	}
	switch f.Type {
	case FieldInteger:
		c.Type = sheet.Integer
	case FieldDecimal:
		c.Type, c.Decimals = sheet.Decimal, f.Decimals
	case FieldInstant:
		c.Type = sheet.Instant
	case FieldChoice:
		for _, choice := range f.Choices {
			c.Choices = append(c.Choices, choice.Title.In(locale))
			if choice.Value == f.Example {
				c.Example = choice.Title.In(locale)
			}
		}
	}
	return c
}

// need says whether a field must be filled.
func (k Rows) need(f Field, locale string) string {
	if f.Required {
		return Text{Ko: "필수", En: "yes"}.In(locale)
	}
	for _, group := range k.OneOf {
		for _, name := range group {
			if name == f.Name {
				return Text{Ko: "하나만: ", En: "exactly one of "}.In(locale) + k.shortTitles(group, locale, ", ")
			}
		}
	}
	return Text{Ko: "선택", En: "no"}.In(locale)
}

// rules says what a value must look like.
func (f Field) rules(locale string) string {
	words := []string{typeTitles[f.Type].In(locale)}
	add := func(format Text, args ...any) { words = append(words, fmt.Sprintf(format.In(locale), args...)) }
	if f.Unit != (Text{}) {
		words[0] += " (" + f.Unit.In(locale) + ")"
	}
	if f.Form != (Text{}) {
		words = append(words, f.Form.In(locale))
	} else if f.MaxLength > 0 {
		add(Text{Ko: "%d자 이내", En: "at most %d characters"}, f.MaxLength)
	}
	if f.Decimals > 0 {
		add(Text{Ko: "소수점 아래 %d자리까지", En: "at most %d decimal places"}, f.Decimals)
	}
	if f.Min != "" {
		add(Text{Ko: "%s 이상", En: "at least %s"}, f.Min)
	}
	if f.Max != "" {
		add(Text{Ko: "%s 이하", En: "at most %s"}, f.Max)
	}
	if len(f.Choices) > 0 {
		words = append(words, f.choiceTitles(locale))
	}
	return strings.Join(words, ", ")
}
