package dataset

// FilterType decides how a filter's values are checked and shown on the page.
type FilterType string

// The filter types.
const (
	// FilterText is a text or code of 1 to 200 characters, matched whole. It is put into the form in which
	// codes are saved: NFC, without space around it.
	FilterText    FilterType = "text"
	FilterDate    FilterType = "date"    // YYYY-MM-DD in the tenant's time zone, 1900 to 2999
	FilterInteger FilterType = "integer" // -999,999,999,999 to 999,999,999,999
	FilterChoice  FilterType = "choice"  // one of Choices
	FilterFlag    FilterType = "flag"    // true or false; false is the same as not given
)

// Filter narrows an export.
type Filter struct {
	// Name is the filter's stable name in requests.
	Name  string
	Title Text
	Type  FilterType
	// Where is the condition. It has one ? for the value: "o.status IN (?)" is widened to as many as
	// are given when Many is set. A [FilterDate] value is passed as the instant at which that day begins
	// in the tenant's zone, and with DayAfter as the instant at which the next one begins, so that
	// `< ?` includes the day. A [FilterFlag] has no ?; the condition holds when the value is true.
	Where    string
	Many     bool // several values are allowed, at most [MaxFilterValues]
	DayAfter bool
	Required bool
	// NotAfter names the filter, of the same type, that this one's value must not exceed: the "to" of a
	// "from". It is checked when both are given.
	NotAfter string
	Choices  []Choice
}

// Choice is one allowed value of a filter.
type Choice struct {
	Value string `json:"value"`
	Title Text   `json:"title"`
}

// MaxFilterValues is the most values one filter takes: it keeps a request within the placeholders of a
// statement and within 64 KB of history.
const MaxFilterValues = 500

// MaxFilterText is the most characters that a value of a [FilterText] has: more than any column that one
// filters by.
const MaxFilterText = 200

// maxFilterInteger is what a form and a spreadsheet can show without losing digits.
const maxFilterInteger = 999_999_999_999
