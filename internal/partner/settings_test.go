package partner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
)

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for key, change := range map[string]func(*partner.Settings){
		"name":               func(s *partner.Settings) { s.Name = "Market" },
		"url":                func(s *partner.Settings) { s.URL = "https://user:s3cr3t@x.example" },
		"auth":               func(s *partner.Settings) { s.Auth.Scheme = "digest" },
		"token":              func(s *partner.Settings) { s.Auth.Scheme = "" },
		"key_id":             func(s *partner.Settings) { s.Auth.KeyID = "a\nb" },
		"max_in_flight":      func(s *partner.Settings) { s.Limits.MaxInFlight = 1001 },
		"interval":           func(s *partner.Settings) { s.Limits.Interval = 61 * time.Minute },
		"rate":               func(s *partner.Settings) { s.Limits.Rate = pace.Rate{Count: 5} },
		"daily_quota":        func(s *partner.Settings) { s.Limits.DailyQuota = -1 },
		"quota_reset":        func(s *partner.Settings) { s.Limits.QuotaReset = 24 * time.Hour },
		"timeout":            func(s *partner.Settings) { s.Timeout = 11 * time.Minute },
		"idempotency_header": func(s *partner.Settings) { s.IdempotencyHeader = "Content-Length" },
		"classes.409":        func(s *partner.Settings) { s.Classes = map[int]partner.Class{409: "gone"} },
		"classes.100":        func(s *partner.Settings) { s.Classes = map[int]partner.Class{100: partner.Again} },
	} {
		s := settings("https://partner.example")
		require.NoError(t, s.Validate())
		change(&s)
		_, err := partner.New(s, partner.Options{})
		var wrong *partner.SettingError
		require.ErrorAs(t, err, &wrong, key)
		require.Equal(t, key, wrong.Key)
		require.NotContains(t, err.Error(), "s3cr3t")
		require.ErrorContains(t, err, "partner ")
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for url, host := range map[string]string{
		"https://api.market.example/v2": "api.market.example", "http://10.0.0.1:8080": "10.0.0.1:8080", "https://[2001:db8::1]:8443/": "[2001:db8::1]:8443",
		"HTTPS://Market.example": "Market.example", "https://시장.example": "시장.example",
		"": "", "market.example": "", "ftp://market.example": "", "https://": "", "https:///path": "", "https://:443": "", "https:market.example": "",
		"https://u@market.example": "", "https://u:p@market.example": "", "https://market.example?x=1": "", "https://market.example?": "",
		"https://market.example#x": "", "https://market.example/a/../b": "", "https://market.example/%2e%2e": "", "https://mar ket.example": "",
		"https://market.example:http": "", "file:///etc/passwd": "", "gopher://market.example": "", "javascript:alert(1)": "", "//market.example": "",
	} {
		s := settings(url)
		require.Equal(t, host, s.Host(), url)
		require.Equal(t, host != "", s.Validate() == nil, url)
	}
}
