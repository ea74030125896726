package job

// Partner is an outside system and what its account allows.
type Partner struct {
	// Name is that of its settings in lower case, e.g. marketplace.
	Name string `json:"name"`
	// Host is where it is, without anything secret; empty where it is not configured.
	Host string `json:"host,omitempty"`
	// Kinds are the syncs that call it.
	Kinds []string `json:"kinds"`
	// Configured are the limits of this process's settings, Changed those that were changed while it ran, which hold.
	Configured PartnerLimits  `json:"configured"`
	Changed    *PartnerLimits `json:"changed,omitempty"`
	Account    Account        `json:"account"`
}

// PartnerLimits are limits of an account. In a change a nil field is left as it is.
type PartnerLimits struct {
	// MaxInFlight is the most calls on their way at once, 1 to 1000.
	MaxInFlight *int `json:"max_in_flight,omitempty"`
	// IntervalMillis is the least time between two starts, 0 to 3,600,000; 0 is none.
	IntervalMillis *float64 `json:"interval_ms,omitempty"`
	// Rate is the most starts in a time, e.g. 600/1m; "0" is none.
	Rate *string `json:"rate,omitempty"`
	// DailyQuota is the most starts in a day; 0 is none.
	DailyQuota *int64 `json:"daily_quota,omitempty"`
	// TimeoutMillis is how long a call may take, 100 to 600,000.
	TimeoutMillis *int64 `json:"timeout_ms,omitempty"`
}
