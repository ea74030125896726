package dataset

// FilterType decides how a filter's values are checked and shown on the page.
type FilterType string

// The filter types.
const (
	FilterText    FilterType = "text"    // exact match, 1 to 200 characters
	FilterDate    FilterType = "date"    // YYYY-MM-DD in the tenant's time zone
	FilterInteger FilterType = "integer" // -999,999,999,999 to 999,999,999,999
	FilterChoice  FilterType = "choice"  // one of Choices
	FilterFlag    FilterType = "flag"    // true or false
)

// Filter narrows an export.
type Filter struct {
	Name  string
	Title Text
	Type  FilterType
	// Where is the condition. It has one ? for each value: "o.status IN (?)" is widened to as many as
	// are given when Many is set. A [FilterDate] value is passed as the instant at which that day begins
	// in the tenant's zone, and with DayAfter as the instant at which the next one begins, so that
	// `< ?` includes the day. A [FilterFlag] has no ?; the condition holds when the value is true.
	Where    string
	Many     bool // several values are allowed, at most [MaxFilterValues]
	DayAfter bool
	Required bool
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
