package partner

// Secret is a text that is never printed, logged or written to JSON.
type Secret string
