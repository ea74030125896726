package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/job"
)

// position is the last job of a page; the next page begins behind it.
type position struct {
	CreatedAt int64  `json:"t"` // microseconds since 1970
	ID        string `json:"i"`
}

func (p position) at() time.Time { return time.UnixMicro(p.CreatedAt).UTC() }

// digestSize is enough to tell a token that was altered or belongs to another list. It is no secret: whoever
// makes one up sees what they may list anyway.
const digestSize = 8

func writeToken(q job.Query, last jobRow) string {
	return sealToken(jobList(q), position{last.CreatedAt.UnixMicro(), last.ID})
}

// readToken reads a query's token; one that was not given out for this query is job.CodeInvalid.
func readToken(q job.Query) (position, error) {
	var p position
	err := openToken(jobList(q), q.PageToken, &p)
	return p, err
}

// jobList names a list of jobs by its filters, but not the page size, which may change on the way.
func jobList(q job.Query) string {
	return fmt.Sprintf("%q %q %q %q", q.Type, q.Kind, q.State, q.Tenant)
}

// sealToken writes a place in a list.
func sealToken(list string, place any) string {
	text, err := json.Marshal(place)
	if err != nil {
		panic(fmt.Sprintf("marshal page token: %v", err)) // numbers and strings: cannot fail
	}
	return base64.RawURLEncoding.EncodeToString(append(tokenDigest(list, text), text...))
}

// openToken reads a place in a list; a token that was not given out for this list is job.CodeInvalid.
func openToken(list, token string, place any) error {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(data) < digestSize ||
		!bytes.Equal(data[:digestSize], tokenDigest(list, data[digestSize:])) ||
		json.Unmarshal(data[digestSize:], place) != nil {
		return job.Invalid(job.FieldError{
			Pointer: "/page_token", Message: "is not a token of this list; begin without one"})
	}
	return nil
}

// tokenDigest covers the list and the place.
func tokenDigest(list string, text []byte) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s", list, text))
	return sum[:digestSize]
}
