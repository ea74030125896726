package sheet

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

const (
	// Excel refuses the whole file if one of these is longer; all are in UTF-16 code units.
	maxPromptTitle = 32
	maxPrompt      = 255
	maxChoices     = 255 // of a list within the cell, commas included

	choicesSheet = "Lists"
)

// addValidation adds the note and the choices to all cells below the header.
func (b *templateBook) addValidation(letters string, c TemplateColumn) error {
	if c.Note == "" && len(c.Choices) == 0 {
		return nil
	}
	v := excelize.NewDataValidation(!c.Required)
	v.SetSqref(fmt.Sprintf("%s2:%s%d", letters, letters, MaxRows))
	if c.Note != "" {
		v.SetInput(cutUTF16(c.Header, maxPromptTitle), cutUTF16(c.Note, maxPrompt))
	}
	if len(c.Choices) > 0 {
		v.ShowErrorMessage = true // in Excel's own words, which are in the user's language
		if err := b.setChoices(v, c.Choices); err != nil {
			return err
		}
	}
	return b.file.AddDataValidation(b.form, v)
}

// setChoices puts short lists into the validation itself, and those that do not fit there into the hidden sheet.
func (b *templateBook) setChoices(v *excelize.DataValidation, choices []string) error {
	if fitsInCell(choices) {
		return v.SetDropList(choices)
	}
	if b.lists == 0 {
		if _, err := b.file.NewSheet(b.choices); err != nil {
			return err
		}
		if err := b.file.SetSheetVisible(b.choices, false); err != nil {
			return err
		}
	}
	letters := columnLetters(b.lists)
	b.lists++
	for i, choice := range choices {
		if err := b.file.SetCellStr(b.choices, cellName(b.lists, i+1), choice); err != nil {
			return err
		}
	}
	v.SetSqrefDropList(fmt.Sprintf("'%s'!$%s$1:$%s$%d", b.choices, letters, letters, len(choices)))
	return nil
}

// fitsInCell tells whether a list can be written between quotes: there, a comma divides, space around a choice is
// lost, and = begins a formula.
func fitsInCell(choices []string) bool {
	for _, c := range choices {
		if c == "" || strings.ContainsAny(c, ",\n") || strings.TrimSpace(c) != c {
			return false
		}
	}
	joined := strings.Join(choices, ",")
	return !strings.HasPrefix(joined, "=") && len(utf16.Encode([]rune(joined))) <= maxChoices
}
