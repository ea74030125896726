package contract

import "go.temporal.io/sdk/temporal"

// Search attributes of every execution. All are keywords; a namespace holds at most ten of them.
var (
	JobType     = temporal.NewSearchAttributeKeyKeyword("JobType")
	JobKind     = temporal.NewSearchAttributeKeyKeyword("JobKind")
	Tenant      = temporal.NewSearchAttributeKeyKeyword("Tenant")
	RequestedBy = temporal.NewSearchAttributeKeyKeyword("RequestedBy")
)

// SearchAttributes lists them for whoever registers them.
var SearchAttributes = []temporal.SearchAttributeKeyKeyword{JobType, JobKind, Tenant, RequestedBy}
