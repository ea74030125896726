package partner_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	s := partner.NewSecret("s3cr3t")
	require.Equal(t, "s3cr3t", s.Reveal())
	require.False(t, s.IsZero())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%-20v"} {
		require.Equal(t, "•••", fmt.Sprintf(verb, s), verb)
		require.Equal(t, "•••", fmt.Sprintf(verb, &s), verb)
	}
	encoded, err := json.Marshal(map[string]any{"a": s, "b": &s})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":"•••","b":"•••"}`, string(encoded))
	require.Equal(t, "•••", s.LogValue().String())

	var none partner.Secret
	require.True(t, none.IsZero())
	require.Equal(t, none, partner.NewSecret(""))
	require.Empty(t, fmt.Sprintf("%v%s%+v%#v%x", none, none, none, none, none)+none.String()+none.Reveal())
}

// TestSettingsKeepTheirToken prints settings in every way that somebody may think of.
func TestSettingsKeepTheirToken(t *testing.T) {
	t.Parallel()
	s := settings("https://partner.example")
	c := client(t, s, partner.Options{})
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("partner", "settings", s, "auth", s.Auth, "token", s.Auth.Token, "client", c, "pointer", &s)
	}
	encoded, err := json.Marshal(s)
	require.NoError(t, err)
	inside := struct {
		settings partner.Settings
		auth     *partner.Auth
		client   any
	}{s, &s.Auth, c}
	printed := log.String() + string(encoded) + fmt.Sprint(s, &s, c, *c, inside)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		printed += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, c) + fmt.Sprintf(verb, *c) + fmt.Sprintf(verb, inside) + fmt.Sprintf(verb, s.Auth)
	}
	require.Contains(t, printed, "marketplace")
	for _, form := range []string{"s3cr3t", "733363723374"} {
		require.NotContains(t, printed, form)
	}
}
