package partner_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner"
)

// settings are those of a partner on this machine.
func settings(url string) partner.Settings {
	return partner.Settings{
		Name: "marketplace", URL: url, AllowPrivate: true,
		Auth: partner.Auth{Scheme: partner.AuthBearer, Token: partner.NewSecret("tok-s3cr3t")},
	}
}

func client(t *testing.T, s partner.Settings, o partner.Options) *partner.Client {
	t.Helper()
	c, err := partner.New(s, o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// serve answers by HTTP/1.1 on this machine.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

func post(t *testing.T, c *partner.Client) partner.Answer {
	t.Helper()
	return c.Do(t.Context(), partner.Request{Method: http.MethodPost, Path: "/dispatches", Body: []byte(`{"n":1}`), IdempotencyKey: "key-1"})
}

// TestRequest shows all that the partner sees.
func TestRequest(t *testing.T) {
	t.Parallel()
	seen := make(chan *http.Request, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(nil)
		r.Header.Set("Got-Body", string(body))
		seen <- r
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, ` {"id":"R-1"} `)
	})
	c := client(t, settings(url+"/api/v2/"), partner.Options{Version: "1.2.3"})
	answer := c.Do(context.Background(), partner.Request{
		Method: http.MethodPost, Path: "/orders/A%2FB%201/dispatches?notify=1", Body: []byte(`{"n":1}`), IdempotencyKey: "key-1",
		Header: http.Header{"x-shop": {"7"}, "authorization": {"Bearer other"}, "Connection": {"close"}, "host": {"elsewhere"}},
	})
	require.Equal(t, partner.Done, answer.Class)
	require.Equal(t, 201, answer.Status)
	require.JSONEq(t, `{"id":"R-1"}`, string(answer.Body))
	require.Empty(t, answer.Code)
	require.Empty(t, answer.Message)
	require.False(t, answer.InDoubt)
	require.NoError(t, answer.Err)
	require.Positive(t, answer.Took)
	require.False(t, answer.At.IsZero())

	r := <-seen
	require.Equal(t, "/api/v2/orders/A%2FB%201/dispatches?notify=1", r.RequestURI)
	require.Equal(t, url, "http://"+r.Host)
	require.Equal(t, http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "Authorization": {"Bearer tok-s3cr3t"},
		"Content-Length": {"7"}, "Content-Type": {"application/json"}, "Got-Body": {`{"n":1}`},
		"Idempotency-Key": {"key-1"}, "User-Agent": {"longhaul/1.2.3"}, "X-Shop": {"7"},
	}, r.Header)
}
