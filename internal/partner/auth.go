package partner

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// The headers that go with a signature.
const (
	timestampHeader = "X-Timestamp"
	keyIDHeader     = "X-Key-Id"
)

// sign identifies us to the partner.
func (a Auth) sign(req *http.Request, body []byte, now time.Time) {
	switch a.Scheme {
	case AuthBearer:
		req.Header.Set("Authorization", "Bearer "+a.Token.Reveal())
	case AuthHeader:
		req.Header.Set(a.Header, a.Token.Reveal())
	case AuthHMAC:
		at := strconv.FormatInt(now.Unix(), 10)
		req.Header.Set(timestampHeader, at)
		if a.KeyID != "" {
			req.Header.Set(keyIDHeader, a.KeyID)
		}
		req.Header.Set(a.signatureHeader(), a.signature(req.Method, req.URL.RequestURI(), at, body))
	}
}

func (a Auth) signatureHeader() string { return cmp.Or(a.Header, defaultSignatureHeader) }

func (a Auth) signature(method, path, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(a.Token.Reveal()))
	for _, part := range []string{method, path, at} {
		mac.Write([]byte(part))
		mac.Write([]byte{'\n'})
	}
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// secrets are the texts of a request that an answer must not bring back to people.
func (a Auth) secrets(req *http.Request) []string {
	if a.Scheme == AuthHMAC {
		return []string{a.Token.Reveal(), req.Header.Get(a.signatureHeader())}
	}
	return []string{a.Token.Reveal()}
}
