package api

import "time"

const (
	// MaxBody is the largest JSON body accepted, in bytes. The longest request that makes sense (500
	// values of 200 characters in one filter) is a third of it.
	MaxBody = 1 << 20
	// MaxResponse is the largest response in bytes, downloads apart: small enough for any gateway, and for
	// a page that asks twice a second.
	MaxResponse = 256 << 10
	// DefaultMaxUpload is the largest file accepted unless set otherwise, in bytes: five times the largest sheet that
	// a spreadsheet program writes in practice. It costs storage, not memory.
	DefaultMaxUpload = 512 << 20
	// maxForm is how much of a form may come before its file, in bytes; a mapping of 500 columns is a tenth of it.
	maxForm = 1 << 20
	// maxMapped is the most headers that a request maps: no kind has as many columns.
	maxMapped = 500
	// maxCell is how much of a cell is shown, in characters. A column's headers and samples say what it is with that,
	// and 500 headers of it are within MaxResponse.
	maxCell = 100
	// maxRequestEcho is the largest original request, in bytes, that GET /v1/jobs/{id} repeats. One started
	// by hand may be up to 2 MB, the most that Temporal takes; half of MaxResponse leaves room for the rest.
	maxRequestEcho = MaxResponse / 2

	// A body may hold tens of thousands of mistakes, and names as long as itself. An answer names this many
	// of them, cut to this many characters: enough to mend any honest request, and far below MaxResponse.
	maxPlaces = 50
	maxWords  = 500

	// callTimeout bounds a call to Temporal and the database. A status query has half of it for each of its
	// two attempts; both are needed when the worker that held the execution has just died.
	callTimeout = 5 * time.Second
	// readyTimeout bounds each check of /readyz, so that a probe with the usual second of patience hears
	// which part it was.
	readyTimeout = 900 * time.Millisecond
	// bodyTimeout bounds reading a body: 1 MB within it is 35 kB/s. It has to be longer than callTimeout,
	// because net/http cancels a running handler when the deadline for reading passes.
	bodyTimeout = 30 * time.Second
	// idleWrite cuts off a download or stream whose client takes nothing at all for that long. A slow client
	// that takes something is never cut off.
	idleWrite = 60 * time.Second

	// defaultUploadIdle gives up a file of which nothing comes for that long; one that comes slowly is never cut off.
	// Mobile networks are silent for half a minute when they change cells.
	defaultUploadIdle = 60 * time.Second
	// stallTimeout bounds what storage takes for a piece of a file, and in the end for a look at its first rows, for
	// which a workbook's list of strings may have to be read.
	stallTimeout = 30 * time.Second
	// drainTimeout is how long a refused file may go on coming: what browsers take to notice, on a slow line.
	drainTimeout = 20 * time.Second

	defaultPoll = 500 * time.Millisecond // a person sees a bar move; a query costs about 10 ms
	defaultPing = 15 * time.Second       // below the 30 to 60 s after which proxies drop a silent connection

	// maxRanges is the most byte ranges honoured in one request; with more the whole file is sent, which
	// RFC 9110 allows. Each range costs a request to blob storage.
	maxRanges = 16
)
