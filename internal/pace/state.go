package pace

// State is what all processes know of an account. It is kept as JSON.
type State struct{}
