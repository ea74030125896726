package dataset

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// withDefaults returns a copy of k in which every limit is set.
func (k BulkSave) withDefaults() BulkSave {
	orElse(&k.ChunkRows, DefaultChunkRows)
	orElse(&k.UndoFor, DefaultUndoFor)
	orElse(&k.HoldFor, DefaultHoldFor)
	orElse(&k.SlowAfter, DefaultSlowAfter)
	orElse(&k.StallAfter, DefaultStallAfter)
	orElse(&k.GiveUpAfter, DefaultGiveUpAfter)
	orElse(&k.MaxDuration, DefaultMaxDuration)
	orElse(&k.Window, DefaultSaveWindow)
	return k
}

// checkBulkSave returns everything that is wrong with a kind.
func checkBulkSave(k BulkSave) []error {
	wrong := checkKind(k.Name, k.Title, k.About)
	if k.ChunkRows < 0 || k.HoldFor < 0 || k.SlowAfter < 0 || k.StallAfter < 0 || k.GiveUpAfter < 0 || k.MaxDuration < 0 ||
		k.Window < 0 || k.ChunksPerRun < 0 {
		wrong = append(wrong, errors.New("a limit is negative"))
	}
	wrong = append(wrong, checkFields(k.Fields)...)
	wrong = append(wrong, k.Rows().checkKeys()...)
	wrong = append(wrong, k.Rows().checkTogether()...)
	if len(wrong) == 0 { // what follows relies on the fields
		wrong = append(k.checkPlan(), k.Rows().checkExample()...)
	}
	return wrong
}

// checkFields checks the fields of an upload; reserved are headers that the kind's workbooks have besides them.
func checkFields(fields []Field, reserved ...string) []error {
	if len(fields) == 0 {
		return []error{errors.New("there are no fields")}
	}
	var wrong []error
	names := map[string]bool{}
	headers := map[string]string{
		NormalHeader(reasonHeader.Ko): "the error workbook", NormalHeader(reasonHeader.En): "the error workbook",
	}
	for _, header := range reserved {
		headers[NormalHeader(header)] = "the result workbook"
	}
	for _, f := range fields {
		if names[f.Name] {
			wrong = append(wrong, fmt.Errorf("field %q: the name is taken", f.Name))
		}
		names[f.Name] = true
		for _, form := range f.forms() {
			normal := NormalHeader(form)
			if owner, taken := headers[normal]; taken && owner != f.Name {
				wrong = append(wrong, fmt.Errorf("field %q: %q is a header of %s too", f.Name, form, owner))
			}
			headers[normal] = f.Name
		}
		if err := f.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("field %q: %w", f.Name, err))
		}
	}
	return wrong
}

// maxPlaces is how many decimal places a column keeps; see also [Column.Decimals].
const maxPlaces = 15

func (f Field) check() error {
	types := []FieldType{FieldText, FieldCode, FieldInteger, FieldDecimal, FieldInstant, FieldChoice}
	text := f.Type == FieldText || f.Type == FieldCode
	isNumber := f.Type == FieldInteger || f.Type == FieldDecimal
	switch {
	case !fieldName.MatchString(f.Name) || len(f.Name) > maxName:
		return errors.New("the name must be in snake case")
	case !complete(f.Header):
		return errors.New("its header is missing in a language")
	case slices.ContainsFunc(f.Synonyms, func(s string) bool { return NormalHeader(s) == "" }):
		return errors.New("a synonym is empty")
	case !complete(f.About):
		return errors.New("about is missing in a language")
	case !slices.Contains(types, f.Type):
		return fmt.Errorf("unknown type %q", f.Type)
	case text != (f.MaxLength > 0):
		return errors.New("MaxLength belongs to texts and codes, and they need it")
	case !isNumber && (f.Min != "" || f.Max != "" || f.Unit != (Text{})):
		return errors.New("bounds and unit are for numbers")
	case f.Unit != (Text{}) && !complete(f.Unit):
		return errors.New("its unit is missing in a language")
	case f.Decimals < 0 || f.Decimals > maxPlaces || f.Decimals > 0 && f.Type != FieldDecimal:
		return fmt.Errorf("%d decimals are too many or not for this type", f.Decimals)
	case (f.Type == FieldChoice) != (len(f.Choices) > 0):
		return errors.New("choices belong to a choice, and it needs them")
	case f.Pattern != "" && !text:
		return errors.New("a pattern is for texts and codes")
	case (f.Pattern != "") != complete(f.Form):
		return errors.New("pattern and form belong together, in both languages")
	case f.Required && f.Example == "":
		return errors.New("a required field needs an example")
	}
	if _, err := regexp.Compile(f.Pattern); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	return errors.Join(f.checkBounds(), f.checkChoices())
}

func (f Field) checkBounds() error {
	for _, bound := range []string{f.Min, f.Max} {
		n, ok := splitNumber([]byte(bound))
		if bound != "" && (!ok || len(n.fraction) > f.Decimals || n.String() != bound) {
			return fmt.Errorf("bound %q must be a number in plain notation, with at most %d decimals", bound, f.Decimals)
		}
	}
	if f.Min != "" && f.Max != "" && compareNumbers(plainNumber(f.Min), plainNumber(f.Max)) > 0 {
		return fmt.Errorf("minimum %s is more than maximum %s", f.Min, f.Max)
	}
	return nil
}

func (f Field) checkChoices() error {
	owners := map[string]string{}
	for _, c := range f.Choices {
		if c.Value == "" || !complete(c.Title) {
			return fmt.Errorf("choice %q is empty or without title", c.Value)
		}
		for _, form := range c.forms() {
			normal := NormalHeader(form)
			if owner, taken := owners[normal]; normal == "" || taken && owner != c.Value {
				return fmt.Errorf("choice %q: %q is empty or stands for %q too", c.Value, form, owner)
			}
			owners[normal] = c.Value
		}
	}
	// A value twice has no other owner, and is found by counting.
	distinct := map[string]bool{}
	for _, c := range f.Choices {
		if distinct[c.Value] {
			return fmt.Errorf("choice %q is there twice", c.Value)
		}
		distinct[c.Value] = true
	}
	return nil
}

// checkNames checks a list of fields.
func (k Rows) checkNames(what string, names []string) error {
	for i, name := range names {
		if k.field(name) < 0 {
			return fmt.Errorf("%s: there is no field %q", what, name)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s: field %q is there twice", what, name)
		}
	}
	return nil
}

func (k Rows) checkKeys() []error {
	var wrong []error
	add := func(err error) {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	for i := range 1 + len(k.AltKeys) {
		if len(k.keyNames(i)) == 0 {
			add(errors.New("a key has no fields"))
		}
		add(k.checkNames("key", k.keyNames(i)))
	}
	inGroup := map[string]bool{}
	for _, group := range k.OneOf {
		add(k.checkNames("one of", group))
		if len(group) < 2 {
			add(fmt.Errorf("one of %v: a group has two fields or more", group))
		}
		for _, name := range group {
			if at := k.field(name); at >= 0 && k.Fields[at].Required || inGroup[name] {
				add(fmt.Errorf("one of: field %q is required, or in another group too", name))
			}
			inGroup[name] = true
		}
	}
	return wrong
}

func (k Rows) checkTogether() []error {
	if k.Together == "" {
		if len(k.Agree) > 0 || k.Count != "" {
			return []error{errors.New("agree and count are for rows that belong together")}
		}
		return nil
	}
	var wrong []error
	if at := k.field(k.Together); at < 0 || !k.Fields[at].Required {
		wrong = append(wrong, fmt.Errorf("together: %q must be a required field", k.Together))
	}
	if err := k.checkNames("agree", append([]string{k.Together}, k.Agree...)); err != nil && len(wrong) == 0 {
		wrong = append(wrong, err)
	}
	if k.Count != "" {
		at := k.field(k.Count)
		if at < 0 || k.Fields[at].Type != FieldInteger || k.Fields[at].Required {
			wrong = append(wrong, fmt.Errorf("count: %q must be a whole number that may be left out", k.Count))
		}
	}
	return wrong
}

// checkExample reads the examples as the one row of a template.
func (k Rows) checkExample() []error {
	var columns []job.UploadColumn
	row := upload.Row{Number: 1}
	for i, f := range k.Fields {
		columns = append(columns, job.UploadColumn{Index: i, Column: f.Name})
		row.Cells = append(row.Cells, upload.Cell{Kind: upload.Text, Text: []byte(f.Example)})
	}
	_, errs := k.Reader(columns, time.UTC).Read(&row)
	var wrong []error
	for _, e := range errs {
		wrong = append(wrong, fmt.Errorf("example: %s", k.Message(e, LocaleEnglish)))
	}
	return wrong
}
