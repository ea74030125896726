package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/config"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
)

// partnersFile writes a file of partners, and one with a token beside it.
func partnersFile(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "shop.token"), []byte("filed-s3cr3t\n"), 0o600))
	path := filepath.Join(dir, "partners.toml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func seoul(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Seoul")
	require.NoError(t, err)
	return zone
}

func TestPartnersOfEnvironment(t *testing.T) {
	t.Parallel()
	partners, err := config.Partners([]string{
		"HOME=/root",
		"LONGHAUL_PARTNER_MARKETPLACE_URL=https://api.market.example/v2",
		"LONGHAUL_PARTNER_MARKETPLACE_TOKEN=s3cr3t",
		"LONGHAUL_PARTNER_MARKETPLACE_MAX_IN_FLIGHT=20",
		"LONGHAUL_PARTNER_MARKETPLACE_INTERVAL=0",
		"LONGHAUL_PARTNER_MARKETPLACE_RATE=600/1m",
		"LONGHAUL_PARTNER_MARKETPLACE_DAILY_QUOTA=5000",
		"LONGHAUL_PARTNER_MARKETPLACE_QUOTA_RESET=09:30 Asia/Seoul",
		"LONGHAUL_PARTNER_MARKETPLACE_TIMEOUT=5s",
		"LONGHAUL_PARTNER_MARKETPLACE_IDEMPOTENCY_HEADER=X-Request-Key",
		"LONGHAUL_PARTNER_BIG_CARRIER_2_URL=http://carrier.example",
		"LONGHAUL_PARTNER_BIG_CARRIER_2_AUTH=hmac:X-Sig",
		"LONGHAUL_PARTNER_BIG_CARRIER_2_KEY_ID=k-1",
		"LONGHAUL_PARTNER_BIG_CARRIER_2_TOKEN=other",
		"LONGHAUL_PARTNER_BIG_CARRIER_2_RATE=5/s",
		"LONGHAUL_PARTNER_EMPTY_URL=",                                                // as a compose file passes on what is not set
		"LONGHAUL_PARTNER_SERVICE_HOST=10.0.0.7", "LONGHAUL_PARTNER_SERVICE_PORT=80", // by Kubernetes
		"LONGHAUL_PARTNER_PORT=tcp://10.0.0.7:80", "LONGHAUL_PARTNER_PORT_80_TCP_ADDR=10.0.0.7",
	}, "")
	require.NoError(t, err)
	require.Equal(t, []config.Partner{
		{Settings: partner.Settings{
			Name: "big-carrier-2", URL: "http://carrier.example",
			Auth:   partner.Auth{Scheme: "hmac", Header: "X-Sig", KeyID: "k-1", Token: partner.NewSecret("other")},
			Limits: pace.Limits{Rate: pace.Rate{Count: 5, Per: time.Second}},
		}},
		{Settings: partner.Settings{
			Name: "marketplace", URL: "https://api.market.example/v2",
			Auth: partner.Auth{Scheme: "bearer", Token: partner.NewSecret("s3cr3t")},
			Limits: pace.Limits{
				MaxInFlight: 20, Interval: -1, Rate: pace.Rate{Count: 600, Per: time.Minute}, DailyQuota: 5000,
				QuotaReset: 9*time.Hour + 30*time.Minute, Zone: seoul(t),
			},
			Timeout: 5 * time.Second, IdempotencyHeader: "X-Request-Key",
		}},
	}, partners)
}

const shop = `
[shop]
url = "https://shop.example/api"
token_file = "shop.token"
auth = "header:X-Api-Key"
max_in_flight = 3
interval = "250ms"
quota_reset = "00:00"
idempotency_header = "-"

[shop.classes]
409 = "again"
404 = "done"

[shop.calls.dispatch-shipments]
path = "/orders/{order_no}/fulfilments"
safe = false
body = [{name = "a/b", from = "order_no"}, {name = "kind", const = {of = "any"}}]
[shop.calls.dispatch-shipments.look_up]
method = "GET"
path = "/orders/{order_no}"
`

func TestPartnersOfFile(t *testing.T) {
	t.Parallel()
	partners, err := config.Partners(nil, partnersFile(t, shop))
	require.NoError(t, err)
	require.Len(t, partners, 1)
	require.Equal(t, partner.Settings{
		Name: "shop", URL: "https://shop.example/api",
		Auth:              partner.Auth{Scheme: "header", Header: "X-Api-Key", Token: partner.NewSecret("filed-s3cr3t")},
		Limits:            pace.Limits{MaxInFlight: 3, Interval: 250 * time.Millisecond, Zone: time.UTC},
		IdempotencyHeader: "-",
		Classes:           map[int]partner.Class{409: partner.Again, 404: partner.Done},
	}, partners[0].Settings)
	require.Len(t, partners[0].Calls, 1)

	// What it leaves out stays, and what it says replaces, "no" too.
	call := dataset.Call{Method: "POST", Path: "/dispatches", RemoteID: "/id", Safe: true}
	require.NoError(t, partners[0].Calls["dispatch-shipments"](&call))
	require.Equal(t, dataset.Call{
		Method: "POST", Path: "/orders/{order_no}/fulfilments", RemoteID: "/id",
		Body:   []dataset.BodyField{{Name: "a/b", From: "order_no"}, {Name: "kind", Const: map[string]any{"of": "any"}}},
		LookUp: &dataset.Call{Method: "GET", Path: "/orders/{order_no}"},
	}, call)
}

func TestCallsAtTheSameTime(t *testing.T) {
	t.Parallel()
	partners, err := config.Partners(nil, partnersFile(t, shop))
	require.NoError(t, err)
	var group sync.WaitGroup
	calls := make([]dataset.Call, 8)
	for i := range calls {
		group.Go(func() { _ = partners[0].Calls["dispatch-shipments"](&calls[i]) })
	}
	group.Wait()
	for _, c := range calls {
		require.Equal(t, "/orders/{order_no}/fulfilments", c.Path)
		require.Len(t, c.Body, 2)
	}
}

func TestEnvironmentComesBeforeFile(t *testing.T) {
	t.Parallel()
	partners, err := config.Partners([]string{
		"LONGHAUL_PARTNER_SHOP_TOKEN=s3cr3t", "LONGHAUL_PARTNER_SHOP_MAX_IN_FLIGHT=7",
		"LONGHAUL_PARTNER_SHOP_AUTH=bearer", "LONGHAUL_PARTNER_ALLOW_PRIVATE=1",
	}, partnersFile(t, strings.Replace(shop, "shop.token", "is not there", 1)))
	require.NoError(t, err)
	s := partners[0].Settings
	require.Equal(t, partner.Auth{Scheme: "bearer", Token: partner.NewSecret("s3cr3t")}, s.Auth)
	require.Equal(t, 7, s.Limits.MaxInFlight)
	require.Equal(t, 250*time.Millisecond, s.Limits.Interval)
	require.True(t, s.AllowPrivate)
}

func TestTokenOfVariable(t *testing.T) {
	t.Parallel()
	file := partnersFile(t, "[shop]\nurl = \"https://shop.example\"\ntoken_env = \"SHOP_KEY\"\n")
	partners, err := config.Partners([]string{"SHOP_KEY=s3cr3t"}, file)
	require.NoError(t, err)
	require.Equal(t, partner.Auth{Scheme: "bearer", Token: partner.NewSecret("s3cr3t")}, partners[0].Auth)
	_, err = config.Partners(nil, file)
	require.EqualError(t, err, "partners.toml:3: shop.token_env: the variable SHOP_KEY is not set")
}

func TestWrongVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pairs, want string }{
		{"URL=https://u:s3cr3t@x.example", "LONGHAUL_PARTNER_X_URL: must not hold a user or password; credentials have settings of their own"},
		{"URL=ftp://x.example", "LONGHAUL_PARTNER_X_URL: must begin with http:// or https://"},
		{"URL=https://x.example?key=s3cr3t", "LONGHAUL_PARTNER_X_URL: must not have ? and #"},
		{"URL=https://x.example/a/../b", "LONGHAUL_PARTNER_X_URL: has a segment that leads elsewhere"},
		{"TOKEN=s3cr3t", "LONGHAUL_PARTNER_X_URL: is missing"},
		{"URL=https://x.example TOKEN=s3cr3t\n", "LONGHAUL_PARTNER_X_TOKEN: has characters that a header cannot have, a line's end perhaps"},
		{"URL=https://x.example AUTH=bearer", "LONGHAUL_PARTNER_X_TOKEN: is missing, and bearer needs it"},
		{"URL=https://x.example TOKEN=s3cr3t AUTH=digest", "LONGHAUL_PARTNER_X_AUTH: must be bearer, header:Name, hmac or hmac:Name"},
		{"URL=https://x.example TOKEN=s3cr3t AUTH=header", "LONGHAUL_PARTNER_X_AUTH: header needs the name of the header: header:Name"},
		{"URL=https://x.example TOKEN=s3cr3t AUTH=hmac:", "LONGHAUL_PARTNER_X_AUTH: has no name behind the colon"},
		{"URL=https://x.example TOKEN=s3cr3t AUTH=header:a:b", "LONGHAUL_PARTNER_X_AUTH: is no name of a header"},
		{"URL=https://x.example TOKEN=s3cr3t AUTH=header:host", "LONGHAUL_PARTNER_X_AUTH: Host is a header that the connection or the body needs"},
		{"URL=https://x.example MAX_IN_FLIGHT=0", "LONGHAUL_PARTNER_X_MAX_IN_FLIGHT: 0 is below 1"},
		{"URL=https://x.example MAX_IN_FLIGHT=1001", "LONGHAUL_PARTNER_X_MAX_IN_FLIGHT: 1001 is not between 1 and 1000"},
		{"URL=https://x.example MAX_IN_FLIGHT=many", "LONGHAUL_PARTNER_X_MAX_IN_FLIGHT: is no whole number"},
		{"URL=https://x.example INTERVAL=100", "LONGHAUL_PARTNER_X_INTERVAL: is no duration such as 500ms or 1m30s"},
		{"URL=https://x.example INTERVAL=2h", "LONGHAUL_PARTNER_X_INTERVAL: 2h0m0s is longer than 1h0m0s"},
		{"URL=https://x.example RATE=600", "LONGHAUL_PARTNER_X_RATE: is no rate such as 600/1m"},
		{"URL=https://x.example RATE=-1/s", "LONGHAUL_PARTNER_X_RATE: is no rate such as 600/1m"},
		{"URL=https://x.example DAILY_QUOTA=-1", "LONGHAUL_PARTNER_X_DAILY_QUOTA: -1 is below 0"},
		{"URL=https://x.example QUOTA_RESET=24:00", "LONGHAUL_PARTNER_X_QUOTA_RESET: is no time of day such as 09:00 Asia/Seoul"},
		{"URL=https://x.example TIMEOUT=50ms", "LONGHAUL_PARTNER_X_TIMEOUT: 50ms is not between 100ms and 10m0s"},
		{"URL=https://x.example IDEMPOTENCY_HEADER=a:b", "LONGHAUL_PARTNER_X_IDEMPOTENCY_HEADER: is no name of a header"},
		{"URL=https://x.example KEY_ID=ü", "LONGHAUL_PARTNER_X_KEY_ID: has characters that a header cannot have"},
		{"URL=https://x.example MAX_INFLIGHT=1", "LONGHAUL_PARTNER_X_MAX_INFLIGHT: is no setting of a partner; LONGHAUL_PARTNER_<NAME>_ is followed by " +
			"URL, AUTH, TOKEN, KEY_ID, MAX_IN_FLIGHT, INTERVAL, RATE, DAILY_QUOTA, QUOTA_RESET, TIMEOUT, IDEMPOTENCY_HEADER"},
		{"URL=https://x.example _URL=https://x.example", `the partner "x-": name: must be lower-case letters and digits, with hyphens between, at most 64`},
	} {
		var environ []string
		for pair := range strings.SplitSeq(c.pairs, " ") {
			environ = append(environ, "LONGHAUL_PARTNER_X_"+pair)
		}
		_, err := config.Partners(environ, "")
		require.EqualError(t, err, c.want, c.pairs)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
	_, err := config.Partners([]string{"LONGHAUL_PARTNER_ALLOW_PRIVATE=perhaps"}, "")
	require.EqualError(t, err, "LONGHAUL_PARTNER_ALLOW_PRIVATE: must be 1 or 0")
	_, err = config.Partners([]string{"LONGHAUL_PARTNER_X_URL=https://x.example", "LONGHAUL_PARTNER_X_QUOTA_RESET=09:00 Asia/Nowhere"}, "")
	require.EqualError(t, err, `LONGHAUL_PARTNER_X_QUOTA_RESET: "Asia/Nowhere" is no time zone such as Asia/Seoul`)
}

func TestWrongFiles(t *testing.T) {
	t.Parallel()
	const url = "[shop]\nurl = \"https://shop.example\"\n"
	for _, c := range []struct{ content, want string }{
		{url + "tokn = \"s3cr3t\"\n", "LONGHAUL_PARTNERS_FILE: partners.toml:3: shop.tokn: is no setting of a partner; there are " +
			"url, auth, token, key_id, max_in_flight, interval, rate, daily_quota, quota_reset, timeout, idempotency_header, token_file, token_env, classes, calls"},
		{url + "token = s3cr3t\n", "LONGHAUL_PARTNERS_FILE: partners.toml: line 3 is not TOML"},
		{url + "token = \"s3cr3t\n", "LONGHAUL_PARTNERS_FILE: partners.toml: line 3 is not TOML"},
		{url + "token = [\"s3cr3t\"]\n", "LONGHAUL_PARTNERS_FILE: partners.toml:3: shop.token: must be a text or a whole number"},
		{url + "token = \"s3cr3t\"\ntoken_file = \"shop.token\"\n", "partners.toml:3: shop.token: only one of token, token_file may be given"},
		{url + "token_file = \"other.token\"\n", "partners.toml:3: shop.token_file: open <dir>/other.token: no such file or directory"},
		{url + "max_in_flight = 5000\n", "partners.toml:3: shop.max_in_flight: 5000 is not between 1 and 1000"},
		{url + "interval = 1.5\n", "LONGHAUL_PARTNERS_FILE: partners.toml:3: shop.interval: must be a text or a whole number"},
		{url + "[shop.classes]\n409 = \"again\"\n404 = \"gone\"\n", `partners.toml:5: shop.classes.404: "gone" is not one of [done refused again slower denied astray]`},
		{url + "[shop.classes]\n4xx = \"again\"\n", "partners.toml:4: shop.classes.4xx: is no status"},
		{url + "classes = 3\n", "LONGHAUL_PARTNERS_FILE: partners.toml:3: shop.classes: must be a table of classes by status"},
		{url + "[shop.calls.k]\npath = \"/x\"\nmetod = \"GET\"\n", "LONGHAUL_PARTNERS_FILE: partners.toml:5: shop.calls.k.metod: is no part of a call"},
		{url + "[[shop.calls.k.body]]\nname = \"a\"\n[[shop.calls.k.body]]\nnam = \"b\"\n", "LONGHAUL_PARTNERS_FILE: partners.toml:6: shop.calls.k.body[2].nam: is no part of a call"},
		{url + "[shop.calls.k]\nfoo = 1\npath = \"/x\"\n[shop.calls.k.look_up]\nbar = 1\nsafe = true\n",
			"LONGHAUL_PARTNERS_FILE: partners.toml:4: shop.calls.k.foo: is no part of a call\npartners.toml:7: shop.calls.k.look_up.bar: is no part of a call"},
		{url + "[shop.calls.k]\nper_call = \"two\"\n", `LONGHAUL_PARTNERS_FILE: partners.toml:4: shop.calls.k.per_call: incompatible types: TOML value has type string; destination has type integer`},
		{"shop = 1\n", "LONGHAUL_PARTNERS_FILE: partners.toml:1: shop: must be a table: [shop]"},
		{"[Shop_1]\nurl = \"https://shop.example\"\n", `the partner "Shop_1": name: must be lower-case letters and digits, with hyphens between, at most 64`},
		{"[shop]\ninterval = \"1s\"\n", "partners.toml: shop.url: is missing"},
		{url + "token_file = \"partners.toml\"\n", "partners.toml:3: shop.token_file: has characters that a header cannot have, a line's end perhaps"},
		{url + "auth = \"bearer\"\n", "partners.toml: shop.token: is missing, and bearer needs it"},
	} {
		file := partnersFile(t, c.content)
		_, err := config.Partners(nil, file)
		require.EqualError(t, err, strings.ReplaceAll(c.want, "<dir>", filepath.Dir(file)), c.content)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
	_, err := config.Partners(nil, filepath.Join(t.TempDir(), "none.toml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "LONGHAUL_PARTNERS_FILE: open ")
}

func TestEverythingWrongIsTold(t *testing.T) {
	t.Parallel()
	_, err := config.Partners([]string{
		"LONGHAUL_PARTNER_A_RATE=x", "LONGHAUL_PARTNER_A_TIMEOUT=y", "LONGHAUL_PARTNER_B_TOKEN=s3cr3t",
	}, "")
	require.EqualError(t, err, "LONGHAUL_PARTNER_A_RATE: is no rate such as 600/1m\n"+
		"LONGHAUL_PARTNER_A_TIMEOUT: is no duration such as 500ms or 1m30s\nLONGHAUL_PARTNER_B_URL: is missing")
}

func TestPartnersKeepTheirTokens(t *testing.T) {
	t.Parallel()
	partners, err := config.Partners([]string{"LONGHAUL_PARTNER_X_URL=https://x.example", "LONGHAUL_PARTNER_X_TOKEN=s3cr3t"}, "")
	require.NoError(t, err)
	encoded, err := json.Marshal(partners[0].Settings)
	require.NoError(t, err)
	wrapped := struct{ hidden []config.Partner }{partners}
	for _, printed := range []string{
		string(encoded), fmt.Sprint(partners), fmt.Sprintf("%+v", partners), fmt.Sprintf("%#v", partners), fmt.Sprintf("%+v", wrapped),
	} {
		require.NotContains(t, printed, "s3cr3t")
	}
}

func TestPartnersFileIsAbsolute(t *testing.T) {
	t.Parallel()
	c := config.Config{PartnersFile: "partners.toml"}
	require.NoError(t, c.Resolve())
	dir, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "partners.toml"), c.PartnersFile)
	_, err = c.Partners(nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
