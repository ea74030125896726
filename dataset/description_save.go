package dataset

import (
	"slices"

	"github.com/longhaul/longhaul/internal/upload"
)

// BulkSaveDescription tells clients what a kind of bulk save takes; it holds nothing of the tables.
type BulkSaveDescription struct {
	Type  string `json:"type"` // always bulk_save
	Name  string `json:"name"`
	Title Text   `json:"title"`
	About Text   `json:"about"`
	// Key names the fields that tell one row from another, AltKeys those that do where a row has none of them.
	Key     []string   `json:"key"`
	AltKeys [][]string `json:"alt_keys,omitempty"`
	// OneOf lists groups of fields of which each row must fill exactly one.
	OneOf   [][]string         `json:"one_of,omitempty"`
	Fields  []FieldDescription `json:"fields"`
	Formats []string           `json:"formats"`
	Locales []string           `json:"locales"`
	// UndoFor is how long a save can be undone, in seconds; 0: never.
	UndoFor int64 `json:"undo_for"`
}

// FieldDescription describes a column that an upload may have.
type FieldDescription struct {
	Name     string    `json:"name"`
	Header   Text      `json:"header"`
	Synonyms []string  `json:"synonyms,omitempty"`
	About    Text      `json:"about"`
	Type     FieldType `json:"type"`
	Required bool      `json:"required"`
	Unit     *Text     `json:"unit,omitempty"`
	// MaxLength is in characters; Min and Max are numbers in plain notation.
	MaxLength int      `json:"max_length,omitempty"`
	Min       string   `json:"min,omitempty"`
	Max       string   `json:"max,omitempty"`
	Decimals  int      `json:"decimals,omitempty"`
	Choices   []Choice `json:"choices,omitempty"`
	// Form says for people what a value must look like.
	Form    *Text  `json:"form,omitempty"`
	Example string `json:"example,omitempty"`
}

// uploadFormats are those that a bulk save reads.
var uploadFormats = []string{
	string(upload.XLSX), string(upload.CSV), string(upload.TSV), string(upload.JSON), string(upload.NDJSON),
}

// Describe returns the kind's description.
func (k BulkSave) Describe() BulkSaveDescription {
	d := BulkSaveDescription{
		Type: "bulk_save", Name: k.Name, Title: k.Title, About: k.About,
		Key: k.Key, AltKeys: k.AltKeys, OneOf: k.OneOf,
		Fields:  make([]FieldDescription, len(k.Fields)),
		Formats: slices.Clone(uploadFormats),
		Locales: slices.Clone(locales),
		UndoFor: int64(max(0, k.UndoFor).Seconds()),
	}
	for i, f := range k.Fields {
		d.Fields[i] = f.describe()
	}
	return d
}

func (f Field) describe() FieldDescription {
	d := FieldDescription{
		Name: f.Name, Header: f.Header, Synonyms: f.Synonyms, About: f.About, Type: f.Type, Required: f.Required,
		MaxLength: f.MaxLength, Min: f.Min, Max: f.Max, Decimals: f.Decimals, Example: f.Example,
	}
	if f.Unit != (Text{}) {
		d.Unit = &f.Unit
	}
	if f.Form != (Text{}) {
		d.Form = &f.Form
	}
	for _, c := range f.Choices {
		d.Choices = append(d.Choices, Choice{Value: c.Value, Title: c.Title})
	}
	return d
}
