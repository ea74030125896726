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
	text, err := json.Marshal(position{last.CreatedAt.UnixMicro(), last.ID})
	if err != nil {
		panic(fmt.Sprintf("marshal page token: %v", err)) // a number and a string: cannot fail
	}
	return base64.RawURLEncoding.EncodeToString(append(tokenDigest(q, text), text...))
}

// readToken reads a query's token; one that was not given out for this query is job.CodeInvalid.
func readToken(q job.Query) (position, error) {
	var p position
	data, err := base64.RawURLEncoding.DecodeString(q.PageToken)
	if err != nil || len(data) < digestSize ||
		!bytes.Equal(data[:digestSize], tokenDigest(q, data[digestSize:])) ||
		json.Unmarshal(data[digestSize:], &p) != nil {
		return p, job.Invalid(job.FieldError{
			Pointer: "/page_token", Message: "is not a token of this list; begin without one"})
	}
	return p, nil
}

// tokenDigest covers the position and the filters, but not the page size, which may change on the way.
func tokenDigest(q job.Query, text []byte) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %s", q.Type, q.Kind, q.State, q.Tenant, text))
	return sum[:digestSize]
}
