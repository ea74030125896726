package dataset

import "slices"

// SyncDescription tells clients what a kind of sync sends; it holds no SQL and nothing of the partner's protocol.
type SyncDescription struct {
	Type  string `json:"type"` // always sync
	Name  string `json:"name"`
	Title Text   `json:"title"`
	About Text   `json:"about"`
	// Partner is the outside system, e.g. marketplace.
	Partner string `json:"partner"`
	// Key names the fields that tell one item from another.
	Key []string `json:"key"`
	// InOrder names the field of whose items with the same value one goes after the other.
	InOrder string `json:"in_order,omitempty"`
	// Fields are what a posted item or a file may have.
	Fields []FieldDescription `json:"fields"`
	// Filters choose items from the database.
	Filters []FilterDescription `json:"filters"`
	// PerCall is how many items go into one call, at least 1.
	PerCall int      `json:"per_call"`
	Formats []string `json:"formats"` // of files
	Locales []string `json:"locales"`
}

// Describe returns the kind's description.
func (k Sync) Describe() SyncDescription {
	d := SyncDescription{
		Type: "sync", Name: k.Name, Title: k.Title, About: k.About, Partner: k.Partner, Key: k.Key, InOrder: k.InOrder,
		Fields:  make([]FieldDescription, len(k.Fields)),
		Filters: describeFilters(k.Filters),
		PerCall: max(1, k.Call.PerCall),
		Formats: slices.Clone(uploadFormats),
		Locales: slices.Clone(locales),
	}
	for i, f := range k.Fields {
		d.Fields[i] = f.describe()
	}
	return d
}
