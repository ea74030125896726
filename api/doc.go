// Package api is Longhaul's HTTP interface: huma on Gin, so that validation, problem documents and the
// OpenAPI 3.1 document all come from the same Go types.
//
//	POST /v1/exports/{kind}               start an export                     202, 409 if the same one runs
//	POST /v1/uploads                      a file to be saved or sent; streamed        201
//	GET  /v1/uploads/{id}                 what its columns are taken for
//	POST /v1/bulk-saves/{kind}            start a bulk save, of an upload or a file  202, 409 if one runs
//	POST /v1/syncs/{kind}                 start a sync, of filters, an upload or a file    202, 409 if one runs
//	GET  /v1/jobs                         jobs, newest first, by page token
//	GET  /v1/jobs/{id}                    one job, ETag, Retry-After while it runs
//	GET  /v1/jobs/{id}/events             the same, pushed (SSE)
//	POST /v1/jobs/{id}/cancel|pause|resume|retry|undo
//	GET  /v1/jobs/{id}/items              what became of single rows or items
//	GET  /v1/jobs/{id}/artifacts/{name}   download; Range, ETag, resumable
//	GET  /v1/partners, GET|PATCH /v1/partners/{name}
//	GET|POST /v1/schedules, GET|PATCH|DELETE /v1/schedules/{id}, POST …/run
//	GET  /v1/kinds, /v1/kinds/{type}/{kind}, …/template.xlsx
//	GET  /healthz /readyz /metrics /openapi.json /docs
//
// Everything that goes wrong is answered with problem+json (RFC 9457), made in one place, see [Problem].
//
// # Limits
//
// No response but a download is larger than [MaxResponse], and a JSON object in a request is at most [MaxBody].
// A call to what lies behind is given up after [callTimeout]. Files on their way in or out and event streams may
// last as long as they like, but one that does not move for a while is cut off.
package api
