package partner

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"message":"no such order"}`:                                                "no such order",
		`{"Message":"no such order"}`:                                                "no such order",
		`{"error":"no such order"}`:                                                  "no such order",
		`{"error":{"code":7,"message":"no such order"}}`:                             "no such order",
		`{"errors":[{"message":"no such order"},{"x":1}]}`:                           "no such order",
		`{"errors":["no such order","and more"]}`:                                    "no such order",
		`{"errors":{"tracking_no":["is too long"]}}`:                                 "tracking_no: is too long",
		`{"errors":{"message":"no such order"}}`:                                     "no such order",
		`{"error":"invalid_grant","error_description":"is old"}`:                     "invalid_grant: is old",
		`{"error_description":"is old"}`:                                             "is old",
		`{"type":"about:blank","title":"Out","detail":"no such order","status":400}`: "no such order",
		`{"title":"no such order"}`:                                                  "no such order",
		`{"message":"","error":null,"detail":"third"}`:                               "third",
		`"no such order"`:                                                            "no such order",
		`[{"message":"no such order"}]`:                                              "no such order",
		`{"message":{"error":{"detail":{"title":"too deep"}}}}`:                      "",
		`{"message":"<html><body>Oops</body></html>"}`:                               "",
		`{"message":42}`:                                                             "", `{}`: "", `[]`: "", `null`: "", `17`: "", `{"status":"x"}`: "",
	} {
		require.True(t, json.Valid([]byte(body)), body)
		require.Equal(t, want, words(nil, []byte(body), []byte(body)), body)
	}
}

func TestWordsOfPlainText(t *testing.T) {
	t.Parallel()
	read := func(kind, body string) string {
		return words(http.Header{"Content-Type": {kind}}, []byte(body), nil)
	}
	require.Equal(t, "Order 7 is locked", read("text/plain; charset=utf-8", "Order 7 is locked"))
	require.Equal(t, "Order 7 is locked", read("", "Order 7 is locked"))
	require.Empty(t, read("text/html", "Order 7 is locked"))
	require.Empty(t, read("text/plain", "<!DOCTYPE html><p>Order</p>"))
	require.Empty(t, read("", "\n <center>Order</center>"))
	require.Empty(t, read("text/plain", strings.Repeat("x", 501)))
	require.Empty(t, read("text/plain", "\xff\xfe\x00"))
}

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" a\x00b\r\n\tc  d\u0085 ":      "a b c d",
		"a\u202eb\u200bc\ufeffd\ue000e": "abcde",
		"배송이 시작된 주문입니다":                 "배송이 시작된 주문입니다",
		"bad \xff byte":                 "bad � byte",
		"<b>bold</b>":                   "",
		"a < b and c > d":               "a < b and c > d",
	} {
		require.Equal(t, want, clean(text, nil), "%q", text)
	}
	long := clean(strings.Repeat("가", 600), nil)
	require.Equal(t, 500, utf8.RuneCountInString(long))
	require.True(t, strings.HasSuffix(long, "가…"))
	require.Equal(t, strings.Repeat("가", 500), clean(strings.Repeat("가", 500), nil))
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const token = "tok/s3cr3t+1"
	for _, text := range []string{
		"the token " + token + " is not known", "got tok%2Fs3cr3t%2B1", "got " + base64.StdEncoding.EncodeToString([]byte(token)),
		"x" + token + token, strings.Repeat(" ", maxRead-9) + token, "tok/s3\u200bcr3t+1", strings.Repeat("y", 495) + " " + token, // also where the text is cut
		"Authorization: Bearer eyJhbGciOiJI.s3cr3t", "authorization=Basic dXNlcjpzM2NyM3Q=", "bearer abcdefs3cr3t",
		`api_key="my s3cr3t", next`, "X-Api-Key: s3cr3t", "?access_token=s3cr3t&x=1", "client_secret=s3cr3t", "password : s3cr3t",
	} {
		shown := clean(text, []string{token})
		require.NotContains(t, shown, "s3cr3t", text)
		require.NotContains(t, shown, "tok/", text)
		require.NotContains(t, shown, "dXNlc", text)
		require.Contains(t, shown, "•••", text)
	}
	require.Equal(t, `api_key=••• next`, clean(`api_key="a b" next`, nil))
	require.Equal(t, "the token has expired", clean("the token has expired", []string{token}), "words are not credentials")
	require.Equal(t, "unchanged", clean("unchanged", []string{""}))
}
