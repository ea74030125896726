package starter

// UploadRequest says what an upload is for.
type UploadRequest struct {
	Kind   string
	Tenant string
	// Name is the file's name as the user sees it; its extension is a hint, no more.
	Name        string
	ContentType string // as the client says; may be empty
	RequestedBy string
	// Size is the number of bytes to come, -1 when unknown. A file that ends before it is refused as cut off.
	Size int64
}
