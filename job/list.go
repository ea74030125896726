package job

// Query selects jobs, newest first.
type Query struct {
	Type      Type
	Kind      string
	State     State
	Tenant    string
	PageSize  int    // 1 to 100; zero means 25
	PageToken string // from the page before; empty means the first
}

// Page is one page of jobs.
type Page struct {
	Jobs []Job `json:"jobs"`
	// NextPageToken is empty on the last page.
	NextPageToken string `json:"next_page_token,omitempty"`
}
