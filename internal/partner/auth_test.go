package partner_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner"
)

// A partner checks a signature with nothing but what it received and the token that both sides know.
func Example_signature() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("shared s3cr3t"))
		fmt.Fprintf(mac, "%s\n%s\n%s\n%s", r.Method, r.RequestURI, r.Header.Get("X-Timestamp"), body)
		signature, _ := hex.DecodeString(r.Header.Get("X-Signature"))
		seconds, _ := strconv.ParseInt(r.Header.Get("X-Timestamp"), 10, 64)
		fmt.Println("signed:", hmac.Equal(signature, mac.Sum(nil)))
		fmt.Println("fresh:", time.Since(time.Unix(seconds, 0)) < time.Minute)
		fmt.Println("key:", r.Header.Get("X-Key-Id"))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()

	c, err := partner.New(partner.Settings{
		Name: "carrier", URL: server.URL + "/v1", AllowPrivate: true,
		Auth: partner.Auth{Scheme: partner.AuthHMAC, KeyID: "key-7", Token: partner.NewSecret("shared s3cr3t")},
	}, partner.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	var request partner.Request
	request.Method, request.Path, request.Body = http.MethodPost, "/parcels/A%2F1?notify=yes", []byte(`{"weight":2}`)
	fmt.Println(c.Do(context.Background(), request).Class)
	// Output:
	// signed: true
	// fresh: true
	// key: key-7
	// done
}

func TestAuth(t *testing.T) {
	t.Parallel()
	heads := make(chan http.Header, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { heads <- r.Header })
	token := partner.NewSecret("tok-s3cr3t")
	for _, c := range []struct {
		auth partner.Auth
		want map[string]string // header: value; empty: not there
	}{
		{partner.Auth{}, map[string]string{"Authorization": "", "X-Signature": ""}},
		{partner.Auth{Scheme: "bearer", Token: token}, map[string]string{"Authorization": "Bearer tok-s3cr3t"}},
		{partner.Auth{Scheme: "header", Header: "x-api-key", Token: token}, map[string]string{"X-Api-Key": "tok-s3cr3t", "Authorization": ""}},
		{partner.Auth{Scheme: "hmac", Header: "X-Sig", Token: token}, map[string]string{"X-Signature": "", "X-Key-Id": "", "Authorization": ""}},
	} {
		s := settings(url)
		s.Auth = c.auth
		require.Equal(t, partner.Done, post(t, client(t, s, partner.Options{})).Class)
		head := <-heads
		for name, value := range c.want {
			require.Equal(t, value, head.Get(name), "%s of %q", name, c.auth.Scheme)
		}
		if c.auth.Scheme == "hmac" {
			require.Regexp(t, "^[0-9a-f]{64}$", head.Get("X-Sig"))
		}
		require.Equal(t, "key-1", head.Get("Idempotency-Key"))
	}
}

func TestIdempotencyHeader(t *testing.T) {
	t.Parallel()
	heads := make(chan http.Header, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { heads <- r.Header })
	for name, want := range map[string]string{"": "Idempotency-Key", "x-request-id": "X-Request-Id", "-": ""} {
		s := settings(url)
		s.IdempotencyHeader = name
		require.Equal(t, name != "-", s.Keyed())
		require.Equal(t, partner.Done, post(t, client(t, s, partner.Options{})).Class)
		head := <-heads
		for _, known := range []string{"Idempotency-Key", "X-Request-Id"} {
			require.Equal(t, known == want, head.Get(known) == "key-1", "%q: %s", name, known)
		}
	}
}
